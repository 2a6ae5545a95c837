"""Tests of a connection at a door, over raw sockets: framing, limits, deadlines, ends."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, MutableMapping
from contextlib import asynccontextmanager, suppress
from typing import Protocol

import msgspec
import pytest
from tests.waiting import PATIENCE_SECONDS, eventually

from creditbridge.server.doors import Door, OpenDoor, open_door
from creditbridge.server.protocol import (
    BODY_SECONDS,
    HEAD_SECONDS,
    WRITE_SECONDS,
    DoorProtocol,
)

Message = MutableMapping[str, object]


class Receive(Protocol):
    """ASGI's receive."""

    async def __call__(self) -> Message: ...


class Send(Protocol):
    """ASGI's send."""

    async def __call__(self, message: Message) -> None: ...


class House:
    """An application that answers with what it read, or as a test tells it to."""

    def __init__(self) -> None:
        self.scopes: list[Message] = []
        self.bodies: list[bytes] = []
        self.refusals: list[str] = []
        self.disconnects = 0
        self.reads = True
        self.answer = b"ok"
        self.gate = asyncio.Event()
        self.gate.set()
        self.began = asyncio.Event()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        self.scopes.append(scope)
        self.began.set()
        if self.reads:
            body = b""
            more = True
            while more:
                message = await receive()
                if message["type"] == "http.disconnect":
                    self.disconnects += 1
                    more = False
                else:
                    body += msgspec.convert(message["body"], bytes)
                    more = message["more_body"] is True
            self.bodies.append(body)
        await self.gate.wait()
        length = str(len(self.answer)).encode()
        headers = [(b"content-length", length)]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": self.answer})


class Wire:
    """The client's side of a connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def send(self, raw: bytes) -> None:
        self.writer.write(raw)
        await self.writer.drain()

    async def read_answer(self) -> tuple[int, dict[str, str], bytes]:
        """Read one answer: status, headers, body."""
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode()
        first, *lines = head.rstrip().split("\r\n")
        headers = {name: value for name, _, value in (line.partition(": ") for line in lines)}
        body = await self.reader.readexactly(int(headers["content-length"]))
        return int(first.split()[1]), headers, body

    async def read_rest(self) -> bytes:
        """Read what comes until the server closes."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            with suppress(ConnectionResetError):
                return await self.reader.read()
        return b""


class HandTimer:
    """A connection's deadline, on the clock below."""

    def __init__(self, clock: "HandClock") -> None:
        self._running = clock.running

    @property
    def is_running(self) -> bool:
        return self in self._running

    def start(self, seconds: float, expired: Callable[[], None]) -> None:
        self._running[self] = (seconds, expired)

    def stop(self) -> None:
        self._running.pop(self, None)


class HandClock:
    """The time of the connections' deadlines, which passes only where a test says so."""

    def __init__(self) -> None:
        self.running: dict[HandTimer, tuple[float, Callable[[], None]]] = {}
        self.received = 0

    def pass_by(self, seconds: float) -> None:
        """Let time pass; what is due happens."""
        for timer, (left, expired) in list(self.running.items()):
            self.running[timer] = (left - seconds, expired)
            if left <= seconds:
                timer.stop()
                expired()

    async def until_received(self, count: int) -> None:
        """Wait until the door has taken in so many bytes."""
        await eventually(lambda: self.received >= count)


@pytest.fixture
def house() -> House:
    """The application behind the door."""
    return House()


@pytest.fixture
async def door(house: House) -> AsyncIterator[OpenDoor]:
    """A plain door on loopback."""
    opened = await open_door(
        Door(
            name="operations",
            app=house,
            host="127.0.0.1",
            port=0,
            tls=None,
            refused=house.refusals.append,
        )
    )
    yield opened
    house.gate.set()
    opened.abort()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> HandClock:
    """The deadlines of connections, in the test's hand."""
    clock = HandClock()
    take = DoorProtocol.data_received

    def take_and_count(connection: DoorProtocol, data: bytes) -> None:
        take(connection, data)
        clock.received += len(data)

    monkeypatch.setattr("creditbridge.server.protocol.Timer", lambda _loop: HandTimer(clock))
    monkeypatch.setattr(DoorProtocol, "data_received", take_and_count)
    return clock


@asynccontextmanager
async def connected(door: OpenDoor) -> AsyncIterator[Wire]:
    """Open a connection and close it."""
    reader, writer = await asyncio.open_connection(*door.address)
    try:
        yield Wire(reader, writer)
    finally:
        writer.close()


def post(body: bytes = b"", *lines: bytes) -> bytes:
    """Return a POST with a length."""
    length = b"Content-Length: %d" % len(body)
    return b"\r\n".join([b"POST /x HTTP/1.1", b"Host: a", length, *lines, b"", body])


