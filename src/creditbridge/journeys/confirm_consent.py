"""A new legal representative confirms what rests on the former one's word.

    parties -> consents -> login -> ledger -> notices

1. The person is the legal representative at this very moment: no agent confirms in their place.
2. The consent waits for it, and is as it was shown; it is active again, under their word.
3. Where a passkey signed, it signed this very artefact and version; where the policy demands one,
   it did.
4. The ledger holds their countersignature, and that the consent goes on by it: links of its chain.
5. Everybody who speaks for the enterprise is told.

Who would rather end it withdraws it, as any consent is withdrawn. Term and uses went on meanwhile.
"""

from typing import Protocol

import msgspec

from creditbridge.consents.model import Consent
from creditbridge.foundation.database import Database, Transaction
from creditbridge.journeys.approver_signature import ApproverSignature
from creditbridge.journeys.records.consents import (
    TextShown,
    confirmation_record,
    confirmed_record,
)
from creditbridge.journeys.records.news import consent_news
from creditbridge.journeys.require_voice import require_head
from creditbridge.journeys.sign_consents import AskedSignature, SignConsents
from creditbridge.ledger.port import Recorder
from creditbridge.login.model import Session
from creditbridge.notices.model import NoticeKind
from creditbridge.notices.port import Herald


class Confirmation(msgspec.Struct, frozen=True, kw_only=True):
    """A new legal representative's yes to a consent, in the version and the text that was shown."""

    consent_id: str
    version: int
    uscc: str
    person_id: str
    shown: TextShown


class Confirmations(Protocol):
    """What this journey needs of the consents."""

    async def preview_confirmation(
        self, tx: Transaction, *, consent_id: str, uscc: str, version: int, person_id: str
    ) -> Consent:
        """Return the consent as it would be confirmed."""
        ...

    async def confirm(
        self, tx: Transaction, *, consent_id: str, uscc: str, version: int, person_id: str
    ) -> Consent:
        """Make it active again."""
        ...


class ConfirmConsent(msgspec.Struct, frozen=True, kw_only=True):
    """The journey, with the rooms it walks through."""

    database: Database
    confirmations: Confirmations
    sign_consents: SignConsents
    ledger: Recorder
    notices: Herald

    async def ask(self, act: Confirmation, session: Session) -> AskedSignature | None:
        """Return what a passkey is asked to sign for it; None where it goes without.

        Raises:
            Refused: as the journey; or a passkey is needed, and none may sign now.
        """
        async with self.database.transaction() as tx:
            await require_head(tx, act.person_id, act.uscc)  # 1
            drafted = await self.confirmations.preview_confirmation(  # 2
                tx,
                consent_id=act.consent_id,
                uscc=act.uscc,
                version=act.version,
                person_id=act.person_id,
            )
            return await self.sign_consents.ask(  # 3
                tx, session, (drafted,), subject=drafted.consent_id
            )

    async def __call__(
        self, act: Confirmation, signature: ApproverSignature | None = None
    ) -> Consent:
        """Walk the steps above, in order.

        Raises:
            Refused: not the legal representative; the consent does not wait, or changed; it must be
                signed.
            ApprovalInvalid: the signature is over something else.
        """
        async with self.database.transaction() as tx:
            person = await require_head(tx, act.person_id, act.uscc)  # 1
            consent = await self.confirmations.confirm(  # 2
                tx,
                consent_id=act.consent_id,
                uscc=act.uscc,
                version=act.version,
                person_id=act.person_id,
            )
            await self.sign_consents.require(tx, signature, (consent,), act.person_id)  # 3
            said = await self.ledger.record(
                tx, confirmation_record(consent, person, act.shown, signature)
            )  # 4
            resumed = confirmed_record(consent, person, confirmed=said.event_id)
            await self.ledger.record(tx, resumed)  # 4
            await self.notices.tell(tx, consent_news(NoticeKind.CONSENT_RESUMED, consent))  # 5
        return consent
