"""The row that would make a sample token, as the text of a destinations file."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit, urlunsplit

from app.cli.learn_claims import Guesses, guessed
from app.cli.pasted import address_of, find_token, joined
from app.destinations.row_keys import key_prefix
from app.destinations.variables import checked_address
from app.settings.addresses import checked
from app.tokens.jws import ALGORITHMS, InvalidToken, UnverifiedToken, read

_NO_ADDRESS: Final = "https://vendor.example/sso"
_NOT_LEARNT: Final = frozenset({"alg", "jwk", "jku", "x5u", "x5c", "x5t", "crit", "b64", "zip"})
_USUAL_SECONDS: Final = 300
_LONGEST_SECONDS: Final = 86400


class NothingLearnt(ValueError):
    """A sample from which no row can be made."""


@dataclass(frozen=True)
class Learnt:
    """A row as values, what each of its claims was guessed by, and the sample's user."""

    name: str
    row: dict[str, Any]
    guesses: Guesses
    sample: UnverifiedToken
    notes: Mapping[str, str]

    def text(self) -> str:
        """Return the table, with a comment for each guess."""
        claims = self.row["claims"]
        lines = [f"[{self.name}]"]
        for key, value in self.row.items():
            if key != "claims":
                lines.append(_line(key, value, self.notes.get(key)))
        lines.append(f"[{self.name}.claims]")
        lines += (_line(_key(name), claims[name], self.guesses.reasons[name]) for name in claims)
        return "\n".join([*lines, "", *_about_key(self.name, self.row["algorithm"])])


def learnt(sample: str, name: str) -> Learnt:
    """Make a row from a token, an address, or both.

    Raises:
        NothingLearnt: there is no token that a row could make, or an address that none can have.
    """
    sample = joined(sample)
    found = find_token(sample)
    if found is None:
        raise NothingLearnt("there is no token in it: three parts with dots between")
    try:
        token = read(found)
    except InvalidToken as error:
        raise NothingLearnt(str(error)) from None
    algorithm = token.header.get("alg")
    if algorithm not in ALGORITHMS:
        known = ", ".join(ALGORITHMS)
        raise NothingLearnt(f"its algorithm is {algorithm!r}; rows sign with {known}")
    guesses = guessed(token.claims)
    try:
        address = address_of(sample, found)
        checked(address.partition("#")[0] if address else _NO_ADDRESS)
        place, notes = _place(address, found)
        checked_address(place["address"], "token")
    except ValueError as error:
        raise NothingLearnt(f"its address {error}") from None
    row: dict[str, Any] = {**place, "algorithm": algorithm}
    if header := _header(token.header):
        row["header"] = header
        notes["header"] = "the vendor's; the service sets alg, and typ = JWT, itself"
    if _uses_end(guesses.template):
        row["lifetime_seconds"], notes["lifetime_seconds"] = _lifetime(token.claims)
    return Learnt(name, {**row, "claims": guesses.template}, guesses, token, notes)


def _place(address: str, token: str) -> tuple[dict[str, Any], dict[str, str]]:
    """Return where the token stands: the keys of a row, and a note for each."""
    if not address:
        notes = {"address": "not in the sample: write the vendor's", "parameter": "the same"}
        return {"address": _NO_ADDRESS, "parameter": "jwt"}, notes
    parts = urlsplit(address)
    named = [key for key, value in parse_qsl(parts.query) if value == token]
    if named:
        kept = [part for part in parts.query.split("&") if unquote(part.partition("=")[2]) != token]
        bare = urlunsplit((parts.scheme, parts.netloc, parts.path, "&".join(kept), ""))
        return {"address": bare, "parameter": named[0]}, {}
    if token in parts.path:
        path = parts.path.replace(token, "{token}")
        bare = urlunsplit((parts.scheme, parts.netloc, path, parts.query, ""))
        return {"address": bare, **({"fragment": parts.fragment} if parts.fragment else {})}, {}
    if token in unquote(parts.query):
        raise ValueError("has the token inside another parameter; give the inner address alone")
    bare = urlunsplit((parts.scheme, parts.netloc, parts.path, parts.query, ""))
    if token in parts.fragment:
        return {"address": bare, "fragment": parts.fragment.replace(token, "{token}")}, {}
    return {"address": bare, "parameter": "jwt"}, {"parameter": "not in the sample: a guess"}


def _header(header: Mapping[str, Any]) -> dict[str, str]:
    own = {name: value for name, value in header.items() if name not in _NOT_LEARNT}
    if own.get("typ") == "JWT":
        own.pop("typ")
    texts = {name: value for name, value in own.items() if isinstance(value, str)}
    return {name: value for name, value in texts.items() if value and value.isprintable()}


def _lifetime(claims: Mapping[str, Any]) -> tuple[int, str]:
    begin, end = claims.get("iat", claims.get("nbf")), claims.get("exp")
    if isinstance(begin, int) and isinstance(end, int) and 0 < end - begin <= _LONGEST_SECONDS:
        return end - begin, "exp - iat of the sample"
    return _USUAL_SECONDS, "a guess: the sample does not say"


def _uses_end(template: Mapping[str, Any]) -> bool:
    return "{expires_at" in str(template)


def _about_key(name: str, algorithm: str) -> Iterable[str]:
    variable = f"{key_prefix(name)}KEY"
    if algorithm.startswith("HS"):
        yield f"# {variable}: the secret that the vendor shares with you; {variable}_ENCODING says"
        yield "# whether it is base64 or hex."
    else:
        yield f"# {variable}: a private key as PEM. The vendor verifies with its public half, at"
        yield f"# /{name}-sso/jwks.json; a kid that the vendor gave belongs into `header`."


def _line(key: str, value: object, note: str | None) -> str:
    return f"{key} = {toml(value)}" + (f"  # {note}" if note else "")


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else json.dumps(name)


def toml(value: object) -> str:
    """Return a JSON value as TOML on one line."""
    if isinstance(value, dict):
        members = (f"{_key(key)} = {toml(each)}" for key, each in value.items())
        return "{ " + ", ".join(members) + " }" if value else "{}"
    if isinstance(value, list):
        return f"[{', '.join(map(toml, value))}]"
    return json.dumps(value).replace("\x7f", "\\u007f")
