"""A withdrawal at every point of a running report: the delivery came first, or there is none.

The report is walked from one suspension to the next, from the request's first byte to the answer's
last. At one of them the enterprise withdraws, over a connection of its own; from there on the house
looks for silence at each. Either side gets as far as the other's locks let it. The points are
listed nowhere: they are as many as a report has, and an `await` that comes to it joins by itself.
"""

import asyncio
import itertools
from collections import Counter
from collections.abc import AsyncIterator

import asyncpg
import msgspec
import pytest
from msgspec.structs import replace
from tests.endpoints.stage import USCC, Machine, Stage
from tests.endpoints.wire import Answer, Application, Mapping, Receive, Send
from tests.stepping import walk

from creditbridge.app.keeping import keep_house
from creditbridge.consents.acts import Withdrawal
from creditbridge.foundation.database import Database, open_database

PATH = "/v1/reports"
POLL_SECONDS = 0.01
LOOKS_MAX = 3
POINTS_MIN = 25  # Fewer would mean that the walk does not see them; more may come.
DELIVERED = ["report.intended", "report.delivered", "consent.withdrawn", "consent.silenced"]
FATES = (
    # Before it was decided on; then it was never asked, or the platform may have counted it; then
    # the delivery came first.
    ("consent.withdrawn", "consent.silenced"),
    (
        "report.intended",
        "consent.withdrawn",
        "use.returned",
        "delivery.stopped",
        "consent.silenced",
    ),
    ("report.intended", "consent.withdrawn", "delivery.stopped", "consent.silenced"),
    tuple(DELIVERED),
)
REPRESENTATIVE = "SELECT person_id FROM parties_representatives"
OWN_PROCESS = "SELECT pg_backend_pid()"
IS_BLOCKED = "SELECT cardinality(pg_blocking_pids($1)) > 0"
CHAIN = """
    SELECT kind FROM ledger_openings JOIN ledger_entries USING (event_id)
    WHERE consent = (SELECT reference FROM ledger_references
        WHERE kind = 'consent' AND subject = $1)
    ORDER BY intake_no
"""


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A database with one connection, which another one watches."""

    database: Database
    process: int
    watch: "asyncpg.Connection[asyncpg.Record]"

    async def settle(self, work: "asyncio.Task[object]") -> None:
        """Return when work over this line is done, or waits for a lock that another holds."""
        while not work.done():
            if await self.watch.fetchval(IS_BLOCKED, self.process):
                return
            await asyncio.wait([work], timeout=POLL_SECONDS)


class Enterprise:
    """Withdraws its consent, once, and then listens for the house's word that all is silent."""

    def __init__(self, stage: Stage, line: Line, act: Withdrawal) -> None:
        self._line, self._act = line, act
        self._withdraw = replace(stage.house.people.withdraw_consent, database=line.database)
        self._silence = replace(keep_house(stage.rooms).silence_consents, database=line.database)
        self._doing: asyncio.Task[object] | None = None
        self.seen = list[str]()

    async def come_between(self) -> None:
        """Go on as far as the locks of others let it."""
        if self._doing is None:
            self._doing = asyncio.create_task(self._end())
        elif self._doing.done() and "silenced" not in self.seen:
            self._doing = asyncio.create_task(self._listen())
        await self._line.settle(self._doing)

    async def finish(self) -> None:
        """Wait for what began, and hear the word if it was not said."""
        assert self._doing is not None
        await self._doing
        for _ in range(LOOKS_MAX):
            if "silenced" not in self.seen:
                await self._listen()

    async def _end(self) -> None:
        await self._withdraw(self._act)
        self.seen.append("withdrawn")

    async def _listen(self) -> None:
        if await self._silence():
            self.seen.append("silenced")


@pytest.fixture
async def line(database_url: str) -> AsyncIterator[Line]:
    """The enterprise's own way to the database."""
    database = await open_database(database_url, connections_max=1)
    async with database.transaction() as tx:
        process = await tx.fetch_value(int, OWN_PROCESS)
    watch = await asyncpg.connect(database_url)
    yield Line(database=database, process=process or 0, watch=watch)
    await watch.close()
    await database.close()


