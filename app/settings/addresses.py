"""Addresses in variables: which ones are accepted, and their origin."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_HOST = re.compile(
    r"(?=.{1,253}\Z)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*\.?"
)
"""A host name (RFC 1123, section 2.1) in lower case; one in another script is written as xn--…."""

_DOMAIN = re.compile(r"[\w-]+(\.[\w-]+)*")


def is_loopback(host: str) -> bool:
    """Tell whether `host` can only be this machine (RFC 6761, section 6.3 for `localhost`)."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return read_address(host).is_loopback
    except ValueError:
        return False


def read_address(text: str) -> Address:
    """Return an IP address; one that is mapped into IPv6 is the one of IPv4 (RFC 4291, 2.5.5.2).

    Python before 3.13 does not take `::ffff:127.0.0.1` for loopback.

    Raises:
        ValueError: it is none.
    """
    address = ipaddress.ip_address(text)
    return getattr(address, "ipv4_mapped", None) or address


def checked(address: str, *, http_allowed: bool = False) -> str:
    """Return an absolute https address unchanged.

    Plain http is accepted for loopback addresses, and anywhere if `http_allowed`.

    Raises:
        ValueError: not https, no host, user information, a fragment, or a character that two
            parsers could read differently.
    """
    if not address.isascii() or not address.isprintable() or any(c in address for c in ' "<>\\^`|'):
        raise ValueError("has a blank, a backslash or another character that addresses cannot have")
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname or "", parts.port
    except ValueError as error:
        raise ValueError("has a host or port that cannot be read") from error
    if parts.scheme not in {"http", "https"} or not address.startswith(f"{parts.scheme}://"):
        raise ValueError("is not an absolute address; write https://host/path")
    if "@" in parts.netloc:
        raise ValueError("has user information before the host; remove it")
    if "#" in address:
        raise ValueError("has a fragment; remove it")
    if not _is_host(host) or not _is_all(parts.netloc, host):
        raise ValueError("has no valid host; write https://host/path")
    if parts.scheme == "http" and not (http_allowed or is_loopback(host)):
        raise ValueError("is plain http; use https (http is accepted for loopback only)")
    return address


def checked_domain(domain: str) -> str:
    """Return the domain of e-mail addresses unchanged; it may be written in any script.

    Raises:
        ValueError: an address, a wildcard, several domains: anything that no address ends with.
    """
    if not _DOMAIN.fullmatch(domain):
        raise ValueError(f"{domain!r} is not a domain alone; write each one out, like acme.example")
    return domain


def origin_of(address: str) -> str:
    """Return scheme, host and port as a browser writes them (RFC 6454, section 6.2)."""
    parts = urlsplit(address)
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    default = {"http": 80, "https": 443}[parts.scheme]
    port = "" if parts.port in {None, default} else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}"


def checked_origin(origin: str) -> str:
    """Return an exact origin unchanged.

    Raises:
        ValueError: a wildcard, `null`, a path, capitals in the host, a default port: anything that
            a browser would not send.
    """
    if origin == "null" or "*" in origin:
        raise ValueError(
            f"{origin!r} is not an exact origin; write each out: https://app.example.com"
        )
    checked(origin)
    if origin != origin_of(origin):
        raise ValueError(f"is not written as a browser sends it; write {origin_of(origin)}")
    return origin


def _is_all(netloc: str, host: str) -> bool:
    """Tell whether there is nothing but a host and a port: Python reads `x[::1]y` as `::1`."""
    written = f"[{host}]" if ":" in host else host
    return re.fullmatch(r"(:[0-9]*)?", netloc.lower().removeprefix(written)) is not None


def _is_host(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        # A last label of digits is an IPv4 address to a browser (WHATWG URL, host parsing).
        return bool(_HOST.fullmatch(host)) and not host.rstrip(".").rpartition(".")[2].isdigit()
    return "%" not in host  # a zone of IPv6, which no browser reads
