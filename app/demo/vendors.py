"""The pages of the vendors' marketplaces, and what each takes, as data.

Claims and types are those of the vendors' documentation: "Customizing the JWT" and "Embedding the
Integration Install Only" of Pandium, the JWT sign-on of APIFuse.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from app.demo.content import Content, auth_dialog, catalogue, listing

LATEST_TIME = 2**53  # beyond it, JSON readers disagree about integers: RFC 8259 section 6


@dataclass(frozen=True)
class Kind:
    """A type of a claim: how it is told to people, and whether a value is of it."""

    words: str
    holds: Callable[[object], bool]


def _is_text(value: object) -> bool:
    return isinstance(value, str)


STRING = Kind("a string", _is_text)
SECONDS = Kind(
    "whole seconds since 1970", lambda value: type(value) is int and 0 <= value <= LATEST_TIME
)
OBJECT = Kind("an object", lambda value: isinstance(value, dict))
TEXTS_BY_NAME = Kind(
    "an object of strings",
    lambda value: isinstance(value, dict) and all(map(_is_text, value.values())),
)
TEXTS = Kind(
    "an array of strings", lambda value: isinstance(value, list) and all(map(_is_text, value))
)


@dataclass(frozen=True)
class Page:
    """A page of a marketplace: `required` and `optional` have dotted claim names.

    `person` names the claims that tell who it is, best first. `anonymous` says whether the page may
    be seen without a token. `messages` are what its buttons post to the page around it: a label,
    and the vendor's data as JSON, with `$origin` for the marketplace's own. `content` makes
    what the page is there for.
    """

    vendor: str
    title: str
    token_parameter: str
    parameters: frozenset[str]
    anonymous: bool
    required: Mapping[str, Kind]
    optional: Mapping[str, Kind]
    person: tuple[str, ...]
    messages: Mapping[str, str]
    content: Content


_PANDIUM_REQUIRED = {"sub": STRING, "jti": STRING, "iat": SECONDS}
_PANDIUM_OPTIONAL = {
    "nbf": SECONDS,
    "exp": SECONDS,
    "external_id": STRING,
    "meta": OBJECT,
    "ti": OBJECT,
    **{f"ti.{name}": STRING for name in ("udn", "ufn", "uem", "aid", "adn")},
    "ti.ili": TEXTS,
    "ti.xti": OBJECT,
}
_PANDIUM_PERSON = ("ti.ufn", "ti.udn", "sub")
_PANDIUM_MESSAGES = {  # Pandium posts objects
    "Save sync": '{"message": "pandium-save-sync"}',
    "Cancel install": '{"message": "pandium-install-cancel"}',
}
PANDIUM = Page(
    vendor="Pandium",
    title="Integrations",
    token_parameter="tenant",
    parameters=frozenset({"integration_id", "display", "integration_settings"}),
    anonymous=False,
    required=_PANDIUM_REQUIRED,
    optional=_PANDIUM_OPTIONAL,
    person=_PANDIUM_PERSON,
    messages=_PANDIUM_MESSAGES,
    content=catalogue,
)
PANDIUM_INSTALL = Page(
    vendor="Pandium",
    title="Install one integration",
    token_parameter="tenant",
    parameters=frozenset(),
    anonymous=False,
    required={
        **_PANDIUM_REQUIRED,
        "ti.xti.connector_name": STRING,
        "ti.xti.integration_name": STRING,
    },
    optional={**_PANDIUM_OPTIONAL, "ti.xti.token": STRING},
    person=_PANDIUM_PERSON,
    messages=_PANDIUM_MESSAGES,
    content=auth_dialog,
)
_APIFUSE_REQUIRED = {
    "iat": SECONDS,
    "nbf": SECONDS,
    "exp": SECONDS,
    "orgId": STRING,
    "user.externalId": STRING,
}
_APIFUSE_OPTIONAL = {"jti": STRING, "user": TEXTS_BY_NAME, "connection": TEXTS_BY_NAME}
_APIFUSE_PERSON = ("user.email", "user.externalId")


def _apifuse_message(name: str) -> str:
    """Return the data of a message of APIFuse, which is a string with JSON in it."""
    target = "$origin/apifuse/listing/hubspot"
    return json.dumps(json.dumps({"id": name, "targetUrl": target, "message": name}))


_APIFUSE_MESSAGES = {
    "Sign-in needed": _apifuse_message("user_login_required"),
    "Installed": _apifuse_message("listing_installation_complete"),
}
APIFUSE = Page(
    vendor="APIFuse",
    title="Integrations",
    token_parameter="jwt",
    parameters=frozenset(),
    anonymous=True,
    required=_APIFUSE_REQUIRED,
    optional=_APIFUSE_OPTIONAL,
    person=_APIFUSE_PERSON,
    messages=_APIFUSE_MESSAGES,
    content=catalogue,
)
APIFUSE_LISTING = Page(
    vendor="APIFuse",
    title="One listing",
    token_parameter="jwt",
    parameters=frozenset(),
    anonymous=True,
    required=_APIFUSE_REQUIRED,
    optional=_APIFUSE_OPTIONAL,
    person=_APIFUSE_PERSON,
    messages=_APIFUSE_MESSAGES,
    content=listing,
)
