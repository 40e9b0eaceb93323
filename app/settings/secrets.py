"""What is wrong with secrets: they serve twice, everybody knows them, or they are not as meant."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from itertools import combinations
from typing import Final

from app.settings.problems import Problem
from app.tokens.public_keys import fingerprints
from app.tokens.secret_encoding import possible_bytes

EXAMPLE_SECRET: Final = "an-example-secret-that-is-for-trying-out-only"
"""What `config/example.env` signs with. Anyone can know it, so it works on loopback only."""

_PLACEHOLDER: Final = re.compile(
    rb"((replace|change|insert|enter|put)[\W_]*(with|me|it|this|here|by|the|your)"
    rb"|(the|my|your)[\W_]*(own[\W_]*)?([0-9]+[\W_]*bit[\W_]*)?([a-z]+[\W_]*)?(secret|key)"
    rb"|placeholder|example[\W_]*(secret|key)|(the[\W_]*)?output[\W_]*of)(?![a-z0-9]).*"
    rb"|<[ -~]*>|\{\{[ -~]*\}\}|\$\{\w+\}|\$\([ -~]*\)|%\w+%|\.{3,}|x{8,}|\*{3,}",
    re.DOTALL,
)
"""What stands in documents where a secret belongs, and what a template leaves behind."""

_REFERENCE: Final = re.compile(
    r"/(run|var|etc|mnt|vault|secrets?|home|opt|tmp|srv|usr|app)/[\w./-]+"
    r"|(file|op|ssm|awssm|gcpsm|azurekv)://\S+"
    r"|arn:aws[a-z-]*:(secretsmanager|ssm):\S+|projects/[\w-]+/secrets/\S+"
    r"|vault:[\w/-]+#\w+|secretref:\S+|ENC\[.*\]|@Microsoft\.KeyVault\(.*\)"
)
"""The name of a file, or of a secret in a store, that nothing has put the secret in place of."""

_QUOTES: Final = ("\"'`\N{LEFT DOUBLE QUOTATION MARK}", "\"'`\N{RIGHT DOUBLE QUOTATION MARK}")
_LINE_ENDS: Final = frozenset("\r\n")
_BLANKS: Final = _LINE_ENDS | {"\t"}
_PEM: Final = "-----BEGIN "
_UNSEEN: Final = frozenset({"Cc", "Cf"})
"""Unicode categories of controls and of zero-width characters."""


def shared_secrets(secrets: Mapping[str, str]) -> Iterable[Problem]:
    """Find secrets, by their variables, that serve twice, however each is written.

    Private keys are compared as keys: the same one has many spellings (PKCS 1, PKCS 8, SEC 1).
    """
    meanings = {name: _meanings(secret) for name, secret in secrets.items()}
    for name, other in combinations(sorted(secrets), 2):
        if meanings[name] & meanings[other]:
            yield Problem(other, f"is the same secret as {name}; set a different one")


def _meanings(secret: str) -> set[bytes]:
    written = possible_bytes(secret)
    return written.union(*(fingerprints(text) for text in written))


def misread_secrets(secrets: Mapping[str, str]) -> Iterable[Problem]:
    """Find secrets that are not what somebody meant: quoted, invisible, never filled in."""
    for name, secret in secrets.items():
        if len(secret) > 1 and secret[0] in _QUOTES[0] and secret[-1] in _QUOTES[1]:
            yield Problem(name, "has quotes around it, which would count; remove them")
        if _LINE_ENDS & set(secret) and not secret.startswith(_PEM):
            yield Problem(name, "has a line end in it; write it on one line")
        if unseen := [each for each in secret if _is_unseen(each)]:
            wrong = f"has the invisible character U+{ord(unseen[0]):04X}; write it anew"
            yield Problem(name, wrong)
        if re.match(rf"(export )?{re.escape(name)} *=", secret):
            yield Problem(name, "begins with the variable's own name; write the value alone")
        if _REFERENCE.fullmatch(secret):
            yield Problem(name, "says where a secret is, and is none; set it to the secret itself")
        if secret.endswith(("\\n", "\\r")):
            yield Problem(name, r"ends with \n or \r written out, which would count; remove it")
        if any(_PLACEHOLDER.fullmatch(text) for text in _writings(secret)):
            yield Problem(name, "is a placeholder, which anyone can know; set your own secret")


def example_secrets(secrets: Mapping[str, str]) -> Iterable[Problem]:
    """Find variables that are set to the secret of the example, in any writing."""
    for name, secret in secrets.items():
        if EXAMPLE_SECRET.encode() in _writings(secret):
            wrong = (
                "is the secret of config/example.env, which works on loopback only; set your own"
            )
            yield Problem(name, wrong)


def _writings(secret: str) -> set[bytes]:
    """Return what a secret may stand for, also where it was encoded twice, in small letters."""
    once = possible_bytes("".join(secret.split())) | {secret.encode()}
    twice = (possible_bytes(each.decode()) for each in once if each.isascii())
    return {each.strip().lower() for each in once.union(*twice)}


def _is_unseen(character: str) -> bool:
    return character not in _BLANKS and unicodedata.category(character) in _UNSEEN
