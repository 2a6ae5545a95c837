"""A statement for each month, exactly once, with every entry about the enterprise."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Protocol

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
