"""A connection at a door: uvicorn's protocol with our strictness, deadlines and peer certificate.

    HEAD    the head is gathered, checked by `heads`, then shown to the parser      10 s
    BODY    the parser reads the body; overhead and trailers are watched             10 s
    ANSWER  the application answers; what comes now is a pipelined request: unread
    ENDED   refused or done; what comes is thrown away until the connection closes

One request at a time: a second one sent before the first is answered is not read, and the
connection closes behind the first answer (RFC 9112, section 9.3.2 allows it, and nothing can be
smuggled that way). An idle connection is closed after `KEEPALIVE_SECONDS`.
"""

import asyncio
from enum import Enum, auto

import httptools
from typing_extensions import override
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from creditbridge.server.door_state import DoorState, encode_refusal
from creditbridge.server.heads import (
    RequestRefused,
    RequestTooSlow,
    find_head_end,
    require_head,
)
from creditbridge.server.proxies import PASSED_FIELDS
from creditbridge.server.timer import Timer
from creditbridge.server.tls import Tls, describe_tls

HEAD_SECONDS = 10.0
BODY_SECONDS = 10.0
WRITE_SECONDS = 10.0
KEEPALIVE_SECONDS = 30
LINGER_SECONDS = 0.25
CONNECTIONS_MAX = 4_096
# What a chunked body may cost beside its content: extensions and sizes (RFC 9112, section 7.1.1).
OVERHEAD_BYTES_MAX = 16_384
OVERHEAD_PER_BYTE = 8


class Stage(Enum):
    """How far the present request came."""

    HEAD = auto()
    BODY = auto()
    ANSWER = auto()
    ENDED = auto()


