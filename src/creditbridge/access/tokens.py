"""The secret of a token: opaque, 256 random bits, known here by its digest alone."""

import hashlib
import secrets

TOKEN_PREFIX = "cbt_"  # noqa: S105 - a prefix that scanners can search for, no secret
TOKEN_RANDOM_BYTES = 32


def new_secret() -> str:
    """Return a fresh token: `cbt_` and 43 characters of base64url."""
    return TOKEN_PREFIX + secrets.token_urlsafe(TOKEN_RANDOM_BYTES)


def digest_secret(secret: str) -> bytes:
    """Return what is kept of a token: SHA-256, 32 bytes.

    A slow hash would protect guessable secrets; 256 random bits are not.
    """
    return hashlib.sha256(secret.encode()).digest()
