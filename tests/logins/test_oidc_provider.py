"""A certified provider: its `at+jwt` tokens (`oidc`), and its opaque ones (`rfc7662`)."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import pytest

from tests.system.acme import PANDIUM
from tests.system.service import Service, serving_all

from .code_flow import Application
from .needed import needs
from .oidc_provider import application, sign_in
from .token_provider import SECRET, serving_provider
from .tokens import ALLOWED, allowed, claims, code, forged, header, is_zoe, user
from .visitor import Visitor

pytestmark = [needs("oidc-provider"), pytest.mark.timeout(100)]

SIGNED = pytest.mark.login("oidc-provider, oidc")
ASKED = pytest.mark.login("oidc-provider, rfc7662")
SHOWN = ("sign-in", "307", "groups", "non-ASCII names", "bearer")
CLAIMS = {"name": "{name}", "groups": "{groups}"}


@dataclass(frozen=True)
class Front:
    issuer: str
    signed: Service
    asked: Service

    def application(
        self, kind: str, audience: str = "marketplace", client: str = "app"
    ) -> Application:
        return application(self.issuer, f"urn:{audience}:{kind}", client)

    def token(
        self, kind: str, audience: str = "marketplace", client: str = "app", name: str = "zoe"
    ) -> str:
        application = self.application(kind, audience, client)
        tokens = application.tokens(Visitor(), partial(sign_in, name=name))
        return str(tokens["access_token"])


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    folder = tmp_path_factory.mktemp("provider")
    with serving_provider(folder) as issuer:
        ours = {**PANDIUM, **ALLOWED, "PANDIUM_CLAIMS": json.dumps(CLAIMS)}
        signed = {
            "SSO_AUTHENTICATORS": "oidc",
            "AUTH_OIDC_ISSUER": issuer,
            "AUTH_OIDC_AUDIENCE": "marketplace",
            "AUTH_OIDC_LEEWAY_SECONDS": "0",
        }
        asked = {
            "SSO_AUTHENTICATORS": "rfc7662",
            "AUTH_RFC7662_URL": f"{issuer}/token/introspection",
            "AUTH_RFC7662_FORWARD_HEADERS": "Authorization",
            "AUTH_RFC7662_CLIENT_ID": "marketplace",
            "AUTH_RFC7662_CLIENT_SECRET": SECRET,
            "AUTH_RFC7662_ISSUER": issuer,
            "AUTH_RFC7662_AUDIENCE": "marketplace",
            "AUTH_RFC7662_SCOPE": "profile",
        }
        environments = {"signed": ours | signed, "asked": ours | asked}
        with serving_all(environments, folder / "services") as services:
            yield Front(issuer, services["signed"], services["asked"])


@SIGNED
@pytest.mark.shows(*SHOWN)
@pytest.mark.requirement("R70")
def test_an_access_token_of_rfc9068_signs_on(front: Front) -> None:
    token = front.token("signed")

    assert (header(token)["typ"], claims(token)["aud"]) == ("at+jwt", "marketplace")
    assert is_zoe(user(front.signed, token))


@ASKED
@pytest.mark.shows(*SHOWN)
@pytest.mark.requirement("R70")
def test_the_provider_is_asked_whose_opaque_token_it_is(front: Front) -> None:
    token = front.token("opaque")

    assert "." not in token
    assert is_zoe(user(front.asked, token))
    assert code(front.signed, token) == "invalid_session"


@SIGNED
@pytest.mark.shows("groups")
def test_groups_in_the_token_decide(front: Front) -> None:
    tokens = [front.token("signed", name=name) for name in ("zoe", "bob")]

    assert [allowed(front.signed, token) for token in tokens] == [307, 403]


@ASKED
@pytest.mark.shows("groups")
def test_groups_in_the_answer_decide(front: Front) -> None:
    tokens = [front.token("opaque", name=name) for name in ("zoe", "bob")]

    assert [allowed(front.asked, token) for token in tokens] == [307, 403]


@SIGNED
@pytest.mark.shows("forged refused")
def test_a_forged_token_is_refused_by_us(front: Front) -> None:
    assert code(front.signed, forged(front.token("signed"), sub="root")) == "invalid_session"


@ASKED
@pytest.mark.shows("forged refused")
def test_a_forged_token_is_refused_by_the_provider(front: Front) -> None:
    token = front.token("opaque")

    assert code(front.asked, token[:-1]) == "invalid_session"
    assert code(front.asked, token.swapcase()) == "invalid_session"


@pytest.mark.requirement("R57")
def test_a_token_for_another_audience_is_refused(front: Front) -> None:
    assert code(front.signed, front.token("signed", "other")) == "invalid_session"
    assert code(front.asked, front.token("opaque", "other")) == "invalid_session"


@pytest.mark.requirement("R57")
@pytest.mark.parametrize("kind", ["signed", "opaque"])
def test_neither_an_id_token_nor_a_clients_own_token_signs_on(front: Front, kind: str) -> None:
    tokens = front.application(kind).tokens(Visitor(), sign_in)
    own = front.application(kind, client="marketplace").ask(
        "token",
        {
            "grant_type": "client_credentials",
            "client_secret": SECRET,
            "resource": f"urn:marketplace:{kind}",
        },
    )

    for token in (tokens["id_token"], own["access_token"]):
        assert code(front.signed, token) == "invalid_session"
        assert code(front.asked, token) == "invalid_session"


@SIGNED
@pytest.mark.shows("session end")
def test_a_token_that_has_ended_is_refused_by_us(front: Front) -> None:
    token = front.token("signed", client="brief")
    assert is_zoe(user(front.signed, token))

    time.sleep(max(0, claims(token)["exp"] - time.time()) + 0.1)

    assert code(front.signed, token) == "invalid_session"


@ASKED
@pytest.mark.shows("session end")
def test_a_token_that_has_ended_is_refused_by_the_provider(front: Front) -> None:
    token = front.token("opaque", client="brief")
    assert is_zoe(user(front.asked, token))

    time.sleep(3)

    assert code(front.asked, token) == "invalid_session"


@ASKED
@pytest.mark.shows("sign-out")
@pytest.mark.requirement("R27")
def test_a_revoked_token_is_refused_at_once(front: Front) -> None:
    token = front.token("opaque")
    assert is_zoe(user(front.asked, token))

    front.application("opaque").ask("revocation", {"token": token})

    assert code(front.asked, token) == "invalid_session"


def test_a_signed_token_lives_on_while_the_provider_is_not_asked(front: Front) -> None:
    token = front.token("signed")

    with pytest.raises(AssertionError, match="unsupported_token_type"):
        front.application("signed").ask("revocation", {"token": token})

    assert is_zoe(user(front.signed, token))
