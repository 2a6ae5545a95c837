"""Authorization codes: for one use, within a minute, by who asked (RFC 6749, section 4.1.2)."""

import hmac
import re
import secrets
from base64 import urlsafe_b64encode
from datetime import datetime, timedelta
from hashlib import sha256

import msgspec

from creditbridge.foundation.errors import Refused
from creditsandbox.identity.people import Person
from creditsandbox.identity.requests import AuthorizationRequest

CODE_SECONDS = 60
CODES_MAX = 10_000  # Nobody redeems a code that is older than a minute.
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")  # RFC 7636, section 4.1.


class CodeRefused(Refused):
    """A code that is unknown, used, expired, or of another request."""

    code = "invalid-grant"
    message = "The authorization code cannot be used."


class SignedIn(msgspec.Struct, frozen=True, kw_only=True):
    """Who signed in, when, and for which request."""

    person: Person
    request: AuthorizationRequest
    signed_in_at: datetime


class Codes:
    """The codes of one provider process, in memory."""

    def __init__(self) -> None:
        self._open: dict[str, SignedIn] = {}

    def issue(self, signed_in: SignedIn) -> str:
        """Return a fresh code, 256 random bits; the oldest goes where there are too many."""
        if len(self._open) >= CODES_MAX:
            del self._open[next(iter(self._open))]
        code = secrets.token_urlsafe(32)
        self._open[code] = signed_in
        return code

    def redeem(
        self, code: str, *, redirect_uri: str, code_verifier: str, now: datetime
    ) -> SignedIn:
        """Return who signed in. The code is spent by the attempt, whatever comes of it.

        Raises:
            CodeRefused: unknown, used, expired; another address, another verifier.
        """
        # Taken out before it is judged: a wrong verifier must not get a second guess.
        signed_in = self._open.pop(code, None)
        if signed_in is None:
            raise CodeRefused(detail="unknown or used")
        if now >= signed_in.signed_in_at + timedelta(seconds=CODE_SECONDS):
            raise CodeRefused(detail="expired")
        if redirect_uri != signed_in.request.redirect_uri:
            raise CodeRefused(detail="another redirect address")
        if not is_verifier_of(signed_in.request.code_challenge, code_verifier):
            raise CodeRefused(detail="another code verifier")
        return signed_in


def is_verifier_of(challenge: str, verifier: str) -> bool:
    """Tell whether a verifier gives the challenge, by S256 (RFC 7636, section 4.6)."""
    if not _VERIFIER.fullmatch(verifier):
        return False
    digest = urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=")
    return hmac.compare_digest(digest, challenge.encode())
