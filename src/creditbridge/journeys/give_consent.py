"""An enterprise's representative answers a bank's request: yes, a narrower yes, or no.

    access -> parties -> consents -> access -> ledger -> notices

1. A request that a bank's machine waits for is decided whole, on its own page.
2. The person may still speak for the enterprise, at this very moment, and so far.
3. The answer is to the version of the request that was shown, and to no other.
4. Each yes of a person is kept; the last that is needed fixes the artefact, which the gateway
   signs. A no ends the request. Where a passkey signed, it is live, and it signed this very
   artefact; where the policy demands one, it did.
5. Where it takes the place of an earlier consent, that one ends, with its grants.
6. The ledger holds the answer as the next link of the consent's chain.
7. Everybody who speaks for the enterprise is told what was given, and what it ended.
"""

from typing import Protocol

import msgspec
from msgspec.structs import replace

from creditbridge.access.backchannel.service import list_requests
from creditbridge.consents.acts import Approval, Refusal
from creditbridge.consents.approvals.model import Approved, Circle
from creditbridge.consents.approvals.service import note_approval
from creditbridge.consents.model import Consent
from creditbridge.foundation.database import Database, Transaction
from creditbridge.foundation.errors import Refused
from creditbridge.journeys.approver_signature import ApproverSignature
from creditbridge.journeys.approving_circle import read_circle
from creditbridge.journeys.records.consents import answered_record, end_record
from creditbridge.journeys.records.news import given_news
from creditbridge.journeys.require_voice import require_voice
from creditbridge.journeys.sign_consents import AskedSignature, SignConsents
from creditbridge.journeys.superseding import end_superseded
from creditbridge.ledger.model import EventKind
from creditbridge.ledger.port import Recorder
from creditbridge.login.model import Session
from creditbridge.notices.port import Herald


class Consents(Protocol):
    """What this journey needs of the consents."""

    async def get_given_consent(self, tx: Transaction, *, consent_id: str, uscc: str) -> Consent:
        """Return a consent that the enterprise was asked for."""
        ...

    async def approve(self, tx: Transaction, approval: Approval, circle: Circle) -> Approved:
        """Keep one person's yes; the last that is needed makes the consent active."""
        ...

    async def preview(self, tx: Transaction, approval: Approval) -> Consent:
        """Return the consent as an approval would make it."""
        ...

    async def refuse(self, tx: Transaction, refusal: Refusal) -> Consent:
        """End the request."""
        ...


class DecidedTogether(Refused):
    """The consent is part of what a bank's machine waits for, and is decided there."""

    code = "consent-decided-together"
    message = "This is part of a request that is decided as a whole; open that request."


class GiveConsent(msgspec.Struct, frozen=True, kw_only=True):
    """The journey, with the rooms it walks through."""

    database: Database
    consents: Consents
    sign_consents: SignConsents
    ledger: Recorder
    notices: Herald

    async def ask(self, approval: Approval, session: Session) -> AskedSignature | None:
        """Return what a passkey is asked to sign for a yes; None where it goes without.

        Raises:
            Refused: as `approve`; or a passkey is needed, and none may sign now.
        """
        async with self.database.transaction() as tx:
            await require_voice(tx, approval.person_id, approval.uscc)  # 2
            drafted = await self.consents.preview(tx, approval)  # 3, 4
            return await self.sign_consents.ask(tx, session, (drafted,), subject=drafted.consent_id)

    async def approve(
        self, approval: Approval, signature: ApproverSignature | None = None
    ) -> Consent:
        """Walk the steps above with a yes; the consent is ACTIVE, or waits for others to approve.

        Raises:
            Refused: the person may not speak, or not that far; the request changed or has ended; it
                must be signed.
            ApprovalInvalid: the signature is over something else.
        """
        uscc = approval.uscc
        async with self.database.transaction() as tx:
            await _require_alone(tx, consent_id=approval.consent_id, uscc=uscc)  # 1
            asked = await self.consents.get_given_consent(
                tx, consent_id=approval.consent_id, uscc=uscc
            )
            circle = await read_circle(tx, uscc=uscc, bank_uscc=asked.bank_uscc)  # 2
            person = await require_voice(tx, approval.person_id, uscc)  # 2
            if signature is not None:
                approval = replace(approval, passkey=signature.kind)
            approved = await self.consents.approve(tx, approval, circle)  # 2, 3, 4
            await self.sign_consents.require(  # 4
                tx, signature, (approved.proposed,), approval.person_id
            )
            superseded = await end_superseded(tx, [approved.consent])  # 5
            recorded = await self.ledger.record(
                tx, answered_record(approved, person, signature)
            )  # 6
            await note_approval(tx, approved.mine, recorded.event_id)
            for ended in superseded:
                for record in ended.to_records(person):
                    await self.ledger.record(tx, record)  # 6
            before = [ended.consent for ended in superseded]
            for news in given_news([approved.consent], before):
                await self.notices.tell(tx, news)  # 7
        return approved.consent

    async def refuse(self, refusal: Refusal) -> Consent:
        """Walk the steps above with a no.

        Raises:
            Refused: the person may not speak, the request changed or has ended.
        """
        async with self.database.transaction() as tx:
            await _require_alone(tx, consent_id=refusal.consent_id, uscc=refusal.uscc)  # 1
            person = await require_voice(tx, refusal.person_id, refusal.uscc)  # 2
            consent = await self.consents.refuse(tx, refusal)  # 3, 4
            record = end_record(EventKind.CONSENT_REFUSED, consent, person)
            await self.ledger.record(tx, record)  # 6
        return consent


async def _require_alone(tx: Transaction, *, consent_id: str, uscc: str) -> None:
    # Once one of several approvers has lodged it, the others find it in two places: a yes here
    # would leave the bank's machine waiting for ever.
    waiting = await list_requests(tx, uscc)
    if any(consent_id in one.pushed.consent_ids for one in waiting):
        raise DecidedTogether
