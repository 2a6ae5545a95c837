"""A representative answers with a passkey what a page asked them to sign.

    login -> ledger -> notices

1. The answer spends what was asked, whatever comes of it.
2. The signature holds over it, by a live passkey of this very person.
3. A counter that went back suspends the passkey: somebody may have a copy of it.
4. The ledger holds which check failed; the person is told only that one did.
5. Of a suspension everybody who speaks for the enterprise is told.
"""

import msgspec

from creditbridge.foundation.database import Database
from creditbridge.journeys.answered_consents import Speaker
from creditbridge.journeys.records.credentials import EndReason, end_record, refusal_record
from creditbridge.journeys.records.news import people_news
from creditbridge.journeys.require_voice import require_voice
from creditbridge.ledger.port import Recorder
from creditbridge.login.model import Session
from creditbridge.login.passkeys.model import (
    CounterBack,
    Proven,
    SentAssertion,
    Signing,
    SigningKind,
)
from creditbridge.login.passkeys.service import Passkeys
from creditbridge.notices.model import NoticeKind
from creditbridge.notices.port import Herald
from creditbridge.protocols.webauthn_assertion import ApprovalInvalid


class ProvePasskey(msgspec.Struct, frozen=True, kw_only=True):
    """The journey, with the rooms it walks through."""

    database: Database
    passkeys: Passkeys
    ledger: Recorder
    notices: Herald

    async def __call__(self, speaker: Speaker, sent: SentAssertion, kind: SigningKind) -> Proven:
        """Walk the steps above, in order.

        Raises:
            ApprovalInvalid: whatever does not hold, in the same words.
            VoiceMissing: the person may not speak for the enterprise any more.
        """
        session = speaker.session
        try:
            signing = await self._spend(session, sent, kind)  # 1
            async with self.database.transaction() as tx:
                return await self.passkeys.prove(tx, session, signing, sent)  # 2
        except CounterBack as error:
            await self._suspend(speaker, sent)  # 3
            refusal = ApprovalInvalid(detail="counter")
            await self._record(speaker, kind, refusal)  # 4
            raise refusal from error
        except ApprovalInvalid as refusal:
            await self._record(speaker, kind, refusal)  # 4
            raise

    async def _spend(self, session: Session, sent: SentAssertion, kind: SigningKind) -> Signing:
        # Its own commit: a try that fails later is spent all the same.
        async with self.database.transaction(commit_on=ApprovalInvalid) as tx:
            return await self.passkeys.take(tx, session, sent.signing_id, kind)

    async def _suspend(self, speaker: Speaker, sent: SentAssertion) -> None:
        session = speaker.session
        async with self.database.transaction() as tx:
            person = await require_voice(tx, session.person_id, session.uscc)
            passkey = await self.passkeys.suspend(tx, session, sent)
            # Of two at once, one suspends it: the ledger says so once.
            if passkey is not None:
                record = end_record(passkey, person, EndReason.COUNTER_BACK)
                await self.ledger.record(tx, record)
                news = people_news(NoticeKind.CREDENTIAL_SUSPENDED, session.uscc)
                await self.notices.tell(tx, news)  # 5

    async def _record(self, speaker: Speaker, kind: SigningKind, refusal: ApprovalInvalid) -> None:
        session = speaker.session
        async with self.database.transaction() as tx:
            person = await require_voice(tx, session.person_id, session.uscc)
            record = refusal_record(person, speaker.enterprise, act=kind, check=refusal.detail)
            await self.ledger.record(tx, record)
