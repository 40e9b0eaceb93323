"""Each payload, as it is and as it must not be taken; the table is printed with `pytest -rP`."""

import re
import sys

import pytest

from app.authenticators.presets import BUILT_IN
from app.identity import Identity
from app.testing import IssuerKey
from tests.logins.arrivals import Login
from tests.logins.payloads import FOLDER, STRANGER, Payload, payloads

PAYLOADS = {payload.name: payload for payload in payloads()}
CASES = ("real", "expired", "other audience", "other key", "by hand", "twice")
FAR = 10**6


@pytest.mark.requirement("R70")
def test_every_preset_has_a_payload_with_its_source() -> None:
    assert {payload.preset for payload in PAYLOADS.values()} == set(BUILT_IN)
    for payload in PAYLOADS.values():
        assert payload.data["held_by"]
        assert payload.data["expected"]["subject"]


@pytest.mark.requirement("R70", "R61")
@pytest.mark.parametrize("name", PAYLOADS)
async def test_a_payload_as_its_product_sends_it_signs_on(login: Login, name: str) -> None:
    payload = PAYLOADS[name]

    identity = await login.outcome(payload, payload.headers())

    assert isinstance(identity, Identity), identity
    expected = payload.data["expected"]
    found = {field: getattr(identity, field) for field in expected}
    assert {
        field: list(value) if isinstance(value, tuple) else value for field, value in found.items()
    } == expected
    for field in payload.data.get("absent", {}).get("fields", []):
        assert getattr(identity, field) is None
        assert field not in identity.claims


async def outcome(login: Login, payload: Payload, case: str) -> str:
    """Return what comes of one case; `-` where the login has no such thing."""
    found: Identity | str = "-"
    if case == "real":
        found = await login.outcome(payload, payload.headers())
    elif case == "expired":
        found = await expired(login, payload)
    elif case == "other audience":
        found = await for_another(login, payload)
    elif case == "other key" and payload.key is not None:
        other = payload.signed_by(IssuerKey(payload.key.algorithm))
        found = await login.outcome(payload, other.headers())
    elif case == "by hand":
        found = await by_hand(login, payload)
    elif case == "twice":
        found = await login.outcome(payload, payload.headers() * 2)
    return found if isinstance(found, str) else "signed on"


async def expired(login: Login, payload: Payload) -> Identity | str:
    if payload.kind == "token":
        return await login.outcome(payload, payload.headers(), later=FAR)
    section = "answer" if payload.kind == "answer" else "payload"
    written = payload.data.get(section, {}).get("expired")
    if written is None:
        return "-"
    ended = re.sub(r"[0-9]+", "1600000000", written)
    text = payload.data[section]["json"].replace(written, ended)
    old = payload.changed(section, json=text)
    return await login.outcome(old, old.headers())


async def for_another(login: Login, payload: Payload) -> Identity | str:
    """Send what is meant for somebody else: another audience, client, tenant or issuer."""
    for name in ("AUDIENCE", "CLIENT_ID", "TENANTS", "HOST"):
        if name in payload.data.get("variables", {}) and payload.kind in {"token", "answer"}:
            others = payload.changed("variables", **{name: "other.acme.example"})
            return await login.outcome(others, payload.headers())
    return "-"


async def by_hand(login: Login, payload: Payload) -> Identity | str:
    """Send what anybody can write, from anywhere."""
    if payload.kind == "headers":
        return await login.outcome(payload, payload.headers(), peer=STRANGER)
    if payload.kind == "answer":
        refusing = payload.changed("answer", status=401, json='{"active": false}', headers={})
        if payload.preset == "rfc7662":
            refusing = refusing.changed("answer", status=200)
        return await login.outcome(refusing, payload.headers())
    forged = payload.before + "eyJhbGciOiJub25lIn0.eyJzdWIiOiJyb290In0."
    return await login.outcome(payload, [(payload.data["token"]["name"], forged)], peer=STRANGER)


WANTED: dict[str, dict[str, str]] = {
    "token": dict.fromkeys(CASES, "invalid_session") | {"real": "signed on"},
    "headers": {
        "real": "signed on",
        "expired": "-",
        "other audience": "-",
        "other key": "-",
        "by hand": "no_session",
        "twice": "invalid_session",
    },
    "answer": {
        "real": "signed on",
        "expired": "-",
        "other audience": "-",
        "other key": "-",
        "by hand": "invalid_session",
        "twice": "invalid_session",
    },
}
EXCEPTIONS = {
    ("azure-easy-auth", "expired"): "invalid_session",
    ("envoy-payload", "expired"): "invalid_session",
    ("rfc7662", "expired"): "invalid_session",
    ("rfc7662", "other audience"): "invalid_session",
    ("rfc7662.hydra", "expired"): "invalid_session",
    ("rfc7662.hydra", "other audience"): "invalid_session",
}


@pytest.mark.requirement("R10", "R14", "R15", "R21", "R22", "R70")
async def test_the_matrix_of_presets_and_cases_is_as_expected(login: Login) -> None:
    lines = [f"{'':24}" + "".join(f"{case:17}" for case in CASES)]
    wrong = []
    for name, payload in PAYLOADS.items():
        row = {case: await outcome(login, payload, case) for case in CASES}
        lines.append(f"{name:24}" + "".join(f"{found:17}" for found in row.values()))
        wanted = {case: EXCEPTIONS.get((name, case), WANTED[payload.kind][case]) for case in CASES}
        if row != wanted:
            wrong.append((name, {case: row[case] for case in CASES if row[case] != wanted[case]}))
    sys.stdout.write("\n".join([*lines, ""]))

    assert wrong == []


def test_the_document_says_what_holds_each_login() -> None:
    page = (FOLDER.parents[2] / "docs" / "logins" / "README.md").read_text(encoding="utf-8")

    for payload in PAYLOADS.values():
        assert f"| `{payload.preset}` | {payload.data['held_by']} |" in page
