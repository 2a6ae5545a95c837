"""Withdrawn consents under which something may still run."""

from datetime import datetime

from creditbridge.foundation.database import Transaction
from creditbridge.ledger.model import Silence

SILENCES_MAX = 100

AWAIT_SILENCE = (
    "INSERT INTO ledger_silences (consent_id, event_id, withdrawn_at) VALUES ($1, $2, $3)"
)


async def await_silence(
    tx: Transaction, consent_id: str, *, event_id: str, withdrawn_at: datetime
) -> None:
    """Keep in mind that a consent was withdrawn and is not silent yet."""
    await tx.execute(AWAIT_SILENCE, consent_id, event_id, withdrawn_at)


# An open intent is a report under way on some node; one whose node was lost is closed by another
# after its deadline, so the wait ends. Two nodes that look at once take different rows.
TAKE_SILENCES = """
    DELETE FROM ledger_silences WHERE consent_id IN (
        SELECT consent_id FROM ledger_silences WHERE NOT EXISTS (
            SELECT FROM ledger_intents
            WHERE ledger_intents.consent_id = ledger_silences.consent_id AND outcome IS NULL)
        LIMIT $1 FOR UPDATE SKIP LOCKED)
    RETURNING consent_id, event_id, withdrawn_at
"""


async def take_silences(tx: Transaction) -> list[Silence]:
    """Take out the withdrawn consents that have fallen silent; once, on any number of nodes."""
    return await tx.fetch_rows(Silence, TAKE_SILENCES, SILENCES_MAX)
