"""The consents, for everybody above: every method takes the caller's transaction.

What is written holds when that transaction commits. Who writes waits for the row, reads the
instant anew, and lets a pure rule decide.
"""

from collections.abc import Iterable
from datetime import datetime

from msgspec.structs import replace

from creditbridge.consents import answers, store
from creditbridge.consents.acts import Approval, ConsentFilter, ConsentRequest, Refusal, Withdrawal
from creditbridge.consents.answers import ConsentUnknown
from creditbridge.consents.approvals.model import Approved, Circle
from creditbridge.consents.approvals.service import count_yes
from creditbridge.consents.artefact import sign_consent
from creditbridge.consents.ceilings import Term, require_acceptable
from creditbridge.consents.drafting import draft_request
from creditbridge.consents.frequency import add_use
from creditbridge.consents.letter import DocumentTaken
from creditbridge.consents.model import Asked, Consent, ConsentState, Coverage
from creditbridge.consents.policies import Policies
from creditbridge.consents.policy import (
    Ceilings,
    ceilings_for,
    require_passkey,
    require_within,
)
from creditbridge.consents.rules import require_active, require_coverage, require_standing
from creditbridge.foundation.database import Transaction
from creditbridge.foundation.errors import Refused, Unavailable
from creditbridge.foundation.ids import Kind, is_id
from creditbridge.foundation.keys import Signers

PAGE_ROWS_MAX = 200
EVERY = ConsentFilter()
LAPSE_ROWS_MAX = 100


class AuthorizationTaken(Refused):
    """The bank has used this number before."""

    code = "consent-authorization-taken"
    message = "This authorization number belongs to an earlier request; use a new number."


class ConsentBusy(Unavailable):
    """The consent changed between the decision and its writing."""

    code = "consent-busy"
    message = "The consent is being changed at this moment; try again."


