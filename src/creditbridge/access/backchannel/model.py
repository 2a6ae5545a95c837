"""A request that waits for a person in the portal, and what its client is told meanwhile.

* NotYet                       no refusal: the person has not decided
  + AuthorizationPending  + SlowDown
* RequestExpired, RequestRefused, RequestIdInvalid
                               what a poll ends with (OpenID CIBA Core 1.0, section 11)
* RequestUnknown               what a person is told in the portal
* BackchannelInvalid, BindingMessageInvalid, HintUnknown
                               what is told at once (section 13)
"""

from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from creditbridge.access.authorization import GrantRequest
from creditbridge.access.granted.model import InvalidGrant
from creditbridge.access.model import OAuthError
from creditbridge.access.pushed.model import AccessDenied, Sent
from creditbridge.foundation.errors import Refused

EXPIRY = timedelta(minutes=15)
EXPIRY_MIN = timedelta(seconds=5)
EXPIRY_MAX = timedelta(days=7)  # As long as a request for a consent waits for its answer.
INTERVAL_SECONDS = 5
SLOWER_SECONDS = 5  # With each poll that comes too early (section 11).
FETCH_TIME = timedelta(minutes=1)  # From the decision on, however late it fell.


class Hint(StrEnum):
    """By which of three a request names whom it is for; the value is the parameter."""

    LOGIN = "login_hint"
    TOKEN = "login_hint_token"  # noqa: S105 - a parameter's name
    ID_TOKEN = "id_token_hint"  # noqa: S105 - a parameter's name


# Stored as JSON: add members with a default, never rename.
class BackchannelRequest(GrantRequest, frozen=True, kw_only=True):
    """A request that keeps every rule, for whoever may speak for the enterprise `uscc`.

    `binding_message` is shown to them letter by letter.
    """

    uscc: str
    binding_message: str | None = None


# Stored as JSON: add members with a default, never rename.
class SentRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request as it waits, with the id that each consent of it will have, in its order."""

    request: BackchannelRequest
    sent: Sent
    consent_ids: tuple[str, ...] = ()


class WaitingRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request as the portal finds it: its client alone knows the id to poll with."""

    request_id: str
    pushed: SentRequest
    asked_at: datetime
    expires_at: datetime


class BackchannelAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What its client polls with (section 7.3); both times in seconds."""

    auth_req_id: str
    expires_in: int
    interval: int = INTERVAL_SECONDS


class Outcome(StrEnum):
    """How a person decided."""

    APPROVED = "APPROVED"
    REFUSED = "REFUSED"


class Polled(msgspec.Struct, frozen=True, kw_only=True):
    """A request as one poll finds it; `is_early` where the poll came before its time."""

    request_id: str
    expires_at: datetime
    is_early: bool
    outcome: Outcome | None = None
    grant_id: str | None = None
    authenticated_at: datetime | None = None


class NotYet(OAuthError):
    """The person has not decided: an answer, and no refusal."""


class AuthorizationPending(NotYet):
    """Nobody has decided."""

    code = "authorization-pending"
    oauth_code = "authorization_pending"
    message = "Nobody has decided on this request yet."


class SlowDown(NotYet):
    """The poll came too early; from now on there are five seconds more between two."""

    code = "slow-down"
    oauth_code = "slow_down"
    message = "Poll less often: the interval is five seconds longer from now on."


class RequestExpired(OAuthError):
    """Nobody decided in time."""

    code = "request-expired"
    oauth_code = "expired_token"
    message = "Nobody decided on this request in time."


class RequestRefused(AccessDenied):
    """The person said no, or may not say yes."""

    code = "request-refused"


class RequestUnknown(Refused):
    """No such request waits for this enterprise, or no longer."""

    code = "request-unknown"
    message = "This request is not open, or no longer."


class RequestIdInvalid(InvalidGrant):
    """Unknown, another client's, or used before: nobody learns which."""

    message = "This auth_req_id is unknown, spent, or of another client."


class BackchannelFault(StrEnum):
    """What is wrong with a request; the value is the sentence for the engineer who sent it."""

    UNSIGNED = "Send the request as a signed request object, in the parameter request."
    OBJECT = (
        "The request object must be signed by a key of this client with PS256, ES256 or EdDSA and "
        "hold iss, aud, exp, iat, nbf and jti; nbf and exp at most 60 minutes apart."
    )
    HINTS = "Name the enterprise by exactly one hint."
    HINT = "The one hint here is login_hint, with the code of the enterprise."
    SCOPE = "The scope must hold openid."
    EXPIRY = "requested_expiry is a whole number of seconds, 5 or more."
    BINDING = "Send a binding_message, or authorization_details that say what it is about."
    ENTERPRISE = "authorization_details must be about the enterprise of the hint."


class BackchannelInvalid(OAuthError):
    """A parameter is missing, repeated, or has a value that it cannot have."""

    code = "backchannel-request-invalid"
    message = "The request cannot be understood as it stands."


class BindingMessageInvalid(OAuthError):
    """A text that a person might read as another one, or not at all."""

    code = "binding-message-invalid"
    oauth_code = "invalid_binding_message"
    message = (
        "A binding_message has 1 to 64 printable characters, without control or formatting "
        "characters, and no blank at its ends."
    )


class HintUnknown(OAuthError):
    """No enterprise of this code is known here."""

    code = "hint-unknown"
    oauth_code = "unknown_user_id"
    message = "No enterprise is known here by this login_hint."