CHUNKED = b"POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
GET = b"GET /x?a=1 HTTP/1.1\r\nHost: a\r\n\r\n"


async def refuse(door: OpenDoor, raw: bytes) -> tuple[int, str]:
    """Send bytes that must be refused; return status and code, with exactly one answer."""
    async with connected(door) as wire:
        await wire.send(raw)
        status, headers, body = await wire.read_answer()
        assert headers["connection"] == "close"
        assert headers["content-type"] == "application/problem+json"
        assert re.fullmatch(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT", headers["date"])
        problem = msgspec.json.decode(body, type=dict[str, object])
        assert problem["status"] == status
        assert await wire.read_rest() == b""
    return status, str(problem["code"])


async def test_requests_follow_each_other_on_one_connection(house: House, door: OpenDoor) -> None:
    """Keep-alive: with a length, chunked, with none, with an empty line before."""
    async with connected(door) as wire:
        for raw in (post(b"hello"), CHUNKED + b"5\r\nhello\r\n0\r\n\r\n", GET, b"\r\n" + GET):
            await wire.send(raw)
            status, headers, body = await wire.read_answer()
            assert (status, body) == (200, b"ok")
            assert "connection" not in headers
            assert "server" not in headers

    assert house.bodies == [b"hello", b"hello", b"", b""]
    assert [scope["path"] for scope in house.scopes] == ["/x"] * 4
    assert house.scopes[2]["query_string"] == b"a=1"
    assert "extensions" not in house.scopes[0]
    assert house.refusals == []


async def test_a_request_may_come_byte_by_byte(house: House, door: OpenDoor) -> None:
    """The pieces of a head and of a body are put together, whatever their size."""
    async with connected(door) as wire:
        for byte in post(b"hello"):
            await wire.send(bytes([byte]))
            await asyncio.sleep(0)
        assert (await wire.read_answer())[0] == 200
        for byte in CHUNKED + b"3\r\nabc\r\n0\r\n\r\n":
            await wire.send(bytes([byte]))
            await asyncio.sleep(0)
        assert (await wire.read_answer())[0] == 200

    assert house.bodies == [b"hello", b"abc"]


async def test_a_large_body_passes(house: House, door: OpenDoor) -> None:
    """Flow control holds a client back, it does not cut it off."""
    body = bytes(range(256)) * 8_192
    chunk = b"%x\r\n" % len(body) + body + b"\r\n"
    async with connected(door) as wire:
        await wire.send(post(body))
        assert (await wire.read_answer())[0] == 200
        await wire.send(CHUNKED + chunk + b"0\r\n\r\n")
        assert (await wire.read_answer())[0] == 200

    assert house.bodies == [body, body]


@pytest.mark.parametrize(
    ("raw", "status", "code"),
    [
        (b"GET / HTTP/1.1\nHost: a\n\n", 400, "request-malformed"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400, "request-malformed"),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, "request-malformed"),
        (b"FOO / HTTP/1.1\r\nHost: a\r\n\r\n", 400, "request-malformed"),
        (post(b"x", b"Content-Length: 1"), 400, "request-malformed"),
        (post(b"x", b"Transfer-Encoding: chunked"), 400, "request-malformed"),
        (b"GET /" + b"a" * 9_000, 414, "target-too-long"),
        (
            b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 17_000 + b"\r\n\r\n",
            431,
            "header-too-large",
        ),
        (b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: 1\r\n" * 100 + b"\r\n", 431, "header-too-large"),
        (b"GET / HTTP/1.1\r\nX: " + b"a" * 90_000, 431, "header-too-large"),
    ],
)
async def test_a_bad_head_gets_one_problem_and_the_connection_closes(
    house: House, door: OpenDoor, raw: bytes, status: int, code: str
) -> None:
    """The application never hears of it; the door counts it."""
    assert await refuse(door, raw + GET) == (status, code)
    assert house.scopes == []
    assert house.refusals == [code]


@pytest.mark.parametrize(
    "body",
    [
        b"5\nhello\r\n0\r\n\r\n",
        b"5\r\nhello0\r\n\r\n",
        b"5\r\nhelloXX0\r\n\r\n",
        b"5\r\nhello\n0\r\n\r\n",
        b"-5\r\nhello\r\n0\r\n\r\n",
        b"0x5\r\nhello\r\n0\r\n\r\n",
        b"5 \r\nhello\r\n0\r\n\r\n",
        b"g\r\nhello\r\n0\r\n\r\n",
        b"\r\nhello\r\n0\r\n\r\n",
        b"ffffffffffffffffff\r\nhello\r\n0\r\n\r\n",
        b"5;" + b"x" * 1_000_000 + b"\r\nhello\r\n0\r\n\r\n",
        b"1;" + b"x" * 900 + b"\r\nh\r\n" + (b"1;" + b"x" * 900 + b"\r\nh\r\n") * 30,
        b"5\r\nhello\r\n0\r\nAuthorization: Bearer x\r\n\r\n",
        b"5\r\nhello\r\n0\r\nX: 1\r\n\r\n",
        b"5\r\nhello\r\n0\r\nX 1\r\n\r\n",
    ],
)
async def test_a_bad_chunk_gets_one_problem_and_the_connection_closes(
    house: House, door: OpenDoor, body: bytes
) -> None:
    """Sizes, terminators, endless extensions, trailers; the application's answer is dropped."""
    assert await refuse(door, CHUNKED + body) == (400, "request-malformed")
    assert house.refusals == ["request-malformed"]
    assert house.disconnects == len(house.scopes)


@pytest.mark.parametrize(
    "second", [GET, b"GARBAGE\n", CHUNKED, b"GET http://evil.example/ HTTP/1.1\r\n\r\n"]
)
@pytest.mark.parametrize("first", [GET, post(b"hi"), CHUNKED + b"2\r\nhi\r\n0\r\n\r\n"])
async def test_a_pipelined_request_is_not_read(
    house: House, door: OpenDoor, first: bytes, second: bytes
) -> None:
    """The first is answered, the connection closes; nothing hides behind a body."""
    async with connected(door) as wire:
        await wire.send(first + second)
        status, headers, body = await wire.read_answer()
        assert (status, headers["connection"], body) == (200, "close", b"ok")
        assert await wire.read_rest() == b""

    assert len(house.scopes) == 1


async def test_a_request_sent_before_the_answer_is_not_read(
    house: House, door: OpenDoor, clock: HandClock
) -> None:
    """Pipelined in a packet of its own, while the first is being answered."""
    house.gate.clear()
    async with connected(door) as wire:
        await wire.send(GET)
        await house.began.wait()
        await wire.send(GET)
        await clock.until_received(2 * len(GET))
        house.gate.set()
        assert (await wire.read_answer())[1]["connection"] == "close"
        assert await wire.read_rest() == b""

    assert len(house.scopes) == 1


async def test_data_behind_connection_close_is_not_read(house: House, door: OpenDoor) -> None:
    """What the client said was its last is its last."""
    async with connected(door) as wire:
        await wire.send(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" + GET)
        assert (await wire.read_answer())[1]["connection"] == "close"
        assert await wire.read_rest() == b""

    assert len(house.scopes) == 1


async def test_expect_is_continued_only_when_the_body_is_wanted(
    house: House, door: OpenDoor
) -> None:
    """100 Continue comes when the application reads."""
    raw = post(b"hello", b"Expect: 100-continue")
    async with connected(door) as wire:
        await wire.send(raw[:-5])
        assert await wire.reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        await wire.send(raw[-5:])
        assert (await wire.read_answer())[0] == 200

    assert house.bodies == [b"hello"]


async def test_an_answer_before_the_body_ends_the_connection(house: House, door: OpenDoor) -> None:
    """The rest of the body would be taken for a request (RFC 9110, section 10.1.1)."""
    house.reads = False
    async with connected(door) as wire:
        await wire.send(post(b"hello", b"Expect: 100-continue")[:-5])
        assert (await wire.read_answer())[0] == 200
        await wire.send(GET)
        assert await wire.read_rest() == b""

    assert len(house.scopes) == 1


async def test_an_unread_body_is_not_held_against_a_later_request(
    house: House, door: OpenDoor
) -> None:
    """A body that came whole leaves the connection usable though nobody read it."""
    house.reads = False
    async with connected(door) as wire:
        for _ in range(2):
            await wire.send(post(b"hello"))
            assert (await wire.read_answer())[0] == 200

    assert len(house.scopes) == 2


# Deadlines, on a clock in the test's hand.


@pytest.mark.parametrize(
    ("raw", "seconds"),
    [
        (b"GET / HT", HEAD_SECONDS),
        (post(b"hello")[:-2], BODY_SECONDS),
        (CHUNKED + b"5\r\nhe", BODY_SECONDS),
    ],
)
async def test_a_slow_request_is_told_and_closed(
    house: House, door: OpenDoor, clock: HandClock, raw: bytes, seconds: float
) -> None:
    """Slow head, slow body, slow chunk: 408 and close."""
    refused = asyncio.create_task(refuse(door, raw))
    await clock.until_received(len(raw))
    clock.pass_by(seconds - 1)
    assert house.refusals == []

    clock.pass_by(1)

    assert await refused == (408, "request-too-slow")
    assert house.refusals == ["request-too-slow"]


async def test_a_trickle_does_not_move_the_deadline(door: OpenDoor, clock: HandClock) -> None:
    """A byte now and then is as slow as none."""
    head = b"GET / HTTP/1.1\r\nHost: a\r\nX: "
    async with connected(door) as wire:
        await wire.send(head)
        for second in range(int(HEAD_SECONDS)):
            await clock.until_received(len(head) + second)
            clock.pass_by(1)
            await wire.send(b"1")

        assert (await wire.read_answer())[0] == 408
        assert await wire.read_rest() == b""


async def test_a_silent_connection_is_closed_without_a_word(
    house: House, door: OpenDoor, clock: HandClock
) -> None:
    """Nothing was asked, nothing is answered."""
    async with connected(door) as wire:
        await eventually(lambda: bool(clock.running))
        clock.pass_by(HEAD_SECONDS)
        assert await wire.read_rest() == b""

    assert house.refusals == []


async def test_an_idle_connection_is_closed(
    door: OpenDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Keep-alive has an end; each request begins it anew, a begun one has the head's deadline."""
    async with connected(door) as wire:
        await wire.send(GET)
        await wire.read_answer()
        (connection,) = door._connections()  # noqa: SLF001 -- its timer, shortened
        monkeypatch.setattr(connection, "timeout_keep_alive", 0.1)
        await wire.send(GET)
        await wire.read_answer()
        assert await wire.read_rest() == b""


async def test_a_request_in_hand_has_no_deadline_here(
    house: House, door: OpenDoor, clock: HandClock
) -> None:
    """How long an answer may take is the application's to know."""
    house.gate.clear()
    async with connected(door) as wire:
        await wire.send(GET)
        await clock.until_received(len(GET))
        assert clock.running == {}
        house.gate.set()
        assert (await wire.read_answer())[0] == 200


@pytest.mark.parametrize("keep", [b"keep-alive", b"close"])
async def test_a_slow_reader_is_cut_off(
    house: House, door: OpenDoor, clock: HandClock, keep: bytes
) -> None:
    """An answer that nobody takes does not stay in memory."""
    house.answer = b"x" * 30_000_000
    raw = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: " + keep + b"\r\n\r\n"
    async with connected(door) as wire:
        await wire.send(raw)
        await clock.until_received(len(raw))
        await eventually(lambda: bool(clock.running))
        clock.pass_by(WRITE_SECONDS)
        await eventually(lambda: door.is_idle)


async def test_a_large_answer_is_taken_at_the_readers_pace(
    house: House, door: OpenDoor, clock: HandClock
) -> None:
    """A reader that reads is waited for: the deadline ends when he has caught up."""
    house.answer = b"x" * 30_000_000
    async with connected(door) as wire:
        for number in (1, 2):
            await wire.send(GET)
            await clock.until_received(number * len(GET))
            await eventually(lambda: bool(clock.running))
            assert len((await wire.read_answer())[2]) == 30_000_000
            await eventually(lambda: clock.running == {})


async def test_a_client_that_leaves_is_told_to_the_application(
    house: House, door: OpenDoor
) -> None:
    """While its body is awaited, the application hears of the disconnect."""
    async with connected(door) as wire:
        await wire.send(post(b"hello")[:-2])
        await house.began.wait()
    await eventually(lambda: bool(house.bodies))

    assert house.disconnects == 1


async def test_a_body_that_breaks_under_a_begun_answer_ends_the_connection() -> None:
    """No second answer: the first is cut off."""

    async def app(_scope: Message, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"part", "more_body": True})
        assert (await receive())["type"] == "http.disconnect"

    opened = await open_door(Door(name="operations", app=app, host="127.0.0.1", port=0, tls=None))
    try:
        async with connected(opened) as wire:
            await wire.send(CHUNKED)
            await wire.reader.readuntil(b"part\r\n")
            await wire.send(b"broken\r\n")
            assert await wire.read_rest() == b""
    finally:
        opened.abort()


async def test_connections_have_a_limit(door: OpenDoor, monkeypatch: pytest.MonkeyPatch) -> None:
    """One more is cut off at once; the others go on."""
    monkeypatch.setattr("creditbridge.server.protocol.CONNECTIONS_MAX", 1)
    async with connected(door) as first:
        await first.send(GET)
        await first.read_answer()
        async with connected(door) as second:
            assert await second.read_rest() == b""
        await first.send(GET)
        assert (await first.read_answer())[0] == 200
