"""A bank's machine stands at the door: who is it, and may it come in here?

    access -> parties -> limit_client -> protocols -> admission -> ledger

1. One access token stands in the Authorization header.
2. Its row is live, and bound to the certificate of this very connection, or to the key of a proof
   made for this very request, which is spent, once on all nodes.
3. Its client and bank are active, and the client did not ask too often.
4. The certificate is fit, not revoked and, where self-signed, registered for this client, and the
   token's scope opens this door.
5. The message signature fits a live key of this client, and its nonce was never used. Keys that it
   publishes itself are fetched first, where they are due.
6. A refusal of a known caller is in the ledger before the answer; strangers, what a client asks
   beyond its limits, and tokens that come again and again from elsewhere, are counted.
"""

from datetime import datetime, timedelta
from typing import Protocol

import msgspec

from creditbridge.access.model import (
    PresentedToken,
    Token,
    TokenInvalid,
    TokenMisplaced,
    TokenMissing,
    TokenUnbound,
)
from creditbridge.access.rules import read_credential, require_scope
from creditbridge.admission.model import Meter
from creditbridge.foundation.database import Database, Transaction
from creditbridge.foundation.errors import CreditbridgeError, Malformed, Refused, Untrusted
from creditbridge.foundation.keys import PublicKey
from creditbridge.journeys.limit_client import LimitClient
from creditbridge.journeys.sum_up_strangers import Strangers
from creditbridge.ledger.model import BankName, CallerRefused, EventKind, Record, RequestProof
from creditbridge.ledger.port import Recorder
from creditbridge.parties.key_sets import KeySetDue
from creditbridge.parties.model import Bank, Registration
from creditbridge.parties.rules import find_key, require_key_set, require_own
from creditbridge.protocols.certificate_binding import PeerCertificate, require_client_certificate
from creditbridge.protocols.dpop_nonce import ProofNonces
from creditbridge.protocols.http_signatures import (
    BANK_REQUEST,
    Request,
    SignatureMissing,
    VerifiedSignature,
    verify_request,
)

RULE = "caller-admission"
RULE_VERSION = "1"
NONCE_LIFE = timedelta(seconds=120)


class Presented(msgspec.Struct, frozen=True, kw_only=True):
    """What came to a door: the request as received, and what the connection proves."""

    request: Request
    certificate: PeerCertificate | None
    door: str  # The route's word, never the path that was asked for.
    scope: str
    interaction_id: str
    meter: Meter = msgspec.field(default_factory=Meter)


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """A bank's machine that may come in, and its request as evidence keeps it.

    With a token of a grant it reaches the consents in `consent_ids` and no others; in its own name
    both are None, and it reaches every consent of its bank.
    """

    client_id: str
    bank: Bank
    request: RequestProof
    grant_id: str | None = None
    consent_ids: frozenset[str] | None = None

    def may_see(self, consent_id: str | None) -> bool:
        """Tell whether what lies under this consent, or under none, is open to its token."""
        return self.consent_ids is None or consent_id in self.consent_ids

    @property
    def bank_name(self) -> BankName:
        """How the ledger names the bank."""
        bank = self.bank
        return BankName(bank_id=bank.bank_id, uscc=bank.uscc, legal_name=bank.legal_name)


class Parties(Protocol):
    """What this journey needs of the parties."""

    async def find_client(self, tx: Transaction, client_id: str) -> Registration | None:
        """Return the client with its bank and live keys."""
        ...


class Admission(Protocol):
    """What this journey needs of what is spent once."""

    async def take_nonce(
        self, tx: Transaction, *, key_id: str, nonce: str, expires_at: datetime
    ) -> None:
        """Take the nonce, or refuse."""
        ...


class Access(Protocol):
    """What this journey needs of the authorization server."""

    async def get_token(
        self, tx: Transaction, presented: PresentedToken, admission: Admission
    ) -> Token:
        """Return the live token that came, from whom it is bound to."""
        ...


class Revocations(Protocol):
    """What this journey needs of the revocation lists."""

    def require_unrevoked(self, certificate: PeerCertificate, *, now: datetime) -> None:
        """Accept a certificate that its authority did not take back, or refuse."""
        ...


class KeyFetcher(Protocol):
    """What this journey needs of the keys that clients publish themselves."""

    async def __call__(self, client_id: str) -> None:
        """Fetch a client's keys, or wait for whoever does; outside any transaction."""
        ...


