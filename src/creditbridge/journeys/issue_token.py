"""A bank's machine gets a token that only its certificate, or a key of its own, can use.

    prove_client -> access -> admission -> ledger

1. The client proves who it is; what it is refused from here on is in the ledger.
2. What the token shall be bound to is shown; the proof of a key is spent, once on all nodes.
3. The grant that the request names decides on the scopes, and a token is issued.
4. The ledger holds the token's terms before the answer leaves.

All steps share a transaction, and with it whatever suspends the client at the same moment.
"""

from typing import Protocol

import msgspec

from creditbridge.access.model import Authenticated, Binding, ClientRequest, IssuedToken
from creditbridge.foundation.database import Transaction
from creditbridge.journeys.prove_client import Admission, ProveClient
from creditbridge.journeys.records.clients import issue_record, refused_token_record
from creditbridge.ledger.port import Recorder

DOOR = "token"


class Access(Protocol):
    """What this journey needs of the authorization server."""

    async def bind_token(
        self, tx: Transaction, request: ClientRequest, client: Authenticated, admission: Admission
    ) -> Binding:
        """Return what the token shall be bound to."""
        ...

    async def grant_token(
        self, tx: Transaction, request: ClientRequest, client: Authenticated, binding: Binding
    ) -> IssuedToken:
        """Return a token by the grant that the request names."""
        ...


class IssueToken(msgspec.Struct, frozen=True, kw_only=True):
    """The journey, with the rooms it walks through."""

    prove_client: ProveClient
    access: Access
    admission: Admission
    ledger: Recorder

    async def __call__(self, request: ClientRequest) -> IssuedToken:
        """Walk the steps above, in order.

        Raises:
            OAuthError: refused, as the standards name it.
        """
        proven = self.prove_client(request, door=DOOR, record=refused_token_record)  # 1
        async with proven as (tx, client):
            binding = await self.access.bind_token(tx, request, client, self.admission)  # 2
            issued = await self.access.grant_token(tx, request, client, binding)  # 3
            await self.ledger.record(tx, issue_record(client, issued.token))  # 4
        return issued
