"""Check the authenticator against its contract and a list of attacks, with the kit."""

import asyncio
import hashlib
import hmac

from acme_session import AcmeSession

from app.testing import check_authenticator, context_for

SECRET = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"


def session(user: str, end: int) -> str:
    """Sign as the application does."""
    text = f"{user}.{end}"
    return f"{text}.{hmac.new(SECRET.encode(), text.encode(), hashlib.sha256).hexdigest()}"


def test_it_keeps_the_contract_and_holds_against_attacks() -> None:
    authenticator = AcmeSession.from_settings(context_for("acme-session", secret=SECRET))
    cookie = f"acme_session={session('u-17', 4_000_000_000)}"

    asyncio.run(check_authenticator(authenticator, [("Cookie", cookie)]))
