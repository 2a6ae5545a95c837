"""An approver's signature on its way into an approval, and what it must cover."""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Protocol

import msgspec

from creditbridge.consents.model import Consent
from creditbridge.consents.policy import Ceilings
from creditbridge.foundation.database import Transaction
from creditbridge.ledger.encoding import to_base64url
from creditbridge.ledger.model import ApprovalProof
from creditbridge.login.passkeys.model import Demand, Proven
from creditbridge.login.passkeys.rules import require_demanded
from creditbridge.profile.codes import Purpose
from creditbridge.profile.consent_policy import Passkey as PasskeyKind
from creditbridge.protocols.approval_statement import StatedConsent, parse_statement
from creditbridge.protocols.webauthn_assertion import ApprovalInvalid


class Policy(Protocol):
    """Which passkey approvals need; may be another one between the page and the yes."""

    async def demand_passkey(self, tx: Transaction, purposes: frozenset[Purpose]) -> Demand:
        """Return the strictest demand of these purposes."""
        ...


class Policies(Protocol):
    """What a demand follows from: the consents' signed policy."""

    async def find_ceilings(self, tx: Transaction, purposes: Iterable[Purpose]) -> Ceilings | None:
        """Return how far a consent for these purposes may reach now."""
        ...


class HousePolicy(msgspec.Struct, frozen=True, kw_only=True):
    """The signed policy of the purposes, and what the house's settings demand at least."""

    policies: Policies
    least: Demand

    async def demand_passkey(self, tx: Transaction, purposes: frozenset[Purpose]) -> Demand:
        """Return the stricter of both."""
        ceilings = await self.policies.find_ceilings(tx, purposes)
        named = Demand.NONE if ceilings is None else Demand(ceilings.passkey)
        return max(self.least, named, key=list(Demand).index)


class ApproverSignature(msgspec.Struct, frozen=True, kw_only=True):
    """What a passkey signed in this session, verified; it counts for the approval it states."""

    proven: Proven

    @property
    def kind(self) -> PasskeyKind:
        """What the consents' policy calls such a passkey."""
        bound = self.proven.passkey.device_bound
        return PasskeyKind.DEVICE_BOUND if bound else PasskeyKind.ANY

    @property
    def credential_event(self) -> str:
        """The entry in the ledger in which the passkey was enrolled."""
        return self.proven.passkey.enrolled_event

    @property
    def proof(self) -> ApprovalProof:
        """What the approval's entry keeps of it."""
        said, passkey = self.proven.assertion, self.proven.passkey
        return ApprovalProof(
            statement=self.proven.signing.signed,
            client_data=said.client_data,
            authenticator_data=said.authenticator_data,
            signature=said.signature,
            credential_id=passkey.credential_id,
            public_key=passkey.public_key,
        )


def purposes_of(consents: Iterable[Consent]) -> frozenset[Purpose]:
    """Return every purpose of what is decided together."""
    return frozenset(purpose for one in consents for purpose in one.purposes)


def state_consents(consents: Sequence[Consent]) -> tuple[StatedConsent, ...]:
    """Return given consents as a statement names them.

    The version is the one that was shown: an approval raises it by one.
    """
    return tuple(
        StatedConsent(
            artefact=to_base64url(hashlib.sha256(one.artefact).digest()), version=one.version - 1
        )
        for one in consents
    )


def require_signed(
    signature: ApproverSignature | None,
    given: Sequence[Consent],
    *,
    person_id: str,
    demand: Demand,
) -> None:
    """Accept an approval that is signed as the policy demands, over exactly what was given.

    Raises:
        PasskeyMissing, PasskeyUnbound: the policy demands another signature.
        ApprovalInvalid: the signature is over something else, or another person's.
    """
    bound = signature is not None and signature.proven.passkey.device_bound
    require_demanded(demand, is_signed=signature is not None, device_bound=bound)
    if signature is None:
        return
    if signature.proven.passkey.person_id != person_id:
        raise ApprovalInvalid(detail="statement: another person's")
    # The very bytes that the gateway signs: what changed since the page was shown is not signed.
    if parse_statement(signature.proven.signing.signed).consents != state_consents(given):
        raise ApprovalInvalid(detail="statement: another artefact or version")
