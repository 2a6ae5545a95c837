"""C2SP tlog-checkpoint, judged by the checkpoints of Tessera, Sunlight and the specification."""

from base64 import b64decode
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from creditbridge.foundation.keys import FileKey, name_key
from creditbridge.protocols.checkpoint import (
    Checkpoint,
    CheckpointInvalid,
    format_checkpoint,
    open_checkpoint,
    parse_checkpoint,
)
from creditbridge.protocols.note_keys import NoteKey, NoteKeyKind, note_key
from creditbridge.protocols.signed_note import (
    NoteInvalid,
    cosign_line,
    parse_note,
    sign_line,
    sign_note,
)

ORIGIN = "example.com/log"
ROOT = bytes(range(32))
ROOT_TEXT = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
TEXT = f"{ORIGIN}\n7\n{ROOT_TEXT}\n"


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """One note of the vectors."""

    file: str
    verifier_keys: list[str]
    checkpoint: bool
    valid: bool
    size: int | None = None


class Log(msgspec.Struct, frozen=True, kw_only=True):
    """A foreign log: its name and its roots by size."""

    folder: str
    origin: str
    roots: list[str]


class Index(msgspec.Struct, frozen=True):
    """The index of the vectors."""

    notes: list[Note]
    logs: list[Log]


@pytest.fixture(scope="module")
def index(vectors: Path) -> Index:
    """The index of the vectors."""
    return msgspec.json.decode((vectors / "tlog" / "index.json").read_bytes(), type=Index)


def signer(seed: int) -> FileKey:
    """Return a signer that is the same on every run."""
    private = Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
    return FileKey(key=name_key(private.public_key()), private=private)


LOG, WITNESS = signer(1), signer(2)
LOG_KEY = note_key(ORIGIN, LOG.key)
WITNESS_KEY = note_key("witness.example", WITNESS.key, kind=NoteKeyKind.COSIGNATURE)


def test_all_22_checkpoints_of_others_are_read_and_written_again(
    vectors: Path, index: Index
) -> None:
    """Each has the size that the index prints, and its text comes out as it went in."""
    notes = [note for note in index.notes if note.checkpoint]

    for note in notes:
        text = parse_note((vectors / "tlog" / note.file).read_bytes()).text
        checkpoint = parse_checkpoint(text)
        assert checkpoint.size == note.size, note.file
        assert format_checkpoint(checkpoint) == text, note.file

    assert len(notes) == 22


def test_tesseras_16_checkpoints_are_signed_by_its_log(vectors: Path, index: Index) -> None:
    """Sizes 0 to 15, each with the root that its entries give."""
    log = index.logs[0]
    notes = [note for note in index.notes if note.file.startswith("tessera-log/")]

    for note in notes:
        keys = [NoteKey.parse(text) for text in note.verifier_keys]
        opened = open_checkpoint((vectors / "tlog" / note.file).read_bytes(), log_keys=keys)
        assert opened.checkpoint.origin == log.origin
        assert opened.checkpoint.root == b64decode(log.roots[opened.checkpoint.size])

    assert len(notes) == 16


