"""The page that carries a token in a form, with its policy, as the service answers it."""

from __future__ import annotations

from falcon.asgi import Response
from falcon.testing import create_asgi_req

from app.destinations.exchange import Issued
from app.resources.handoffs import Handoffs
from tests.destinations.sample_destination import IDS, going_to


def form_page(vendor: str, further: tuple[str, ...], framed_by: tuple[str, ...]) -> tuple[str, str]:
    """Return the markup and the policy of a page that posts to `vendor`'s `/access/jwt`."""
    destination = going_to(
        address=f"{vendor}/access/jwt",
        token_parameter="jwt",
        delivery="form",
        form_targets=further,
    )
    resp = Response()
    handoff = destination.handoff(Issued("a-token"), IDS, {})
    Handoffs(destination, framed_by).send(create_asgi_req(), resp, handoff)
    return str(resp.text), str(resp.get_header("Content-Security-Policy"))
