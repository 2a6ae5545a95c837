"""What workers under test do: whole functions, which a process that forks can find by name."""

import os
import signal
import socket
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path

from creditbridge.server.doors import Door
from creditbridge.server.run import DrainSettings, Lifecycle, run, run_on_uvloop, signals_drain
from creditbridge.server.workers import watch_lifeline

STUBBORN_SECONDS = 60
Message = MutableMapping[str, object]


def answer_process_id(listeners: Mapping[str, socket.socket], lifeline: Connection) -> None:
    """Answer every request with the process's id; one for `/last` when the end was asked for."""
    lifecycle = Lifecycle()
    run_on_uvloop(partial(_serve, lifecycle, listeners, lifeline))


async def _serve(
    lifecycle: Lifecycle, listeners: Mapping[str, socket.socket], lifeline: Connection
) -> None:
    async def _app(
        scope: Message,
        receive: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        body = str(os.getpid()).encode()
        headers = [(b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        if scope["path"] == "/last":
            await send({"type": "http.response.body", "body": b"", "more_body": True})
            await lifecycle.wait_for_drain()
        await send({"type": "http.response.body", "body": body})

    door = Door(name="operations", app=_app, host="127.0.0.1", port=0, tls=None)
    tasks = {"lifeline": partial(watch_lifeline, lifeline.fileno(), lifecycle)}
    with signals_drain(lifecycle):
        settings = DrainSettings(notice_seconds=0.05)
        await run([door], tasks, lifecycle=lifecycle, settings=settings, listeners=listeners)


def fail(listeners: Mapping[str, socket.socket], lifeline: Connection) -> None:
    """End at once, badly."""
    raise SystemExit(1)


def end(listeners: Mapping[str, socket.socket], lifeline: Connection) -> None:
    """End at once, well."""


def ignore_the_end(
    file: Path, listeners: Mapping[str, socket.socket], lifeline: Connection
) -> None:
    """Write the file, then live on whatever is asked."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    file.touch()
    time.sleep(STUBBORN_SECONDS)
