"""What the variables of every vendor have in common: secrets, addresses, paths, claims."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable
from typing import Annotated, Any, Final, TypeVar
from urllib.parse import unquote_plus

from pydantic import AfterValidator, SecretStr

from app.claims import compile_template
from app.destinations.token_claims import TEMPLATE_NAMES
from app.settings import addresses
from app.settings.variables import JsonObject
from app.tokens.jws import SigningKey, hmac_key
from app.tokens.secret_encoding import SecretEncoding, decode_secret

T = TypeVar("T")

OUR_PATHS: Final = ("/livez", "/readyz", "/healthz", "/version", "/metrics", "/.well-known")
"""Paths of the service itself."""

_PATH = re.compile(r"(/[a-z0-9][a-z0-9._-]*)+")
_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
_LABEL = re.compile(r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)?")
_ID = re.compile(r"(?!\.{1,2}\Z)[A-Za-z0-9_.-]{0,128}")
_RESERVED_IDS = frozenset({"token", "account", "key"})
_COMPUTED_CLAIMS = ("iat", "nbf", "exp", "jti")


def hmac_key_of(
    secret: SecretStr, encoding: SecretEncoding = "raw", *, allow_short: bool = False
) -> SigningKey:
    """Make an HS256 key of a vendor's secret; blanks around it do not count.

    Raises:
        ValueError: not in its encoding, or too weak to sign with.
    """
    key = decode_secret(secret.get_secret_value().strip(), encoding)
    return hmac_key(key, allow_short=allow_short)


def _checked_path(path: str) -> str:
    if not _PATH.fullmatch(path):
        raise ValueError("must be a path of small letters, digits and hyphens, like /pandium-sso")
    if any(path == ours or path.startswith(f"{ours}/") for ours in OUR_PATHS):
        raise ValueError("is a path of the service itself; choose another")
    return path


Path = Annotated[str, AfterValidator(_checked_path)]
"""A path of ours, under which a vendor's pages are."""


def _checked_subdomain(label: str) -> str:
    if not _LABEL.fullmatch(label):
        raise ValueError("must be one label of small letters, digits and hyphens")
    return label


Subdomain = Annotated[str, AfterValidator(_checked_subdomain)]
"""One label of a host name (RFC 1123, section 2.1), or nothing."""


def _checked_id(text: str) -> str:
    if not _ID.fullmatch(text):
        allowed = "letters, digits, hyphens, dots and underscores"
        raise ValueError(f"must consist of {allowed}; write the name alone, like acme")
    return text


VendorId = Annotated[str, AfterValidator(_checked_id)]
"""A vendor's name for an account or an organisation."""


def placeholders_of(text: str) -> list[str]:
    """Return the names of the placeholders in a path or an address."""
    return _PLACEHOLDER.findall(text)


def wrong_ids(path: str) -> Iterable[str]:
    """Find what is wrong with the names of the ids in a path of ours."""
    names = placeholders_of(path)
    for name in dict.fromkeys(names):
        if names.count(name) > 1:
            yield f"has {{{name}}} twice; give each id a name of its own"
        if name in _RESERVED_IDS or keyword.iskeyword(name):
            yield f"has an id called {name}, which has a meaning already; rename it"


def repeated_parameters(address: str, *names: str) -> list[str]:
    """Return those of `names` that the query of an address has: two of a name are ambiguous."""
    query = address.partition("?")[2]
    fixed = {unquote_plus(part.partition("=")[0]) for part in re.split("[&;]", query)}
    return [name for name in names if name in fixed]


def checked_address(address: str, *placeholders: str) -> str:
    """Return an address that may have `{placeholders}` in its path, unchanged.

    Raises:
        ValueError: an unknown placeholder, one outside the path, or not an https address.
    """
    for name in placeholders_of(address):
        if name not in placeholders:
            known = ", ".join(f"{{{known}}}" for known in placeholders) or "none"
            raise ValueError(f"has an unknown placeholder {{{name}}}; allowed: {known}")
    scheme_and_host = "/".join(address.split("/", 3)[:3])
    if "{" in scheme_and_host or "{" in address.partition("?")[2]:
        raise ValueError("has a placeholder outside its path")
    filled = _PLACEHOLDER.sub("x", address)
    if "{" in filled or "}" in filled:
        raise ValueError("has a single brace")
    addresses.checked(filled)
    return address


def _without_computed(template: dict[str, Any]) -> dict[str, Any]:
    for name in _COMPUTED_CLAIMS:
        if name in template:
            raise ValueError(f"sets {name}, which the service computes for every token; remove it")
    return template


def _checked_template(template: T) -> T:
    compile_template(template, TEMPLATE_NAMES)
    return template


ClaimTemplate = Annotated[
    JsonObject, AfterValidator(_without_computed), AfterValidator(_checked_template)
]
"""A template of claims besides those that the service computes."""

TextTemplate = Annotated[str, AfterValidator(_checked_template)]
"""A template of one claim."""
