"""The host application as login proxy: requests for the service, with the user's name on them."""

from collections.abc import Iterable, Mapping

from aiohttp import ClientError, ClientSession, DummyCookieJar, web
from multidict import CIMultiDict
from yarl import URL

# What is passed on to the service. A list of what is allowed, so that an identity header of the
# visitor's own has no spelling that comes through; cookies are the host application's alone.
PASSED_ON = frozenset(
    {
        "accept",
        "accept-encoding",
        "accept-language",
        "access-control-request-headers",
        "access-control-request-method",
        "authorization",
        "content-type",
        "if-none-match",
        "origin",
        "purpose",
        "referer",
        "user-agent",
    }
)
FETCH_METADATA = "sec-"
HOP_BY_HOP = frozenset(  # RFC 9110 section 7.6.1
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)


def client() -> ClientSession:
    """Return a client that adds nothing of its own and passes bodies on as they are."""
    return ClientSession(
        auto_decompress=False,
        cookie_jar=DummyCookieJar(),
        skip_auto_headers=("Accept", "Accept-Encoding", "Content-Type", "User-Agent"),
    )


async def passed_on(
    request: web.Request, service: str, identity: Mapping[str, str], client: ClientSession
) -> web.Response:
    """Ask the service (an origin) what `request` asks, as `identity`, and answer as it answers."""
    headers = CIMultiDict(_passed(request.headers.items()))
    headers.update(identity)
    address = URL(service + request.rel_url.raw_path_qs, encoded=True)
    try:
        async with client.request(
            request.method,
            address,
            headers=headers,
            data=await request.read() or None,
            allow_redirects=False,
        ) as answer:
            return web.Response(
                status=answer.status,
                reason=answer.reason,
                headers=CIMultiDict(_kept(answer.headers.items())),
                body=await answer.read(),
            )
    except (ClientError, TimeoutError):
        return web.Response(status=502, text="The service does not answer.")


def _passed(headers: Iterable[tuple[str, str]]) -> Iterable[tuple[str, str]]:
    for name, value in headers:
        if name.lower() in PASSED_ON or name.lower().startswith(FETCH_METADATA):
            yield name, value


def _kept(headers: Iterable[tuple[str, str]]) -> Iterable[tuple[str, str]]:
    for name, value in headers:
        if name.lower() not in HOP_BY_HOP:
            yield name, value
