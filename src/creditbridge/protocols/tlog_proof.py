"""Proof files: that an entry is in a log, in one text to check offline (C2SP tlog-proof).

c2sp.org/tlog-proof@v1
extra base64                   optional, and not authenticated by anything
index 73894
base64 hash                    the inclusion proof, from the leaf's sibling up
                               an empty line
the signed checkpoint, as its log and its witnesses signed it
"""

import re
from base64 import b64encode
from collections.abc import Iterable, Sequence

import msgspec

from creditbridge.foundation.errors import Untrusted
from creditbridge.protocols.checkpoint import SIZE_MAX, OpenedCheckpoint, open_checkpoint
from creditbridge.protocols.merkle import HASH_BYTES, PROOF_HASHES_MAX, verify_inclusion
from creditbridge.protocols.note_keys import NoteKey, decode_base64

HEADER = "c2sp.org/tlog-proof@v1"

_INDEX = re.compile(r"index (0|[1-9][0-9]{0,18})")
_EXTRA_PREFIX = "extra "


class ProofFileInvalid(Untrusted):
    """A text is no proof file."""

    code = "proof-file-invalid"
    message = "This is not a proof file of a transparency log."


class TlogProof(msgspec.Struct, frozen=True, kw_only=True):
    """A proof file as it stands, not verified."""

    index: int
    hashes: tuple[bytes, ...]
    checkpoint_note: str
    extra: bytes | None = None


def format_proof(
    index: int, hashes: Sequence[bytes], checkpoint_note: str, extra: bytes | None = None
) -> str:
    """Return the proof file; whoever reads it must not rely on `extra`, nothing signs it."""
    lines = [HEADER]
    if extra is not None:
        lines.append(_EXTRA_PREFIX + b64encode(extra).decode("ascii"))
    lines.append(f"index {index}")
    lines.extend(b64encode(each).decode("ascii") for each in hashes)
    return "\n".join(lines) + "\n\n" + checkpoint_note


def parse_proof(text: str) -> TlogProof:
    """Return what a proof file says, nothing of it verified.

    Raises:
        ProofFileInvalid: another form.
    """
    # The checkpoint holds an empty line of its own: here the first one counts.
    head, separator, note = text.partition("\n\n")
    header, *lines = head.split("\n")
    if not separator or header != HEADER:
        raise ProofFileInvalid
    extra = _take_extra(lines)
    index = _INDEX.fullmatch(lines.pop(0)) if lines else None
    if index is None or int(index[1]) >= SIZE_MAX:
        raise ProofFileInvalid(detail="no index")
    hashes = _parse_hashes(lines)
    return TlogProof(index=int(index[1]), hashes=hashes, checkpoint_note=note, extra=extra)


def verify_proof(
    proof: TlogProof,
    *,
    leaf_hash: bytes,
    log_keys: Iterable[NoteKey],
    witness_keys: Iterable[NoteKey] = (),
) -> OpenedCheckpoint:
    """Return the checkpoint under which the leaf was proven to stand in its log.

    Raises:
        NoteInvalid, CheckpointInvalid: the checkpoint is not what the log signed.
        ProofInvalid: the hashes do not lead from the leaf to the checkpoint's root.
    """
    opened = open_checkpoint(proof.checkpoint_note, log_keys=log_keys, witness_keys=witness_keys)
    # Only after the checkpoint: a proof under a root that nobody signed says nothing.
    verify_inclusion(
        leaf_hash,
        index=proof.index,
        size=opened.checkpoint.size,
        proof=proof.hashes,
        root=opened.checkpoint.root,
    )
    return opened


def _take_extra(lines: list[str]) -> bytes | None:
    if not lines or not lines[0].startswith(_EXTRA_PREFIX):
        return None
    extra = decode_base64(lines.pop(0).removeprefix(_EXTRA_PREFIX))
    if extra is None:
        raise ProofFileInvalid(detail="extra data that is not base64")
    return extra


def _parse_hashes(lines: list[str]) -> tuple[bytes, ...]:
    # Before they are decoded: no tree is higher.
    if len(lines) > PROOF_HASHES_MAX:
        raise ProofFileInvalid(detail=f"{len(lines)} hashes")
    hashes: list[bytes] = []
    for line in lines:
        each = decode_base64(line)
        if each is None or len(each) != HASH_BYTES:
            raise ProofFileInvalid(detail="not a hash")
        hashes.append(each)
    return tuple(hashes)
