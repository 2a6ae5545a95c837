"""A token, the request for one, and the refusals that the standards name.

* OAuthError         RFC 6749, section 5.2: what the token endpoint answers, with `oauth_code`
  + InvalidRequest   + InvalidClient   + InvalidScope   + UnsupportedGrantType   + InvalidDpopProof
  + TooManyRequests
                     their leaves stand beside the checks that raise them
* TokenMissing, TokenInvalid, TokenUnbound, ScopeInsufficient
                     RFC 6750, section 3.1: what a resource answers
* TokenMisplaced     the same, where the caller must change the request
"""

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar

import msgspec

from creditbridge.admission.model import Meter
from creditbridge.foundation.errors import Malformed, Refused
from creditbridge.parties.model import Registration
from creditbridge.protocols.certificate_binding import PeerCertificate
from creditbridge.protocols.dpop_nonce import ProofNonces

TOKEN_SECONDS = 300
OPENID = "openid"  # The scope that asks for an ID token (OpenID Connect Core 1.0, section 3.1.2.1).
BEARER = "Bearer"  # RFC 6750, section 4
DPOP = "DPoP"  # RFC 9449, section 5
# The parameters of an assertion that authenticates a client (RFC 7521, section 4.2).
ASSERTION = "client_assertion"
ASSERTION_TYPE = "client_assertion_type"
ASSERTION_PARAMETERS = frozenset({ASSERTION, ASSERTION_TYPE})


class ClientRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What came to an endpoint where clients prove themselves: form, and facts of the connection.

    `authorization` and `proofs` hold every Authorization and DPoP header; `certificate` is that of
    this connection, whose chain TLS has checked. `issuer` is the name of the server that was asked,
    None where it has none to be meant by, `names` further ones by which clients of CIBA may mean it
    here, `target_uri` the address that was asked, on our own origin, and `nonces` those that proofs
    must hold here, None where none is asked for. On `meter` stands, once the client is known, what
    its answer says of its limits.
    """

    form: Mapping[str, str]
    authorization: tuple[str, ...] = ()
    certificate: PeerCertificate | None = None
    proofs: tuple[str, ...] = ()
    issuer: str | None = None
    names: frozenset[str] = frozenset()
    target_uri: str = ""
    nonces: ProofNonces | None = None
    meter: Meter = msgspec.field(default_factory=Meter)


class SingleUse(msgspec.Struct, frozen=True, kw_only=True):
    """What a proof may be used for once: `value` of `owner`, until `expires_at`."""

    owner: str
    value: str
    expires_at: datetime


class Authenticated(msgspec.Struct, frozen=True, kw_only=True):
    """A client that has proven who it is.

    `certificate` is that of the connection, fit for clients and within its dates; None where none
    was shown. `spends` is what the proof uses up; it counts once that is spent.
    """

    registration: Registration
    certificate: PeerCertificate | None = None
    spends: SingleUse | None = None


class Binding(msgspec.Struct, frozen=True, kw_only=True):
    """What a token is bound to: exactly one of certificate and key, each by its thumbprint.

    `thumbprint` is the certificate's SHA-256, base64url (RFC 8705, section 3.1), `proof_key` that
    of a public JWK (RFC 7638; `jkt` of RFC 9449, section 6.1); 43 characters each.
    """

    thumbprint: str | None = None
    proof_key: str | None = None

    def to_confirmation(self) -> dict[str, str]:
        """Return the member `cnf` (RFC 7800, section 3.1)."""
        bound = {"x5t#S256": self.thumbprint, "jkt": self.proof_key}
        return {name: value for name, value in bound.items() if value is not None}


class Credential(msgspec.Struct, frozen=True, kw_only=True):
    """The token of a request to a resource: its scheme in lower case, and its secret."""

    scheme: str
    secret: str


class PresentedToken(msgspec.Struct, frozen=True, kw_only=True):
    """A token as it came to a resource, with all that could show whose it is.

    `proofs` holds every DPoP header, `target_uri` is the address on our own origin, `nonces` are
    those that a proof must hold here.
    """

    credential: Credential
    certificate: PeerCertificate | None
    proofs: tuple[str, ...]
    method: str
    target_uri: str
    nonces: ProofNonces | None = None


class Token(Binding, frozen=True, kw_only=True):
    """An access token as the database knows it: by its digest, bound to a certificate or a key.

    One of a grant reaches the consents in `consent_ids`; without a grant they are None, and it
    reaches every consent of its bank.
    """

    client_id: str
    bank_id: str
    scopes: frozenset[str]
    grant_id: str | None = None
    consent_ids: frozenset[str] | None = None
    issued_at: datetime
    expires_at: datetime

    @property
    def token_type(self) -> str:
        """How the token is presented (RFC 6749, section 7.1)."""
        return BEARER if self.proof_key is None else DPOP


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
    """A scope was asked that this client is not registered for, or that its grant lacks."""

    code = "invalid-scope"
    oauth_code = "invalid_scope"
    message = "A requested scope is not registered for this client, or not in its grant."


class UnsupportedGrantType(OAuthError):
    """No such grant is served here."""

    code = "unsupported-grant-type"
    oauth_code = "unsupported_grant_type"
    message = "This grant type is not served; grant_types_supported in the metadata lists them."


class TooManyRequests(OAuthError):
    """The client has spent a quota; it may ask again after `retry_after_seconds`.

    RFC 6749 has no word of its own for it at these endpoints; this one is of section 4.1.2.1.
    """

    code = "rate-limited"
    oauth_code = "temporarily_unavailable"
    message = "The limit for this client is reached; repeat after the time in Retry-After."

    def __init__(self, *, retry_after_seconds: int) -> None:
        super().__init__()
        self.retry_after_seconds = retry_after_seconds


class InvalidDpopProof(OAuthError):
    """The proof that should bind a token is missing, or proves nothing (RFC 9449, section 5)."""

    code = "invalid-dpop-proof"
    oauth_code = "invalid_dpop_proof"
    message = "The DPoP proof could not be accepted."


class UseDpopNonce(InvalidDpopProof):
    """The proof lacks a fresh nonce of this server (RFC 9449, section 8)."""

    code = "use-dpop-nonce"
    oauth_code = "use_dpop_nonce"


class TokenMissing(Refused):
    """No access token came along."""

    code = "token-missing"
    message = "Send an access token in the Authorization header, as Bearer or DPoP."


class TokenMisplaced(Malformed):
    """A token came twice, or anywhere else than in the one Authorization header."""

    code = "token-misplaced"
    message = "Send one access token, in one Authorization header, and nowhere else."


class TokenInvalid(Refused):
    """The token is unknown, expired or revoked; nobody learns which."""

    code = "invalid-token"
    message = "The access token is not valid here, or not with this certificate or key."


class TokenUnbound(TokenInvalid):
    """The token is bound to another certificate or key than is shown; `token` says whose."""

    def __init__(self, token: Token, message: str | None = None) -> None:
        super().__init__(message, detail=f"token of client {token.client_id}")
        self.token = token


class TokenUnproven(TokenUnbound):
    """The token is real, and the proof beside it proves nothing (RFC 9449, section 7.1)."""

    code = "invalid-dpop-proof"
    message = InvalidDpopProof.message


class NonceWanted(TokenUnproven):
    """The token is real, and the proof beside it lacks a fresh nonce (RFC 9449, section 9)."""

    code = "use-dpop-nonce"


class ScopeInsufficient(Refused):
    """The token does not carry the scope that this address needs."""

    code = "insufficient-scope"
    message = "The access token lacks the scope that this address needs."