class DoorProtocol(HttpToolsProtocol):
    """One connection."""

    def __init__(self, config: Config, state: DoorState, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(config, state, {}, loop)
        self._state = state
        self._stage = Stage.HEAD
        self._received = bytearray()
        self._checked = 0
        self._body_raw = 0
        self._body_read = 0
        self._in_trailers = False
        self._begun = False
        self._tls: Tls | None = None
        self._identity: Tls | None = None
        self._deadline = Timer(loop)
        self._write_deadline = Timer(loop)
        # Our own parser: uvicorn's is lenient about what follows `Connection: close`.
        self.parser = self._parser = httptools.HttpRequestParser(self)

    @override
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn itself
        """Begin: the first head has its deadline."""
        super().connection_made(transport)
        self._tls = describe_tls(transport)
        self._deadline.start(HEAD_SECONDS, self._head_too_slow)
        if len(self.connections) > CONNECTIONS_MAX:
            transport.abort()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        """End: nothing of it is left on the clock."""
        self._stage = Stage.ENDED
        self._deadline.stop()
        self._write_deadline.stop()
        self._unset_keepalive_if_required()
        super().connection_lost(exc)
        del self._parser

    @override
    def data_received(self, data: bytes) -> None:
        """Take what came, as the stage says."""
        match self._stage:
            case Stage.HEAD:
                self._unset_keepalive_if_required()
                self._take_head(data)
            case Stage.BODY:
                self._feed(data)
            case Stage.ANSWER:
                self.cycle.keep_alive = False
            case Stage.ENDED:
                pass

    def _take_head(self, data: bytes) -> None:
        if not self._deadline.is_running:
            self._deadline.start(HEAD_SECONDS, self._head_too_slow)
        self._received += data
        # One empty line before the request line is overlooked (RFC 9112, section 2.2).
        if self._checked == 0 and self._received.startswith(b"\r\n"):
            del self._received[:2]
        try:
            end = find_head_end(self._received, checked=self._checked)
            self._checked = len(self._received)
            if end is None:
                return
            head, rest = bytes(self._received[:end]), bytes(self._received[end:])
            self._identity = self._state.identify(self._tls, require_head(head))
        except RequestRefused as refusal:
            self._refuse(refusal)
            return
        self._received.clear()
        self._checked = self._body_raw = self._body_read = 0
        self._stage = Stage.BODY
        self._deadline.start(BODY_SECONDS, self._body_too_slow)
        self._feed(head, of_body=False)
        if rest:
            self.data_received(rest)

    def _feed(self, data: bytes, *, of_body: bool = True) -> None:
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            # Behind a whole request the parser stumbles over the next one, which is not read.
            if self._stage is Stage.ANSWER:
                self.cycle.keep_alive = False
            else:
                self._refuse(RequestRefused())
            return
        if of_body:
            self._body_raw += len(data)
        overhead = self._body_raw - self._body_read
        if overhead > OVERHEAD_BYTES_MAX + OVERHEAD_PER_BYTE * self._body_read:
            self._refuse(RequestRefused())

    # What the parser calls. An exception here ends the parsing and comes out of `feed_data`.

    @override
    def on_message_begin(self) -> None:
        """Begin a request, if none is in hand."""
        if self._stage is Stage.ANSWER:
            raise RequestRefused
        super().on_message_begin()
        if self._identity is not None:
            self.scope["extensions"] = {"tls": self._identity}
        self._in_trailers = False

    @override
    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header; a trailer is refused."""
        # A trailer would join the headers that the application already reads
        # (RFC 9110, section 6.5.1: many fields must not come that way).
        if self._in_trailers:
            raise RequestRefused
        # Read and judged already: nobody behind the door needs to know that there is a proxy.
        if name.lower() not in PASSED_FIELDS:
            super().on_header(name, value)

    @override
    def on_headers_complete(self) -> None:
        """Hand the request to the application."""
        self._in_trailers = True
        super().on_headers_complete()
        self._begun = True
        if self._state.ending:
            self.cycle.keep_alive = False

    @override
    def on_body(self, body: bytes) -> None:
        """Hand a piece of the body on, and count it."""
        self._body_read += len(body)
        super().on_body(body)

    @override
    def on_message_complete(self) -> None:
        """The request is whole."""
        super().on_message_complete()
        self._stage = Stage.ANSWER
        self._deadline.stop()

    @override
    def on_response_complete(self) -> None:
        """Wait for the next request, or end."""
        super().on_response_complete()
        whole = self._stage is Stage.ANSWER
        self._stage = Stage.HEAD if whole and self.cycle.keep_alive else Stage.ENDED
        if not whole:
            # The rest of the body would be taken for a request.
            self._linger()
        if self.transport.is_closing():
            self._arm_write()

    # Ends

    @override
    def timeout_keep_alive_handler(self) -> None:
        """Close: nobody asked for anything in time."""
        self._close()

    @override
    def shutdown(self) -> None:
        """Close an idle connection now, another one behind its answer."""
        self.announce_end()
        if self._stage is Stage.HEAD and not self._received:
            self._close()

    def announce_end(self) -> None:
        """Say `Connection: close` in the answers that have not begun."""
        if self._begun:
            self.cycle.keep_alive = False

    def _refuse(self, refusal: RequestRefused) -> None:
        self._stage = Stage.ENDED
        self._deadline.stop()
        self._received.clear()
        self._state.refused(refusal.code)
        if self._begun and not self.cycle.response_complete:
            # The application is told that its caller is gone; what it still sends is dropped, so
            # that no request gets two answers.
            self.cycle.disconnected = True
            self.cycle.message_event.set()
            if self.cycle.response_started:
                self._close()
                return
        self.transport.write(encode_refusal(refusal, self._state))
        self._linger()

    def _linger(self) -> None:
        # Closing over unread bytes resets the connection, and the answer is lost with it.
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self._deadline.start(LINGER_SECONDS, self._close)

    def _close(self) -> None:
        self._deadline.stop()
        self.transport.close()
        self._arm_write()

    def _head_too_slow(self) -> None:
        if self._received:
            self._refuse(RequestTooSlow())
        else:
            self._close()

    def _body_too_slow(self) -> None:
        self._refuse(RequestTooSlow())

    # Slow readers

    @override
    def pause_writing(self) -> None:
        """The reader is slow: his time begins."""
        super().pause_writing()
        self._arm_write()

    @override
    def resume_writing(self) -> None:
        """The reader caught up."""
        super().resume_writing()
        if not self.transport.is_closing():
            self._write_deadline.stop()

    def _arm_write(self) -> None:
        if not self._write_deadline.is_running:
            self._write_deadline.start(WRITE_SECONDS, self.transport.abort)
