"""A dispute's words at rest: AES-256-GCM (NIST SP 800-38D), bound to the dispute.

The key is derived (HKDF, RFC 5869) from the secret that opens the ledger's entries, under a label
of its own.
"""

import secrets

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from creditbridge.disputes.model import Words
from creditbridge.foundation.errors import Untrusted

KEY_BYTES = 32
NONCE_BYTES = 12
KEY_LABEL = b"creditbridge-dispute-key-v1"
SEAL_LABEL = b"creditbridge-dispute-v1\x00"


class WordsUnreadable(Untrusted):
    """Kept words are not what was kept, or were kept under another secret."""

    code = "dispute-unreadable"
    message = "The words of a dispute cannot be opened."


class WordSealer:
    """Seals and opens what people wrote, under one key that all nodes share."""

    def __init__(self, secret: bytes) -> None:
        key = HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=KEY_LABEL).derive(secret)
        self._cipher = AESGCM(key)

    def seal(self, dispute_id: str, words: Words) -> bytes:
        """Return nonce and ciphertext; a random nonce allows 2^32 uses of one key."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        bound = SEAL_LABEL + dispute_id.encode()
        return nonce + self._cipher.encrypt(nonce, msgspec.json.encode(words), bound)

    def open(self, dispute_id: str, sealed: bytes) -> Words:
        """Return the words of this very dispute.

        Raises:
            WordsUnreadable: changed bytes, another row's bytes, another secret.
        """
        nonce, ciphertext = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
        try:
            plain = self._cipher.decrypt(nonce, ciphertext, SEAL_LABEL + dispute_id.encode())
        except (InvalidTag, ValueError) as error:
            raise WordsUnreadable from error
        return msgspec.json.decode(plain, type=Words)
