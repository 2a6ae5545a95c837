"""A pushed request on its way to a person, and the refusals that the standards name for it."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from creditbridge.access.authorization import AuthorizationRequest
from creditbridge.access.model import InvalidDpopProof, OAuthError

REQUEST_URI_PREFIX = "urn:ietf:params:oauth:request_uri:"
PUSHED_LIFE = timedelta(seconds=90)
OPENED_LIFE = timedelta(minutes=15)


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """What the client sent, for the ledger: its own words, without what proved it.

    `body` is the canonical JSON (RFC 8785) of the parameters; where a request object said it all,
    `base` is its signing input (RFC 7515, section 5.1), and `body` its claims.
    """

    body: bytes
    base: bytes | None = None
    signature: bytes | None = None
    key_id: str | None = None


# Stored as JSON for minutes: add members with a default, never rename.
class PushedRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request that keeps every rule, with the id that each consent of it will have.

    `consent_ids` stand in the order of the request's details: a consent is one and the same on the
    page that is read and in the ledger, and begins to exist when a person decides.
    """

    request: AuthorizationRequest
    sent: Sent
    consent_ids: tuple[str, ...] = ()


class PushedAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Where the client finds its request again (RFC 9126, section 2.2); `expires_in` in seconds."""

    request_uri: str
    expires_in: int


class OpenedRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A pushed request that somebody opened; only who signed in after `opened_at` decides on it."""

    pushed: PushedRequest
    opened_at: datetime
    expires_at: datetime


class PushFault(StrEnum):
    """What is wrong with a request; the value is the sentence for the engineer who pushed it."""

    REQUEST_URI = "Push the request itself; request_uri has no place here."
    UNSIGNED = "This client is registered to send its request as a signed request."
    RESPONSE_TYPE = "The parameter response_type is missing."
    GRANT_ID = "Every authorization makes a new grant; send no grant_id."
    GRANT_ACTION = "The one grant_management_action of a request is create."
    REDIRECT_URI = "The parameter redirect_uri is missing, or not registered as sent."
    RESPONSE_MODE = "This response_mode is not served, or not registered for this client."
    CHALLENGE_METHOD = "Send code_challenge_method=S256; PKCE is required."
    CHALLENGE = "The parameter code_challenge is missing, or no S256 challenge."
    PROOF_KEY = "The parameter dpop_jkt is no SHA-256 thumbprint of a key."
    PROOF_KEY_UNUSED = "The tokens of this client are bound to its certificate; send no dpop_jkt."
    LONG = "The parameters state, nonce and ui_locales have at most 1024 bytes each."


class PushInvalid(OAuthError):
    """A parameter of the request is missing, repeated, or has a value that it cannot have."""

    code = "authorization-request-invalid"
    message = "The authorization request cannot be understood as it stands."


class ResponseTypeUnsupported(OAuthError):
    """Another response than a code was asked for."""

    code = "response-type-unsupported"
    oauth_code = "unsupported_response_type"
    message = "The one response_type here is code."


class LoginRequired(OAuthError):
    """The client wants an answer without a page (OpenID Connect Core 1.0, section 3.1.2.6)."""

    code = "login-required"
    oauth_code = "login_required"
    message = "The person signs in for every request here; send no prompt=none."


class RequestObjectInvalid(OAuthError):
    """The request object is not one of this client, for this server, for this moment."""

    code = "request-object-invalid"
    oauth_code = "invalid_request_object"
    message = (
        "The request object must be signed by a key of this client with PS256, ES256 or EdDSA, "
        "name client and issuer, hold nbf and exp at most 60 minutes apart, and no request_uri."
    )


class DetailsFault(StrEnum):
    """What cannot be asked in one request, though each of its details could be."""

    ENTERPRISES = "All authorization_details of a request must be about one enterprise."
    NUMBERS = "Each of the authorization_details needs an authorization_no of its own."


class DetailsInvalid(OAuthError):
    """What is asked in `authorization_details` cannot be asked, or not by this bank."""

    code = "authorization-details-invalid"
    oauth_code = "invalid_authorization_details"
    message = (
        "authorization_details must be a JSON array of 1 to 10 objects of type credit_report, "
        "each with the members that its JSON Schema names and no others."
    )


class DetailsNotAllowed(DetailsInvalid):
    """A well-formed detail asks for more than the house lets this bank ask; `reason` is the code.

    The reason is recorded, and told in the sentence.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message, detail=reason)
        self.reason = reason


class ProofKeyDiffers(InvalidDpopProof):
    """Two keys are to bind one code."""

    message = "The key of the DPoP proof is another than that of dpop_jkt."


class AccessDenied(OAuthError):
    """The person said no, or may not say yes."""

    code = "access-denied"
    oauth_code = "access_denied"
    message = "The representative of the enterprise refused."


class ApprovalsMissing(AccessDenied):
    """One person approved, and others of the enterprise still have to (PROTOCOLS Z10)."""

    code = "approvals-missing"
    message = "Other people of the enterprise have to approve, too."

    @classmethod
    def of(cls, consent_ids: Iterable[str]) -> "ApprovalsMissing":
        """Return it with the consents to follow, each by its id."""
        return cls(f"{cls.message} Follow the consents: {' '.join(consent_ids)}.")


class EnterpriseForeign(AccessDenied):
    """The person who signed in speaks for another enterprise than the one that is asked about."""

    code = "enterprise-foreign"
    message = "The person who signed in does not speak for this enterprise."


class RequestUriInvalid(OAuthError):
    """No such request, another client's, expired, or decided before: nobody learns which."""

    code = "request-uri-invalid"
    oauth_code = "invalid_request_uri"
    message = "This request is not open, or no longer. Please start again at the bank."
