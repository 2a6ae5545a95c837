"""A bank reads an enterprise's credit profile.

    admission -> consents -> ledger -> platforms -> (follow_representative) -> profile -> ledger

1. The idempotency key is taken, or the outcome stored under it returned.
2. A pure rule decides on the consent as read; one statement takes a use where nothing changed, and
   another counts the look where looks at one enterprise are limited. Natural persons who consented
   for themselves are covered too; all others stay hidden.
3. The ledger holds the intent, or the refusal, before anything goes upstream.
4. Every platform is asked with a signed query; answers are verified and mapped to our sections.
   Where the consent ends meanwhile, on whatever node, the asking is broken off at once. Where the
   register names another legal representative, the consents of the former one wait from here on.
5. The sections become one profile: merged, suppressed, flagged, sealed.
6. The ledger holds the delivery before a byte leaves, or the failure with its outcome.

Steps 1 to 3 share a transaction: a power cut leaves all of them or none. What ends a request after
its query, failure or delivery, is kept under its idempotency key in the commit that records it; a
refusal before any effect frees the key.
"""

from datetime import datetime, timedelta
from typing import NoReturn

import msgspec
from msgspec.structs import replace

from creditbridge.access.granted.rules import require_reach
from creditbridge.admission.model import KeyName, Outcome, Stored
from creditbridge.consents.model import Asked, ConsentPaused, Coverage
from creditbridge.consents.persons.service import cover_persons, hold_persons, hold_persons_of
from creditbridge.foundation.clock import Clock
from creditbridge.foundation.database import Database, Transaction
from creditbridge.foundation.errors import CreditbridgeError, Refused, Unavailable, Untrusted
from creditbridge.foundation.ids import Kind, new_id
from creditbridge.foundation.keys import Signers
from creditbridge.foundation.logging import get_logger
from creditbridge.journeys.admit_caller import Caller
from creditbridge.journeys.make_profile import make_profile
from creditbridge.journeys.records.reports import (
    delivery_record,
    failure_record,
    instants_of,
    intent_record,
    name_decision,
    outcome_of,
    refusal_record,
    request_bytes,
    returned_use_record,
    stopped_record,
)
from creditbridge.journeys.report_ports import (
    Admission,
    Answers,
    Consents,
    IntentClosed,
    Ledger,
    Platforms,
    Register,
    Report,
)
from creditbridge.journeys.report_query import make_query, purposes_of, stands_on
from creditbridge.journeys.under_way import BrokenOff, Look, UnderWay
from creditbridge.ledger.model import Intent, IntentOutcome, Record
from creditbridge.parties.licence import require_licensed
from creditbridge.platforms.model import PlatformAnswer, PlatformQuery
from creditbridge.profile.seal import SealedProfile

log = get_logger("deliver_report")

ROUTE = "reports"
CLOSING = timedelta(seconds=5)  # After the deadline, before another node may close the intent.


class ReportRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What a bank's machine asks, decoded; `fingerprint` is the digest of method and body."""

    caller: Caller
    asked: Asked
    idempotency_key: str
    fingerprint: bytes
    traceparent: str
    received_at: datetime
    business_id: str | None = None

    @property
    def key(self) -> KeyName:
        """Under what the outcome is kept: keys of two clients of one bank stay apart."""
        return KeyName(client_id=self.caller.client_id, route=ROUTE, key=self.idempotency_key)


class Running(msgspec.Struct, frozen=True, kw_only=True):
    """A report between its intent and its end."""

    request: ReportRequest
    coverage: Coverage
    intent: Intent
    look: Look

    @property
    def query(self) -> PlatformQuery:
        """What the platforms are asked."""
        request = self.request
        return make_query(
            self.coverage, request.asked, self.intent, traceparent=request.traceparent
        )


