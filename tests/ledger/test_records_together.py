"""Records that one transaction writes together: numbered, linked and sealed as one by one."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

import pytest
from msgspec.structs import replace

from creditbridge.foundation.database import Database
from creditbridge.ledger.audit import Violated
from creditbridge.ledger.checking import Trust, check_ledger
from creditbridge.ledger.composing import RecordUnfit
from creditbridge.ledger.encoding import from_base64url
from creditbridge.ledger.model import (
    CATALOGUE,
    BankName,
    Core,
    EventKind,
    Record,
    Recorded,
)
from creditbridge.ledger.rules import decode_core, open_entry
from creditbridge.ledger.sealing import OpeningKeys
from creditbridge.ledger.sequencer import Sequencer
from creditbridge.ledger.service import Ledger
from creditbridge.ledger.store.openings import OpeningRow
from creditbridge.ledger.vault import Vault

Sample: TypeAlias = Callable[[EventKind], Record]
Fill: TypeAlias = Callable[[Sequence[Record]], Awaitable[list[Recorded]]]
NewLedger: TypeAlias = Callable[[str], Ledger]

RECEIPTS = "SELECT receipt FROM ledger_opened ORDER BY intake_no"
# As a database administrator does who has read the migration.
TAKE_OUT = """
    SET LOCAL session_replication_role = replica;
    UPDATE ledger_openings SET receipt = NULL
"""
ALL = "SELECT * FROM ledger_opened ORDER BY intake_no"
OTHER = BankName(bank_id="bnk_2", uscc="91330104YY0000A13Q", legal_name="Other")


@pytest.fixture
def told(database: Database, opening_keys: OpeningKeys) -> Callable[[], Awaitable[list[Core]]]:
    """Read what the ledger holds, in intake order."""
    vault = Vault(keys=opening_keys)

    async def read() -> list[Core]:
        async with database.transaction() as tx:
            rows = await tx.fetch_rows(OpeningRow, ALL)
        return [decode_core(from_base64url(vault.unlock(row).opening.core)) for row in rows]

    return read


async def test_counters_and_chains_run_as_one_by_one(
    database: Database,
    ledger: Ledger,
    story: list[Record],
    told: Callable[[], Awaitable[list[Core]]],
) -> None:
    """Six records in one statement: the same numbers, in the same order, each behind its link."""
    async with database.transaction() as tx:
        for record in story:
            ledger.put_off(tx, record)

    cores = await told()
    async with database.transaction() as tx:
        chain = await ledger.openings_for(tx, bank_id="bnk_1", consent_id="cns_1")

    assert [core.kind for core in cores] == [record.kind for record in story]
    assert [core.bank_seq for core in cores] == [None, 1, 2, 3, 4, 5]
    assert [core.subject_seq for core in cores] == [1, 2, 3, 4, None, 5]
    assert [core.consent_seq for core in cores] == [None, 1, 2, 3, None, 4]
    commitments = [open_entry(one.opening)[1] for one in chain]
    linked = [open_entry(one.opening)[0].consent_prev for one in chain]
    assert linked[0] is None
    assert [from_base64url(prev or "") for prev in linked[1:]] == commitments[:-1]


async def test_the_next_record_follows_on_the_last_of_a_group(
    database: Database, ledger: Ledger, sample: Sample, sequencer: Sequencer
) -> None:
    """The end of a consent's chain is that of the group's last link, whoever writes next."""
    async with database.transaction() as tx:
        ledger.put_off(tx, sample(EventKind.REPORT_INTENDED))
        ledger.put_off(tx, sample(EventKind.REPORT_INTENDED))
    async with database.transaction() as tx:
        await ledger.record(tx, sample(EventKind.REPORT_INTENDED))
    assert await sequencer.run_once() == 3

    async with database.transaction() as tx:
        chain = await ledger.openings_for(tx, bank_id="bnk_1", consent_id="cns_1")

    opened = [open_entry(one.opening) for one in chain]
    assert [core.consent_seq for core, _ in opened] == [1, 2, 3]
    assert from_base64url(opened[2][0].consent_prev or "") == opened[1][1]


async def test_a_record_that_does_not_fit_is_refused_when_it_is_put_off(
    database: Database, ledger: Ledger, sample: Sample
) -> None:
    """Where its journey can still be named, and its neighbours' are not written for it."""
    record = replace(sample(EventKind.CALLER_REFUSED), bank=None)

    async with database.transaction() as tx:
        with pytest.raises(RecordUnfit):
            ledger.put_off(tx, record)


