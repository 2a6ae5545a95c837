"""A bank's machine gets a token that only its certificate, or a key of its own, can use.

    prove_client -> access -> consents -> access -> ledger

1. The client proves who it is; what it is refused from here on is in the ledger.
2. What the token shall be bound to is shown; the proof of a key is spent, once on all nodes.
3. The grant type that the request names decides what the client gets; a code is spent, and one
   that was spent before ends its grant, which the ledger holds.
4. Every consent that a person's grant rests on still stands, and has uses left.
5. The token is issued, with a refresh token where one goes with it.
6. An ID token tells under a pseudonym who said yes, where the client asked for that.
7. The ledger holds the token's terms before the answer leaves.

All steps share a transaction, and with it whatever suspends the client, or ends the grant, at the
same moment. A request that spends nothing shares its transaction with those that come at the same
time: each walks all steps, and one commit makes all their tokens and records durable.
"""

from collections.abc import Iterable
from functools import partial
from typing import Protocol

import msgspec
from msgspec.structs import replace

from creditbridge.access.granted.model import (
    CodeReused,
    ConsentGone,
    Entitlement,
    Grant,
    IssuedToken,
)
from creditbridge.access.grants.client_credentials import spends_nothing
from creditbridge.access.id_tokens import IdTokens
from creditbridge.access.model import Authenticated, Binding, ClientRequest
from creditbridge.foundation.database import Transaction
from creditbridge.foundation.errors import Refused
from creditbridge.foundation.sharing import SharedTransactions
from creditbridge.journeys.prove_client import Admission, ProveClient
from creditbridge.journeys.records.clients import issue_record, name_bank, refused_token_record
from creditbridge.journeys.records.grants import GrantEnd, revoked_record
from creditbridge.ledger.port import Recorder

DOOR = "token"


class Access(Protocol):
    """What this journey needs of the authorization server."""

    async def bind_token(
        self, tx: Transaction, request: ClientRequest, client: Authenticated, admission: Admission
    ) -> Binding:
        """Return what the token shall be bound to."""
        ...

    async def decide_grant(
        self, tx: Transaction, request: ClientRequest, client: Authenticated, binding: Binding
    ) -> Entitlement:
        """Return what the client gets by the grant type that the request names."""
        ...

    async def issue_token(
        self, tx: Transaction, client: Authenticated, binding: Binding, entitlement: Entitlement
    ) -> IssuedToken:
        """Return a fresh token."""
        ...


class Consents(Protocol):
    """What this journey needs of the consents."""

    async def require_active(self, tx: Transaction, consent_ids: Iterable[str]) -> None:
        """Accept consents that all stand and have uses left, or refuse."""
        ...


class IssueToken(msgspec.Struct, frozen=True, kw_only=True):
    """The journey, with the rooms it walks through; without `id_tokens` it writes none."""

    prove_client: ProveClient
    access: Access
    admission: Admission
    consents: Consents
    ledger: Recorder
    together: SharedTransactions[IssuedToken]
    id_tokens: IdTokens | None = None

    async def __call__(self, request: ClientRequest) -> IssuedToken:
        """Walk the steps above, in order.

        Raises:
            OAuthError: refused, as the standards name it.
        """
        if spends_nothing(request):
            return await self.together(partial(self._walk, request))
        return await self._walk(request)

    async def _walk(self, request: ClientRequest, shared: Transaction | None = None) -> IssuedToken:
        proven = self.prove_client(  # 1
            request, door=DOOR, record=refused_token_record, shared=shared
        )
        async with proven as (tx, client):
            binding = await self.access.bind_token(tx, request, client, self.admission)  # 2
            try:
                entitlement = await self.access.decide_grant(tx, request, client, binding)  # 3
            except CodeReused as reuse:
                record = revoked_record(reuse.grant, GrantEnd.CODE, bank=name_bank(client))
                await self.ledger.record(tx, record)  # 3
                raise
            if entitlement.grant is not None:
                await self._require_consents(tx, entitlement.grant)  # 4
            issued = await self.access.issue_token(tx, client, binding, entitlement)  # 5
            issued = self._identify(tx, client, issued, entitlement)  # 6
            self.ledger.put_off(tx, issue_record(client, issued.token))  # 7
        return issued

    def _identify(
        self,
        tx: Transaction,
        client: Authenticated,
        issued: IssuedToken,
        entitlement: Entitlement,
    ) -> IssuedToken:
        told = entitlement.authentication
        if told is None or self.id_tokens is None:
            return issued
        id_token = self.id_tokens.write(told, client.registration.client, now=tx.now)  # 6
        return replace(issued, id_token=id_token)

    async def _require_consents(self, tx: Transaction, grant: Grant) -> None:
        try:
            await self.consents.require_active(tx, grant.consent_ids)
        except Refused as refusal:
            raise ConsentGone(refusal.code, refusal.prose, grant_id=grant.grant_id) from refusal