class Walked:
    """The bank's door, where a report stands still at each suspension, and its bytes are seen."""

    def __init__(self, app: Application, enterprise: Enterprise, point: int) -> None:
        self._app, self._enterprise, self._point = app, enterprise, point
        self.points = 0

    async def __call__(self, scope: Mapping, receive: Receive, send: Send) -> None:
        if scope["path"] != PATH:
            await self._app(scope, receive, send)
            return

        async def hand_over(message: Mapping) -> None:
            # A reader may be slow: what is handed over waits before and after.
            await asyncio.sleep(0)
            self._enterprise.seen.append("bytes")
            await send(message)
            await asyncio.sleep(0)

        async def answer() -> None:
            await self._app(scope, receive, hand_over)

        await walk(answer(), self._between)

    async def _between(self, point: int) -> None:
        self.points = point
        if point >= self._point:
            await self._enterprise.come_between()


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one report and one withdrawal."""

    answer: Answer
    points: int
    seen: list[str]
    chain: list[str]
    queries: int
    used: int

    @property
    def ends(self) -> list[str]:
        """What the consent's own chain holds behind the enterprise's yes."""
        return self.chain[self.chain.index("consent.approved") + 1 :]


class Street:
    """Where reports are asked for and consents withdrawn."""

    def __init__(self, stage: Stage, bank: Machine, line: Line) -> None:
        self._stage, self._bank, self._line = stage, bank, line
        self._keys = itertools.count(1)

    async def withdraw_at(self, point: int, *, repeats: bool) -> Told:
        """Ask for a report, or for one again, and withdraw at a point of it."""
        stage, key = self._stage, f"key-{next(self._keys)}"
        consent_id = await stage.give_consent(self._bank)
        if repeats:
            await self._ask(consent_id, key)
        before = len(stage.dialect.queries)
        enterprise = Enterprise(stage, self._line, await self._withdrawal(consent_id))
        plain = stage.bank
        stage.bank = door = Walked(plain, enterprise, point)
        answer = await self._ask(consent_id, key)
        stage.bank = plain
        if door.points >= point:
            await enterprise.finish()
        async with stage.database.transaction() as tx:
            consent = await stage.rooms.consents.get_consent(tx, consent_id)
        return Told(
            answer=answer,
            points=door.points,
            seen=enterprise.seen,
            chain=[row["kind"] for row in await self._line.watch.fetch(CHAIN, consent_id)],
            queries=len(stage.dialect.queries) - before,
            used=consent.used,
        )

    async def _ask(self, consent_id: str, key: str) -> Answer:
        # In a task of its own, as the server does it: with it the report is over.
        asking = asyncio.create_task(self._stage.ask(self._bank, consent_id, key=key))
        return (await asking)[1]

    async def _withdrawal(self, consent_id: str) -> Withdrawal:
        async with self._stage.database.transaction() as tx:
            person_id = await tx.fetch_value(str, REPRESENTATIVE)
        return Withdrawal(consent_id=consent_id, uscc=USCC, person_id=person_id or "")


@pytest.fixture
def street(stage: Stage, north: Machine, line: Line) -> Street:
    """The whole house, a bank, and an enterprise of its own mind."""
    return Street(stage, north, line)


async def test_a_withdrawal_at_any_point_lets_no_byte_out_after_the_silence(street: Street) -> None:
    """Delivered before its record, or refused with the precise error; a use is taken if asked."""
    fates = Counter[tuple[str, ...]]()
    for point in itertools.count(1):
        told = await street.withdraw_at(point, repeats=False)
        if told.points < point:
            break
        require_silence(told)
        assert told.used == told.queries
        fates[*told.ends] += 1

    assert fates.keys() == {*FATES}
    assert fates.total() >= POINTS_MIN


async def test_a_withdrawal_at_any_point_of_a_repetition_is_silent_too(street: Street) -> None:
    """Bytes that were kept are handed over before the silence, or not at all."""
    statuses = Counter[int]()
    for point in itertools.count(1):
        told = await street.withdraw_at(point, repeats=True)
        if told.points < point:
            break
        require_silence(told)
        assert (told.ends, told.queries, told.used) == (DELIVERED, 0, 1)
        statuses[told.answer.status] += 1

    assert statuses.keys() == {200, 403}


def require_silence(told: Told) -> None:
    """No byte of a report after the house said that all is silent; else the precise error."""
    if told.answer.status != 200:
        assert (told.answer.status, told.answer.code) == (403, "consent-withdrawn")
        assert told.ends == DELIVERED or "report.delivered" not in told.ends
        return
    assert told.ends == DELIVERED
    assert told.seen[-1] == "silenced"
    assert told.seen.count("bytes") == 2
