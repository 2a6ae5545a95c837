"""Tests of where a door may stand."""

import asyncio
import socket

import pytest

from creditbridge.server.doors import Door, bind_door, open_door
from creditbridge.server.tls import DoorMisconfigured


async def app(*_arguments: object) -> None:
    """Answer nothing."""
    await asyncio.sleep(0)


def plain(host: str, port: int = 0) -> Door:
    """Return a door without TLS."""
    return Door(name="operations", app=app, host=host, port=port, tls=None)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_a_plain_door_stands_on_loopback(host: str) -> None:
    """Health and metrics, for the machine itself."""
    with bind_door(plain(host)) as listener:
        assert listener.getsockname()[1] > 0


@pytest.mark.parametrize("host", ["::", "192.0.2.1", "gateway.example", ""])
def test_a_plain_door_stands_nowhere_else(host: str) -> None:
    """Start is refused."""
    with pytest.raises(DoorMisconfigured):
        bind_door(plain(host))


def test_a_taken_address_is_told() -> None:
    """Two houses at one address are a mistake."""
    with (
        bind_door(plain("127.0.0.1")) as first,
        pytest.raises(OSError, match="in use"),
        bind_door(plain("127.0.0.1", first.getsockname()[1])),
    ):
        pass


async def test_a_door_may_take_a_listener_that_is_bound_already() -> None:
    """As workers do; an application that answers nothing is a 500."""
    listener = bind_door(plain("127.0.0.1"))
    address = listener.getsockname()
    door = await open_door(plain("127.0.0.1"), listener)

    try:
        reader, writer = await asyncio.open_connection(*address)
        writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert (await reader.readline()) == b"HTTP/1.1 500 Internal Server Error\r\n"
        writer.close()
    finally:
        door.abort()

    assert door.address == address
    with socket.socket() as probe:
        assert probe.connect_ex(address) != 0
