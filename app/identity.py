"""The user who signs on, as a verified host session says."""

from __future__ import annotations

import string
import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_SUBJECT_CHARACTERS = 255
"""OpenID Connect Core 1.0, section 2, `sub`."""

_UNPRINTABLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Unicode categories of controls, bidi and zero-width formatting, surrogates, line ends."""


_ASCII_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


class InvalidIdentity(ValueError):
    """A value that no identity can have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A signed-in user of the host application.

    `subject` is opaque and never normalised; `expires_at` is in epoch seconds and caps the
    lifetime of every vendor token; `claims` are all verified claims of the host session, for
    templates only, and appear in no representation and no log.

    Raises:
        InvalidIdentity: an invalid id, e-mail address or time.
    """

    subject: str
    issuer: str | None = None
    email: str | None = None
    email_verified: bool | None = None
    name: str | None = None
    given_name: str | None = None
    family_name: str | None = None
    org_id: str | None = None
    org_name: str | None = None
    groups: tuple[str, ...] = ()
    expires_at: int | None = None
    claims: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        _check_id("subject", self.subject)
        if self.org_id is not None:
            _check_id("org_id", self.org_id)
        if self.email is not None:
            _check_email(self.email)
        if self.expires_at is not None and type(self.expires_at) is not int:
            raise InvalidIdentity("expires_at is not whole epoch seconds")


def is_no_address(text: str) -> bool:
    """Tell whether a text is harmless and yet no e-mail address: `-`, `null`, a user's name.

    What no identity may have at all, such as a control character, is not harmless.
    """
    try:
        _check_id("email", text)
    except InvalidIdentity:
        return False
    return not _has_two_parts(text)


def email_domain(email: str | None) -> str:
    """Return the domain of an address in small letters; empty without an address.

    Only ASCII is folded: elsewhere two different letters can have the same small one, such as K and
    the KELVIN SIGN.
    """
    return ascii_lower((email or "").rpartition("@")[2])


def ascii_lower(text: str) -> str:
    """Return a text with the capitals of ASCII made small."""
    return text.translate(_ASCII_LOWER)


def _check_id(field_name: str, value: object) -> None:
    if not isinstance(value, str):
        raise InvalidIdentity(f"{field_name} is not a string")
    if not 1 <= len(value) <= MAX_SUBJECT_CHARACTERS:
        raise InvalidIdentity(f"{field_name} is not 1 to {MAX_SUBJECT_CHARACTERS} characters long")
    if not ((value.isascii() and value.isprintable()) or _is_printable(value)):
        raise InvalidIdentity(f"{field_name} has control, formatting or surrogate characters")
    if value.strip() != value:
        raise InvalidIdentity(f"{field_name} begins or ends with a blank")


def _check_email(value: object) -> None:
    _check_id("email", value)
    if len(str(value).split()) != 1:
        raise InvalidIdentity("email has a blank inside")
    if not _has_two_parts(str(value)):
        raise InvalidIdentity("email does not have exactly one @ between two parts")


def _has_two_parts(email: str) -> bool:
    """Tell whether an address has one @; a second moves the domain (CVE-2026-40574)."""
    local, _, domain = email.partition("@")
    return bool(local and domain) and "@" not in domain and len(email.split()) == 1


def _is_printable(value: str) -> bool:
    return all(unicodedata.category(character) not in _UNPRINTABLE for character in value)
