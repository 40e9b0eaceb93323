"""Ory Hydra's access tokens, verified by themselves (`oidc`) and asked about (`rfc7662`)."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest

from tests.system.acme import PANDIUM
from tests.system.service import Service, serving_all

from .hydra import SECRET, Hydra, serving_hydra, sign_in
from .needed import needs
from .tokens import ALLOWED, allowed, claims, code, forged, is_zoe, user
from .visitor import Visitor

pytestmark = [needs("hydra"), pytest.mark.timeout(100)]

SIGNED = pytest.mark.login("Ory Hydra, oidc")
ASKED = pytest.mark.login("Ory Hydra, rfc7662")
SHOWN = ("sign-in", "307", "groups", "non-ASCII names", "bearer")
CLAIMS = {"name": "{name}", "groups": "{groups}"}
OURS = {
    "ISSUER": "",
    "AUDIENCE": "marketplace",
    "EMAIL_CLAIM": "ext.email",
    "EMAIL_VERIFIED_CLAIM": "ext.email_verified",
    "NAME_CLAIM": "ext.name",
    "GROUPS_CLAIM": "ext.groups",
}


@dataclass(frozen=True)
class Front:
    hydra: Hydra
    signed: Service
    asked: Service

    def tokens(
        self, client: str, audience: str = "marketplace", name: str = "zoe"
    ) -> dict[str, Any]:
        application = self.hydra.application(client, audience)
        return application.tokens(Visitor(), partial(sign_in, name=name))

    def token(self, client: str, audience: str = "marketplace", name: str = "zoe") -> str:
        return str(self.tokens(client, audience, name)["access_token"])


def variables(preset: str, hydra: Hydra, **more: str) -> dict[str, str]:
    own = {**OURS, "ISSUER": hydra.issuer, **more}
    named = {f"AUTH_{preset.upper()}_{name}": value for name, value in own.items()}
    claims = {"PANDIUM_CLAIMS": json.dumps(CLAIMS)}
    return {**PANDIUM, **ALLOWED, **claims, "SSO_AUTHENTICATORS": preset, **named}


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    folder = tmp_path_factory.mktemp("hydra")
    with serving_hydra(folder) as hydra:
        # Hydra makes its key with the first token that it signs; the service fetches it when it
        # starts, and then at most every 30 s.
        hydra.application("jwt").tokens(Visitor(), sign_in)
        asking = {
            "URL": f"{hydra.admin}/admin/oauth2/introspect",
            "FORWARD_HEADERS": "Authorization",
            "CLIENT_ID": "marketplace",
            "CLIENT_SECRET": SECRET,
            "SCOPE": "profile",
        }
        environments = {
            "signed": variables("oidc", hydra, LEEWAY_SECONDS="0"),
            "asked": variables("rfc7662", hydra, **asking),
        }
        with serving_all(environments, folder / "services") as services:
            yield Front(hydra, services["signed"], services["asked"])


@SIGNED
@pytest.mark.shows(*SHOWN)
@pytest.mark.requirement("R70")
def test_who_signs_in_with_the_code_flow_signs_on_with_the_access_token(front: Front) -> None:
    token = front.token("jwt")

    assert claims(token)["ext"]["name"] == "Zoë Østergård 山田"
    assert is_zoe(user(front.signed, token))


@ASKED
@pytest.mark.shows(*SHOWN)
@pytest.mark.requirement("R70")
@pytest.mark.parametrize("client", ["opaque", "jwt"])
def test_hydra_is_asked_whose_access_token_it_is(front: Front, client: str) -> None:
    assert is_zoe(user(front.asked, front.token(client)))


@SIGNED
@pytest.mark.shows("groups")
def test_groups_in_the_token_decide(front: Front) -> None:
    tokens = [front.token("jwt", name=name) for name in ("zoe", "bob")]

    assert [allowed(front.signed, token) for token in tokens] == [307, 403]


@ASKED
@pytest.mark.shows("groups")
def test_groups_in_the_answer_decide(front: Front) -> None:
    tokens = [front.token("opaque", name=name) for name in ("zoe", "bob")]

    assert [allowed(front.asked, token) for token in tokens] == [307, 403]


@SIGNED
@pytest.mark.shows("forged refused")
def test_a_forged_token_is_refused_by_us(front: Front) -> None:
    assert code(front.signed, forged(front.token("jwt"), sub="root")) == "invalid_session"


@ASKED
@pytest.mark.shows("forged refused")
def test_a_forged_token_is_refused_by_hydra(front: Front) -> None:
    opaque = front.token("opaque")

    for token in (forged(front.token("jwt"), sub="root"), opaque[:-1], opaque.swapcase()):
        assert code(front.asked, token) == "invalid_session"


@pytest.mark.requirement("R57")
def test_a_token_for_another_audience_is_refused(front: Front) -> None:
    token = front.token("jwt", "other")

    assert code(front.signed, token) == "invalid_session"
    assert code(front.asked, token) == "invalid_session"


@pytest.mark.requirement("R57")
@pytest.mark.parametrize("client", ["opaque", "jwt"])
def test_only_a_users_access_token_signs_on(front: Front, client: str) -> None:
    tokens = front.tokens(client)
    form = {"grant_type": "client_credentials", "client_secret": SECRET, "audience": "marketplace"}
    own = front.hydra.application(f"robot-{client}").ask("token", form)

    for token in (tokens["id_token"], tokens["refresh_token"], own["access_token"]):
        assert code(front.signed, token) == "invalid_session"
        assert code(front.asked, token) == "invalid_session"


@SIGNED
@pytest.mark.shows("session end")
def test_a_token_that_has_ended_is_refused_by_us(front: Front) -> None:
    token = front.token("brief-jwt")
    assert is_zoe(user(front.signed, token))

    time.sleep(max(0, claims(token)["exp"] - time.time()) + 0.1)

    assert code(front.signed, token) == "invalid_session"


@ASKED
@pytest.mark.shows("session end")
def test_a_token_that_has_ended_is_refused_by_hydra(front: Front) -> None:
    token = front.token("brief-opaque")
    assert is_zoe(user(front.asked, token))

    time.sleep(3)

    assert code(front.asked, token) == "invalid_session"


@ASKED
@pytest.mark.shows("sign-out")
@pytest.mark.requirement("R27")
@pytest.mark.parametrize("client", ["opaque", "jwt"])
def test_a_revoked_token_is_refused_at_once_where_hydra_is_asked(front: Front, client: str) -> None:
    token = front.token(client)
    assert is_zoe(user(front.asked, token))

    front.hydra.application(client).ask("revocation", {"token": token})

    assert code(front.asked, token) == "invalid_session"
    if client == "jwt":
        assert is_zoe(user(front.signed, token)), "the token itself lives on"
