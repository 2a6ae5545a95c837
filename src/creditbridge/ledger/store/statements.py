"""Statements as they were issued, and the entries that the next ones are made of."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from creditbridge.foundation.database import Transaction
from creditbridge.ledger.store.openings import OpeningRow

LISTED_MAX = 240


class StatementRow(msgspec.Struct, frozen=True, kw_only=True):
    """A statement that was issued; `last` is the highest number that it covers.

    A part that goes on says from which instant on the next part reads.
    """

    statement_id: str
    uscc: str
    month: str
    last: int
    document: bytes
    issued_at: datetime
    part: int = 1
    goes_on_from: datetime | None = None


class StatementDue(msgspec.Struct, frozen=True, kw_only=True):
    """An enterprise with entries; its latest statement, and when its first entry was decided."""

    uscc: str
    first_at: datetime
    month: str | None
    last: int | None
    part: int | None = None
    goes_on_from: datetime | None = None  # Where the latest is a part that goes on.


# Of N nodes that issue one month, one gets the row; the others undo what they did.
ADD_STATEMENT = """
    INSERT INTO ledger_statements
        (statement_id, uscc, month, last, document, issued_at, part, goes_on_from)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (uscc, month, part) DO NOTHING
"""


async def add_statement(tx: Transaction, row: StatementRow) -> bool:
    """Keep a statement, or a part of one; False where the month has it."""
    return (
        await tx.execute(
            ADD_STATEMENT,
            row.statement_id,
            row.uscc,
            row.month,
            row.last,
            row.document,
            row.issued_at,
            row.part,
            row.goes_on_from,
        )
        == 1
    )


# What is asked first is one row: once a month is done, no enterprise is looked at for it. The first
# entry is looked for only where an enterprise has no statement at all.
LIST_DUE = """
    WITH lacking AS MATERIALIZED (
        SELECT r.subject, r.reference, s.*
        FROM ledger_references AS r
            LEFT JOIN LATERAL (
                SELECT month, last, part, goes_on_from FROM ledger_statements
                WHERE uscc = r.subject ORDER BY month DESC, part DESC LIMIT 1) AS s ON true
        WHERE r.kind = 'enterprise'
            AND NOT EXISTS (SELECT FROM ledger_statements_done AS done WHERE done.month = $2)
            AND (s.month IS NULL OR s.month < $2 OR s.goes_on_from IS NOT NULL)
    )
    SELECT subject AS uscc, month, last, part, goes_on_from, coalesce(f.first_at, $1) AS first_at
    FROM lacking
        LEFT JOIN LATERAL (
            SELECT min(decided_at) AS first_at FROM ledger_openings AS o
                JOIN ledger_entries USING (event_id)
            WHERE month IS NULL AND o.enterprise = lacking.reference) AS f ON true
    WHERE month IS NOT NULL OR f.first_at < $1
    ORDER BY subject LIMIT $3
"""


async def list_due(
    tx: Transaction, *, before: datetime, month: str, rows_max: int
) -> list[StatementDue]:
    """Return enterprises with entries before an instant and no statement of the month yet."""
    return await tx.fetch_rows(StatementDue, LIST_DUE, before, month, rows_max)


NOTE_DONE = "INSERT INTO ledger_statements_done VALUES ($1) ON CONFLICT DO NOTHING"


async def note_done(tx: Transaction, month: str) -> None:
    """Keep that every enterprise has its statement of a month."""
    await tx.execute(NOTE_DONE, month)


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
    WHERE uscc = $1 AND ($2::text IS NULL OR month = $2) ORDER BY month DESC, part LIMIT $3
"""


async def list_statements(tx: Transaction, uscc: str, month: str | None) -> Sequence[StatementRow]:
    """Return an enterprise's statements, the latest first, or those of one month, part by part."""
    return await tx.fetch_rows(StatementRow, LIST_STATEMENTS, uscc, month, LISTED_MAX)
