"""Moves of consents, each in the caller's transaction: the row is waited for, then a rule decides.

What is written holds when that transaction commits; the caller records it there.
"""

from collections.abc import Awaitable, Callable, Sequence

import msgspec

from creditbridge.consents import store
from creditbridge.consents.acts import Pause
from creditbridge.consents.answers import ConsentUnknown
from creditbridge.consents.model import Consent, ConsentState
from creditbridge.consents.moves import rules, store as moving
from creditbridge.consents.rules import GIVEN, TransitionImpossible
from creditbridge.consents.service import ConsentBusy
from creditbridge.foundation.database import Transaction
from creditbridge.foundation.ids import Kind, is_id
from creditbridge.profile.codes import Until

ROWS_MAX = 100

FindReturnable = Callable[[Transaction, list[str]], Awaitable[set[str]]]


async def pause(tx: Transaction, act: Pause) -> Consent:
    """Pause a consent: from the commit on no use is taken and no delivery recorded.

    Raises:
        Refused: unknown to this enterprise, not active, or past its term.
    """
    before = await _lock_own(tx, act)
    return await _move(tx, rules.pause(before, now=await tx.renew_now()))


async def resume(tx: Transaction, act: Pause) -> Consent:
    """Take a paused consent up again.

    Raises:
        Refused: unknown to this enterprise, not paused, or past its term.
    """
    before = await _lock_own(tx, act)
    return await _move(tx, rules.resume(before, now=await tx.renew_now()))


async def cancel(tx: Transaction, *, consent_id: str, bank_id: str) -> Consent:
    """End a bank's own request that nobody has answered.

    Raises:
        Refused: unknown to this bank, answered, or lapsed.
    """
    before = None
    if is_id(Kind.CONSENT, consent_id):
        before = await store.lock_of_bank(tx, consent_id=consent_id, bank_id=bank_id)
    if before is None:
        raise ConsentUnknown
    return await _move(tx, rules.cancel(before, now=tx.now))


async def end_over(tx: Transaction) -> list[Consent]:
    """End consents past their term, up to a hundred, and return them."""
    over = await moving.lock_over(tx, rows_max=ROWS_MAX)
    return [await _move(tx, rules.expire(one, now=tx.now)) for one in over]


async def end_used_up(tx: Transaction, find_returnable: FindReturnable) -> list[Consent]:
    """End consents of which no use is left and none can come back, up to a hundred.

    `find_returnable` tells for which of them one still can. They stay locked meanwhile: nobody
    takes a use, and who gives one back does so in the transaction that says that it came back.
    """
    used_up = await moving.lock_used_up(tx, rows_max=ROWS_MAX)
    waiting = await find_returnable(tx, [one.consent_id for one in used_up])
    return [
        await _move(tx, rules.exhaust(one, now=tx.now))
        for one in used_up
        if one.consent_id not in waiting
    ]


async def supersede(tx: Transaction, given: Consent) -> Consent | None:
    """End the consent whose place a given one takes; None where there is none, or it had ended."""
    # Of several approvals the last gives the consent; until then the older one stands.
    if given.supersedes is None or given.state is not ConsentState.ACTIVE:
        return None
    before = await store.lock_of_enterprise(tx, consent_id=given.supersedes, uscc=given.uscc)
    # Between the same two, and not moved meanwhile: what ended otherwise stays as it ended.
    if before is None or before.bank_id != given.bank_id or before.state not in GIVEN:
        return None
    return await _move(tx, rules.supersede(before, now=tx.now))


class Closed(msgspec.Struct, frozen=True, kw_only=True):
    """What the end of a business did: who was told of it, who ended, and the consent asked by."""

    asked: Consent
    told: tuple[Consent, ...] = ()
    ended: tuple[Consent, ...] = ()


async def close_business(tx: Transaction, *, consent_id: str, bank_id: str) -> Closed:
    """Close the business that a bank's own consent names, for every consent that names it.

    Raises:
        ConsentUnknown: no such consent of this bank.
        TransitionImpossible: it was never given, or names no business.
    """
    if not is_id(Kind.CONSENT, consent_id):
        raise ConsentUnknown
    asked = await store.find_of_bank(tx, consent_id=consent_id, bank_id=bank_id)
    if asked is None:
        raise ConsentUnknown
    if asked.business_ref is None or asked.decided_at is None:
        raise TransitionImpossible(detail="no business of a consent that was given")
    locked = await moving.lock_of_business(tx, asked, rows_max=ROWS_MAX)
    now = await tx.renew_now()
    told = [await _close(tx, rules.close_business(one, now=now)) for one in locked]
    ended = [
        await _move(tx, rules.end_with_business(one, now=now))
        for one in told
        if one.until is Until.BUSINESS_END
    ]
    known = {one.consent_id: one for one in (asked, *told, *ended)}
    return Closed(asked=known[asked.consent_id], told=tuple(told), ended=tuple(ended))


async def find_stopped(tx: Transaction, consent_ids: Sequence[str]) -> list[str]:
    """Return which of these consents do not stand now, for whatever reason; a plain look."""
    return await moving.find_stopped(tx, consent_ids) if consent_ids else []


async def _lock_own(tx: Transaction, act: Pause) -> Consent:
    found = None
    if is_id(Kind.CONSENT, act.consent_id):
        found = await store.lock_of_enterprise(tx, consent_id=act.consent_id, uscc=act.uscc)
    if found is None:
        raise ConsentUnknown
    return found


async def _close(tx: Transaction, after: Consent) -> Consent:
    if not await moving.close_business(tx, after):
        raise ConsentBusy
    return after


async def _move(tx: Transaction, after: Consent) -> Consent:
    if not await store.move_consent(tx, after, from_version=after.version - 1):
        raise ConsentBusy
    return after
