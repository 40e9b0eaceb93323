"""The process: how it starts, how it refuses to, and how it ends."""

import base64
import json
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import pytest

from .acme import (
    ADA,
    APIFUSE,
    APIFUSE_SECRET,
    AS_SHIPPED,
    PANDIUM,
    PANDIUM_SECRET,
)
from .service import Ended, eventually, request, run, serving, workers_of

ONE_WORKER = {"WEB_CONCURRENCY": "1"}
REFUSAL_SECONDS = 8.0


# --- it refuses to start


class Wrong(NamedTuple):
    """What is wrong: variables set anew (None: taken away), and the ones that must be named."""

    change: dict[str, str | None]
    named: set[str]


PROXIES = "AUTH_OAUTH2_PROXY_TRUSTED_PROXIES"
PEM = (
    "-----BEGIN PUBLIC KEY-----\n"
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEWQ3xS9C0vJr5yQ2b5rX2m8mD2l4O\n"
    "-----END PUBLIC KEY-----"
)
JWK = json.dumps({"kty": "oct", "k": "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA", "alg": "HS256"})
CHANGED_TWICE = "twice-K7fLq2Xz9RbTn4WvYc6MhJ8PdSgA"

WRONG = {
    "nothing at all": Wrong(
        dict.fromkeys(AS_SHIPPED),
        {"SSO_AUTHENTICATORS"},
    ),
    "no authenticator, no account, no proxies": Wrong(
        {"SSO_AUTHENTICATORS": None, "PANDIUM_ACCOUNT": None, "APIFUSE_ORG_ID": None},
        {"SSO_AUTHENTICATORS", "PANDIUM_ACCOUNT", "APIFUSE_ORG_ID"},
    ),
    "no proxies listed": Wrong({PROXIES: None}, {PROXIES}),
    "empty list of proxies": Wrong({PROXIES: ""}, {PROXIES}),
    "blank list of proxies": Wrong({PROXIES: " , "}, {PROXIES}),
    "everybody is a proxy": Wrong({PROXIES: "*"}, {PROXIES}),
    "everybody with IPv4 is a proxy": Wrong({PROXIES: "0.0.0.0/0"}, {PROXIES}),
    "everybody with IPv6 is a proxy": Wrong({PROXIES: "10.0.0.1/32,::/0"}, {PROXIES}),
    "everybody in disguise": Wrong({PROXIES: "10.0.0.0/0"}, {PROXIES}),
    "everybody in two halves": Wrong({PROXIES: "0.0.0.0/1,128.0.0.0/1"}, {PROXIES}),
    "a proxy by name": Wrong({PROXIES: "proxy.acme.example"}, {PROXIES}),
    "a unix socket is trusted where there is none": Wrong(
        {PROXIES: "127.0.0.1/32,unix"}, {PROXIES, "SSO_BIND"}
    ),
    "unknown authenticator": Wrong({"SSO_AUTHENTICATORS": "oauth3-proxy"}, {"SSO_AUTHENTICATORS"}),
    "one authenticator twice": Wrong(
        {"SSO_AUTHENTICATORS": "oauth2-proxy,oauth2-proxy"}, {"SSO_AUTHENTICATORS"}
    ),
    "authenticator that cannot be imported": Wrong(
        {"SSO_AUTHENTICATORS": "no_such_module:authenticate"}, {"SSO_AUTHENTICATORS"}
    ),
    "short secrets": Wrong(
        {"PANDIUM_SHARED_SECRET": "s3cr3t-p", "APIFUSE_API_SECRET": "s3cr3t-q"},
        {"PANDIUM_SHARED_SECRET", "APIFUSE_API_SECRET"},
    ),
    "a secret short but for its blanks": Wrong(
        {"PANDIUM_SHARED_SECRET": "s3cr3t-p".center(80)}, {"PANDIUM_SHARED_SECRET"}
    ),
    "the secret of a tutorial": Wrong(
        {
            "PANDIUM_SHARED_SECRET": "your-256-bit-secret",
            "PANDIUM_ALLOW_SHORT_SECRET": "true",
        },
        {"PANDIUM_SHARED_SECRET"},
    ),
    "a public key for a secret": Wrong({"PANDIUM_SHARED_SECRET": PEM}, {"PANDIUM_SHARED_SECRET"}),
    "a key in JSON for a secret": Wrong({"APIFUSE_API_SECRET": JWK}, {"APIFUSE_API_SECRET"}),
    "a secret in another encoding": Wrong(
        {"PANDIUM_SECRET_ENCODING": "hex"}, {"PANDIUM_SHARED_SECRET"}
    ),
    "an unknown encoding": Wrong({"PANDIUM_SECRET_ENCODING": "rot13"}, {"PANDIUM_SECRET_ENCODING"}),
    "one secret for two vendors": Wrong(
        {"PANDIUM_SHARED_SECRET": CHANGED_TWICE, "APIFUSE_API_SECRET": CHANGED_TWICE},
        {"PANDIUM_SHARED_SECRET", "APIFUSE_API_SECRET"},
    ),
    "one secret inbound and outbound": Wrong(
        {
            "PANDIUM_SHARED_SECRET": CHANGED_TWICE,
            "AUTH_OAUTH2_PROXY_PROXY_SECRET_HEADER": "X-Proxy-Secret",
            "AUTH_OAUTH2_PROXY_PROXY_SECRET": CHANGED_TWICE,
        },
        {"PANDIUM_SHARED_SECRET", "AUTH_OAUTH2_PROXY_PROXY_SECRET"},
    ),
    "one secret, once encoded": Wrong(
        {
            "PANDIUM_SHARED_SECRET": base64.b64encode(CHANGED_TWICE.encode()).decode(),
            "PANDIUM_SECRET_ENCODING": "base64",
            "APIFUSE_API_SECRET": CHANGED_TWICE,
        },
        {"PANDIUM_SHARED_SECRET", "APIFUSE_API_SECRET"},
    ),
    "no vendor": Wrong(
        dict.fromkeys((*PANDIUM, *APIFUSE)),
        {"PANDIUM_SHARED_SECRET", "APIFUSE_API_SECRET"},
    ),
    "a vendor without its secret": Wrong(
        {"PANDIUM_SHARED_SECRET": None}, {"PANDIUM_SHARED_SECRET"}
    ),
    "misspelt variables": Wrong(
        {
            "SSO_ALOWED_EMAIL_DOMAINS": "acme.example",
            "PANDIUM_SHARED_SECRT": "never-print-this-either-0123456789",
            "APIFUSE_ORGID": "1",
            "AUTH_OAUTH2_PROXY_TRUSTED_PROXYS": "127.0.0.1/32",
            "AUTH_OAUTH_PROXY_TRUSTED_PROXIES": "127.0.0.1/32",
        },
        {
            "SSO_ALOWED_EMAIL_DOMAINS",
            "SSO_ALLOWED_EMAIL_DOMAINS",
            "PANDIUM_SHARED_SECRT",
            "PANDIUM_SHARED_SECRET",
            "APIFUSE_ORGID",
            "APIFUSE_ORG_ID",
            "AUTH_OAUTH2_PROXY_TRUSTED_PROXYS",
            "AUTH_OAUTH_PROXY_TRUSTED_PROXIES",
        },
    ),
    "accounts and domains that are addresses": Wrong(
        {"PANDIUM_ACCOUNT": "../evil", "APIFUSE_SUBDOMAIN": "evil.example/"},
        {"PANDIUM_ACCOUNT", "APIFUSE_SUBDOMAIN"},
    ),
    "a sub domain that is a host": Wrong(
        {"PANDIUM_ACCOUNT": None, "PANDIUM_SUB_DOMAIN": "evil.example/?"}, {"PANDIUM_SUB_DOMAIN"}
    ),
    "a custom domain with an address in it": Wrong(
        {"APIFUSE_SUBDOMAIN": None, "APIFUSE_CUSTOM_DOMAIN": "a@evil.example"},
        {"APIFUSE_CUSTOM_DOMAIN"},
    ),
    "two places for APIFuse": Wrong(
        {"APIFUSE_CUSTOM_DOMAIN": "market.acme.example"}, {"APIFUSE_CUSTOM_DOMAIN"}
    ),
    "plain addresses": Wrong(
        {
            "PANDIUM_MARKETPLACE_URL": "http://imp.pandium.io/{account}",
            "PANDIUM_INSTALL_URL": "http://imp.pandium.com/{integration_id}",
            "SSO_LOGIN_URL": "javascript:alert(1)",
            "SSO_PUBLIC_URL": "ftp://sso.acme.example",
        },
        {
            "PANDIUM_MARKETPLACE_URL",
            "PANDIUM_INSTALL_URL",
            "SSO_LOGIN_URL",
            "SSO_PUBLIC_URL",
        },
    ),
    "addresses without a host, or with two": Wrong(
        {
            "PANDIUM_MARKETPLACE_URL": "https:/imp.pandium.io/{account}",
            "PANDIUM_INSTALL_URL": "https://imp.pandium.com@evil.example/{integration_id}",
            "SSO_LOGIN_URL": "/oauth2/start",
            "SSO_PUBLIC_URL": "https://sso.acme.example\\@evil.example",
        },
        {
            "PANDIUM_MARKETPLACE_URL",
            "PANDIUM_INSTALL_URL",
            "SSO_LOGIN_URL",
            "SSO_PUBLIC_URL",
        },
    ),
    "addresses with a query for the token to hide in": Wrong(
        {"PANDIUM_MARKETPLACE_URL": "https://imp.pandium.io/{account}#x"},
        {"PANDIUM_MARKETPLACE_URL"},
    ),
    "a placeholder in the host": Wrong(
        {"PANDIUM_INSTALL_URL": "https://{integration_id}.pandium.com/"}, {"PANDIUM_INSTALL_URL"}
    ),
    "a login that leads nowhere back": Wrong({"SSO_PUBLIC_URL": None}, {"SSO_PUBLIC_URL"}),
    "any host": Wrong({"SSO_HOST_ORIGINS": "*"}, {"SSO_HOST_ORIGINS"}),
    "no host": Wrong({"SSO_HOST_ORIGINS": "null"}, {"SSO_HOST_ORIGINS"}),
    "a host with a path": Wrong(
        {"SSO_HOST_ORIGINS": "https://app.acme.example/x"}, {"SSO_HOST_ORIGINS"}
    ),
    "a host with a policy": Wrong(
        {"SSO_HOST_ORIGINS": "https://app.acme.example; script-src *"}, {"SSO_HOST_ORIGINS"}
    ),
    "numbers that are none": Wrong(
        {
            "WEB_CONCURRENCY": "many",
            "SSO_CLOCK_SKEW_SECONDS": "five",
            "SSO_AUTHENTICATION_TIMEOUT_SECONDS": "0",
            "SSO_MAX_LOCATION_BYTES": "-1",
            "PANDIUM_TOKEN_LIFETIME_SECONDS": "1e400",
            "APIFUSE_TOKEN_LIFETIME_SECONDS": "-300",
            "AUTH_OAUTH2_PROXY_MAX_LENGTH": "NaN",
        },
        {
            "WEB_CONCURRENCY",
            "SSO_CLOCK_SKEW_SECONDS",
            "SSO_AUTHENTICATION_TIMEOUT_SECONDS",
            "SSO_MAX_LOCATION_BYTES",
            "PANDIUM_TOKEN_LIFETIME_SECONDS",
            "APIFUSE_TOKEN_LIFETIME_SECONDS",
            "AUTH_OAUTH2_PROXY_MAX_LENGTH",
        },
    ),
    "numbers out of range": Wrong(
        {
            "WEB_CONCURRENCY": "0",
            "SSO_CLOCK_SKEW_SECONDS": "-5",
            "PANDIUM_TOKEN_LIFETIME_SECONDS": "0",
            "APIFUSE_TOKEN_LIFETIME_SECONDS": "0",
        },
        {
            "WEB_CONCURRENCY",
            "SSO_CLOCK_SKEW_SECONDS",
            "PANDIUM_TOKEN_LIFETIME_SECONDS",
            "APIFUSE_TOKEN_LIFETIME_SECONDS",
        },
    ),
    "words that are none": Wrong(
        {
            "SSO_LOG_LEVEL": "LOUD",
            "SSO_LOG_FORMAT": "xml",
            "PANDIUM_ENVIRONMENT": "staging",
            "APIFUSE_ANONYMOUS": "yes",
            "AUTH_OAUTH2_PROXY_ENCODING": "utf-7",
        },
        {
            "SSO_LOG_LEVEL",
            "SSO_LOG_FORMAT",
            "PANDIUM_ENVIRONMENT",
            "APIFUSE_ANONYMOUS",
            "AUTH_OAUTH2_PROXY_ENCODING",
        },
    ),
    "an invalid address to bind to": Wrong({"SSO_BIND": "everywhere"}, {"SSO_BIND"}),
    "an invalid port": Wrong({"SSO_BIND": "127.0.0.1:99999"}, {"SSO_BIND"}),
    "a missing folder of secrets": Wrong({"SECRETS_DIR": "/nowhere/at/all"}, {"SECRETS_DIR"}),
    "a secret for a header that nobody named": Wrong(
        {"AUTH_OAUTH2_PROXY_PROXY_SECRET": CHANGED_TWICE}, {"AUTH_OAUTH2_PROXY_PROXY_SECRET"}
    ),
    "bytes that are no text": Wrong(
        {
            "SSO_LOG_LEVEL": "\udcff",
            "SSO_HOST_ORIGINS": "https://\udcff.example",
            "PANDIUM_ACCOUNT": "\udcff",
            "PANDIUM_CLAIMS": '{"sub": "{\udcff}"}',
            "SSO_LOG_\udcff": "1",
        },
        {
            "SSO_LOG_LEVEL",
            "SSO_HOST_ORIGINS",
            "PANDIUM_ACCOUNT",
            "PANDIUM_CLAIMS",
            "SSO_LOG_",
        },
    ),
    "invalid JSON": Wrong(
        {
            "PANDIUM_INTEGRATIONS": "{1121}",
            "PANDIUM_CLAIMS": "[]",
            "APIFUSE_CONNECTION": "null",
            "APIFUSE_CLAIMS": "{",
        },
        {"PANDIUM_INTEGRATIONS", "PANDIUM_CLAIMS", "APIFUSE_CONNECTION", "APIFUSE_CLAIMS"},
    ),
    "integrations without their names": Wrong(
        {"PANDIUM_INTEGRATIONS": '{"1121": {"connector_name": "gwt"}}'}, {"PANDIUM_INTEGRATIONS"}
    ),
    "integrations with an address for an id": Wrong(
        {"PANDIUM_INTEGRATIONS": '{"../1": {"connector_name": "a", "integration_name": "b"}}'},
        {"PANDIUM_INTEGRATIONS"},
    ),
    "placeholders that nothing fills": Wrong(
        {
            "PANDIUM_CLAIMS": '{"sub": "{emial}"}',
            "APIFUSE_CLAIMS": '{"user": {"email": "{email"}}',
            "APIFUSE_MONETIZATION_PLAN": "{plan}",
        },
        {"PANDIUM_CLAIMS", "APIFUSE_CLAIMS", "APIFUSE_MONETIZATION_PLAN"},
    ),
    "placeholders that look inside": Wrong(
        {"PANDIUM_CLAIMS": '{"sub": "{email.__class__}"}'}, {"PANDIUM_CLAIMS"}
    ),
    "the caller's own token": Wrong(
        {"PANDIUM_FORWARD_PARAMETERS": "display,tenant"}, {"PANDIUM_FORWARD_PARAMETERS"}
    ),
    "paths that are none": Wrong(
        {"PANDIUM_PATH": "pandium-sso", "APIFUSE_PATH": "//evil.example"},
        {"PANDIUM_PATH", "APIFUSE_PATH"},
    ),
    "two vendors on one path": Wrong({"APIFUSE_PATH": "/pandium-sso"}, {"APIFUSE_PATH"}),
    "a vendor where the health is": Wrong({"PANDIUM_PATH": "/livez"}, {"PANDIUM_PATH"}),
}
SECRETS = (
    PANDIUM_SECRET,
    APIFUSE_SECRET,
    CHANGED_TWICE,
    "s3cr3t-p",
    "s3cr3t-q",
    "your-256-bit-secret",
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE",
    "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA",
    "never-print-this-either",
    base64.b64encode(CHANGED_TWICE.encode()).decode(),
)


