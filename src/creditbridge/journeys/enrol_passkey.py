"""A representative adds a passkey: the first, one beside another, or one after a loss.

    login -> parties -> ledger -> login -> notices

1. The first needs a fresh sign-in, a further one the signature of one that is there, and one
   after all were lost the way that two operators opened.
2. What the page asks is spent by its answer, whatever comes of it.
3. The person may speak for the enterprise in whose name they are signed in.
4. The credential was made for this page, by a person whom the device has verified.
5. The ledger holds its key, with the digest of the proof of authority, before it signs anything.
6. It is kept under that entry; the page shows it with the others.
7. Everybody who speaks for the enterprise is told.
"""

import msgspec

from creditbridge.foundation.database import Database, Transaction
from creditbridge.journeys.answered_consents import Speaker
from creditbridge.journeys.prove_passkey import ProvePasskey
from creditbridge.journeys.records.credentials import enrolment_record
from creditbridge.journeys.records.news import people_news
from creditbridge.journeys.require_voice import VoiceMissing, require_voice
from creditbridge.ledger.port import Recorder
from creditbridge.login.model import Session
from creditbridge.login.passkeys.model import (
    Demand,
    Passkey,
    SentAssertion,
    SentCredential,
    Signing,
    SigningKind,
)
from creditbridge.login.passkeys.service import ADDING, CONFIRMED, Passkeys
from creditbridge.notices.model import NoticeKind
from creditbridge.notices.port import Herald
from creditbridge.parties.service import find_proof_of_authority
from creditbridge.protocols.webauthn_assertion import ApprovalInvalid


class AskedPasskey(msgspec.Struct, frozen=True, kw_only=True):
    """What a page asks the browser for: a signature by one of `passkeys`, or a new one beside."""

    signing: Signing
    passkeys: tuple[Passkey, ...]


class EnrolPasskey(msgspec.Struct, frozen=True, kw_only=True):
    """The journey, with the rooms it walks through."""

    database: Database
    passkeys: Passkeys
    prove_passkey: ProvePasskey
    ledger: Recorder
    notices: Herald

    async def ask(self, session: Session) -> AskedPasskey:
        """Return what the page for a new passkey asks first.

        Raises:
            Refused: the person may not speak; too many; signed in too long ago; all were lost.
        """
        async with self.database.transaction() as tx:
            await require_voice(tx, session.person_id, session.uscc)
            ready = await self.passkeys.choose(tx, session.person_id, Demand.NONE)
            confirms = bool(ready)
            await self.passkeys.require_enrollable(tx, session, confirmed=confirms)  # 1
            if not confirms:
                return await self._ask_new(tx, session, subject=ADDING)
            kind = SigningKind.CONFIRM
            signing = await self.passkeys.ask(tx, session, kind, subject=ADDING)
            return AskedPasskey(signing=signing, passkeys=ready)

    async def confirm(self, speaker: Speaker, sent: SentAssertion) -> AskedPasskey:
        """Take the signature of a passkey that is there; return what the page asks next.

        Raises:
            ApprovalInvalid: it does not hold.
        """
        await self.prove_passkey(speaker, sent, SigningKind.CONFIRM)  # 1
        async with self.database.transaction() as tx:
            return await self._ask_new(tx, speaker.session, subject=CONFIRMED)

    async def __call__(self, session: Session, sent: SentCredential) -> Passkey:
        """Walk steps 2 to 7.

        Raises:
            ApprovalInvalid: the page was answered before, or too late.
            EnrolmentInvalid, PasskeyNameMalformed: what came cannot be a passkey.
            Refused: the person may not add one, or the credential is known already.
        """
        signing = await self._spend(session, sent.signing_id)  # 2
        async with self.database.transaction() as tx:
            person = await require_voice(tx, session.person_id, session.uscc)  # 3
            proof = await find_proof_of_authority(
                tx, person_id=session.person_id, uscc=session.uscc
            )
            if proof is None:
                raise VoiceMissing
            new = self.passkeys.read_new(signing, sent)  # 4
            passkey, recovery = await self.passkeys.draft(
                tx, session, new, name=sent.name, confirmed=signing.subject == CONFIRMED
            )
            record = enrolment_record(passkey, person, proof_digest=proof, recovery=recovery)
            recorded = await self.ledger.record(tx, record)  # 5
            kept = await self.passkeys.keep(tx, passkey, enrolled_event=recorded.event_id)  # 6
            kind = (
                NoticeKind.CREDENTIAL_ENROLLED
                if recovery is None
                else NoticeKind.CREDENTIAL_RECOVERED
            )
            await self.notices.tell(tx, people_news(kind, session.uscc))  # 7
        return kept

    async def _ask_new(self, tx: Transaction, session: Session, *, subject: str) -> AskedPasskey:
        signing = await self.passkeys.ask(tx, session, SigningKind.ENROL, subject=subject)
        known = await self.passkeys.list_own(tx, session.person_id)
        return AskedPasskey(signing=signing, passkeys=tuple(known))

    async def _spend(self, session: Session, signing_id: str) -> Signing:
        # Its own commit: a try that fails later is spent all the same.
        async with self.database.transaction(commit_on=ApprovalInvalid) as tx:
            return await self.passkeys.take(tx, session, signing_id, SigningKind.ENROL)