class AdmitCaller(msgspec.Struct, frozen=True, kw_only=True):
    """The journey, with the rooms it walks through."""

    database: Database
    access: Access
    parties: Parties
    admission: Admission
    ledger: Recorder
    strangers: Strangers
    revocations: Revocations
    limit_client: LimitClient
    fetch_keys: KeyFetcher
    nonces: ProofNonces | None = None  # What proofs must hold here; None where none is asked for.

    async def __call__(self, presented: Presented) -> Caller:
        """Walk the steps above, in order.

        Raises:
            Refused: no token, one that opens nothing here, or too many requests.
            Untrusted: a signature that is missing where required, or that does not verify.
        """
        try:
            return await self._walk(presented)
        except KeySetDue as due:
            # Nothing was decided; the second time what is at hand decides.
            await self.fetch_keys(due.client_id)  # 5
            return await self._walk(presented)

    async def _walk(self, presented: Presented) -> Caller:
        outcomes = (Refused, Malformed, Untrusted)
        # The token's row brings the instant.
        async with self.database.transaction(commit_on=outcomes, reads_now=False) as tx:
            try:
                token = await self._read_token(tx, presented)  # 1, 2
            except TokenUnbound as refusal:
                # The token is real: whose it is can be told, and must be (law 1).
                owner = await self.parties.find_client(tx, refusal.token.client_id)
                if owner is None:
                    self.strangers.count(presented.door, refusal.code, now=tx.now)  # 6
                elif self.limit_client.is_recorded(
                    owner, door=presented.door, code=refusal.code, now=tx.now
                ):
                    await self.ledger.record(tx, _refusal(owner, presented, refusal))  # 6
                raise
            except (TokenMissing, TokenMisplaced, TokenInvalid) as refusal:
                # Perhaps no row was looked for.
                now = await tx.renew_now()
                self.strangers.count(presented.door, refusal.code, now=now)  # 6
                raise
            registration = await self.parties.find_client(tx, token.client_id)
            if registration is None:
                # Suspended in this very moment: its tokens are on their way out.
                self.strangers.count(presented.door, TokenInvalid.code, now=tx.now)  # 6
                raise TokenInvalid(detail=f"client {token.client_id} may not come in")  # 3
            # Whoever only holds the token spends nothing of its client's quota.
            await self.limit_client(  # 3
                registration, door=presented.door, meter=presented.meter, now=tx.now
            )
            try:
                return await self._admit(tx, presented, token, registration)
            except (Refused, Malformed, Untrusted) as refusal:
                await self.ledger.record(tx, _refusal(registration, presented, refusal))  # 6
                raise

    async def _read_token(self, tx: Transaction, presented: Presented) -> Token:
        request = presented.request
        named = PresentedToken(
            credential=read_credential(_list_headers(request, "authorization")),  # 1
            certificate=presented.certificate,
            proofs=_list_headers(request, "dpop"),
            method=request.method,
            target_uri=request.target_uri,
            nonces=self.nonces,
        )
        return await self.access.get_token(tx, named, self.admission)  # 2

    async def _admit(
        self, tx: Transaction, presented: Presented, token: Token, registration: Registration
    ) -> Caller:
        # TLS looked at chain and dates once, when the connection began (RFC 8705, section 7.3).
        if presented.certificate is not None:
            require_client_certificate(presented.certificate, now=tx.now)  # 4
            require_own(registration, presented.certificate)  # 4
            self.revocations.require_unrevoked(presented.certificate, now=tx.now)  # 4
        require_scope(token, presented.scope)  # 4
        signature = self._verify(presented, registration, now=tx.now)  # 5
        if signature is not None:
            await self.admission.take_nonce(  # 5
                tx,
                key_id=signature.key_id,
                nonce=signature.nonce,
                expires_at=tx.now + NONCE_LIFE,
            )
        return Caller(
            client_id=token.client_id,
            bank=registration.bank,
            request=_proof(presented.request, signature),
            grant_id=token.grant_id,
            consent_ids=token.consent_ids,
        )

    def _verify(
        self, presented: Presented, registration: Registration, *, now: datetime
    ) -> VerifiedSignature | None:
        def _find(key_id: str) -> PublicKey | None:
            require_key_set(registration, key_id, now=now)
            return find_key(registration, key_id)

        try:
            return verify_request(presented.request, BANK_REQUEST, _find, now=now)
        except SignatureMissing:
            if registration.client.requires_signature:
                raise
            return None


def _list_headers(request: Request, name: str) -> tuple[str, ...]:
    return tuple(value for known, value in request.headers if known == name)


def _proof(request: Request, signature: VerifiedSignature | None) -> RequestProof:
    if signature is None:
        return RequestProof(body=request.body)
    return RequestProof(
        body=request.body,
        base=signature.base,
        signature=signature.signature,
        key_id=signature.key_id,
    )


def _refusal(
    registration: Registration, presented: Presented, refusal: CreditbridgeError
) -> Record:
    bank, client_id = registration.bank, registration.client.client_id
    return Record(
        kind=EventKind.CALLER_REFUSED,
        rule=RULE,
        rule_version=RULE_VERSION,
        terms=CallerRefused(client=client_id, door=presented.door, code=refusal.code),
        bank=BankName(bank_id=bank.bank_id, uscc=bank.uscc, legal_name=bank.legal_name),
    )
