"""The generator's process, as the benchmark drives it."""

import subprocess
import sys
from types import TracebackType
from typing import Self

import msgspec

from benchmarks.load.order import Order, Tally
from creditbridge.foundation.errors import Unavailable

STOP_SECONDS = 10


class GeneratorEnded(Unavailable):
    """The generator's process ended by itself; what it wrote stands above."""

    code = "generator-ended"
    message = "The load generator ended."


class Generator:
    """A process that asks for reports; stopped when the block ends."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.load"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    @property
    def process_id(self) -> int:
        """Whose CPU is shown as the generator's own."""
        return self._process.pid

    def prepare(self, order: Order) -> None:
        """Have the requests signed and the connections shaken; blocks until that is done.

        Raises:
            GeneratorEnded: it did not come to that.
        """
        self._say(msgspec.json.encode(order))
        if self._listen() != b"ready\n":
            raise GeneratorEnded

    def run(self) -> Tally:
        """Give the word, and return what became of the round; blocks until it ends.

        Raises:
            GeneratorEnded: it did not come to that.
        """
        self._say(b"go")
        return msgspec.json.decode(self._listen(), type=Tally)

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop the process that was started here, and no other."""
        self._process.terminate()
        try:
            self._process.communicate(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()

    def _say(self, line: bytes) -> None:
        if self._process.stdin is None:
            raise GeneratorEnded
        try:
            self._process.stdin.write(line + b"\n")
            self._process.stdin.flush()
        except OSError as error:
            raise GeneratorEnded from error

    def _listen(self) -> bytes:
        line = b"" if self._process.stdout is None else self._process.stdout.readline()
        if not line:
            raise GeneratorEnded
        return line
