"""Secrets of tokens and codes: opaque, 256 random bits, known here by their digests alone."""

import hashlib
import secrets

# Prefixes that scanners can search for, no secrets.
TOKEN_PREFIX = "cbt_"  # noqa: S105
CODE_PREFIX = "cba_"
REFRESH_PREFIX = "cbr_"
TOKEN_RANDOM_BYTES = 32


def new_secret(prefix: str = TOKEN_PREFIX) -> str:
    """Return a fresh secret: a prefix of four characters and 43 of base64url."""
    return prefix + secrets.token_urlsafe(TOKEN_RANDOM_BYTES)


def digest_secret(secret: str) -> bytes:
    """Return what is kept of a secret: SHA-256, 32 bytes.

    A slow hash would protect guessable secrets; 256 random bits are not.
    """
    return hashlib.sha256(secret.encode()).digest()
