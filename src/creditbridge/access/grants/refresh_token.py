"""A client asks again under a grant that still stands (RFC 6749, section 6).

The refresh token stays the same: it is worth nothing without the client's own proof, and a rotated
one would be lost with every lost answer (FAPI 2.0, section 5.3.2.1). It is bound to the client and
not to one certificate or key, so that these may be renewed; the new access token is bound to what
this request has shown.
"""

from creditbridge.access.granted import store
from creditbridge.access.granted.model import Entitlement
from creditbridge.access.granted.rules import (
    narrow_details,
    require_live_grant,
    require_refreshable,
)
from creditbridge.access.model import Authenticated, Binding, ClientRequest, InvalidRequest
from creditbridge.access.rules import decide_scopes
from creditbridge.access.tokens import digest_secret
from creditbridge.foundation.database import Transaction

NAME = "refresh_token"


class RefreshTokenUnnamed(InvalidRequest):
    """The request brings no refresh token."""

    message = "The parameter refresh_token is missing."


class RefreshTokenGrant:
    """The grant that goes on with another."""

    async def decide(
        self,
        tx: Transaction,
        request: ClientRequest,
        client: Authenticated,
        binding: Binding,  # noqa: ARG002 - the port's; this grant is bound to the client alone
    ) -> Entitlement:
        """Return what the grant still gives, or less where less is asked; never more.

        Raises:
            RefreshTokenUnnamed: no refresh token.
            InvalidGrant: unknown, revoked or expired, or another client's.
            InvalidScope: a scope that is not in the grant.
            DetailsInvalid: authorization details that are not in the grant.
        """
        secret = request.form.get("refresh_token")
        if secret is None:
            raise RefreshTokenUnnamed
        found = await store.hold_refresh_token(tx, digest_secret(secret))
        client_id = client.registration.client.client_id
        token = require_refreshable(found, client_id=client_id, now=tx.now)
        grant = require_live_grant(await store.find_grant(tx, token.grant_id), now=tx.now)
        return Entitlement(
            scopes=decide_scopes(request.form.get("scope"), grant.scopes),
            grant=grant,
            details=narrow_details(request.form.get("authorization_details"), grant.details),
        )
