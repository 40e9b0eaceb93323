"""The people of an imaginary company who use the host application."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

API_TOKEN_HEADER = "X-Acme-Api-Token"
LONGEST = 200  # characters of a typed name or address


class UnknownUser(LookupError):
    """The login form names nobody."""


@dataclass(frozen=True)
class User:
    """Somebody who is signed in to the host application."""

    subject: str
    name: str
    email: str
    groups: tuple[str, ...] = ()

    @property
    def api_token(self) -> str:
        """What the user would else type into a vendor's auth dialog: a made-up one."""
        return "acme-" + hashlib.sha256(f"token of {self.subject}".encode()).hexdigest()[:16]

    def headers(self) -> dict[str, str]:
        """Return the headers that the login proxy sets; what is empty has none."""
        said = {
            "X-Forwarded-User": self.subject,
            "X-Forwarded-Email": self.email,
            "X-Forwarded-Preferred-Username": self.name,
            "X-Forwarded-Groups": ",".join(self.groups),
            API_TOKEN_HEADER: self.api_token,
        }
        return {name: value for name, value in said.items() if value}


ADA = User("u-17", "Ada Lindqvist", "ada@acme.example", ("admins", "integrations"))
SAMPLE_USERS = (
    ADA,
    User("u-23", "Ben Okafor", "ben@acme.example", ("sales",)),
    User("u-42", "Zoë Ångström", "zoe@acme.example", ("recruiting",)),
    User("u-99", "Front desk (no e-mail)", ""),
)


def user_of(form: Mapping[str, str]) -> User:
    """Return the user a login form names: one of the samples, or whoever was typed.

    Raises:
        UnknownUser: no sample user was picked and no e-mail address typed.
    """
    for user in SAMPLE_USERS:
        if user.subject == form.get("user"):
            return user
    email = _typed(form, "email")
    if not email:
        raise UnknownUser
    digest = hashlib.sha256(email.encode()).hexdigest()
    return User(f"u-{digest[:8]}", _typed(form, "name"), email)


def _typed(form: Mapping[str, str], name: str) -> str:
    """Return what was typed, without what cannot stand in a header (controls, surrogates)."""
    return "".join(filter(str.isprintable, form.get(name, ""))).strip()[:LONGEST]
