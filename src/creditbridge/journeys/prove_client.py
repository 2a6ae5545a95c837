"""A client stands at an endpoint of the authorization server: which one is it?

    access -> (its own key set) -> admission -> (revocation lists) -> limit_client -> ledger

1. The client proves who it is, and a proof for one use is spent; a stranger is turned away and
   counted. Keys that it publishes itself are fetched first, where they are due.
2. Its certificate, where it shows one, was not revoked and, where self-signed, is the client's own.
3. It did not ask too often; beyond a limit it is refused and counted.
4. Whatever else it is refused, by this journey or by the one that goes on with it, is in the
   ledger before the answer leaves; that a person has not decided yet is no refusal. A certificate
   that was taken back and comes again and again is counted.

The journey that goes on shares the transaction, and with it whatever suspends the client at the
same moment.
"""

from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from typing import Protocol

import msgspec

from creditbridge.access.backchannel.model import NotYet
from creditbridge.access.granted.model import ConsentGone, InvalidGrant
from creditbridge.access.model import (
    Authenticated,
    ClientRequest,
    InvalidClient,
    OAuthError,
    TooManyRequests,
)
from creditbridge.access.pushed.model import DetailsNotAllowed
from creditbridge.admission.rules import RateLimited
from creditbridge.foundation.database import Database, Transaction
from creditbridge.journeys.admit_caller import KeyFetcher, Revocations
from creditbridge.journeys.limit_client import LimitClient
from creditbridge.journeys.records.clients import Refusal, refusal_record
from creditbridge.journeys.sum_up_strangers import Strangers
from creditbridge.journeys.warn_endings import SeenCertificates
from creditbridge.ledger.model import Record
from creditbridge.ledger.port import Recorder
from creditbridge.parties.key_sets import KeySetDue
from creditbridge.parties.rules import require_own
from creditbridge.protocols.certificate_binding import CertificateUnfit


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


class CertificateTakenBack(InvalidClient):
    """The certificate counts for nothing: revoked, perhaps revoked, or of no authority of ours.

    Its text is that of any client that is not proven; `reason`, the code of why, is recorded.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(detail=reason)
        self.reason = reason


class ProveClient(msgspec.Struct, frozen=True, kw_only=True):
    """The journey, with the rooms it walks through."""

    database: Database
    access: Access
    admission: Admission
    ledger: Recorder
    strangers: Strangers
    revocations: Revocations
    limit_client: LimitClient
    fetch_keys: KeyFetcher
    certificates: SeenCertificates = msgspec.field(default_factory=SeenCertificates)

    @asynccontextmanager
    async def __call__(
        self,
        request: ClientRequest,
        *,
        door: str,
        record: Callable[[Refusal], Record] = refusal_record,
        shared: Transaction | None = None,
    ) -> AsyncGenerator[tuple[Transaction, Authenticated]]:
        """Walk the steps above, in order; give the client to the block, and what it shares.

        `door` is the endpoint's word; `record` makes the entry of a refusal. In a transaction that
        is `shared` nothing is fetched, and it is its owner who commits.

        Raises:
            OAuthError: refused, by the steps above or by the block, and recorded or counted.
        """
        if shared is not None:
            async with self._prove(shared, request, door, record) as client:
                yield shared, client
            return
        async with AsyncExitStack() as stack:
            try:
                proven = await stack.enter_async_context(self._open(request, door, record))
            except KeySetDue as due:
                # Nothing was decided; the second time what is at hand decides.
                await self.fetch_keys(due.client_id)  # 1
                proven = await stack.enter_async_context(self._open(request, door, record))
            yield proven

    @asynccontextmanager
    async def _open(
        self, request: ClientRequest, door: str, record: Callable[[Refusal], Record]
    ) -> AsyncGenerator[tuple[Transaction, Authenticated]]:
        # The lock that is joined before a client is read brings the instant.
        async with (
            self.database.transaction(commit_on=OAuthError, reads_now=False) as tx,
            self._prove(tx, request, door, record) as client,
        ):
            yield tx, client

    @asynccontextmanager
    async def _prove(
        self,
        tx: Transaction,
        request: ClientRequest,
        door: str,
        record: Callable[[Refusal], Record],
    ) -> AsyncGenerator[Authenticated]:
        try:
            client = await self.access.authenticate_client(tx, request, self.admission)  # 1
        except OAuthError as refusal:
            # Perhaps nothing was read for it.
            self.strangers.count(door, refusal.code, now=await tx.renew_now())  # 1
            raise
        try:
            self._require_good(client, now=tx.now)  # 2
        except CertificateTakenBack as refusal:
            # It spends no quota: that is its client's, who may have a new certificate by now.
            if self.limit_client.is_recorded(
                client.registration, door=door, code=refusal.reason, now=tx.now
            ):
                self._record(tx, client, refusal, door=door, record=record)  # 4
            raise
        try:
            await self._require_permit(client, request, door=door, now=tx.now)  # 3
            yield client
        except (TooManyRequests, NotYet):
            # Summed up, or nothing was decided: a client in a loop must not fill the ledger.
            raise
        except OAuthError as refusal:
            self._record(tx, client, refusal, door=door, record=record)  # 4
            raise

    def _record(
        self,
        tx: Transaction,
        client: Authenticated,
        refusal: OAuthError,
        *,
        door: str,
        record: Callable[[Refusal], Record],
    ) -> None:
        refused = Refusal(
            client=client,
            door=door,
            code=_code_of(refusal),
            grant_id=refusal.grant_id if isinstance(refusal, InvalidGrant) else None,
        )
        self.ledger.put_off(tx, record(refused))  # 4

    async def _require_permit(
        self, client: Authenticated, request: ClientRequest, *, door: str, now: datetime
    ) -> None:
        try:
            await self.limit_client(client.registration, door=door, meter=request.meter, now=now)
        except RateLimited as error:
            raise TooManyRequests(retry_after_seconds=error.retry_after_seconds) from error

    def _require_good(self, client: Authenticated, *, now: datetime) -> None:
        self.certificates.see(client.registration.client.client_id, client.certificate, now=now)
        if client.certificate is None:
            return
        try:
            require_own(client.registration, client.certificate)
            self.revocations.require_unrevoked(client.certificate, now=now)
        except CertificateUnfit as error:
            raise CertificateTakenBack(error.code) from error


def _code_of(refusal: OAuthError) -> str:
    # Where the caller is told less than the ledger, or the same in words alone.
    if isinstance(refusal, CertificateTakenBack | ConsentGone | DetailsNotAllowed):
        return refusal.reason
    return refusal.code
