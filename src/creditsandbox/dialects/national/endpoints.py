"""The platform's paths: one door for all that is signed, one for its counts."""

import msgspec
from litestar import Litestar, Request as WebRequest, get, route
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from litestar.types import ASGIApp, Receive, Scope, Send

from creditbridge.foundation.clock import Clock
from creditsandbox.dialects.national.platform import DISPUTES_PATH, QUERIES_PATH, Platform
from creditsandbox.dialects.national.signing import Received, Reply

BODY_BYTES_MAX = 16_384  # A grant has a few hundred bytes, its envelope twice as many.

Web = WebRequest[None, None, State]


class Door(msgspec.Struct, frozen=True, kw_only=True):
    """What the handlers need: the platform and the time."""

    platform: Platform
    clock: Clock


AtDoor = NamedDependency[Door]


@route(
    [QUERIES_PATH, QUERIES_PATH + "/{rest:path}", DISPUTES_PATH, DISPUTES_PATH + "/{rest:path}"],
    http_method=["POST", "GET"],
)
async def serve(request: Web, door: AtDoor) -> ASGIApp:
    """Answer whatever is signed: a query, its polls and pages, a state, a dispute."""
    scope = request.scope
    received = Received(
        method=request.method,
        path=scope["raw_path"].decode("latin-1"),
        query=scope["query_string"].decode("latin-1"),
        headers={
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
        },
        body=await request.body(),
    )
    return _send(door.platform.serve(received, now=door.clock.now()))


@get("/api/v1/statistics", sync_to_thread=False)
def read_statistics(door: AtDoor) -> dict[str, int | dict[str, int]]:
    """Return the counts, for the platform's operator and for tests."""
    return door.platform.journal.summarise()


def build_app(platform: Platform, *, clock: Clock) -> Litestar:
    """Return the ASGI application."""
    door = Door(platform=platform, clock=clock)
    return Litestar(
        route_handlers=[serve, read_statistics],
        dependencies={"door": Provide(lambda: door, sync_to_thread=False)},
        openapi_config=None,
        request_max_body_size=BODY_BYTES_MAX,
        logging_config=None,
    )


def _send(reply: Reply) -> ASGIApp:
    headers = [
        (name.encode("latin-1"), value.encode("latin-1"))
        for name, value in (*reply.headers, ("content-length", str(len(reply.body))))
    ]

    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        """Send it."""
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        await send({"type": "http.response.body", "body": reply.body, "more_body": False})

    return app