def test_a_checkpoint_is_three_lines() -> None:
    """Origin, size, root, each with its line feed; extensions follow where others wrote them."""
    checkpoint = Checkpoint(origin=ORIGIN, size=7, root=ROOT)
    extended = Checkpoint(origin=ORIGIN, size=7, root=ROOT, extensions=("more", "and more"))

    assert format_checkpoint(checkpoint) == TEXT
    assert parse_checkpoint(TEXT) == checkpoint
    assert parse_checkpoint(TEXT + "more\nand more\n") == extended
    assert format_checkpoint(extended) == TEXT + "more\nand more\n"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        f"{ORIGIN}\n7\n",
        f"{ORIGIN}\n7\n{ROOT_TEXT}",
        f"\n7\n{ROOT_TEXT}\n",
        TEXT + "\n",
        TEXT + "\nmore\n",
        TEXT + "more",
        TEXT.replace("7", "07", 1),
        TEXT.replace("7", "+7", 1),
        TEXT.replace("7", "-7", 1),
        TEXT.replace("7", " 7", 1),
        TEXT.replace("7", "\u0667", 1),
        TEXT.replace("7", "7_0", 1),
        TEXT.replace("7", "9223372036854775808", 1),
        TEXT.replace("7", "7" * 5000, 1),
        TEXT.replace(ROOT_TEXT, ROOT_TEXT[:-4]),
        TEXT.replace(ROOT_TEXT, ROOT_TEXT[:-1]),
        TEXT.replace(ROOT_TEXT, "__" + ROOT_TEXT[2:]),
        TEXT.replace(ROOT_TEXT, ROOT_TEXT[:-2] + "9="),
        TEXT.replace(ROOT_TEXT, ""),
    ],
)
def test_any_other_text_is_no_checkpoint(text: str) -> None:
    """Leading zeros, signs, other digits, base64url, 31 bytes, empty lines: all refused."""
    with pytest.raises(CheckpointInvalid):
        parse_checkpoint(text)


def test_the_largest_size_is_accepted() -> None:
    """Sizes have 63 bits."""
    assert parse_checkpoint(TEXT.replace("7", str(2**63 - 1), 1)).size == 2**63 - 1


def test_a_checkpoint_opens_with_its_witnesses() -> None:
    """The signed text is kept: it is what witnesses cosign and what is timestamped."""
    line = cosign_line(TEXT, "witness.example", WITNESS, cosigned_at=1_700_000_000)
    note = sign_note(TEXT, ORIGIN, LOG) + line

    opened = open_checkpoint(note, log_keys=[LOG_KEY], witness_keys=[WITNESS_KEY])

    assert opened.checkpoint == Checkpoint(origin=ORIGIN, size=7, root=ROOT)
    assert opened.text == TEXT
    assert [signed.key for signed in opened.signers] == [LOG_KEY, WITNESS_KEY]


def test_a_witness_alone_does_not_speak_for_the_log() -> None:
    """Without the log's own signature there is no checkpoint, whoever cosigned."""
    note = f"{TEXT}\n{cosign_line(TEXT, 'witness.example', WITNESS, cosigned_at=1)}"

    with pytest.raises(CheckpointInvalid):
        open_checkpoint(note, log_keys=[LOG_KEY], witness_keys=[WITNESS_KEY])


def test_one_logs_key_does_not_speak_for_another_log() -> None:
    """A key's name is the origin, or a pinned log could vouch for a stranger's tree."""
    other = note_key("example.com/other", LOG.key)
    note = f"{TEXT}\n{sign_line(TEXT, 'example.com/other', LOG)}"

    with pytest.raises(CheckpointInvalid):
        open_checkpoint(note, log_keys=[LOG_KEY, other])


def test_a_cosignature_under_the_logs_name_is_not_its_signature() -> None:
    """A key of the kind that witnesses have never stands for the log."""
    cosigner = note_key(ORIGIN, LOG.key, kind=NoteKeyKind.COSIGNATURE)
    note = f"{TEXT}\n{cosign_line(TEXT, ORIGIN, LOG, cosigned_at=1)}"

    with pytest.raises(CheckpointInvalid):
        open_checkpoint(note, log_keys=[cosigner])


def test_an_unsigned_or_wrongly_signed_checkpoint_is_refused() -> None:
    """The note is opened before its text is read."""
    with pytest.raises(NoteInvalid):
        open_checkpoint(sign_note(TEXT, ORIGIN, WITNESS), log_keys=[LOG_KEY])
    with pytest.raises(NoteInvalid):
        open_checkpoint(TEXT, log_keys=[LOG_KEY])


def test_a_signed_text_that_is_no_checkpoint_is_refused() -> None:
    """A log's key signs checkpoints only."""
    with pytest.raises(CheckpointInvalid):
        open_checkpoint(sign_note("hello\n", ORIGIN, LOG), log_keys=[LOG_KEY])
