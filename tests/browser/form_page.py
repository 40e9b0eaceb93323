"""The page that carries a token in a form, as the service answers it, for who has no scripts."""

from __future__ import annotations

from falcon.asgi import Response
from falcon.testing import create_asgi_req

from app.destinations.exchange import Issued
from app.resources.handoffs import Handoffs
from tests.destinations.sample_destination import IDS, going_to


def form_page(vendor: str) -> str:
    """Return the markup of a page that would post to `vendor`, and waits."""
    destination = going_to(
        address=f"{vendor}/access/jwt",
        token_parameter="jwt",
        delivery="form",
    )
    resp = Response()
    handoff = destination.handoff(Issued("t.t.t"), IDS, {})
    Handoffs(destination, ()).send(create_asgi_req(), resp, handoff)
    submits = "document.forms[0].submit();"
    assert submits in str(resp.text)
    return str(resp.text).replace(submits, "")
