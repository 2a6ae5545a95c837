"""`creditbridge serve`: run a gateway, as one process or as a parent of workers.

With `--conformance`: a gateway with all that the OpenID Foundation's suite needs around it.
"""

import argparse
import sys
from functools import partial
from importlib import import_module
from multiprocessing.connection import Connection
from pathlib import Path

from creditbridge.app import build
from creditbridge.cli.conformance import options as conformance
from creditbridge.foundation.errors import CreditbridgeError
from creditbridge.foundation.logging import configure_logging
from creditbridge.server.collector import spare_the_program
from creditbridge.server.doors import bind_door
from creditbridge.server.run import Lifecycle, run as run_doors, run_on_uvloop, signals_drain
from creditbridge.server.workers import (
    Listeners,
    WorkerSettings,
    supervise_workers,
    watch_lifeline,
)
from creditbridge.settings import Settings, read_settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Name the configuration, and the pipe whose other end is with whoever started this."""
    parser.add_argument("--config", type=Path, default=Path("creditbridge.toml"))
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
        # A process that must end with another one is itself one of several.
        if settings.workers > 1 and arguments.lifeline is None:
            run_on_uvloop(partial(_serve_with_workers, settings, arguments.config))
        else:
            run_on_uvloop(partial(_serve, settings, arguments.lifeline))
    except CreditbridgeError as error:
        _tell(error)
        return 1
    return 0


def run_worker(config: Path, listeners: Listeners, lifeline: Connection) -> None:
    """Serve as one worker of several, until SIGTERM or until the parent is gone.

    Raises:
        SystemExit: the start was refused.
    """
    configure_logging()
    try:
        settings = read_settings(config)
        run_on_uvloop(partial(_serve, settings, lifeline.fileno(), listeners))
    except CreditbridgeError as error:
        _tell(error)
        raise SystemExit(1) from error


def _tell(error: CreditbridgeError) -> None:
    print(f"{error.prose}\n  {error.code}: {error.detail}", file=sys.stderr)


async def _serve(
    settings: Settings, lifeline: int | None, listeners: Listeners | None = None
) -> None:
    lifecycle = Lifecycle()
    # Before anything is opened: a signal during the start must not leave a database running.
    with signals_drain(lifecycle):
        async with build(settings, lifecycle) as built:
            tasks = dict(built.tasks)
            tasks["collector"] = partial(spare_the_program, lifecycle)
            if lifeline is not None:
                tasks["lifeline"] = partial(watch_lifeline, lifeline, lifecycle)
            await run_doors(built.doors, tasks, lifecycle=lifecycle, listeners=listeners)


async def _serve_with_workers(settings: Settings, config: Path) -> None:
    lifecycle = Lifecycle()
    # Built once and closed: migrations, checks and ports fail here, before any worker starts.
    async with build(settings, lifecycle) as built:
        listeners = {door.name: bind_door(door) for door in built.doors}
    with signals_drain(lifecycle):
        await supervise_workers(
            partial(run_worker, config),
            listeners=listeners,
            lifecycle=lifecycle,
            settings=WorkerSettings(count=settings.workers),
            preload=(__name__,),
        )
