"""A client asks in its own name (RFC 6749, section 4.4).

No consent lies in such a token, and no refresh token comes with it (section 4.4.3): the request
for a report names its consent, and is decided there.
"""

from creditbridge.access.model import Authenticated, ClientRequest
from creditbridge.access.rules import decide_scopes
from creditbridge.foundation.database import Transaction

NAME = "client_credentials"


class ClientCredentials:
    """The grant without a person."""

    async def decide(
        self,
        tx: Transaction,  # noqa: ARG002 - the port's; this grant spends nothing
        request: ClientRequest,
        client: Authenticated,
    ) -> frozenset[str]:
        """Return the scopes asked, or all that the client is registered for.

        Raises:
            InvalidScope: one of them is not registered for this client.
        """
        registered = frozenset(client.registration.client.scopes)
        return decide_scopes(request.form.get("scope"), registered)
