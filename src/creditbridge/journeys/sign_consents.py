"""A page that decides asks the representative's passkey to sign.

    consents -> login -> ledger

1. The policy says whether the purposes need a passkey, and of which kind.
2. The person's passkeys that may sign now are found; where none is needed and none is there, the
   approval goes on without.
3. The statement names the artefacts as they would be given, the approver's reference in the
   ledger, the version that was shown, 256 random bits, and its end.
4. It is kept for one answer of this session.
5. Where the approval is carried out, what was signed is compared with what is given, the passkey is
   live to the end of that transaction, and the policy is asked again.
"""

import secrets
from collections.abc import Sequence
from typing import Protocol

import msgspec

from creditbridge.consents.model import Consent
from creditbridge.consents.policy import PasskeyRequired
from creditbridge.foundation.database import Transaction
from creditbridge.journeys.approver_signature import (
    ApproverSignature,
    Policy,
    purposes_of,
    require_signed,
    state_consents,
)
from creditbridge.journeys.require_voice import VoiceMissing
from creditbridge.ledger.encoding import to_base64url
from creditbridge.login.model import Session
from creditbridge.login.passkeys.model import (
    SIGNING_LIFE,
    Demand,
    Passkey,
    PasskeyUnfit,
    Signing,
    SigningKind,
)
from creditbridge.login.passkeys.service import Passkeys
from creditbridge.protocols.approval_statement import (
    NONCE_BYTES,
    Act,
    ApprovalStatement,
    encode_statement,
)
from creditbridge.protocols.webauthn_assertion import ApprovalInvalid

# A person can still sign, or sign anew: what they were asked goes on waiting.
NOT_SIGNED = (PasskeyRequired, PasskeyUnfit, ApprovalInvalid)


class People(Protocol):
    """What this journey needs of the ledger."""

    async def find_person(self, tx: Transaction, person_id: str) -> str | None:
        """Return the reference of a person."""
        ...


class AskedSignature(msgspec.Struct, frozen=True, kw_only=True):
    """What a page asks: one of these passkeys, over this signing; `is_needed` by the policy."""

    signing: Signing
    passkeys: tuple[Passkey, ...]
    is_needed: bool


class SignConsents(msgspec.Struct, frozen=True, kw_only=True):
    """The journey, with the rooms it walks through."""

    passkeys: Passkeys
    policy: Policy
    ledger: People

    async def ask(
        self, tx: Transaction, session: Session, drafted: Sequence[Consent], *, subject: str
    ) -> AskedSignature | None:
        """Walk steps 1 to 4; `drafted` are the consents as this approval would give them.

        Raises:
            PasskeyMissing, PasskeyUnbound, PasskeyCooling: one is needed, and none may sign.
        """
        demand = await self.policy.demand_passkey(tx, purposes_of(drafted))  # 1
        ready = await self.passkeys.choose(tx, session.person_id, demand)  # 2
        # Scopes alone are no consent: there is no artefact to sign.
        if not ready or not drafted:
            return None
        approver = await self.ledger.find_person(tx, session.person_id)
        if approver is None:
            raise VoiceMissing
        statement = ApprovalStatement(  # 3
            v=1,
            act=Act.APPROVE,
            approver=approver,
            consents=state_consents(drafted),
            nonce=to_base64url(secrets.token_bytes(NONCE_BYTES)),
            expires_at=tx.now + SIGNING_LIFE,
        )
        signing = await self.passkeys.ask(  # 4
            tx,
            session,
            SigningKind.APPROVE,
            subject=subject,
            statement=encode_statement(statement),
        )
        return AskedSignature(signing=signing, passkeys=ready, is_needed=demand is not Demand.NONE)

    async def require(
        self,
        tx: Transaction,
        signature: ApproverSignature | None,
        given: Sequence[Consent],
        person_id: str,
    ) -> None:
        """Walk step 5.

        Raises:
            PasskeyMissing, PasskeyUnbound: the policy demands another signature.
            ApprovalInvalid: over something else, another person's, or by a passkey that ended.
        """
        demand = await self.policy.demand_passkey(tx, purposes_of(given))
        require_signed(signature, given, person_id=person_id, demand=demand)  # 5
        if signature is not None:
            await self.passkeys.hold(tx, signature.proven.passkey.passkey_id)
