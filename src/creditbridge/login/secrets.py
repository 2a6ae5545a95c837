"""What only the browser holds: states, bindings, session cookies. Here lie their digests."""

import hashlib
import re
import secrets

SECRET_BYTES = 32
_SECRET = re.compile(r"[A-Za-z0-9_-]{43}")


def new_secret() -> str:
    """Return 256 random bits in base64url, 43 characters."""
    return secrets.token_urlsafe(SECRET_BYTES)


def digest_secret(secret: str | None) -> bytes | None:
    """Return the SHA-256 of a secret of ours, 32 bytes; None for what cannot be one."""
    if secret is None or _SECRET.fullmatch(secret) is None:
        return None
    # No slow hash: 256 random bits cannot be guessed, and every page asks for this.
    return hashlib.sha256(secret.encode("ascii")).digest()
