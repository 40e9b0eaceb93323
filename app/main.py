"""The application: its parts, and what HTTP calls its errors."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import falcon
import falcon.asgi

from app.authenticators.chain import Chain
from app.authenticators.loading import load_authenticators
from app.destinations.destination import Shared
from app.destinations.loading import load_destinations
from app.errors import (
    AccessDenied,
    AuthenticatorFailed,
    AuthenticatorUnavailable,
    ForeignRequest,
    InvalidCredential,
    InvalidParameter,
    LocationTooLong,
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
from app.resources.pages_file import read_appearance
from app.resources.refusals import Refusals
from app.resources.request import Request
from app.resources.session import Session
from app.resources.sign_on import SignOn
from app.resources.texts import TEXTS
from app.settings.addresses import origin_of
from app.settings.environment import read_environment
from app.settings.problems import InvalidSettings, fault
from app.settings.secrets import example_secrets
from app.settings.service import ServiceVariables
from app.telemetry import metrics
from app.tokens.public_keys import fingerprint_of_jwk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from app.authenticators.contract import Authenticator
    from app.destinations.destination import Destination
    from app.settings.service import ProcessVariables

STATUS: Final[dict[type[SignOnError], int]] = {
    InvalidParameter: 400,
    NoSession: 401,
    InvalidCredential: 401,
    AccessDenied: 403,
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


def load(*, now: Callable[[], float] = time.time) -> Configuration:
    """Read the configuration from the environment; `now` returns epoch seconds.

    Raises:
        InvalidSettings: with every problem that there is.
    """
    with _no_exception_is_special():
        process, reading = read_environment()
        service = reading.or_defaults(ServiceVariables, prefix="SSO_")
        shared = Shared(
            clock_skew_seconds=service.clock_skew_seconds,
            max_location_bytes=service.max_location_bytes,
            now=now,
        )
        destinations = load_destinations(reading, shared)
        authenticators: dict[str, Authenticator] = {}
        with reading.collecting("SSO_AUTHENTICATORS"):
            own_keys = _own_keys(destinations)
            authenticators = load_authenticators(reading, own_keys=own_keys, now=now)
        appearance = Appearance()
        with reading.collecting("SSO_PAGES_FILE"):
            appearance = read_appearance(service.pages_file)
        if not service.on_loopback_only:
            reading.note(example_secrets(reading.secrets))
        reading.finish()
        secrets = tuple(reading.secrets.values())
        config = Configuration(
            service,
            process,
            authenticators,
            tuple(destinations),
            secrets,
            frozenset(reading.files),
            appearance,
        )
        create_app(config, now=now)
    return config


@contextmanager
def _no_exception_is_special() -> Iterator[None]:
    """Turn whatever is raised while a configuration is read, or tried, into a problem of it.

    A plugin's module may even end the process.
    """
    try:
        yield
    except InvalidSettings:
        raise
    except (Exception, SystemExit) as error:  # noqa: BLE001 - as its name says
        raise InvalidSettings([fault("The configuration", error)]) from None


def _own_keys(destinations: Iterable[Destination]) -> frozenset[bytes]:
    """Return the fingerprints of the public keys that tokens for vendors are verified with."""
    return frozenset(fingerprint_of_jwk(jwk) for each in destinations for jwk in each.public_jwks)


def create_app(
    config: Configuration,
    *,
    now: Callable[[], float] = time.time,
    is_draining: Callable[[], bool] = lambda: False,
    exposition: Callable[[], bytes] = metrics.exposition,
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
    cors = Cors(service.host_origins)
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


def _welcome_origins(service: ServiceVariables) -> frozenset[bytes]:
    """Return the origins whose pages may ask: the host's, our own, and the login's."""
    ours = (address for address in (service.public_url, service.login_url) if address)
    origins = (*service.host_origins, *map(origin_of, ours))
    return frozenset(origin.encode() for origin in origins)
