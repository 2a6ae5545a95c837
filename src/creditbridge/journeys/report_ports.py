"""What `deliver_report` needs of each room, and what it relies on there. No journey."""

from datetime import datetime
from typing import Protocol

import msgspec

from creditbridge.admission.model import KeyName, Outcome, Stored
from creditbridge.consents.model import Asked, Consent, Coverage
from creditbridge.foundation.database import Transaction
from creditbridge.foundation.errors import CreditbridgeError, Unavailable
from creditbridge.ledger.model import Intent, IntentOutcome, Recorded
from creditbridge.ledger.port import Recorder
from creditbridge.platforms.model import PlatformAnswer, PlatformQuery, SubjectAnswer


class IntentClosed(Unavailable):
    """Another node closed the intent: this one was taken for dead, and its answer is not used."""

    code = "intent-closed"
    message = "The request took too long and was given up; repeat it with the same key."


class Admission(Protocol):
    """What this journey needs of what is spent once."""

    async def take_key(
        self, tx: Transaction, name: KeyName, fingerprint: bytes, *, reference: str
    ) -> Stored | None:
        """Take the key, or return the outcome stored under it."""
        ...

    async def keep_outcome(self, tx: Transaction, name: KeyName, outcome: Outcome) -> bool:
        """Keep what ended the request."""
        ...

    async def release_key(self, tx: Transaction, name: KeyName) -> bool:
        """Free a key under which nothing happened."""
        ...

    async def claim_business_id(
        self, tx: Transaction, *, bank_id: str, business_id: str, fingerprint: bytes
    ) -> None:
        """Claim a business request id for the whole bank."""
        ...

    async def take_look(self, tx: Transaction, *, bank_id: str, uscc: str) -> None:
        """Count a look at an enterprise, or refuse."""
        ...

    async def release_business_id(self, tx: Transaction, *, bank_id: str, business_id: str) -> None:
        """Free an id whose request provably never went upstream."""
        ...


class Consents(Protocol):
    """What this journey needs of the consents."""

    async def take_use(self, tx: Transaction, asked: Asked) -> Coverage:
        """Take one use, or refuse."""
        ...

    async def hold_standing(self, tx: Transaction, asked: Asked) -> Consent:
        """Return the consent while it stands, and hold off its end until the transaction ends."""
        ...

    async def give_back_use(
        self, tx: Transaction, consent_id: str, *, taken_at: datetime | None
    ) -> None:
        """Give back the use that was taken at that instant."""
        ...


class Platforms(Protocol):
    """What this journey needs of the platforms."""

    async def ask_all(self, query: PlatformQuery, *, deadline: float) -> PlatformAnswer:
        """Return verified answers in our words, by the deadline (monotonic seconds)."""
        ...


class Register(Protocol):
    """What this journey needs of those who speak for enterprises."""

    async def hear_register(self, subject: SubjectAnswer) -> bool:
        """Follow the register where it surely names another legal representative than is known."""
        ...


class Ledger(Recorder, Protocol):
    """What this journey needs of the ledger."""

    async def open_intent(self, tx: Transaction, intent: Intent) -> None:
        """Open an intent under this node's lease."""
        ...

    async def close_intent(self, tx: Transaction, intent_id: str, outcome: IntentOutcome) -> bool:
        """Close it once; False where another node did."""
        ...


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What may leave the house: the sealed profile's bytes and the receipt of its delivery."""

    report_id: str
    body: bytes
    delivery: Recorded


class Answers(Protocol):
    """How an outcome is answered, so that its repetition is answered with the same bytes."""

    def delivered(self, report: Report) -> Outcome:
        """Return the answer that hands a report over."""
        ...

    def failed(self, failure: CreditbridgeError, recorded: Recorded) -> Outcome:
        """Return the answer that tells a failure."""
        ...
