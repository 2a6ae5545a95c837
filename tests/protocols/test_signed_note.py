"""C2SP signed notes, judged by those of Tessera, Sunlight and the specifications."""

from base64 import b64encode
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings, strategies as st

from creditbridge.foundation.keys import FileKey, name_key
from creditbridge.protocols.signed_note import (
    SIGNATURES_MAX,
    NoteInvalid,
    NoteKey,
    NoteKeyInvalid,
    NoteKeyKind,
    cosign_line,
    note_key,
    open_note,
    parse_note,
    sign_line,
    sign_note,
)

STABLE = settings(derandomize=True, deadline=None, max_examples=200)
NAME, TEXT = "example.com/log", "example.com/log\n7\n\nlast line\n"


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """One note of the vectors."""

    file: str
    verifier_keys: list[str]
    valid: bool


class Index(msgspec.Struct, frozen=True):
    """The index of the vectors."""

    notes: list[Note]


def signer(seed: int) -> FileKey:
    """Return a signer that is the same on every run."""
    private = Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
    return FileKey(key=name_key(private.public_key()), private=private)


LOG, WITNESS, STRANGER = signer(1), signer(2), signer(3)
LOG_KEY = note_key(NAME, LOG.key)
WITNESS_KEY = note_key("witness.example", WITNESS.key, kind=NoteKeyKind.COSIGNATURE)
NOTE = sign_note(TEXT, NAME, LOG)


def test_all_24_notes_of_others_are_opened_or_refused_as_printed(vectors: Path) -> None:
    """Each is well-formed; 20 open with the printed keys; without a known key none does."""
    folder = vectors / "tlog"
    notes = msgspec.json.decode((folder / "index.json").read_bytes(), type=Index).notes
    opened = 0

    for note in notes:
        raw = (folder / note.file).read_bytes()
        keys = [NoteKey.parse(text) for text in note.verifier_keys]
        assert raw.startswith(parse_note(raw).text.encode())
        if note.valid:
            assert [signed.key for signed in open_note(raw, keys).signers] == keys
            opened += 1
        with pytest.raises(NoteInvalid):
            open_note(raw, [])

    assert (len(notes), opened) == (24, 20)


def test_a_poem_keeps_the_empty_line_inside_it(vectors: Path) -> None:
    """The text ends at the last empty line, not at the first."""
    note = parse_note((vectors / "tlog" / "c2sp" / "quasimodo.txt").read_bytes())

    assert note.text.endswith("sole:\n\ned \u00e8 subito sera.\n")
    assert [signature.name for signature in note.signatures] == ["quasimodo.example/salvatore"]


def test_a_witness_of_another_house_tells_its_time(vectors: Path) -> None:
    """Sunlight's witness cosigned in Unix seconds; the log's own RFC 6962 line is passed over."""
    raw = (vectors / "tlog" / "sunlight" / "witness" / "checkpoint").read_bytes()
    key = NoteKey.parse("witness.example.org+b8a2cf20+BFLN3yikSfFkVAJtrnh/CiY3Zozkoy7clp+P7XB28qUN")

    opened = open_note(raw, [key])

    assert [signed.cosigned_at for signed in opened.signers] == [1767139200]
    assert len(parse_note(raw).signatures) == 2


def test_a_note_opens_for_those_who_know_the_key() -> None:
    """Text and signer come back as they went in."""
    opened = open_note(NOTE, [LOG_KEY])

    assert opened.text == TEXT
    assert [(signed.key, signed.cosigned_at) for signed in opened.signers] == [(LOG_KEY, None)]
    assert open_note(NOTE.encode(), [LOG_KEY]) == opened


def test_witnesses_add_their_lines_to_a_note() -> None:
    """Signers are told in the order of their lines; a stranger's line is ignored."""
    note = (
        NOTE
        + sign_line(TEXT, NAME, STRANGER)
        + cosign_line(TEXT, "witness.example", WITNESS, cosigned_at=1_700_000_000)
    )

    opened = open_note(note, [WITNESS_KEY, LOG_KEY])

    signers = [(signed.key, signed.cosigned_at) for signed in opened.signers]
    assert signers == [(LOG_KEY, None), (WITNESS_KEY, 1_700_000_000)]


def test_two_keys_of_one_name_both_sign_during_a_key_change() -> None:
    """Name and id together make the key, so old and new stand side by side."""
    successor = note_key(NAME, STRANGER.key)

    opened = open_note(NOTE + sign_line(TEXT, NAME, STRANGER), [LOG_KEY, successor])

    assert [signed.key for signed in opened.signers] == [LOG_KEY, successor]


