"""The processes of the demo: started by name, watched, stopped by their own id."""

import socket
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from random import SystemRandom
from types import TracebackType
from typing import Self, TypeAlias

from creditbridge.cli.demo.narration import StoryBroken

STOP_SECONDS = 30
LOG_LINES_SHOWN = 20
# Not those that systems give to outgoing connections, or to whoever asks for any port: between
# the look and the process that listens there, another would take it.
PORTS = range(20_000, 30_000)

Done: TypeAlias = subprocess.CompletedProcess[str]


def free_ports(count: int) -> list[int]:
    """Return different loopback ports that nobody listens on at this moment."""
    found: list[int] = []
    for port in SystemRandom().sample(PORTS, len(PORTS)):
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            found.append(port)
        if len(found) == count:
            break
    return found


class Processes:
    """Every process that the demo started; leaving the block stops them, last one first."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._running: list[tuple[str, subprocess.Popen[bytes]]] = []

    def __enter__(self) -> Self:
        """Begin with none."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop all, last started first."""
        # The gateway before its counterparts, or its last intents would end as UNKNOWN.
        for _, process in reversed(self._running):
            # First asked: the gateway drains, and its embedded database shuts down in order.
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def start(self, module: str, *words: str, name: str | None = None) -> None:
        """Start `python -m module words`; what it prints goes to a file named as it is."""
        called = name or module
        with (self.folder / f"{called}.log").open("wb") as output:
            process = subprocess.Popen(  # noqa: S603 - our own modules, no shell
                [sys.executable, "-m", module, *words], stdout=output, stderr=subprocess.STDOUT
            )
        self._running.append((called, process))

    def wait(self) -> None:
        """Wait until a process ends by itself, or somebody presses Ctrl-C."""
        for _, process in self._running:
            process.wait()

    def require_running(self) -> None:
        """Stop the story where a process has ended.

        Raises:
            StoryBroken: with the last lines that the process printed.
        """
        for module, process in self._running:
            # Or the demo would wait a minute for a line that nobody will print.
            if process.poll() is not None:
                log = self.folder / f"{module}.log"
                lines = log.read_text(errors="replace").splitlines()[-LOG_LINES_SHOWN:]
                raise StoryBroken(f"{module} ended; {log} says:\n" + "\n".join(lines))


def run(words: Sequence[str]) -> Done:
    """Run `python -m words` to its end and return what it printed."""
    return subprocess.run(  # noqa: S603 - our own modules, no shell
        [sys.executable, "-m", *words], capture_output=True, text=True, check=False
    )
