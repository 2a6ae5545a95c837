"""What a client pushed: in its form, or in the one object that a key of its own signed. Pure."""

from collections.abc import Callable, Mapping
from datetime import datetime

from creditbridge.access.client_auth.private_key_jwt import ALGORITHMS
from creditbridge.access.model import ASSERTION_PARAMETERS
from creditbridge.access.pushed.model import RequestObjectInvalid, Sent
from creditbridge.access.pushed.rules import REQUEST_OBJECT, require_by_value
from creditbridge.parties.model import Registration
from creditbridge.parties.rules import find_jose_key, require_key_set
from creditbridge.protocols.canonical_json import canonicalize
from creditbridge.protocols.jws import TokenRejected
from creditbridge.protocols.request_object import verify_request_object
from creditbridge.protocols.rsa_jwk import JoseKey


def read_sent(
    form: Mapping[str, str], registration: Registration, *, issuer: str | None, now: datetime
) -> tuple[Mapping[str, str], Sent]:
    """Return the parameters that count, and the bytes in which the client said them.

    Raises:
        PushInvalid: a pointer instead of a request, or an unsigned one where the client must sign.
        RequestObjectInvalid: an object that does not count.
        KeySetDue: the keys that the client publishes must be fetched first.
    """
    client = registration.client
    require_by_value(form, client)
    token = form.get(REQUEST_OBJECT)
    if token is None:
        # What proved the client was good for once, and is of no use to anybody who reads this.
        own = {name: text for name, text in form.items() if name not in ASSERTION_PARAMETERS}
        return form, Sent(body=canonicalize(dict(own)))
    # A server without a name is meant by no object.
    if issuer is None:
        raise RequestObjectInvalid(detail="no issuer")
    try:
        # Beside an object nothing else counts (RFC 9126, section 3): who could read the form on its
        # way could have changed it.
        read = verify_request_object(
            token,
            key_finder(registration, now=now),
            client_id=client.client_id,
            issuer=issuer,
            algorithms=ALGORITHMS,
            now=now,
        )
    except TokenRejected as error:
        raise RequestObjectInvalid(detail=error.detail) from error
    sent = Sent(body=read.claims, base=read.signed, signature=read.signature, key_id=read.key_id)
    return read.parameters, sent


def key_finder(
    registration: Registration, *, now: datetime
) -> Callable[[str, str], JoseKey | None]:
    """Return what finds a client's key by its name and algorithm.

    It raises `KeySetDue` where the keys that the client publishes must be fetched first.
    """

    def _find_key(key_id: str, algorithm: str) -> JoseKey | None:
        require_key_set(registration, key_id, algorithm, now=now)
        return find_jose_key(registration, key_id, algorithm)

    return _find_key
