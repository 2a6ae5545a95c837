"""A client beyond its limits is refused, counted, and in the ledger once a minute."""

import asyncio
from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta
from typing import Protocol

import pytest
from msgspec.structs import replace

import creditbridge.parties.service as parties
from creditbridge.admission.limits import Limits
from creditbridge.admission.model import Meter
from creditbridge.admission.rules import RateLimited
from creditbridge.admission.settings import LimitPolicy
from creditbridge.foundation.database import Database, DatabaseUnavailable
from creditbridge.journeys.limit_client import LimitClient
from creditbridge.journeys.sum_up_overruns import (
    LINES_MAX,
    Overrun,
    Overruns,
    SumUpOverruns,
)
from creditbridge.ledger.model import BankName, CallerLimited, Core, EventKind
from creditbridge.ledger.port import Recorder
from creditbridge.ledger.service import Ledger
from creditbridge.parties.model import Registration

POLICY = LimitPolicy(name="bank", quota=2, window_seconds=60)
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
LINE = Overrun(
    bank=BankName(bank_id="bnk_1", uscc="91330104YY0000A13Q", legal_name="North Bank"),
    client_id="loans",
    door="token",
    policy="bank",
)


class House(Protocol):
    """The house of `conftest`."""

    database: Database
    ledger: Ledger

    async def told(self, *words: str) -> list[Core]:
        """Return what the ledger holds."""

    def faulty_ledger(self, kind: EventKind, fault: str) -> Recorder:
        """Return the ledger with a fault."""


class Onboarded(Protocol):
    """A bank that came in."""

    client_ids: tuple[str, str]


@pytest.fixture
async def registration(house: House, north: Onboarded) -> Registration:
    """A client of the bank."""
    async with house.database.transaction() as tx:
        found = await parties.find_client(tx, north.client_ids[0])
    assert found is not None
    return found


async def test_E5_a_client_within_its_quota_goes_on(
    house: House, registration: Registration
) -> None:
    """Its answer will say what is left; nobody is counted."""
    overruns, meter = Overruns(), Meter()
    journey = LimitClient(limits=Limits(house.database, [POLICY]), overruns=overruns)
    async with house.database.transaction() as tx:
        now = tx.now

    await journey(registration, door="reports", meter=meter, now=now)

    assert [(one.policy, one.remaining) for one in meter.allowances] == [("bank", 1)]
    assert overruns.take_until(now + MINUTE) == []


async def test_E5_a_client_beyond_its_quota_is_refused_and_counted(
    house: House, registration: Registration
) -> None:
    """By client, door and policy; its answer says that nothing is left."""
    overruns, meter = Overruns(), Meter()
    journey = LimitClient(limits=Limits(house.database, [POLICY]), overruns=overruns)
    async with house.database.transaction() as tx:
        now = tx.now
    for _ in range(2):
        await journey(registration, door="reports", meter=meter, now=now)

    for _ in range(3):
        with pytest.raises(RateLimited):
            await journey(registration, door="reports", meter=meter, now=now)

    (counted,) = overruns.take_until(now + MINUTE)
    assert counted.count == 3
    assert (counted.line.client_id, counted.line.door) == (registration.client.client_id, "reports")
    assert counted.line.bank.bank_id == registration.bank.bank_id
    assert (counted.line.policy, meter.allowances[0].remaining) == ("bank", 0)


async def test_each_minute_client_and_door_is_one_entry(house: House) -> None:
    """However often the client asked: the log is kept ten years."""
    overruns = Overruns()
    for second in range(50):
        overruns.count(LINE, now=NOON + timedelta(seconds=second))
    overruns.count(LINE, now=NOON + MINUTE)
    journey = SumUpOverruns(database=house.database, ledger=house.ledger, overruns=overruns)

    assert await journey(until=NOON + MINUTE) == 1
    assert await journey(until=NOON + MINUTE) == 0
    assert await journey(until=NOON + 2 * MINUTE) == 1

    earlier, later = await house.told("caller")
    assert (earlier.kind, earlier.rule) == ("caller.limited", "client-limits")
    assert earlier.bank == later.bank
    assert (earlier.bank_seq, later.bank_seq) == (1, 2)
    assert [earlier.terms, later.terms] == [
        CallerLimited(client="loans", door="token", policy="bank", minute=minute, count=count)
        for minute, count in ((NOON, 50), (NOON + MINUTE, 1))
    ]


@pytest.mark.parametrize("fault", ["failed", "reply lost"])
async def test_counts_survive_a_ledger_that_fails(house: House, fault: str) -> None:
    """What could not be recorded is counted again, with what came meanwhile."""
    overruns = Overruns()
    overruns.count(LINE, now=NOON)
    broken = house.faulty_ledger(EventKind.CALLER_LIMITED, fault)
    journey = SumUpOverruns(database=house.database, ledger=broken, overruns=overruns)

    with pytest.raises(DatabaseUnavailable):
        await journey(until=NOON + MINUTE)
    overruns.count(LINE, now=NOON)

    (counted,) = overruns.take_until(NOON + MINUTE)
    assert counted.count == 2


async def test_counts_survive_a_walk_that_is_cancelled(house: House) -> None:
    """The drain may come in the middle of a turn; the last step then records them."""
    overruns = Overruns()
    overruns.count(LINE, now=NOON)
    journey = SumUpOverruns(database=house.database, ledger=house.ledger, overruns=overruns)
    walk: Awaitable[int] = journey(until=NOON + MINUTE)
    task = asyncio.ensure_future(walk)
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert len(overruns.take_until(NOON + MINUTE)) == 1


async def test_what_spends_no_quota_is_recorded_a_few_times_a_minute(
    house: House, registration: Registration
) -> None:
    """Five of each client, door and code; the next minute begins anew."""
    overruns = Overruns()
    journey = LimitClient(limits=Limits(house.database, [POLICY]), overruns=overruns)

    def ask(code: str, now: datetime) -> bool:
        return journey.is_recorded(registration, door="reports", code=code, now=now)

    first = [ask("invalid-token", NOON) for _ in range(7)]
    other = ask("certificate-revoked", NOON)
    later = ask("invalid-token", NOON + MINUTE)

    assert first == [True] * 5 + [False] * 2
    assert (other, later) == (True, True)
    (counted,) = overruns.take_until(NOON + 2 * MINUTE)
    assert (counted.line.policy, counted.minute, counted.count) == ("invalid-token", NOON, 2)


async def test_the_first_few_are_kept_for_so_many_lines_and_no_more() -> None:
    """Beyond them a refusal is counted at once: memory has an end."""
    overruns = Overruns()
    for number in range(LINES_MAX):
        assert not overruns.is_beyond_full(replace(LINE, door=f"door-{number}"), now=NOON)

    assert overruns.is_beyond_full(LINE, now=NOON)
    assert not overruns.is_beyond_full(replace(LINE, door="door-1"), now=NOON)
