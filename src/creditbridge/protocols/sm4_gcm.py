"""SM4 in Galois/Counter Mode: a body that is secret and whole, under a key of its own.

As in GB/T 32907-2016 (the cipher) and RFC 8998, section 3.2 (the mode: nonce 12 bytes, tag 16).
"""

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import SM4
from cryptography.hazmat.primitives.ciphers.modes import GCM

from creditbridge.foundation.errors import Untrusted

KEY_BYTES = 16
NONCE_BYTES = 12
TAG_BYTES = 16


class SealBroken(Untrusted):
    """Encrypted bytes do not fit their key, their nonce or what goes with them."""

    code = "sm4-seal-broken"
    message = "An encrypted message could not be opened."


def encrypt(plain: bytes, *, key: bytes, nonce: bytes, associated: bytes) -> bytes:
    """Return the encrypted bytes with their tag; a nonce serves once under a key."""
    if len(nonce) != NONCE_BYTES:
        message = "a nonce has 12 bytes"
        raise ValueError(message)
    encryptor = Cipher(SM4(key), GCM(nonce)).encryptor()
    encryptor.authenticate_additional_data(associated)
    return encryptor.update(plain) + encryptor.finalize() + encryptor.tag


def decrypt(sealed: bytes, *, key: bytes, nonce: bytes, associated: bytes) -> bytes:
    """Return the plain bytes.

    Raises:
        SealBroken: a wrong length, or the tag does not hold; then nothing of it is returned.
    """
    if len(key) != KEY_BYTES or len(nonce) != NONCE_BYTES or len(sealed) < TAG_BYTES:
        raise SealBroken(detail=f"key {len(key)}, nonce {len(nonce)}, sealed {len(sealed)} bytes")
    text, tag = sealed[:-TAG_BYTES], sealed[-TAG_BYTES:]
    decryptor = Cipher(SM4(key), GCM(nonce, tag)).decryptor()
    decryptor.authenticate_additional_data(associated)
    try:
        return decryptor.update(text) + decryptor.finalize()
    except InvalidTag as error:
        raise SealBroken(detail="the tag does not hold") from error
