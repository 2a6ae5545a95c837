"""Nonces that a server wants in proofs, as in RFC 9449 (DPoP), sections 8 and 9.

A proof with such a nonce was not made long before it is used. A nonce is a MAC of its minute: every
node that holds the key makes and knows the same ones, and none is stored.
"""

import hashlib
import hmac
from base64 import urlsafe_b64encode
from datetime import datetime

import msgspec

WINDOW_SECONDS = 60
NONCE_DOMAIN = b"creditbridge-dpop-nonce-v1\x00"
# Of the minute before, so that each nonce lives for one minute at least; and of the next one, for
# the clocks of two nodes differ.
WINDOWS_ACCEPTED = (0, -1, 1)


class ProofNonces(msgspec.Struct, frozen=True, kw_only=True):
    """The nonces of a house; `key` has 32 bytes and is the same on all nodes."""

    key: bytes

    def make(self, *, now: datetime) -> str:
        """Return the nonce of this minute: 43 characters of base64url."""
        return self._derive(_window_of(now))

    def is_fresh(self, nonce: str, *, now: datetime) -> bool:
        """Tell whether a nonce is of this house, and of this minute or one beside it."""
        window, sent = _window_of(now), nonce.encode("utf-8", "surrogatepass")
        return any(
            hmac.compare_digest(self._derive(window + offset).encode("ascii"), sent)
            for offset in WINDOWS_ACCEPTED
        )

    def _derive(self, window: int) -> str:
        mac = hmac.digest(self.key, NONCE_DOMAIN + window.to_bytes(8), hashlib.sha256)
        return urlsafe_b64encode(mac).rstrip(b"=").decode("ascii")


def _window_of(now: datetime) -> int:
    return int(now.timestamp()) // WINDOW_SECONDS
