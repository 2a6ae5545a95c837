"""The way out: HTTP over TLS 1.3 to one peer each, and the only importer of httpx.

A client speaks to one origin, whose certificate ends in one pinned CA file. It follows no
redirect, keeps no cookie, takes no proxy from the environment, decodes no content coding
(digests are over the bytes as they came), and repeats nothing: that is `platforms/transport`.
"""

import asyncio
import socket
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from functools import lru_cache, partial
from typing import TypeAlias

import aiohttp
import httpx
import yarl
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver
from httpx_aiohttp import AiohttpTransport
from typing_extensions import override

from creditbridge.foundation.addresses import is_address, is_callable
from creditbridge.foundation.client_tls import client_context
from creditbridge.foundation.http_messages import (
    CONNECT_SECONDS,
    RESPONSE_BYTES_MAX,
    AddressRefused,
    HttpAnswerUnfit,
    HttpClientSettings,
    HttpRequest,
    HttpResponse,
    HttpTooLarge,
    HttpUnavailable,
    Reach,
)

__all__ = [
    "AddressRefused",
    "Http",
    "HttpAnswerUnfit",
    "HttpClientSettings",
    "HttpRequest",
    "HttpResponse",
    "HttpTooLarge",
    "HttpUnavailable",
    "Reach",
    "client_over",
    "open_client",
]

Origin: TypeAlias = tuple[str, str, int | None]

HEADER_BYTES_MAX = 16_384
ADDRESSES_MAX = 64
AGENT = ("user-agent", "creditbridge")
# No content coding: digests are over the bytes as they came (RFC 9530, section 2).
CODING = ("accept-encoding", "identity")


class Http:
    """A client of one origin. Closed by whoever opened it."""

    def __init__(
        self,
        transport: httpx.AsyncBaseTransport,
        origin: Origin,
        *,
        connect_seconds: float,
        bytes_max: int,
    ) -> None:
        self._transport = transport
        self._origin = origin
        self._bytes_max = bytes_max
        # Reads have no limit of their own: one deadline holds for the whole exchange.
        timeout = httpx.Timeout(None, connect=connect_seconds, pool=connect_seconds)
        self._extensions = {"timeout": timeout.as_dict()}

    async def send(self, request: HttpRequest, *, timeout_seconds: float) -> HttpResponse:
        """Send once and return the whole answer, all within one deadline.

        Raises:
            AddressRefused: not this client's origin; nothing was sent.
            HttpUnavailable: no whole answer in time.
            HttpTooLarge: the answer's body passed the limit.
            HttpAnswerUnfit: a content coding, or an answer that is no HTTP.
        """
        url = self._require_address(request.url)
        async with _way() as way:
            try:
                async with asyncio.timeout(timeout_seconds):
                    return await self._exchange(request, url)
            except TimeoutError as error:
                sent = way.may_have_sent
                raise HttpUnavailable(sent=sent, detail="the deadline passed") from error
            except aiohttp.ClientResponseError as error:
                raise HttpAnswerUnfit(detail=error.message) from error
            except (httpx.TransportError, aiohttp.ClientError) as error:
                raise _tell(error, way) from error

    async def close(self) -> None:
        """Close every connection."""
        await self._transport.aclose()

    def _require_address(self, address: str) -> httpx.URL:
        url = _parse_address(address)
        if (url.scheme, url.host, url.port) != self._origin:
            raise AddressRefused(detail=f"not at {self._origin}")
        return url

    async def _exchange(self, request: HttpRequest, url: httpx.URL) -> HttpResponse:
        headers = [*request.headers, AGENT, CODING]
        outgoing = httpx.Request(
            request.method,
            url,
            headers=headers,
            content=request.body,
            extensions=self._extensions,
        )
        # Without the library's client around it: that is there for redirects, cookies and
        # authentication, none of which may happen here, and takes a third of the time.
        response = await self._transport.handle_async_request(outgoing)
        try:
            # Asked for nothing coded; what came coded all the same would pass the limit unseen.
            if response.headers.get("content-encoding", "identity") != "identity":
                raise HttpAnswerUnfit(detail="the answer has a content coding")
            body = await self._read(response)
        finally:
            await response.aclose()
        fields = tuple(
            (name.decode("latin-1").lower(), value.decode("latin-1"))
            for name, value in response.headers.raw
        )
        return HttpResponse(status=response.status_code, headers=fields, body=body)

    async def _read(self, response: httpx.Response) -> bytes:
        body = bytearray()
        async for chunk in response.aiter_bytes():
            body += chunk
            # While it comes in: a declared length may lie.
            if len(body) > self._bytes_max:
                raise HttpTooLarge(detail=f"over {self._bytes_max} bytes")
        return bytes(body)


