"""Nothing is guessed after a crash: every intent ends as something that is known.

    ledger -> platforms -> consents -> admission -> ledger

1. This node renews its lease; intents of nodes whose lease ran out, past their deadline, are its.
2. Each ends as UNKNOWN, its use stays taken, its idempotency key answers so.
3. The platform is asked about every query of unknown outcome, once its grant has expired.
4. A query that was never counted gives its use back; a counted one keeps it. Both are recorded.
"""

from datetime import datetime
from typing import Protocol

import msgspec

from creditbridge.admission.model import KeyName, Outcome, TakenKey
from creditbridge.consents.model import Consent
from creditbridge.foundation.database import Database, Transaction
from creditbridge.foundation.errors import CreditbridgeError, Unavailable, Untrusted
from creditbridge.foundation.logging import get_logger
from creditbridge.journeys.records.reports import (
    failure_record,
    reconciled_record,
    returned_use_record,
)
from creditbridge.ledger.model import Intent, IntentOutcome, Recorded
from creditbridge.ledger.port import Recorder
from creditbridge.platforms.model import DeadlineExceeded, PlatformUnavailable, QueryState

log = get_logger("settle_intents")


class OutcomeUnknown(Unavailable):
    """The node that asked the platform was lost; what the platform did is being found out."""

    code = "outcome-unknown"
    message = "The outcome of this request is not known yet; it is being reconciled. Do not repeat."


class Ledger(Recorder, Protocol):
    """What this journey needs of the ledger."""

    async def renew_lease(self, tx: Transaction) -> int:
        """Renew this node's lease."""
        ...

    async def overdue_intents(self, tx: Transaction) -> list[Intent]:
        """Return intents that this node may close."""
        ...

    async def unknown_intents(self, tx: Transaction) -> list[Intent]:
        """Return intents whose outcome only the platform can tell."""
        ...

    async def close_intent(self, tx: Transaction, intent_id: str, outcome: IntentOutcome) -> bool:
        """Close it once; False where another node did."""
        ...

    async def reconcile_intent(self, tx: Transaction, intent_id: str, *, counted: bool) -> bool:
        """Settle it once; False where another node did."""
        ...


class Platforms(Protocol):
    """What this journey needs of the platforms."""

    async def find_query(self, query_id: str) -> QueryState:
        """Return whether the platforms counted a query."""
        ...


class Consents(Protocol):
    """What this journey needs of the consents."""

    async def get_consent(self, tx: Transaction, consent_id: str) -> Consent:
        """Return a consent, whatever its state."""
        ...

    async def give_back_use(
        self, tx: Transaction, consent_id: str, *, taken_at: datetime | None
    ) -> None:
        """Give back the use that was taken at that instant."""
        ...


class Admission(Protocol):
    """What this journey needs of what is spent once."""

    async def find_in_flight(self, tx: Transaction, reference: str) -> TakenKey | None:
        """Return the key in flight that was taken for a report."""
        ...

    async def keep_outcome(self, tx: Transaction, name: KeyName, outcome: Outcome) -> bool:
        """Keep what ended the request."""
        ...


class Answers(Protocol):
    """How an outcome is answered."""

    def failed(self, failure: CreditbridgeError, recorded: Recorded) -> Outcome:
        """Return the answer that tells a failure."""
        ...


class SettleIntents(msgspec.Struct, frozen=True, kw_only=True):
    """The journey, with the rooms it walks through."""

    database: Database
    ledger: Ledger
    platforms: Platforms
    consents: Consents
    admission: Admission
    answers: Answers

    async def __call__(self) -> int:
        """Walk the steps above once; return how many intents were closed or reconciled."""
        async with self.database.transaction() as tx:
            await self.ledger.renew_lease(tx)  # 1
            overdue = await self.ledger.overdue_intents(tx)  # 1
            asked_now = tx.now
            unknown = await self.ledger.unknown_intents(tx)
        settled = 0
        for intent in overdue:
            settled += await self._close(intent)  # 2
        for intent in unknown:
            # The grant ends with the deadline: before that, "not counted" is not final.
            if intent.deadline_at >= asked_now:
                continue
            try:
                settled += await self._reconcile(intent)  # 3, 4
            except (PlatformUnavailable, DeadlineExceeded) as failure:
                # A platform that is away is away for the others too: the next walk asks again.
                log.info("intent.not_reconciled", intent=intent.intent_id, code=failure.code)
                break
        return settled

    async def _close(self, intent: Intent) -> bool:
        failure = OutcomeUnknown()
        failure.decision_id = intent.report_id
        async with self.database.transaction() as tx:
            if not await self.ledger.close_intent(tx, intent.intent_id, IntentOutcome.UNKNOWN):
                return False
            consent = await self.consents.get_consent(tx, intent.consent_id)
            recorded = await self.ledger.record(
                tx, failure_record(consent, intent, failure, IntentOutcome.UNKNOWN)
            )
            key = await self.admission.find_in_flight(tx, intent.report_id)
            if key is not None:
                await self.admission.keep_outcome(
                    tx, key.name, self.answers.failed(failure, recorded)
                )
        return True

    async def _reconcile(self, intent: Intent) -> bool:
        try:
            state = await self.platforms.find_query(intent.query_id)  # 3
        except Untrusted as failure:
            # Not known yet is not known; this one answer must not hold up the others.
            log.info("intent.not_reconciled", intent=intent.intent_id, code=failure.code)
            return False
        counted = state is QueryState.COUNTED
        async with self.database.transaction() as tx:
            if not await self.ledger.reconcile_intent(tx, intent.intent_id, counted=counted):
                return False
            consent = await self.consents.get_consent(tx, intent.consent_id)
            if not counted:
                await self.consents.give_back_use(  # 4
                    tx, intent.consent_id, taken_at=intent.taken_at
                )
                await self.ledger.record(
                    tx, returned_use_record(consent, intent, reason=OutcomeUnknown.code)
                )
            await self.ledger.record(tx, reconciled_record(consent, intent, state))  # 4
        return True
