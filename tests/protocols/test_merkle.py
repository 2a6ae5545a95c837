"""RFC 9162 proofs, judged by transparency-dev's vectors and by the letter of the standard.

The vectors have four families. Inclusion (98) and consistency (98) are decided here. The subtree
families (inclusion 204, consistency 118) are about proofs for leaves `start` to `end` of a tree as
the Merkle Tree Certificates draft has them: neither RFC 9162 nor our ledger knows such proofs, no
code here makes or takes them, and so they are counted but not run.
"""

import hashlib
from base64 import b64decode
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings, strategies as st

from creditbridge.protocols.merkle import (
    EMPTY_ROOT,
    Node,
    OutsideTree,
    ProofInvalid,
    complete_nodes,
    compute_root,
    hash_children,
    hash_leaf,
    nodes_for_consistency,
    nodes_for_inclusion,
    prove_consistency,
    prove_inclusion,
    root_of,
    verify_consistency,
    verify_inclusion,
)

STABLE = settings(derandomize=True, deadline=None, max_examples=200)
SIZES_TO_130 = range(131)
AROUND_POWERS = [255, 256, 257, 511, 512, 513, 1023, 1024, 1025]
LEAVES_MAX = max(AROUND_POWERS)


class InclusionCase(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A vector of the inclusion family."""

    leaf_idx: int
    tree_size: int
    leaf_hash: str
    root: str
    proof: list[str] | None
    want_err: bool


class ConsistencyCase(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A vector of the consistency family."""

    size1: int
    size2: int
    root1: str
    root2: str
    proof: list[str] | None
    want_err: bool


def files_of(vectors: Path, family: str) -> list[Path]:
    """Return the vectors of a family."""
    return sorted((vectors / "merkle" / "testdata" / family).rglob("*.json"))


def decode_all(texts: list[str] | None) -> list[bytes]:
    """Return a proof's hashes."""
    return [b64decode(text) for text in texts or []]


def test_all_98_inclusion_vectors_are_decided_right(vectors: Path) -> None:
    """Six hold and 92 do not."""
    held = []

    files = files_of(vectors, "inclusion")
    for file in files:
        case = msgspec.json.decode(file.read_bytes(), type=InclusionCase)
        try:
            verify_inclusion(
                b64decode(case.leaf_hash),
                index=case.leaf_idx,
                size=case.tree_size,
                proof=decode_all(case.proof),
                root=b64decode(case.root),
            )
        except ProofInvalid:
            holds = False
        else:
            holds = True
        assert holds is not case.want_err, file
        held.append(holds)

    assert (len(files), held.count(True)) == (98, 6)


def test_all_98_consistency_vectors_are_decided_right(vectors: Path) -> None:
    """Six hold and 92 do not."""
    held = []

    files = files_of(vectors, "consistency")
    for file in files:
        case = msgspec.json.decode(file.read_bytes(), type=ConsistencyCase)
        try:
            verify_consistency(
                old_size=case.size1,
                old_root=b64decode(case.root1),
                new_size=case.size2,
                new_root=b64decode(case.root2),
                proof=decode_all(case.proof),
            )
        except ProofInvalid:
            holds = False
        else:
            holds = True
        assert holds is not case.want_err, file
        held.append(holds)

    assert (len(files), held.count(True)) == (98, 6)


def test_the_subtree_families_are_the_322_that_are_not_run(vectors: Path) -> None:
    """Together with the 196 that are, these are all 518 files."""
    assert len(files_of(vectors, "subtreeinclusion")) == 204
    assert len(files_of(vectors, "subtreeconsistency")) == 118
    assert len(files_of(vectors, "")) == 518


LEAVES = [hash_leaf(f"entry {index}".encode()) for index in range(LEAVES_MAX)]


@cache
def tree_hash(start: int, end: int) -> bytes:
    """Return MTH(D[start:end]) by the letter of RFC 9162, section 2.1.1."""
    if start == end:
        return hashlib.sha256().digest()
    if end - start == 1:
        return LEAVES[start]
    split = start + split_of(end - start)
    inner = tree_hash(start, split) + tree_hash(split, end)
    return hashlib.sha256(b"\x01" + inner).digest()


def split_of(width: int) -> int:
    """Return the largest power of two smaller than the width."""
    power = 1
    while power * 2 < width:
        power *= 2
    return power


def path(index: int, start: int, end: int) -> list[bytes]:
    """Return PATH(index, D[start:end]) by the letter of section 2.1.3.1."""
    if end - start == 1:
        return []
    split = start + split_of(end - start)
    if index < split:
        return [*path(index, start, split), tree_hash(split, end)]
    return [*path(index, split, end), tree_hash(start, split)]


def subproof(old: int, start: int, end: int, *, known: bool) -> list[bytes]:
    """Return SUBPROOF(old, D[start:end], known) by the letter of section 2.1.4.1."""
    if old == end:
        return [] if known else [tree_hash(start, end)]
    split = start + split_of(end - start)
    if old <= split:
        return [*subproof(old, start, split, known=known), tree_hash(split, end)]
    return [*subproof(old, split, end, known=False), tree_hash(start, split)]


def node_hash(node: Node) -> bytes:
    """Return the hash of a complete subtree of the tree of the letter."""
    return tree_hash(node.index << node.level, (node.index + 1) << node.level)


@pytest.mark.parametrize("size", [*SIZES_TO_130, *AROUND_POWERS])
def test_roots_are_those_of_the_letter(size: int) -> None:
    """Computed from complete nodes or from the leaves, the root is MTH(D[0:n])."""
    assert compute_root(size, node_hash) == tree_hash(0, size)
    assert root_of(LEAVES[:size]) == tree_hash(0, size)


def test_every_inclusion_proof_to_size_130_is_that_of_the_letter_and_verifies() -> None:
    """8,515 proofs: each leaf of each size."""
    for size in SIZES_TO_130:
        for index in range(size):
            proof = prove_inclusion(index, size, node_hash)

            assert proof == path(index, 0, size)
            verify_inclusion(
                LEAVES[index], index=index, size=size, proof=proof, root=tree_hash(0, size)
            )


def test_every_consistency_proof_to_size_130_is_that_of_the_letter_and_verifies() -> None:
    """8,515 proofs: each pair of sizes from 1 on."""
    for new in SIZES_TO_130:
        for old in range(1, new + 1):
            proof = prove_consistency(old, new, node_hash)

            assert proof == subproof(old, 0, new, known=True)
            verify_consistency(
                old_size=old,
                old_root=tree_hash(0, old),
                new_size=new,
                new_root=tree_hash(0, new),
                proof=proof,
            )


@STABLE
@given(st.sampled_from(AROUND_POWERS), st.data())
def test_proofs_around_powers_of_two_verify(size: int, data: st.DataObject) -> None:
    """Where the tree changes its height, the last leaves and sizes are proven too."""
    index = data.draw(st.sampled_from([0, size - 2, size - 1]) | st.integers(0, size - 1))
    root = tree_hash(0, size)

    proof = prove_inclusion(index, size, node_hash)
    growth = prove_consistency(index + 1, size, node_hash)

    assert proof == path(index, 0, size)
    verify_inclusion(LEAVES[index], index=index, size=size, proof=proof, root=root)
    old_root = tree_hash(0, index + 1)
    verify_consistency(
        old_size=index + 1, old_root=old_root, new_size=size, new_root=root, proof=growth
    )


@cache
def uniform_hash(level: int) -> bytes:
    """Return the hash of a complete subtree in a log whose entries are all equal."""
    if level == 0:
        return LEAVES[0]
    return hash_children(uniform_hash(level - 1), uniform_hash(level - 1))


@STABLE
@given(st.integers(1, 2**63 - 1), st.data())
def test_trees_of_any_size_are_proven_without_their_leaves(size: int, data: st.DataObject) -> None:
    """10^7 entries or 2^63 - 1: a proof asks for one node for each level, and holds."""
    index = data.draw(st.integers(0, size - 1))
    asked: list[Node] = []

    def counted(node: Node) -> bytes:
        asked.append(node)
        return uniform_hash(node.level)

    root = compute_root(size, lambda node: uniform_hash(node.level))
    proof = prove_inclusion(index, size, counted)
    growth = prove_consistency(index + 1, size, counted)

    verify_inclusion(LEAVES[0], index=index, size=size, proof=proof, root=root)
    old_root = compute_root(index + 1, lambda node: uniform_hash(node.level))
    verify_consistency(
        old_size=index + 1, old_root=old_root, new_size=size, new_root=root, proof=growth
    )
    assert asked == nodes_for_inclusion(index, size) + nodes_for_consistency(index + 1, size)
    assert len(asked) <= 4 * 63


SIZE, INDEX = 7, 4
PROOF = path(INDEX, 0, SIZE)


@pytest.mark.parametrize(
    ("index", "size", "proof"),
    [
        pytest.param(INDEX, SIZE, PROOF[:-1], id="too short"),
        pytest.param(INDEX, SIZE, [*PROOF, EMPTY_ROOT], id="too long"),
        pytest.param(INDEX, SIZE, [], id="empty"),
        pytest.param(INDEX, SIZE, PROOF[::-1], id="reversed"),
        pytest.param(INDEX, SIZE, [b"", *PROOF[1:]], id="an empty hash"),
        pytest.param(INDEX, SIZE, [PROOF[0] + b"x", *PROOF[1:]], id="a long hash"),
        pytest.param(INDEX, SIZE, [EMPTY_ROOT] * 65, id="a flood"),
        pytest.param(INDEX + 1, SIZE, PROOF, id="another index"),
        pytest.param(SIZE, SIZE, PROOF, id="index outside"),
        pytest.param(-1, SIZE, PROOF, id="index below"),
        pytest.param(0, 0, [], id="size 0"),
        pytest.param(INDEX, 16, PROOF, id="another size"),
    ],
)
def test_a_changed_inclusion_proof_is_refused(
    index: int, size: int, proof: Sequence[bytes]
) -> None:
    """Each change of the proof that leaf 4 is in the tree of 7 makes it worthless."""
    verify_inclusion(LEAVES[INDEX], index=INDEX, size=SIZE, proof=PROOF, root=tree_hash(0, SIZE))

    with pytest.raises(ProofInvalid):
        verify_inclusion(
            LEAVES[INDEX], index=index, size=size, proof=proof, root=tree_hash(0, SIZE)
        )


@pytest.mark.parametrize(
    ("leaf_hash", "root"),
    [
        (LEAVES[INDEX + 1], tree_hash(0, SIZE)),
        (LEAVES[INDEX], tree_hash(0, SIZE - 1)),
        (b"", tree_hash(0, SIZE)),
    ],
)
def test_an_inclusion_proof_holds_for_one_leaf_and_one_root(leaf_hash: bytes, root: bytes) -> None:
    """Another leaf or another root does not follow."""
    with pytest.raises(ProofInvalid):
        verify_inclusion(leaf_hash, index=INDEX, size=SIZE, proof=PROOF, root=root)


OLD, NEW = 6, 13
GROWTH = subproof(OLD, 0, NEW, known=True)


@pytest.mark.parametrize(
    ("old", "new", "proof"),
    [
        pytest.param(OLD, NEW, GROWTH[:-1], id="too short"),
        pytest.param(OLD, NEW, [*GROWTH, EMPTY_ROOT], id="too long"),
        pytest.param(OLD, NEW, [], id="empty"),
        pytest.param(OLD, NEW, [*GROWTH[:-1], b""], id="an empty hash"),
        pytest.param(OLD, NEW, [EMPTY_ROOT] * 65, id="a flood"),
        pytest.param(OLD + 1, NEW, GROWTH, id="another old size"),
        pytest.param(8, NEW, GROWTH, id="an old size that is a power of two"),
        pytest.param(OLD, NEW + 4, GROWTH, id="another new size"),
        pytest.param(OLD, OLD, GROWTH, id="equal sizes with a proof"),
        pytest.param(OLD, OLD, [], id="equal sizes, other roots"),
        pytest.param(NEW, OLD, GROWTH, id="shrunk"),
        pytest.param(0, NEW, [], id="from nothing"),
        pytest.param(0, 0, [], id="from nothing to nothing"),
        pytest.param(-1, NEW, GROWTH, id="below nothing"),
    ],
)
def test_a_changed_consistency_proof_is_refused(old: int, new: int, proof: Sequence[bytes]) -> None:
    """Each change of the proof from 6 to 13 makes it worthless."""
    old_root, new_root = tree_hash(0, OLD), tree_hash(0, NEW)
    verify_consistency(
        old_size=OLD, old_root=old_root, new_size=NEW, new_root=new_root, proof=GROWTH
    )

    with pytest.raises(ProofInvalid):
        verify_consistency(
            old_size=old, old_root=old_root, new_size=new, new_root=new_root, proof=proof
        )


@pytest.mark.parametrize(("old_end", "new_end"), [(OLD - 1, NEW), (OLD, NEW - 1), (NEW, OLD)])
def test_a_consistency_proof_holds_for_two_roots(old_end: int, new_end: int) -> None:
    """Another old root or another new root does not follow."""
    with pytest.raises(ProofInvalid):
        verify_consistency(
            old_size=OLD,
            old_root=tree_hash(0, old_end),
            new_size=NEW,
            new_root=tree_hash(0, new_end),
            proof=GROWTH,
        )


@STABLE
@given(st.integers(1, 130), st.integers(1, 130), st.integers(0), st.integers(0, 255))
def test_one_flipped_bit_anywhere_in_a_proof_is_noticed(
    old: int, more: int, place: int, bit: int
) -> None:
    """No hash of a consistency proof can be exchanged."""
    new = old + more
    proof = prove_consistency(old, new, node_hash)
    place %= len(proof)
    flipped = bytearray(proof[place])
    flipped[bit // 8] ^= 1 << bit % 8
    proof[place] = bytes(flipped)

    with pytest.raises(ProofInvalid):
        verify_consistency(
            old_size=old,
            old_root=tree_hash(0, old),
            new_size=new,
            new_root=tree_hash(0, new),
            proof=proof,
        )


@pytest.mark.parametrize(("index", "size"), [(0, 0), (7, 7), (-1, 7)])
def test_no_proof_is_made_for_a_leaf_that_is_not_there(index: int, size: int) -> None:
    """The prover refuses as the verifier would."""
    with pytest.raises(OutsideTree):
        prove_inclusion(index, size, node_hash)


@pytest.mark.parametrize(("old", "new"), [(8, 7), (-1, 7)])
def test_no_proof_is_made_for_a_tree_that_shrinks(old: int, new: int) -> None:
    """The prover refuses as the verifier would."""
    with pytest.raises(OutsideTree):
        prove_consistency(old, new, node_hash)


def test_nothing_has_to_be_proven_from_an_empty_tree_or_to_the_same() -> None:
    """A witness that knows nothing yet gets an empty proof."""
    assert prove_consistency(0, 7, node_hash) == []
    assert prove_consistency(7, 7, node_hash) == []


def test_a_tree_is_the_row_of_its_complete_nodes() -> None:
    """13 = 8 + 4 + 1, as the picture in the module draws 7."""
    assert complete_nodes(13) == [Node(3, 0), Node(2, 2), Node(0, 12)]
    assert complete_nodes(0) == []
