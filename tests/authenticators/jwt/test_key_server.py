import asyncio
import datetime as dt
import ipaddress
import ssl
import time
import tracemalloc
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from app.authenticators.jwt.key_server import MAX_BYTES, FetchFailed, KeyServer, NotThere
from app.testing import FakeIdentityProvider


@asynccontextmanager
async def started(*, timeout_seconds: float) -> AsyncIterator[KeyServer]:
    server = KeyServer(timeout_seconds=timeout_seconds)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


@pytest.fixture
async def server() -> AsyncIterator[KeyServer]:
    async with started(timeout_seconds=0.3) as server:
        yield server


async def test_a_document_comes_as_it_is(server: KeyServer) -> None:
    with FakeIdentityProvider() as provider:
        provider.documents["/x"] = bytes(range(256)) * 1024

        assert await server.get(f"{provider.origin}/x") == bytes(range(256)) * 1024
        assert len(await server.get(f"{provider.origin}/x")) == MAX_BYTES


@pytest.mark.requirement("R16", "R18")
@pytest.mark.parametrize(
    ("behaviour", "words"),
    [
        ("down", "Server"),
        ("error", "status 500"),
        ("missing", "status 404"),
        ("redirect", "status 302"),
        ("hang", "within 0.3 s"),
        ("drip", "within 0.3 s"),
        ("huge", "over 262144 bytes"),
    ],
)
async def test_a_server_that_misbehaves_is_left_in_time(
    server: KeyServer, behaviour: str, words: str
) -> None:
    with FakeIdentityProvider() as provider:
        provider.behaviour = behaviour
        began = time.monotonic()

        with pytest.raises(FetchFailed, match=words) as failed:
            await server.get(provider.jwks_url)

        assert time.monotonic() - began < 2
        assert isinstance(failed.value, NotThere) == (behaviour == "missing")
        assert sum(provider.fetches.values()) == 1


@pytest.mark.requirement("R16", "R6")
async def test_fifty_megabytes_are_not_taken_into_memory(server: KeyServer) -> None:
    with FakeIdentityProvider() as provider:
        provider.behaviour = "huge"
        tracemalloc.start()

        with pytest.raises(FetchFailed):
            await server.get(provider.jwks_url)

        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 10 * MAX_BYTES + 4 * 1024 * 1024  # the server's own pieces count too


@pytest.mark.requirement("R16", "R18")
@pytest.mark.parametrize("behaviour", ["gzip", "bomb"])
async def test_nothing_is_unpacked(behaviour: str) -> None:
    with FakeIdentityProvider() as provider:
        provider.behaviour = behaviour

        async with started(timeout_seconds=30) as server:  # a slow machine packs slowly
            with pytest.raises(FetchFailed, match="packed with gzip, which was not asked for"):
                await server.get(provider.jwks_url)


async def test_nobody_answers(server: KeyServer) -> None:
    with FakeIdentityProvider() as provider:
        gone = provider.jwks_url

    with pytest.raises(FetchFailed, match="Connect"):
        await server.get(gone)


@pytest.mark.parametrize("address", ["", "nonsense", "ftp://127.0.0.1/", "http://127.0.0.1:0/"])
async def test_an_address_that_is_none_gives_no_document(server: KeyServer, address: str) -> None:
    with pytest.raises(FetchFailed):
        await server.get(address)


async def test_nothing_is_fetched_before_the_start_or_after_the_end() -> None:
    server = KeyServer(timeout_seconds=1)

    for _ in range(2):
        with pytest.raises(FetchFailed, match="before the start"):
            await server.get("http://127.0.0.1:1/")
        await server.start()
        await server.stop()
    await server.stop()


Serve = Callable[..., FakeIdentityProvider]
"""By the name of a certificate, its end, and who has issued it."""

DAY = dt.timedelta(days=1)
NOW = dt.datetime.now(tz=dt.UTC)


@pytest.fixture
def serve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Serve:
    """Serve over TLS with a certificate of an authority that this machine trusts."""
    authority = trustme.CA()
    trusted = tmp_path / "ca.pem"
    trusted.write_bytes(authority.cert_pem.bytes())
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))

    def served(name: str, ends: dt.datetime, by: trustme.CA | None = None) -> FakeIdentityProvider:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        issued = (by or authority).issue_cert(name, not_before=NOW - 9 * DAY, not_after=ends)
        issued.configure_cert(context)
        return FakeIdentityProvider(tls=context)

    return served


@pytest.mark.requirement("R16")
@pytest.mark.parametrize(
    ("name", "ends", "by", "wrong"),
    [
        ("127.0.0.1", NOW + DAY, None, ""),
        ("127.0.0.1", NOW - DAY, None, "certificate has expired"),
        ("localhost", NOW + DAY, None, "certificate is not valid for '127.0.0.1'"),
        ("127.0.0.1", NOW + DAY, trustme.CA(), "unable to get local issuer certificate"),
    ],
    ids=["good", "expired", "another name", "another authority"],
)
async def test_a_certificate_is_verified(
    serve: Serve, name: str, ends: dt.datetime, by: trustme.CA | None, wrong: str
) -> None:
    with serve(name, ends, by) as provider:
        async with started(timeout_seconds=3) as server:
            if wrong:
                with pytest.raises(FetchFailed, match=f"not trusted: .*{wrong}.*Certificate"):
                    await server.get(provider.jwks_url)
                assert not provider.fetches
            else:
                assert b"key-1" in await server.get(provider.jwks_url)


def of_an_own_authority(folder: Path) -> None:
    """Write `ca.pem` and `server.pem` as companies have them: the latter has no key identifier."""
    key = Ed25519PrivateKey.generate()
    ca, server = (
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]) for name in ("Own CA", "server")
    )
    made = x509.CertificateBuilder(ca, ca, key.public_key(), 1, NOW - DAY, NOW + DAY)
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    (folder / "ca.pem").write_bytes(made.sign(key, None).public_bytes(Encoding.PEM))
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = x509.CertificateBuilder(ca, server, key.public_key(), 2, NOW - DAY, NOW + DAY)
    pem = made.add_extension(address, critical=False).sign(key, None).public_bytes(Encoding.PEM)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "server.pem").write_bytes(private + pem)


@pytest.mark.requirement("R16", "R48")
async def test_what_a_strict_python_misses_in_a_certificate_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    of_an_own_authority(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "server.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    strict = ssl.create_default_context()
    strict.verify_flags |= ssl.VERIFY_X509_STRICT  # Python 3.13 sets it
    monkeypatch.setattr(ssl, "create_default_context", lambda: strict)

    with FakeIdentityProvider(tls=context) as provider:
        async with started(timeout_seconds=3) as server:
            with pytest.raises(FetchFailed, match="not trusted: Missing Authority Key Identifier"):
                await server.get(provider.jwks_url)


@pytest.mark.requirement("R16")
async def test_many_fetches_share_few_connections(server: KeyServer) -> None:
    with FakeIdentityProvider() as provider:
        documents = await asyncio.gather(*(server.get(provider.jwks_url) for _ in range(20)))

    assert len(set(documents)) == 1
