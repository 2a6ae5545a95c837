"""Access tokens for the gateway: client_credentials with a signed assertion (RFC 7523)."""

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import ClassVar

import msgspec

from creditbridge.foundation.errors import Malformed, Refused, Untrusted
from creditbridge.foundation.keys import Algorithm, PublicKey
from creditbridge.protocols.jws import verify_compact
from creditbridge.protocols.strict_json import decode

TOKEN_SECONDS = 300
ASSERTION_SECONDS_MAX = 60  # The contract's own limit, below the 300 s of FAPI.
SKEW_SECONDS = 30  # +30 s passes, +31 s fails.
ASSERTION_CHARACTERS_MAX = 4_096
JTI_CHARACTERS_MAX = 128
GRANT_TYPE = "client_credentials"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class TokenRequestRefused(Refused):
    """The token endpoint refuses; `oauth_code` is the word of RFC 6749, section 5.2."""

    code = "token-refused"
    message = "The token request is refused."
    oauth_code: ClassVar[str] = "invalid_request"
    status: ClassVar[int] = 400


class GrantTypeUnsupported(TokenRequestRefused):
    """Another grant type than client_credentials."""

    oauth_code = "unsupported_grant_type"


class ClientRejected(TokenRequestRefused):
    """No assertion, or one that does not prove the gateway."""

    oauth_code = "invalid_client"
    status = 401


class TokenUnknown(Refused):
    """A bearer token that this platform did not issue, or that has expired."""

    code = "invalid-token"
    message = "The access token is unknown or has expired."


class AssertionClaims(msgspec.Struct, frozen=True, kw_only=True):
    """The claims of a client assertion; others are ignored (RFC 7519, section 4)."""

    iss: str
    sub: str
    aud: str
    jti: str
    iat: int
    exp: int


class Tokens:
    """The tokens and spent assertions of one platform process, in memory."""

    def __init__(self, *, platform_id: str, client_id: str, keys: Mapping[str, PublicKey]) -> None:
        self.issued_count = 0
        self._platform_id = platform_id
        self._client_id = client_id
        self._keys = keys
        self._expiries: dict[str, datetime] = {}
        self._spent: dict[str, datetime] = {}

    def issue(self, form: Mapping[str, str], *, now: datetime) -> str:
        """Return a fresh token for a form of the token endpoint, 256 random bits.

        Raises:
            TokenRequestRefused: another grant type, or an assertion that does not hold.
        """
        if form.get("grant_type") != GRANT_TYPE:
            raise GrantTypeUnsupported
        if form.get("client_assertion_type") != ASSERTION_TYPE:
            raise ClientRejected(detail="no assertion")
        if form.get("client_id", self._client_id) != self._client_id:
            raise ClientRejected(detail="another client id")
        # Verified, then judged, then spent: a bad assertion must not use up a good one's jti.
        claims = self._verify_assertion(form.get("client_assertion", ""))
        self._require_claims(claims, now=now)
        self._spend(claims, now=now)
        token = f"pat_{secrets.token_urlsafe(32)}"
        self._expiries[token] = now + timedelta(seconds=TOKEN_SECONDS)
        self.issued_count += 1
        return token

    def require(self, authorization: str, *, now: datetime) -> None:
        """Accept a live token in an `authorization` header (RFC 6750, section 2.1).

        Raises:
            TokenUnknown: another scheme, or a token that is not live.
        """
        scheme, _, token = authorization.partition(" ")
        expires_at = self._expiries.get(token)
        if scheme.lower() != "bearer" or expires_at is None or expires_at <= now:
            raise TokenUnknown

    def _verify_assertion(self, assertion: str) -> AssertionClaims:
        if not 0 < len(assertion) <= ASSERTION_CHARACTERS_MAX:
            raise ClientRejected(detail="no assertion")
        try:
            payload = verify_compact(
                assertion, self._keys.get, typ="JWT", algorithms=frozenset({Algorithm.ES256})
            )
            return decode(payload, AssertionClaims)
        except (Untrusted, Malformed) as error:
            raise ClientRejected(detail=error.detail) from error

    def _require_claims(self, claims: AssertionClaims, *, now: datetime) -> None:
        named = (claims.iss, claims.sub, claims.aud)
        # The audience is this platform, as one string: an assertion for another is none here.
        if named != (self._client_id, self._client_id, self._platform_id):
            raise ClientRejected(detail="issuer, subject or audience")
        instant = now.timestamp()
        if claims.iat > instant + SKEW_SECONDS or claims.exp <= instant - SKEW_SECONDS:
            raise ClientRejected(detail="not yet, or no longer")
        if not 0 < claims.exp - claims.iat <= ASSERTION_SECONDS_MAX:
            raise ClientRejected(detail="too long a life")

    def _spend(self, claims: AssertionClaims, *, now: datetime) -> None:
        _drop_expired(self._spent, now)
        _drop_expired(self._expiries, now)
        if not 0 < len(claims.jti) <= JTI_CHARACTERS_MAX or claims.jti in self._spent:
            raise ClientRejected(detail="a jti that was used")
        # Remembered for longer than it could be accepted, skew on both ends included.
        self._spent[claims.jti] = now + timedelta(seconds=ASSERTION_SECONDS_MAX + 2 * SKEW_SECONDS)


def _drop_expired(expiries: dict[str, datetime], now: datetime) -> None:
    for name in [name for name, expires_at in expiries.items() if expires_at <= now]:
        del expiries[name]
