"""From verified claims to an identity: which claim has which part of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import Field

from app.authenticators.claim_values import (
    group_names,
    identifier,
    is_guest,
    is_verified,
    source,
    text,
    without,
)
from app.claims import find
from app.errors import InvalidCredential, shown
from app.identity import Identity, InvalidIdentity, ascii_lower
from app.settings.variables import Variables

if TYPE_CHECKING:
    from collections.abc import Mapping


class ClaimNames(Variables):
    """Dotted paths into the claims, `a.0` into a list; `a|b` takes the first that has a value."""

    subject_claim: str = Field("sub", description="the user's id")
    email_claim: str = Field("email", description="the e-mail address")
    email_verified_claim: str = Field("email_verified", description="whether it was verified")
    allow_unverified_email: bool = Field(
        default=False,
        description="take an e-mail address that the login says is not verified",
    )
    name_claim: str = Field("name", description="the display name")
    given_name_claim: str = Field("given_name", description="the first name")
    family_name_claim: str = Field("family_name", description="the last name")
    org_id_claim: str = Field("", description="the id of the user's organisation")
    org_name_claim: str = Field("", description="its name")
    groups_claim: str = Field("groups", description="a list of group names")

    def identity_from(
        self,
        claims: Mapping[str, Any],
        *,
        numeric_subject: bool = False,
        **known: Any,  # noqa: ANN401 - fields of Identity
    ) -> Identity:
        """Return an identity from claims; `known` fields replace what the claims say.

        An e-mail address that is not verified is taken out of the claims first, so that nothing
        comes of it, and is no subject under another name either. `numeric_subject` is for host
        applications, which number their users.

        Raises:
            InvalidCredential: a claim has the wrong type, or the claims are a guest's.
            InvalidIdentity: no claim is the subject, or one has a value that no identity can have.
        """
        verified = is_verified(claims, self.email_verified_claim)
        unverified: list[object] = []
        if verified is False and not self.allow_unverified_email:
            unverified = [known.get("email")]
            for name in self.email_claim.split("|"):
                unverified.append(find(claims, name))
                claims = without(claims, name)
            known = {**known, "email": None}
        subject = identifier(claims, self.subject_claim, numbers=numeric_subject)
        if subject is None and "subject" not in known:
            raise InvalidIdentity(self._no_subject(claims, unverified))
        fields = {
            "subject": subject,
            "email": text(claims, self.email_claim),
            "email_verified": verified,
            "name": text(claims, self.name_claim),
            "given_name": text(claims, self.given_name_claim),
            "family_name": text(claims, self.family_name_claim),
            "org_id": identifier(claims, self.org_id_claim),
            "org_name": text(claims, self.org_name_claim),
            "groups": group_names(claims, self.groups_claim),
            "claims": claims,
        }
        identity = Identity(**{**fields, **known})
        if is_guest(claims, identity.subject):
            raise InvalidCredential("the session is a guest's: nobody has signed in")
        for address in unverified:
            if isinstance(address, str) and ascii_lower(address) == ascii_lower(identity.subject):
                raise InvalidIdentity("subject is the e-mail address, which is not verified")
        return identity

    def _no_subject(self, claims: Mapping[str, Any], unverified: list[object]) -> str:
        reason = f"no claim is the subject: found {shown(list(claims))}, wanted "
        reason += f"{shown(self.subject_claim)} (SUBJECT_CLAIM)"
        if any(isinstance(address, str) for address in unverified):
            reason += "; the e-mail address does not count: it is not verified"
        return reason

    def sources(self, identity: Identity) -> dict[str, str]:
        """Return, for each field of an identity that has a value, the claim that it came from."""
        found: dict[str, str] = {}
        for variable in ClaimNames.model_fields:
            field, is_claim, _ = variable.rpartition("_claim")
            name = source(identity.claims, getattr(self, variable)) if is_claim else None
            if name is not None:
                found[field] = name
        return found
