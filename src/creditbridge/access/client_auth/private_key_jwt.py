"""A client proves itself by an assertion that its own key signed (RFC 7523, section 3).

Signature and key come from `protocols/jws` and the client's registration; nothing in the assertion
brings or fetches a key. Ours are the claims, as FAPI 2.0 (section 5.3.2.1) narrows them: one
audience, a short life, one use.
"""

from base64 import urlsafe_b64encode
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from creditbridge.access.model import (
    ASSERTION,
    ASSERTION_PARAMETERS,
    ASSERTION_TYPE,
    Authenticated,
    ClientRequest,
    InvalidClient,
    SingleUse,
)
from creditbridge.foundation.errors import Malformed
from creditbridge.foundation.keys import name_key
from creditbridge.parties.model import CIBA, AssertionAlgorithm, Registration
from creditbridge.parties.rules import find_assertion_key, read_jose_key, require_key_set
from creditbridge.protocols.certificate_binding import (
    CertificateUnfit,
    PeerCertificate,
    require_client_certificate,
)
from creditbridge.protocols.jws import (
    TokenRejected,
    Unverified,
    read_unverified,
    verify_compact,
)
from creditbridge.protocols.strict_json import decode

NAME = "private_key_jwt"
JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ALGORITHMS = frozenset(AssertionAlgorithm)

SKEW = timedelta(seconds=30)
LIFE_MAX = timedelta(seconds=300)
# Apart from the nonces of HTTP messages, which hold printable ASCII alone (PROTOCOLS H5).
USE_LABEL = "client-assertion\x00"
UNREADABLE = ""  # No client has this id.

# Keys whose private halves anybody can know: what they verify is refused all the same. An unknown
# client's assertion is put to them, read from their JWKs as a client's own would be.
_MODULUS = urlsafe_b64encode(((1 << 2048) - 1).to_bytes(256)).rstrip(b"=").decode("ascii")
NOBODY: Mapping[str, bytes] = {
    AssertionAlgorithm.PS256: msgspec.json.encode(
        {"e": "AQAB", "kid": "nobody", "kty": "RSA", "n": _MODULUS}
    ),
    AssertionAlgorithm.ES256: msgspec.json.encode(
        name_key(ec.derive_private_key(1, ec.SECP256R1()).public_key()).to_jwk()
    ),
    AssertionAlgorithm.ED25519: msgspec.json.encode(
        name_key(ed25519.Ed25519PrivateKey.from_private_bytes(bytes(32)).public_key()).to_jwk()
    ),
}

# Whole seconds: of fractions and exponents two readers make two instants.
Instant = Annotated[int, msgspec.Meta(ge=0, le=253_402_300_799)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=255)]


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """Whom an assertion is about, as far as looking them up needs it."""

    sub: Name


class AssertionClaims(Subject, frozen=True, kw_only=True):
    """The claims that count (RFC 7523, section 3); others are passed over.

    `aud` is one string: of an array, another reader may take another element.
    """

    iss: Name
    aud: str
    exp: Instant
    jti: Name
    iat: Instant | None = None
    nbf: Instant | None = None


class PrivateKeyJwt:
    """Proof by a signed assertion; a certificate of the connection only binds tokens."""

    def name_client(self, request: ClientRequest) -> str | None:
        """Return whom the assertion is about, believing nothing else of it yet."""
        if ASSERTION_PARAMETERS.isdisjoint(request.form):
            return None
        try:
            return decode(_read(request).payload, Subject).sub
        except (TokenRejected, Malformed):
            return UNREADABLE

    def require_proof(
        self, registration: Registration | None, request: ClientRequest, *, now: datetime
    ) -> Authenticated:
        """Return the client whose live key signed this assertion for this server, for this moment.

        Raises:
            InvalidClient: unknown client, another form, key, audience, name or time; a certificate
                that is not fit for clients.
        """
        _require_fit(request.certificate, now=now)
        try:
            claims = _verify(registration, request, now=now)
        except (TokenRejected, Malformed) as error:
            raise InvalidClient(detail=f"{error.code}: {error.detail}") from error
        _require_names(claims, request, registration)
        _require_instant(claims, now=now)
        # Last, after the same work: neither the answer nor its time tells whether the client
        # exists.
        if registration is None or claims.sub != registration.client.client_id:
            raise InvalidClient(detail="unknown client")
        spends = SingleUse(
            owner=registration.client.client_id,
            value=USE_LABEL + claims.jti,
            # As long as the assertion itself would be accepted.
            expires_at=datetime.fromtimestamp(claims.exp, UTC) + SKEW,
        )
        return Authenticated(
            registration=registration, certificate=request.certificate, spends=spends
        )


def _read(request: ClientRequest) -> Unverified:
    # `JWT` or nothing: a DPoP proof or a request object says that it is one (RFC 8725, section
    # 3.11).
    return read_unverified(request.form.get(ASSERTION, ""), typ=None, algorithms=ALGORITHMS)


def _require_fit(certificate: PeerCertificate | None, *, now: datetime) -> None:
    if certificate is None:
        return
    try:
        require_client_certificate(certificate, now=now)
    except CertificateUnfit as error:
        raise InvalidClient(detail=f"{error.code}: {error.detail}") from error


def _verify(
    registration: Registration | None, request: ClientRequest, *, now: datetime
) -> AssertionClaims:
    named = _read(request)
    # Where the client publishes its keys, they may have to be fetched before it is judged.
    require_key_set(registration, named.key_id, named.algorithm, now=now)
    own = find_assertion_key(registration, named.key_id, named.algorithm)
    key = own or read_jose_key(NOBODY[named.algorithm])
    payload = verify_compact(
        request.form[ASSERTION], lambda _: key, typ=None, algorithms=ALGORITHMS
    )
    # The keys that stand in for a missing one prove nothing.
    if own is None:
        raise TokenRejected(detail="no live key of that name and algorithm")
    return decode(payload, AssertionClaims)


def _require_names(
    claims: AssertionClaims, request: ClientRequest, registration: Registration | None
) -> None:
    if request.form.get(ASSERTION_TYPE) != JWT_BEARER:
        raise InvalidClient(detail="client_assertion_type")
    if claims.iss != claims.sub or request.form.get("client_id", claims.sub) != claims.sub:
        raise InvalidClient(detail="iss, sub and client_id differ")
    # Byte for byte the issuer: no other address of ours, or one server's assertion would open
    # another (FAPI 2.0, section 5.3.2.1). Clients of CIBA may name the endpoint, where that is
    # told them (CIBA Core 1.0, section 7.1).
    asks = registration is not None and CIBA in registration.client.grant_types
    if claims.aud not in ({request.issuer} | (request.names if asks else frozenset())):
        raise InvalidClient(detail="aud")


def _require_instant(claims: AssertionClaims, *, now: datetime) -> None:
    seconds, skew = now.timestamp(), SKEW.total_seconds()
    if seconds >= claims.exp + skew:
        raise InvalidClient(detail="exp")
    if max(claims.iat or 0, claims.nbf or 0) > seconds + skew:
        raise InvalidClient(detail="iat or nbf")
    # Without `iat` the life counts from now: in no case is a `jti` to be remembered for long.
    began = seconds if claims.iat is None else claims.iat
    if claims.exp - began > LIFE_MAX.total_seconds():
        raise InvalidClient(detail="exp - iat")