async def test_what_is_put_off_is_undone_with_its_transaction(
    database: Database,
    ledger: Ledger,
    sample: Sample,
    told: Callable[[], Awaitable[list[Core]]],
) -> None:
    """No record, and no gap: the counter did not move."""

    async def fail() -> None:
        async with database.transaction() as tx:
            ledger.put_off(tx, sample(EventKind.CALLER_REFUSED))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    async with database.transaction() as tx:
        ledger.put_off(tx, sample(EventKind.CALLER_REFUSED))

    assert [core.bank_seq for core in await told()] == [1]


async def test_racing_groups_of_two_nodes_leave_no_gap(
    database: Database,
    new_ledger: NewLedger,
    sample: Sample,
    told: Callable[[], Awaitable[list[Core]]],
) -> None:
    """Two banks in opposite orders, three records a group: every number once, nobody deadlocks."""
    ours = sample(EventKind.CALLER_REFUSED)
    theirs = replace(ours, bank=OTHER)
    groups = [[ours, theirs, ours], [theirs, ours, theirs]]

    async def write(ledger: Ledger, group: list[Record]) -> None:
        async with database.transaction() as tx:
            for record in group:
                ledger.put_off(tx, record)

    async with asyncio.TaskGroup() as racers:
        for number in range(20):
            ledger = new_ledger(f"nod_{number % 2}")
            racers.create_task(write(ledger, groups[number // 2 % 2]))

    cores = await told()
    for bank in {core.bank for core in cores}:
        # In intake order, too: a bank's entries stand in the log as they are numbered.
        assert [core.bank_seq for core in cores if core.bank == bank] == list(range(1, 31))


async def test_no_receipt_is_signed_where_nobody_is_handed_one(
    database: Database, ledger: Ledger, sample: Sample, trust: Trust
) -> None:
    """A refusal without one is whole to the check; of a use, one is signed all the same."""
    async with database.transaction() as tx:
        ledger.put_off(tx, sample(EventKind.CALLER_REFUSED))
        ledger.put_off(tx, sample(EventKind.REPORT_INTENDED))

    async with database.transaction() as tx:
        receipts = await tx.fetch_rows(dict[str, bytes | None], RECEIPTS)
        violations = await check_ledger(tx, trust)

    assert [row["receipt"] is None for row in receipts] == [True, False]
    assert violations == []


async def test_a_receipt_that_was_taken_out_is_missed(
    database: Database, ledger: Ledger, sample: Sample, trust: Trust
) -> None:
    """Of a kind that always has one the check finds none."""
    async with database.transaction() as tx:
        await ledger.record(tx, sample(EventKind.REPORT_INTENDED))
        await tx.execute(TAKE_OUT)

    async with database.transaction() as tx:
        violations = await check_ledger(tx, trust)

    assert violations[0].name is Violated.OPENING_UNREADABLE
    assert "no receipt" in violations[0].detail


def test_L13_three_kinds_alone_may_lack_a_receipt() -> None:
    """What the token endpoint and a refused caller's answer have no place for (decision 25)."""
    assert {kind for kind, row in CATALOGUE.items() if row.may_lack_receipt} == {
        EventKind.TOKEN_ISSUED,
        EventKind.TOKEN_REFUSED,
        EventKind.CALLER_REFUSED,
    }


async def test_L13_an_entry_without_a_receipt_is_in_the_log_as_soon_as_one_with(
    database: Database, ledger: Ledger, sequencer: Sequencer, sample: Sample
) -> None:
    """One turn gives both their indexes, in the order of intake, and numbers both for the bank."""
    async with database.transaction() as tx:
        ledger.put_off(tx, sample(EventKind.CALLER_REFUSED))
        ledger.put_off(tx, sample(EventKind.REPORT_INTENDED))

    await sequencer.run_once()

    async with database.transaction() as tx:
        entries = await tx.fetch_rows(OpeningRow, ALL)
    assert [(one.log_index, one.receipt is None) for one in entries] == [(0, True), (1, False)]
