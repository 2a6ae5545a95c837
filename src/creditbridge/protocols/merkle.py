"""The proofs of RFC 9162: that a leaf is in a tree, and that a tree only grew.

`merkle_tree` holds the tree itself; its names are offered here too, so that one import is enough.
A prover asks for hashes of complete subtrees only, and says beforehand which. A verifier believes
nothing: sizes, lengths and every hash are checked before a root is compared.
"""

from collections.abc import Sequence

from creditbridge.foundation.errors import Untrusted
from creditbridge.protocols.merkle_tree import (
    EMPTY_ROOT,
    HASH_BYTES,
    Frontier,
    Node,
    NodeHash,
    complete_nodes,
    compute_root,
    extend,
    hash_children,
    hash_leaf,
    join_row,
    root_of,
    row_of,
)

__all__ = [
    "EMPTY_ROOT",
    "HASH_BYTES",
    "PROOF_HASHES_MAX",
    "Frontier",
    "Node",
    "NodeHash",
    "OutsideTree",
    "ProofInvalid",
    "complete_nodes",
    "compute_root",
    "extend",
    "hash_children",
    "hash_leaf",
    "nodes_for_consistency",
    "nodes_for_inclusion",
    "prove_consistency",
    "prove_inclusion",
    "root_of",
    "verify_consistency",
    "verify_inclusion",
]

PROOF_HASHES_MAX = 64  # sizes have at most 63 bits; a consistency proof may hold one hash more


class ProofInvalid(Untrusted):
    """A Merkle proof does not lead from what is claimed to the root that was signed."""

    code = "proof-invalid"
    message = "A proof of the transparency log does not hold."


class OutsideTree(Untrusted):
    """A question about a leaf or a size that the tree does not have."""

    code = "outside-tree"
    message = "The transparency log holds no such entry at this size."


def nodes_for_inclusion(index: int, size: int) -> list[Node]:
    """Return every node that `prove_inclusion` will ask for.

    Raises:
        OutsideTree: the tree has no such leaf.
    """
    return [node for row in _inclusion_rows(index, size) for node in row]


def nodes_for_consistency(old_size: int, new_size: int) -> list[Node]:
    """Return every node that `prove_consistency` will ask for.

    Raises:
        OutsideTree: the old tree is not a beginning of the new one.
    """
    return [node for row in _consistency_rows(old_size, new_size) for node in row]


def prove_inclusion(index: int, size: int, node_hash: NodeHash) -> list[bytes]:
    """Return the inclusion proof, from the leaf's sibling up (RFC 9162, section 2.1.3.1).

    Raises:
        OutsideTree: the tree has no such leaf.
    """
    return [join_row(row, node_hash) for row in _inclusion_rows(index, size)]


def prove_consistency(old_size: int, new_size: int, node_hash: NodeHash) -> list[bytes]:
    """Return the consistency proof of two sizes (RFC 9162, section 2.1.4.1).

    Empty where the sizes are equal or the old tree is.

    Raises:
        OutsideTree: the old tree is not a beginning of the new one.
    """
    return [join_row(row, node_hash) for row in _consistency_rows(old_size, new_size)]


def verify_inclusion(
    leaf_hash: bytes, *, index: int, size: int, proof: Sequence[bytes], root: bytes
) -> None:
    """Accept that the leaf stands at the index of the tree with this size and root.

    Raises:
        ProofInvalid: it does not follow (RFC 9162, section 2.1.3.2).
    """
    if not 0 <= index < size:
        raise ProofInvalid(detail="no such leaf at this size")
    # A hash of another length could be split elsewhere and hash to the same node.
    _require_hashes(leaf_hash, proof)
    roots = _climb(index, size - 1, [leaf_hash, *proof])
    if roots is None or roots[1] != root:
        raise ProofInvalid(detail="the proof does not lead to the root")


