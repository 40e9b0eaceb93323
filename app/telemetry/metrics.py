"""What is counted and timed, for Prometheus. No user is in any label."""

from __future__ import annotations

from functools import cache
from typing import Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
    values,
)

from app import __version__

# Or PROMETHEUS_MULTIPROC_DIR of somebody else would have it map files there.
values.ValueClass = values.MutexValue

disable_created_metrics()  # type: ignore[no-untyped-call] # ships some types only

REGISTRY: Final = CollectorRegistry()
"""What this process has counted."""

SECONDS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5)

SIGN_ONS: Final = Counter(
    "sso_sign_ons",
    "Answered sign-ons; the reason is the code of a refusal",
    ("destination", "page", "outcome", "reason"),
    registry=REGISTRY,
)
SIGN_ON_SECONDS: Final = Histogram(
    "sso_sign_on_duration_seconds",
    "Time to answer a sign-on",
    ("destination", "page"),
    buckets=SECONDS,
    registry=REGISTRY,
)
REFUSALS: Final = Counter(
    "sso_refusals",
    "Refused sign-ons and session checks, by code and cause",
    ("code", "cause"),
    registry=REGISTRY,
)
SESSION_CHECKS: Final = Counter(
    "sso_session_checks",
    "Answered session checks",
    ("destination", "outcome"),
    registry=REGISTRY,
)
AUTHENTICATION_SECONDS: Final = Histogram(
    "sso_authentication_duration_seconds",
    "Time that an authenticator took which may wait for others",
    ("authenticator",),
    buckets=SECONDS,
    registry=REGISTRY,
)
UNTRUSTED_PEERS: Final = Counter(
    "sso_untrusted_peers",
    "Identity headers from peers that are not trusted",
    ("authenticator",),
    registry=REGISTRY,
)
EXCHANGES: Final = Counter(
    "sso_exchanges",
    "Questions to a vendor's API for a token: good, or failed",
    ("destination", "outcome"),
    registry=REGISTRY,
)
KEY_FETCHES: Final = Counter(
    "sso_key_set_fetches",
    "Fetches of key sets: good, or failed",
    ("outcome",),
    registry=REGISTRY,
)
KEYS_LOADED: Final = Gauge(
    "sso_key_set_loaded_timestamp_seconds",
    "When a worker last got a good key set, in epoch seconds; that of the worst worker",
    registry=REGISTRY,
)
AUTHENTICATOR_KEYS_LOADED: Final = Gauge(
    "sso_authenticator_keys_loaded_timestamp_seconds",
    "When a worker last got a good key set of an authenticator; that of the worst worker",
    ("authenticator",),
    registry=REGISTRY,
)
CONNECTIONS: Final = Gauge(
    "sso_connections",
    "Open connections of all workers, and how many of them have not sent a whole request head",
    ("state",),
    registry=REGISTRY,
)
CONFIGURATION_LOADED: Final = Gauge(
    "sso_configuration_loaded_timestamp_seconds",
    "When the configuration in use was read; that of the worst worker",
    registry=REGISTRY,
)
RELOAD_HELD: Final = Gauge(
    "sso_configuration_reload_held",
    "Whether the last configuration that was read is in use (1), or an older one is kept (0)",
    registry=REGISTRY,
)
LOG_LINES_LOST: Final = Counter(
    "sso_log_lines_lost", "Log lines that the sink did not take", registry=REGISTRY
)
BUILD: Final = Gauge(
    "sso_build_info",
    "What is running",
    ("version",),
    registry=REGISTRY,
)

SUMMED_GAUGES: Final = frozenset({"sso_connections"})
"""Gauges that are added up over processes; of any other the lowest counts."""

OF_FIRST_PROCESS: Final = frozenset(
    {"sso_configuration_loaded_timestamp_seconds", "sso_configuration_reload_held"}
)
"""What the server's first process tells: it serves nobody, and has no keys."""

OUTCOMES: Final = ("signed_on", "browsing", "refused")

sign_ons: Final = cache(SIGN_ONS.labels)
refusals: Final = cache(REFUSALS.labels)
session_checks: Final = cache(SESSION_CHECKS.labels)
sign_on_seconds: Final = cache(SIGN_ON_SECONDS.labels)
authentication_seconds: Final = cache(AUTHENTICATION_SECONDS.labels)
"""Each returns the series of its labels, of which there are few: the configuration names them."""

BUILD.labels(__version__).set(1)
RELOAD_HELD.set(1)

# A counter that is absent until its first event hides that event from `increase`.
for _state in ("open", "half_open"):
    CONNECTIONS.labels(_state)
for _outcome in ("good", "failed"):
    KEY_FETCHES.labels(_outcome)


def exposition() -> bytes:
    """Return what this process has counted, in the text format of Prometheus."""
    return generate_latest(REGISTRY)
