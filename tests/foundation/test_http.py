"""Tests of the way out: over real TLS on loopback, and over the seam."""

import asyncio
import gzip
import hashlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Protocol

import httpx
import pytest
import respx
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import load_pem_x509_certificate
from msgspec.structs import replace
from tests.waiting import PATIENCE_SECONDS

from creditbridge.foundation.http import (
    AddressRefused,
    Http,
    HttpAnswerUnfit,
    HttpClientSettings,
    HttpRequest,
    HttpResponse,
    HttpTooLarge,
    HttpUnavailable,
    Reach,
    client_over,
    open_client,
)

ENDLESS = 1e9
Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
BASE = "https://platform.example"


class Pki(Protocol):
    """What these tests need of the authority."""

    folder: Path
    ca_file: Path

    def another(self, name: str) -> "Pki": ...

    def issue(
        self, name: str, *, client: bool = False, days: tuple[int, int] = (-1, 30)
    ) -> tuple[Path, Path]: ...


@asynccontextmanager
async def served(
    handler: Handler, pki: Pki, *, ask_client: bool = False, days: tuple[int, int] = (-1, 30)
) -> AsyncIterator[str]:
    """Serve raw connections at 127.0.0.1 over TLS 1.3; the value is the base URL."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*pki.issue("platform", days=days))
    if ask_client:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(pki.ca_file)
    server = await asyncio.start_server(handler, "127.0.0.1", 0, ssl=context)
    async with server:
        yield f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"


@asynccontextmanager
async def opened(settings: HttpClientSettings) -> AsyncIterator[Http]:
    """Open a client and close it."""
    client = open_client(settings)
    try:
        yield client
    finally:
        await client.close()


def answering(*answers: bytes) -> Handler:
    """Return a server that reads a head per answer and sends the answers; then it hangs up."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            for answer in answers:
                await reader.readuntil(b"\r\n\r\n")
                writer.write(answer)
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    return handle


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Twice: a\r\nX-Twice: b\r\n\r\nhi"


def settings_of(base: str, pki: Pki, **changes: object) -> HttpClientSettings:
    """Return settings that trust the test's authority."""
    return replace(HttpClientSettings(base_url=base, ca_file=pki.ca_file), **changes)


