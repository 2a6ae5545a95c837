"""A bank's machine gets a token that only its certificate can use.

    access -> admission -> ledger

1. The client proves who it is, and a proof for one use is spent; a stranger is turned away and
   counted.
2. Its certificate was not revoked.
3. The grant that the request names decides on the scopes, and a token is issued.
4. The ledger holds the token's terms, or the refusal, before the answer leaves.

All steps share a transaction, and with it whatever suspends the client at the same moment.
"""

from datetime import datetime
from typing import Protocol

import msgspec

from creditbridge.access.model import (
    Authenticated,
    ClientRequest,
    InvalidClient,
    IssuedToken,
    OAuthError,
)
from creditbridge.foundation.database import Database, Transaction
from creditbridge.journeys.admit_caller import Revocations
from creditbridge.journeys.sum_up_strangers import Strangers
from creditbridge.ledger.model import (
    BankName,
    EventKind,
    Record,
    Terms,
    TokenIssued,
    TokenRefused,
)
from creditbridge.ledger.port import Recorder
from creditbridge.protocols.certificate_binding import CertificateUnfit

DOOR = "token"
RULE = "token-grant"
RULE_VERSION = "1"


class Admission(Protocol):
    """What this journey needs of what is spent once."""

    async def take_nonce(
        self, tx: Transaction, *, key_id: str, nonce: str, expires_at: datetime
    ) -> None:
        """Take the nonce, or refuse."""
        ...


class Access(Protocol):
    """What this journey needs of the authorization server."""

    async def authenticate_client(
        self, tx: Transaction, request: ClientRequest, admission: Admission
    ) -> Authenticated:
        """Return the client that this request proves to come from."""
        ...

    async def grant_token(
        self, tx: Transaction, request: ClientRequest, client: Authenticated
    ) -> IssuedToken:
        """Return a token by the grant that the request names."""
        ...


class CertificateTakenBack(InvalidClient):
    """The certificate is the registered one, and revoked or not known to be unrevoked.

    Its text is that of any client that is not proven; `reason`, the code of why, is recorded.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(detail=reason)
        self.reason = reason


class IssueToken(msgspec.Struct, frozen=True, kw_only=True):
    """The journey, with the rooms it walks through."""

    database: Database
    access: Access
    admission: Admission
    ledger: Recorder
    strangers: Strangers
    revocations: Revocations

    async def __call__(self, request: ClientRequest) -> IssuedToken:
        """Walk the steps above, in order.

        Raises:
            OAuthError: refused, as the standards name it.
        """
        async with self.database.transaction(commit_on=OAuthError) as tx:
            try:
                client = await self.access.authenticate_client(tx, request, self.admission)  # 1
            except OAuthError as refusal:
                self.strangers.count(DOOR, refusal.code, now=tx.now)  # 1
                raise
            try:
                self._require_unrevoked(request, now=tx.now)  # 2
                issued = await self.access.grant_token(tx, request, client)  # 3
            except OAuthError as refusal:
                await self.ledger.record(tx, _refusal(client, refusal))  # 4
                raise
            await self.ledger.record(tx, _issue(client, issued))  # 4
        return issued

    def _require_unrevoked(self, request: ClientRequest, *, now: datetime) -> None:
        if request.certificate is None:
            return
        try:
            self.revocations.require_unrevoked(request.certificate, now=now)
        except CertificateUnfit as error:
            raise CertificateTakenBack(error.code) from error


def _issue(client: Authenticated, issued: IssuedToken) -> Record:
    terms = TokenIssued(
        client=issued.token.client_id,
        scope=issued.token.scopes,
        thumbprint=issued.token.thumbprint,
        expires_at=issued.token.expires_at,
    )
    return _record(EventKind.TOKEN_ISSUED, client, terms)


def _refusal(client: Authenticated, refusal: OAuthError) -> Record:
    code = refusal.reason if isinstance(refusal, CertificateTakenBack) else refusal.code
    terms = TokenRefused(client=client.registration.client.client_id, code=code)
    return _record(EventKind.TOKEN_REFUSED, client, terms)


def _record(kind: EventKind, client: Authenticated, terms: Terms) -> Record:
    bank = client.registration.bank
    return Record(
        kind=kind,
        rule=RULE,
        rule_version=RULE_VERSION,
        terms=terms,
        bank=BankName(bank_id=bank.bank_id, uscc=bank.uscc, legal_name=bank.legal_name),
    )
