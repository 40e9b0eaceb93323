import base64
import hashlib
import re
from pathlib import Path

import pytest

from app.settings.secrets import EXAMPLE_SECRET
from tests.in_process import Load, problems
from tests.samples import APIFUSE, APIFUSE_SECRET, PANDIUM, PANDIUM_SECRET, PROXY


@pytest.mark.requirement("R35")
def test_two_vendors_do_not_share_a_secret(load: Load) -> None:
    found = problems(load, PROXY, PANDIUM, APIFUSE, APIFUSE_API_SECRET=f" {PANDIUM_SECRET}\n")

    assert found == {
        "PANDIUM_SHARED_SECRET": "is the same secret as APIFUSE_API_SECRET; set a different one"
    }


@pytest.mark.requirement("R35")
def test_a_login_and_a_vendor_do_not_share_a_secret(load: Load) -> None:
    found = problems(
        load,
        PROXY,
        PANDIUM,
        AUTH_OAUTH2_PROXY_PROXY_SECRET_HEADER="X-S",
        AUTH_OAUTH2_PROXY_PROXY_SECRET=PANDIUM_SECRET,
    )

    assert list(found.values()) == [
        "is the same secret as AUTH_OAUTH2_PROXY_PROXY_SECRET; set a different one"
    ]


@pytest.mark.requirement("R35")
@pytest.mark.parametrize(
    ("encoding", "written"),
    [
        ("hex", APIFUSE_SECRET.encode().hex()),
        ("base64", base64.b64encode(APIFUSE_SECRET.encode()).decode()),
        ("base64url", base64.urlsafe_b64encode(APIFUSE_SECRET.encode()).decode().rstrip("=")),
    ],
)
def test_a_secret_is_the_same_however_it_is_written(
    load: Load, encoding: str, written: str
) -> None:
    found = problems(
        load,
        PROXY,
        PANDIUM,
        APIFUSE,
        PANDIUM_SECRET_ENCODING=encoding,
        PANDIUM_SHARED_SECRET=written,
    )

    assert "is the same secret as" in found["PANDIUM_SHARED_SECRET"]


@pytest.mark.requirement("R65")
@pytest.mark.parametrize(
    ("secret", "words"),
    [
        ("/run/secrets/PANDIUM_SHARED_SECRET", "says where a secret is"),
        ("/etc/marketplace-sso/pandium-shared-secret", "says where a secret is"),
        ("op://production/pandium/shared-secret", "says where a secret is"),
        ("arn:aws:secretsmanager:eu-west-1:123456789012:secret:pan-AbC", "says where a secret is"),
        ("projects/123/secrets/pandium/versions/latest", "says where a secret is"),
        ("vault:secret/data/marketplace/pandium#shared", "says where a secret is"),
        ("ENC[AES256_GCM,data:p2Fv9Q==,iv:7Xk=,tag:0w==,type:str]", "says where a secret is"),
        ("@Microsoft.KeyVault(SecretUri=https://kv.example/secrets/x)", "says where a secret is"),
        (f"PANDIUM_SHARED_SECRET={PANDIUM_SECRET}", "begins with the variable's own name"),
        (f"export PANDIUM_SHARED_SECRET = {PANDIUM_SECRET}", "begins with the variable's own name"),
        (f"{PANDIUM_SECRET}\\n", r"ends with \n or \r written out"),
    ],
)
def test_what_stands_where_a_secret_belongs_is_none(load: Load, secret: str, words: str) -> None:
    found = problems(load, PROXY, PANDIUM, PANDIUM_SHARED_SECRET=secret)

    assert words in found["PANDIUM_SHARED_SECRET"]
    assert secret not in found["PANDIUM_SHARED_SECRET"]


@pytest.mark.parametrize("bind", ["127.0.0.1:8000", "localhost:8000", "[::1]:8000"])
def test_the_examples_secret_works_on_loopback(load: Load, bind: str) -> None:
    assert load(PROXY, PANDIUM, PANDIUM_SHARED_SECRET=EXAMPLE_SECRET, SSO_BIND=bind)


