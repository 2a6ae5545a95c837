"""The generator's process: an order in, `ready` out, any line in, the tally out; until EOF.

Requests are signed and connections shaken before `ready`: neither falls into the measured time.
"""

import asyncio
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import AsyncExitStack

import msgspec
import uvloop

from benchmarks.load.connection import BankConnection, make_context
from benchmarks.load.messages import make_messages
from benchmarks.load.order import Order, Tally
from creditbridge.foundation.clock import SystemClock

OK_CLASS = 2
FAILURE_CHARACTERS = 300


class Round:
    """One round: connections take the next message from one pile until it or the time is gone."""

    def __init__(self, messages: Iterator[bytes], *, seconds_max: float) -> None:
        self._messages = messages
        self._seconds_max = seconds_max
        self._monotonic = SystemClock().monotonic
        self._statuses = Counter[int]()
        self._latencies = list[float]()
        self._first_failure = ""

    async def run(self, connections: list[BankConnection]) -> Tally:
        """Send everything and say what became of it."""
        began = self._monotonic()
        async with asyncio.TaskGroup() as group:
            for connection in connections:
                group.create_task(self._work(connection, began + self._seconds_max))
        latencies = sorted(self._latencies) or [0.0]
        return Tally(
            seconds=self._monotonic() - began,
            statuses=dict(self._statuses),
            latency_p50=latencies[len(latencies) // 2],
            latency_p99=latencies[int(len(latencies) * 0.99)],
            first_failure=self._first_failure,
        )

    async def _work(self, connection: BankConnection, end: float) -> None:
        monotonic = self._monotonic
        for message in self._messages:
            began = monotonic()
            if began > end:
                return
            try:
                status, body = await connection.send(message)
            except (OSError, EOFError) as error:
                status, body = 0, repr(error).encode()
            self._latencies.append(monotonic() - began)
            self._statuses[status] += 1
            if status // 100 != OK_CLASS and not self._first_failure:
                told = body[:FAILURE_CHARACTERS].decode("utf-8", "replace")
                self._first_failure = f"{status}: {told}"


async def serve_order(order: Order) -> Tally:
    """Prepare, say `ready`, wait for the word, run."""
    messages = make_messages(order)
    context = make_context(order.target)
    async with AsyncExitStack() as stack:
        connections = [
            await stack.enter_async_context(BankConnection(order.target.port, context))
            for _ in range(order.connections)
        ]
        say(b"ready")
        await asyncio.to_thread(sys.stdin.buffer.readline)
        return await Round(iter(messages), seconds_max=order.seconds_max).run(connections)


def say(line: bytes) -> None:
    """Write a line to whoever gave the order."""
    sys.stdout.buffer.write(line + b"\n")
    sys.stdout.buffer.flush()


def main() -> None:
    """Serve orders until there are none."""
    while line := sys.stdin.buffer.readline():
        order = msgspec.json.decode(line, type=Order)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            say(msgspec.json.encode(runner.run(serve_order(order))))


if __name__ == "__main__":
    main()
