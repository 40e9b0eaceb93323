"""A folder with every file that a configuration can name, and the ways in which one breaks.

`sound` makes the folder and returns the environment that names its files. Each of `BROKEN` breaks
one of them, and says what the problem is named by.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterable
from contextlib import chdir
from functools import partial
from pathlib import Path
from typing import NamedTuple

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

SECRET = "broken-0f1e2d3c4b5a69788796a5b4c3d2e1f0"
ROW_SECRET = "row-00112233445566778899aabbccddeeff-0123456789"
ROWS = """[acme]
address = "https://market.example/sso"
parameter = "jwt"
claims = { iat = "{issued_at}", sub = "{subject}" }
"""


class Broken(NamedTuple):
    """A way to break a folder, and the variable or file that the problem is named by."""

    name: str
    breaks: Callable[[Path], None]
    variable: str


def sound(folder: Path) -> dict[str, str]:
    """Write every file, and return the environment that names them."""
    secrets, key = folder / "secrets", ec.generate_private_key(ec.SECP256R1()).public_key()
    secrets.mkdir()
    (secrets / "PANDIUM_SHARED_SECRET").write_text(f"{SECRET}\n")
    (secrets / "DESTINATION_ACME_KEY").write_text(f"{ROW_SECRET}\n")
    (folder / "more.env").write_text("PANDIUM_ACCOUNT=acme\n")
    (folder / "rows.toml").write_text(ROWS)
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    (folder / "key.pem").write_bytes(key.public_bytes(serialization.Encoding.PEM, form))
    jwk = ECAlgorithm.to_jwk(key).replace("{", '{"kid": "a", ', 1)
    (folder / "keys.json").write_text(f'{{"keys": [{jwk}]}}')
    login = {"ISSUER": "https://id.example", "AUDIENCE": "sso", "ALGORITHMS": "ES256"}
    logins = {
        f"AUTH_{name}_{key}": value
        for name in ("PEM", "SET")
        for key, value in {**login, "HEADER": f"X-{name}"}.items()
    }
    return {
        **logins,
        "SSO_AUTHENTICATORS": "pem=jwt,set=jwt",
        "AUTH_PEM_PUBLIC_KEY_FILE": str(folder / "key.pem"),
        "AUTH_SET_JWKS_FILE": str(folder / "keys.json"),
        "SSO_DESTINATIONS_FILE": str(folder / "rows.toml"),
        "ENV_FILE": str(folder / "more.env"),
        "SECRETS_DIR": str(secrets),
    }


def _socket(path: Path) -> None:
    with chdir(path.parent), socket.socket(socket.AF_UNIX) as listening:
        listening.bind(path.name)  # 108 bytes are the longest path of one


def _holding(content: bytes) -> Callable[[Path], None]:
    def put(path: Path) -> None:
        path.write_bytes(content)

    return put


def _large(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(40 * 1024 * 1024)


_INSTEAD: dict[str, Callable[[Path], None]] = {
    "missing": lambda _path: None,
    "a folder": Path.mkdir,
    "a dangling link": lambda path: path.symlink_to(path.parent / "nothing"),
    "a loop of links": lambda path: path.symlink_to(path),
    "a link to a folder": lambda path: path.symlink_to(path.parent),
    "a pipe": os.mkfifo,
    "a device": lambda path: path.symlink_to("/dev/zero"),
    "a socket": _socket,
    "empty": _holding(b""),
    "blank": _holding(b" \n\n"),
    "a byte 0xFF": _holding(b"\xff"),
    "40 MB": _large,
}
"""What stands where a file was."""

_CHANGED: dict[str, Callable[[bytes], bytes]] = {
    "with 0xFF at its end": lambda content: content.rstrip() + b"\xff\n",
    "in UTF-16": lambda content: content.decode().encode("utf-16"),
    "in Latin-1": lambda content: content + "# ü\n".encode("latin-1"),
    "with a byte-order mark": lambda content: b"\xef\xbb\xbf" + content,
    "with NUL at its front": lambda content: b"\0" + content,
    "with NUL at its end": lambda content: content + b"\0",
}
"""What becomes of the bytes of a file."""

_DEEP = 2000
_NESTED_JSON = '{"a":' * _DEEP + "1" + "}" * _DEEP
_NESTED_CLAIM = f"""
[acme.pages.x]
path = "x"
address = "https://market.example/x"
claims = {{ a = {"[" * 400}{"]" * 400} }}
"""
_SAME_ROUTE = """
[acme.pages.x]
path = "session"
address = "https://market.example/x"
"""
_VARIABLES = "PANDIUM_ACCOUNT=acme\n"
_OF_ONE_FILE: tuple[tuple[str, str, str, str], ...] = (
    ("rows.toml", "nested deeply", f"x = {'[' * _DEEP}{']' * _DEEP}\n", "rows.toml"),
    ("rows.toml", "with a claim nested deeply", ROWS + _NESTED_CLAIM, "rows.toml"),
    ("rows.toml", "cut off", ROWS[:-20], "rows.toml"),
    ("rows.toml", "with a table twice", ROWS + ROWS, "rows.toml"),
    ("rows.toml", "with a key twice", f"{ROWS}[b]\na = 1\na = 2\n", "rows.toml"),
    ("rows.toml", "as JSON", '{"acme": {}}', "rows.toml"),
    ("rows.toml", "with colliding routes", ROWS + _SAME_ROUTE, "[acme] path"),
    ("keys.json", "nested deeply", _NESTED_JSON, "AUTH_SET_JWKS_FILE"),
    ("keys.json", "with a member twice", '{"keys": [], "keys": []}', "AUTH_SET_JWKS_FILE"),
    ("keys.json", "without a key", '{"keys": []}', "AUTH_SET_JWKS_FILE"),
    ("keys.json", "as HTML", "<html></html>", "AUTH_SET_JWKS_FILE"),
    ("key.pem", "cut off", "-----BEGIN PUBLIC KEY-----\nMFkw", "AUTH_PEM_PUBLIC_KEY_FILE"),
    ("key.pem", "as text", "no key", "AUTH_PEM_PUBLIC_KEY_FILE"),
    ("more.env", "with a line that is none", f"{_VARIABLES}'=x\n", "ENV_FILE"),
    ("more.env", "with a name alone", f"{_VARIABLES}\nPANDIUM_PATH\n", "ENV_FILE"),
    ("more.env", "with an open quote", 'PANDIUM_ACCOUNT="acme\n', "ENV_FILE"),
    ("more.env", "with a name twice", _VARIABLES * 2, "PANDIUM_ACCOUNT"),
    ("more.env", "that names itself", f"{_VARIABLES}ENV_FILE=more.env\n", "ENV_FILE"),
    (
        "more.env",
        "with JSON nested deeply",
        f"{_VARIABLES}PANDIUM_CLAIMS={_NESTED_JSON}\n",
        "PANDIUM_CLAIMS",
    ),
    ("secrets/PANDIUM_SHARED_SECRET", "in quotes", f'"{SECRET}"\n', "PANDIUM_SHARED_SECRET"),
    ("secrets/PANDIUM_SHARED_SECRET", "a placeholder", "changeme\n", "PANDIUM_SHARED_SECRET"),
    ("secrets/pandium_shared_secret", "in small letters, too", SECRET, "PANDIUM_SHARED_SECRET"),
    ("secrets/PANDIUM_ACCOUNT", "that ENV_FILE sets, too", "acme", "PANDIUM_ACCOUNT"),
)
"""A file, what is wrong with it, its text, and the name of the problem."""

_NAMED_BY = {
    "more.env": "ENV_FILE",
    "rows.toml": "rows.toml",
    "key.pem": "AUTH_PEM_PUBLIC_KEY_FILE",
    "keys.json": "AUTH_SET_JWKS_FILE",
    "secrets/PANDIUM_SHARED_SECRET": "PANDIUM_SHARED_SECRET",
    "secrets/DESTINATION_ACME_KEY": "DESTINATION_ACME_KEY",
}


def _replace(file: str, put: Callable[[Path], None], folder: Path) -> None:
    (folder / file).unlink()
    put(folder / file)


def _change(file: str, change: Callable[[bytes], bytes], folder: Path) -> None:
    (folder / file).write_bytes(change((folder / file).read_bytes()))


def _write(file: str, text: str, folder: Path) -> None:
    (folder / file).write_text(text, encoding="utf-8")


def _no_folder(folder: Path, put: Callable[[Path], None]) -> None:
    for path in (folder / "secrets").iterdir():
        path.unlink()
    (folder / "secrets").rmdir()
    put(folder / "secrets")


def _all() -> Iterable[Broken]:
    for file, variable in _NAMED_BY.items():
        for kind, put in _INSTEAD.items():
            yield Broken(f"{file}: {kind}", partial(_replace, file, put), variable)
        for kind, change in _CHANGED.items():
            yield Broken(f"{file}: {kind}", partial(_change, file, change), variable)
    for file, kind, text, variable in _OF_ONE_FILE:
        yield Broken(f"{file}: {kind}", partial(_write, file, text), variable)
    for kind in ("missing", "a dangling link", "a loop of links", "a pipe", "a byte 0xFF"):
        yield Broken(f"secrets: {kind}", partial(_no_folder, put=_INSTEAD[kind]), "SECRETS_DIR")


BROKEN = tuple(_all())