def verify_consistency(
    *, old_size: int, old_root: bytes, new_size: int, new_root: bytes, proof: Sequence[bytes]
) -> None:
    """Accept that the tree of the new size begins with the tree of the old size.

    Every tree begins with the empty one: there is nothing to verify, and trying is refused.

    Raises:
        ProofInvalid: it does not follow (RFC 9162, section 2.1.4.2).
    """
    if not 0 < old_size <= new_size:
        raise ProofInvalid(detail="sizes between which there is no proof")
    if old_size == new_size:
        # Two roots of one size are a fork, whatever proof comes with them.
        if proof or old_root != new_root:
            raise ProofInvalid(detail="one size has one root and needs no proof")
        return
    _require_hashes(old_root, proof)
    # A complete old tree is its own first node, and the proof leaves it out.
    path = [old_root, *proof] if old_size & (old_size - 1) == 0 else list(proof)
    # It begins where the last subtree of the old tree is a left child, or is the old tree.
    place, last = old_size - 1, new_size - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    if _climb(place, last, path) != (old_root, new_root):
        raise ProofInvalid(detail="the proof does not lead to both roots")


def _climb(place: int, last: int, path: list[bytes]) -> tuple[bytes, bytes] | None:
    """Return the two roots that a path leads to; None where its length is wrong.

    `place` and `last` are those of the path's first hash and of the last node in its level. The new
    root joins every sibling; the old one only those to the left, which the old tree had already.
    """
    if not path:
        return None
    old = new = path[0]
    for sibling in path[1:]:
        if last == 0:
            return None
        # At the right edge a node without a sibling goes up alone, past the levels that it skips
        # (section 2.1.3.2).
        if place & 1 or place == last:
            old, new = hash_children(sibling, old), hash_children(sibling, new)
            place, last = _skip_levels(place, last)
        else:
            new = hash_children(new, sibling)
        place, last = place >> 1, last >> 1
    # Short of the root, the proof was cut: what it leads to is an inner node.
    return (old, new) if last == 0 else None


def _skip_levels(place: int, last: int) -> tuple[int, int]:
    """Go up the right edge, past the levels where a node has no sibling."""
    while place and not place & 1:
        place, last = place >> 1, last >> 1
    return place, last


def _require_hashes(head: bytes, proof: Sequence[bytes]) -> None:
    if len(proof) > PROOF_HASHES_MAX:
        raise ProofInvalid(detail="more hashes than a tree has levels")
    if any(len(each) != HASH_BYTES for each in (head, *proof)):
        raise ProofInvalid(detail="a hash has 32 bytes")


def _inclusion_rows(index: int, size: int) -> list[list[Node]]:
    """Return what each hash of the proof covers, from the leaf's sibling up."""
    if not 0 <= index < size:
        raise OutsideTree(detail=f"leaf {index} of {size}")
    start, width = 0, size
    rows: list[list[Node]] = []
    while width > 1:
        half = _half(width)
        if index < start + half:
            rows.append(row_of(start + half, width - half))
            width = half
        else:
            rows.append(row_of(start, half))
            start, width = start + half, width - half
    return rows[::-1]


def _consistency_rows(old_size: int, new_size: int) -> list[list[Node]]:
    """Return what each hash of the proof covers: SUBPROOF of section 2.1.4.1, unrolled."""
    if not 0 <= old_size <= new_size:
        raise OutsideTree(detail=f"from size {old_size} to {new_size}")
    if old_size == 0:
        return []
    start, width = 0, new_size
    rows: list[list[Node]] = []
    while start + width != old_size:
        half = _half(width)
        if old_size <= start + half:
            rows.append(row_of(start + half, width - half))
            width = half
        else:
            rows.append(row_of(start, half))
            start, width = start + half, width - half
    # Only a verifier whose old tree ends here knows this hash: it is then its root.
    if start > 0:
        rows.append(row_of(start, width))
    return rows[::-1]


def _half(width: int) -> int:
    """Return the largest power of two below the width: where RFC 9162 splits a tree."""
    return 1 << ((width - 1).bit_length() - 1)