def forge(key: NoteKey, blob: bytes) -> str:
    """Return a signature line that claims to be the key's."""
    return f"\u2014 {key.name} {b64encode(key.key_id + blob).decode()}\n"


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(forge(LOG_KEY, bytes(64)), id="zeros"),
        pytest.param(forge(LOG_KEY, b"x"), id="short"),
        pytest.param(sign_line("other\n", NAME, LOG), id="another text"),
        pytest.param(forge(WITNESS_KEY, bytes(72)), id="a cosignature at time 0"),
        pytest.param(forge(WITNESS_KEY, bytes(7) + b"\x01" + bytes(64)), id="a false cosignature"),
        pytest.param(forge(WITNESS_KEY, WITNESS.sign(TEXT.encode())), id="a note's signature"),
        pytest.param(
            cosign_line("other\n", "witness.example", WITNESS, cosigned_at=1),
            id="a cosignature of another text",
        ),
    ],
)
def test_one_wrong_signature_of_a_known_key_spoils_the_note(line: str) -> None:
    """However good the other signatures are."""
    with pytest.raises(NoteInvalid):
        open_note(NOTE + line, [LOG_KEY, WITNESS_KEY])


@pytest.mark.parametrize(
    "note",
    [
        "",
        "\n",
        TEXT,
        TEXT + "\n",
        NOTE[:-1],
        NOTE + "\n",
        NOTE + "\n\n",
        NOTE + "text\n",
        NOTE.replace("\n\n\u2014", "\n\u2014"),
        NOTE.replace("\u2014 ", "- "),
        NOTE.replace("\u2014 ", "\u2014  "),
        NOTE.replace("\u2014 ", "\u2014\u00a0"),
        NOTE.replace("\n", "\r\n"),
        NOTE.replace("7", "\x00"),
        NOTE.replace("7", "\t"),
        NOTE.replace("7", "\x1f"),
        NOTE.replace("7", "\ud800"),
        TEXT + f"\n\u2014 {NAME} AAAAAA==\n",
        TEXT + f"\n\u2014 {NAME} AAAA_AAA\n",
        TEXT + f"\n\u2014 {NAME} AAAAAAB=\n",
        TEXT + "\n\u2014 a+b AAAAAAA=\n",
        TEXT + "\n\u2014  AAAAAAA=\n",
        NOTE + f"\u2014 {NAME} AAAAAAA=\n" * SIGNATURES_MAX,
        "x" * 262_144 + NOTE,
    ],
)
def test_what_is_not_well_formed_is_refused(note: str) -> None:
    """No text, no signature, another dash, control characters, bad base64, a flood."""
    with pytest.raises(NoteInvalid):
        parse_note(note)


def test_bytes_that_are_not_utf8_are_refused() -> None:
    """Nobody could agree on what such a text says."""
    with pytest.raises(NoteInvalid):
        parse_note(b"\xff\n\n" + NOTE.encode())


def test_sixteen_signatures_are_accepted_at_least() -> None:
    """The specification asks for that much; we take 64."""
    strange = f"\u2014 {NAME} AAAAAAA=\n"

    assert len(parse_note(NOTE + strange * 15).signatures) == 16
    assert len(parse_note(NOTE + strange * 63).signatures) == SIGNATURES_MAX


@pytest.mark.parametrize("text", ["", "no end", "a\tb\n", "\ud800\n"])
def test_what_cannot_be_a_text_is_not_signed(text: str) -> None:
    """The signer refuses what the reader would."""
    with pytest.raises(NoteInvalid):
        sign_note(text, NAME, LOG)
    with pytest.raises(NoteInvalid):
        cosign_line(text, NAME, WITNESS, cosigned_at=1)


def test_a_name_that_no_line_can_hold_is_not_signed_under() -> None:
    """The name stands between two blanks."""
    with pytest.raises(NoteKeyInvalid):
        sign_note(TEXT, "two words", LOG)


texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.just("\n")).map(
    lambda text: text + "\n"
)


@STABLE
@given(texts)
def test_any_text_that_is_signed_is_opened_unchanged(text: str) -> None:
    """Empty lines, dashes, whole signature lines inside the text: the last empty line decides."""
    assert open_note(sign_note(text, NAME, LOG), [LOG_KEY]).text == text


@STABLE
@given(st.binary(max_size=80), st.integers(0, len(NOTE.encode()) - 1), st.integers(1, 255))
def test_a_damaged_note_never_opens_with_another_text(
    noise: bytes, place: int, change: int
) -> None:
    """One changed byte anywhere, or noise, and there is no note."""
    damaged = bytearray(NOTE.encode())
    damaged[place] ^= change

    for note in (noise, bytes(damaged)):
        with pytest.raises(NoteInvalid):
            open_note(note, [LOG_KEY])
