"""A token, the request for one, and the refusals that the standards name.

* OAuthError         RFC 6749, section 5.2: what the token endpoint answers, with `oauth_code`
  + InvalidRequest   + InvalidClient   + InvalidScope   + UnsupportedGrantType
                     their leaves stand beside the checks that raise them
* TokenMissing, TokenInvalid, TokenUnbound, ScopeInsufficient
                     RFC 6750, section 3.1: what a resource answers
* TokenMisplaced     the same, where the caller must change the request
"""

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar

import msgspec

from creditbridge.foundation.errors import Malformed, Refused
from creditbridge.parties.model import Registration
from creditbridge.protocols.certificate_binding import PeerCertificate

TOKEN_SECONDS = 300
TOKEN_TYPE = "Bearer"  # noqa: S105 - a word of RFC 6750, no secret
# The parameters of an assertion that authenticates a client (RFC 7521, section 4.2).
ASSERTION = "client_assertion"
ASSERTION_TYPE = "client_assertion_type"
ASSERTION_PARAMETERS = frozenset({ASSERTION, ASSERTION_TYPE})


class ClientRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What came to an endpoint where clients prove themselves: form, and facts of the connection.

    `authorization` holds every Authorization header; `certificate` is that of this connection,
    whose chain TLS has checked; `issuer` is the name of the server that was asked, None where it
    has none to be meant by.
    """

    form: Mapping[str, str]
    authorization: tuple[str, ...] = ()
    certificate: PeerCertificate | None = None
    issuer: str | None = None


class SingleUse(msgspec.Struct, frozen=True, kw_only=True):
    """What a proof may be used for once: `value` of `owner`, until `expires_at`."""

    owner: str
    value: str
    expires_at: datetime


class Authenticated(msgspec.Struct, frozen=True, kw_only=True):
    """A client that has proven who it is, and the certificate that its tokens are bound to.

    `spends` is what the proof uses up; it counts once that is spent.
    """

    registration: Registration
    certificate: PeerCertificate
    spends: SingleUse | None = None


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """An access token as the database knows it: by its digest, bound to one certificate.

    `thumbprint` is the certificate's SHA-256, base64url (RFC 8705, section 3.1).
    """

    client_id: str
    bank_id: str
    scopes: frozenset[str]
    thumbprint: str
    issued_at: datetime
    expires_at: datetime


class IssuedToken(msgspec.Struct, frozen=True, kw_only=True):
    """A fresh token: the secret, which exists nowhere else, and what is kept of it."""

    secret: str
    token: Token

    def to_answer(self) -> dict[str, str | int]:
        """Return the members of the success answer (RFC 6749, section 5.1)."""
        return {
            "access_token": self.secret,
            "token_type": TOKEN_TYPE,
            "expires_in": TOKEN_SECONDS,
            "scope": format_scopes(self.token.scopes),
        }


def format_scopes(scopes: frozenset[str]) -> str:
    """Return scopes as one text, sorted, parted by spaces (RFC 6749, section 3.3)."""
    return " ".join(sorted(scopes))


class OAuthError(Refused):
    """A refusal of the token endpoint; `oauth_code` is the standard's word for it.

    Its message is printable ASCII without quotes and backslash (RFC 6749, section 5.2).
    """

    oauth_code: ClassVar[str] = "invalid_request"

    def to_answer(self) -> dict[str, str]:
        """Return the members of the error answer (RFC 6749, section 5.2)."""
        return {"error": self.oauth_code, "error_description": self.prose}


class InvalidRequest(OAuthError):
    """A parameter is missing, repeated or unreadable."""

    code = "invalid-request"
    message = "The token request cannot be understood as it stands."


class InvalidClient(OAuthError):
    """Who asks is not proven. One text for the unknown, the suspended and the mismatched."""

    code = "invalid-client"
    oauth_code = "invalid_client"
    message = (
        "Client authentication failed: the client is not known or not active here, "
        "or this connection's certificate or the assertion does not prove it as registered."
    )


class InvalidScope(OAuthError):
    """A scope was asked that this client is not registered for."""

    code = "invalid-scope"
    oauth_code = "invalid_scope"
    message = "A requested scope is not registered for this client."


class UnsupportedGrantType(OAuthError):
    """No such grant is served here."""

    code = "unsupported-grant-type"
    oauth_code = "unsupported_grant_type"
    message = "This grant type is not served; grant_types_supported in the metadata lists them."


class TokenMissing(Refused):
    """No access token came along."""

    code = "token-missing"
    message = "Send an access token in the Authorization header, as Bearer."


class TokenMisplaced(Malformed):
    """A token came twice, or anywhere else than in the one Authorization header."""

    code = "token-misplaced"
    message = "Send one access token, in one Authorization header, and nowhere else."


class TokenInvalid(Refused):
    """The token is unknown, expired or revoked; nobody learns which."""

    code = "invalid-token"
    message = "The access token is not valid here; request a new one over this certificate."


class TokenUnbound(TokenInvalid):
    """The token is bound to another certificate than this connection's; `token` says whose."""

    def __init__(self, token: Token) -> None:
        super().__init__(detail=f"token of client {token.client_id}")
        self.token = token


class ScopeInsufficient(Refused):
    """The token does not carry the scope that this address needs."""

    code = "insufficient-scope"
    message = "The access token lacks the scope that this address needs."
