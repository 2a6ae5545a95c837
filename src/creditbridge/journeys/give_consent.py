"""An enterprise's representative answers a bank's request: yes, a narrower yes, or no.

    parties -> consents -> ledger

1. The person may still speak for the enterprise, at this very moment.
2. The answer is to the version of the request that was shown, and to no other.
3. A yes fixes the artefact, which the gateway signs; a no ends the request.
4. A yes keeps within the limits of whoever gives it.
5. The ledger holds the answer as the next link of the consent's chain.
"""

from typing import Protocol

import msgspec

from creditbridge.consents.acts import Approval, Refusal
from creditbridge.consents.model import Consent
from creditbridge.foundation.database import Database, Transaction
from creditbridge.journeys.records.consents import approval_record, end_record
from creditbridge.journeys.require_voice import require_approver, require_reach, require_voice
from creditbridge.ledger.model import EventKind
from creditbridge.ledger.port import Recorder


class Consents(Protocol):
    """What this journey needs of the consents."""

    async def approve(self, tx: Transaction, approval: Approval) -> Consent:
        """Make the consent active, with its signed artefact."""
        ...

    async def refuse(self, tx: Transaction, refusal: Refusal) -> Consent:
        """End the request."""
        ...


class GiveConsent(msgspec.Struct, frozen=True, kw_only=True):
    """The journey, with the rooms it walks through."""

    database: Database
    consents: Consents
    ledger: Recorder

    async def approve(self, approval: Approval) -> Consent:
        """Walk the steps above with a yes.

        Raises:
            Refused: the person may not speak, or not that far; the request changed or has ended.
        """
        async with self.database.transaction() as tx:
            person = await require_approver(tx, approval.person_id, approval.uscc)  # 1
            consent = await self.consents.approve(tx, approval)  # 2, 3
            await require_reach(tx, approval.person_id, consent)  # 4
            await self.ledger.record(tx, approval_record(consent, person))  # 5
        return consent

    async def refuse(self, refusal: Refusal) -> Consent:
        """Walk the steps above with a no.

        Raises:
            Refused: the person may not speak, the request changed or has ended.
        """
        async with self.database.transaction() as tx:
            person = await require_voice(tx, refusal.person_id, refusal.uscc)  # 1
            consent = await self.consents.refuse(tx, refusal)  # 2, 3
            record = end_record(EventKind.CONSENT_REFUSED, consent, person)
            await self.ledger.record(tx, record)  # 5
        return consent
