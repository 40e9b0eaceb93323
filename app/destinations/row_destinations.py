"""The destinations of a row."""

from __future__ import annotations

import re

from pydantic import Field, SecretStr

from app.claims import compile_template, merged
from app.destinations.destination import Destination, Shared
from app.destinations.handoff import Target
from app.destinations.parameters import ID
from app.destinations.rows import Row, RowPage
from app.destinations.token_claims import TokenClaims
from app.destinations.variables import placeholders_of
from app.settings.problems import InvalidSettings, Problem
from app.settings.variables import Variables
from app.tokens.jws import SigningKey, signing_key
from app.tokens.secrets import ShortSecret


class KeyVariables(Variables):
    """The keys of a row: `DESTINATION_<NAME>_…`."""

    key: SecretStr = Field(description="key that signs: a secret, or a private key as PEM")
    previous_key: SecretStr | None = Field(
        None, description="key before it, whose public part is still published"
    )


def key_prefix(name: str) -> str:
    """Return the prefix of the variables of a row's keys."""
    return f"DESTINATION_{name.upper().replace('-', '_')}_"


def destinations(row: Row, keys: KeyVariables, shared: Shared) -> list[Destination]:
    """Make the pages of a row.

    Raises:
        InvalidSettings: a key that does not fit the algorithm.
    """
    signs, *others = _signing_keys(row, keys)
    jwks = tuple(key.public_jwk for key in (signs, *others) if key.public_jwk)
    return [
        Destination(
            name=row.name,
            page=name,
            root=row.root,
            route=f"{row.root}/{page.path}".rstrip("/"),
            key=signs,
            public_jwks=jwks,
            claims=_claims(row, page, shared),
            target=_target(row, page, shared),
            ids={
                each: re.compile(page.ids[each]) if each in page.ids else ID
                for each in placeholders_of(page.path)
            },
            parameters={each: parameter.rule for each, parameter in row.parameters.items()},
        )
        for name, page in row.all_pages.items()
    ]


def _claims(row: Row, page: RowPage, shared: Shared) -> TokenClaims:
    return TokenClaims(
        template=compile_template(merged(row.claims, page.claims), row.template_names),
        required=(*row.required, *page.required),
        lifetime_seconds=row.lifetime_seconds,
        clock_skew_seconds=shared.clock_skew_seconds,
        now=shared.now,
    )


def _target(row: Row, page: RowPage, shared: Shared) -> Target:
    return Target(
        address=page.address,
        fragment=page.fragment,
        token_parameter=row.parameter,
        forwarded=frozenset(
            name for name, parameter in row.parameters.items() if parameter.forward
        ),
        delivery=row.delivery,
        max_location_bytes=shared.max_location_bytes,
    )


def _signing_keys(row: Row, keys: KeyVariables) -> list[SigningKey]:
    """Return the key that signs, and the one before it if it is set."""
    secrets = {"KEY": keys.key, "PREVIOUS_KEY": keys.previous_key}
    return [_key(row, name, secret) for name, secret in secrets.items() if secret is not None]


def _key(row: Row, variable: str, secret: SecretStr) -> SigningKey:
    try:
        text = secret.get_secret_value().strip().encode()
        return signing_key(text, row.algorithm, allow_short=row.allow_short_key)
    except ValueError as error:
        hint = "; if the vendor chose it, set allow_short_key = true in the row"
        wrong = f"{error}{hint if isinstance(error, ShortSecret) else ''}"
        problem = Problem(f"{key_prefix(row.name)}{variable}", wrong)
        raise InvalidSettings([problem]) from error
