"""Withdrawn consents under which something may still run."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

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


LIST_AWAITED = """
    SELECT consent_id FROM ledger_silences WHERE NOT EXISTS (
        SELECT FROM ledger_quiet_nodes
        WHERE ledger_quiet_nodes.consent_id = ledger_silences.consent_id AND node_id = $1)
    ORDER BY withdrawn_at LIMIT $2
"""


class Awaited(msgspec.Struct, frozen=True):
    """A withdrawn consent under which a node may still have something under way."""

    consent_id: str


async def list_awaited(tx: Transaction, *, node_id: str) -> list[str]:
    """Return withdrawn consents of which this node has not said that it is quiet, oldest first."""
    rows = await tx.fetch_rows(Awaited, LIST_AWAITED, node_id, SILENCES_MAX)
    return [row.consent_id for row in rows]


# What was taken meanwhile is passed over: the lock finds no row any more.
SAY_QUIET = """
    WITH waiting AS (
        SELECT consent_id FROM ledger_silences WHERE consent_id = ANY ($1) FOR KEY SHARE
    )
    INSERT INTO ledger_quiet_nodes SELECT consent_id, $2 FROM waiting ON CONFLICT DO NOTHING
"""


async def say_quiet(tx: Transaction, consent_ids: Sequence[str], *, node_id: str) -> None:
    """Say that nothing is under way on a node under these withdrawn consents."""
    await tx.execute(SAY_QUIET, consent_ids, node_id)


# Leases decide: a node whose lease has run out can close no intent of it, and so delivers nothing;
# its word is not waited for. Two nodes that look at once take different rows.
TAKE_SILENCES = """
    DELETE FROM ledger_silences WHERE consent_id IN (
        SELECT consent_id FROM ledger_silences WHERE NOT EXISTS (
            SELECT FROM ledger_intents JOIN ledger_leases USING (node_id, epoch)
            WHERE ledger_intents.consent_id = ledger_silences.consent_id AND outcome IS NULL
                AND expires_at > $2)
        AND NOT EXISTS (
            SELECT FROM ledger_leases WHERE expires_at > $2 AND NOT EXISTS (
                SELECT FROM ledger_quiet_nodes AS quiet
                WHERE quiet.consent_id = ledger_silences.consent_id
                    AND quiet.node_id = ledger_leases.node_id))
        LIMIT $1 FOR UPDATE SKIP LOCKED)
    RETURNING consent_id, event_id, withdrawn_at
"""


async def take_silences(tx: Transaction) -> list[Silence]:
    """Take out the withdrawn consents that have fallen silent; once, on any number of nodes."""
    return await tx.fetch_rows(Silence, TAKE_SILENCES, SILENCES_MAX, tx.now)
