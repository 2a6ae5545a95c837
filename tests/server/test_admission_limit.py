"""Tests of how many requests a worker takes."""

import asyncio
from collections.abc import MutableMapping

import msgspec
import pytest

from creditbridge.server.admission_limit import AdmissionLimit, Send

Message = MutableMapping[str, object]


class Gate:
    """An application whose requests wait."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.fails = False

    async def __call__(self, scope: Message, receive: object, send: Send) -> None:
        await self.open.wait()
        if self.fails:
            raise RuntimeError
        await send({"type": "http.response.start", "status": 200})


async def receive() -> Message:
    """Nothing comes."""
    return {"type": "http.disconnect"}


class Caller:
    """Collects what is sent to it."""

    def __init__(self) -> None:
        self.messages: list[Message] = []

    async def send(self, message: Message) -> None:
        self.messages.append(message)


async def test_beyond_the_limit_a_request_is_shed_at_once() -> None:
    """Two go in, the third is told to come again; when they are out the next goes in."""
    gate = Gate()
    limit = AdmissionLimit(gate, in_flight_max=2)
    callers = [Caller(), Caller()]
    shed, later = Caller(), Caller()

    async with asyncio.TaskGroup() as group:
        for caller in callers:
            group.create_task(limit({}, receive, caller.send))
        await asyncio.sleep(0)
        await limit({}, receive, shed.send)
        assert limit.in_flight == 2
        gate.open.set()
    await limit({}, receive, later.send)

    start, body = shed.messages
    assert start["status"] == 503
    headers = dict(msgspec.convert(start["headers"], list[tuple[bytes, bytes]]))
    assert headers[b"retry-after"] == b"1"
    assert b'"code":"overloaded"' in msgspec.convert(body["body"], bytes)
    assert [caller.messages[0]["status"] for caller in [*callers, later]] == [200, 200, 200]


async def test_a_failed_request_makes_room_too() -> None:
    """What went in comes out, whatever happened."""
    gate = Gate()
    gate.fails = True
    gate.open.set()
    limit = AdmissionLimit(gate)

    with pytest.raises(RuntimeError):
        await limit({}, receive, Caller().send)

    assert limit.in_flight == 0
    assert (await receive())["type"] == "http.disconnect"
