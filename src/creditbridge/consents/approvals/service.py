"""Yeses, kept and counted beside the version of the request that they are to."""

from msgspec.structs import replace

from creditbridge.consents.acts import Approval
from creditbridge.consents.approvals import store
from creditbridge.consents.approvals.model import (
    Approved,
    ApprovedAlready,
    Circle,
    Countersignature,
)
from creditbridge.consents.approvals.rules import countersign, select_counted
from creditbridge.consents.model import Consent
from creditbridge.foundation.database import Transaction


async def count_yes(
    tx: Transaction,
    approval: Approval,
    turn: tuple[Consent, Consent],
    circle: Circle,
    *,
    floor: int,
) -> Approved:
    """Keep one person's yes, and count who said it.

    `turn` is the request, which this transaction holds, and the consent that it would become.

    As many people must as the enterprise set, and no fewer than the policy's `floor`.
    Returns the request with the count where others must say yes, too; else the consent, yet to be
    stored.

    Raises:
        Refused: the person may not, or approved the same before.
    """
    before, after = turn
    circle.require_approver(approval.person_id, after)
    mine = countersign(approval, after, now=tx.now)
    if not await store.add_approval(tx, mine):
        raise ApprovedAlready
    listed = await store.list_approvals(
        tx, consent_id=approval.consent_id, version=approval.version
    )
    given = select_counted(listed, after, circle)
    needed = max(circle.count_needed(after), floor)
    waiting = await _count(tx, before, given=len(given), needed=needed)
    if len(given) < needed:
        return Approved(
            consent=waiting, proposed=after, mine=mine, counted=given, text=approval.text
        )
    whole = replace(after, approvals_given=len(given), approvals_needed=needed)
    return Approved(consent=whole, proposed=after, mine=mine, counted=given, text=approval.text)


async def expect_approvals(tx: Transaction, consent: Consent, needed: int) -> Consent:
    """Keep how many people must approve a request that was just lodged, and return it."""
    return await _count(tx, consent, given=0, needed=needed) if needed > 1 else consent


async def note_approval(tx: Transaction, approval: Countersignature, entry: str) -> None:
    """Keep by which entry of the ledger (its event id) an approval is known."""
    await store.note_entry(tx, approval, entry)


async def _count(tx: Transaction, consent: Consent, *, given: int, needed: int) -> Consent:
    """Keep a count beside a request that this transaction holds, and return the request with it."""
    await store.count_approvals(
        tx,
        consent_id=consent.consent_id,
        version=consent.version,
        given=given,
        needed=needed,
    )
    return replace(consent, approvals_given=given, approvals_needed=needed)
