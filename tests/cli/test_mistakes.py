"""Mistakes that many make: each is named with its variable, what is wrong, and what to do."""

import socket
from pathlib import Path

import pytest

from app.server.binding import check_bind
from app.settings.problems import InvalidSettings
from app.testing import IssuerKey
from tests.cli.command_line import run
from tests.in_process import Load, problems
from tests.samples import PANDIUM, PROXY

GOOD = PANDIUM["PANDIUM_SHARED_SECRET"]
TRUSTED = "AUTH_OAUTH2_PROXY_TRUSTED_PROXIES"
JWT = {
    "SSO_AUTHENTICATORS": "jwt",
    "AUTH_JWT_HEADER": "X-Token",
    "AUTH_JWT_ISSUER": "https://login.acme.example",
    "AUTH_JWT_AUDIENCE": "marketplace",
    "AUTH_JWT_ALGORITHMS": "ES256",
}
LOGIN = {"SSO_LOGIN_URL": "https://app.acme.example/login"}
PUBLIC = {"SSO_PUBLIC_URL": "https://app.acme.example"}

MISTAKES = {
    "a quoted secret": (
        {"PANDIUM_SHARED_SECRET": f'"{GOOD}"'},
        "PANDIUM_SHARED_SECRET has quotes around it, which would count; remove them",
    ),
    "a secret that was wrapped": (
        {"PANDIUM_SHARED_SECRET": f"{GOOD}\n{GOOD}"},
        "PANDIUM_SHARED_SECRET has a line end in it; write it on one line",
    ),
    "a short secret": (
        {"PANDIUM_SHARED_SECRET": "Tr0ub4dor&3"},
        (
            "PANDIUM_SHARED_SECRET is 11 bytes long; 32 are needed; if Pandium chose it, set "
            "PANDIUM_ALLOW_SHORT_SECRET=true"
        ),
    ),
    "an address as the account": (
        {"PANDIUM_ACCOUNT": "https://imp.pandium.io/acme"},
        (
            "PANDIUM_ACCOUNT must consist of letters, digits, hyphens, dots and underscores; "
            "write the name alone, like acme"
        ),
    ),
    "no account": (
        {"PANDIUM_ACCOUNT": ""},
        "PANDIUM_ACCOUNT is required, or PANDIUM_SUB_DOMAIN or PANDIUM_MARKETPLACE_URL",
    ),
    "plain http": (
        {"SSO_PUBLIC_URL": "http://app.acme.example"},
        "SSO_PUBLIC_URL is plain http; use https (http is accepted for loopback only)",
    ),
    "an origin with a path": (
        {"SSO_HOST_ORIGINS": "https://app.acme.example/integrations"},
        "SSO_HOST_ORIGINS is not written as a browser sends it; write https://app.acme.example",
    ),
    "a missing proxy": (
        {TRUSTED: ""},
        f"{TRUSTED} is required: the address of your login proxy, like 10.0.3.7/32",
    ),
    "a proxy by its name": (
        {TRUSTED: "nginx"},
        (
            f"{TRUSTED} 'nginx' is not a network: it does not appear to be one like 10.0.3.7/32 or "
            "10.0.3.0/24"
        ),
    ),
    "a service of Kubernetes": (
        {"AUTH_PORT": "tcp://10.0.0.1:80"},
        (
            "AUTH_PORT is not a known variable; Kubernetes sets it for a service called 'auth': "
            "set enableServiceLinks: false in the pod's spec"
        ),
    ),
    "JSON with a comma too many": (
        {"PANDIUM_INTEGRATIONS": '{"1121": {"connector_name": "gwt",}}'},
        "PANDIUM_INTEGRATIONS is not JSON: ",
    ),
    "JSON as Python writes it": (
        {"PANDIUM_INTEGRATIONS": "{'1121': {}}"},
        "PANDIUM_INTEGRATIONS is not JSON: ",
    ),
    "nobody who may": (
        {"SSO_ALLOWED_GROUPS": " , "},
        "SSO_ALLOWED_GROUPS names nothing; write at least one, or leave it out",
    ),
    "a domain as in an address": (
        {"SSO_ALLOWED_EMAIL_DOMAINS": "acme.test,@acme.example"},
        "SSO_ALLOWED_EMAIL_DOMAINS '@acme.example' is not a domain alone; write each one out",
    ),
    "a domain with a wildcard": (
        {"SSO_ALLOWED_EMAIL_DOMAINS": "*.acme.example"},
        "SSO_ALLOWED_EMAIL_DOMAINS '*.acme.example' is not a domain alone; write each one out",
    ),
    "a proxy with its network": (
        {TRUSTED: "10.0.3.7/24"},
        f"{TRUSTED} '10.0.3.7/24' is not a network but an address in one; write 10.0.3.0/24 or ",
    ),
    "a mode as Python writes it": (
        {"SSO_SOCKET_MODE": "0o660"},
        "SSO_SOCKET_MODE does not match the pattern '^0?[0-7]{3}$'",
    ),
    "a public address with a query": (
        {"SSO_PUBLIC_URL": "https://app.acme.example/?lang=en"},
        "SSO_PUBLIC_URL has a query, behind which no path can stand; remove it",
    ),
    "a login in capitals": (
        {"SSO_AUTHENTICATORS": "OAuth2_Proxy"},
        "SSO_AUTHENTICATORS contains 'OAuth2_Proxy', which is not known; did you mean ",
    ),
    "a yes that is none": (
        {"PANDIUM_ALLOW_SHORT_SECRET": "ja"},
        "PANDIUM_ALLOW_SHORT_SECRET is neither true nor false",
    ),
    "a number with a unit": (
        {"PANDIUM_TOKEN_LIFETIME_SECONDS": "300s"},
        "PANDIUM_TOKEN_LIFETIME_SECONDS is no whole number",
    ),
    "seconds in words": (
        {"SSO_DRAIN_SECONDS": "ten"},
        "SSO_DRAIN_SECONDS is no number",
    ),
    "a misspelt variable": (
        {"PANDIUM_ACOUNT": "acme"},
        "PANDIUM_ACOUNT is not a known variable; did you mean PANDIUM_ACCOUNT?",
    ),
    "a misspelt login": (
        {"SSO_AUTHENTICATORS": "oauth2proxy"},
        (
            "SSO_AUTHENTICATORS contains 'oauth2proxy', which is not known; did you mean "
            "'oauth2-proxy'?"
        ),
    ),
    "the variables of a login that is not on": (
        {**JWT, "AUTH_JWT_JWKS_URL": "https://login.acme.example/keys"},
        (
            f"{TRUSTED} is not a known variable; no login in SSO_AUTHENTICATORS reads it: add the "
            "login, or remove it"
        ),
    ),
    "the key of a row that is not there": (
        {"DESTINATION_ACME_KEY": GOOD},
        (
            "DESTINATION_ACME_KEY is not a known variable; no row of SSO_DESTINATIONS_FILE reads "
            "it: add the row, or remove it"
        ),
    ),
}


