"""Passkeys on a real database, with a session and an authenticator of its person."""

from datetime import timedelta

import pytest
from tests.passkeys import PARTY, Authenticator

from creditbridge.foundation.database import Database, Transaction
from creditbridge.login.model import Session
from creditbridge.login.passkeys.model import (
    Passkey,
    SentAssertion,
    SentCredential,
    Signing,
    SigningKind,
)
from creditbridge.login.passkeys.rules import user_handle
from creditbridge.login.passkeys.service import ADDING, Passkeys, challenge_for

PERSON, USCC = "prs_01hzy6t9x7c3v5n8m2k4p6q8r0", "91330106589876549K"
HANDLE = user_handle(PERSON)


class Desk:
    """One person's session, and what their page and device do."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.passkeys = Passkeys(PARTY, cooling_hours=24)

    async def session(self, *, person_id: str = PERSON, age_minutes: int = 0) -> Session:
        """Return a session that began some minutes ago."""
        async with self.database.transaction() as tx:
            now = tx.now
        return Session(
            person_id=person_id,
            uscc=USCC,
            signed_in_at=now - timedelta(minutes=age_minutes),
            ends_at=now + timedelta(hours=1),
            form_token=f"token of {person_id}",
        )

    async def ask(self, session: Session, kind: SigningKind, *, subject: str = "cns_1") -> Signing:
        """Let a page ask for something."""
        statement = b"statement" if kind is SigningKind.APPROVE else None
        async with self.database.transaction() as tx:
            return await self.passkeys.ask(tx, session, kind, subject=subject, statement=statement)

    async def enrol(
        self, session: Session, device: Authenticator, *, confirmed: bool = False
    ) -> Passkey:
        """Add a passkey, as its journey does."""
        signing = await self.ask(session, SigningKind.ENROL, subject=ADDING)
        async with self.database.transaction() as tx:
            taken = await self.passkeys.take(tx, session, signing.signing_id, SigningKind.ENROL)
            new = self.passkeys.read_new(taken, register(device, taken))
            drafted, _ = await self.passkeys.draft(
                tx, session, new, name="phone", confirmed=confirmed
            )
            return await self.passkeys.keep(tx, drafted, enrolled_event="evt_1")

    async def prove(self, tx: Transaction, session: Session, sent: SentAssertion) -> Signing:
        """Spend and verify an assertion in one transaction."""
        signing = await self.passkeys.take(tx, session, sent.signing_id, SigningKind.APPROVE)
        return (await self.passkeys.prove(tx, session, signing, sent)).signing


def register(device: Authenticator, signing: Signing, name: str = "phone") -> SentCredential:
    """Return what the browser sends of a new credential."""
    client_data, attestation = device.attest(challenge_for(signing))
    return SentCredential(
        signing_id=signing.signing_id,
        name=name,
        client_data=client_data,
        attestation=attestation,
    )


def answer(
    device: Authenticator, signing: Signing, *, handle: bytes | None = HANDLE
) -> SentAssertion:
    """Return what the browser sends of an assertion."""
    return SentAssertion(
        signing_id=signing.signing_id,
        credential_id=device.credential_id,
        assertion=device.sign(challenge_for(signing)),
        user_handle=handle,
    )


@pytest.fixture
def desk(database: Database) -> Desk:
    """A desk on this test's database."""
    return Desk(database)
