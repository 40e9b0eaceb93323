"""From verified claims to an identity: which claim has which part of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import Field

from app.claims import MISSING, find
from app.errors import InvalidCredential
from app.identity import Identity
from app.settings.variables import Variables

if TYPE_CHECKING:
    from collections.abc import Mapping


class ClaimNames(Variables):
    """Dotted paths into the claims; `a|b` takes the first that has a value."""

    subject_claim: str = Field("sub", description="the user's id")
    email_claim: str = Field("email", description="the e-mail address")
    email_verified_claim: str = Field("email_verified", description="whether it was verified")
    name_claim: str = Field("name", description="the display name")
    given_name_claim: str = Field("given_name", description="the first name")
    family_name_claim: str = Field("family_name", description="the last name")
    org_id_claim: str = Field("", description="the id of the user's organisation")
    org_name_claim: str = Field("", description="its name")
    groups_claim: str = Field("groups", description="a list of group names")

    def identity_from(self, claims: Mapping[str, Any], **known: Any) -> Identity:  # noqa: ANN401 - fields of Identity
        """Return an identity from claims; `known` fields replace what the claims say.

        Raises:
            InvalidCredential: a claim has the wrong type.
            InvalidIdentity: a claim has a value that an identity cannot have.
        """
        fields = {
            "subject": _id(claims, self.subject_claim) or "",
            "email": _text(claims, self.email_claim),
            "email_verified": _boolean(claims, self.email_verified_claim),
            "name": _text(claims, self.name_claim),
            "given_name": _text(claims, self.given_name_claim),
            "family_name": _text(claims, self.family_name_claim),
            "org_id": _id(claims, self.org_id_claim),
            "org_name": _text(claims, self.org_name_claim),
            "groups": _groups(claims, self.groups_claim),
            "claims": claims,
        }
        return Identity(**{**fields, **known})


def expiry(claims: Mapping[str, Any]) -> int | None:
    """Return `exp` in whole epoch seconds (RFC 7519, section 4.1.4); `None` without one.

    Raises:
        InvalidCredential: not a number.
    """
    value = claims.get("exp")
    if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
        raise InvalidCredential("claim exp is not a number")
    return None if value is None else int(value)


def _claim(claims: Mapping[str, Any], names: str) -> Any:  # noqa: ANN401 - a claim is any JSON value
    for name in names.split("|"):
        value = find(claims, name) if name else MISSING
        if value is not MISSING and value is not None and value != "":
            return value
    return None


def _text(claims: Mapping[str, Any], names: str) -> str | None:
    value = _claim(claims, names)
    if value is not None and not isinstance(value, str):
        raise InvalidCredential(f"claim {names} is not a string")
    return value


def _id(claims: Mapping[str, Any], names: str) -> str | None:
    value = _claim(claims, names)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)  # many host applications number their users
    return _text(claims, names)


def _boolean(claims: Mapping[str, Any], names: str) -> bool | None:
    value = _claim(claims, names)
    if value in {"true", "false"}:
        return bool(value == "true")  # as some providers write it
    if value is not None and not isinstance(value, bool):
        raise InvalidCredential(f"claim {names} is not true or false")
    return value


def _groups(claims: Mapping[str, Any], names: str) -> tuple[str, ...]:
    value = _claim(claims, names)
    if value is None:
        return ()
    groups = value if isinstance(value, list) else [value]
    if not all(isinstance(group, str) for group in groups):
        raise InvalidCredential(f"claim {names} is not a list of strings")
    return tuple(groups)
