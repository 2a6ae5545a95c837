"""An enterprise's representative answers a bank's request: yes, a narrower yes, or no.

    parties -> consents -> ledger

1. The person may still speak for the enterprise, at this very moment.
2. The answer is to the version of the request that was shown, and to no other.
3. A yes fixes the artefact, which the gateway signs; a no ends the request.
4. A yes keeps within the limits of whoever gives it. Where a passkey signed, it is live, and it
   signed this very artefact; where the policy demands one, it did.
5. The ledger holds the answer as the next link of the consent's chain.
"""

from typing import Protocol

import msgspec
from msgspec.structs import replace

from creditbridge.consents.acts import Approval, Refusal
from creditbridge.consents.model import Consent
from creditbridge.foundation.database import Database, Transaction
from creditbridge.journeys.approver_signature import ApproverSignature
from creditbridge.journeys.records.consents import approval_record, end_record
from creditbridge.journeys.require_voice import require_approver, require_reach, require_voice
from creditbridge.journeys.sign_consents import AskedSignature, SignConsents
from creditbridge.ledger.model import EventKind
from creditbridge.ledger.port import Recorder
from creditbridge.login.model import Session


class Consents(Protocol):
    """What this journey needs of the consents."""

    async def approve(self, tx: Transaction, approval: Approval) -> Consent:
        """Make the consent active, with its signed artefact."""
        ...

    async def preview(self, tx: Transaction, approval: Approval) -> Consent:
        """Return the consent as an approval would make it."""
        ...

    async def refuse(self, tx: Transaction, refusal: Refusal) -> Consent:
        """End the request."""
        ...


class GiveConsent(msgspec.Struct, frozen=True, kw_only=True):
    """The journey, with the rooms it walks through."""

    database: Database
    consents: Consents
    sign_consents: SignConsents
    ledger: Recorder

    async def ask(self, approval: Approval, session: Session) -> AskedSignature | None:
        """Return what a passkey is asked to sign for a yes; None where it goes without.

        Raises:
            Refused: as `approve`; or a passkey is needed, and none may sign now.
        """
        async with self.database.transaction() as tx:
            await require_voice(tx, approval.person_id, approval.uscc)  # 1
            drafted = await self.consents.preview(tx, approval)  # 2, 3
            return await self.sign_consents.ask(tx, session, (drafted,), subject=drafted.consent_id)

    async def approve(
        self, approval: Approval, signature: ApproverSignature | None = None
    ) -> Consent:
        """Walk the steps above with a yes.

        Raises:
            Refused: the person may not speak, or not that far; the request changed or has ended; it
                must be signed.
            ApprovalInvalid: the signature is over something else.
        """
        async with self.database.transaction() as tx:
            person = await require_approver(tx, approval.person_id, approval.uscc)  # 1
            if signature is not None:
                approval = replace(approval, passkey=signature.kind)
            consent = await self.consents.approve(tx, approval)  # 2, 3
            await require_reach(tx, approval.person_id, consent)  # 4
            await self.sign_consents.require(tx, signature, (consent,), approval.person_id)  # 4
            await self.ledger.record(tx, approval_record(consent, person, signature))  # 5
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
