"""The grants that the token endpoint serves, under the names that clients send.

Adding one is a file here and a line in the registry; the metadata follows by itself.
"""

from collections.abc import Mapping
from typing import Protocol

from creditbridge.access.grants import client_credentials
from creditbridge.access.model import Authenticated, ClientRequest
from creditbridge.foundation.database import Transaction


class Grant(Protocol):
    """What a grant does, once the client has proven who it is."""

    async def decide(
        self, tx: Transaction, request: ClientRequest, client: Authenticated
    ) -> frozenset[str]:
        """Return the scopes that the token shall carry.

        What the grant spends (a code, a refresh token) it spends in this transaction.

        Raises:
            OAuthError: the standard's word for why not.
        """
        ...


GRANTS: Mapping[str, Grant] = {
    client_credentials.NAME: client_credentials.ClientCredentials(),
}
