"""The host's words and looks, and the reader's language."""

import base64
import hashlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.resources.appearance import Appearance
from app.resources.texts import ENGLISH, SHIPPED, Languages
from tests.in_process import Load, MakeClient, problems
from tests.samples import ADA, PANDIUM, PROXY

PAGE = {"Accept": "text/html,*/*", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
FRAME = {**PAGE, "Sec-Fetch-Dest": "iframe"}
SVG = '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)
WHOLE = """
product = 'Acme <b> & "Sons"'
support = "https://help.acme.example/?a=1&b=2"
logo = "logo.svg"

[accent]
light = "#ffee00"
dark = "#000080"

[texts.de]
sign_in = "Los geht's"
[texts.de.no_session]
title = "Hallo <i>du</i>"

[texts.ar]
sign_in = "تسجيل الدخول"
[texts.ar.no_session]
title = "يرجى تسجيل الدخول"

[texts.pt-BR.no_session]
title = "Faça login"

[texts.en.internal_error]
text = "Call us."
"""

DOCUMENT = Path(__file__).parents[2] / "docs" / "embedding.md"

Write = Callable[..., dict[str, str]]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write the file, and further ones beside it; give the variable that names it."""

    def written(text: str | bytes, **beside: bytes) -> dict[str, str]:
        file = tmp_path / "pages.toml"
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        for name, content in beside.items():
            (tmp_path / name.replace("_", ".")).write_bytes(content)
        return {"SSO_PAGES_FILE": str(file)}

    return written


def shown(client: MakeClient, *groups: dict[str, str], language: str = "", **headers: str) -> Any:
    wanted = {"Accept-Language": language} if language else {}
    return client(PROXY, PANDIUM, *groups).simulate_get(
        "/pandium-sso", headers={**(headers or PAGE), **wanted}
    )


@pytest.mark.parametrize(
    ("header", "tag", "title"),
    [
        ("", "en", "Please sign in"),
        ("de", "de", "Bitte melden Sie sich an"),
        ("de-AT,en;q=0.9", "de", "Bitte melden Sie sich an"),
        ("FR-ca", "fr", "Veuillez vous connecter"),
        ("nl,es;q=0.8,de;q=0.9", "de", "Bitte melden Sie sich an"),
        ("de;q=0,es", "es", "Inicie sesión"),
        ("pt-BR", "pt", "Inicie sessão"),
        ("nl", "en", "Please sign in"),
        ("*", "en", "Please sign in"),
        ("de;q=2", "en", "Please sign in"),
        ("de;q=x, <script>, ;;;,,", "en", "Please sign in"),
        ("en-GB, de", "en", "Please sign in"),
    ],
)
def test_a_page_speaks_the_readers_language(
    client: MakeClient, header: str, tag: str, title: str
) -> None:
    answer = shown(client, language=header)

    assert f'<html lang="{tag}" dir="ltr">' in answer.text
    assert f'<h1 dir="auto">{title}</h1>' in answer.text
    assert answer.headers["content-language"] == tag
    assert "Accept-Language" in [each.strip() for each in answer.headers["vary"].split(",")]


def test_only_what_is_read_varies_by_language(client: MakeClient) -> None:
    signed_on = client().simulate_get("/pandium-sso", headers={**PAGE, **ADA})
    told = client().simulate_get("/pandium-sso", headers={"Accept-Language": "de"})

    assert "Accept-Language" not in signed_on.headers["vary"]
    assert "Accept-Language" not in told.headers["vary"]
    assert told.json["detail"] == "You are not signed in, or your session has ended."


@pytest.mark.parametrize("language", sorted(SHIPPED))
def test_every_shipped_language_has_every_text(language: str) -> None:
    texts = SHIPPED[language]

    assert texts.keys() == ENGLISH.keys()
    assert all(text.strip() and text.isprintable() for text in texts.values())
    if language != "en":
        assert [key for key, text in texts.items() if text == ENGLISH[key]] == []


@given(st.text(max_size=200) | st.text("abcdefqz-;=,.01 *", max_size=200))
def test_no_header_keeps_a_page_from_being_shown(header: str) -> None:
    assert Languages().preferred(header).texts.keys() == ENGLISH.keys()


def test_the_hosts_words_and_looks_are_on_its_pages(client: MakeClient, write: Write) -> None:
    answer = shown(client, write(WHOLE, logo_svg=SVG.encode()), language="de-CH")

    assert "Hallo &lt;i&gt;du&lt;/i&gt;" in answer.text
    assert "<title>Hallo &lt;i&gt;du&lt;/i&gt; · Acme &lt;b&gt; &amp; " in answer.text
    assert "Sie sind nicht angemeldet" in answer.text
    assert 'href="https://help.acme.example/?a=1&amp;b=2"' in answer.text
    assert ">Hilfe</a>" in answer.text
    (logo,) = re.findall(r'<img src="data:image/svg\+xml;base64,([^"]+)" alt=""', answer.text)
    assert base64.b64decode(logo).decode() == SVG
    assert "alert(1)" not in answer.text
    for colour in ("--accent: #ffee00; --on-accent: #000000", "--on-accent: #ffffff"):
        assert colour in answer.text


@pytest.mark.requirement("R37")
@pytest.mark.parametrize("logo", ["", 'logo = "logo.png"'])
def test_the_policy_lets_a_logo_in_and_nothing_else(
    client: MakeClient, write: Write, logo: str
) -> None:
    answer = shown(client, write(f'{logo}\naccent.light = "#123456"', logo_png=PNG))

    policy = dict(
        directive.strip().split(" ", 1)
        for directive in answer.headers["content-security-policy"].split(";")
    )
    assert policy.get("img-src") == ("data:" if logo else None)
    assert policy["default-src"] == "'none'"
    for element in ("style", "script"):
        (text,) = re.findall(f"<{element}>(.*?)</{element}>", answer.text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert policy[f"{element}-src"] == f"'sha256-{digest}'"


@pytest.mark.parametrize(
    ("language", "tag", "direction"),
    [
        ("ar-EG", "ar", "rtl"),
        ("he", "en", "ltr"),
        ("pt-br", "pt-br", "ltr"),
        ("pt-BR-abl1943", "pt-br", "ltr"),
    ],
)
def test_a_language_of_the_hosts_own_reads_in_its_direction(
    client: MakeClient, write: Write, language: str, tag: str, direction: str
) -> None:
    answer = shown(client, write(WHOLE, logo_svg=SVG.encode()), language=language)

    assert f'<html lang="{tag}" dir="{direction}">' in answer.text


@pytest.mark.parametrize(
    ("tag", "direction"), [("az-Arab", "rtl"), ("az", "ltr"), ("fa-AF", "rtl"), ("ckb", "rtl")]
)
def test_a_script_has_its_direction_too(tag: str, direction: str) -> None:
    assert Languages({tag: {}}).preferred(tag).direction == direction


def test_a_missing_text_is_the_languages_own_and_then_english(write: Write, load: Load) -> None:
    languages = load(PROXY, PANDIUM, write(WHOLE, logo_svg=SVG.encode())).appearance.languages

    arabic, brazilian = languages.preferred("ar"), languages.preferred("pt-BR")
    assert arabic.texts["try_again"] == "Try again"
    assert arabic.texts["internal_error.text"] == "Call us."
    assert brazilian.texts["no_session.title"] == "Faça login"
    assert brazilian.texts["try_again"] == "Tentar novamente"


@pytest.mark.parametrize("value", range(0, 256, 5))
def test_a_buttons_words_stand_out_from_every_colour(value: int) -> None:
    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    for accent in (f"#{value:02x}{value:02x}{value:02x}", f"#{value:02x}00ff", f"#00{value:02x}00"):
        words = Appearance(accent_light=accent).colours["on_accent_light"]
        dark, light = sorted((luminance(accent), luminance(words)))
        assert (light + 0.05) / (dark + 0.05) >= 4.5


def test_a_form_has_the_hosts_words_too(client: MakeClient, write: Write, tmp_path: Path) -> None:
    (tmp_path / "rows.toml").write_text(
        '[forms]\naddress = "https://vendor.example/in"\nparameter = "jwt"\ndelivery = "form"\n'
        'claims = { iat = "{issued_at}", sub = "{subject}" }\n'
    )
    service = client(
        PROXY,
        write('product = "Acme"'),
        SSO_DESTINATIONS_FILE=str(tmp_path / "rows.toml"),
        DESTINATION_FORMS_KEY="k-9Kq2LxVb7Zr4Qf0pSxkTnwHc8JdMeYuG",
    )

    answer = service.simulate_get("/forms-sso", headers={**PAGE, **ADA, "Accept-Language": "fr"})

    assert '<html lang="fr" dir="ltr">' in answer.text
    assert "<button>Continuer</button>" in answer.text
    assert "<title>Vers la place de marché · Acme</title>" in answer.text


def test_only_in_a_frame_the_page_around_shines_through(client: MakeClient) -> None:
    assert 'data-place="window"' in shown(client).text
    assert 'data-place="frame"' in shown(client, **FRAME).text


WRONG: dict[str, tuple[str | bytes, str]] = {
    "no TOML": ("product = ", "pages.toml: is not TOML"),
    "not UTF-8": (b'product = "\xff"', "is not UTF-8"),
    "empty": (b"", "is an empty file"),
    "nested": ("a = " + "[" * 3000, "cannot be used"),
    "unknown key": ('colour = "#fff"', "pages.toml: colour is not a known key; remove it"),
    "no text": ("product = 7", "pages.toml: product should be a valid string"),
    "long product": (f'product = "{"a" * 65}"', "pages.toml: product"),
    "two lines": ('product = "a\\nb"', "one line"),
    "invisible": ('product = "a\\u202eb"', "printable"),
    "short colour": ('accent.light = "#fff"', "pages.toml: accent.light"),
    "a colour that ends the style": ('accent.dark = "#0;}</style>"', "pages.toml: accent.dark"),
    "script for support": ('support = "javascript:alert(1)"', "pages.toml: support"),
    "plain http": ('support = "http://acme.example"', "is plain http"),
    "mail": ('support = "mailto:a b"', "pages.toml: support"),
    "unknown text": ('texts.de.hello = "x"', "texts.de.hello is not the name of a text"),
    "unknown code": ('texts.de.no_such.title = "x"', "texts.de.no_such.title is not"),
    "too deep": ('texts.de.no_session.title.x = "x"', "pages.toml: texts.de.no_session"),
    "empty text": ('texts.de.no_session.title = " "', "pages.toml: texts.de.no_session.title"),
    "long text": (f'texts.de.sign_in = "{"a" * 501}"', "pages.toml: texts.de.sign_in"),
    "no language": ('texts."<b>".sign_in = "x"', "pages.toml: texts"),
    "missing logo": ('logo = "nothing.svg"', "pages.toml: logo: nothing.svg cannot be read"),
    "other logo": ('logo = "logo.gif"', "is neither an SVG nor a PNG file"),
    "large logo": ('logo = "large.png"', "is a file of more than 64 KiB"),
}


@pytest.mark.requirement("R62")
@pytest.mark.parametrize("name", WRONG)
def test_a_broken_file_is_a_problem_at_start(load: Load, write: Write, name: str) -> None:
    text, words = WRONG[name]
    variables = write(text, logo_gif=b"GIF89a<svg", large_png=PNG + bytes(70_000))

    found = problems(load, PROXY, PANDIUM, variables)

    assert found.keys() == {"SSO_PAGES_FILE"}
    assert words in found["SSO_PAGES_FILE"]


@pytest.mark.requirement("R62")
def test_a_file_that_there_is_not_is_a_problem_at_start(load: Load, tmp_path: Path) -> None:
    found = problems(load, PROXY, PANDIUM, SSO_PAGES_FILE=str(tmp_path / "none.toml"))

    assert found.keys() == {"SSO_PAGES_FILE"}


def test_mail_is_support_too(client: MakeClient, write: Write) -> None:
    answer = shown(client, write('support = "mailto:help@acme.example"'))

    assert '<a href="mailto:help@acme.example" target="_blank" rel="noopener">' in answer.text


def test_the_file_of_the_documents_is_a_valid_one(client: MakeClient, write: Write) -> None:
    (text,) = re.findall(
        r"```toml\n(product.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL
    )

    answer = shown(client, write(text, logo_svg=SVG.encode()), language="nl-BE")

    assert "<title>Log in bij Acme · Acme</title>" in answer.text


@pytest.mark.requirement("R69")
def test_a_new_logo_is_noticed(load: Load, write: Write, tmp_path: Path) -> None:
    files = load(PROXY, PANDIUM, write('logo = "logo.svg"', logo_svg=SVG.encode())).files

    assert {tmp_path / "pages.toml", tmp_path / "logo.svg"} <= files
