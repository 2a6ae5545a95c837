"""A statement for each month, exactly once, with every entry about the enterprise."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Protocol

import msgspec
import pytest
from msgspec.structs import replace

from creditbridge.consents.model import Consent
from creditbridge.evidence.statements import Statement, bounds_of, month_of, next_month
from creditbridge.foundation.database import Database, DatabaseUnavailable
from creditbridge.foundation.keys import FileKey
from creditbridge.journeys.deliver_report import DeliverReport, ReportRequest
from creditbridge.journeys.issue_statements import IssueStatements
from creditbridge.ledger.model import Core, EventKind, StatementIssued
from creditbridge.ledger.port import Recorder
from creditbridge.ledger.service import Ledger, list_statements
from creditbridge.ledger.store.statements import LIST_DUE
from creditbridge.notices.model import NoticeKind, Reader
from creditbridge.notices.service import Notices
from creditbridge.protocols.strict_json import decode

USCC = "91330100YY0000A13Y"
ORIGIN = "log.example/creditbridge"


class House(Protocol):
    """The house of `conftest`."""

    database: Database
    notices: Notices
    ledger: Ledger
    consent_key: FileKey
    deliver: DeliverReport

    async def told(self, *words: str) -> list[Core]:
        """Return what the ledger holds."""
        ...

    def faulty_ledger(self, kind: EventKind, fault: str) -> Recorder:
        """Return the ledger with a fault."""
        ...


def issuing(house: House) -> IssueStatements:
    """Return the journey of a node."""
    return IssueStatements(
        database=house.database,
        ledger=house.ledger,
        recorder=house.ledger,
        notices=house.notices,
        signers=house.consent_key,
        origin=ORIGIN,
    )


async def end_month(house: House, *, months: int = 1) -> str:
    """Let a month end, and an hour more; return which."""
    async with house.database.transaction() as tx:
        month = month_of(tx.now)
    for _ in range(months - 1):
        month = next_month(month)
    _, ends = bounds_of(month)
    await house.database.raise_floor(ends + timedelta(hours=1))
    return month


async def statements_of(house: House) -> list[Statement]:
    """Return what the enterprise was given, the latest first."""
    async with house.database.transaction() as tx:
        rows = await list_statements(tx, USCC)
    return [decode(row.document, Statement) for row in rows]


async def test_a_month_is_stated_once_it_is_over(
    house: House, consent: Consent, ask: Callable[..., ReportRequest]
) -> None:
    """Each look with bank and purpose; the ledger holds the digest, the inbox a line."""
    await house.deliver(ask(consent))
    assert await issuing(house)() == 0
    month = await end_month(house)

    assert await issuing(house)() == 1

    [statement] = await statements_of(house)
    assert (statement.month, statement.after) == (month, 0)
    assert [line.subject_seq for line in statement.entries] == list(range(1, statement.last + 1))
    assert statement.counts.looks == statement.counts.queries == 1
    assert statement.counts.by_purpose == {"PRE_LOAN_REVIEW": 1}
    looks = [line for line in statement.entries if line.kind == EventKind.REPORT_DELIVERED]
    assert [look.consent_id for look in looks] == [consent.consent_id]
    [issued] = await house.told("statement")
    assert isinstance(issued.terms, StatementIssued)
    assert (issued.terms.last, issued.subject_seq) == (statement.last, statement.last + 1)
    async with house.database.transaction() as tx:
        notices = await house.notices.list_notices(tx, Reader(person_id="prs_1", uscc=USCC))
    assert notices[0].kind is NoticeKind.STATEMENT_ISSUED


async def test_nodes_that_race_issue_one(house: House, consent: Consent) -> None:
    """The others undo what they did, the ledger's entry too."""
    await end_month(house)

    async with asyncio.TaskGroup() as group:
        for _ in range(4):
            group.create_task(issuing(house)())

    assert len(await statements_of(house)) == 1
    assert len(await house.told("statement")) == 1


async def test_months_without_looks_are_stated_too(house: House, consent: Consent) -> None:
    """In order, each behind the one before, also where the house stood still for months."""
    await end_month(house, months=3)

    assert [await issuing(house)() for _ in range(4)] == [1, 1, 1, 0]

    latest, middle, first = await statements_of(house)
    assert [one.counts.looks for one in (first, middle, latest)] == [0, 0, 0]
    assert (middle.after, middle.entries, middle.last) == (first.last, (), first.last)
    assert (latest.after, latest.last) == (first.last, first.last)


