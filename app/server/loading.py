"""From the environment to a configuration from which an application can be built."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from app.authenticators.http_client import HttpClient
from app.authenticators.loading import load_authenticators
from app.destinations.destination import Shared
from app.destinations.loading import load_destinations
from app.main import Configuration, create_app
from app.resources.appearance import Appearance
from app.resources.pages_file import read_appearance
from app.settings.environment import read_environment
from app.settings.problems import InvalidSettings, fault
from app.settings.secrets import example_secrets
from app.settings.service import ServiceVariables
from app.tokens.public_keys import fingerprint_of_jwk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from app.authenticators.contract import Authenticator
    from app.destinations.destination import Destination


def load(
    *, now: Callable[[], float] = time.time, with_authenticators: bool = True
) -> Configuration:
    """Read the configuration from the environment; `now` returns epoch seconds.

    Without authenticators nobody can sign on; what mints and reads tokens needs none.

    Raises:
        InvalidSettings: with every problem that there is.
    """
    with _no_exception_is_special():
        process, reading = read_environment()
        service = reading.or_defaults(ServiceVariables, prefix="SSO_")
        shared = Shared(
            client=HttpClient,
            clock_skew_seconds=service.clock_skew_seconds,
            max_location_bytes=service.max_location_bytes,
            now=now,
        )
        destinations = load_destinations(reading, shared)
        authenticators: dict[str, Authenticator] = {}
        if with_authenticators:
            with reading.collecting("SSO_AUTHENTICATORS"):
                own_keys = _own_keys(destinations)
                authenticators = load_authenticators(reading, own_keys=own_keys, now=now)
        else:
            reading.declare_unknowable("AUTH_")
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
            frozenset(reading.files) | appearance.files,
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
