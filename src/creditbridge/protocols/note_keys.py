"""The keys of signed notes (C2SP signed-note): a name, a type, an id made of both."""

import hashlib
import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from enum import IntEnum

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from creditbridge.foundation.errors import Malformed
from creditbridge.foundation.keys import PublicKey

KEY_ID_BYTES = 4

_PUBLIC_KEY_BYTES = 32
_VERIFIER_KEY = re.compile(r"([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)")


class NoteKeyInvalid(Malformed):
    """A text is no verifier key of a kind that is known here, or a name cannot be a key's name."""

    code = "note-key-invalid"
    message = "This is not a key for signed notes."


class NoteKeyKind(IntEnum):
    """What a key signs; the value is the type byte of the specification."""

    NOTE = 0x01
    COSIGNATURE = 0x04


class NoteKey(msgspec.Struct, frozen=True, kw_only=True):
    """An Ed25519 key that may sign notes: its name, its kind, its 32 bytes."""

    name: str
    kind: NoteKeyKind
    raw: bytes

    @property
    def key_id(self) -> bytes:
        """The first 4 bytes of SHA-256 over name, LF, type byte and public key."""
        typed = bytes([self.kind]) + self.raw
        return hashlib.sha256(self.name.encode() + b"\n" + typed).digest()[:KEY_ID_BYTES]

    def format(self) -> str:
        """Return the verifier key: `name+8 hexadecimal digits+base64(type, key)`."""
        typed = b64encode(bytes([self.kind]) + self.raw).decode("ascii")
        return f"{self.name}+{self.key_id.hex()}+{typed}"

    @staticmethod
    def parse(text: str) -> "NoteKey":
        """Return the key that a verifier key names.

        Raises:
            NoteKeyInvalid: another form, another kind of key, or an id that is not the key's.
        """
        parts = _VERIFIER_KEY.fullmatch(text)
        typed = decode_base64(parts[3]) if parts else None
        if parts is None or typed is None or len(typed) != 1 + _PUBLIC_KEY_BYTES:
            raise NoteKeyInvalid
        if typed[0] not in {kind.value for kind in NoteKeyKind}:
            raise NoteKeyInvalid(detail=f"type {typed[0]}")
        key = NoteKey(name=parts[1], kind=NoteKeyKind(typed[0]), raw=typed[1:])
        # A mistyped pin must not silently trust another key.
        if key.key_id.hex() != parts[2]:
            raise NoteKeyInvalid(detail="the id is not that of the key")
        return key


def note_key(name: str, public_key: PublicKey, *, kind: NoteKeyKind = NoteKeyKind.NOTE) -> NoteKey:
    """Return an Ed25519 key under the name by which notes know it.

    Raises:
        NoteKeyInvalid: another algorithm, or a name that is empty or holds a blank or `+`.
    """
    if not isinstance(public_key.material, Ed25519PublicKey) or not re.fullmatch(r"[^\s+]+", name):
        raise NoteKeyInvalid
    raw = public_key.material.public_bytes(Encoding.Raw, PublicFormat.Raw)
    return NoteKey(name=name, kind=kind, raw=raw)


def decode_base64(text: str) -> bytes | None:
    """Return what standard base64 says (RFC 4648, section 4); None where it is not canonical."""
    try:
        raw = b64decode(text, validate=True)
    except (Base64Error, ValueError):
        return None
    # Trailing bits that no byte holds must be zero, or one blob would have several spellings.
    return raw if b64encode(raw).decode("ascii") == text else None
