"""Consents whose legal representative changed, each in the caller's transaction."""

from datetime import timedelta

from creditbridge.consents import store
from creditbridge.consents.confirmations import rules, store as waiting
from creditbridge.consents.model import Consent
from creditbridge.consents.service import ConsentBusy
from creditbridge.foundation.database import Transaction
from creditbridge.foundation.ids import Kind, is_id

ROWS_MAX = 100
PAGES_MAX = 100


async def await_confirmations(
    tx: Transaction, *, uscc: str, person_id: str, days: int
) -> list[Consent]:
    """Pause every consent of an enterprise that rests on a person's word, and return them.

    From the commit on no use of them is taken and no delivery recorded. A confirmation is waited
    for so many days.
    """
    confirm_by = tx.now + timedelta(days=days)
    paused = list[Consent]()
    for _ in range(PAGES_MAX):
        resting = await waiting.lock_resting(tx, uscc=uscc, person_id=person_id, rows_max=ROWS_MAX)
        for one in resting:
            paused.append(await _turn(tx, rules.await_confirmation(one, confirm_by=confirm_by)))
        if len(resting) < ROWS_MAX:
            break
    return paused


async def drop_approvals(tx: Transaction, *, uscc: str, person_id: str) -> int:
    """Let a person's approvals of requests that wait fall; return how many there were."""
    return await waiting.drop_approvals(tx, uscc=uscc, person_id=person_id)


async def preview_confirmation(
    tx: Transaction, *, consent_id: str, uscc: str, version: int, person_id: str
) -> Consent:
    """Return a consent as its confirmation would make it; nothing is written.

    Raises:
        Refused: as `confirm`.
    """
    known = is_id(Kind.CONSENT, consent_id)
    found = await store.find_of_enterprise(tx, consent_id=consent_id, uscc=uscc) if known else None
    return rules.confirm(found, version=version, person_id=person_id, now=tx.now)


async def confirm(
    tx: Transaction, *, consent_id: str, uscc: str, version: int, person_id: str
) -> Consent:
    """Make a consent active again, under the word of the new legal representative.

    Raises:
        ConfirmationNotAwaited: unknown, it waits for none or not any more, or it changed.
        ConsentExpired: its term is over.
    """
    known = is_id(Kind.CONSENT, consent_id)
    before = await store.lock_of_enterprise(tx, consent_id=consent_id, uscc=uscc) if known else None
    now = await tx.renew_now()
    return await _turn(tx, rules.confirm(before, version=version, person_id=person_id, now=now))


async def end_unconfirmed(tx: Transaction) -> list[Consent]:
    """End consents that nobody confirmed in time, up to a hundred, and return them."""
    overdue = await waiting.lock_unconfirmed(tx, rows_max=ROWS_MAX)
    return [await _end(tx, rules.end_unconfirmed(one, now=tx.now)) for one in overdue]


async def _turn(tx: Transaction, after: Consent) -> Consent:
    if not await waiting.turn(tx, after):
        raise ConsentBusy
    return after


async def _end(tx: Transaction, after: Consent) -> Consent:
    if not await store.move_consent(tx, after, from_version=after.version - 1):
        raise ConsentBusy
    return after
