"""How the one client proves itself at the token endpoint: a secret, or a signed assertion."""

import hmac
from base64 import b64decode
from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.parse import unquote_plus

import msgspec

from creditbridge.foundation.errors import Malformed, Refused, Untrusted
from creditbridge.foundation.keys import Algorithm, PublicKey
from creditbridge.protocols.jws import verify_compact
from creditbridge.protocols.strict_json import decode

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_SECONDS_MAX = 300
ASSERTION_CHARACTERS_MAX = 4_096
JTI_CHARACTERS_MAX = 128
SKEW_SECONDS = 30
ALGORITHMS = frozenset({Algorithm.ES256, Algorithm.ED25519})


class ClientRejected(Refused):
    """Whoever asks does not prove to be the client."""

    code = "invalid-client"
    message = "The client could not be authenticated."


class AssertionClaims(msgspec.Struct, frozen=True, kw_only=True):
    """The claims of a client assertion (RFC 7523, section 3); others are ignored."""

    iss: str
    sub: str
    aud: str
    jti: str
    iat: int
    exp: int


class Client:
    """The provider's one client, and the assertions it has spent."""

    def __init__(
        self, *, client_id: str, secret: str | None, keys: Mapping[str, PublicKey], issuer: str
    ) -> None:
        self.client_id = client_id
        self._secret = secret
        self._keys = keys
        self._issuer = issuer
        self._spent: dict[str, datetime] = {}

    @property
    def methods(self) -> list[str]:
        """The authentication methods that this client is registered for."""
        basic = ["client_secret_basic"] if self._secret is not None else []
        return basic + (["private_key_jwt"] if self._keys else [])

    def require(self, form: Mapping[str, str], authorization: str, *, now: datetime) -> None:
        """Accept the client, by exactly one method (RFC 6749, section 2.3).

        Raises:
            ClientRejected: none, two, another client, a wrong secret or assertion.
        """
        asserted = "client_assertion" in form
        if asserted == bool(authorization) or "client_secret" in form:
            raise ClientRejected(detail="not exactly one method")
        if form.get("client_id", self.client_id) != self.client_id:
            raise ClientRejected(detail="another client id")
        if asserted:
            self._require_assertion(form, now=now)
        else:
            self._require_secret(authorization)

    def _require_secret(self, authorization: str) -> None:
        scheme, _, encoded = authorization.partition(" ")
        try:
            pair = b64decode(encoded, validate=True).decode("ascii") if scheme == "Basic" else ""
        except ValueError as error:
            raise ClientRejected(detail="no Basic credentials") from error
        # Both halves are form-encoded before they are joined (RFC 6749, section 2.3.1).
        client_id, _, secret = (unquote_plus(part) for part in pair.partition(":"))
        right = hmac.compare_digest(secret.encode(), (self._secret or "").encode())
        if self._secret is None or client_id != self.client_id or not right:
            raise ClientRejected(detail="wrong secret")

    def _require_assertion(self, form: Mapping[str, str], *, now: datetime) -> None:
        assertion = form["client_assertion"]
        known_type = form.get("client_assertion_type") == ASSERTION_TYPE
        if not known_type or len(assertion) > ASSERTION_CHARACTERS_MAX:
            raise ClientRejected(detail="no assertion")
        try:
            payload = verify_compact(assertion, self._keys.get, typ=None, algorithms=ALGORITHMS)
            claims = decode(payload, AssertionClaims)
        except (Untrusted, Malformed) as error:
            raise ClientRejected(detail=error.detail) from error
        self._require_claims(claims, now=now)

    def _require_claims(self, claims: AssertionClaims, *, now: datetime) -> None:
        named = (claims.iss, claims.sub, claims.aud)
        # The audience is the issuer as one string, at every endpoint (FAPI 2.0, section 5.3.2.1).
        if named != (self.client_id, self.client_id, self._issuer):
            raise ClientRejected(detail="issuer, subject or audience")
        instant = now.timestamp()
        if claims.iat > instant + SKEW_SECONDS or claims.exp <= instant - SKEW_SECONDS:
            raise ClientRejected(detail="not yet, or no longer")
        if not 0 < claims.exp - claims.iat <= ASSERTION_SECONDS_MAX:
            raise ClientRejected(detail="too long a life")
        self._spend(claims.jti, now=now)

    def _spend(self, given: str, *, now: datetime) -> None:
        for jti in [jti for jti, ends_at in self._spent.items() if ends_at <= now]:
            del self._spent[jti]
        if not 0 < len(given) <= JTI_CHARACTERS_MAX or given in self._spent:
            raise ClientRejected(detail="a jti that was used")
        # Remembered for longer than it could be accepted, skew on both ends included.
        self._spent[given] = now + timedelta(seconds=ASSERTION_SECONDS_MAX + 2 * SKEW_SECONDS)
