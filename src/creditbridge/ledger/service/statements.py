"""The statements of enterprises: what they are made of, and those that were issued."""

from collections.abc import Sequence
from datetime import UTC, datetime

from creditbridge.foundation.database import Transaction
from creditbridge.ledger.model import Opened
from creditbridge.ledger.service.intake import Ledger
from creditbridge.ledger.store import statements as store
from creditbridge.ledger.store.statements import StatementDue, StatementRow

DUE_ROWS_MAX = 50
PAGE_ROWS_MAX = 500
ENTRIES_MAX = 50_000
BEFORE_ALL = (datetime(1970, 1, 1, tzinfo=UTC), "")


async def list_due_statements(
    tx: Transaction, *, before: datetime, month: str
) -> list[StatementDue]:
    """Return up to fifty enterprises that have entries and lack the statement of a month."""
    return await store.list_due(tx, before=before, month=month, rows_max=DUE_ROWS_MAX)


async def open_about(
    tx: Transaction, ledger: Ledger, uscc: str, *, begins: datetime, ends: datetime
) -> list[Opened]:
    """Return the entries about an enterprise decided between two instants, up to 50,000."""
    found, after = list[Opened](), BEFORE_ALL
    while len(found) < ENTRIES_MAX:
        rows = await store.read_about(
            tx, uscc, begins=begins, ends=ends, after=after, rows_max=PAGE_ROWS_MAX
        )
        found += ledger.unlock(rows)
        if len(rows) < PAGE_ROWS_MAX:
            break
        after = (rows[-1].decided_at, rows[-1].event_id)
    return found


async def keep_statement(tx: Transaction, row: StatementRow) -> bool:
    """Keep a statement; False where the month has one, and nothing may be recorded."""
    return await store.add_statement(tx, row)


async def list_statements(
    tx: Transaction, uscc: str, *, month: str | None = None
) -> Sequence[StatementRow]:
    """Return an enterprise's statements, the latest first, or that of one month."""
    return await store.list_statements(tx, uscc, month)
