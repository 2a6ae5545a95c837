"""Bytes within signed documents: base64url without padding (RFC 4648, section 5), one text each."""

from base64 import urlsafe_b64decode, urlsafe_b64encode

from creditbridge.foundation.errors import SignatureInvalid


def write_binary(raw: bytes) -> str:
    """Return base64url without padding."""
    return urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def read_binary(text: str) -> bytes:
    """Return the bytes that a text holds.

    Raises:
        SignatureInvalid: not base64url, or with spare bits.
    """
    try:
        raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError as error:
        raise SignatureInvalid(detail="not base64url") from error
    # Two texts for one signature would be two files for one document.
    if write_binary(raw) != text:
        raise SignatureInvalid(detail="base64url with spare bits")
    return raw