@pytest.mark.requirement("R48")
@pytest.mark.parametrize(("mistake", "words"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_named_with_what_to_do_and_nothing_starts(
    load: Load, capsys: pytest.CaptureFixture[str], mistake: dict[str, str], words: str
) -> None:
    load(PROXY, PANDIUM)
    with pytest.raises(InvalidSettings):
        load(PROXY, PANDIUM, mistake)

    status, out, err = run(capsys, "check")

    lines = err.splitlines()
    assert status == 2
    assert out == ""
    assert [line for line in lines if line.startswith(words)], err
    assert lines[-1] == "1 problem: the service does not start"
    assert GOOD not in err


@pytest.mark.requirement("R48")
def test_a_pem_with_its_line_ends_written_out_is_called_so_and_nothing_else_is_said(
    load: Load, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "key.pem"
    file.write_bytes(IssuerKey("ES256").pem().replace(b"\n", b"\\n"))
    with pytest.raises(InvalidSettings):
        load(PANDIUM, JWT, AUTH_JWT_PUBLIC_KEY_FILE=str(file))

    _, _, err = run(capsys, "check")

    assert "it has \\n written out; write real line ends" in err
    assert err.endswith("1 problem: the service does not start\n")


@pytest.mark.requirement("R48")
@pytest.mark.parametrize(
    ("algorithms", "key", "words"),
    [
        (
            "RS256,PS256",
            IssuerKey("ES256").pem(),
            "for ALGORITHMS=RS256,PS256; what it has is for ES256",
        ),
        ("ES256", IssuerKey("EdDSA").pem(), "for ALGORITHMS=ES256; what it has is for EdDSA"),
        ("ES256", b'{"kty": "EC"}', "but JSON: set JWKS_FILE, to a set of such keys"),
    ],
)
def test_a_key_that_no_token_of_the_login_can_have_is_a_problem(
    load: Load, tmp_path: Path, algorithms: str, key: bytes, words: str
) -> None:
    file = tmp_path / "key.pem"
    file.write_bytes(key)
    login = {**JWT, "AUTH_JWT_ALGORITHMS": algorithms, "AUTH_JWT_PUBLIC_KEY_FILE": str(file)}

    found = problems(load, PANDIUM, login)

    assert words in found["AUTH_JWT_PUBLIC_KEY_FILE"]


@pytest.mark.requirement("R48", "R45")
@pytest.mark.parametrize(
    "variable",
    [
        "AUTH_JWT_PUBLIC_KEY_FILE",
        "AUTH_JWT_JWKS_FILE",
        "SSO_DESTINATIONS_FILE",
        "SSO_PAGES_FILE",
        "ENV_FILE",
        "SECRETS_DIR",
    ],
)
@pytest.mark.parametrize("text", ["-----BEGIN PRIVATE KEY-----hush-1", "hush-1\nhush-2"])
def test_the_text_of_a_file_instead_of_its_name_is_called_so_and_never_printed(
    load: Load, variable: str, text: str
) -> None:
    found = problems(load, PANDIUM, JWT, {variable: text})

    assert found[variable].startswith("is the text of a file")
    assert "hush" not in repr(found)


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        (
            {"SSO_PUBLIC_URL": "https://app.acme.example/sso", **LOGIN},
            (
                "SSO_PUBLIC_URL has the path /sso: users come back to "
                "https://app.acme.example/sso/pandium-sso; leave the path out unless a proxy takes "
                "it away"
            ),
        ),
        (PUBLIC, "SSO_PUBLIC_URL is set without SSO_LOGIN_URL: nobody is sent to a login"),
    ],
)
def test_what_is_legal_and_likely_a_mistake_is_a_warning(
    load: Load, capsys: pytest.CaptureFixture[str], variables: dict[str, str], words: str
) -> None:
    load(PROXY, PANDIUM, variables)

    status, out, err = run(capsys, "check")

    assert status == 0
    assert words in out + err


def test_a_port_that_is_taken_is_called_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        bind = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(InvalidSettings) as found:
            check_bind(bind)

    assert str(found.value) == (
        f"SSO_BIND {bind} cannot be listened at: Address already in use; stop what listens there, "
        "or set another address"
    )


@pytest.mark.parametrize(
    ("token", "words"),
    [
        ("eyJhbGciOiJSU0EtT0FFUCIsImVuYyI6IkEyNTZHQ00ifQ.a.b.c.d", "encrypted"),
        ("eyJhbGciOiJFUzI1NiJ9.e30.AAAA", "AUTH_JWT_"),
    ],
)
def test_a_token_that_is_refused_is_told_why_and_which_variable_decides(
    load: Load, capsys: pytest.CaptureFixture[str], tmp_path: Path, token: str, words: str
) -> None:
    file = tmp_path / "key.pem"
    file.write_bytes(IssuerKey("ES256").pem())
    load(PANDIUM, JWT, AUTH_JWT_PUBLIC_KEY_FILE=str(file))

    status, out, err = run(capsys, "inspect", "--authenticator", "jwt", token)

    assert status == 1
    assert words in out + err
