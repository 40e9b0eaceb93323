"""Any vendor, as a row of a TOML file."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING

from pydantic import Field, SecretStr, ValidationError

from app.claims import compile_template, merged
from app.destinations.destination import Destination
from app.destinations.parameters import ID
from app.destinations.rows import Vendor, faults, placeholders, template_names
from app.settings.reading import InvalidSettings, Problem
from app.settings.variables import Variables
from app.tokens.jws import SigningKey, signing_key

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


class KeyVariables(Variables):
    """The keys of a row: `DESTINATION_<NAME>_…`."""

    key: SecretStr = Field(description="what the row signs with: a secret, or a private key as PEM")
    previous_key: SecretStr | None = Field(
        None, description="the key before it, whose public part stays published"
    )


def read_rows(path: Path) -> dict[str, Vendor]:
    """Read the rows of a file.

    Raises:
        InvalidSettings: with every fault, each named by file, table and key.
    """
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InvalidSettings([Problem(path.name, f"cannot be read: {error}")]) from error
    vendors: dict[str, Vendor] = {}
    problems: list[Problem] = []
    for name, table in tables.items():
        if not isinstance(table, dict):
            problems.append(Problem(f"{path.name} {name}", "stands outside of a vendor's [table]"))
            continue
        try:
            vendors[name] = Vendor.model_validate(table | {"name": name})
        except ValidationError as error:
            problems += _problems(f"{path.name} [{name}]", error)
            continue
        problems += [
            Problem(f"{path.name} [{name}] {key}", wrong) for key, wrong in faults(vendors[name])
        ]
    if problems:
        raise InvalidSettings(problems)
    return vendors


def key_prefix(name: str) -> str:
    """Give what the variables of a row's keys begin with."""
    return f"DESTINATION_{name.upper().replace('-', '_')}_"


def destinations(vendor: Vendor, keys: KeyVariables) -> list[Destination]:
    """Give the pages of a row.

    Raises:
        InvalidSettings: a key that does not fit the algorithm.
    """
    key = _key(vendor, "KEY", keys.key)
    published = [key.public_jwk]
    if keys.previous_key is not None:
        published.append(_key(vendor, "PREVIOUS_KEY", keys.previous_key).public_jwk)
    return [
        Destination(
            name=vendor.name,
            page=name,
            root=vendor.root,
            route=f"{vendor.root}/{page.path}".rstrip("/"),
            address=page.address,
            fragment=page.fragment,
            token_parameter=vendor.parameter,
            delivery=vendor.delivery,
            key=key,
            public_jwks=tuple(jwk for jwk in published if jwk),
            claims=compile_template(merged(vendor.claims, page.claims), template_names(vendor)),
            required=(*vendor.required, *page.required),
            ids={
                each: re.compile(page.ids[each]) if each in page.ids else ID
                for each in placeholders(page.path)
            },
            parameters={each: parameter.rule for each, parameter in vendor.parameters.items()},
            forwarded=frozenset(
                each for each, parameter in vendor.parameters.items() if parameter.forward
            ),
            lifetime_seconds=vendor.lifetime_seconds,
        )
        for name, page in vendor.all_pages.items()
    ]


def _key(vendor: Vendor, variable: str, secret: SecretStr) -> SigningKey:
    try:
        text = secret.get_secret_value().strip().encode()
        return signing_key(text, vendor.algorithm, allow_short=vendor.allow_short_key)
    except ValueError as error:
        problem = Problem(f"{key_prefix(vendor.name)}{variable}", str(error))
        raise InvalidSettings([problem]) from error


def _problems(table: str, error: ValidationError) -> Iterable[Problem]:
    for found in error.errors(include_url=False, include_context=False, include_input=False):
        key = ".".join(map(str, found["loc"]))
        wrong = found["msg"].removeprefix("Value error, ").replace("Input should", "should")
        if found["type"] == "extra_forbidden":
            wrong = "is no key of a row"
        yield Problem(f"{table} {key}".rstrip(), wrong)
