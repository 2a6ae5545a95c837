"""Tiles: a log's tree as a finite set of files (C2SP tlog-tiles).

A tile is a row of up to 256 hashes, each the root of a full tile of the level below; at level 0
they are leaf hashes. A bundle holds the entries under one tile of level 0. What is full never
changes again; what is partial is written anew, under another path, for each size that is published.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from creditbridge.foundation.errors import Malformed, Untrusted
from creditbridge.protocols.merkle_tree import HASH_BYTES, Node, NodeHash, root_of

TILE_HEIGHT = 8
TILE_WIDTH = 1 << TILE_HEIGHT
TILE_BYTES_MAX = TILE_WIDTH * HASH_BYTES
ENTRIES = -1  # the level of entry bundles, below that of the leaf hashes
LEVEL_MAX = 63
ENTRY_BYTES_MAX = 0xFFFF
_LENGTH_BYTES = 2

_PATH = re.compile(
    r"tile/(entries|[0-9]{1,2})/((?:x[0-9]{3}/){0,6}[0-9]{3})(?:\.p/([0-9]{1,3}))?", re.ASCII
)


class TileUnknown(Malformed):
    """A path that names no tile, or not in its one canonical way."""

    code = "tile-unknown"
    message = "There is no such tile."


class TileInvalid(Untrusted):
    """The bytes of a tile or a bundle do not have the form that their address promises."""

    code = "tile-invalid"
    message = "A tile of the transparency log is damaged."


class TileAddress(msgspec.Struct, frozen=True, order=True):
    """Where a tile stands: level 0 to 63 or `ENTRIES`, index in its level, width 1 to 256.

    A coordinate, so its parts go by position.
    """

    level: int
    index: int
    width: int = TILE_WIDTH


def format_path(address: TileAddress) -> str:
    """Return the path of a tile under the log's prefix: `tile/0/x001/x234/067.p/8`."""
    level = "entries" if address.level == ENTRIES else str(address.level)
    rest, last = divmod(address.index, 1000)
    groups = [f"{last:03}"]
    while rest:
        rest, group = divmod(rest, 1000)
        groups.append(f"x{group:03}")
    suffix = "" if address.width == TILE_WIDTH else f".p/{address.width}"
    return f"tile/{level}/{'/'.join(reversed(groups))}{suffix}"


def parse_path(path: str) -> TileAddress:
    """Return the address that a canonical path names; whether it is published is not known here.

    Raises:
        TileUnknown: any other path, `tile/0/x000/001` or a full tile as `.p/256` among them.
    """
    parts = _PATH.fullmatch(path)
    if parts is None:
        raise TileUnknown
    level = ENTRIES if parts[1] == "entries" else int(parts[1])
    # The digits are read leniently here; writing the path again shows whether it was canonical.
    index = int(parts[2].replace("x", "").replace("/", ""))
    width = TILE_WIDTH if parts[3] is None else int(parts[3])
    address = TileAddress(level, index, width)
    # One tile has one path: caches and mirrors in front of the log must not keep two of them.
    if level > LEVEL_MAX or not 0 < width <= TILE_WIDTH or format_path(address) != path:
        raise TileUnknown
    return address


def width_of(level: int, index: int, size: int) -> int:
    """Return how many hashes (entries) a tile (bundle) has in a tree of this size: 0 to 256."""
    return min(max(_row_width(level, size) - index * TILE_WIDTH, 0), TILE_WIDTH)


def tiles_of(size: int, *, since: int = 0) -> Iterator[TileAddress]:
    """Give every tile and bundle of a tree that a tree of size `since` did not have yet.

    Bundles first, then level by level upwards, each from left to right.
    """
    level = ENTRIES
    # Where a level has not grown, nothing above it has.
    while (old := _row_width(level, since)) != (new := _row_width(level, size)):
        for index in range(old // TILE_WIDTH, -(-new // TILE_WIDTH)):
            yield TileAddress(level, index, width_of(level, index, size))
        level += 1


def tile_of_node(node: Node, size: int) -> TileAddress:
    """Return the tile from which the hash of a complete subtree can be read or computed."""
    level, height = divmod(node.level, TILE_HEIGHT)
    index = (node.index << height) // TILE_WIDTH
    return TileAddress(level, index, width_of(level, index, size))


def node_hash_over(tiles: Mapping[TileAddress, bytes], size: int) -> NodeHash:
    """Return a way to ask loaded tiles for the hashes of complete subtrees.

    It raises KeyError for a node whose tile was not loaded (`tile_of_node` names it), and
    `TileInvalid` where a tile is shorter or longer than its width.
    """

    def node_hash(node: Node) -> bytes:
        """Return the hash of one complete subtree, read from its tile or computed within it."""
        address = tile_of_node(node, size)
        hashes = decode_tile(tiles[address], address.width)
        height = node.level % TILE_HEIGHT
        first = (node.index << height) % TILE_WIDTH
        return root_of(hashes[first : first + (1 << height)])

    return node_hash


def encode_tile(hashes: Sequence[bytes]) -> bytes:
    """Return the bytes of a tile: its hashes, 32 bytes each."""
    return b"".join(hashes)


def decode_tile(raw: bytes, width: int) -> list[bytes]:
    """Return the hashes of a tile, as many as its address says.

    Raises:
        TileInvalid: the bytes hold more or fewer.
    """
    if len(raw) != width * HASH_BYTES:
        raise TileInvalid(detail=f"{len(raw)} bytes for {width} hashes")
    return [raw[start : start + HASH_BYTES] for start in range(0, len(raw), HASH_BYTES)]


def encode_bundle(entries: Iterable[bytes]) -> bytes:
    """Return the bytes of a bundle: each entry after its length, 2 bytes, big-endian.

    Raises:
        TileInvalid: an entry is longer than 65,535 bytes.
    """
    parts: list[bytes] = []
    for entry in entries:
        if len(entry) > ENTRY_BYTES_MAX:
            raise TileInvalid(detail=f"an entry of {len(entry)} bytes")
        parts += (len(entry).to_bytes(_LENGTH_BYTES), entry)
    return b"".join(parts)


def decode_bundle(raw: bytes) -> list[bytes]:
    """Return the entries of a bundle, 256 at most.

    Raises:
        TileInvalid: the bytes end inside an entry, or hold too many.
    """
    entries: list[bytes] = []
    start = 0
    while start < len(raw):
        body = start + _LENGTH_BYTES
        end = body + int.from_bytes(raw[start:body])
        # The length itself may be cut off: read past the end, it would be a smaller one.
        if body > len(raw) or end > len(raw) or len(entries) == TILE_WIDTH:
            raise TileInvalid(detail="a bundle that is cut short or too long")
        entries.append(raw[body:end])
        start = end
    return entries


def _row_width(level: int, size: int) -> int:
    """Return how many hashes all tiles of a level hold together."""
    return size >> (TILE_HEIGHT * max(level, 0))
