"""A bank's machine takes one of its own tokens back (RFC 7009).

    prove_client -> access -> ledger

1. The client proves who it is; what it is refused from here on is in the ledger.
2. Its own token is gone on every node from the commit on, a refresh token with every access token
   of its grant; another client's stays.
3. The ledger holds what was revoked before the answer leaves.

A token that is unknown, expired or gone already leaves nothing to record.
"""

from typing import Protocol

import msgspec

from creditbridge.access.granted.model import RefreshToken
from creditbridge.access.model import Authenticated, ClientRequest, Token
from creditbridge.foundation.database import Transaction
from creditbridge.journeys.prove_client import ProveClient
from creditbridge.journeys.records.clients import revocation_record
from creditbridge.ledger.port import Recorder

DOOR = "revocation"


class Access(Protocol):
    """What this journey needs of the authorization server."""

    async def revoke_token(
        self, tx: Transaction, request: ClientRequest, client: Authenticated
    ) -> Token | RefreshToken | None:
        """Revoke the client's token that the request names."""
        ...


class RevokeToken(msgspec.Struct, frozen=True, kw_only=True):
    """The journey, with the rooms it walks through."""

    prove_client: ProveClient
    access: Access
    ledger: Recorder

    async def __call__(self, request: ClientRequest) -> None:
        """Walk the steps above, in order.

        Raises:
            OAuthError: refused, as the standards name it.
        """
        async with self.prove_client(request, door=DOOR) as (tx, client):  # 1
            token = await self.access.revoke_token(tx, request, client)  # 2
            if token is not None:
                await self.ledger.record(tx, revocation_record(client, token))  # 3
