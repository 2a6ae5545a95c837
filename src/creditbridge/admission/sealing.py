"""Answers at rest: AES-256-GCM (NIST SP 800-38D), bound to the key they were given under."""

import hashlib
import secrets

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from creditbridge.admission.model import KeyName, Outcome
from creditbridge.admission.settings import SEALING_KEY_BYTES
from creditbridge.foundation.errors import CreditbridgeError, Untrusted

NONCE_BYTES = 12
SEAL_DOMAIN = b"creditbridge-answer-v1\x00"


class SealBroken(Untrusted):
    """A kept answer is not what was kept, or was kept under another sealing key or name."""

    code = "answer-seal-broken"
    message = "The kept answer cannot be opened."


class SealingKeyUnusable(CreditbridgeError):
    """The sealing key does not have 32 bytes."""

    code = "sealing-key-unusable"
    message = "The sealing key for kept answers must be 32 random bytes; start is refused."


class Sealer:
    """Seals and opens answers under one key that all nodes share."""

    def __init__(self, key: bytes) -> None:
        if len(key) != SEALING_KEY_BYTES:
            raise SealingKeyUnusable
        self._cipher = AESGCM(key)

    def seal(self, name: KeyName, outcome: Outcome) -> bytes:
        """Return nonce and ciphertext; a random nonce allows 2^32 uses of one key."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        plain = msgspec.msgpack.encode(outcome)
        return nonce + self._cipher.encrypt(nonce, plain, _bind(name))

    def open(self, name: KeyName, sealed: bytes) -> Outcome:
        """Return the outcome that was sealed under this very name.

        Raises:
            SealBroken: changed bytes, another row's bytes, another sealing key.
        """
        nonce, ciphertext = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
        try:
            plain = self._cipher.decrypt(nonce, ciphertext, _bind(name))
        except (InvalidTag, ValueError) as error:
            raise SealBroken from error
        return msgspec.msgpack.decode(plain, type=Outcome)


def _bind(name: KeyName) -> bytes:
    """Return the associated data: each part has its own digest, so that none runs into the next."""
    parts = (name.client_id, name.route, name.key)
    return SEAL_DOMAIN + b"".join(hashlib.sha256(part.encode()).digest() for part in parts)
