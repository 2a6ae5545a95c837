"""How a report ended, for the bank that asked for it; what it held is in nobody's keeping."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

import msgspec

from creditbridge.foundation.database import Transaction
from creditbridge.ledger.model import ConsentName, EventKind, Opened, ReportMissing
from creditbridge.ledger.rules import open_entry, read_names
from creditbridge.ledger.service.intake import Ledger
from creditbridge.ledger.terms.reports import DeliveryStopped, ReportFailed, ReportRefused


class ReportState(StrEnum):
    """Where a report stands."""

    IN_PROGRESS = "IN_PROGRESS"
    DELIVERED = "DELIVERED"
    FAILED = "FAILED"
    STOPPED = "STOPPED"
    REFUSED = "REFUSED"


ENDS = {
    EventKind.REPORT_DELIVERED: ReportState.DELIVERED,
    EventKind.REPORT_FAILED: ReportState.FAILED,
    EventKind.DELIVERY_STOPPED: ReportState.STOPPED,
    EventKind.REPORT_REFUSED: ReportState.REFUSED,
}


class ReportStory(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A report as its bank may see it: `code` where it did not end in a profile."""

    report_id: str
    state: ReportState
    decided_at: datetime
    code: str | None = None


def find_consent_of(entries: Sequence[Opened]) -> str | None:
    """Return the consent that a report's entries name; a refused report may name none."""
    names = [name for one in entries for name in read_names(one.opening).values()]
    return next((name.consent_id for name in names if isinstance(name, ConsentName)), None)


async def get_report(
    tx: Transaction,
    ledger: Ledger,
    *,
    report_id: str,
    bank_id: str,
    consent_ids: frozenset[str] | None = None,
) -> ReportStory:
    """Return a bank's own report.

    Raises:
        ReportMissing: an unknown one, and alike another bank's; with `consent_ids` also one under
            any other consent, or under none.
    """
    entries = await ledger.openings_for(tx, bank_id=bank_id, report_id=report_id)
    if not entries:
        raise ReportMissing
    if consent_ids is not None and find_consent_of(entries) not in consent_ids:
        raise ReportMissing
    # The end, where there is one; what follows it, such as a reconciliation, changes nothing.
    last = next((one for one in reversed(entries) if one.kind in ENDS), entries[-1])
    core, _ = open_entry(last.opening)
    told = core.terms
    return ReportStory(
        report_id=report_id,
        state=ENDS.get(last.kind, ReportState.IN_PROGRESS),
        decided_at=core.decided_at,
        code=told.code
        if isinstance(told, ReportFailed | DeliveryStopped | ReportRefused)
        else None,
    )