def open_client(settings: HttpClientSettings) -> Http:
    """Return a client of the origin of `base_url`. Call inside a running loop.

    Raises:
        AddressRefused: no https, or an address that this client may not reach.
        OSError: a file is absent or holds no key or certificate.
    """
    origin = _origin_of(settings.base_url)
    if origin[0] != "https":
        raise AddressRefused(detail="a peer must be called over https")
    # A host that is an address is looked up nowhere, so it is asked for here.
    if is_address(origin[1]):
        _require_reach(origin[1], settings.reaches)
    context = client_context(
        ca_file=settings.ca_file,
        certificate_file=settings.client_certificate_file,
        key_file=settings.client_key_file,
        pins=frozenset(settings.pins),
    )

    open_session = partial(_open_session, settings, context)
    transport = AiohttpTransport(verify=context, trust_env=False, client=open_session)
    return Http(
        transport,
        origin,
        connect_seconds=settings.connect_seconds,
        bytes_max=settings.response_bytes_max,
    )


def _open_session(settings: HttpClientSettings, context: ssl.SSLContext) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(
            ssl=context,
            resolver=_resolver_for(settings.reaches),
            limit=settings.connections_max,
            keepalive_timeout=settings.keepalive_seconds,
        ),
        cookie_jar=aiohttp.DummyCookieJar(),
        max_field_size=HEADER_BYTES_MAX,
        max_line_size=HEADER_BYTES_MAX,
        skip_auto_headers=("accept", "accept-encoding", "content-type", "user-agent"),
        trace_configs=[_trace()],
        trust_env=False,
    )


class _GuardedResolver(AbstractResolver):
    """Looks names up as ever, and hands on only what may be called: asked at each connection."""

    def __init__(self, reaches: Reach) -> None:
        self._reaches = reaches
        self._inner = ThreadedResolver()

    @override
    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return where a host is.

        Raises:
            AddressRefused: one of its addresses may not be called.
        """
        found = await self._inner.resolve(host, port, family)
        # All of them: a name that also leads inside is not one to call outside.
        for one in found:
            _require_reach(one["host"], self._reaches)
        return found

    @override
    async def close(self) -> None:
        """Let go of nothing: names are looked up in threads of the loop's own."""


def _resolver_for(reaches: Reach) -> AbstractResolver | None:
    return None if reaches is Reach.ANY else _GuardedResolver(reaches)


def _require_reach(address: str, reaches: Reach) -> None:
    allows_loopback = reaches is Reach.PUBLIC_OR_LOOPBACK
    if reaches is not Reach.ANY and not is_callable(address, allows_loopback=allows_loopback):
        raise AddressRefused(detail="an address that is not public")


def client_over(
    transport: httpx.AsyncBaseTransport,
    *,
    base_url: str,
    response_bytes_max: int = RESPONSE_BYTES_MAX,
) -> Http:
    """Return a client over another transport: the seam where tests stand in for the network."""
    return Http(
        transport,
        _origin_of(base_url),
        connect_seconds=CONNECT_SECONDS,
        bytes_max=response_bytes_max,
    )


def _origin_of(address: str) -> Origin:
    try:
        url = httpx.URL(address)
    except httpx.InvalidURL as error:
        raise AddressRefused(detail="the base address is not a URL") from error
    return url.scheme, url.host, url.port


# A dialect calls few addresses, and each of them often.
@lru_cache(ADDRESSES_MAX)
def _parse_address(address: str) -> httpx.URL:
    try:
        url, rewritten = httpx.URL(address), str(yarl.URL(address))
    except (httpx.InvalidURL, ValueError) as error:
        raise AddressRefused(detail="not a URL") from error
    # What the libraries write differently they would send differently, under a signature that
    # covers the address as given (RFC 9421, section 2.2.2).
    # A password in an address ends in logs; a fragment is never sent.
    if url.userinfo or url.fragment or not str(url) == address == rewritten:
        raise AddressRefused(detail="not as it would be sent")
    return url


class _Way:
    """How far a request came: `started`, then `connected`; a foreign transport tells neither."""

    def __init__(self) -> None:
        self.started = False
        self.connected = False

    @property
    def may_have_sent(self) -> bool:
        """Whether a byte of the request may have left."""
        return self.connected or not self.started


_PRESENT_WAY: ContextVar[_Way] = ContextVar("_PRESENT_WAY")


@asynccontextmanager
async def _way() -> AsyncGenerator[_Way]:
    way = _Way()
    token = _PRESENT_WAY.set(way)
    try:
        yield way
    finally:
        _PRESENT_WAY.reset(token)


def _trace() -> aiohttp.TraceConfig:
    trace = aiohttp.TraceConfig()
    trace.on_request_start.append(_start_way)
    trace.on_connection_create_end.append(_connect_way)
    trace.on_connection_reuseconn.append(_connect_way)
    return trace


async def _start_way(_session: object, _context: object, _parameters: object) -> None:
    _PRESENT_WAY.get().started = True


async def _connect_way(_session: object, _context: object, _parameters: object) -> None:
    _PRESENT_WAY.get().connected = True


def _tell(error: httpx.TransportError | aiohttp.ClientError, way: _Way) -> HttpUnavailable:
    cause = error.__cause__ or error
    detail = f"{type(cause).__name__}: {cause}"
    if way.started:
        # The transport's own error says ConnectTimeout for a connection lost half-way as well.
        return HttpUnavailable(sent=way.connected, detail=detail)
    unsent = httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout
    return HttpUnavailable(sent=not isinstance(error, unsent), detail=detail)
