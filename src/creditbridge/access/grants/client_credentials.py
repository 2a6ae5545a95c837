"""A client asks in its own name (RFC 6749, section 4.4).

No consent lies in such a token, and no refresh token comes with it (section 4.4.3): the request
for a report names its consent, and is decided there.
"""

from creditbridge.access.granted.model import Entitlement
from creditbridge.access.granted.rules import NOT_GRANTED
from creditbridge.access.model import (
    ASSERTION_PARAMETERS,
    OPENID,
    Authenticated,
    Binding,
    ClientRequest,
)
from creditbridge.access.pushed.model import DetailsInvalid
from creditbridge.access.rules import decide_scopes
from creditbridge.foundation.database import Transaction

NAME = "client_credentials"


def spends_nothing(request: ClientRequest) -> bool:
    """Tell whether a request can use up no code and no proof, and so waits for no other request."""
    is_own = request.form.get("grant_type") == NAME
    return is_own and not request.proofs and ASSERTION_PARAMETERS.isdisjoint(request.form)


class ClientCredentials:
    """The grant without a person."""

    async def decide(
        self,
        tx: Transaction,  # noqa: ARG002 - the port's; this grant spends nothing
        request: ClientRequest,
        client: Authenticated,
        binding: Binding,  # noqa: ARG002 - the port's; there is nothing that was bound before
    ) -> Entitlement:
        """Return the scopes asked, or all that the client can have in its own name.

        Raises:
            InvalidScope: one of them is not registered for this client, or asks who said yes.
            DetailsInvalid: authorization details, which only a person can grant.
        """
        # Passed over in silence, the client would believe that its token reaches less.
        if "authorization_details" in request.form:
            raise DetailsInvalid(NOT_GRANTED)
        # Nobody signed in for it: there is no person that an ID token could tell of.
        own = client.registration.client.scopes - {OPENID}
        return Entitlement(scopes=decide_scopes(request.form.get("scope"), own))
