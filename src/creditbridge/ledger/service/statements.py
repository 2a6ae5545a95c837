"""The statements of enterprises: what they are made of, and those that were issued."""

from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from creditbridge.foundation.database import Transaction
from creditbridge.ledger.model import Opened
from creditbridge.ledger.rules import open_entry
from creditbridge.ledger.service.intake import Ledger
from creditbridge.ledger.store import statements as store
from creditbridge.ledger.store.statements import StatementDue, StatementRow

DUE_ROWS_MAX = 50
PAGE_ROWS_MAX = 500
# A line has up to half a kilobyte: a document stays within what a verifier reads (16 MiB).
ENTRIES_MAX = 20_000
BEFORE_ALL = (datetime(1970, 1, 1, tzinfo=UTC), "")


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """Which entries about an enterprise are wanted: decided from `begins` to before `ends`.

    `behind` leaves out those up to a number of the enterprise's, and nothing where it is 0.
    """

    begins: datetime
    ends: datetime
    behind: int = 0


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """Entries about an enterprise, by instant; `is_cut` where there are more."""

    entries: tuple[Opened, ...]
    is_cut: bool


async def list_due_statements(
    tx: Transaction, *, before: datetime, month: str
) -> list[StatementDue]:
    """Return up to fifty enterprises that have entries and lack the statement of a month.

    Where there is none the month is done, and nobody is looked for again.
    """
    due = await store.list_due(tx, before=before, month=month, rows_max=DUE_ROWS_MAX)
    if not due:
        await store.note_done(tx, month)
    return due


async def open_about(
    tx: Transaction, ledger: Ledger, uscc: str, span: Span, *, entries_max: int = ENTRIES_MAX
) -> Found:
    """Return the entries of a span, as many as one statement holds."""
    found, after = list[Opened](), BEFORE_ALL
    while True:
        rows = await store.read_about(
            tx, uscc, begins=span.begins, ends=span.ends, after=after, rows_max=PAGE_ROWS_MAX
        )
        found += [one for one in ledger.unlock(rows) if _is_behind(one, span.behind)]
        if len(found) > entries_max:
            return Found(entries=tuple(found[:entries_max]), is_cut=True)
        if len(rows) < PAGE_ROWS_MAX:
            return Found(entries=tuple(found), is_cut=False)
        after = (rows[-1].decided_at, rows[-1].event_id)


def _is_behind(opened: Opened, number: int) -> bool:
    return not number or (open_entry(opened.opening)[0].subject_seq or 0) > number


async def keep_statement(tx: Transaction, row: StatementRow) -> bool:
    """Keep a statement; False where the month has one, and nothing may be recorded."""
    return await store.add_statement(tx, row)


async def list_statements(
    tx: Transaction, uscc: str, *, month: str | None = None
) -> Sequence[StatementRow]:
    """Return an enterprise's statements, the latest first, or those of one month, part by part."""
    return await store.list_statements(tx, uscc, month)
