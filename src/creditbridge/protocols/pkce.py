"""Proof that whoever redeems a code began the flow that it ends, as in RFC 7636. S256 alone.

With the method `plain`, who reads the request holds the proof (section 7.2).
"""

import hashlib
import hmac
import re
from base64 import urlsafe_b64encode

from creditbridge.foundation.errors import Refused

# Unreserved characters; shorter ones could be guessed (section 4.1).
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")


class VerifierMismatch(Refused):
    """No verifier, one that none can be, or that of another challenge."""

    code = "verifier-mismatch"
    message = "The code_verifier does not belong to the code_challenge of this flow."


def challenge_of(verifier: str) -> str:
    """Return the S256 code challenge: 43 characters of base64url (section 4.2)."""
    digest = hashlib.sha256(verifier.encode("ascii")).digest()
    return urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


def require_verifier(verifier: str | None, challenge: str) -> None:
    """Accept the verifier from which a challenge was made (section 4.6).

    Raises:
        VerifierMismatch: it is missing, malformed or another one.
    """
    if verifier is None or _VERIFIER.fullmatch(verifier) is None:
        raise VerifierMismatch(detail="no verifier")
    if not hmac.compare_digest(challenge_of(verifier), challenge):
        raise VerifierMismatch
