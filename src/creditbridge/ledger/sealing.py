"""Openings at rest: AES-256-GCM (NIST SP 800-38D), each sealed to the event it belongs to.

The personal part has a key of its own, wrapped by the opening key. Whoever deletes the wrapped key
has erased the names, in every backup that keeps these keys apart; the rest of the entry stays.
"""

import hashlib
import secrets
import stat
from pathlib import Path

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from creditbridge.foundation.errors import Untrusted
from creditbridge.foundation.keys import KeyUnusable

KEY_BYTES = 32
NONCE_BYTES = 12  # Random; one key seals at most 2^32 messages (SP 800-38D, section 8.3).
_KEY_ID_DOMAIN = b"creditbridge-opening-key-v1\x00"


class SealBroken(Untrusted):
    """A sealed opening was changed, moved to another event, or sealed under a lost key."""

    code = "ledger-seal-broken"
    message = "A sealed part of the ledger cannot be opened."


class OpeningKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key that openings are sealed under, with its name."""

    key_id: str
    secret: bytes  # 32 bytes.


class OpeningKeys(msgspec.Struct, frozen=True, kw_only=True):
    """The key that seals today, and those that sealed before it."""

    current: OpeningKey
    retired: tuple[OpeningKey, ...] = ()

    def find(self, key_id: str) -> OpeningKey:
        """Return the key of this name.

        Raises:
            SealBroken: no such key here.
        """
        # Retired keys open and never seal: what was sealed under them is kept for ten years.
        for key in (self.current, *self.retired):
            if key.key_id == key_id:
                return key
        raise SealBroken(detail=f"opening key {key_id} is not loaded")


def name_opening_key(secret: bytes) -> OpeningKey:
    """Return a key of 32 bytes under the name that its digest gives it.

    Raises:
        KeyUnusable: another length.
    """
    if len(secret) != KEY_BYTES:
        raise KeyUnusable(detail=f"an opening key of {len(secret)} bytes instead of {KEY_BYTES}")
    return OpeningKey(
        key_id=hashlib.sha256(_KEY_ID_DOMAIN + secret).hexdigest()[:16], secret=secret
    )


def load_opening_key(path: Path) -> OpeningKey:
    """Return the key of a file that holds 32 bytes, or 64 hexadecimal digits.

    Raises:
        KeyUnusable: absent, readable by group or others, or something else in it.
    """
    try:
        mode = path.stat().st_mode
        content = path.read_bytes()
        secret = content if len(content) == KEY_BYTES else bytes.fromhex(content.decode("ascii"))
    except (OSError, ValueError) as error:
        raise KeyUnusable(detail=f"{path}: {type(error).__name__}") from error
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise KeyUnusable(detail=f"{path} is readable by others; chmod 600 it")
    return name_opening_key(secret)


def draw_key() -> bytes:
    """Return a fresh key for one personal part, 32 bytes."""
    return secrets.token_bytes(KEY_BYTES)


def seal(secret: bytes, plain: bytes, *, belongs_to: str) -> bytes:
    """Return nonce || ciphertext || tag; `belongs_to` is authenticated, not stored."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + AESGCM(secret).encrypt(nonce, plain, belongs_to.encode())


def unseal(secret: bytes, sealed: bytes, *, belongs_to: str) -> bytes:
    """Return what was sealed to the same event under the same key.

    Raises:
        SealBroken: it was not, or a byte of it changed.
    """
    nonce, ciphertext = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
    try:
        return AESGCM(secret).decrypt(nonce, ciphertext, belongs_to.encode())
    except (InvalidTag, ValueError) as error:
        raise SealBroken(detail=f"sealed part of {belongs_to}") from error
