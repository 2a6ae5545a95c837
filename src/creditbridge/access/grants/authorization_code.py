"""A client brings the code that a person's yes made (RFC 6749, section 4.1.3).

A try that does not fit spends nothing: who stole a code without its verifier, or is another client,
cannot end the flow of the one whom it was meant for. A good request spends the code; a second good
one ends the grant, for then two have the code, or an answer was lost, and nobody knows which. A
client whose answer was lost asks its person again.
"""

from creditbridge.access.granted import store
from creditbridge.access.granted.model import Authentication, CodeReused, Entitlement
from creditbridge.access.granted.rules import (
    Redemption,
    narrow_details,
    require_live_grant,
    require_redeemable,
)
from creditbridge.access.model import OPENID, Authenticated, Binding, ClientRequest, InvalidRequest
from creditbridge.access.tokens import digest_secret
from creditbridge.foundation.database import Transaction

NAME = "authorization_code"


class CodeUnnamed(InvalidRequest):
    """The request brings no code, or does not say where it came to."""

    message = "The parameters code and redirect_uri are needed."


class AuthorizationCode:
    """The grant of one person's yes."""

    async def decide(
        self, tx: Transaction, request: ClientRequest, client: Authenticated, binding: Binding
    ) -> Entitlement:
        """Spend the code and return what the person granted.

        Raises:
            CodeUnnamed: no code, or no redirect URI.
            InvalidGrant: unknown or expired, another client's, or with another redirect URI or
                verifier.
            CodeReused: it was spent before; its grant is gone, with every token under it.
            InvalidDpopProof: it is bound to another key than the one that was shown.
            DetailsInvalid: authorization details that are not in the grant.
        """
        code, redirect_uri = request.form.get("code"), request.form.get("redirect_uri")
        if code is None or redirect_uri is None:
            raise CodeUnnamed
        digest = digest_secret(code)
        redemption = Redemption(
            client_id=client.registration.client.client_id,
            redirect_uri=redirect_uri,
            code_verifier=request.form.get("code_verifier"),
            proof_key=binding.proof_key,
        )
        found = require_redeemable(await store.lock_code(tx, digest), redemption, now=tx.now)
        grant = require_live_grant(await store.find_grant(tx, found.grant_id), now=tx.now)
        details = narrow_details(request.form.get("authorization_details"), grant.details)
        if found.spent_at is not None or not await store.spend_code(tx, digest):
            # What the first use gave ends with it (RFC 6749, section 4.1.2).
            await store.end_grant(tx, grant.grant_id)
            raise CodeReused(grant)
        told = Authentication(
            person_id=grant.person_id, authenticated_at=found.authenticated_at, nonce=found.nonce
        )
        return Entitlement(
            scopes=grant.scopes,
            grant=grant,
            details=details,
            refreshable=True,
            authentication=told if OPENID in grant.scopes else None,
        )
