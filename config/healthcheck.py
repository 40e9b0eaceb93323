"""Ask /livez: the HEALTHCHECK of the image, which has no curl.

Exit status 0 means alive. The address is SSO_BIND; if that is every interface, loopback is used.
"""

import http.client
import os
import socket
import sys

TIMEOUT_SECONDS = 2.0  # the HEALTHCHECK gives up after 3
LOOPBACK = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - read, not bound


class UnixConnection(http.client.HTTPConnection):
    """HTTP to a socket in the file system."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=TIMEOUT_SECONDS)
        self._path = path

    def connect(self) -> None:
        """Open the socket at the path."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(TIMEOUT_SECONDS)
        self.sock.connect(self._path)


def connection_to(bind: str) -> http.client.HTTPConnection:
    """Return a connection to a service bound to ``unix:PATH``, ``HOST:PORT`` or ``[IPV6]:PORT``."""
    if bind.startswith("unix:"):
        return UnixConnection(bind.removeprefix("unix:"))
    host, _, port = bind.rpartition(":")
    host = host.strip("[]")
    return http.client.HTTPConnection(LOOPBACK.get(host, host), int(port), timeout=TIMEOUT_SECONDS)


def main() -> int:
    """Return the exit status: 0 if /livez answers 200."""
    connection = connection_to(os.environ.get("SSO_BIND", "127.0.0.1:8000"))
    try:
        connection.request("GET", "/livez")
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as problem:
        print(f"not alive: {problem}", file=sys.stderr)  # noqa: T201 - Docker keeps it for `inspect`
        return 1
    print(f"/livez answered {status}")  # noqa: T201 - the same
    return 0 if status == http.HTTPStatus.OK else 1


if __name__ == "__main__":
    sys.exit(main())
