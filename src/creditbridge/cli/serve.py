"""`creditbridge serve`: run a gateway, as one process or as a parent of workers.

With `--conformance`: a gateway with all that the OpenID Foundation's suite needs around it.
"""

import argparse
import sys
from functools import partial
from importlib import import_module
from pathlib import Path

from creditbridge.app import build
from creditbridge.cli.conformance import options as conformance
from creditbridge.foundation.errors import CreditbridgeError
from creditbridge.foundation.logging import configure_logging
from creditbridge.server.doors import bind_door
from creditbridge.server.run import Lifecycle, run as run_doors, run_on_uvloop, signals_drain
from creditbridge.server.workers import (
    WorkerSettings,
    adopt_listeners,
    supervise_workers,
    watch_lifeline,
)
from creditbridge.settings import Settings, read_settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Name the configuration, and what a parent passes to its workers."""
    parser.add_argument("--config", type=Path, default=Path("creditbridge.toml"))
    parser.add_argument("--listener", action="append", default=[], help=argparse.SUPPRESS)
    parser.add_argument("--lifeline", type=int, help=argparse.SUPPRESS)
    conformance.add_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Serve until SIGTERM; 1 where the start was refused."""
    if arguments.conformance:
        # Loaded only now: a gateway in production carries nothing of the stand.
        status: int = import_module("creditbridge.cli.conformance.stand").run(arguments)
        return status
    # First, so that even a refused start is told in the one form.
    configure_logging()
    try:
        settings = read_settings(arguments.config)
        # A worker has a lifeline to its parent; without this it would start workers of its own.
        if settings.workers > 1 and arguments.lifeline is None:
            run_on_uvloop(partial(_serve_with_workers, settings, arguments.config))
        else:
            run_on_uvloop(partial(_serve, settings, arguments))
    except CreditbridgeError as error:
        print(f"{error.prose}\n  {error.code}: {error.detail}", file=sys.stderr)
        return 1
    return 0


async def _serve(settings: Settings, arguments: argparse.Namespace) -> None:
    lifecycle = Lifecycle()
    # Before anything is opened: a signal during the start must not leave a database running.
    with signals_drain(lifecycle):
        async with build(settings, lifecycle) as built:
            tasks = dict(built.tasks)
            if arguments.lifeline is not None:
                tasks["lifeline"] = partial(watch_lifeline, arguments.lifeline, lifecycle)
            await run_doors(
                built.doors,
                tasks,
                lifecycle=lifecycle,
                listeners=adopt_listeners(arguments.listener),
            )


async def _serve_with_workers(settings: Settings, config: Path) -> None:
    lifecycle = Lifecycle()
    # Built once and closed: migrations, checks and ports fail here, before any worker starts.
    async with build(settings, lifecycle) as built:
        listeners = {door.name: bind_door(door) for door in built.doors}
    command = [sys.executable, "-m", "creditbridge", "serve", "--config", str(config)]
    with signals_drain(lifecycle):
        await supervise_workers(
            command,
            listeners=listeners,
            lifecycle=lifecycle,
            settings=WorkerSettings(count=settings.workers),
        )