def changed(change: dict[str, str | None]) -> dict[str, str]:
    merged = {"SSO_BIND": "127.0.0.1:0", **AS_SHIPPED, **change}
    return {name: value for name, value in merged.items() if value is not None}


@pytest.fixture(scope="module")
def refusals() -> dict[str, Ended]:
    """How each wrong configuration ended, tried two at a time."""

    def attempt(name: str) -> tuple[str, Ended]:
        return name, run(changed(WRONG[name].change), "serve", seconds=REFUSAL_SECONDS)

    with ThreadPoolExecutor(2) as threads:
        return dict(threads.map(attempt, WRONG))


@pytest.mark.requirement("R4", "R20", "R35", "R39", "R48")
@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_configuration_never_starts_and_every_fault_is_named(
    refusals: dict[str, Ended], name: str
) -> None:
    words = refusals[name].output

    assert refusals[name].status == 2, words
    assert {variable for variable in WRONG[name].named if variable not in words} == set()
    assert "Traceback" not in words
    assert "pydantic" not in words.lower()
    for secret in SECRETS:
        assert secret not in words


@pytest.mark.requirement("R48")
def test_every_problem_is_reported_at_once() -> None:
    change: dict[str, str | None] = {}
    named: set[str] = set()
    for name in ("plain addresses", "words that are none", "numbers out of range", "short secrets"):
        change |= WRONG[name].change
        named |= WRONG[name].named
    change |= {"SSO_ALOWED_EMAIL_DOMAINS": "x", "SSO_HOST_ORIGINS": "*", PROXIES: "*"}
    named |= {"SSO_ALOWED_EMAIL_DOMAINS", "SSO_HOST_ORIGINS", PROXIES}

    ended = run(changed(change), "serve")

    assert ended.status == 2
    assert {variable for variable in named if variable not in ended.output} == set()


