"""A signed authorization request, as in RFC 9101, under FAPI 2.0 Message Signing (section 5.3.2).

What the client's own key signed is all that counts: one object, for this server, for this hour.
A request without a browser is signed so too (OpenID CIBA Core 1.0, section 7.1.1).
"""

import re
from base64 import urlsafe_b64decode
from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from typing import Annotated, Generic, TypeVar

import msgspec

from creditbridge.foundation.errors import Malformed
from creditbridge.protocols.jws import (
    TokenRejected,
    VerifyingKey,
    read_unverified,
    verify_compact,
)
from creditbridge.protocols.strict_json import decode

TYPE = "oauth-authz-req+jwt"
SKEW = timedelta(seconds=30)
AGE_MAX = timedelta(minutes=60)
LIFE_MAX = timedelta(minutes=60)

# Claims of the token itself (RFC 7519, section 4.1); the other members are the request.
TOKEN_CLAIMS = frozenset({"iss", "aud", "exp", "nbf", "iat", "jti", "sub"})
# A request inside of a request would be a second one that nobody checked (RFC 9101, section 4).
NESTED = ("request", "request_uri")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")

Instant = Annotated[int, msgspec.Meta(ge=0, le=253_402_300_799)]


class ObjectClaims(msgspec.Struct, frozen=True, kw_only=True):
    """The claims that bind every object to its client, its server and its hour."""

    iss: str
    aud: str | list[str]
    exp: Instant
    nbf: Instant


class RequestClaims(ObjectClaims, frozen=True, kw_only=True):
    """The claims of an authorization request."""

    client_id: str


class BackchannelClaims(ObjectClaims, frozen=True, kw_only=True):
    """The claims of a request without a browser; `jti` is good for one use."""

    iat: Instant
    jti: Annotated[str, msgspec.Meta(min_length=1, max_length=255)]
    client_id: str | None = None


C = TypeVar("C", RequestClaims, BackchannelClaims)


class RequestObject(msgspec.Struct, Generic[C], frozen=True, kw_only=True):
    """A request that its client signed; `signed` is the signing input (RFC 7515, section 5.1).

    `parameters` are as a form would bring them: a value that is no text is its JSON. `claims` are
    the object as it came, `bound` what binds it.
    """

    parameters: Mapping[str, str]
    bound: C
    claims: bytes
    signed: bytes
    signature: bytes
    key_id: str


class Expected(msgspec.Struct, frozen=True, kw_only=True):
    """Whose object it must be, whom it must be for, and when."""

    client_id: str
    issuer: str
    algorithms: Collection[str]
    now: datetime


def verify_request_object(
    token: str,
    find_key: Callable[[str, str], VerifyingKey | None],
    *,
    client_id: str,
    issuer: str,
    algorithms: Collection[str],
    now: datetime,
) -> RequestObject[RequestClaims]:
    """Return the request in an object that one of the client's keys signed for this server.

    `find_key` gets the object's `kid`, or "" where it has none, and its `alg`.

    Raises:
        TokenRejected: its form, type, algorithm, key or signature; another client, another server;
            too old, too long, not yet or no longer valid; a request within.
    """
    expected = Expected(client_id=client_id, issuer=issuer, algorithms=algorithms, now=now)
    return _verify(token, find_key, expected, RequestClaims)


def verify_backchannel_request(
    token: str, find_key: Callable[[str, str], VerifyingKey | None], expected: Expected
) -> RequestObject[BackchannelClaims]:
    """Return the request without a browser in an object, under the same rules.

    Raises:
        TokenRejected: also without `iat` or `jti`, or issued ahead of its time.
    """
    read = _verify(token, find_key, expected, BackchannelClaims)
    if read.bound.iat > expected.now.timestamp() + SKEW.total_seconds():
        raise TokenRejected(detail="iat: not yet")
    return read


def _verify(
    token: str,
    find_key: Callable[[str, str], VerifyingKey | None],
    expected: Expected,
    claims_kind: type[C],
) -> RequestObject[C]:
    algorithms = expected.algorithms
    kind = _declared_type(token, algorithms)
    read = read_unverified(token, typ=kind, algorithms=algorithms)
    payload = verify_compact(
        token, lambda key_id: find_key(key_id, read.algorithm), typ=kind, algorithms=algorithms
    )
    try:
        claims = decode(payload, claims_kind)
        members = decode(payload, dict[str, object])
    except Malformed as error:
        raise TokenRejected(detail=f"{error.code}: {error.detail}") from error
    _require_names(claims, expected)
    _require_instant(claims, now=expected.now)
    signed, _, signature = token.rpartition(".")
    return RequestObject(
        parameters=_parameters_of(members),
        bound=claims,
        claims=payload,
        signed=signed.encode("ascii"),
        signature=urlsafe_b64decode(signature + "=" * (-len(signature) % 4)),
        key_id=read.key_id,
    )


def _declared_type(token: str, algorithms: Collection[str]) -> str | None:
    """Return the type to read a token as: that of section 10.8, or None for `JWT` and for none."""
    # Clients from before the type was registered write none; a proof or an assertion of another
    # type is neither.
    try:
        read_unverified(token, typ=TYPE, algorithms=algorithms)
    except TokenRejected:
        return None
    return TYPE


def _require_names(claims: RequestClaims | BackchannelClaims, expected: Expected) -> None:
    named = claims.iss if claims.client_id is None else claims.client_id
    if not claims.iss == named == expected.client_id:
        raise TokenRejected(detail="iss or client_id")
    # One of several is enough here, other than with an assertion: an object opens nothing.
    audiences = [claims.aud] if isinstance(claims.aud, str) else claims.aud
    if expected.issuer not in audiences:
        raise TokenRejected(detail="aud")


def _require_instant(claims: ObjectClaims, *, now: datetime) -> None:
    seconds, skew = now.timestamp(), SKEW.total_seconds()
    if claims.nbf > seconds + skew:
        raise TokenRejected(detail="nbf: not yet")
    # What was signed long ago may be a copy that somebody kept (FAPI 2.0, section 5.3.2.1).
    if seconds - claims.nbf > AGE_MAX.total_seconds():
        raise TokenRejected(detail="nbf: too old")
    if seconds >= claims.exp + skew:
        raise TokenRejected(detail="exp: over")
    if claims.exp - claims.nbf > LIFE_MAX.total_seconds():
        raise TokenRejected(detail="exp: too late")


def _parameters_of(members: Mapping[str, object]) -> dict[str, str]:
    if not members.keys().isdisjoint(NESTED):
        raise TokenRejected(detail="a request within the request")
    parameters = {
        name: _text_of(value) for name, value in members.items() if name not in TOKEN_CLAIMS
    }
    # As in a form: sent without a value is as not sent (RFC 6749, section 3.1).
    return {name: text for name, text in parameters.items() if text}


def _text_of(value: object) -> str:
    # Nothing is passed over: a scope that is a number is no absent scope.
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    if value is None or _CONTROL.search(text) is not None:
        raise TokenRejected(detail="a parameter without a value, or with a control character")
    return text
