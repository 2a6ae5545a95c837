"""Intents and the leases under which nodes answer for them."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from creditbridge.foundation.database import Transaction
from creditbridge.ledger.model import Intent, IntentOutcome

INTENTS_MAX = 100

# A lease that ran out comes back under a higher epoch: intents of the epoch before are no longer
# its own, even for the same node.
RENEW_LEASE = """
    INSERT INTO ledger_leases AS lease (node_id, expires_at) VALUES ($1, $3)
    ON CONFLICT (node_id) DO UPDATE SET expires_at = EXCLUDED.expires_at,
        epoch = lease.epoch + (lease.expires_at <= $2)::int
    RETURNING epoch
"""


async def renew_lease(tx: Transaction, node_id: str, *, expires_at: datetime) -> int:
    """Renew a node's lease, or begin one; return its epoch."""
    return await tx.fetch_value(int, RENEW_LEASE, node_id, tx.now, expires_at) or 0


OPEN_INTENT = """
    INSERT INTO ledger_intents (intent_id, report_id, bank_id, client_id, consent_id, uscc,
        query_id, event_id, deadline_at, node_id, epoch)
    SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, node_id, epoch FROM ledger_leases
    WHERE node_id = $10 AND expires_at > $11
"""


async def open_intent(tx: Transaction, intent: Intent, *, node_id: str) -> bool:
    """Open an intent under the node's live lease; False where it has none."""
    # When the use was taken stands in the entry, and nowhere twice.
    *values, _taken_at = msgspec.structs.astuple(intent)
    return await tx.execute(OPEN_INTENT, *values, node_id, tx.now) == 1


# Once, by whoever may: the node whose lease of that epoch lives, or, when that lease is gone, any
# node, but only after the deadline. The row lock makes the second of two closers see the first.
CLOSE_INTENT = """
    UPDATE ledger_intents SET outcome = $2, closed_at = $4
    WHERE intent_id = $1 AND outcome IS NULL AND (
        (node_id = $3 AND EXISTS (
            SELECT FROM ledger_leases AS mine WHERE mine.node_id = ledger_intents.node_id
                AND mine.epoch = ledger_intents.epoch AND mine.expires_at > $4))
        OR (deadline_at < $4 AND NOT EXISTS (
            SELECT FROM ledger_leases AS theirs WHERE theirs.node_id = ledger_intents.node_id
                AND theirs.epoch = ledger_intents.epoch AND theirs.expires_at > $4)))
"""


async def close_intent(
    tx: Transaction, intent_id: str, outcome: IntentOutcome, *, node_id: str
) -> bool:
    """Close an intent; False where it is closed already or is not this node's to close."""
    return await tx.execute(CLOSE_INTENT, intent_id, str(outcome), node_id, tx.now) == 1


RECONCILE_INTENT = """
    UPDATE ledger_intents SET outcome = $2, reconciled_at = $3
    WHERE intent_id = $1 AND outcome = 'UNKNOWN' AND reconciled_at IS NULL
"""


async def reconcile_intent(tx: Transaction, intent_id: str, outcome: IntentOutcome) -> bool:
    """Settle an unknown outcome, once; False where another node did."""
    return await tx.execute(RECONCILE_INTENT, intent_id, str(outcome), tx.now) == 1


READ_OVERDUE = """
    SELECT intent_id, report_id, bank_id, client_id, consent_id, uscc, query_id, event_id,
        deadline_at, decided_at AS taken_at
    FROM ledger_intents JOIN ledger_entries USING (event_id)
    WHERE outcome IS NULL AND deadline_at < $1 AND (node_id = $3 OR NOT EXISTS (
        SELECT FROM ledger_leases WHERE ledger_leases.node_id = ledger_intents.node_id
            AND ledger_leases.epoch = ledger_intents.epoch AND expires_at > $1))
    ORDER BY deadline_at LIMIT $2
"""


async def read_overdue(tx: Transaction, *, node_id: str) -> list[Intent]:
    """Return open intents past their deadline, oldest first: this node's own, and orphaned ones.

    A node's own are those whose end it could not record; a live node looks after its own alone.
    """
    return await tx.fetch_rows(Intent, READ_OVERDUE, tx.now, INTENTS_MAX, node_id)


READ_UNKNOWN = """
    SELECT intent_id, report_id, bank_id, client_id, consent_id, uscc, query_id, event_id,
        deadline_at, decided_at AS taken_at
    FROM ledger_intents JOIN ledger_entries USING (event_id)
    WHERE outcome = 'UNKNOWN' AND reconciled_at IS NULL
    ORDER BY closed_at LIMIT $1
"""


async def read_unknown(tx: Transaction) -> list[Intent]:
    """Return intents whose outcome only the platform can tell, oldest first."""
    return await tx.fetch_rows(Intent, READ_UNKNOWN, INTENTS_MAX)


# Once settled for good, a query gives nothing back any more.
FIND_RETURNABLE = """
    SELECT DISTINCT consent_id FROM ledger_intents WHERE consent_id = ANY ($1)
        AND (outcome IS NULL OR (outcome = 'UNKNOWN' AND reconciled_at IS NULL))
"""


class Returnable(msgspec.Struct, frozen=True):
    """A consent of which a use may still come back."""

    consent_id: str


async def find_returnable(tx: Transaction, consent_ids: Sequence[str]) -> set[str]:
    """Return under which of these consents a query is under way, or of unknown outcome."""
    rows = await tx.fetch_rows(Returnable, FIND_RETURNABLE, consent_ids)
    return {row.consent_id for row in rows}


END_LEASE = "UPDATE ledger_leases SET expires_at = $2 WHERE node_id = $1 AND expires_at > $2"


async def end_lease(tx: Transaction, node_id: str) -> None:
    """End a node's lease now."""
    await tx.execute(END_LEASE, node_id, tx.now)


PURGE_LEASES = """
    DELETE FROM ledger_leases WHERE expires_at < $1 AND NOT EXISTS (
        SELECT FROM ledger_intents WHERE ledger_intents.node_id = ledger_leases.node_id
            AND outcome IS NULL)
"""


async def purge_leases(tx: Transaction, *, before: datetime) -> int:
    """Delete leases of nodes long gone; return how many."""
    return await tx.execute(PURGE_LEASES, before)
