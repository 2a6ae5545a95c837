"""What a client asks without a browser: in the one object that a key of its own signed. Pure."""

from collections.abc import Mapping
from datetime import datetime

from creditbridge.access.backchannel.model import BackchannelFault, BackchannelInvalid
from creditbridge.access.client_auth.private_key_jwt import ALGORITHMS
from creditbridge.access.pushed.rules import REQUEST_OBJECT
from creditbridge.access.pushed.sent import key_finder
from creditbridge.parties.model import Registration
from creditbridge.protocols.jws import TokenRejected
from creditbridge.protocols.request_object import (
    BackchannelClaims,
    Expected,
    RequestObject,
    verify_backchannel_request,
)


def read_object(
    form: Mapping[str, str], registration: Registration, *, issuer: str | None, now: datetime
) -> RequestObject[BackchannelClaims]:
    """Return the request that a client's own key signed; nothing beside it counts.

    Raises:
        BackchannelInvalid: none, or one that does not count.
        KeySetDue: the keys that the client publishes must be fetched first.
    """
    token = form.get(REQUEST_OBJECT)
    if token is None or issuer is None:
        raise BackchannelInvalid(BackchannelFault.UNSIGNED)
    expected = Expected(
        client_id=registration.client.client_id, issuer=issuer, algorithms=ALGORITHMS, now=now
    )
    try:
        return verify_backchannel_request(token, key_finder(registration, now=now), expected)
    except TokenRejected as error:
        # One word for every fault (PROTOCOLS C1): CIBA knows no other for it.
        raise BackchannelInvalid(BackchannelFault.OBJECT, detail=error.detail) from error
