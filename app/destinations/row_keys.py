"""The keys of a row."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pydantic import Field, SecretStr

from app.destinations.row_exchange import ASSERTION
from app.settings.problems import InvalidSettings, Problem
from app.settings.variables import Variables
from app.tokens.jws import SigningKey, hmac_key, signing_key, with_header
from app.tokens.secret_encoding import SecretEncoding, decode_secret
from app.tokens.secrets import ShortSecret

if TYPE_CHECKING:
    from app.destinations.rows import Row


class KeyVariables(Variables):
    """The keys of a row: `DESTINATION_<NAME>_…`."""

    key: SecretStr = Field(
        description="key that signs: a secret, or a private key as PEM; or the key of an exchange"
    )
    key_encoding: SecretEncoding | None = Field(
        None, description="encoding of the keys; over the row's `key_encoding`"
    )
    next_key: SecretStr | None = Field(
        None, description="key after it, whose public part is published already; it signs nothing"
    )
    previous_key: SecretStr | None = Field(
        None, description="key before it, whose public part is still published"
    )


def key_prefix(name: str) -> str:
    """Return the prefix of the variables of a row's keys."""
    return f"DESTINATION_{name.upper().replace('-', '_')}_"


def row_keys(row: Row, keys: KeyVariables) -> list[SigningKey]:
    """Return the key that signs, and those that are only published, if they are set.

    Raises:
        InvalidSettings: one does not fit the algorithm.
    """
    if row.exchange is not None and not row.exchange.uses(ASSERTION):
        return [hmac_key(os.urandom(32))]  # what it signs is sent to nobody
    encoding = keys.key_encoding or row.key_encoding
    signs = with_header(_key(row, "KEY", keys.key, encoding), row.header)
    others = {"NEXT_KEY": keys.next_key, "PREVIOUS_KEY": keys.previous_key}
    return [
        signs,
        *(_key(row, name, key, encoding) for name, key in others.items() if key is not None),
    ]


def _key(row: Row, variable: str, secret: SecretStr, encoding: SecretEncoding) -> SigningKey:
    try:
        text = decode_secret(secret.get_secret_value().strip(), encoding)
        return signing_key(text, row.algorithm, allow_short=row.allow_short_key)
    except ValueError as error:
        hint = "; if the vendor chose it, set allow_short_key = true in the row"
        wrong = f"{error}{hint if isinstance(error, ShortSecret) else ''}"
        problem = Problem(f"{key_prefix(row.name)}{variable}", wrong)
        raise InvalidSettings([problem]) from error