class Consents:
    """The consents under the house's ceilings, with artefacts signed by the house's key."""

    def __init__(self, ceilings: Ceilings, signers: Signers) -> None:
        self.policies = Policies(ceilings, signers)
        self._signers = signers

    async def require_acceptable(self, tx: Transaction, request: ConsentRequest) -> Term:
        """Return the term that a request would have now; nothing is lodged.

        Raises:
            RequestMalformed: its shape.
            Refused: a ceiling, or a number that the bank used before.
        """
        ceilings = await self.policies.get_ceilings(tx, request.purposes)
        term = require_acceptable(request, ceilings, now=tx.now)
        if await store.is_number_taken(
            tx, bank_id=request.bank_id, authorization_no=request.authorization_no
        ):
            raise AuthorizationTaken
        return term

    async def request_consent(self, tx: Transaction, request: ConsentRequest) -> Consent:
        """Lodge a request that keeps every ceiling, with its artefact as it will be shown.

        Raises:
            RequestMalformed: its shape.
            Refused: a ceiling, or a number or a scan that was used before.
        """
        await _require_superseded(tx, request)
        signed = await self.draft_consent(tx, request, now=request.asked_at or tx.now)
        if not await store.add_consent(tx, signed):
            raise await _find_clash(tx, signed)
        return signed

    async def draft_consent(
        self, tx: Transaction, request: ConsentRequest, *, now: datetime
    ) -> Consent:
        """Return a request as it would be lodged now, its artefact included; nothing is written.

        Raises:
            RequestMalformed: its shape.
            Refused: a ceiling.
        """
        house = await self.policies.get_ceilings(tx, request.purposes)
        ceilings = ceilings_for(house, request.form)
        term = require_acceptable(request, ceilings, now=now)
        drafted = draft_request(request, term, ceilings, now=now)
        return self._sign(drafted)

    async def preview(self, tx: Transaction, approval: Approval) -> Consent:
        """Return a request as this approval would make it; nothing is written.

        Raises:
            Refused: unknown to this enterprise, answered, changed, lapsed, past its term, widened.
        """
        found = None
        if is_id(Kind.CONSENT, approval.consent_id):
            found = await store.find_of_enterprise(
                tx, consent_id=approval.consent_id, uscc=approval.uscc
            )
        return self.preview_draft(found, approval, now=tx.now)

    def preview_draft(self, draft: Consent | None, approval: Approval, *, now: datetime) -> Consent:
        """Return a request, lodged or not, as this approval would make it.

        Raises:
            Refused: as `approve`.
        """
        return self._sign(answers.approve(draft, approval, now=now))

    async def approve(self, tx: Transaction, approval: Approval, circle: Circle) -> Approved:
        """Keep one person's yes; with the last that is needed, make the request a live consent.

        Before that it stays REQUESTED, counted. Of two last ones at once, one makes it live.

        Raises:
            Refused: unknown, answered, changed, lapsed, past its term, widened; or the person.
        """
        before = await self._lock(tx, consent_id=approval.consent_id, uscc=approval.uscc)
        # Signed only now, over the sections that were approved: the request's own artefact is no
        # consent.
        after = answers.approve(before, approval, now=await tx.renew_now())
        # The policy of this instant, not of the request's: it may have been tightened since.
        ceilings = await self.policies.find_ceilings(tx, after.purposes)
        if ceilings is not None:
            require_within(after, ceilings)
            require_passkey(ceilings, approval.passkey)
        floor = 1 if ceilings is None else ceilings.approvers_min
        turn = (_require(before), self._sign(after))
        approved = await count_yes(tx, approval, turn, circle, floor=floor)
        if approved.consent.state is ConsentState.REQUESTED:
            return approved
        return replace(approved, consent=await self._move(tx, approved.consent))

    async def refuse(self, tx: Transaction, refusal: Refusal) -> Consent:
        """End a request with a no.

        Raises:
            Refused: unknown to this enterprise, answered, changed or lapsed.
        """
        before = await self._lock(tx, consent_id=refusal.consent_id, uscc=refusal.uscc)
        return await self._move(tx, answers.refuse(before, refusal, now=await tx.renew_now()))

    async def withdraw(self, tx: Transaction, withdrawal: Withdrawal) -> Consent:
        """End a consent at once: from the commit on no use is taken and no delivery recorded.

        Raises:
            Refused: unknown to this enterprise, never given, or ended before.
        """
        before = await self._lock(tx, consent_id=withdrawal.consent_id, uscc=withdrawal.uscc)
        return await self._move(tx, answers.withdraw(before, withdrawal, now=await tx.renew_now()))

    async def list_lapsing(
        self, tx: Transaction, *, before: datetime, after: Consent | None = None
    ) -> list[Consent]:
        """Return a page of the requests that lapse before an instant, the soonest first.

        `after` is the last of the page before.
        """
        return await store.list_lapsing(tx, before=before, after=after, rows_max=PAGE_ROWS_MAX)

    async def lapse_overdue(
        self, tx: Transaction, *, rows_max: int = LAPSE_ROWS_MAX
    ) -> list[Consent]:
        """End requests that nobody answered in time and return them, for the ledger to record."""
        overdue = await store.lock_overdue(tx, rows_max=rows_max)
        return [await self._move(tx, answers.lapse(consent, now=tx.now)) for consent in overdue]

    async def take_use(self, tx: Transaction, asked: Asked) -> Coverage:
        """Take one use of a consent that covers the asked; of N callers for the last, one does.

        Raises:
            Refused: the first reason of `require_coverage`.
            ConsentBusy: the consent changed under the decision.
        """
        consent = None
        # What is no id costs no query, and is as missing as one that never was.
        if is_id(Kind.CONSENT, asked.consent_id):
            consent = await store.lock_of_bank(
                tx, consent_id=asked.consent_id, bank_id=asked.bank_id
            )
        # As of the instant under the lock: the wait for it may have been long.
        ceilings = await self.policies.find_ceilings(tx, {asked.purpose})
        coverage = require_coverage(consent, asked, now=tx.now, ceilings=ceilings)
        number = await store.take_use(tx, coverage.within)
        # Cannot happen under the lock; the guarded statement would still hold if the lock were
        # lost.
        if number is None:
            raise ConsentBusy
        if number == coverage.consent.max_queries:
            await store.mark_used_up(tx, coverage.consent.consent_id)
        return replace(
            coverage,
            consent=add_use(coverage.consent, taken_at=tx.now, per_day=coverage.within.per_day),
            use_number=number,
        )

    async def hold_standing(self, tx: Transaction, asked: Asked) -> Consent:
        """Return the consent while it stands, uses or not; its end waits for this transaction.

        Raises:
            Refused: the first reason of `require_standing`.
        """
        consent = None
        if is_id(Kind.CONSENT, asked.consent_id):
            consent = await store.hold_of_bank(
                tx, consent_id=asked.consent_id, bank_id=asked.bank_id
            )
        return require_standing(consent, asked, now=tx.now)

    async def require_active(self, tx: Transaction, consent_ids: Iterable[str]) -> None:
        """Accept consents that are all given and have uses left; a plain look, and no lock.

        Raises:
            Refused: the reason of the first that is not.
        """
        for consent_id in consent_ids:
            require_active(await store.find_consent(tx, consent_id), now=tx.now)

    async def give_back_use(
        self, tx: Transaction, consent_id: str, *, taken_at: datetime | None
    ) -> None:
        """Give back a use whose query provably never went out; the caller does so once per intent.

        `taken_at` is the instant of its decision: that look counts for no frequency any more.

        Raises:
            ConsentUnknown: no such consent, or no use of it is taken.
        """
        if not await store.give_back_use(tx, consent_id, taken_at=taken_at):
            raise ConsentUnknown

    async def get_consent(self, tx: Transaction, consent_id: str) -> Consent:
        """Return a consent, whoever's, for the house's own work.

        Raises:
            ConsentUnknown: there is none.
        """
        known = is_id(Kind.CONSENT, consent_id)
        return _require(await store.find_consent(tx, consent_id) if known else None)

    async def get_own_consent(self, tx: Transaction, *, consent_id: str, bank_id: str) -> Consent:
        """Return a bank's own consent.

        Raises:
            ConsentUnknown: there is none, or it is another bank's.
        """
        if not is_id(Kind.CONSENT, consent_id):
            raise ConsentUnknown
        return _require(await store.find_of_bank(tx, consent_id=consent_id, bank_id=bank_id))

    async def get_given_consent(self, tx: Transaction, *, consent_id: str, uscc: str) -> Consent:
        """Return a consent that this enterprise was asked for.

        Raises:
            ConsentUnknown: there is none, or it is another enterprise's.
        """
        return _require(await self.find_given_consent(tx, consent_id=consent_id, uscc=uscc))

    async def find_given_consent(
        self, tx: Transaction, *, consent_id: str, uscc: str
    ) -> Consent | None:
        """Return a consent that this enterprise was asked for; None where there is none."""
        known = is_id(Kind.CONSENT, consent_id)
        return (
            await store.find_of_enterprise(tx, consent_id=consent_id, uscc=uscc) if known else None
        )

    async def list_for_bank(
        self,
        tx: Transaction,
        bank_id: str,
        wanted: ConsentFilter = EVERY,
        *,
        rows_max: int = PAGE_ROWS_MAX,
    ) -> list[Consent]:
        """Return a page of a bank's consents that the filter lets through, newest first."""
        # Whatever a caller asks for, a page has an end; one more tells whether there is another.
        rows = min(rows_max, PAGE_ROWS_MAX + 1)
        return await store.list_of_bank(tx, bank_id, wanted, rows_max=rows)

    async def list_for_enterprise(
        self,
        tx: Transaction,
        uscc: str,
        *,
        before: str | None = None,
        rows_max: int = PAGE_ROWS_MAX,
    ) -> list[Consent]:
        """Return a page of what an enterprise was asked for, newest first, older than `before`."""
        rows = min(rows_max, PAGE_ROWS_MAX)
        return await store.list_of_enterprise(tx, uscc, before=before, rows_max=rows)

    def _sign(self, consent: Consent) -> Consent:
        return sign_consent(consent, self._signers.current())

    async def _lock(self, tx: Transaction, *, consent_id: str, uscc: str) -> Consent | None:
        if not is_id(Kind.CONSENT, consent_id):
            return None
        return await store.lock_of_enterprise(tx, consent_id=consent_id, uscc=uscc)

    async def _move(self, tx: Transaction, after: Consent) -> Consent:
        # The version that the rule saw is gone: the decision is void, and nobody may act on it.
        if not await store.move_consent(tx, after, from_version=after.version - 1):
            raise ConsentBusy
        return after


async def _find_clash(tx: Transaction, lodged: Consent) -> Refused:
    """Return why a request could not be lodged: its number is told before its scan."""
    is_number = await store.is_number_taken(
        tx, bank_id=lodged.bank_id, authorization_no=lodged.authorization_no
    )
    return AuthorizationTaken() if is_number or lodged.document is None else DocumentTaken()


async def _require_superseded(tx: Transaction, request: ConsentRequest) -> None:
    """Accept a request that takes the place of no consent, or of one between the same two."""
    if request.supersedes is None:
        return
    before, named = None, request.supersedes
    if is_id(Kind.CONSENT, named):
        before = await store.find_of_bank(tx, consent_id=named, bank_id=request.bank_id)
    if before is None or before.uscc != request.uscc:
        raise ConsentUnknown


def _require(consent: Consent | None) -> Consent:
    if consent is None:
        raise ConsentUnknown
    return consent
