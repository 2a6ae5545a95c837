"""Bank machines that do not give up: each asks under one key until it knows how that ended."""

import asyncio
import base64
import secrets
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from random import Random
from time import monotonic

import msgspec
from tests.faults.journal import Journal, Line
from tests.house.house import Given, House
from tests.house.machine import Machine
from tests.house.telling import outcome

from creditbridge.cli.demo.bank import Exchange
from creditbridge.foundation.http import HttpUnavailable

CUSTOMERS = 8
BACK_OFF_SECONDS = 0.05
END_SECONDS = 60.0
PROGRESS_SECONDS = 60.0


class Receipt(msgspec.Struct):
    """What these tests read of a receipt."""

    commitment: str
    bank_seq: int


class Load:
    """Customers at both nodes, what they wrote down, and what went wrong on the way."""

    def __init__(self, journal: Journal, consents: Sequence[Given], random: Random) -> None:
        self.journal = journal
        self.consents = consents
        self.random = random
        self._ending = False
        self._end_at = float("inf")
        self.lost_answers = 0  # Connections that broke after a request may have left.
        self.machines: list[Machine] = []

    async def run_customer(self) -> None:
        """Ask for one report after the other until the load ends."""
        token = ""
        while not self._ending:
            key, given = secrets.token_urlsafe(16), self.random.choice(self.consents)
            line = None
            while line is None:
                assert monotonic() < self._end_at, f"no outcome of {key}"
                try:
                    token = token or await self._fetch_token()
                    line, token = await self._try(key, given, token)
                except HttpUnavailable:
                    await asyncio.sleep(BACK_OFF_SECONDS)
            self.journal.write(line)

    async def _fetch_token(self) -> str:
        while True:
            answer = await self.random.choice(self.machines).ask_token(scope="reports")
            if answer.status == 200:
                return answer.text("access_token")
            await asyncio.sleep(BACK_OFF_SECONDS)

    async def _try(self, key: str, given: Given, token: str) -> tuple[Line | None, str]:
        machine = self.random.choice(self.machines)
        try:
            answer = await machine.ask(given.consent_id, given.uscc, token=token, key=key)
        except HttpUnavailable as error:
            self.lost_answers += error.sent
            raise
        if outcome(answer) == (401, "invalid-token"):
            return None, ""
        if _is_final(answer):
            return _line_of(key, answer), token
        await asyncio.sleep(BACK_OFF_SECONDS)
        return None, token

    def end(self, *, within_seconds: float) -> None:
        """Let every customer finish what it has in hand."""
        self._ending = True
        self._end_at = monotonic() + within_seconds

    async def wait_for_deliveries(self, count: int) -> None:
        """Return when so many more reports were delivered."""
        wanted = self.journal.delivered + count
        async with asyncio.timeout(PROGRESS_SECONDS):
            while self.journal.delivered < wanted:
                await asyncio.sleep(BACK_OFF_SECONDS)


@asynccontextmanager
async def under_load(
    house: House, consents: Sequence[Given], path: Path, *, seed: int
) -> AsyncGenerator[Load]:
    """Keep customers of both nodes busy; behind the block each knows how its last request ended."""
    journal = Journal(path)
    load = Load(journal, consents, Random(seed))  # noqa: S311 -- a seeded test
    async with AsyncExitStack() as stack:
        stack.callback(journal.close)
        for number in range(len(house.nodes)):
            machine = await stack.enter_async_context(house.machine(node=number))
            load.machines.append(machine)
        async with asyncio.TaskGroup() as group:
            for _ in range(CUSTOMERS):
                group.create_task(load.run_customer())
            try:
                yield load
            finally:
                load.end(within_seconds=END_SECONDS)


def _is_final(answer: Exchange) -> bool:
    headers = dict(answer.answer.headers)
    return answer.status not in {409, 503} or "idempotency-replayed" in headers


def _line_of(key: str, answer: Exchange) -> Line:
    if answer.status != 200:
        return Line(key=key, status=answer.status)
    raw = base64.b64decode(answer.header("creditbridge-receipt").strip(":"))
    receipt = msgspec.json.decode(raw, type=Receipt)
    return Line(
        key=key,
        status=200,
        report_id=answer.header("creditbridge-report"),
        commitment=receipt.commitment,
        bank_seq=receipt.bank_seq,
    )
