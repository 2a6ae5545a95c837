"""A person's sign-in, from the first redirect to the end of the session."""

from datetime import date, datetime, timedelta

import msgspec

from creditbridge.foundation.errors import Refused, Unavailable, Untrusted
from creditbridge.parties.model import Role

TRY_LIFE = timedelta(minutes=10)
IDLE_LIFE = timedelta(minutes=30)
SESSION_LIFE = timedelta(hours=8)

SESSION_COOKIE = "__Host-creditbridge"
BINDING_COOKIE = "__Host-creditbridge-sign-in"
# `__Host-` makes browsers insist on Secure, Path=/ and no Domain. Lax, not Strict: the provider
# sends the person back to us by a top-level redirect, and the cookies must come along.
COOKIE_ATTRIBUTES = "Path=/; Secure; HttpOnly; SameSite=Lax"


class SignInTry(msgspec.Struct, frozen=True, kw_only=True):
    """One try to sign in, kept between the redirect to the provider and the way back.

    `authenticated_after` is set where the person must prove anew who they are: not before then.
    """

    nonce: str
    code_verifier: str
    return_to: str
    authenticated_after: datetime | None = None


class BegunSignIn(msgspec.Struct, frozen=True, kw_only=True):
    """Where to send the browser, and the value of the cookie that binds the try to it."""

    redirect_url: str
    binding: str


class Callback(msgspec.Struct, frozen=True, kw_only=True):
    """What the browser brought back from the provider (RFC 6749, section 4.1.2; RFC 9207)."""

    state: str | None = None
    code: str | None = None
    error: str | None = None
    iss: str | None = None


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """Whom the provider named, and for which enterprise that person speaks.

    `subject` is the person in one role, `person` the natural person in all of them.
    """

    issuer: str
    subject: str
    person: str
    name: str
    uscc: str
    enterprise_name: str
    role: Role
    office_since: date | None = None  # Since when they have that role, by the register.


class SignedIn(msgspec.Struct, frozen=True, kw_only=True):
    """A completed sign-in; `id_token_digest` is the SHA-256 of the ID token, 32 bytes.

    `anew` where the person proved who they are in this very sign-in, whoever was signed in before.
    """

    identity: Identity
    id_token_digest: bytes
    return_to: str
    anew: bool = False


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """A signed-in person's session; `form_token` belongs into each of its forms."""

    person_id: str
    uscc: str
    signed_in_at: datetime
    ends_at: datetime
    form_token: str
    anew: bool = False

    def began_anew_after(self, instant: datetime) -> bool:
        """Tell whether it began after an instant, by a proof made for it."""
        return self.anew and self.signed_in_at > instant


class SignInExpired(Refused):
    """The way back fits no open try of this browser: unknown, spent, too late, or another's."""

    code = "sign-in-expired"
    message = "This sign-in is no longer open in this browser. Please start again."


class SignInRefused(Refused):
    """The provider says that the person did not sign in; `return_to` is where they were going."""

    code = "sign-in-refused"
    message = "The identity service did not complete the sign-in. Please start again."

    def __init__(self, message: str | None = None, *, detail: str = "") -> None:
        super().__init__(message, detail=detail)
        self.return_to: str | None = None


class SessionMissing(Refused):
    """No session, or one that has ended."""

    code = "session-missing"
    message = "Please sign in."


class FormTokenInvalid(Refused):
    """A form came without its session's token: another site's form, or an old page."""

    code = "form-token-invalid"
    message = "This page is out of date. Please open it again and repeat the step."


class ReturnInvalid(Refused):
    """After sign-in, people go to a page of this house only."""

    code = "return-invalid"
    message = "The address to return to is not one of this site."


class IdentityRejected(Untrusted):
    """What the provider said about the person cannot be believed."""

    code = "identity-rejected"
    message = "The identity service's answer could not be verified. Please start again."


class IdentityUnavailable(Unavailable):
    """The provider cannot be reached, or does not answer as it should."""

    code = "identity-unavailable"
    message = "The identity service cannot be reached at the moment. Please try again shortly."
