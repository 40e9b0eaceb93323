"""The only module that looks at the environment itself."""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from app.settings.files import is_folder
from app.settings.problems import InvalidSettings, Problem
from app.settings.process import ProcessVariables, SourceVariables
from app.settings.reading import PREFIXES, Reading
from app.settings.sources import ENVIRONMENT_ONLY, Sources

_OURS: Final = (*PREFIXES, *ENVIRONMENT_ONLY)
_NOT_OURS: Final = frozenset(
    {"GUNICORN_CMD_ARGS", "GUNICORN_FD", "GUNICORN_PID", "LISTEN_FDS", "LISTEN_PID"}
    | {"PROMETHEUS_MULTIPROC_DIR", "prometheus_multiproc_dir"}
)


def read_environment() -> tuple[ProcessVariables, Reading]:
    """Read where the variables are, and begin the pass that reads them.

    Raises:
        InvalidSettings: names or values of ours that are not UTF-8; nothing else can be read.
    """
    environment = _in_utf8()
    _check_encoding(environment)
    where = Reading(Sources(environment))(SourceVariables, prefix="")
    reading = Reading(Sources(environment, where.secrets_dir, where.env_file))
    reading.note(_missing_authorities(environment))
    return reading.or_defaults(ProcessVariables, prefix=""), reading


def server_environment() -> dict[str, str]:
    """Return the environment of the server, without variables that would change what was checked.

    gunicorn takes options, its bind address too, from `GUNICORN_CMD_ARGS`, and sockets of systemd
    or of another gunicorn instead; prometheus_client would map files of a folder that is not ours.
    """
    return {name: value for name, value in os.environ.items() if name not in _NOT_OURS}


def wants_colours() -> bool:
    """Tell whether a terminal may have colours: https://no-color.org, and terminals without."""
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _in_utf8() -> dict[str, str]:
    """Return the environment as UTF-8, as files are, whatever encoding the locale has."""
    return {
        name.decode(errors="surrogateescape"): value.decode(errors="surrogateescape")
        for name, value in os.environb.items()
    }


def _missing_authorities(environment: Mapping[str, str]) -> Iterable[Problem]:
    """Find variables of OpenSSL that name no certificates: it says nothing, and trusts none."""
    file, folders = (environment.get(name) for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"))
    if file is not None:
        remedy = "name a file with certificates in PEM, or remove it"
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(file)
        except ssl.SSLError:
            yield Problem("SSL_CERT_FILE", f"has no certificate in PEM; {remedy}")
        except OSError as error:
            yield Problem("SSL_CERT_FILE", f"cannot be read: {error.strerror}; {remedy}")
    if folders is not None and not any(
        is_folder(Path(each)) for each in folders.split(":") if each
    ):
        yield Problem("SSL_CERT_DIR", "is no folder; name one with certificates, or remove it")


def _check_encoding(environment: Mapping[str, str]) -> None:
    problems = [
        Problem(ascii(name).strip("'"), "is not UTF-8")
        for name, value in environment.items()
        if name.upper().startswith(_OURS) and not _is_utf8(name + value)
    ]
    if problems:
        raise InvalidSettings(problems)


def _is_utf8(text: str) -> bool:
    """Tell whether no byte of a variable came through as a lone surrogate (PEP 383)."""
    return not any("\ud800" <= character <= "\udfff" for character in text)
