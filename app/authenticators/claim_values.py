"""What single claims say, in every spelling that logins have for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from app.claims import MISSING, find
from app.errors import InvalidCredential

if TYPE_CHECKING:
    from collections.abc import Mapping

LATEST: Final = 253_402_300_799
"""The last second of the year 9999, in epoch seconds."""

_SIGN_IN_PROVIDERS: Final = ("firebase.sign_in_provider", "gcip.firebase.sign_in_provider")
_YES: Final = frozenset({"true", "1"})


def expiry(claims: Mapping[str, Any]) -> int | None:
    """Return `exp` in whole epoch seconds (RFC 7519, section 4.1.4); `None` without one.

    Raises:
        InvalidCredential: not a number, or not a time.
    """
    value = claims.get("exp")
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidCredential("claim exp is not a number")
    if not 0 <= value <= LATEST:
        raise InvalidCredential("claim exp is not a valid time")
    return int(value)


def source(claims: Mapping[str, Any], names: str) -> str | None:
    """Return the name of the claim that counts: the first of `a|b` that has a value."""
    for name in names.split("|"):
        value = find(claims, name) if name else MISSING
        if value is not MISSING and value is not None and value != "":
            return name
    return None


def text(claims: Mapping[str, Any], names: str) -> str | None:
    """Return a claim that is a string; `None` without it.

    Raises:
        InvalidCredential: anything else.
    """
    value = _claim(claims, names)
    if value is not None and not isinstance(value, str):
        raise InvalidCredential(f"claim {names} is not a string")
    return value


def identifier(claims: Mapping[str, Any], names: str, *, numbers: bool = True) -> str | None:
    """Return an id; with `numbers`, a whole number counts as its digits.

    Raises:
        InvalidCredential: anything else.
    """
    value = _claim(claims, names)
    if numbers and isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return text(claims, names)


def is_verified(claims: Mapping[str, Any], names: str) -> bool | None:
    """Tell whether the e-mail address is verified; `None` if nothing is said about it.

    The standard has a boolean (OpenID Connect Core 1.0, section 5.1). Some providers write
    `"true"`, `"True"`, `1`, or any of these in a list. Everything that does not say yes is a no.
    """
    value = _claim(claims, names)
    return None if value is None else _says_yes(value)


def is_guest(claims: Mapping[str, Any], subject: str) -> bool:
    """Tell whether nobody has signed in: the host calls the session anonymous.

    Firebase and Google's Identity Platform name the provider, also inside of what Google IAP says;
    Supabase, "Anonymous Sign-Ins", has a boolean; Ory Oathkeeper calls the subject so.
    """
    called = (subject, *(find(claims, name) for name in _SIGN_IN_PROVIDERS))
    return "anonymous" in called or _says_yes(claims.get("is_anonymous"))


def group_names(claims: Mapping[str, Any], names: str) -> tuple[str, ...]:
    """Return groups: a list, a single one, or the names of an object's members, as Zitadel's roles.

    A member that is false or null is not a group.

    Raises:
        InvalidCredential: anything else.
    """
    value = _claim(claims, names)
    if isinstance(value, dict):
        return tuple(
            name for name, member in value.items() if member is not None and member is not False
        )
    groups = value if isinstance(value, list) else [value]
    if value is None:
        return ()
    if not all(isinstance(group, str) for group in groups):
        raise InvalidCredential(f"claim {names} is not a list of strings")
    return tuple(groups)


def groups_left_out(claims: Mapping[str, Any]) -> str | None:
    """Return the claim with which Entra ID says that there are too many groups to list.

    Microsoft, "Configure group claims": above 200 groups the token has `_claim_names` with a
    reference, or `hasgroups`, instead of them.
    """
    elsewhere = claims.get("_claim_names")
    if isinstance(elsewhere, dict) and "groups" in elsewhere:
        return "_claim_names"
    return "hasgroups" if "hasgroups" in claims and _says_yes(claims["hasgroups"]) else None


def without(claims: Mapping[str, Any], dotted_name: str) -> Mapping[str, Any]:
    """Return the claims without the one at a dotted path, or without the list that has it."""
    if dotted_name in claims:
        return {name: value for name, value in claims.items() if name != dotted_name}
    head, dot, rest = dotted_name.partition(".")
    below = claims.get(head)
    if dot and isinstance(below, list):
        return without(claims, head)
    return {**claims, head: without(below, rest)} if dot and isinstance(below, dict) else claims


def _claim(claims: Mapping[str, Any], names: str) -> Any:  # noqa: ANN401 - a claim is any JSON value
    name = source(claims, names)
    return None if name is None else find(claims, name)


def _says_yes(value: object) -> bool:
    if isinstance(value, list):
        return bool(value) and all(map(_says_yes, value))
    if isinstance(value, str):
        return value.strip().lower() in _YES
    return isinstance(value, bool | int | float) and value == 1
