"""Guess which template has made a claim, by its name and its value."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_UTC_TEXT: Final = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
_TIMES: Final = range(1_000_000_000, 5_000_000_000)
"""Epoch seconds of the years 2001 to 2128: a number among them is likely a time."""

_COMPUTED: Final = {"iat": "{issued_at}", "nbf": "{issued_at}", "exp": "{expires_at}"}
_BY_NAME: Final = (
    (re.compile(r"jti"), "{token_id}"),
    (re.compile(r"(user)?(given|first)_?name"), "{given_name}"),
    (re.compile(r"(user)?(family|last|sur)_?name"), "{family_name}"),
    (re.compile(r"(display|full)?_?name"), "{name}"),
    (re.compile(r"(user_?)?groups|teams|roles|tags"), "{groups}"),
    (re.compile(r"(org|organi[sz]ation|company|account|customer|tenant)_?name"), "{org_name}"),
    (re.compile(r"org|organi[sz]ation|company"), "{org_id|org_name}"),
    (re.compile(r"account|customer|tenant"), "{org_id}"),
    (re.compile(r"(org|organi[sz]ation|company|account|customer|tenant)_?id"), "{org_id}"),
    (
        re.compile(r"(user|external|customer_user)?_?(id|guid|uid)|user_?name|sub(ject)?"),
        "{subject}",
    ),
)
_ORGANISATION: Final = re.compile(r"org|organi[sz]ation|company|account|customer|tenant")
_FIXED: Final = re.compile(r"iss|aud|scope|scp|version|ver|type|typ|host|origin|azp|client_id")
_FIELDS: Final = {
    "{subject}": "subject",
    "{email}": "email",
    "{name}": "name",
    "{given_name}": "given_name",
    "{family_name}": "family_name",
    "{org_id}": "org_id",
    "{org_name}": "org_name",
    "{groups}": "groups",
}
"""The field of an identity that a template takes."""


@dataclass
class Guesses:
    """What was guessed: a template, why each of its leaves, and the user who would have it."""

    template: dict[str, Any] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    identity: dict[str, Any] = field(default_factory=dict)


def guessed(claims: Mapping[str, Any]) -> Guesses:
    """Guess the template of a token's claims; each top-level claim gets a reason."""
    guesses = Guesses()
    for name, value in claims.items():
        template = _below(name, value, guesses, top=True)
        if template is not None:
            guesses.template[name] = template
            guesses.reasons[name] = _reason(name, value, template)
    return guesses


def _below(name: str, value: Any, guesses: Guesses, *, top: bool) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(value, dict):
        # The name and the id in an account are the account's.
        whose = "org_" if _ORGANISATION.fullmatch(name.lower()) else ""
        members = {
            key: _below(
                f"{whose}{key.removeprefix('external_')}" if whose else key,
                each,
                guesses,
                top=False,
            )
            for key, each in value.items()
        }
        return {key: each for key, each in members.items() if each is not None}
    template = _leaf(name, value, top=top)
    if isinstance(template, str) and template in _FIELDS:
        taken = guesses.identity.setdefault(_FIELDS[template], value)
        if taken != value:  # two values cannot come from one field of the same user
            return _literal(value)
    return template


def _leaf(name: str, value: Any, *, top: bool) -> Any:  # noqa: ANN401 - any JSON value
    """Return a placeholder, or the value as it is."""
    if top and name in _COMPUTED:
        return _COMPUTED[name]
    if isinstance(value, str) and _UTC_TEXT.fullmatch(value):
        return "{expires_at:%Y-%m-%d %H:%M:%S}"
    if isinstance(value, str) and _EMAIL.fullmatch(value) and not _FIXED.fullmatch(name):
        return "{email}"
    return _by_name(name, value) or _literal(value)


def _by_name(name: str, value: object) -> str | None:
    plain = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()
    if not value or _FIXED.fullmatch(plain):
        return None
    for pattern, template in _BY_NAME:
        kind = list if template == "{groups}" else str
        if pattern.fullmatch(plain) and isinstance(value, kind):
            return _one_of(template, str(value))
    return None


def _one_of(template: str, value: str) -> str:
    """Return the placeholder of an id for a value with digits, and that of a name otherwise."""
    if "|" not in template:
        return template
    return "{org_id}" if re.search(r"\d", value) and " " not in value else "{org_name}"


def _literal(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Return a value as a template that gives it; braces are doubled."""
    if isinstance(value, str):
        return value.replace("{", "{{").replace("}", "}}")
    if isinstance(value, list):
        return [each for each in map(_literal, value) if each is not None]
    if isinstance(value, dict):
        return {key: _literal(each) for key, each in value.items() if each is not None}
    return value


def _reason(name: str, value: object, template: object) -> str:
    text = template if isinstance(template, str) else ""
    is_time = isinstance(value, int) and not isinstance(value, bool) and value in _TIMES
    reasons = (
        (name in _COMPUTED, "computed for every token"),
        (isinstance(template, dict), "guessed member by member"),
        (text == "{email}", "an e-mail address"),
        (text.startswith("{") and text[1:2] != "{", "by its name"),
        (is_time, "looks like a time: {now}, {expires_at}?"),
        (bool(_FIXED.fullmatch(name)), "the same for everybody"),
        (True, "is it the same for everybody? Otherwise write a template, like {claims.x}"),
    )
    return next(words for holds, words in reasons if holds)