@pytest.fixture
async def leap(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Moves the clock of the running loop, and with it every deadline, on by so many seconds."""
    loop = asyncio.get_running_loop()
    time = loop.time
    leaps: list[float] = []
    monkeypatch.setattr(loop, "time", lambda: time() + sum(leaps))
    return leaps.append


async def ask(client: Http, url: str, *, seconds: float = PATIENCE_SECONDS) -> HttpResponse:
    """Send one GET."""
    return await client.send(HttpRequest(method="GET", url=url), timeout_seconds=seconds)


async def test_an_answer_comes_whole_with_its_headers_in_order(pki: Pki) -> None:
    """Names in lower case, repeated fields apart, the body as it came."""
    async with served(answering(OK), pki) as base, opened(settings_of(base, pki)) as client:
        response = await ask(client, f"{base}/v1/x?a=1")

    assert response == HttpResponse(
        status=200,
        headers=(("content-length", "2"), ("x-twice", "a"), ("x-twice", "b")),
        body=b"hi",
    )


async def test_a_request_leaves_as_it_was_written(pki: Pki) -> None:
    """Method, target, headers and body; only length, host, coding and agent are added."""
    seen: list[bytes] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await reader.readuntil(b"\r\n\r\n") + await reader.readexactly(4))
        writer.write(OK)
        writer.close()

    async with served(handle, pki) as base, opened(settings_of(base, pki)) as client:
        request = HttpRequest(
            method="POST",
            url=f"{base}/v1/queries",
            headers=(("content-type", "application/json"), ("signature", "sig1=:AA==:")),
            body=b"{ } ",
        )
        await client.send(request, timeout_seconds=5)

    head, _, body = seen[0].partition(b"\r\n\r\n")
    lines = head.lower().split(b"\r\n")
    assert lines[0] == b"post /v1/queries http/1.1"
    assert sorted(line.partition(b":")[0] for line in lines[1:]) == [
        b"accept-encoding",
        b"content-length",
        b"content-type",
        b"host",
        b"signature",
        b"user-agent",
    ]
    assert b"accept-encoding: identity" in lines
    assert body == b"{ } "


async def test_a_connection_is_used_again(pki: Pki) -> None:
    """Keep-alive: a handshake is dearer than a report."""
    connections = 0

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        await answering(OK, OK)(reader, writer)

    async with served(handle, pki) as base, opened(settings_of(base, pki)) as client:
        await ask(client, base + "/1")
        await ask(client, base + "/2")

    assert connections == 1


async def test_a_client_certificate_is_shown(pki: Pki) -> None:
    """Mutual TLS: the platform knows who asks."""
    certificate, key = pki.issue("gateway", client=True)
    async with served(answering(OK), pki, ask_client=True) as base:
        shown = settings_of(base, pki, client_certificate_file=certificate, client_key_file=key)
        async with opened(shown) as client:
            assert (await ask(client, base + "/")).status == 200


async def test_a_refused_client_certificate_shows_at_the_first_read(pki: Pki) -> None:
    """In TLS 1.3 the client has finished its handshake by then, so bytes may have left."""
    async with (
        served(answering(OK), pki, ask_client=True) as base,
        opened(settings_of(base, pki)) as client,
    ):
        with pytest.raises(HttpUnavailable) as caught:
            await ask(client, base + "/")

    assert caught.value.sent


async def test_T4_a_peer_of_another_authority_is_not_asked(pki: Pki) -> None:
    """The CA of this peer only, not those of the machine."""
    other = pki.another("other")
    async with served(answering(OK), other) as base, opened(settings_of(base, pki)) as client:
        with pytest.raises(HttpUnavailable) as caught:
            await ask(client, base + "/")

    assert not caught.value.sent


async def test_a_peer_with_an_expired_certificate_is_not_asked(pki: Pki) -> None:
    """No query is sent."""
    async with (
        served(answering(OK), pki, days=(-9, -1)) as base,
        opened(settings_of(base, pki)) as client,
    ):
        with pytest.raises(HttpUnavailable) as caught:
            await ask(client, base + "/")

    assert not caught.value.sent


async def test_T4_a_peer_under_another_name_is_not_asked(pki: Pki) -> None:
    """The certificate speaks for 127.0.0.1, the address says localhost (RFC 9525)."""
    async with served(answering(OK), pki) as base:
        local = base.replace("127.0.0.1", "localhost")
        async with opened(settings_of(local, pki)) as client:
            with pytest.raises(HttpUnavailable) as caught:
                await ask(client, local + "/")

    assert not caught.value.sent


@pytest.mark.parametrize("right", [True, False])
async def test_a_pinned_key_is_asked_for(pki: Pki, *, right: bool) -> None:
    """Where keys are pinned, the authority's word is not enough."""
    async with served(answering(OK), pki) as base:
        certificate = load_pem_x509_certificate((pki.folder / "platform.pem").read_bytes())
        key = certificate.public_key()
        spki = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        pin = hashlib.sha256(spki).hexdigest() if right else "00" * 32
        async with opened(settings_of(base, pki, pins=(pin,))) as client:
            if right:
                assert (await ask(client, base + "/")).status == 200
            else:
                with pytest.raises(HttpUnavailable) as caught:
                    await ask(client, base + "/")
                assert not caught.value.sent


async def test_an_old_tls_version_is_refused(pki: Pki) -> None:
    """TLS 1.3 at every peer."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(*pki.issue("platform"))
    server = await asyncio.start_server(answering(OK), "127.0.0.1", 0, ssl=context)
    async with server:
        base = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with opened(settings_of(base, pki)) as client:
            with pytest.raises(HttpUnavailable) as caught:
                await ask(client, base + "/")

    assert not caught.value.sent


async def test_nobody_listening_means_nothing_was_sent(pki: Pki) -> None:
    """Connection refused."""
    async with served(answering(OK), pki) as base:
        pass
    async with opened(settings_of(base, pki)) as client:
        with pytest.raises(HttpUnavailable) as caught:
            await ask(client, base + "/")

    assert not caught.value.sent


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Len",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhi",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhi",
    ],
)
async def test_a_connection_lost_after_the_request_may_have_been_sent(
    pki: Pki, answer: bytes
) -> None:
    """Before the answer, in its head, in its body: the query may have counted."""
    async with served(answering(answer), pki) as base, opened(settings_of(base, pki)) as client:
        with pytest.raises(HttpUnavailable) as caught:
            await ask(client, base + "/")

    assert caught.value.sent


@pytest.mark.parametrize("answer", [b"", OK[:-1]])
async def test_the_deadline_holds_over_the_whole_exchange(
    pki: Pki, leap: Callable[[float], None], answer: bytes
) -> None:
    """A peer that hangs, before or within its answer, is left; the query may have counted."""
    release = asyncio.Event()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        leap(PATIENCE_SECONDS)
        await release.wait()
        writer.close()

    async with served(handle, pki) as base, opened(settings_of(base, pki)) as client:
        with pytest.raises(HttpUnavailable) as caught:
            await ask(client, base + "/", seconds=PATIENCE_SECONDS)
        release.set()

    assert caught.value.sent


async def test_a_deadline_during_the_handshake_means_nothing_was_sent(pki: Pki) -> None:
    """A peer that accepts and says nothing."""
    release = asyncio.Event()

    async def handle(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await release.wait()
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    async with server:
        base = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with opened(settings_of(base, pki)) as client:
            with pytest.raises(HttpUnavailable) as caught:
                await ask(client, base + "/", seconds=0.2)
        release.set()

    assert not caught.value.sent


async def test_a_full_pool_sheds_without_sending(pki: Pki, leap: Callable[[float], None]) -> None:
    """The one connection is taken; the second request is told so within the connect limit."""
    arrived, release = asyncio.Event(), asyncio.Event()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        arrived.set()
        await release.wait()
        writer.write(OK)
        writer.close()

    async with served(handle, pki) as base:
        settings = settings_of(base, pki, connections_max=1, connect_seconds=PATIENCE_SECONDS)
        async with opened(settings) as client, asyncio.TaskGroup() as group:
            first = group.create_task(ask(client, base + "/1", seconds=ENDLESS))
            await arrived.wait()
            second = asyncio.create_task(ask(client, base + "/2", seconds=ENDLESS))
            while not second.done():
                await asyncio.sleep(0)
                leap(PATIENCE_SECONDS)
            with pytest.raises(HttpUnavailable) as caught:
                await second
            release.set()
            assert (await first).status == 200

    assert not caught.value.sent


async def test_an_answer_beyond_the_limit_is_cut(pki: Pki) -> None:
    """At the limit it passes; one byte more, announced or endless, does not."""
    exact = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n" + b"x" * 10
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"4\r\nxxxx\r\n" * 10_000
    longer = b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n" + b"x" * 11
    for answer in (longer, chunked):
        async with (
            served(answering(answer), pki) as base,
            opened(settings_of(base, pki, response_bytes_max=10)) as client,
        ):
            with pytest.raises(HttpTooLarge):
                await ask(client, base + "/")
    async with (
        served(answering(exact), pki) as base,
        opened(settings_of(base, pki, response_bytes_max=10)) as client,
    ):
        assert (await ask(client, base + "/")).body == b"x" * 10


async def test_a_coded_answer_is_refused_unread(pki: Pki) -> None:
    """We ask for identity; a compression bomb is never unpacked."""
    bomb = gzip.compress(b"0" * 10_000_000)
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(bomb)
    async with (
        served(answering(head + bomb), pki) as base,
        opened(settings_of(base, pki)) as client,
    ):
        with pytest.raises(HttpAnswerUnfit):
            await ask(client, base + "/")


@pytest.mark.parametrize(
    "answer",
    [
        b"<html>\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 40_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X-Many: 1\r\n" * 10_000 + b"\r\n",
    ],
)
async def test_an_answer_that_is_no_http_is_refused(pki: Pki, answer: bytes) -> None:
    """No HTTP, a header without end, headers without end."""
    async with served(answering(answer), pki) as base, opened(settings_of(base, pki)) as client:
        with pytest.raises(HttpAnswerUnfit):
            await ask(client, base + "/")


async def test_T4_a_redirect_is_returned_and_not_followed(pki: Pki) -> None:
    """Also one to an inner address."""
    redirect = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
    async with served(answering(redirect), pki) as base, opened(settings_of(base, pki)) as client:
        response = await ask(client, base + "/")

    assert (response.status, response.body) == (302, b"")


async def test_no_cookie_is_kept(pki: Pki) -> None:
    """What a peer sets is not sent again."""
    heads: list[bytes] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(2):
            heads.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(b"HTTP/1.1 200 OK\r\nSet-Cookie: a=1; Path=/\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    async with served(handle, pki) as base, opened(settings_of(base, pki)) as client:
        await ask(client, base + "/")
        await ask(client, base + "/")

    assert b"cookie" not in b"".join(heads).lower()


async def test_the_environment_names_no_proxy(pki: Pki, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody reroutes queries by a variable."""
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    async with served(answering(OK), pki) as base, opened(settings_of(base, pki)) as client:
        assert (await ask(client, base + "/")).status == 200


@pytest.mark.parametrize(
    "address",
    [
        "https://platform.example.evil/",
        "https://evil@platform.example/",
        "https://platform.example@evil/",
        "https://platform.example:8443/",
        "http://platform.example/",
        "https://platform.example\\@evil/",
        "https://platform.example/a\\b",
        "//evil/",
        "/relative",
        "https://platform.example/#fragment",
        "https://PLATFORM.example/",
        "https://platform.example:443/",
        "https://platform.example/a b",
        "https://platform.example/a/../b",
        "https://platform.example/%7Ea",
        "https://platform.example/企业",
        "https://[::1",
        "https://platform.example:99999/",
        "",
    ],
)
async def test_only_the_own_origin_is_called(address: str) -> None:
    """Another host, port or scheme, or an address that would leave otherwise than written."""
    async with respx.MockRouter(assert_all_mocked=True) as router:
        client = client_over(httpx.MockTransport(router.async_handler), base_url=BASE)

        with pytest.raises(AddressRefused):
            await ask(client, address)

        assert not router.calls


@pytest.mark.parametrize("base", ["http://platform.example", "platform.example", "https://[::1"])
async def test_a_peer_without_tls_is_refused_at_start(pki: Pki, base: str) -> None:
    """A plain address is a mistake in the settings."""
    with pytest.raises(AddressRefused):
        open_client(settings_of(base, pki))


async def test_K3_a_public_client_calls_no_neighbour(pki: Pki) -> None:
    """An address is refused at once; a name, once it is known where it leads: nothing is sent."""
    settings = settings_of("https://127.0.0.1:9", pki, reaches=Reach.PUBLIC)
    with pytest.raises(AddressRefused):
        open_client(settings)

    named = replace(settings, base_url="https://localhost:9")
    async with opened(named) as client:
        with pytest.raises(AddressRefused):
            await ask(client, "https://localhost:9/keys")


async def test_K3_this_machine_is_called_where_a_test_allows_it(pki: Pki) -> None:
    """By address and by name; the name must still be the certificate's."""
    async with served(answering(OK), pki) as base:
        settings = settings_of(base, pki, reaches=Reach.PUBLIC_OR_LOOPBACK)
        async with opened(settings) as client:
            assert (await ask(client, f"{base}/keys")).status == 200

        local = base.replace("127.0.0.1", "localhost")
        async with opened(replace(settings, base_url=local)) as client:
            with pytest.raises(HttpUnavailable):
                await ask(client, f"{local}/keys")


async def test_without_an_authority_the_systems_are_believed(pki: Pki) -> None:
    """None of them signed the test's certificate."""
    async with (
        served(answering(OK), pki) as base,
        opened(settings_of(base, pki, ca_file=None)) as client,
    ):
        with pytest.raises(HttpUnavailable) as caught:
            await ask(client, f"{base}/keys")

    assert not caught.value.sent


@pytest.mark.parametrize(
    ("error", "sent"),
    [
        (httpx.ConnectError, False),
        (httpx.ConnectTimeout, False),
        (httpx.PoolTimeout, False),
        (httpx.ReadTimeout, True),
        (httpx.RemoteProtocolError, True),
        (TimeoutError, True),
    ],
)
async def test_over_the_seam_the_error_tells_what_was_sent(
    error: type[Exception], *, sent: bool
) -> None:
    """A transport that stands in for the network says it by the type of its error."""
    router = respx.MockRouter()
    router.get(f"{BASE}/v1").mock(side_effect=error)
    client = client_over(httpx.MockTransport(router.async_handler), base_url=BASE)

    with pytest.raises(HttpUnavailable) as caught:
        await ask(client, f"{BASE}/v1")

    assert caught.value.sent is sent
    assert caught.value.code == "http-unavailable"


async def test_over_the_seam_an_answer_comes_as_over_the_network() -> None:
    """The same client, another transport."""
    router = respx.MockRouter()
    router.get(f"{BASE}/v1").respond(404, json={"a": 1}, headers={"X-One": "1"})
    client = client_over(httpx.MockTransport(router.async_handler), base_url=BASE)

    response = await ask(client, f"{BASE}/v1")
    await client.close()

    assert (response.status, response.body) == (404, b'{"a":1}')
    assert ("x-one", "1") in response.headers