@pytest.mark.requirement("R65")
@pytest.mark.parametrize(
    "reached",
    [
        {"SSO_BIND": "0.0.0.0:8000"},
        {"SSO_BIND": "[::]:8000"},
        {"SSO_BIND": "10.0.0.1:80"},
        {"SSO_BIND": "sso.example:80"},
        {"SSO_BIND": "unix:/run/sso.sock"},
        {"SSO_PUBLIC_URL": "https://app.acme.example"},
        {"SSO_PUBLIC_URL": "http://localhost", "SSO_LOGIN_URL": "https://login.acme.example/"},
        {"SSO_HOST_ORIGINS": "http://localhost:8080,https://app.acme.example"},
    ],
    ids=lambda reached: " ".join(reached.values()),
)
@pytest.mark.parametrize(
    "written",
    [
        EXAMPLE_SECRET,
        EXAMPLE_SECRET.upper(),
        base64.b64encode(EXAMPLE_SECRET.encode()).decode(),
        base64.b64encode(base64.b64encode(EXAMPLE_SECRET.encode())).decode(),
        base64.urlsafe_b64encode(EXAMPLE_SECRET.encode()).decode().rstrip("="),
        EXAMPLE_SECRET.encode().hex().upper(),
    ],
)
def test_the_examples_secret_works_nowhere_that_others_reach(
    load: Load, reached: dict[str, str], written: str
) -> None:
    found = problems(load, PROXY, PANDIUM, reached, PANDIUM_SHARED_SECRET=written)

    assert "is the secret of config/example.env" in found.pop("PANDIUM_SHARED_SECRET")
    assert found == {}


ROOT = Path(__file__).parent.parent.parent
PRINTED = re.compile(
    r"""\b(?![A-Z_]*ALLOW)[A-Z0-9_]*(?:SECRET|KEY)\b"?(?:=|: ?)["']?([^\s"'`|{$]{4,})"""
)
NAMED = re.compile(r"/|config/compose/secrets/|secretref:|[a-z-]+:latest$")
"""Where a secret is kept, and not the secret itself: a file, or its name in a cloud's store."""


def printed_secrets() -> list[str]:
    """Return what stands for a secret in a document or an example file."""
    files = [
        *ROOT.glob("*.md"),
        *ROOT.glob("*.yml"),
        *(ROOT / "docs").rglob("*.md"),
        *(path for path in (ROOT / "config").rglob("*") if path.is_file()),
    ]
    texts = (path.read_text(encoding="utf-8", errors="replace") for path in files)
    found = {secret for text in texts for secret in PRINTED.findall(text)}
    return sorted(each for each in found if not NAMED.match(each))


def test_documents_print_secrets() -> None:
    assert {EXAMPLE_SECRET, "changeme", "replace-with-the-client-secret"} < set(printed_secrets())


@pytest.mark.requirement("R65")
@pytest.mark.parametrize("printed", printed_secrets())
def test_a_secret_that_is_printed_in_our_documents_is_refused(load: Load, printed: str) -> None:
    for written in (printed, printed.upper(), base64.b64encode(printed.encode()).decode()):
        found = problems(
            load,
            PROXY,
            PANDIUM,
            PANDIUM_SHARED_SECRET=written,
            SSO_BIND="0.0.0.0:80",
            PANDIUM_ALLOW_SHORT_SECRET="true",
        )

        assert re.search("placeholder|example|guessed", found["PANDIUM_SHARED_SECRET"])


