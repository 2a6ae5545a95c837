"""The Merkle tree of RFC 9162, section 2.1.1, over SHA-256: its hashes, its parts, its growth.

A tree of n leaves is a row of complete subtrees, the largest first, one for each bit of n:

    n = 7 = 4 + 2 + 1         root
                             /    .
                       (2, 0)      .
                                  / .
                             (1, 2) (0, 6)

A complete subtree never changes again, so a caller may keep its hash anywhere and hand it over as a
`NodeHash`; only the joins at the right edge are made anew for each size. Nothing here needs more
than one hash for each level, so a tree of 10^7 leaves costs little more than one of 10^3.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from functools import reduce
from typing import TypeAlias

import msgspec

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()

_LEAF_PREFIX = b"\x00"
_NODE_PREFIX = b"\x01"


class Node(msgspec.Struct, frozen=True, order=True):
    """A complete subtree, over the leaves from index * 2^level to (index + 1) * 2^level - 1.

    A coordinate, so its two parts go by position; level 0 is a leaf.
    """

    level: int
    index: int


NodeHash: TypeAlias = Callable[[Node], bytes]


def hash_leaf(entry: bytes) -> bytes:
    """Return the hash of a leaf, 32 bytes."""
    # A leaf must not pass for a node (RFC 9162, section 2.1.1).
    return hashlib.sha256(_LEAF_PREFIX + entry).digest()


def hash_children(left: bytes, right: bytes) -> bytes:
    """Return the hash of the node above two hashes, 32 bytes."""
    # Nor a node for a leaf: the prefixes keep the two apart (RFC 9162, section 2.1.1).
    return hashlib.sha256(_NODE_PREFIX + left + right).digest()


def complete_nodes(size: int) -> list[Node]:
    """Return the row of complete subtrees that make up a tree, left to right; none for size 0."""
    return row_of(0, size)


def row_of(start: int, width: int) -> list[Node]:
    """Return the complete subtrees over `width` leaves from `start` on, the largest first."""
    row: list[Node] = []
    while width:
        level = width.bit_length() - 1
        row.append(Node(level, start >> level))
        start, width = start + (1 << level), width - (1 << level)
    return row


def compute_root(size: int, node_hash: NodeHash) -> bytes:
    """Return the Merkle tree hash of the first `size` leaves (RFC 9162, section 2.1.1)."""
    return join_row(complete_nodes(size), node_hash) if size else EMPTY_ROOT


def join_row(row: Iterable[Node], node_hash: NodeHash) -> bytes:
    """Return the root over a row of at least one complete subtree."""
    return _fold([node_hash(node) for node in row])


class Frontier(msgspec.Struct, frozen=True, kw_only=True):
    """The right edge of a tree: all that it takes to append and to know the root.

    `hashes` belong to `complete_nodes(size)`, in that order.
    """

    size: int = 0
    hashes: tuple[bytes, ...] = ()

    def root(self) -> bytes:
        """Return the Merkle tree hash, 32 bytes."""
        return _fold(self.hashes) if self.hashes else EMPTY_ROOT


def extend(
    frontier: Frontier,
    leaf_hashes: Iterable[bytes],
    *,
    keep: Callable[[Node, bytes], None] | None = None,
) -> Frontier:
    """Return the frontier after more leaves.

    `keep` is told of every node above the leaves as soon as it is complete, children first.
    """
    hashes = list(frontier.hashes)
    size = frontier.size
    # Bound once and called without `hash_children`: this loop sets the pace of the sequencer, 1.5
    # µs a leaf.
    sha256 = hashlib.sha256
    for leaf_hash in leaf_hashes:
        node, level, carry = leaf_hash, 0, size
        # As in binary counting: each trailing 1 of the size is a subtree that becomes a left child.
        while carry & 1:
            node = sha256(_NODE_PREFIX + hashes.pop() + node).digest()
            level += 1
            carry >>= 1
            if keep is not None:
                # Complete now, so never different again: safe to store and to publish.
                keep(Node(level, carry), node)
        hashes.append(node)
        size += 1
    return Frontier(size=size, hashes=tuple(hashes))


def root_of(leaf_hashes: Iterable[bytes]) -> bytes:
    """Return the Merkle tree hash of leaves that are all at hand."""
    return extend(Frontier(), leaf_hashes).root()


def _fold(hashes: Sequence[bytes]) -> bytes:
    """Return the root over a row of complete subtrees: joined from the right, small to large."""
    return reduce(lambda right, left: hash_children(left, right), reversed(hashes))
