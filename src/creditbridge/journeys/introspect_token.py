"""A bank's machine asks what one of its own tokens is worth (RFC 7662).

    prove_client -> access

1. The client proves who it is; what it is refused from here on is in the ledger.
2. It learns all about a live token of its own, and nothing about any other.
"""

from typing import Protocol

import msgspec

from creditbridge.access.introspection import Introspection
from creditbridge.access.model import Authenticated, ClientRequest
from creditbridge.foundation.database import Transaction
from creditbridge.journeys.prove_client import ProveClient

DOOR = "introspection"


class Access(Protocol):
    """What this journey needs of the authorization server."""

    async def introspect_token(
        self, tx: Transaction, request: ClientRequest, client: Authenticated
    ) -> Introspection:
        """Return what the client may learn of the token that the request names."""
        ...


class IntrospectToken(msgspec.Struct, frozen=True, kw_only=True):
    """The journey, with the rooms it walks through."""

    prove_client: ProveClient
    access: Access

    async def __call__(self, request: ClientRequest) -> Introspection:
        """Walk the steps above, in order.

        Raises:
            OAuthError: refused, as the standards name it.
        """
        async with self.prove_client(request, door=DOOR) as (tx, client):  # 1
            return await self.access.introspect_token(tx, request, client)  # 2
