"""Statements as they were issued, and the entries that the next ones are made of."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from creditbridge.foundation.database import Transaction
from creditbridge.ledger.store.openings import OpeningRow

LISTED_MAX = 240


class StatementRow(msgspec.Struct, frozen=True, kw_only=True):
    """A statement that was issued; `last` is the highest number that it covers."""

    statement_id: str
    uscc: str
    month: str
    last: int
    document: bytes
    issued_at: datetime


class StatementDue(msgspec.Struct, frozen=True, kw_only=True):
    """An enterprise with entries; its latest statement, and when its first entry was decided."""

    uscc: str
    first_at: datetime
    month: str | None
    last: int | None


# Of N nodes that issue one month, one gets the row; the others undo what they did.
ADD_STATEMENT = """
    INSERT INTO ledger_statements (statement_id, uscc, month, last, document, issued_at)
    VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (uscc, month) DO NOTHING
"""


async def add_statement(tx: Transaction, row: StatementRow) -> bool:
    """Keep a statement; False where the month has one."""
    return (
        await tx.execute(
            ADD_STATEMENT,
            row.statement_id,
            row.uscc,
            row.month,
            row.last,
            row.document,
            row.issued_at,
        )
        == 1
    )


LIST_DUE = """
    SELECT r.subject AS uscc, s.month, s.last, f.first_at
    FROM ledger_references AS r
        CROSS JOIN LATERAL (
            SELECT min(decided_at) AS first_at FROM ledger_openings AS o
                JOIN ledger_entries USING (event_id)
            WHERE o.enterprise = r.reference) AS f
        LEFT JOIN LATERAL (
            SELECT month, last FROM ledger_statements
            WHERE uscc = r.subject ORDER BY month DESC LIMIT 1) AS s ON true
    WHERE r.kind = 'enterprise' AND first_at < $1 AND (month IS NULL OR month < $2)
    ORDER BY r.subject LIMIT $3
"""


async def list_due(
    tx: Transaction, *, before: datetime, month: str, rows_max: int
) -> list[StatementDue]:
    """Return enterprises with entries before an instant and no statement of the month yet."""
    return await tx.fetch_rows(StatementDue, LIST_DUE, before, month, rows_max)


READ_ABOUT = """
    SELECT * FROM ledger_opened
    WHERE enterprise = (
        SELECT reference FROM ledger_references WHERE kind = 'enterprise' AND subject = $1)
        AND decided_at >= $2 AND decided_at < $3
        AND (decided_at, event_id) > ($4, $5)
    ORDER BY decided_at, event_id LIMIT $6
"""


async def read_about(
    tx: Transaction,
    uscc: str,
    *,
    begins: datetime,
    ends: datetime,
    after: tuple[datetime, str],
    rows_max: int,
) -> list[OpeningRow]:
    """Return a page of the entries about an enterprise, by instant."""
    return await tx.fetch_rows(OpeningRow, READ_ABOUT, uscc, begins, ends, *after, rows_max)


LIST_STATEMENTS = """
    SELECT * FROM ledger_statements
    WHERE uscc = $1 AND ($2::text IS NULL OR month = $2) ORDER BY month DESC LIMIT $3
"""


async def list_statements(tx: Transaction, uscc: str, month: str | None) -> Sequence[StatementRow]:
    """Return an enterprise's statements, the latest first, or that of one month."""
    return await tx.fetch_rows(StatementRow, LIST_STATEMENTS, uscc, month, LISTED_MAX)