@pytest.mark.requirement("R65")
@pytest.mark.parametrize(
    "placeholder",
    [
        "REPLACE_ME_REPLACE_ME_REPLACE_ME_REPLACE_ME",
        "change-me-change-me-change-me-change-me",
        "replace with the secret that Pandium gave you",
        "your-shared-secret-from-pandium-goes-here",
        "your_secret_your_secret_your_secret_",
        "the-output-of-openssl-rand-base64-48",
        "<the secret that Pandium has given you>",
        "{{ .Values.pandium.sharedSecret | quote }}",
        "${PANDIUM_SHARED_SECRET_FROM_THE_VAULT}",
        "$(cat /run/secrets/pandium-shared-secret)",
        "placeholder-placeholder-placeholder-placeholder",
    ],
)
def test_a_placeholder_is_no_secret(load: Load, placeholder: str) -> None:
    for written in (placeholder, placeholder.encode().hex()):
        found = problems(load, PROXY, PANDIUM, PANDIUM_SHARED_SECRET=written)

        assert re.search("is a placeholder|can be guessed", found["PANDIUM_SHARED_SECRET"])
        assert placeholder not in repr(found)


@pytest.mark.requirement("R65")
@pytest.mark.parametrize(
    ("secret", "words"),
    [
        (f'"{PANDIUM_SECRET}"', "quotes around it"),
        (f"'{PANDIUM_SECRET}'\n", "quotes around it"),
        (
            f"\N{LEFT DOUBLE QUOTATION MARK}{PANDIUM_SECRET}\N{RIGHT DOUBLE QUOTATION MARK}",
            "quotes",
        ),
        (f"\ufeff{PANDIUM_SECRET}", "U+FEFF"),
        (f"{PANDIUM_SECRET}\u200b", "U+200B"),
        (f"{PANDIUM_SECRET[:5]}\x07{PANDIUM_SECRET[5:]}", "U+0007"),
    ],
)
def test_a_secret_is_what_the_operator_meant(load: Load, secret: str, words: str) -> None:
    found = problems(load, PROXY, PANDIUM, PANDIUM_SHARED_SECRET=secret)

    assert words in found["PANDIUM_SHARED_SECRET"]
    assert PANDIUM_SECRET not in repr(found)


@pytest.mark.requirement("R65")
def test_random_secrets_are_never_taken_for_placeholders(load: Load) -> None:
    for seed in range(300):
        secret = base64.b64encode(hashlib.sha384(str(seed).encode()).digest()).decode()

        assert load(PROXY, PANDIUM, PANDIUM_SHARED_SECRET=secret)


@pytest.mark.requirement("R65", "R63")
def test_nothing_in_a_file_of_variables_is_interpolated(load: Load, tmp_path: Path) -> None:
    secret = "0f1e2d3c${HOME}4b5a69788796a5b4$c3d2e1f0$(id)"
    file = tmp_path / "more.env"
    file.write_text(f"export PANDIUM_SHARED_SECRET={secret}\n# PANDIUM_PATH=/x\n\n")

    assert load(PROXY, PANDIUM_ACCOUNT="acme", ENV_FILE=str(file)).secrets == (secret,)


@pytest.mark.requirement("R65")
def test_two_prefixes_that_read_the_same_variable_are_refused(load: Load) -> None:
    found = problems(
        load,
        PANDIUM,
        SSO_AUTHENTICATORS="corp=oauth2-proxy,corp-proxy=session-cookie",
        AUTH_CORP_TRUSTED_PROXIES="127.0.0.1",
        AUTH_CORP_PROXY_SECRET_HEADER="X-Gate",
        AUTH_CORP_PROXY_SECRET="0123456789abcdef-0123456789ABCDEF",
        AUTH_CORP_PROXY_COOKIE="session",
        AUTH_CORP_PROXY_ISSUER="-",
        AUTH_CORP_PROXY_AUDIENCE="-",
    )

    assert found == {
        "AUTH_CORP_PROXY_SECRET": (
            "is read for AUTH_CORP_… and for AUTH_CORP_PROXY_…; rename one of the two"
        )
    }


@pytest.mark.requirement("R65")
def test_a_proxy_secret_cannot_be_guessed(load: Load) -> None:
    found = problems(
        load,
        PROXY,
        PANDIUM,
        AUTH_OAUTH2_PROXY_PROXY_SECRET_HEADER="X-Gate",
        AUTH_OAUTH2_PROXY_PROXY_SECRET="x",
    )

    assert "is shorter than 12 characters" in found["AUTH_OAUTH2_PROXY_PROXY_SECRET"]
