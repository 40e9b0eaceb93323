"""Claim templates: the claims for a vendor, written as JSON and compiled once.

A string that is exactly one placeholder takes the value unchanged, of any JSON type; with text
around its placeholders it becomes text, as JSON has it. `{name|email}` takes the first one that has
a value, `{{` and `}}` stand for braces. A member without a value is dropped, and so is an object or
array left empty. A time may have an offset in seconds, `{now-60}`, and a format,
`{expires_at:%Y-%m-%d}`, in UTC.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

_PART = re.compile(r"(\{\{|\}\})|\{([^{}]*)\}|([{}])|([^{}]+)")

_TIME = re.compile(
    r"(?P<name>now|issued_at|expires_at)(?P<offset>[+-][0-9]{1,9})?"
    r"(:(?P<format>(?=([^%]|%%)*%-?[a-zA-Z])"
    r"([^%\0\n\ud800-\udfff]|%%|%-?[aAbBcdDeFgGHIjmMpRrSTuUVwWxXyYzZ])+))?"
)
"""A time of a token, with an offset in seconds and a format of `strftime` that writes one. Python
before 3.14 cuts one off at NUL, and fails at a lone surrogate; `%s` takes the machine's time zone.
"""
_MEANS_A_FORMAT = re.compile(r"(now|issued_at|expires_at)[0-9+-]*:.*|.*:%.*")

MISSING: Final = object()
"""The result of a template whose values are all missing."""

Values = Mapping[str, Any]
"""Values of placeholders by name; dotted names lead into nested mappings. Every plain name that a
template may use is present; its value is `None` or empty if it is not known."""

Template = Callable[[Values], Any]
"""A compiled template: values in, JSON value (or `MISSING`) out."""


class InvalidTemplate(ValueError):
    """A template that can never be rendered; `path` leads to the wrong member."""

    def __init__(self, wrong: str, path: tuple[str, ...] = ()) -> None:
        super().__init__(f"{'.'.join(path)}: {wrong}" if path else wrong)
        self.wrong = wrong
        self.path = path


def compile_template(template: Any, names: Iterable[str]) -> Template:  # noqa: ANN401 - any JSON value is a template
    """Compile a JSON value with placeholders of `names`.

    A name that ends in a dot, such as `claims.`, stands for all names under it.

    Raises:
        InvalidTemplate: an unclosed brace, or an unknown placeholder.
    """
    known = tuple(names)
    if isinstance(template, dict):
        return _object({key: _below(key, value, known) for key, value in template.items()})
    if isinstance(template, list):
        return _array([_below(str(n), value, known) for n, value in enumerate(template)])
    if isinstance(template, str):
        return _text(template, known)
    literal = MISSING if template is None else template
    return lambda _values: literal


def find(values: Mapping[str, Any], dotted_name: str) -> Any:  # noqa: ANN401 - a claim is any JSON value
    """Return the value at a dotted path, or `MISSING`. A name that contains dots is found, too.

    `emails.0` is the first item of a list.
    """
    if dotted_name in values:
        return values[dotted_name]
    head, dot, rest = dotted_name.partition(".")
    below = values.get(head)
    if dot and isinstance(below, list):
        below = {str(n): item for n, item in enumerate(below)}
    return find(below, rest) if dot and isinstance(below, Mapping) else MISSING


def as_text(value: Any) -> str:  # noqa: ANN401 - a claim is any JSON value
    """Return a text as it is, and any other value as JSON has it: `true`, not `True`."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _below(key: str, template: Any, known: tuple[str, ...]) -> Template:  # noqa: ANN401 - as above
    try:
        return compile_template(template, known)
    except InvalidTemplate as error:
        raise InvalidTemplate(error.wrong, (key, *error.path)) from None


@dataclass(frozen=True, slots=True)
class _Value:
    """A string that is one placeholder with one plain name, as nearly all are."""

    name: str

    def __call__(self, values: Values) -> Any:  # noqa: ANN401 - the value as it is, or MISSING
        return _present(values[self.name])


def _object(members: dict[str, Template]) -> Template:
    named = [(key, leaf.name) for key, leaf in members.items() if isinstance(leaf, _Value)]
    others = [(key, each) for key, each in members.items() if not isinstance(each, _Value)]

    def render(values: Values) -> Any:  # noqa: ANN401 - a dict, or MISSING
        rendered = {
            key: value
            for key, name in named
            if (value := values[name]) is not None and value != ""  # as `_present` has it
        }
        for key, member in others:
            value = member(values)
            if value is not MISSING:
                rendered[key] = value
        return rendered or MISSING

    return render


def _array(elements: list[Template]) -> Template:
    def render(values: Values) -> Any:  # noqa: ANN401 - a list, or MISSING
        rendered = [value for element in elements if (value := element(values)) is not MISSING]
        return rendered or MISSING

    return render


def _text(template: str, known: tuple[str, ...]) -> Template:
    parts = [_part(match, known) for match in _PART.finditer(template)]
    if not any(callable(part) for part in parts):
        literal = "".join(str(part) for part in parts)
        return lambda _values: literal
    if len(parts) == 1 and callable(parts[0]):
        return parts[0]

    def render(values: Values) -> Any:  # noqa: ANN401 - a string, or MISSING
        rendered = [part(values) if callable(part) else part for part in parts]
        return MISSING if MISSING in rendered else "".join(map(as_text, rendered))

    return render


def _part(match: re.Match[str], known: tuple[str, ...]) -> str | Template:
    brace, placeholder, stray, literal = match.groups()
    if stray:
        raise InvalidTemplate(f"has a single {stray!r}; write {stray * 2!r} for a brace")
    if placeholder is None:
        return brace[0] if brace else literal
    getters = [_getter(name.strip(), known) for name in placeholder.split("|")]
    return getters[0] if len(getters) == 1 else _first_of(getters)


def _getter(name: str, known: tuple[str, ...]) -> Template:
    time = _TIME.fullmatch(name)
    if time is not None and time["name"] in known and time["name"] != name:
        return _time(time["name"], int(time["offset"] or 0), time["format"])
    if _MEANS_A_FORMAT.fullmatch(name):
        raise InvalidTemplate(f"{{{name}}} is no time with a format, like {{now:%Y-%m-%d}}")
    below = tuple(each for each in known if each.endswith("."))
    leads_nowhere = "." in name and not all(name.split("."))
    if leads_nowhere or not (name in known or name.startswith(below)):
        near = [] if leads_nowhere else difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {{{near[0]}}}?" if near else f"there are {', '.join(known)}"
        raise InvalidTemplate(f"nothing provides {{{name}}}; {hint}")
    if "." not in name:
        return _Value(name)
    return lambda values: _present(find(values, name))


def _time(name: str, offset_seconds: int, form: str | None) -> Template:
    def render(values: Values) -> Any:  # noqa: ANN401 - epoch seconds, text, or MISSING
        value = values[name]
        if value is None:
            return MISSING
        value += offset_seconds
        return value if form is None else datetime.fromtimestamp(value, UTC).strftime(form)

    return render


def _first_of(getters: list[Template]) -> Template:
    return lambda values: next(
        (value for get in getters if (value := get(values)) is not MISSING), MISSING
    )


def _present(value: Any) -> Any:  # noqa: ANN401 - the value as it is, or MISSING
    return MISSING if value is None or value == "" else value
