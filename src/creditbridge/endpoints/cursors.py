"""Where the next page of a list begins, as callers carry it: opaque, signed, theirs alone.

A cursor is bound to whoever was given it and to what the list was narrowed by, so that nobody can
carry it elsewhere; it is worth an hour. Pure: the clock is an argument.
"""

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime, timedelta

import msgspec

from creditbridge.foundation.errors import Malformed

CURSOR_DOMAIN = b"creditbridge-cursor-v1\x00"
CURSOR_LIFE = timedelta(hours=1)
CURSOR_CHARACTERS_MAX = 512
MAC_BYTES = 32


class CursorInvalid(Malformed):
    """A cursor that was altered, is another caller's or another list's, or is too old."""

    code = "cursor-invalid"
    message = "This cursor is none for this list and caller, or too old; begin the list anew."


class _Place(msgspec.Struct, frozen=True, array_like=True):
    """What a cursor holds: the last id that was shown, and until when it is good."""

    before: str
    expires_at: int


class Cursors(msgspec.Struct, frozen=True):
    """The cursors of a house; `key` is the same on all nodes."""

    key: bytes

    def make(self, before: str, *, bound_to: tuple[str, ...], now: datetime) -> str:
        """Return the cursor behind an id, for the caller and the filter in `bound_to`."""
        place = msgspec.json.encode(_Place(before, int((now + CURSOR_LIFE).timestamp())))
        return urlsafe_b64encode(self._mac(place, bound_to) + place).rstrip(b"=").decode("ascii")

    def read(self, cursor: str, *, bound_to: tuple[str, ...], now: datetime) -> str:
        """Return the id that the page begins behind.

        Raises:
            CursorInvalid: not made here for `bound_to`, or too old.
        """
        raw = _decode(cursor)
        mac, place = raw[:MAC_BYTES], raw[MAC_BYTES:]
        if not hmac.compare_digest(mac, self._mac(place, bound_to)):
            raise CursorInvalid
        found = msgspec.json.decode(place, type=_Place)
        if now.timestamp() >= found.expires_at:
            raise CursorInvalid(detail="too old")
        return found.before

    def _mac(self, place: bytes, bound_to: tuple[str, ...]) -> bytes:
        bound = msgspec.json.encode(bound_to)
        message = CURSOR_DOMAIN + len(bound).to_bytes(4) + bound + place
        return hmac.digest(self.key, message, hashlib.sha256)


def _decode(cursor: str) -> bytes:
    if len(cursor) > CURSOR_CHARACTERS_MAX or not cursor.isascii():
        raise CursorInvalid
    try:
        raw = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    except ValueError as error:
        raise CursorInvalid from error
    # One spelling: the bits that padding leaves over are not free.
    if urlsafe_b64encode(raw).rstrip(b"=") != cursor.encode("ascii"):
        raise CursorInvalid
    return raw