@pytest.mark.requirement("R48")
def test_check_says_the_same_without_serving() -> None:
    wrong = run(changed({PROXIES: "*", "SSO_LOG_LEVEL": "LOUD"}), "check")
    right = run(changed({}), "check")

    assert wrong.status == 2
    assert PROXIES in wrong.output
    assert "SSO_LOG_LEVEL" in wrong.output
    assert right.status == 0
    assert PANDIUM_SECRET not in right.output


# --- it ends


@pytest.mark.requirement("R50")
def test_it_ends_well_when_asked_to(tmp_path: Path) -> None:
    with serving(AS_SHIPPED, tmp_path) as service:
        with service.connect() as idle:
            assert idle.exchange(request("/livez")).status == 200

            service.ask_to_end()
            assert service.wait_for_end() == 0
            assert idle.is_closed()
        assert "Traceback" not in service.output


@pytest.mark.requirement("R50")
def test_it_ends_soon_when_asked_to_while_it_starts(tmp_path: Path) -> None:
    with serving({**AS_SHIPPED, "WEB_CONCURRENCY": "8"}, tmp_path) as service:
        # One worker answers; some of the others are still reading their modules.
        service.ask_to_end()

        assert service.wait_for_end() == 0


@pytest.mark.requirement("R49", "R50")
def test_it_ends_soon_when_asked_to_in_a_storm_of_reloads(tmp_path: Path) -> None:
    with serving({**AS_SHIPPED, **ONE_WORKER}, tmp_path) as service:
        for _ in range(60):
            service.process.send_signal(signal.SIGHUP)
            time.sleep(0.02)
        service.ask_to_end()

        assert service.wait_for_end() == 0
        assert service.output.count("configuration_taken") < 10


@pytest.mark.requirement("R50")
def test_it_ends_well_when_interrupted(tmp_path: Path) -> None:
    with serving({**AS_SHIPPED, **ONE_WORKER}, tmp_path) as service:
        service.process.send_signal(signal.SIGINT)

        assert service.process.wait(10) == 0
        assert "Traceback" not in service.output
        assert '"level":"error"' not in service.output


@pytest.mark.requirement("R50")
def test_a_signal_that_would_start_gunicorn_anew_is_refused(tmp_path: Path) -> None:
    with serving({**AS_SHIPPED, **ONE_WORKER}, tmp_path) as service:
        workers = workers_of(service)
        service.process.send_signal(signal.SIGUSR2)
        eventually(lambda: "signal_refused" in service.output)

        assert service.get("/pandium-sso", *ADA).status == 307
        assert workers_of(service) == workers

    assert "Traceback" not in service.output


@pytest.mark.requirement("R51")
def test_it_leaves_no_control_socket_behind(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    environment = {**AS_SHIPPED, **ONE_WORKER, "HOME": str(home), "XDG_RUNTIME_DIR": str(home)}
    with serving(environment, tmp_path / "out") as service:
        assert service.get("/livez").status == 200
        assert list(home.rglob("*")) == []
