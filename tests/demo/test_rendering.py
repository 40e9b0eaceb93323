import pytest

from app.demo.rendering import Markup, fill, joined


def test_text_is_escaped_and_markup_is_not() -> None:
    assert fill("objection.html", text="<b>&\"'").strip() == "<li>&lt;b&gt;&amp;&quot;&#x27;</li>"
    assert fill("objection.html", text=Markup("<b>")).strip() == "<li><b></li>"


def test_filled_templates_are_put_together_as_markup() -> None:
    parts = [fill("objection.html", text=text) for text in "ab"]

    assert fill("objection.html", text=joined(parts)).count("<li>") == 3


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Zoë 王 \U0001f600", "Zoë 王 \U0001f600"),
        ("\u202egro", "\\u202egro"),
        ("\x00\x1b[31m", "\\x00\\x1b[31m"),
        ("\ud800", "\\ud800"),
        ("a\nb", "a\nb"),
        ("\u00a0\u200b", "\\xa0\\u200b"),
        ("$name ${name} $$", "$name ${name} $$"),
    ],
)
def test_invisible_characters_are_spelt_out(text: str, shown: str) -> None:
    assert fill("objection.html", text=text).strip() == f"<li>{shown}</li>"


def test_a_missing_value_is_reported() -> None:
    with pytest.raises(KeyError, match="text"):
        fill("objection.html")
