"""What attackers make of a credential that they have seen, or invent."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from app.testing.issuer_keys import IssuerKey, encoded
from app.tokens import base64url

if TYPE_CHECKING:
    from collections.abc import Mapping

INVENTED: Final = (
    "null",
    "undefined",
    "{}",
    "[]",
    "0",
    "-1",
    "true",
    "admin",
    "../../etc/passwd",
    "' OR '1'='1",
    "${jndi:ldap://127.0.0.1/x}",
    "%00",
    "a.b.c",
    "..",
    "é",
    "\u202e",
    "{" * 5_000,
    "A" * 50_000,
)
_NO_ALGORITHMS: Final[tuple[Any, ...]] = (
    "none",
    "None",
    "NONE",
    "nOnE",
    "",
    "hs256",
    "null",
    None,
    [],
    {},
    0,
    True,
)
_HEADERS: Final[Mapping[str, Mapping[str, Any]]] = {
    "brings its own key": {"jwk": {"kty": "oct", "k": "AAAA"}},
    "brings the address of a key set": {"jku": "http://127.0.0.1:1/jwks.json"},
    "brings the address of a certificate": {"x5u": "http://127.0.0.1:1/cert.pem"},
    "brings a certificate": {"x5c": ["MIIB"]},
    "has an unknown critical member": {"crit": ["exp"], "exp": 1},
    "is not encoded": {"b64": False, "crit": ["b64"]},
    "is compressed": {"zip": "DEF"},
    "names a file as its key": {"kid": "../../../../dev/null"},
    "names an address as its key": {"kid": "http://127.0.0.1:1/key"},
    "names a query as its key": {"kid": "x' UNION SELECT 'AAAA"},
    "names a number as its key": {"kid": 1},
    "names a long key": {"kid": "k" * 513},
    "is an access token": {"typ": "at+jwt"},
    "is a logout token": {"typ": "logout+jwt"},
}


def attacks_on_value(value: str) -> dict[str, str]:
    """Return values that must not sign anybody on, made from one that does; each with its name."""
    middle = len(value) // 2
    other = "A" if value[middle] != "A" else "B"
    return {
        "cut in half": value[:middle],
        "without its first character": value[1:],
        "without its last character": value[:-1],
        "one character changed": value[:middle] + other + value[middle + 1 :],
        "in other case": value.swapcase(),
        "twice": value + value,
        "twice, with a comma": f"{value},{value}",
        "with a NUL": f"{value}\0",
        "with a line end": f"{value}\r\n",
        "with a blank inside": f"{value[:middle]} {value[middle:]}",
        "with padding": f"{value}=",
        "with a character of another script": f"{value}é",
        "in quotes": f'"{value}"',
        **{f"invented: {text[:30]}": text for text in INVENTED},
    }


def attacks_on_token(token: str, keys: tuple[IssuerKey, ...] = ()) -> dict[str, str]:
    """Return tokens that must not sign anybody on, made from one that does; each with its name.

    `keys` are the issuer's; attackers know their public halves.
    """
    header_part, claims_part, signature = token.split(".")
    header = json.loads(base64url.decode(header_part, padding_allowed=True))
    attacks = {
        "without a signature": f"{header_part}.{claims_part}.",
        "without its last part": f"{header_part}.{claims_part}",
        "with a signature of zeros": f"{header_part}.{claims_part}.{'A' * len(signature)}",
        "with a fourth part": f"{token}.{signature}",
        "as JSON": json.dumps(
            {"protected": header_part, "payload": claims_part, "signature": signature}
        ),
        "with other claims": ".".join((header_part, encoded(b'{"sub":"root"}'), signature)),
    }
    for algorithm in _NO_ALGORITHMS:
        forged = encoded(json.dumps({**header, "alg": algorithm}).encode())
        attacks[f"algorithm {algorithm!r}"] = f"{forged}.{claims_part}.{signature}"
        attacks[f"algorithm {algorithm!r}, unsigned"] = f"{forged}.{claims_part}."
    for name, members in _HEADERS.items():
        forged = encoded(json.dumps({**header, **members}).encode())
        attacks[name] = f"{forged}.{claims_part}.{signature}"
    claims = base64url.decode(claims_part, padding_allowed=True)
    for key in keys:
        attacker = IssuerKey(key.algorithm, key.key_id)
        attacks[f"signed with an {key.algorithm} key that it brings"] = attacker.sign(
            claims, {"jwk": attacker.jwk(), "jku": "http://127.0.0.1:1/jwks.json"}
        )
        for spelling, public in key.spellings().items():
            for algorithm in ("HS256", "HS384", "HS512"):
                forged = IssuerKey(algorithm, key.key_id, secret=public).sign(
                    claims, header | {"alg": algorithm}
                )
                attacks[f"{algorithm} with the public key as {spelling}"] = forged
    return attacks
