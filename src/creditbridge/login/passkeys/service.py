"""Passkeys for everybody above: every method takes the caller's transaction."""

import hashlib
import secrets

from msgspec.structs import replace

from creditbridge.foundation.database import Transaction
from creditbridge.foundation.ids import Kind, is_id, new_id
from creditbridge.login.model import Session
from creditbridge.login.passkeys import store
from creditbridge.login.passkeys.model import (
    PASSKEYS_MAX,
    RECOVERY_LIFE,
    SIGNING_LIFE,
    Demand,
    NewCredential,
    Passkey,
    PasskeysMany,
    PasskeyState,
    PasskeyTaken,
    PasskeyUnknown,
    Proven,
    Recovery,
    SentAssertion,
    SentCredential,
    Signing,
    SigningKind,
)
from creditbridge.login.passkeys.registration import verify_registration
from creditbridge.login.passkeys.rules import (
    approves_from,
    choose,
    digest_session,
    require_counter,
    require_enrollable,
    require_name,
    require_own,
    require_signing,
)
from creditbridge.protocols.approval_statement import challenge_of
from creditbridge.protocols.webauthn_assertion import (
    ApprovalInvalid,
    RelyingParty,
    verify_assertion,
)
from creditbridge.protocols.webauthn_key import parse_key

CHALLENGE_BYTES = 32
# What the page for a new passkey asks about; the second after an old passkey's signature.
ADDING, CONFIRMED = "passkey", "passkey, confirmed"


