"""What people paste has a token in it, and more."""

import time

import pytest

from app.cli.learn_row import NothingLearnt, learnt
from app.cli.pasted import find_token, token_of
from app.tokens.jws import hmac_key, sign
from tests.cli.command_line import run
from tests.in_process import Load
from tests.samples import PANDIUM, PANDIUM_SECRET, PROXY

KEY = hmac_key(PANDIUM_SECRET.encode())
TOKEN = sign({"iat": 1, "sub": "ada@acme.example", "name": "x" * 60}, KEY)
WRAPPED = "\n".join(TOKEN[at : at + 64] for at in range(0, len(TOKEN), 64))

PASTED = {
    "with blanks around": f"  {TOKEN}\n",
    "wrapped by a terminal": WRAPPED,
    "wrapped and indented": WRAPPED.replace("\n", "\r\n  "),
    "before other lines": f"{TOKEN}\nis what they sent",
    "in quotes": f"'{TOKEN}'",
    "as a credential": f"Bearer {TOKEN}",
    "as a header": f"Authorization: Bearer {TOKEN}",
    "as a field": f"tenant={TOKEN}",
    "as JSON": f'{{"url": "https://vendor.example", "token": "{TOKEN}"}}',
    "as a command": f"curl -H 'Authorization: Bearer {TOKEN}' https://vendor.example/",
    "in a fragment": f"https://vendor.example/#{TOKEN}",
    "in a path": f"https://vendor.example/embed/{TOKEN}#bordered=true",
    "in another query": f"https://vendor.example/?x=1&foo={TOKEN}&y=2",
    "in an address that is wrapped": f"https://vendor.example/?foo={WRAPPED}",
    "in an address that is encoded": f"https://vendor.example/?foo%3D{TOKEN}",
    "in an address without its scheme": f"vendor.example/?foo={TOKEN}",
    "in an address that nobody can read": f"https://[::1/?foo={TOKEN}",
}

ADDRESSES = {
    "in quotes": f"'https://vendor.example/sso?jwt={TOKEN}'",
    "in brackets": f"(https://vendor.example/sso?jwt={TOKEN}).",
    "as JSON": f'{{"url":"https:\\/\\/vendor.example\\/sso?jwt={TOKEN}"}}',
    "as HTML": f'<a href="https://vendor.example/sso?jwt={TOKEN}">here</a>',
    "in capitals": f"HTTPS://vendor.example/sso?jwt={TOKEN}",
    "behind another": f"https://docs.example/ says https://vendor.example/sso?jwt={TOKEN}",
    "wrapped": f"https://vendor.example/sso?jwt={WRAPPED}",
}


@pytest.mark.parametrize("text", PASTED.values(), ids=PASTED)
def test_a_token_is_found_in_whatever_is_pasted(
    load: Load, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    load(PROXY, PANDIUM)

    status, out, _ = run(capsys, "inspect", text)

    assert token_of(text) == TOKEN
    assert "for     pandium" in out
    assert status == 0


@pytest.mark.parametrize("text", [f"{TOKEN}=", f"{TOKEN}.x.y", TOKEN.rpartition(".")[0], "", "x y"])
def test_what_is_pasted_alone_is_read_as_it_is(text: str) -> None:
    assert token_of(text) == text


@pytest.mark.parametrize("text", ADDRESSES.values(), ids=ADDRESSES)
def test_an_address_is_learnt_without_what_stands_around_it(text: str) -> None:
    row = learnt(text, "acme").row

    assert row["address"] == "https://vendor.example/sso"
    assert row["parameter"] == "jwt"


@pytest.mark.parametrize(
    ("address", "words"),
    [
        (f"https://[::1/?jwt={TOKEN}", "has a host or port that cannot be read"),
        (f"https://ada:hush@vendor.example/?jwt={TOKEN}", "has user information"),
        (f"http://vendor.example/?jwt={TOKEN}", "is plain http"),
        (f"https://vendor.example/{{id}}?jwt={TOKEN}", "has an unknown placeholder {id}"),
        (f"https://a.example/?to=https://b.example/?jwt={TOKEN}", "inside another parameter"),
    ],
)
def test_an_address_that_no_row_can_have_is_told_and_the_token_is_not(
    address: str, words: str
) -> None:
    with pytest.raises(NothingLearnt) as refused:
        learnt(address, "acme")

    assert words in str(refused.value)
    assert "hush" not in str(refused.value)
    assert TOKEN not in str(refused.value)


@pytest.mark.parametrize("text", ["eyJaaaaaaaa", "eyJaaaaaaaa.eyJa ", "ey.", "-ey"])
def test_a_megabyte_of_almost_tokens_takes_no_second(text: str) -> None:
    begun = time.process_time()

    assert find_token(text * (1024 * 1024 // len(text))) is None
    assert time.process_time() - begun < 1
