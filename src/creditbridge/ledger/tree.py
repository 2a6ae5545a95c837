"""The Merkle tree over tiles: it grows, and answers for its nodes. Pure.

A tile (C2SP tlog-tiles) of level l holds up to 256 hashes of complete subtrees over 256^l leaves. A
full tile is one hash in the tile above. Rows of tiles are all that is stored; every other node is
computed from one of them.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

import msgspec

from creditbridge.foundation.errors import Untrusted
from creditbridge.protocols.merkle_tree import HASH_BYTES, Node, compute_root, root_of
from creditbridge.protocols.tiles import TILE_HEIGHT, TILE_WIDTH

TileKey: TypeAlias = tuple[int, int]  # Level and number.


class TileMissing(Untrusted):
    """A tile that the tree's size promises is absent or too short."""

    code = "ledger-tile-missing"
    message = "A part of the transparency log is missing."


class Tiles(msgspec.Struct, frozen=True):
    """Tiles at hand, by level and number, each with the hashes that it holds so far."""

    hashes: Mapping[TileKey, bytes]

    def node_hash(self, node: Node) -> bytes:
        """Return the hash of a complete subtree, 32 bytes.

        Raises:
            TileMissing: its tile is not at hand or does not reach so far.
        """
        key, offset, width = _place_of(node)
        row = split_hashes(self.hashes.get(key, b""))[offset : offset + width]
        if len(row) != width:
            raise TileMissing(detail=f"tile {key[0]}/{key[1]} at {offset}")
        return root_of(row)

    def root(self, size: int) -> bytes:
        """Return the root of the first `size` leaves.

        Raises:
            TileMissing: a tile of its right edge is not at hand.
        """
        return compute_root(size, self.node_hash)


def keys_for(nodes: Iterable[Node]) -> set[TileKey]:
    """Return the tiles that hold these nodes."""
    return {_place_of(node)[0] for node in nodes}


def edge_keys(size: int) -> set[TileKey]:
    """Return the tiles that are partly filled at this size: what it takes to append."""
    keys: set[TileKey] = set()
    level = 0
    while filled := size >> (TILE_HEIGHT * level):
        if filled % TILE_WIDTH:
            keys.add((level, filled // TILE_WIDTH))
        level += 1
    return keys


def grow(tiles: Tiles, size: int, leaf_hashes: Sequence[bytes]) -> dict[TileKey, bytes]:
    """Return the tiles that are new or longer once these leaves follow the first `size`."""
    grown: dict[TileKey, bytes] = {}
    rising = list(leaf_hashes)
    level = 0
    while rising:
        place = size >> (TILE_HEIGHT * level)
        above: list[bytes] = []
        while rising:
            number, offset = divmod(place, TILE_WIDTH)
            taken, rising = rising[: TILE_WIDTH - offset], rising[TILE_WIDTH - offset :]
            kept = tiles.hashes.get((level, number), b"")[: offset * HASH_BYTES]
            if len(kept) != offset * HASH_BYTES:
                raise TileMissing(detail=f"tile {level}/{number} at {offset}")
            tile = kept + b"".join(taken)
            grown[level, number] = tile
            place += len(taken)
            # A partial tile never feeds the level above.
            if place % TILE_WIDTH == 0:
                above.append(root_of(split_hashes(tile)))
        rising = above
        level += 1
    return grown


def count_tiles(size: int) -> tuple[int, int]:
    """Return how many tiles, full and partial, a tree of this size has, and their bytes."""
    tiles = hashes = 0
    while size:
        tiles += -(-size // TILE_WIDTH)
        hashes += size
        size >>= TILE_HEIGHT
    return tiles, hashes * HASH_BYTES


def split_hashes(row: bytes) -> list[bytes]:
    """Return hashes that stand one behind the other, 32 bytes each."""
    return [row[start : start + HASH_BYTES] for start in range(0, len(row), HASH_BYTES)]


def _place_of(node: Node) -> tuple[TileKey, int, int]:
    """Return the tile a node is computed from, and which of its hashes: offset and width."""
    level, height = divmod(node.level, TILE_HEIGHT)
    number, offset = divmod(node.index << height, TILE_WIDTH)
    return (level, number), offset, 1 << height
