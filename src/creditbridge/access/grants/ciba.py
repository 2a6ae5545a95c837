"""A client asks whether a person has decided, and fetches what they gave (OpenID CIBA Core 1.0).

The poll itself is written down: too early a one makes the next wait longer, whatever it is
answered. What a yes gave is given once.
"""

from creditbridge.access.backchannel import store as requests
from creditbridge.access.backchannel.rules import require_approved
from creditbridge.access.granted import store
from creditbridge.access.granted.model import Authentication, Entitlement
from creditbridge.access.granted.rules import narrow_details, require_live_grant
from creditbridge.access.model import Authenticated, Binding, ClientRequest, InvalidRequest
from creditbridge.access.tokens import digest_secret
from creditbridge.foundation.database import Transaction
from creditbridge.parties.model import CIBA

NAME = CIBA


class RequestUnnamed(InvalidRequest):
    """The poll does not say for what."""

    message = "The parameter auth_req_id is missing."


class Ciba:
    """The grant of a yes that was said in the portal (section 10.1)."""

    async def decide(
        self,
        tx: Transaction,
        request: ClientRequest,
        client: Authenticated,
        binding: Binding,  # noqa: ARG002 - the port's; a request is bound to its client alone
    ) -> Entitlement:
        """Spend the request and return what the person granted.

        Raises:
            RequestUnnamed: no auth_req_id.
            NotYet: nobody has decided, or it is too early to ask.
            RequestRefused, RequestExpired: there will be no yes.
            InvalidGrant: unknown, another client's or used before, or its grant is gone.
            DetailsInvalid: authorization details that are not in the grant.
        """
        auth_req_id = request.form.get("auth_req_id")
        if auth_req_id is None:
            raise RequestUnnamed
        client_id = client.registration.client.client_id
        polled = require_approved(
            await requests.poll(tx, digest_secret(auth_req_id), client_id=client_id), now=tx.now
        )
        found = await store.find_grant(tx, polled.grant_id or "")
        grant = require_live_grant(found, now=tx.now)
        details = narrow_details(request.form.get("authorization_details"), grant.details)
        await requests.spend(tx, polled.request_id)
        told = Authentication(person_id=grant.person_id, authenticated_at=polled.authenticated_at)
        return Entitlement(
            scopes=grant.scopes,
            grant=grant,
            details=details,
            refreshable=True,
            authentication=told,
        )
