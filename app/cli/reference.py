"""Documents that are made from the settings themselves."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from app import configuration as settings
from app.authenticators import preset_variables
from app.authenticators.headers.engine import TrustedHeadersVariables
from app.authenticators.introspection.variables import IntrospectionVariables
from app.authenticators.jwt.aws_alb import AwsAlbVariables
from app.authenticators.jwt.variables import JwtVariables
from app.authenticators.presets import BUILT_IN
from app.destinations import apifuse, custom, pandium
from app.settings.reading import variable_names
from app.settings.service import ProcessVariables, ServiceVariables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from pydantic.fields import FieldInfo

    from app.settings.variables import Variables

GROUPS: Final[Mapping[str, list[tuple[str, type[Variables]]]]] = {
    "The service": [("SSO_", ServiceVariables), ("", ProcessVariables)],
    "Pandium": [("PANDIUM_", pandium.PandiumVariables)],
    "APIFuse": [("APIFUSE_", apifuse.ApifuseVariables)],
    "Further vendors": [("DESTINATION_<NAME>_", custom.KeyVariables)],
    "Trusted headers": [("AUTH_<NAME>_", TrustedHeadersVariables)],
    "Signed tokens": [("AUTH_<NAME>_", JwtVariables)],
    "Signed tokens: of one preset only": [
        ("AUTH_OIDC_", preset_variables.OidcIssuer),
        ("AUTH_CLOUDFLARE_ACCESS_", preset_variables.CloudflareTeam),
        ("AUTH_POMERIUM_", preset_variables.PomeriumHost),
        ("AUTH_TELEPORT_", preset_variables.TeleportCluster),
        ("AUTH_APPDIRECT_", preset_variables.AppDirectTenants),
    ],
    "Signed tokens: of AWS's load balancer": [("AUTH_AWS_ALB_", AwsAlbVariables)],
    "Introspection": [("AUTH_<NAME>_", IntrospectionVariables)],
}
"""Titles, and under each the prefixes and their variables."""

_EXAMPLE_NAMES: Final = {
    "Trusted headers": "OAUTH2_PROXY",
    "Signed tokens": "CORP",
    "Introspection": "INTROSPECTION",
}
"""What `<NAME>` is in the examples of a group."""

_INTRODUCTION = """# Configuration

Everything is set by environment variables, or by files of the same name in `SECRETS_DIR`. An empty
variable counts as unset. A configuration with a mistake never starts: `marketplace-sso check` names
each one with its variable, and a variable under one of our prefixes that nothing reads is one too.
"""

_AUTHENTICATORS = """## Authenticators

Each entry of `SSO_AUTHENTICATORS` is a name of this table, or `mine=` and one of them, or
`mine=module:attribute`. `<NAME>` is the entry's own name in capitals, with `_` for `-`.
"""

_EXAMPLE = {
    "SSO_AUTHENTICATORS": "oauth2-proxy",
    "AUTH_OAUTH2_PROXY_TRUSTED_PROXIES": "127.0.0.1/32",
    "PANDIUM_SHARED_SECRET": settings.EXAMPLE_SECRET,
    "PANDIUM_ACCOUNT": "acme",
    "PANDIUM_ENVIRONMENT": "demo",
}
"""What `example.env` sets; all other variables stand there as comments."""


def configuration() -> str:
    """Give the table of all variables, in Markdown."""
    sections = [_INTRODUCTION]
    for title, groups in GROUPS.items():
        rows = [row for prefix, model in groups for row in _rows(prefix, model)]
        sections.append(f"## {title}\n\n{_table(('variable', 'default', 'meaning'), rows)}")
    presets = [(f"`{name}`", _preset(name)) for name in BUILT_IN]
    sections.append(f"{_AUTHENTICATORS}\n{_table(('name', 'presets of AUTH_<NAME>_…'), presets)}")
    return "\n".join(sections)


def example_env() -> str:
    """Give `config/example.env`: it boots as it is, on loopback."""
    lines = [
        "# Boots as it is, on loopback: make run. Made by `marketplace-sso reference example-env`.",
        "# What stands behind a # is optional, with its default. The signing secret is for trying",
        "# out; the service refuses it where others could reach it.",
    ]
    for title, groups in GROUPS.items():
        lines += ["", f"# {title}"]
        for prefix, model in groups:
            example = prefix.replace("AUTH_<NAME>", f"AUTH_{_EXAMPLE_NAMES.get(title)}")
            for name, field in _fields(example, model):
                lines += _example(name, field)
    return "\n".join(lines) + "\n"


def _fields(prefix: str, model: type[Variables]) -> Iterable[tuple[str, FieldInfo]]:
    return zip(variable_names(model, prefix), model.model_fields.values(), strict=True)


def _example(name: str, field: FieldInfo) -> Iterable[str]:
    yield f"# {field.description}"
    if name in _EXAMPLE:
        yield f"{name}={_EXAMPLE[name]}"
    else:
        yield f"#{name}={_default(field)}"


def _rows(prefix: str, model: type[Variables]) -> Iterable[tuple[str, ...]]:
    for name, field in _fields(prefix, model):
        yield f"`{name}`", _code(_default(field)), str(field.description)


def _default(field: FieldInfo) -> str:
    value: Any = field.get_default(call_default_factory=True, validated_data={})
    if field.is_required() or value in (None, (), {}, ""):
        return ""
    return _written(value)


def _written(value: Any) -> str:  # noqa: ANN401 - a default of any type
    """Give a value as it would stand in the environment."""
    if isinstance(value, bool | dict):
        return json.dumps(value)
    return ",".join(value) if isinstance(value, tuple) else str(value)


def _preset(name: str) -> str:
    set_by_it = {key.upper(): value for key, value in BUILT_IN[name].defaults.items()}
    return ", ".join(
        f"`{key}={_written(value)}`" for key, value in set_by_it.items() if value is not None
    )


def _code(text: str) -> str:
    return f"`{text}`" if text else ""


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = (head, ("---",) * len(head), *rows)
    return "".join(f"| {' | '.join(map(_escaped, cells))} |\n" for cells in lines)


def _escaped(cell: str) -> str:
    return cell.replace("|", "\\|")


DOCUMENTS: Final[Mapping[str, Callable[[], str]]] = {
    "configuration": configuration,
    "example-env": example_env,
}
"""What `marketplace-sso reference` can print."""