class Passkeys:
    """The passkeys of people who sign for one relying party."""

    def __init__(self, party: RelyingParty, *, cooling_hours: int) -> None:
        self.party = party
        self.cooling_hours = cooling_hours

    async def list_own(self, tx: Transaction, person_id: str) -> list[Passkey]:
        """Return a person's passkeys, ended ones too, the oldest first."""
        return await store.list_passkeys(tx, person_id)

    async def find_recovery(self, tx: Transaction, person_id: str) -> Recovery | None:
        """Return the recovery that is open for a person."""
        found = await store.find_recovery(tx, person_id)
        return found if found is not None and tx.now < found.expires_at else None

    async def choose(self, tx: Transaction, person_id: str, demand: Demand) -> tuple[Passkey, ...]:
        """Return the passkeys that may sign an approval now.

        Raises:
            PasskeyMissing, PasskeyUnbound, PasskeyCooling: one is demanded, and none may.
        """
        return choose(await store.list_passkeys(tx, person_id), demand, now=tx.now)

    async def ask(
        self,
        tx: Transaction,
        session: Session,
        kind: SigningKind,
        *,
        subject: str,
        statement: bytes | None = None,
    ) -> Signing:
        """Keep what a page asks a passkey to sign, for one answer within 300 s."""
        signing = Signing(
            signing_id=new_id(Kind.SIGNING, now=tx.now),
            subject=subject,
            kind=kind,
            person_id=session.person_id,
            uscc=session.uscc,
            signed=statement or secrets.token_bytes(CHALLENGE_BYTES),
            made_at=tx.now,
            expires_at=tx.now + SIGNING_LIFE,
        )
        await store.ask(tx, signing, digest_session(session))
        return signing

    async def take(
        self, tx: Transaction, session: Session, signing_id: str, kind: SigningKind
    ) -> Signing:
        """Spend a signing: the caller commits, whatever comes of it.

        Raises:
            ApprovalInvalid: there is none of this session, person and kind that is open.
        """
        known = is_id(Kind.SIGNING, signing_id)
        digest = digest_session(session)
        found = await store.take_signing(tx, signing_id, digest) if known else None
        return require_signing(found, session, kind, now=tx.now)

    async def prove(
        self, tx: Transaction, session: Session, signing: Signing, sent: SentAssertion
    ) -> Proven:
        """Verify an answer to a signing that was taken, and keep its counter.

        Raises:
            ApprovalInvalid: another person's credential, or an assertion that does not hold.
            CounterBack: it holds, and its counter did not grow; `suspend` is to follow.
        """
        digest = hashlib.sha256(sent.credential_id).digest()
        found = await store.lock_passkey(tx, digest)
        passkey = require_own(found, session, sent.user_handle, now=tx.now)
        signed = verify_assertion(
            sent.assertion,
            parse_key(passkey.public_key),
            self.party,
            challenge=challenge_for(signing),
            backup_eligible=not passkey.device_bound,
        )
        require_counter(passkey.counter, signed.counter)
        await store.use_passkey(tx, passkey.passkey_id, counter=signed.counter)
        return Proven(passkey=passkey, signing=signing, assertion=sent.assertion)

    async def suspend(
        self, tx: Transaction, session: Session, sent: SentAssertion
    ) -> Passkey | None:
        """Suspend the passkey whose counter went back; None where that was done before."""
        found = await store.lock_passkey(tx, hashlib.sha256(sent.credential_id).digest())
        if found is None:
            return None
        return await store.end_passkey(
            tx,
            passkey_id=found.passkey_id,
            person_id=session.person_id,
            state=PasskeyState.SUSPENDED,
        )

    async def hold(self, tx: Transaction, passkey_id: str) -> Passkey:
        """Return a passkey that is live until this transaction ends.

        Raises:
            ApprovalInvalid: it ended meanwhile.
        """
        if (passkey := await store.hold_passkey(tx, passkey_id)) is None:
            raise ApprovalInvalid(detail="credential: ended")
        return passkey

    async def require_enrollable(
        self, tx: Transaction, session: Session, *, confirmed: bool
    ) -> bool:
        """Tell whether a new passkey would replace lost ones; accept that it is added at all.

        Raises:
            PasskeysMany, RecoveryNeeded, SignInNotFresh: it is not.
        """
        passkeys = await store.list_passkeys(tx, session.person_id)
        live = [one for one in passkeys if one.state is PasskeyState.ACTIVE]
        if len(live) >= PASSKEYS_MAX:
            raise PasskeysMany
        recovery = await store.find_recovery(tx, session.person_id)
        return require_enrollable(passkeys, recovery, session, confirmed=confirmed, now=tx.now)

    def read_new(self, signing: Signing, sent: SentCredential) -> NewCredential:
        """Return the credential that answers a signing that was taken.

        Raises:
            EnrolmentInvalid: it does not.
        """
        return verify_registration(sent, self.party, challenge=challenge_for(signing))

    async def draft(
        self,
        tx: Transaction,
        session: Session,
        new: NewCredential,
        *,
        name: str,
        confirmed: bool,
    ) -> tuple[Passkey, Recovery | None]:
        """Return a new passkey as it would be kept, and the recovery that it used.

        Raises:
            Refused: it may not be added.
            PasskeyNameMalformed: its name.
        """
        named = require_name(name)
        await store.serialize_enrolments(tx, session.person_id)
        now = await tx.renew_now()
        recovers = await self.require_enrollable(tx, session, confirmed=confirmed)
        recovery = await store.take_recovery(tx, session.person_id) if recovers else None
        passkey = Passkey(
            passkey_id=new_id(Kind.PASSKEY, now=now),
            person_id=session.person_id,
            credential_id=new.credential_id,
            credential_digest=hashlib.sha256(new.credential_id).digest(),
            public_key=new.public_key,
            name=named,
            device_bound=new.device_bound,
            counter=new.counter,
            state=PasskeyState.ACTIVE,
            enrolled_at=now,
            approves_from=approves_from(
                now=now, recovers=recovers, cooling_hours=self.cooling_hours
            ),
            enrolled_event="",
        )
        return passkey, recovery

    async def keep(self, tx: Transaction, passkey: Passkey, *, enrolled_event: str) -> Passkey:
        """Keep a new passkey under its entry in the ledger.

        Raises:
            PasskeyTaken: the credential is anybody's already.
        """
        kept = replace(passkey, enrolled_event=enrolled_event)
        if not await store.add_passkey(tx, kept):
            raise PasskeyTaken
        return kept

    async def end(self, tx: Transaction, *, person_id: str, passkey_id: str) -> Passkey:
        """End a person's own passkey for good.

        Raises:
            PasskeyUnknown: no live one of this person.
        """
        known = is_id(Kind.PASSKEY, passkey_id)
        ended = (
            await store.end_passkey(
                tx, passkey_id=passkey_id, person_id=person_id, state=PasskeyState.ENDED
            )
            if known
            else None
        )
        if ended is None:
            raise PasskeyUnknown
        return ended

    async def end_all(self, tx: Transaction, person_id: str) -> list[Passkey]:
        """End every passkey of a person who speaks for nobody any more; return those that ended."""
        await store.serialize_enrolments(tx, person_id)
        await tx.renew_now()
        return await store.lapse_passkeys(tx, person_id)

    async def recover(self, tx: Transaction, *, person_id: str, change_id: str) -> list[Passkey]:
        """End every passkey of a person, open the way for one new; return those that ended."""
        await store.serialize_enrolments(tx, person_id)
        now = await tx.renew_now()
        live = [
            one
            for one in await store.list_passkeys(tx, person_id)
            if one.state is PasskeyState.ACTIVE
        ]
        ended = [await self.end(tx, person_id=person_id, passkey_id=one.passkey_id) for one in live]
        await store.open_recovery(
            tx,
            Recovery(
                person_id=person_id,
                change_id=change_id,
                opened_at=now,
                expires_at=now + RECOVERY_LIFE,
            ),
        )
        return ended


def challenge_for(signing: Signing) -> bytes:
    """Return the challenge of a signing, 32 bytes: a statement's digest, or the random bytes."""
    return challenge_of(signing.signed) if signing.kind is SigningKind.APPROVE else signing.signed


async def purge(tx: Transaction) -> int:
    """Delete up to 1,000 signings that nobody answered in time; return how many."""
    return await store.purge(tx)
