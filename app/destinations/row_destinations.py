"""The destinations of a row."""

from __future__ import annotations

from app.claims import compile_template
from app.destinations.destination import Destination, Shared
from app.destinations.handoff import ANSWER_NAMES, Target
from app.destinations.parameters import ID
from app.destinations.row_exchange import exchange_of
from app.destinations.row_keys import KeyVariables, row_keys
from app.destinations.row_renew import renewal_of
from app.destinations.rows import Row, RowPage
from app.destinations.table import compiled
from app.destinations.token_claims import TokenClaims, merged
from app.destinations.variables import placeholders_of


def destinations(row: Row, keys: KeyVariables, shared: Shared) -> list[Destination]:
    """Make the pages of a row.

    Raises:
        InvalidSettings: a key that does not fit the algorithm.
    """
    signs, *others = row_keys(row, keys)
    jwks = tuple(key.public_jwk for key in (signs, *others) if key.public_jwk)
    exchange = None
    if row.exchange is not None:
        text = keys.key.get_secret_value().strip()
        exchange = exchange_of(row, row.exchange, text, row.template_names, shared)
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
            access=shared.access.also(f"allowed_groups of [{row.name}]", row.allowed_groups).also(
                f"allowed_groups of [{row.name}.pages.{name}]", page.allowed_groups
            ),
            exchange=exchange,
            ids={
                each: compiled(page.ids[each]) if each in page.ids else ID
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
        maps=shared.maps,
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
        answer=compile_template(row.answer, ANSWER_NAMES) if row.answer else None,
        form_targets=row.form_targets,
        renew=renewal_of(row, page),
        max_location_bytes=shared.max_location_bytes,
    )
