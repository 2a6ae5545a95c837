"""The Merkle tree over tiles."""

from pathlib import Path

import pytest

from creditbridge.ledger.tree import (
    TileMissing,
    Tiles,
    count_tiles,
    edge_keys,
    grow,
    keys_for,
    split_hashes,
)
from creditbridge.protocols.checkpoint import parse_checkpoint
from creditbridge.protocols.merkle import nodes_for_inclusion, prove_inclusion, verify_inclusion
from creditbridge.protocols.merkle_tree import Node, complete_nodes, hash_leaf, root_of
from creditbridge.protocols.signed_note import parse_note
from creditbridge.protocols.tiles import decode_bundle


def leaves_of(count: int) -> list[bytes]:
    """Return leaf hashes that differ."""
    return [hash_leaf(number.to_bytes(4)) for number in range(count)]


@pytest.mark.parametrize("steps", [[1] * 20, [255, 1, 1], [256], [257, 300], [65_536, 1], [70_000]])
def test_a_tree_grown_in_steps_has_the_root_of_its_leaves(steps: list[int]) -> None:
    """Over the edges of tiles and of levels; only the edge is needed to go on."""
    leaves = leaves_of(sum(steps))
    tiles: dict[tuple[int, int], bytes] = {}
    size = 0
    for step in steps:
        edge = Tiles({key: tiles[key] for key in edge_keys(size)})
        tiles |= grow(edge, size, leaves[size : size + step])
        size += step

        assert Tiles(tiles).root(size) == root_of(leaves[:size])

    total = sum(len(hashes) for hashes in tiles.values())
    assert count_tiles(size) == (len(tiles), total)


def test_size_70_000_has_the_tiles_of_the_specification() -> None:
    """273 full and one of 112; one full and one of 17; one of 1 (C2SP tlog-tiles)."""
    tiles = grow(Tiles({}), 0, leaves_of(70_000))

    widths = {key: len(hashes) // 32 for key, hashes in tiles.items()}
    assert [widths[0, number] for number in (0, 272, 273)] == [256, 256, 112]
    assert [widths[1, number] for number in (0, 1)] == [256, 17]
    assert widths[2, 0] == 1
    assert len(widths) == 274 + 2 + 1
    assert edge_keys(70_000) == {(0, 273), (1, 1), (2, 0)}


def test_proofs_come_out_of_tiles() -> None:
    """Each index of a tree over two levels, with only the tiles that the proof names."""
    leaves = leaves_of(600)
    tiles = grow(Tiles({}), 0, leaves)
    for index in range(0, 600, 37):
        needed = keys_for(nodes_for_inclusion(index, 600))
        some = Tiles({key: tiles[key] for key in needed})
        proof = prove_inclusion(index, 600, some.node_hash)
        verify_inclusion(leaves[index], index=index, size=600, proof=proof, root=root_of(leaves))


def test_a_missing_or_short_tile_is_named() -> None:
    """Neither a root nor a next size is made from nothing."""
    tiles = grow(Tiles({}), 0, leaves_of(10))

    for broken in (Tiles({}), Tiles({(0, 0): tiles[0, 0][:-32]})):
        with pytest.raises(TileMissing):
            broken.root(10)
        with pytest.raises(TileMissing):
            grow(broken, 10, leaves_of(1))
    with pytest.raises(TileMissing):
        Tiles(tiles).node_hash(Node(8, 0))


def test_foreign_logs_have_the_roots_that_they_signed(vectors: Path) -> None:
    """A log that others wrote, 15 entries, at each size from 0 to 15."""
    folder = vectors / "tlog" / "tessera-log"
    entries = decode_bundle((folder / "tile/entries/000.p/15").read_bytes())
    leaves = [hash_leaf(entry) for entry in entries]
    compared = 0
    for size in range(16):
        note = parse_note((folder / f"checkpoint.{size}").read_bytes())
        tiles = grow(Tiles({}), 0, leaves[:size])

        assert Tiles(tiles).root(size) == parse_checkpoint(note.text).root
        if size:
            assert tiles[0, 0] == (folder / f"tile/0/000.p/{size}").read_bytes()
        compared += 1
    assert compared == 16


def test_foreign_tiles_of_300_leaves_are_ours(vectors: Path) -> None:
    """Two tiles of leaves and one above: what others grew, we grow from the same leaves."""
    folder = vectors / "tlog" / "sunlight" / "tree300"
    first, second = (folder / "tile/0" / name for name in ("000", "001.p/44"))
    leaves = split_hashes(first.read_bytes() + second.read_bytes())

    tiles = grow(Tiles({}), 0, leaves)

    note = parse_note((folder / "checkpoint").read_bytes())
    assert tiles[1, 0] == (folder / "tile/1/000.p/1").read_bytes()
    assert Tiles(tiles).root(300) == parse_checkpoint(note.text).root
    assert complete_nodes(300)[0] == Node(8, 0)