async def test_the_next_one_begins_where_this_one_ends(house: House, consent: Consent) -> None:
    """The issue of a statement is itself an entry of the next month."""
    await end_month(house)
    await issuing(house)()
    await end_month(house)
    await issuing(house)()

    second, first = await statements_of(house)
    assert second.after == first.last
    assert [line.kind for line in second.entries] == [EventKind.STATEMENT_ISSUED]


@pytest.mark.parametrize("fault", ["failed", "reply lost"])
async def test_no_statement_without_its_entry(house: House, consent: Consent, fault: str) -> None:
    """The ledger failed, or only its answer was lost: the month is stated by the next try."""
    await end_month(house)
    broken = house.faulty_ledger(EventKind.STATEMENT_ISSUED, fault)
    journey = replace(issuing(house), recorder=broken)
    with pytest.raises(DatabaseUnavailable):
        await journey()
    assert await statements_of(house) == []

    assert await issuing(house)() == 1


async def test_a_month_that_one_document_cannot_hold_goes_on_in_parts(
    house: House, consent: Consent, ask: Callable[..., ReportRequest]
) -> None:
    """Nothing is cut away: each part says that it goes on, and begins where the one before ends."""
    for number in range(3):
        await house.deliver(ask(consent, key=f"key-{number}"))
    month = await end_month(house)
    journey = replace(issuing(house), entries_max=3)

    rounds = [await journey() for _ in range(4)]

    parts = (await statements_of(house))[:3]
    whole = [line.subject_seq for part in parts for line in part.entries]
    assert rounds == [1, 1, 1, 0]
    assert [(part.month, part.part, part.goes_on) for part in parts] == [
        (month, 1, True),
        (month, 2, True),
        (month, 3, False),
    ]
    assert [part.after for part in parts] == [0, parts[0].last, parts[1].last]
    assert whole == list(range(1, parts[2].last + 1))
    assert sum(part.counts.looks for part in parts) == 3
    issued = [core.terms for core in await house.told("statement")]
    assert [one.part for one in issued if isinstance(one, StatementIssued)] == [1, 2, 3]
    async with house.database.transaction() as tx:
        notices = await house.notices.list_notices(tx, Reader(person_id="prs_1", uscc=USCC))
    assert [one.kind for one in notices].count(NoticeKind.STATEMENT_ISSUED) == 1


async def test_the_month_behind_one_in_parts_is_whole_again(house: House, consent: Consent) -> None:
    """It begins behind the last part, with the entries by which the parts were issued."""
    await end_month(house)
    journey = replace(issuing(house), entries_max=1)
    while await journey():
        pass
    await end_month(house)

    assert await issuing(house)() == 1

    latest, *parts = await statements_of(house)
    assert (latest.part, latest.goes_on, latest.after) == (1, False, parts[-1].last)
    assert {line.kind for line in latest.entries} == {EventKind.STATEMENT_ISSUED}
    assert len(latest.entries) == len(parts)


async def test_nobody_is_looked_for_once_a_month_is_done(house: House, consent: Consent) -> None:
    """One row is read then, and no enterprise; the next month makes them due again."""
    month = await end_month(house)
    assert [await issuing(house)() for _ in range(2)] == [1, 0]

    begins = bounds_of(next_month(month))[0]
    async with house.database.transaction() as tx:
        explained = f"EXPLAIN (ANALYZE, COSTS OFF) {LIST_DUE}"
        lines = await tx.fetch_rows(Plan, explained, begins, month, 50)

    read = [line for line in (one.plan for one in lines) if "ledger_references" in line]
    assert read
    assert all("never executed" in line for line in read)
    await end_month(house)
    assert await issuing(house)() == 1


class Plan(msgspec.Struct, frozen=True):
    """A line of how a statement was run."""

    plan: str = msgspec.field(name="QUERY PLAN")


async def test_a_statement_says_how_long_the_log_was(house: House, consent: Consent) -> None:
    """So that its key can be held against the time in which it signed."""
    await end_month(house)
    await issuing(house)()

    [statement] = await statements_of(house)
    assert statement.log_size is not None
    assert statement.log_size >= statement.last
