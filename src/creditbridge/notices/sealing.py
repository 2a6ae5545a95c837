"""Addresses at rest: AES-256-GCM (NIST SP 800-38D), bound to person and enterprise.

The key is derived (HKDF, RFC 5869) from the secret that opens the ledger's entries, which an
operator keeps for ten years anyway; no second secret can get lost.
"""

import hashlib
import secrets
from typing import TypeVar

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from creditbridge.foundation.errors import Untrusted
from creditbridge.notices.model import Reader

T = TypeVar("T")

KEY_BYTES = 32
NONCE_BYTES = 12
KEY_LABEL = b"creditbridge-address-key-v1"
SEAL_LABEL = b"creditbridge-address-v1\x00"


class AddressUnreadable(Untrusted):
    """A kept address is not what was kept, or was kept under another secret."""

    code = "address-unreadable"
    message = "A kept address cannot be opened."


class AddressSealer:
    """Seals and opens addresses under one key that all nodes share."""

    def __init__(self, secret: bytes) -> None:
        key = HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=KEY_LABEL).derive(secret)
        self._cipher = AESGCM(key)

    def seal(self, reader: Reader, kept: object) -> bytes:
        """Return nonce and ciphertext; a random nonce allows 2^32 uses of one key."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, msgspec.json.encode(kept), _bind(reader))

    def open(self, reader: Reader, sealed: bytes, kind: type[T]) -> T:
        """Return what was sealed for this very person and enterprise.

        Raises:
            AddressUnreadable: changed bytes, another row's bytes, another secret.
        """
        nonce, ciphertext = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
        try:
            plain = self._cipher.decrypt(nonce, ciphertext, _bind(reader))
        except (InvalidTag, ValueError) as error:
            raise AddressUnreadable from error
        return msgspec.json.decode(plain, type=kind)


def _bind(reader: Reader) -> bytes:
    """Return the associated data: each part has its own digest, so that none runs into the next."""
    parts = (reader.person_id, reader.uscc)
    return SEAL_LABEL + b"".join(hashlib.sha256(part.encode()).digest() for part in parts)
