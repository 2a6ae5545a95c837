"""Verifier keys of C2SP signed-note, judged by those that others print."""

from base64 import b64encode

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from creditbridge.foundation.keys import PublicKey, name_key
from creditbridge.protocols.note_keys import (
    NoteKey,
    NoteKeyInvalid,
    NoteKeyKind,
    decode_base64,
    note_key,
)

EXAMPLE = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
WITNESS = "witness.example.org+b8a2cf20+BFLN3yikSfFkVAJtrnh/CiY3Zozkoy7clp+P7XB28qUN"


def public_key() -> PublicKey:
    """Return an Ed25519 key that is the same on every run."""
    return name_key(Ed25519PrivateKey.from_private_bytes(bytes(32)).public_key())


@pytest.mark.parametrize(
    ("text", "name", "kind", "key_id"),
    [
        (EXAMPLE, "example.com/foo", NoteKeyKind.NOTE, "530d903a"),
        (WITNESS, "witness.example.org", NoteKeyKind.COSIGNATURE, "b8a2cf20"),
    ],
)
def test_a_printed_key_is_read_and_written_again(
    text: str, name: str, kind: NoteKeyKind, key_id: str
) -> None:
    """Name, type and id are those that the log and the witness print."""
    key = NoteKey.parse(text)

    assert (key.name, key.kind, key.key_id.hex()) == (name, kind, key_id)
    assert key.format() == text


def test_one_key_has_two_ids_for_two_kinds_of_signature() -> None:
    """The type byte is part of the id, so a note's signature is never taken for a cosignature."""
    log = note_key("example.com/log", public_key())
    witness = note_key("example.com/log", public_key(), kind=NoteKeyKind.COSIGNATURE)

    assert log.raw == witness.raw
    assert log.key_id != witness.key_id
    assert NoteKey.parse(log.format()) == log
    assert NoteKey.parse(witness.format()) == witness


@pytest.mark.parametrize(
    "text",
    [
        "",
        "example.com/foo",
        EXAMPLE.replace("530d903a", "530d903b"),
        EXAMPLE.replace("530d903a", "530D903A"),
        EXAMPLE.replace("example.com/foo", "example.com/bar"),
        EXAMPLE.replace("example.com/foo", "example.com foo"),
        EXAMPLE.replace("example.com/foo", ""),
        EXAMPLE + "\n",
        EXAMPLE[:-1],
        EXAMPLE[:-4],
        EXAMPLE[:-1] + "=",
        "a+00000000+" + b64encode(b"\x05" + bytes(32)).decode(),
        "a+00000000+" + b64encode(b"\x06" + bytes(1312)).decode(),
    ],
)
def test_any_other_text_is_no_key(text: str) -> None:
    """Wrong ids, other kinds and other lengths are refused before anything relies on them."""
    with pytest.raises(NoteKeyInvalid):
        NoteKey.parse(text)


@pytest.mark.parametrize("name", ["", "two words", "a+b", "line\n", "no\u00a0break"])
def test_a_name_has_no_blanks_and_no_plus(name: str) -> None:
    """Unicode's blanks count too, for they would split the line."""
    with pytest.raises(NoteKeyInvalid):
        note_key(name, public_key())


def test_only_ed25519_signs_notes() -> None:
    """A P-256 key may sign messages, not notes."""
    other = name_key(ec.derive_private_key(7, ec.SECP256R1()).public_key())

    with pytest.raises(NoteKeyInvalid):
        note_key("example.com/log", other)


@pytest.mark.parametrize(
    ("text", "raw"),
    [
        ("", b""),
        ("/+8=", b"\xff\xef"),
        ("/+9=", None),
        ("_-8=", None),
        ("/+8", None),
        ("/+8=\n", None),
        ("/+ 8=", None),
        ("\uff21", None),
    ],
)
def test_base64_is_standard_padded_and_canonical(text: str, raw: bytes | None) -> None:
    """Bits that no byte holds are zero, so that one blob has one spelling."""
    assert decode_base64(text) == raw