class DeliverReport(msgspec.Struct, frozen=True, kw_only=True):
    """The journey, with the rooms it walks through."""

    database: Database
    admission: Admission
    consents: Consents
    platforms: Platforms
    ledger: Ledger
    answers: Answers
    signer: Signers
    clock: Clock
    deadline_seconds: float
    under_way: UnderWay
    register: Register

    async def __call__(self, request: ReportRequest) -> Outcome | Stored:
        """Walk the steps above, in order, and return the answer, made now or kept before.

        Raises:
            Refused: by the consent, or because the platform knows no such enterprise.
            Untrusted: an answer that cannot be believed.
            Unavailable: the platform, the database or this node.
        """
        deadline = self.clock.monotonic() + self.deadline_seconds
        running = await self._begin(request)
        if isinstance(running, Stored):
            return running
        try:
            with running.look.asking():
                answer = await self.platforms.ask_all(running.query, deadline=deadline)  # 4
            await self.register.hear_register(answer.subject)  # 4
            profile = self._make(running, answer)  # 5
        except BrokenOff as broken_off:
            await self._stop(running, sent=broken_off.sent)  # 6
        except (Refused, Untrusted, Unavailable) as failure:
            await self._fail(running, failure)  # 6
            raise
        return await self._deliver(running, answer, profile)  # 6

    async def _begin(self, request: ReportRequest) -> Running | Stored:
        # A refusal is an outcome: it commits, with its record.
        async with self.database.transaction(commit_on=Refused) as tx:
            report_id = new_id(Kind.REPORT, now=tx.now)
            try:
                # Before anything is looked up: the token says what it was granted for, and the
                # register what for the bank is licensed, today and not when the consent was given.
                require_reach(request.caller.consent_ids, request.asked.consent_id)
                require_licensed(
                    request.caller.bank,
                    purposes=purposes_of(request.asked),
                    sections=request.asked.sections,
                )
                stored = await self.admission.take_key(  # 1
                    tx, request.key, request.fingerprint, reference=report_id
                )
                if stored is not None:
                    # A repetition is a look as well: the consent must still stand, uses or not.
                    await self.consents.hold_standing(tx, request.asked)
                    persons = await hold_persons_of(tx, stored.reference)
                    self.under_way.enter(request.asked.consent_id, *persons)
                    return stored
                coverage = await self._take_use(tx, request)  # 2
            except Refused as refusal:
                recorded = await self.ledger.record(  # 3
                    tx,
                    refusal_record(request.caller, request.asked, refusal, report_id=report_id),
                )
                name_decision(refusal, report_id, recorded)
                raise
            return await self._intend(tx, request, coverage, report_id)  # 3

    async def _take_use(self, tx: Transaction, request: ReportRequest) -> Coverage:
        # What is refused here has had no effect: the bank may come again under the same key.
        try:
            await self._claim_business(tx, request)
        except Refused:
            await self.admission.release_key(tx, request.key)
            raise
        try:
            coverage = await self.consents.take_use(tx, request.asked)
        except Refused:
            await self._release(tx, request)
            raise
        await self._count_look(tx, request, coverage)
        return coverage

    async def _count_look(
        self, tx: Transaction, request: ReportRequest, coverage: Coverage
    ) -> None:
        # Last, so that what a consent refuses counts for nothing, and nobody learns by this count
        # which enterprises there are.
        try:
            await self.admission.take_look(
                tx, bank_id=request.asked.bank_id, uscc=request.asked.uscc
            )
        except Refused:
            await self.consents.give_back_use(tx, coverage.consent.consent_id, taken_at=tx.now)
            await self._release(tx, request)
            raise

    async def _claim_business(self, tx: Transaction, request: ReportRequest) -> None:
        if request.business_id is not None:
            await self.admission.claim_business_id(
                tx,
                bank_id=request.asked.bank_id,
                business_id=request.business_id,
                fingerprint=request.fingerprint,
            )

    async def _release(self, tx: Transaction, request: ReportRequest) -> None:
        await self.admission.release_key(tx, request.key)
        if request.business_id is not None:
            await self.admission.release_business_id(
                tx, bank_id=request.asked.bank_id, business_id=request.business_id
            )

    async def _intend(
        self, tx: Transaction, request: ReportRequest, coverage: Coverage, report_id: str
    ) -> Running:
        # Nobody's refusal: whom nobody consents for is hidden, and the look goes on.
        coverage = await cover_persons(tx, request.asked, coverage, report_id)  # 2
        intent = Intent(
            intent_id=new_id(Kind.INTENT, now=tx.now),
            report_id=report_id,
            bank_id=request.asked.bank_id,
            client_id=request.asked.client_id,
            consent_id=coverage.consent.consent_id,
            uscc=coverage.consent.uscc,
            query_id=new_id(Kind.QUERY, now=tx.now),
            event_id="",
            deadline_at=tx.now + timedelta(seconds=self.deadline_seconds) + CLOSING,
        )
        recorded = await self.ledger.record(
            tx, intent_record(request.caller, request.asked, coverage, intent)
        )
        intent = replace(intent, event_id=recorded.event_id, taken_at=recorded.decided_at)
        await self.ledger.open_intent(tx, intent)
        # Before the commit: whoever ends the consent waits for it, and then finds the look here.
        look = self.under_way.enter(*stands_on(coverage))
        return Running(request=request, coverage=coverage, intent=intent, look=look)

    def _make(self, running: Running, answer: PlatformAnswer) -> SealedProfile:
        return make_profile(
            answer,
            running.coverage,
            running.request.asked,
            self.signer.current(),
            request=request_bytes(running.request.caller.request),
            now=self.clock.now(),
        )

    async def _deliver(
        self, running: Running, answer: PlatformAnswer, profile: SealedProfile
    ) -> Outcome:
        # The consent, once held, brings the instant.
        async with self.database.transaction(commit_on=Refused, reads_now=False) as tx:
            try:
                # Whoever ends the consent now waits until this delivery is durable, or came first.
                await self._hold(tx, running)
            except Refused as refusal:
                await self._discard(tx, running, refusal, IntentOutcome.REFUSED)
                raise
            await self._close(tx, running, IntentOutcome.DELIVERED)
            record = delivery_record(
                running.coverage, running.request.asked, running.intent, answer, profile
            )
            recorded = await self.ledger.record(tx, record)
            report = Report(report_id=running.intent.report_id, body=profile.raw, delivery=recorded)
            outcome = await self._keep(tx, running, self.answers.delivered(report))
        log.info(
            "report.delivered",
            **instants_of(running.intent, answer),
            request_in_at=running.request.received_at.isoformat(),
            answer_out_at=self.clock.now().isoformat(),
        )
        return outcome

    async def _hold(self, tx: Transaction, running: Running) -> None:
        """Hold what the answer rests on: the enterprise's consent, and each person's own."""
        await self.consents.hold_standing(tx, running.request.asked)
        await hold_persons(tx, running.coverage.persons)

    async def _stop(self, running: Running, *, sent: bool) -> NoReturn:
        """Record that an answer was not waited for, because the consent had ended or was paused."""
        outcome = IntentOutcome.UNKNOWN if sent else IntentOutcome.NOT_SENT
        async with self.database.transaction(commit_on=Refused) as tx:
            if not sent:
                # Before the row is held together with others, who would wait for one another.
                await self._give_back(tx, running)
            try:
                await self._hold(tx, running)
                # Paused, and taken up again before this look was closed.
                raise ConsentPaused
            except Refused as refusal:
                await self._discard(tx, running, refusal, outcome)
                raise

    async def _discard(
        self, tx: Transaction, running: Running, refusal: Refused, outcome: IntentOutcome
    ) -> None:
        record = stopped_record(running.coverage.consent, running.intent, refusal)
        await self._end(tx, running, refusal, outcome, record)

    async def _fail(self, running: Running, failure: CreditbridgeError) -> None:
        outcome = outcome_of(failure)
        record = failure_record(running.coverage.consent, running.intent, failure, outcome)
        async with self.database.transaction() as tx:
            if outcome is IntentOutcome.NOT_SENT:
                await self._give_back(tx, running)
            await self._end(tx, running, failure, outcome, record)

    async def _give_back(self, tx: Transaction, running: Running) -> None:
        intent = running.intent
        await self.consents.give_back_use(tx, intent.consent_id, taken_at=intent.taken_at)

    async def _end(
        self,
        tx: Transaction,
        running: Running,
        failure: CreditbridgeError,
        outcome: IntentOutcome,
        record: Record,
    ) -> None:
        """Close what delivers nothing; where no platform was asked, as if it had never begun."""
        consent, intent = running.coverage.consent, running.intent
        await self._close(tx, running, outcome)
        if outcome is IntentOutcome.NOT_SENT:
            await self._release(tx, running.request)
            returned = returned_use_record(consent, intent, reason=failure.code)
            await self.ledger.record(tx, returned)
        recorded = await self.ledger.record(tx, record)
        name_decision(failure, intent.report_id, recorded)
        if outcome is not IntentOutcome.NOT_SENT:
            failure.is_kept = True
            await self._keep(tx, running, self.answers.failed(failure, recorded))

    async def _close(self, tx: Transaction, running: Running, outcome: IntentOutcome) -> None:
        if not await self.ledger.close_intent(tx, running.intent.intent_id, outcome):
            raise IntentClosed(detail=f"intent {running.intent.intent_id}")

    async def _keep(self, tx: Transaction, running: Running, outcome: Outcome) -> Outcome:
        await self.admission.keep_outcome(tx, running.request.key, outcome)
        return outcome
