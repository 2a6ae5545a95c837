"""Signed notes (C2SP signed-note), with the cosignatures of witnesses (C2SP tlog-cosignature).

    text, one or more lines
                                                the last empty line
    — example.com/log base64(key id, signature)

A note is text that one or more keys signed. A key is known by its name together with its id; a
signature of an unknown key says nothing and is ignored, a wrong one of a known key spoils the note.
"""

import re
from base64 import b64encode
from collections.abc import Iterable

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from creditbridge.foundation.errors import SignatureInvalid, Untrusted
from creditbridge.foundation.keys import Signer, name_key
from creditbridge.protocols.note_keys import (
    KEY_ID_BYTES,
    NoteKey,
    NoteKeyInvalid,
    NoteKeyKind,
    decode_base64,
    note_key,
)

__all__ = [
    "NoteInvalid",
    "NoteKey",
    "NoteKeyInvalid",
    "NoteKeyKind",
    "NoteSignature",
    "NoteSigner",
    "OpenedNote",
    "UnverifiedNote",
    "cosign_line",
    "note_key",
    "open_note",
    "parse_note",
    "sign_line",
    "sign_note",
]

# The specification wants 16 signatures at least; one of a post-quantum key may take 5 kB.
SIGNATURES_MAX = 64
NOTE_BYTES_MAX = 262_144

_TIME_BYTES = 8
_SIGNATURE_LINE = re.compile(r"\u2014 ([^\s+]+) ([A-Za-z0-9+/=]+)\n")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")


class NoteInvalid(Untrusted):
    """A note is not well-formed, not signed by a known key, or wrongly signed by one."""

    code = "note-invalid"
    message = "A signed note of the transparency log could not be verified."


class NoteSignature(msgspec.Struct, frozen=True, kw_only=True):
    """One signature line as it stands, not verified."""

    name: str
    key_id: bytes
    signature: bytes


class UnverifiedNote(msgspec.Struct, frozen=True, kw_only=True):
    """A well-formed note of which nothing is known to be true."""

    text: str
    signatures: tuple[NoteSignature, ...]


class NoteSigner(msgspec.Struct, frozen=True, kw_only=True):
    """A known key whose signature held; `cosigned_at` is a witness's own time, in Unix seconds.

    Whether that time lies in the future is for the caller's policy to ask: there is no clock here.
    """

    key: NoteKey
    cosigned_at: int | None = None


class OpenedNote(msgspec.Struct, frozen=True, kw_only=True):
    """The text of a note that at least one known key signed, with those that did, in order."""

    text: str
    signers: tuple[NoteSigner, ...]


def sign_note(text: str, name: str, signer: Signer) -> str:
    """Return the note: the text, an empty line, one signature line.

    Raises:
        NoteInvalid: the text does not end in LF or holds another control character.
        NoteKeyInvalid: the signer's key is not Ed25519, or the name cannot be a key's name.
    """
    return f"{text}\n{sign_line(text, name, signer)}"


def sign_line(text: str, name: str, signer: Signer) -> str:
    """Return a signature line to append to a note with this text.

    Raises:
        NoteInvalid, NoteKeyInvalid: as `sign_note`.
    """
    _require_text(text)
    key = note_key(name, signer.key)
    return _format_line(key, signer.sign(text.encode()))


def cosign_line(text: str, name: str, signer: Signer, *, cosigned_at: int) -> str:
    """Return a witness's cosignature line (C2SP tlog-cosignature); the time is in Unix seconds.

    Raises:
        NoteInvalid, NoteKeyInvalid: as `sign_note`.
    """
    _require_text(text)
    key = note_key(name, signer.key, kind=NoteKeyKind.COSIGNATURE)
    signature = signer.sign(_cosigned_bytes(text, cosigned_at))
    return _format_line(key, cosigned_at.to_bytes(_TIME_BYTES) + signature)


def parse_note(note: bytes | str) -> UnverifiedNote:
    """Return the parts of a note, none of them verified.

    Raises:
        NoteInvalid: not well-formed, or larger than anything that is honestly signed.
    """
    content = _require_content(note)
    # The text may hold empty lines itself: the last one counts.
    text, separator, lines = content.rpartition("\n\n")
    signatures = [_parse_line(line) for line in lines.splitlines(keepends=True)]
    if not separator or not 0 < len(signatures) <= SIGNATURES_MAX:
        raise NoteInvalid(detail="no text, no signature, or too many")
    return UnverifiedNote(text=text + "\n", signatures=tuple(signatures))


def open_note(note: bytes | str, keys: Iterable[NoteKey]) -> OpenedNote:
    """Return the text of a note that known keys signed.

    Raises:
        NoteInvalid: not well-formed, signed by no known key, or wrongly by one of them.
    """
    unverified = parse_note(note)
    known = {(key.name, key.key_id): key for key in keys}
    signers: list[NoteSigner] = []
    for signature in unverified.signatures:
        key = known.get((signature.name, signature.key_id))
        if key is not None:
            signers.append(_verify(key, signature.signature, unverified.text))
    if not signers:
        raise NoteInvalid(detail="signed by no known key")
    return OpenedNote(text=unverified.text, signers=tuple(signers))


def _verify(key: NoteKey, signature: bytes, text: str) -> NoteSigner:
    public_key = name_key(Ed25519PublicKey.from_public_bytes(key.raw), key_id=key.name)
    try:
        if key.kind is NoteKeyKind.NOTE:
            public_key.verify(signature, text.encode())
            return NoteSigner(key=key)
        cosigned_at = int.from_bytes(signature[:_TIME_BYTES])
        if cosigned_at == 0:
            raise NoteInvalid(detail="a cosignature without a time")
        public_key.verify(signature[_TIME_BYTES:], _cosigned_bytes(text, cosigned_at))
    except SignatureInvalid as error:
        raise NoteInvalid(detail=f"a wrong signature of {key.name}") from error
    return NoteSigner(key=key, cosigned_at=cosigned_at)


def _cosigned_bytes(text: str, cosigned_at: int) -> bytes:
    return f"cosignature/v1\ntime {cosigned_at}\n{text}".encode()


def _format_line(key: NoteKey, signature: bytes) -> str:
    blob = b64encode(key.key_id + signature).decode("ascii")
    return f"\u2014 {key.name} {blob}\n"


def _parse_line(line: str) -> NoteSignature:
    parts = _SIGNATURE_LINE.fullmatch(line)
    blob = decode_base64(parts[2]) if parts else None
    if parts is None or blob is None or len(blob) <= KEY_ID_BYTES:
        raise NoteInvalid(detail="not a signature line")
    return NoteSignature(name=parts[1], key_id=blob[:KEY_ID_BYTES], signature=blob[KEY_ID_BYTES:])


def _require_content(note: bytes | str) -> str:
    try:
        raw = note.encode() if isinstance(note, str) else note
        content = raw.decode()
    except UnicodeError as error:
        raise NoteInvalid(detail="not UTF-8") from error
    if len(raw) > NOTE_BYTES_MAX:
        raise NoteInvalid(detail=f"{len(raw)} bytes")
    if _CONTROL.search(content) is not None:
        raise NoteInvalid(detail="a control character")
    return content


def _require_text(text: str) -> None:
    if not _require_content(text).endswith("\n"):
        raise NoteInvalid(detail="a text that does not end in a line feed")
