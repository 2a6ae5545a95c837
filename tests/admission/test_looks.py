"""How often one bank may look at one enterprise, over all its clients and all nodes."""

import asyncio
from datetime import timedelta

import pytest

from creditbridge.admission.rules import EnterpriseLimited
from creditbridge.admission.sealing import Sealer
from creditbridge.admission.service import Admission
from creditbridge.admission.settings import AdmissionSettings, LimitPolicy
from creditbridge.foundation.database import Database, open_database

BANK, OTHER_BANK = "bnk_01hzy6t9x7c3v5n8m2k4p6q8r0", "bnk_01hzy6t9x7c3v5n8m2k4p6q8r1"
USCC, OTHER_USCC = "91330104YY0000A13Q", "91330106589876549K"
DAY = LimitPolicy(name="enterprise", quota=3, window_seconds=86_400)
COUNT = "SELECT count(*) FROM admission_windows"


@pytest.fixture
def limited() -> Admission:
    """Admission that lets a bank look three times a day."""
    return Admission(AdmissionSettings(per_enterprise=DAY), Sealer(bytes(32)))


async def look(
    database: Database, admission: Admission, *, bank_id: str = BANK, uscc: str = USCC
) -> int | None:
    """Look once, in a transaction of its own; return after how many seconds to come again."""
    try:
        async with database.transaction() as tx:
            await admission.take_look(tx, bank_id=bank_id, uscc=uscc)
    except EnterpriseLimited as refusal:
        return refusal.retry_after_seconds
    return None


async def test_E5_of_thirty_looks_at_once_as_many_count_as_a_bank_may_take(
    database: Database, database_url: str, limited: Admission
) -> None:
    """On two nodes, exactly three."""
    other = await open_database(database_url, connections_max=8)

    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(look((database, other)[number % 2], limited)) for number in range(30)
        ]
    await other.close()

    assert [task.result() for task in tasks].count(None) == 3


async def test_E5_another_enterprise_and_another_bank_are_counted_apart(
    database: Database, limited: Admission
) -> None:
    """A bank that looked too often at one may look at the next, and another bank at both."""
    for _ in range(3):
        assert await look(database, limited) is None

    refused = await look(database, limited)

    assert refused is not None
    assert 86_390 <= refused <= 86_400
    assert await look(database, limited, uscc=OTHER_USCC) is None
    assert await look(database, limited, bank_id=OTHER_BANK) is None


async def test_E5_the_next_window_begins_with_the_next_look(
    database: Database, limited: Admission
) -> None:
    """A day after the first one of the window before."""
    while await look(database, limited) is None:
        pass
    async with database.transaction() as tx:
        now = tx.now
    await database.raise_floor(now + timedelta(days=1))

    assert await look(database, limited) is None


async def test_a_look_that_was_undone_does_not_count(
    database: Database, limited: Admission
) -> None:
    """It holds when its transaction commits, and is as if it never was when that is undone."""
    for _ in range(5):
        with pytest.raises(ZeroDivisionError):
            async with database.transaction() as tx:
                await limited.take_look(tx, bank_id=BANK, uscc=USCC)
                raise ZeroDivisionError

    assert await look(database, limited) is None


async def test_where_no_limit_is_set_nothing_is_counted(
    database: Database, admission: Admission
) -> None:
    """It costs no statement, and leaves no row."""
    for _ in range(5):
        assert await look(database, admission) is None

    async with database.transaction() as tx:
        assert await tx.fetch_value(int, COUNT) == 0


async def test_windows_of_looks_are_forgotten_once_they_ended(
    database: Database, limited: Admission
) -> None:
    """Those of clients stay; so there are never more than enterprises that were looked at today."""
    await look(database, limited)
    await look(database, limited, uscc=OTHER_USCC)
    async with database.transaction() as tx:
        now = tx.now
        await tx.execute("INSERT INTO admission_windows VALUES ('a-client', 'bank', $1, 1, 1)", now)
        early = await limited.purge(tx)
    await database.raise_floor(now + timedelta(days=1, seconds=1))

    async with database.transaction() as tx:
        late = await limited.purge(tx)
        left = await tx.fetch_value(int, COUNT)

    assert (early.looks, late.looks, left) == (0, 2, 1)
