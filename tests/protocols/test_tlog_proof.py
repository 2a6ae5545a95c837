"""C2SP tlog-proof files, made of a foreign log's checkpoint and tiles."""

from base64 import b64encode
from pathlib import Path

import pytest

from creditbridge.protocols.checkpoint import CheckpointInvalid
from creditbridge.protocols.merkle import ProofInvalid, hash_leaf, prove_inclusion
from creditbridge.protocols.note_keys import NoteKey
from creditbridge.protocols.signed_note import NoteInvalid
from creditbridge.protocols.tiles import TileAddress, format_path, node_hash_over
from creditbridge.protocols.tlog_proof import (
    ProofFileInvalid,
    TlogProof,
    format_proof,
    parse_proof,
    verify_proof,
)

LOG_KEY = NoteKey.parse(
    "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx"
)
HASH = bytes(range(32))
HASH_TEXT = b64encode(HASH).decode()
NOTE = "example.com/log\n9\nroot\n\n\u2014 example.com/log AAAA\n"


@pytest.fixture(scope="module")
def foreign_proof(vectors: Path) -> str:
    """A proof file for entry 5, `six`, of Tessera's test log at size 13."""
    folder = vectors / "tlog" / "tessera-log"
    address = TileAddress(0, 0, 13)
    tiles = {address: (folder / format_path(address)).read_bytes()}
    hashes = prove_inclusion(5, 13, node_hash_over(tiles, 13))
    return format_proof(5, hashes, (folder / "checkpoint.13").read_text("utf-8"))


def test_an_entry_of_a_foreign_log_is_proven_offline(foreign_proof: str) -> None:
    """One text and one pinned key show that the entry is in the log."""
    proof = parse_proof(foreign_proof)

    opened = verify_proof(proof, leaf_hash=hash_leaf(b"six"), log_keys=[LOG_KEY])

    assert (opened.checkpoint.origin, opened.checkpoint.size) == ("example.com/log/testdata", 13)


def test_another_entry_or_another_place_is_not_proven(foreign_proof: str) -> None:
    """The proof holds for the bytes of one entry at one index."""
    with pytest.raises(ProofInvalid):
        verify_proof(parse_proof(foreign_proof), leaf_hash=hash_leaf(b"seven"), log_keys=[LOG_KEY])
    with pytest.raises(ProofInvalid):
        verify_proof(
            parse_proof(foreign_proof.replace("index 5", "index 6")),
            leaf_hash=hash_leaf(b"six"),
            log_keys=[LOG_KEY],
        )


def test_nothing_is_proven_by_a_checkpoint_that_the_log_did_not_sign(foreign_proof: str) -> None:
    """A changed size breaks the signature; an unknown key signs nothing; another name is no log."""
    leaf_hash = hash_leaf(b"six")
    proof = parse_proof(foreign_proof)
    changed = parse_proof(foreign_proof.replace("\n13\n", "\n14\n"))

    with pytest.raises(NoteInvalid):
        verify_proof(changed, leaf_hash=leaf_hash, log_keys=[LOG_KEY])
    with pytest.raises(NoteInvalid):
        verify_proof(proof, leaf_hash=leaf_hash, log_keys=[])
    with pytest.raises(CheckpointInvalid):
        verify_proof(proof, leaf_hash=leaf_hash, log_keys=[], witness_keys=[LOG_KEY])


def test_a_proof_file_reads_as_the_specification_prints_it() -> None:
    """Header, extra data, index, hashes, an empty line, the checkpoint."""
    text = (
        f"c2sp.org/tlog-proof@v1\nextra ZGF0YQ==\nindex 73894\n{HASH_TEXT}\n{HASH_TEXT}\n\n{NOTE}"
    )

    proof = parse_proof(text)

    assert proof == TlogProof(index=73894, hashes=(HASH, HASH), checkpoint_note=NOTE, extra=b"data")
    assert format_proof(73894, [HASH, HASH], NOTE, b"data") == text


def test_the_only_entry_of_a_log_needs_no_hashes() -> None:
    """The header, the index, and the checkpoint after the empty line."""
    text = f"c2sp.org/tlog-proof@v1\nindex 0\n\n{NOTE}"

    assert format_proof(0, [], NOTE) == text
    assert parse_proof(text) == TlogProof(index=0, hashes=(), checkpoint_note=NOTE)


HEAD = "c2sp.org/tlog-proof@v1\n"


@pytest.mark.parametrize(
    "text",
    [
        "",
        HEAD,
        HEAD + "index 0\n",
        f"{HEAD}\n{NOTE}",
        f"c2sp.org/tlog-proof@v2\nindex 0\n\n{NOTE}",
        f"{HEAD}extra ZGF0YQ==\n\n{NOTE}",
        f"{HEAD}extra ZGF0YQ\nindex 0\n\n{NOTE}",
        f"{HEAD}extra ZGF0YR==\nindex 0\n\n{NOTE}",
        f"{HEAD}index 0\nextra ZGF0YQ==\n\n{NOTE}",
        f"{HEAD}index 00\n\n{NOTE}",
        f"{HEAD}index -1\n\n{NOTE}",
        f"{HEAD}index  1\n\n{NOTE}",
        f"{HEAD}index 9223372036854775807\n\n{NOTE}",
        f"{HEAD}index {'9' * 5000}\n\n{NOTE}",
        f"{HEAD}index 1\n{HASH_TEXT[:-4]}\n\n{NOTE}",
        f"{HEAD}index 1\n{HASH_TEXT[:-1]}\n\n{NOTE}",
        f"{HEAD}index 1\n {HASH_TEXT}\n\n{NOTE}",
        f"{HEAD}index 1\n{HASH_TEXT}\r\n\n{NOTE}",
        HEAD + "index 1\n" + f"{HASH_TEXT}\n" * 65 + f"\n{NOTE}",
    ],
)
def test_any_other_text_is_no_proof_file(text: str) -> None:
    """Each part has its place and its one spelling."""
    with pytest.raises(ProofFileInvalid):
        parse_proof(text)
