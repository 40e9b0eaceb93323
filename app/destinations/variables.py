"""What the variables of every vendor have in common: secrets, addresses, paths, claims."""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, SecretStr

from app.claims import InvalidTemplate, compile_template
from app.destinations.destination import TEMPLATE_NAMES
from app.settings import addresses
from app.settings.variables import JsonObject
from app.tokens.jws import SigningKey, hmac_key

SecretEncoding = Literal["raw", "base64", "base64url", "hex"]

OUR_PATHS: Final = ("/livez", "/readyz", "/healthz", "/version", "/metrics", "/.well-known")

_PATH = re.compile(r"(/[a-z0-9][a-z0-9._-]*)+")
_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
_LABEL = re.compile(r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)?")
_ID = re.compile(r"(?!\.{1,2}\Z)[A-Za-z0-9_.-]{0,128}")
_OUR_CLAIMS = ("iat", "nbf", "exp", "jti")


def secret_key(secret: SecretStr, encoding: SecretEncoding, *, allow_short: bool) -> SigningKey:
    """Open a vendor's secret: blanks around it are cut off, then it is decoded.

    Raises:
        ValueError: not in its encoding, or too weak to sign with.
    """
    text = secret.get_secret_value().strip()
    try:
        key = _DECODERS[encoding](text)
    except (binascii.Error, ValueError):
        raise ValueError(f"is not {encoding}, as its _ENCODING variable says") from None
    return hmac_key(key, allow_short=allow_short)


def _base64url(text: str) -> bytes:
    return b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


_DECODERS: Final = {
    "raw": lambda text: text.encode(),
    "base64": lambda text: b64decode(text, validate=True),
    "base64url": _base64url,
    "hex": bytes.fromhex,
}


def _path(path: str) -> str:
    if not _PATH.fullmatch(path):
        raise ValueError("is not a path of small letters, digits and hyphens, like /pandium-sso")
    if any(path == ours or path.startswith(f"{ours}/") for ours in OUR_PATHS):
        raise ValueError("is a path that the service itself answers")
    return path


Path = Annotated[str, AfterValidator(_path)]
"""A path of ours, under which a vendor's pages stand."""


def _subdomain(label: str) -> str:
    if not _LABEL.fullmatch(label):
        raise ValueError("is no subdomain of small letters, digits and hyphens")
    return label


Subdomain = Annotated[str, AfterValidator(_subdomain)]
"""One label of a host name (RFC 1123, section 2.1), or nothing."""


def _id(text: str) -> str:
    if not _ID.fullmatch(text):
        raise ValueError("is not made of letters, digits, hyphens, dots and underscores")
    return text


VendorId = Annotated[str, AfterValidator(_id)]
"""What a vendor calls an account or an organisation."""


def checked_template(address: str, *placeholders: str) -> str:
    """Give an address with `{placeholders}` in its path back as it is.

    Raises:
        ValueError: a placeholder that nothing provides or outside the path, or no https address.
    """
    for name in _PLACEHOLDER.findall(address):
        if name not in placeholders:
            known = ", ".join(f"{{{known}}}" for known in placeholders) or "none"
            raise ValueError(f"nothing provides {{{name}}}; there is {known}")
    scheme_and_host = "/".join(address.split("/", 3)[:3])
    if "{" in scheme_and_host or "{" in address.partition("?")[2]:
        raise ValueError("has a placeholder outside its path")
    filled = _PLACEHOLDER.sub("x", address)
    if "{" in filled or "}" in filled:
        raise ValueError("has a single brace")
    addresses.checked(filled)
    return address


def _claims(template: dict[str, Any]) -> dict[str, Any]:
    for name in _OUR_CLAIMS:
        if name in template:
            raise ValueError(f"sets {name}, which the service computes for every token")
    try:
        compile_template(template, TEMPLATE_NAMES)
    except InvalidTemplate as error:
        raise ValueError(str(error)) from error
    return template


ClaimTemplate = Annotated[JsonObject, AfterValidator(_claims)]
"""A claim template, checked."""
