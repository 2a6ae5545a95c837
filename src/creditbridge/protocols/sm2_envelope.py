"""A digital envelope: a body under a fresh SM4 key, and that key for one reader alone.

As in GM/T 0010-2012 (enveloped data), in JSON: `key` is what SM2 wrapped (`C1 || C3 || C2`),
`nonce` and `text` are of SM4-GCM (tag at the end), all in base64. Associated data tie the envelope
to the message that carries it.
"""

import re
import secrets
from base64 import b64decode, b64encode
from collections.abc import Callable

import msgspec

from creditbridge.foundation.errors import Malformed, Untrusted
from creditbridge.foundation.libcrypto import Sm2Failed
from creditbridge.protocols.sm2_cipher import CipherMalformed
from creditbridge.protocols.sm2_keys import Sm2PublicKey
from creditbridge.protocols.sm4_gcm import KEY_BYTES, NONCE_BYTES, SealBroken, decrypt, encrypt
from creditbridge.protocols.strict_json import decode

_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")


class EnvelopeBroken(Untrusted):
    """An envelope that is none, that is for another reader, or around another message."""

    code = "sm2-envelope-broken"
    message = "An encrypted message could not be opened."


class Envelope(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The envelope as it travels."""

    key: str
    nonce: str
    text: str


def seal_envelope(plain: bytes, reader: Sm2PublicKey, *, associated: bytes) -> bytes:
    """Return an envelope that only the reader opens, as JSON."""
    key, nonce = secrets.token_bytes(KEY_BYTES), secrets.token_bytes(NONCE_BYTES)
    text = encrypt(plain, key=key, nonce=nonce, associated=associated)
    return msgspec.json.encode(
        Envelope(key=_base64(reader.wrap(key)), nonce=_base64(nonce), text=_base64(text))
    )


def open_envelope(raw: bytes, unwrap: Callable[[bytes], bytes], *, associated: bytes) -> bytes:
    """Return what is in the envelope; `unwrap` is the reader's private key.

    Raises:
        EnvelopeBroken: no envelope, another reader's, or not of this message.
    """
    try:
        envelope = decode(raw, Envelope)
        key = unwrap(_unbase64(envelope.key))
        return decrypt(
            _unbase64(envelope.text),
            key=key,
            nonce=_unbase64(envelope.nonce),
            associated=associated,
        )
    except Malformed as error:
        raise EnvelopeBroken(detail="no envelope") from error
    except (CipherMalformed, Sm2Failed, SealBroken) as error:
        # One word for all of them: which step failed would help only whoever tries keys.
        raise EnvelopeBroken(detail="it does not open") from error


def _base64(raw: bytes) -> str:
    return b64encode(raw).decode("ascii")


def _unbase64(text: str) -> bytes:
    if _BASE64.fullmatch(text) is None:
        raise EnvelopeBroken(detail="no base64")
    return b64decode(text)
