"""The application: its parts, and what HTTP calls its errors."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import falcon
import falcon.asgi

from app.authenticators.chain import Chain
from app.errors import (
    AccessDenied,
    AuthenticatorFailed,
    AuthenticatorUnavailable,
    ForeignRequest,
    InvalidCredential,
    InvalidParameter,
    LocationTooLong,
    MetricsDenied,
    MissingClaim,
    NoSession,
    SignOnError,
    UnknownPage,
    VendorUnavailable,
)
from app.identity import ascii_lower
from app.resources.appearance import Appearance
from app.resources.cors import Cors
from app.resources.counts import announce
from app.resources.embed import Embed
from app.resources.health import Live, Ready, Version
from app.resources.jwks import Jwks
from app.resources.lifespan import Lifespan
from app.resources.login import Login
from app.resources.metrics import Metrics
from app.resources.middleware import RequestBounds, ResponseHeaders, SignOnLog
from app.resources.refusals import Refusals
from app.resources.request import Request
from app.resources.session import Session
from app.resources.sign_on import SignOn
from app.resources.texts import TEXTS
from app.resources.tracing import Tracing
from app.settings.addresses import origin_of
from app.settings.service import ServiceVariables
from app.telemetry import metrics, tracing

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from app.authenticators.contract import Authenticator
    from app.destinations.destination import Destination
    from app.settings.process import ProcessVariables
    from app.telemetry.spans import Spans

STATUS: Final[dict[type[SignOnError], int]] = {
    InvalidParameter: 400,
    NoSession: 401,
    InvalidCredential: 401,
    AccessDenied: 403,
    MetricsDenied: 403,
    ForeignRequest: 403,
    MissingClaim: 403,
    UnknownPage: 404,
    AuthenticatorFailed: 500,
    LocationTooLong: 500,
    VendorUnavailable: 502,
    AuthenticatorUnavailable: 503,
}
"""The HTTP status of each error."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """A valid configuration, as values: the parts of the application are made from it."""

    service: ServiceVariables
    process: ProcessVariables
    authenticators: Mapping[str, Authenticator]
    destinations: tuple[Destination, ...]
    secrets: tuple[str, ...]
    files: frozenset[Path]
    appearance: Appearance


def create_app(
    config: Configuration,
    *,
    now: Callable[[], float] = time.time,
    is_draining: Callable[[], bool] = lambda: False,
    exposition: Callable[[], bytes] = metrics.exposition,
    spans: Callable[[], Spans] = tracing.spans,
) -> falcon.asgi.App[Any, Any]:
    """Put the parts together; `now` returns epoch seconds."""
    service = config.service
    announce(config.destinations, TEXTS)
    authenticate = Chain(
        authenticators=config.authenticators,
        timeout_seconds=service.authentication_timeout_seconds,
        email_domains=frozenset(map(ascii_lower, service.allowed_email_domains)),
        groups=frozenset(service.required_groups),
        now=now,
    )
    login = Login(service.login_url, service.login_return_parameter, service.public_url, now)
    cors = Cors(service.host_origins, _script_headers(config.authenticators))
    lifespan = Lifespan(
        {
            **config.authenticators,
            **{
                f"{each.name} (vendor)": each.exchange
                for each in config.destinations
                if each.exchange is not None
            },
        }
    )
    # Answers pass the middleware from the last to the first.
    middleware: list[Any] = [
        SignOnLog(),
        ResponseHeaders(cors, is_draining),
        RequestBounds(cors, service.metrics_port),
        lifespan,
    ]
    if service.tracing:
        middleware.insert(0, Tracing(spans))
    app = falcon.asgi.App(middleware=middleware, request_type=Request)
    app.resp_options.default_media_type = None  # type: ignore[assignment] # an empty body has no type
    refusals = Refusals(STATUS, login, service.host_origins, config.appearance)
    app.add_error_handler(Exception, refusals.fault)
    app.add_error_handler(falcon.HTTPError, refusals.http_error)
    app.add_error_handler(SignOnError, refusals.refusal)
    app.add_route("/livez", Live())
    ready = Ready(lifespan.not_ready, is_draining)
    app.add_route("/readyz", ready)
    app.add_route("/healthz", ready)
    app.add_route("/version", Version())
    app.add_route("/metrics", Metrics(service.metrics_clients, exposition))
    welcome = _welcome_origins(service)
    for destination in config.destinations:
        sign_on = SignOn(
            destination, authenticate, service.host_origins, welcome, config.appearance
        )
        app.add_route(destination.route, sign_on)
        session = Session(destination, authenticate, login, welcome)
        app.add_route(f"{destination.route}/session", session)
    for root in {destination.root for destination in config.destinations}:
        app.add_route(f"{root}/embed.js", Embed())
        pages = [each for each in config.destinations if each.root == root]
        if any(each.public_jwks for each in pages):
            app.add_route(f"{root}/jwks.json", Jwks(pages))
    if any(destination.public_jwks for destination in config.destinations):
        app.add_route("/.well-known/jwks.json", Jwks(config.destinations))
    return app


def _script_headers(authenticators: Mapping[str, Authenticator]) -> frozenset[str]:
    found = (getattr(each, "script_header", None) for each in authenticators.values())
    return frozenset(name for name in found if name is not None)


def _welcome_origins(service: ServiceVariables) -> frozenset[bytes]:
    """Return the origins whose pages may ask: the host's, our own, and the login's."""
    ours = (address for address in (service.public_url, service.login_url) if address)
    origins = (*service.host_origins, *map(origin_of, ours))
    return frozenset(origin.encode() for origin in origins)
