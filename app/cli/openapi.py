"""The OpenAPI document: what the service answers, with Pandium and APIFuse switched on."""

from __future__ import annotations

from typing import Any, Final

from app import __version__
from app.resources.refusals import WORDS

Object = dict[str, Any]

_PROBLEM: Final[Object] = {
    "type": "object",
    "description": "Problem details (RFC 9457)",
    "required": ["title", "status", "detail", "code", "request_id"],
    "properties": {
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string", "enum": sorted(WORDS)},
        "request_id": {"type": "string", "pattern": "^[0-9a-f]{16}$"},
        "login_url": {"type": "string", "format": "uri"},
        "return_parameter": {"type": "string"},
        "claim": {"type": "string"},
    },
}
_ADDRESS: Final[Object] = {
    "type": "object",
    "required": ["url", "origin", "expires_at"],
    "properties": {
        "url": {"type": "string", "format": "uri"},
        "origin": {"type": "string"},
        "expires_at": {"type": ["integer", "null"], "description": "epoch seconds"},
        "parameters": {"type": "object", "additionalProperties": {"type": "string"}},
    },
}
_SESSION: Final[Object] = {
    "type": "object",
    "required": ["authenticated", "expires_at", "marketplace_origin"],
    "properties": {
        "authenticated": {"type": "boolean"},
        "expires_at": {"type": ["integer", "null"], "description": "epoch seconds"},
        "marketplace_origin": {"type": "string"},
        "login_url": {"type": "string", "format": "uri"},
        "return_parameter": {"type": "string"},
    },
}
_STATUS: Final[Object] = {
    "type": "object",
    "required": ["status"],
    "properties": {"status": {"type": "string"}},
}
_HEADERS: Final[Object] = {
    name: {"required": True, "schema": {"type": "string", "const": value}}
    for name, value in (
        ("Cache-Control", "no-store"),
        ("Referrer-Policy", "no-referrer"),
        ("X-Content-Type-Options", "nosniff"),
    )
}
_PARAMETERS: Final = {
    "pandium": ("integration_id", "display", "integration_settings"),
    "apifuse": (),
}
_TEXT: Final = r"^[\x20-\x7e\xa0-\u2027\u202f-\ud7ff]{1,256}$"
"""What a forwarded parameter may surely be; `app/destinations/parameters.py` has it whole."""

_REFUSALS: Final = {
    400: "a damaged parameter or request",
    401: "no session, or one that does not hold",
    403: "refused: who it is, what is missing, or where it comes from",
    404: "no such page",
    405: "only GET",
    414: "too long an address",
    431: "too many header bytes",
    500: "a mistake of ours",
    503: "cannot be decided now",
}


def document() -> Object:
    """Give the document (OpenAPI 3.1)."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "marketplace-sso",
            "version": __version__,
            "summary": "Signs the users of a SaaS product into an embedded vendor marketplace.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "paths": {
            **_page("/pandium-sso", "pandium"),
            **_page("/pandium-sso/install/{integration_id}", "pandium", "integration_id"),
            "/pandium-sso/embed.js": _EMBED,
            **_page("/apifuse-sso", "apifuse"),
            **_page("/apifuse-sso/listing/{listing_id}", "apifuse", "listing_id"),
            "/apifuse-sso/embed.js": _EMBED,
            "/livez": _told("Whether the process answers", {"200": "it does"}),
            "/readyz": _told(
                "Whether sign-ons can be answered", {"200": "they can", "503": "not now"}
            ),
            "/healthz": _told("The same", {"200": "they can", "503": "not now"}),
            "/version": _told("What is running", {"200": "name and version"}, _NAMED),
        },
        "components": {
            "schemas": {
                "Problem": _PROBLEM,
                "Address": _ADDRESS,
                "Session": _SESSION,
                "Status": _STATUS,
            },
            "responses": {str(status): _refusal(why) for status, why in _REFUSALS.items()},
        },
    }


_NAMED: Final[Object] = {
    "type": "object",
    "required": ["name", "version"],
    "properties": {"name": {"const": "marketplace-sso"}, "version": {"type": "string"}},
}


def _page(path: str, vendor: str, *ids: str) -> Object:
    """Give the operations of one page: the sign-on, and the question before it."""
    in_path = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,64}$"},
        }
        for name in ids
    ]
    in_query = [
        {"name": name, "in": "query", "schema": {"type": "string", "pattern": _TEXT}}
        for name in _PARAMETERS[vendor]
    ]
    where_to_go = _body("where to go, for scripts", "Address", "application/json")
    sent_on = {
        "description": "to the vendor, with the token",
        "headers": _HEADERS | {"Location": _LOCATION},
    }
    session = _body("whether somebody is signed in", "Session", "application/json")
    parameters = in_path + in_query
    return {
        path: _operation(
            f"Sign the user on at {vendor}", parameters, {"200": where_to_go, "307": sent_on}
        ),
        f"{path}/session": _operation("Ask for the session", parameters, {"200": session}),
    }


def _operation(summary: str, parameters: list[Object], answers: Object) -> Object:
    to_the_login = {
        "description": "to the login, for a page without a session",
        "headers": _HEADERS | {"Location": _LOCATION},
    }
    refusals = {str(status): {"$ref": f"#/components/responses/{status}"} for status in _REFUSALS}
    responses = {**answers, "302": to_the_login, **refusals}
    return {"get": {"summary": summary, "parameters": parameters, "responses": responses}}


_LOCATION: Final[Object] = {"required": True, "schema": {"type": "string", "format": "uri"}}
_EMBED: Final[Object] = {
    "get": {
        "summary": "The element <marketplace-embed>",
        "responses": {
            "200": {
                "description": "a module script, which may be kept",
                "headers": {
                    "Cache-Control": {
                        "required": True,
                        "schema": {"type": "string", "const": "public, max-age=3600"},
                    },
                    "ETag": {"required": True, "schema": {"type": "string"}},
                },
                "content": {"text/javascript; charset=utf-8": {"schema": {"type": "string"}}},
            },
            "304": {"description": "the one that is kept is still right"},
            **{
                str(status): {"$ref": f"#/components/responses/{status}"}
                for status in (400, 404, 405, 414, 431)
            },
        },
    }
}


def _told(summary: str, answers: dict[str, str], schema: Object | None = None) -> Object:
    content = {"application/json": {"schema": schema or {"$ref": "#/components/schemas/Status"}}}
    responses: Object = {
        status: {"description": words, "headers": _HEADERS, "content": content}
        for status, words in answers.items()
    }
    for status in ("400", "404", "405", "414", "431"):
        responses[status] = {"$ref": f"#/components/responses/{status}"}
    return {"get": {"summary": summary, "responses": responses}}


def _refusal(description: str) -> Object:
    refusal = _body(description, "Problem", "application/problem+json")
    refusal["content"]["text/html; charset=utf-8"] = {"schema": {"type": "string"}}
    return refusal


def _body(description: str, schema: str, media_type: str) -> Object:
    reference = {"$ref": f"#/components/schemas/{schema}"}
    content = {media_type: {"schema": reference}}
    return {"description": description, "headers": _HEADERS, "content": content}
