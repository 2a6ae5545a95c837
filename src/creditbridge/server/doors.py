"""A door: an address where one kind of caller comes in, with the application behind it.

Three stand in the house: banks (TLS that asks for a certificate), people (TLS), operations (plain
HTTP, on loopback only). The application is any ASGI callable; its start and end are its builder's.
"""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable
from email.utils import format_datetime
from functools import partial
from ipaddress import IPv6Address

import msgspec
from uvicorn.config import Config

from creditbridge.foundation.clock import Clock, SystemClock
from creditbridge.server.door_state import DoorState
from creditbridge.server.protocol import KEEPALIVE_SECONDS, DoorProtocol
from creditbridge.server.proxies import Identify, identify_direct
from creditbridge.server.tls import DoorMisconfigured, require_address

HANDSHAKE_SECONDS = 10.0
BACKLOG = 2_048


def ignore_refusal(_code: str) -> None:
    """Count nothing."""


class Door(msgspec.Struct, frozen=True, kw_only=True):
    """Where it stands, and what is behind it; port 0 is any free one.

    `refused` is told the code of each request that ends before the application: strangers'
    refusals are summed up per minute, door and rule (law 1). `identify` says who sent a request:
    whoever its connection names, unless a proxy stands before the door.
    """

    name: str
    app: Callable[..., Awaitable[None]]
    host: str
    port: int
    tls: ssl.SSLContext | None
    refused: Callable[[str], None] = ignore_refusal
    identify: Identify = identify_direct


class OpenDoor:
    """A door that takes connections."""

    def __init__(
        self, door: Door, server: asyncio.Server, state: DoorState, address: tuple[str, int]
    ) -> None:
        self.name = door.name
        self.address = address
        self.is_plain = door.tls is None
        self._server = server
        self._state = state

    @property
    def is_idle(self) -> bool:
        """Whether no connection and no request is left."""
        return not self._state.connections and not self._state.tasks

    def show_date(self, clock: Clock) -> None:
        """Set the `Date` of the answers to come (RFC 9110, section 6.6.1); called each second."""
        date = format_datetime(clock.now(), usegmt=True)
        self._state.default_headers = [(b"date", date.encode("ascii"))]

    def announce_end(self) -> None:
        """Close each connection behind its next answer; new ones are still taken."""
        self._state.ending = True
        for connection in self._connections():
            connection.announce_end()

    def stop_listening(self) -> None:
        """Take no new connection, and close those that wait for a request."""
        self._state.ending = True
        self._server.close()
        for connection in self._connections():
            connection.shutdown()

    def abort(self) -> set[asyncio.Task[None]]:
        """Cut every connection, cancel every request, and return what was cancelled."""
        self._server.close()
        for connection in self._connections():
            connection.transport.abort()
        tasks = set(self._state.tasks)
        for task in tasks:
            task.cancel()
        return tasks

    def _connections(self) -> list[DoorProtocol]:
        found = list(self._state.connections)
        return [connection for connection in found if isinstance(connection, DoorProtocol)]


def bind_door(door: Door) -> socket.socket:
    """Return the listening socket of a door; workers may share it.

    Raises:
        DoorMisconfigured: plain HTTP anywhere but on loopback, or a name for an address.
        OSError: the address is taken or not ours.
    """
    address = require_address(door.host)
    # Here and not only in the settings: no configuration opens the operations to the network.
    if door.tls is None and not address.is_loopback:
        raise DoorMisconfigured(detail=f"{door.name}: plain HTTP at {address}; only on loopback")
    family = socket.AF_INET6 if isinstance(address, IPv6Address) else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((str(address), door.port))
        listener.listen(BACKLOG)
    except OSError:
        listener.close()
        raise
    listener.settimeout(0)
    return listener


async def open_door(door: Door, listener: socket.socket | None = None) -> OpenDoor:
    """Return the door, taking connections, on a listener of its own unless one is given.

    Raises:
        DoorMisconfigured: plain HTTP anywhere but on loopback.
        OSError: the address is taken or not ours.
    """
    bound = bind_door(door) if listener is None else listener
    config = Config(
        lambda: door.app,
        factory=True,
        http=DoorProtocol,
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        access_log=False,
        # Nobody may claim another address by a header.
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=KEEPALIVE_SECONDS,
    )
    config.load()
    state = DoorState(door.refused, door.identify)
    loop = asyncio.get_running_loop()
    host, port, *_ = bound.getsockname()
    server = await loop.create_server(
        partial(DoorProtocol, config, state, loop),
        sock=bound,
        ssl=door.tls,
        ssl_handshake_timeout=HANDSHAKE_SECONDS if door.tls else None,
        backlog=BACKLOG,
    )
    opened = OpenDoor(door, server, state, (str(host), int(port)))
    opened.show_date(SystemClock())
    return opened
