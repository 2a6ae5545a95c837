"""The grant types that the token endpoint serves, under the names that clients send.

Adding one is a file here and a line in the registry; the metadata follows by itself.
"""

from collections.abc import Mapping
from typing import Protocol

from creditbridge.access.granted.model import Entitlement
from creditbridge.access.grants import (
    authorization_code,
    ciba,
    client_credentials,
    refresh_token,
)
from creditbridge.access.model import Authenticated, Binding, ClientRequest
from creditbridge.foundation.database import Transaction


class GrantType(Protocol):
    """What a grant type does, once the client has proven who it is."""

    async def decide(
        self, tx: Transaction, request: ClientRequest, client: Authenticated, binding: Binding
    ) -> Entitlement:
        """Return what the client gets; `binding` is what its token will be bound to.

        What the grant spends (a code) it spends in this transaction.

        Raises:
            OAuthError: the standard's word for why not.
        """
        ...


GRANTS: Mapping[str, GrantType] = {
    authorization_code.NAME: authorization_code.AuthorizationCode(),
    ciba.NAME: ciba.Ciba(),
    client_credentials.NAME: client_credentials.ClientCredentials(),
    refresh_token.NAME: refresh_token.RefreshTokenGrant(),
}
