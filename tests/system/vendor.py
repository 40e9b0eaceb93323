"""The vendor's and the browser's eyes on our redirect: standard library and ada only."""

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from ada_url import URL

from .service import Answer


@dataclass(frozen=True)
class Arrival:
    """What arrives at a vendor: where, with which parameters, and the verified token."""

    address: str  # scheme, host and path
    parameters: dict[str, str]  # without the token
    header: str  # the token's first part, as it stands
    claims: dict[str, Any]


def arrive(location: str, *, key: str | bytes, parameter: str) -> Arrival:
    """Take the address apart and verify its one token with plain HMAC-SHA256."""
    assert location.endswith("#"), "the address must end with its own empty fragment"
    assert location.count("#") == 1
    parts = urlsplit(location)
    pairs = parse_qsl(parts.query, keep_blank_values=True, strict_parsing=True)
    parameters = dict(pairs)
    assert len(parameters) == len(pairs), "a parameter stands twice in the address"
    header, claims = verify(parameters.pop(parameter), key)
    return Arrival(f"{parts.scheme}://{parts.netloc}{parts.path}", parameters, header, claims)


def verify(token: str, key: str | bytes) -> tuple[str, dict[str, Any]]:
    """The first part and the claims of a token signed with HMAC-SHA256 under this key."""
    secret = key.encode() if isinstance(key, str) else key
    signed, _, signature = token.rpartition(".")
    header, _, payload = signed.partition(".")
    expected = hmac.digest(secret, signed.encode("ascii"), hashlib.sha256)
    assert hmac.compare_digest(expected, decode(signature)), "the signature does not hold"
    claims = json.loads(decode(payload))
    assert isinstance(claims, dict)
    return header, claims


def decode(part: str) -> bytes:
    """Base64url without padding, strictly."""
    assert "=" not in part
    data = base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
    assert base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii") == part
    return data


def origin(address: str) -> str:
    """Scheme, host and port as an RFC 3986 parser and a WHATWG parser (browsers) both see them."""
    parts = urlsplit(address)
    strict = f"{parts.scheme}://{parts.netloc}"
    lenient = URL(address).origin
    assert strict == lenient, f"two readings of one address: {strict} and {lenient}"
    assert "@" not in parts.netloc
    return strict


def carries_a_token(answer: Answer) -> bool:
    """Whether a token, or the beginning of one, stands anywhere in an answer."""
    text = "\n".join(value for _, value in answer.fields)
    return "eyJ" in text or b"eyJ" in answer.body or answer.status == 307
