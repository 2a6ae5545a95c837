"""How the looks under a consent ended."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from creditbridge.foundation.database import Transaction

LOOKS_MAX = 10_000


class LookRow(msgspec.Struct, frozen=True, kw_only=True):
    """One intent; `outcome` is None while it is under way."""

    event_id: str
    report_id: str
    outcome: str | None


READ_LOOKS = """
    SELECT event_id, report_id, outcome FROM ledger_intents WHERE consent_id = $1 LIMIT $2
"""


async def read_looks(tx: Transaction, consent_id: str) -> list[LookRow]:
    """Return every look that was taken or tried under a consent."""
    return await tx.fetch_rows(LookRow, READ_LOOKS, consent_id, LOOKS_MAX)


class LastLook(msgspec.Struct, frozen=True, kw_only=True):
    """When a consent was looked under last."""

    consent_id: str
    last_at: datetime


READ_LAST_LOOKS = """
    SELECT consent_id, max(decided_at) AS last_at
    FROM ledger_intents JOIN ledger_entries USING (event_id)
    WHERE consent_id = ANY($1::text[]) GROUP BY consent_id
"""


async def read_last_looks(tx: Transaction, consent_ids: Sequence[str]) -> list[LastLook]:
    """Return the last look under each of the consents that had one."""
    return await tx.fetch_rows(LastLook, READ_LAST_LOOKS, list(consent_ids))


WAS_DELIVERED = """
    SELECT true FROM ledger_intents
    WHERE report_id = $1 AND uscc = $2 AND outcome = 'DELIVERED' LIMIT 1
"""


async def was_delivered(tx: Transaction, *, report_id: str, uscc: str) -> bool:
    """Tell whether a report about an enterprise was delivered."""
    return await tx.fetch_value(bool, WAS_DELIVERED, report_id, uscc) is True


class Delivered(msgspec.Struct, frozen=True, kw_only=True):
    """A report that was delivered, as it stands in the log."""

    event_id: str
    consent_id: str
    uscc: str


READ_DELIVERIES = """
    SELECT o.event_id, c.subject AS consent_id, n.subject AS uscc
    FROM ledger_entries AS e JOIN ledger_openings AS o USING (event_id)
        JOIN ledger_references AS c ON c.reference = o.consent
        JOIN ledger_references AS n ON n.reference = o.enterprise
    WHERE log_index >= $1 AND log_index < $2 AND o.kind = 'report.delivered'
        AND n.subject = ANY($3::text[])
    ORDER BY log_index
"""


async def read_deliveries(
    tx: Transaction, *, first: int, end: int, usccs: Sequence[str]
) -> list[Delivered]:
    """Return the deliveries about these enterprises from one index to before another."""
    return await tx.fetch_rows(Delivered, READ_DELIVERIES, first, end, list(usccs))
