"""The rows of a destinations file, as the demo plays them: addresses of its own, and fresh keys."""

import json
import re
import secrets
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from app.demo.signatures import Key
from app.demo.views import View
from app.destinations.row_file import read_rows
from app.destinations.row_keys import key_prefix
from app.destinations.rows import Row as Vendor
from app.destinations.variables import placeholders_of
from app.settings.problems import InvalidSettings

ORGANISATION = {"X-Acme-Organisation": "acme"}  # many vendors want to know whose user it is
_ORIGIN = re.compile(r"^https?://[^/?#]+")


@dataclass(frozen=True)
class Row:
    """A vendor's row, and the key that its tokens are verified with."""

    vendor: Vendor
    key: Key

    @property
    def views(self) -> tuple[View, ...]:
        """The pages of the host application that show the row: one for each page without ids."""
        return tuple(
            View(
                f"/rows/{self.vendor.name}/{number}",
                f"{self.vendor.name} {name}",
                f"{self.vendor.root}/{page.path}".rstrip("/"),
                self.vendor.root,
            )
            for number, (name, page) in enumerate(self.vendor.all_pages.items())
            if not placeholders_of(page.path)
        )


@dataclass(frozen=True)
class Rows:
    """The rows by name, and what the service is told to have them."""

    rows: Mapping[str, Row]
    settings: Mapping[str, str]


NO_ROWS = Rows({}, {})


def prepared(path: Path, marketplace: str, folder: Path) -> Rows:
    """Write a copy of a file into `folder` whose addresses lead to the origin `marketplace`.

    A file that does not hold is left to the service as it is, which says why and ends. Rows with an
    exchange are left out: nobody plays their vendor's API.
    """
    try:
        vendors = read_rows(path)
    except InvalidSettings:
        return Rows({}, {"SSO_DESTINATIONS_FILE": str(path.resolve())})
    vendors = {name: vendor for name, vendor in vendors.items() if vendor.exchange is None}
    tables = tomllib.loads(path.read_text(encoding="utf-8"))
    copy = folder / "destinations.toml"
    copy.write_text(
        "".join(
            f"{name} = {_toml(_moved(table, f'{marketplace}/rows/{name}'))}\n"
            for name, table in tables.items()
            if name in vendors
        ),
        encoding="utf-8",
    )
    settings = {
        "SSO_DESTINATIONS_FILE": str(copy),
        "AUTH_OAUTH2_PROXY_ORG_ID_HEADER": next(iter(ORGANISATION)),
    }
    rows = {}
    for name, vendor in vendors.items():
        settings[f"{key_prefix(name)}KEY"], key = new_key(vendor.algorithm)
        rows[name] = Row(vendor, key)
    return Rows(rows, settings)


def _moved(table: Mapping[str, Any], place: str) -> dict[str, Any]:
    """Return a row, or a page of one, with its address at `place`, and those of its pages."""
    moved = dict(table)
    moved.pop("key_encoding", None)  # the demo's own keys are raw
    if "address" in moved:
        moved["address"] = _ORIGIN.sub(lambda _: place, moved["address"])
    if "pages" in moved:
        moved["pages"] = {name: _moved(page, place) for name, page in moved["pages"].items()}
    return moved


def _toml(value: object) -> str:
    """Write a value of a TOML file on one line; a JSON string is one of TOML but for DEL."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_toml(k)} = {_toml(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, str | bool):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return str(value)


def new_key(algorithm: str) -> tuple[str, Key]:
    """Return a fresh key as the service is given it, and as its tokens are verified with."""
    if algorithm.startswith("HS"):
        secret = secrets.token_urlsafe(96)
        return secret, secret.encode()
    private = _private_key(algorithm)
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return pem.decode(), private.public_key()


def _private_key(
    algorithm: str,
) -> rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey:
    if algorithm == "EdDSA":
        return ed25519.Ed25519PrivateKey.generate()
    if algorithm.startswith("ES"):
        return ec.generate_private_key(ec.SECP256R1() if algorithm == "ES256" else ec.SECP384R1())
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)
