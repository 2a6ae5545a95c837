"""The rows of disputes."""

from datetime import timedelta

from creditbridge.disputes.model import Dispute, Filing
from creditbridge.disputes.rules import OPEN_MAX
from creditbridge.foundation.database import Transaction

PAGE_ROWS_MAX = 100

# One row per record and enterprise while it is open; the limit may be passed by as many as file at
# the same instant, which harms nobody.
FILE = """
    INSERT INTO disputes
        (dispute_id, uscc, person_id, report_id, record_id, platform, section, ground, words,
         state, filed_at, try_at)
    SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, 'FILED', $10, $10
    WHERE (SELECT count(*) FROM disputes
           WHERE uscc = $2 AND state NOT IN ('REJECTED', 'CLOSED')) < $11
    ON CONFLICT (uscc, record_id) WHERE state NOT IN ('REJECTED', 'CLOSED') DO NOTHING
    RETURNING dispute_id, uscc, person_id, report_id, record_id, platform, section, ground, state,
        version, filed_at, passed_at, is_extended, answered_at, outcome, review_at, closed_at,
        review_outcome
"""


async def file(tx: Transaction, dispute_id: str, filing: Filing, words: bytes) -> Dispute | None:
    """Write a dispute; None where the record is disputed already, or too many are open."""
    return await tx.fetch_row(
        Dispute,
        FILE,
        dispute_id,
        filing.uscc,
        filing.person_id,
        filing.report_id,
        filing.record_id,
        filing.platform,
        str(filing.section),
        str(filing.ground),
        words,
        tx.now,
        OPEN_MAX,
    )


IS_OPEN = """
    SELECT true FROM disputes
    WHERE uscc = $1 AND record_id = $2 AND state NOT IN ('REJECTED', 'CLOSED')
"""


async def is_open(tx: Transaction, uscc: str, record_id: str) -> bool:
    """Tell whether an enterprise disputes a record at this moment."""
    return await tx.fetch_value(bool, IS_OPEN, uscc, record_id) is True


LIST = """
    SELECT dispute_id, uscc, person_id, report_id, record_id, platform, section, ground, state,
        version, filed_at, passed_at, is_extended, answered_at, outcome, review_at, closed_at,
        review_outcome
    FROM disputes WHERE uscc = $1 ORDER BY dispute_id DESC LIMIT $2
"""


async def list_of(tx: Transaction, uscc: str) -> list[Dispute]:
    """Return an enterprise's disputes, the latest first."""
    return await tx.fetch_rows(Dispute, LIST, uscc, PAGE_ROWS_MAX)


FIND = """
    SELECT dispute_id, uscc, person_id, report_id, record_id, platform, section, ground, state,
        version, filed_at, passed_at, is_extended, answered_at, outcome, review_at, closed_at,
        review_outcome
    FROM disputes WHERE dispute_id = $1
"""


async def find(tx: Transaction, dispute_id: str) -> Dispute | None:
    """Return a dispute."""
    return await tx.fetch_row(Dispute, FIND, dispute_id)


FIND_WORDS = "SELECT words FROM disputes WHERE dispute_id = $1"


async def find_words(tx: Transaction, dispute_id: str) -> bytes | None:
    """Return a dispute's words, sealed."""
    return await tx.fetch_value(bytes, FIND_WORDS, dispute_id)


# What a review begins is due at once.
KEEP = """
    UPDATE disputes SET state = $3, version = version + 1, passed_at = $4, is_extended = $5,
        answered_at = $6, outcome = $7, review_at = $8, closed_at = $9, review_outcome = $10,
        tries = CASE WHEN state = $3 THEN tries ELSE 0 END,
        try_at = CASE WHEN state = $3 OR $3 <> 'REVIEW' THEN try_at ELSE $8 END
    WHERE dispute_id = $1 AND version = $2
"""


async def keep(tx: Transaction, dispute: Dispute) -> bool:
    """Write a dispute that was changed as read; False where it changed meanwhile."""
    written = await tx.execute(
        KEEP,
        dispute.dispute_id,
        dispute.version,
        str(dispute.state),
        dispute.passed_at,
        dispute.is_extended,
        dispute.answered_at,
        dispute.outcome,
        dispute.review_at,
        dispute.closed_at,
        dispute.review_outcome,
    )
    return written == 1


# Taking is counting: the next try comes after a wait, whatever becomes of this one, and of N nodes
# one gets the row.
TAKE = """
    UPDATE disputes SET tries = tries + 1, try_at = $1 + ($2::interval[])[
        least(tries + 1, cardinality($2::interval[]))]
    WHERE dispute_id = (
        SELECT dispute_id FROM disputes
        WHERE state IN ('FILED', 'ACCEPTED', 'REVIEW') AND try_at <= $1
        ORDER BY try_at LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING dispute_id, uscc, person_id, report_id, record_id, platform, section, ground, state,
        version, filed_at, passed_at, is_extended, answered_at, outcome, review_at, closed_at,
        review_outcome
"""


async def take(tx: Transaction, waits: list[timedelta]) -> Dispute | None:
    """Take one dispute whose turn it is to be passed on or asked about."""
    return await tx.fetch_row(Dispute, TAKE, tx.now, waits)
