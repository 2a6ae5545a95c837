"""What the connections of one door share, and how a door itself refuses."""

from collections.abc import Callable

from uvicorn.protocols.http.httptools_impl import STATUS_LINE
from uvicorn.server import ServerState

from creditbridge.protocols.problem import MEDIA_TYPE, Problem
from creditbridge.server.heads import RequestRefused
from creditbridge.server.proxies import Identify


class DoorState(ServerState):
    """What the connections of one door share.

    `ending`: every answer closes its connection. `refused` is told the code of each request that
    ends before the application; `identify` says who sent the others.
    """

    def __init__(self, refused: Callable[[str], None], identify: Identify) -> None:
        super().__init__()
        self.ending = False
        self.refused = refused
        self.identify = identify


def encode_refusal(refusal: RequestRefused, state: DoorState) -> bytes:
    """Return the whole answer to a request that the application never saw (RFC 9457)."""
    problem = Problem(status=refusal.status, code=refusal.code, detail=refusal.prose)
    body = problem.encode()
    headers = [
        *state.default_headers,
        (b"content-type", MEDIA_TYPE.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        (b"connection", b"close"),
    ]
    lines = [name + b": " + value + b"\r\n" for name, value in headers]
    return b"".join([STATUS_LINE[refusal.status], *lines, b"\r\n", body])
