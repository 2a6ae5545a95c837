"""Every look that was taken or tried under a consent, for the enterprise that gave it."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from creditbridge.foundation.database import Transaction
from creditbridge.ledger.encoding import to_base64url
from creditbridge.ledger.model import EventKind
from creditbridge.ledger.rules import open_entry
from creditbridge.ledger.service.intake import Ledger
from creditbridge.ledger.store import looks as store
from creditbridge.ledger.terms.reports import ReportIntended

IN_PROGRESS = "IN_PROGRESS"


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """One look: `outcome` is that of its intent, or IN_PROGRESS; `commitment` is base64url."""

    event_id: str
    report_id: str
    decided_at: datetime
    outcome: str
    sections: frozenset[str]
    commitment: str
    bank_seq: int


async def list_looks(
    tx: Transaction, ledger: Ledger, *, consent_id: str, bank_id: str
) -> list[Look]:
    """Return the looks under a consent, newest first."""
    outcomes = {row.event_id: row.outcome for row in await store.read_looks(tx, consent_id)}
    chain = await ledger.openings_for(tx, bank_id=bank_id, consent_id=consent_id)
    looks = list[Look]()
    # From the ledger and not from the table of intents: what is shown is what can be proven.
    for link in reversed(chain):
        if link.kind is not EventKind.REPORT_INTENDED:
            continue
        core, _ = open_entry(link.opening)
        if isinstance(core.terms, ReportIntended):
            looks.append(
                Look(
                    event_id=link.event_id,
                    report_id=core.terms.report_id,
                    decided_at=core.decided_at,
                    outcome=outcomes.get(link.event_id) or IN_PROGRESS,
                    sections=core.terms.sections,
                    commitment=to_base64url(link.commitment),
                    bank_seq=core.bank_seq or 0,
                )
            )
    return looks


async def find_last_looks(tx: Transaction, consent_ids: Sequence[str]) -> Mapping[str, datetime]:
    """Return when each consent was looked under last; those never looked under are absent."""
    rows = await store.read_last_looks(tx, consent_ids)
    return {row.consent_id: row.last_at for row in rows}
