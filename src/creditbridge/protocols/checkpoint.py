"""Checkpoints: what a log was at one size, signed (C2SP tlog-checkpoint).

    example.com/log            the origin, the log's one name
    20852163                   the size
    CsUYapGGPo4dkMgIAUqom...   the root, base64

Further lines are extensions, which we never write and only carry when others do.
"""

import re
from base64 import b64encode
from collections.abc import Iterable

import msgspec

from creditbridge.foundation.errors import Untrusted
from creditbridge.protocols.merkle_tree import HASH_BYTES
from creditbridge.protocols.note_keys import NoteKey, NoteKeyKind, decode_base64
from creditbridge.protocols.signed_note import NoteSigner, open_note

SIZE_MAX = 2**63 - 1
LINES_MIN = 3

_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")


class CheckpointInvalid(Untrusted):
    """A text is no checkpoint, or no key of its log signed it."""

    code = "checkpoint-invalid"
    message = "A checkpoint of the transparency log could not be verified."


class Checkpoint(msgspec.Struct, frozen=True, kw_only=True):
    """The tree head that a log stands by: its name, size, and root (32 bytes)."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()


class OpenedCheckpoint(msgspec.Struct, frozen=True, kw_only=True):
    """A checkpoint that its log signed; `text` is what was signed, and what is timestamped."""

    checkpoint: Checkpoint
    text: str
    signers: tuple[NoteSigner, ...]


def format_checkpoint(checkpoint: Checkpoint) -> str:
    """Return the text to sign, three lines and any extensions, each with its line feed."""
    root = b64encode(checkpoint.root).decode("ascii")
    lines = [checkpoint.origin, str(checkpoint.size), root, *checkpoint.extensions]
    return "".join(f"{line}\n" for line in lines)


def parse_checkpoint(text: str) -> Checkpoint:
    """Return the checkpoint that a note's text is; who signed it is not known here.

    Raises:
        CheckpointInvalid: another form. `01`, `+1`, base64url and a root of 31 bytes are refused.
    """
    lines = text.split("\n")
    # The text ends in a line feed, so the last part is empty and no other may be.
    if len(lines) <= LINES_MIN or lines.pop() != "" or "" in lines:
        raise CheckpointInvalid(detail="fewer than three lines, or an empty one")
    origin, size, root_text, *extensions = lines
    root = decode_base64(root_text)
    # One spelling for one size, or two texts of one tree would need two cosignatures.
    if not _SIZE.fullmatch(size) or int(size) > SIZE_MAX:
        raise CheckpointInvalid(detail="not a size")
    if root is None or len(root) != HASH_BYTES:
        raise CheckpointInvalid(detail="not a root")
    return Checkpoint(origin=origin, size=int(size), root=root, extensions=tuple(extensions))


def open_checkpoint(
    note: bytes | str, *, log_keys: Iterable[NoteKey], witness_keys: Iterable[NoteKey] = ()
) -> OpenedCheckpoint:
    """Return a checkpoint that its log signed, with the witnesses that cosigned it.

    How many witnesses are enough, and which, is the caller's policy.

    Raises:
        NoteInvalid: the note is not well-formed, or a known key's signature is wrong.
        CheckpointInvalid: its text is no checkpoint, or no log key of its origin signed it.
    """
    trusted = list(log_keys)
    opened = open_note(note, [*trusted, *witness_keys])
    checkpoint = parse_checkpoint(opened.text)
    # A key's name is the origin it speaks for: one log's key vouches for no other log. And a key
    # that cosigns says that the log showed this tree, not that it is the log.
    mine = (checkpoint.origin, NoteKeyKind.NOTE)
    of_log = [key for key in trusted if (key.name, key.kind) == mine]
    if not any(signer.key in of_log for signer in opened.signers):
        raise CheckpointInvalid(detail="not signed by its log")
    return OpenedCheckpoint(checkpoint=checkpoint, text=opened.text, signers=opened.signers)
