"""C2SP tlog-tiles, judged by the tiles of two foreign logs and the specification's own example."""

from base64 import b64decode
from collections import Counter
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings, strategies as st

from creditbridge.protocols.merkle import (
    Frontier,
    Node,
    compute_root,
    extend,
    hash_leaf,
    nodes_for_inclusion,
    prove_consistency,
    prove_inclusion,
    verify_consistency,
    verify_inclusion,
)
from creditbridge.protocols.tiles import (
    ENTRIES,
    TILE_WIDTH,
    TileAddress,
    TileInvalid,
    TileUnknown,
    decode_bundle,
    decode_tile,
    encode_bundle,
    encode_tile,
    format_path,
    node_hash_over,
    parse_path,
    tile_of_node,
    tiles_of,
    width_of,
)

STABLE = settings(derandomize=True, deadline=None, max_examples=200)


class Log(msgspec.Struct, frozen=True, kw_only=True):
    """A foreign log: its entries (or a sentence about them) and its roots by size."""

    folder: str
    entries: list[str] | str
    roots: list[str]


class Index(msgspec.Struct, frozen=True):
    """The index of the foreign logs."""

    logs: list[Log]


@pytest.fixture(scope="module")
def roots(vectors: Path) -> dict[str, list[bytes]]:
    """The roots of the foreign logs, by folder."""
    logs = msgspec.json.decode((vectors / "tlog" / "index.json").read_bytes(), type=Index).logs
    return {log.folder: [b64decode(root) for root in log.roots] for log in logs}


def load(folder: Path, size: int) -> dict[TileAddress, bytes]:
    """Return the hash tiles of a foreign log at a size."""
    hash_tiles = [address for address in tiles_of(size) if address.level != ENTRIES]
    return {address: (folder / format_path(address)).read_bytes() for address in hash_tiles}


def test_the_tiles_of_tesseras_log_prove_every_pair_of_its_sizes(
    vectors: Path, roots: dict[str, list[bytes]]
) -> None:
    """Our reader over their tiles gives their 16 roots and 120 consistency proofs."""
    folder = vectors / "tlog" / "tessera-log"
    published = roots["tessera-log"]
    proofs = 0

    for new in range(16):
        node_hash = node_hash_over(load(folder, new), new)
        assert compute_root(new, node_hash) == published[new]
        for old in range(1, new + 1):
            verify_consistency(
                old_size=old,
                old_root=published[old],
                new_size=new,
                new_root=published[new],
                proof=prove_consistency(old, new, node_hash),
            )
            proofs += 1

    assert proofs == 120


def test_the_bundles_of_tesseras_log_hash_to_its_tiles(vectors: Path) -> None:
    """At each of 15 sizes the entries are those of the leaves, encoded as they lie there."""
    folder = vectors / "tlog" / "tessera-log"

    for size in range(1, 16):
        bundle = (folder / format_path(TileAddress(ENTRIES, 0, size))).read_bytes()
        tile = (folder / format_path(TileAddress(0, 0, size))).read_bytes()
        entries = decode_bundle(bundle)
        hashes = [hash_leaf(entry) for entry in entries]
        assert hashes == decode_tile(tile, size)
        assert encode_tile(hashes) == tile
        assert encode_bundle(entries) == bundle


def test_the_tiles_of_sunlights_log_prove_each_of_its_300_leaves(
    vectors: Path, roots: dict[str, list[bytes]]
) -> None:
    """Two tiles of level 0 and one of level 1 lead to the root that a mirror cosigned."""
    (root,) = roots["sunlight/tree300"]
    tiles = load(vectors / "tlog" / "sunlight" / "tree300", 300)
    node_hash = node_hash_over(tiles, 300)

    for index in range(300):
        proof = prove_inclusion(index, 300, node_hash)
        leaf_hash = hash_leaf(f"record {index}".encode())
        verify_inclusion(leaf_hash, index=index, size=300, proof=proof, root=root)

    assert sorted(tiles) == [TileAddress(0, 0), TileAddress(0, 1, 44), TileAddress(1, 0, 1)]


@pytest.mark.parametrize(
    ("address", "path"),
    [
        (TileAddress(0, 0), "tile/0/000"),
        (TileAddress(0, 1234067), "tile/0/x001/x234/067"),
        (TileAddress(1, 1000, 17), "tile/1/x001/000.p/17"),
        (TileAddress(63, 999, 255), "tile/63/999.p/255"),
        (TileAddress(ENTRIES, 273, 112), "tile/entries/273.p/112"),
        (TileAddress(ENTRIES, 10**21 - 1), "tile/entries/x999/x999/x999/x999/x999/x999/999"),
    ],
)
def test_an_address_has_one_path(address: TileAddress, path: str) -> None:
    """Groups of three digits, all but the last with an x; a width only where it is partial."""
    assert format_path(address) == path
    assert parse_path(path) == address


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/tile/0/000",
        "tile/0/000/",
        "tile/0/000\n",
        "tile/0/0",
        "tile/0/0000",
        "tile/00/000",
        "tile/64/000",
        "tile/-1/000",
        "tile/0/x000/001",
        "tile/0/x001",
        "tile/0/001/002",
        "tile/0/X001/002",
        "tile/0/000.p/0",
        "tile/0/000.p/01",
        "tile/0/000.p/256",
        "tile/0/000.p/999",
        "tile/0/000.p",
        "tile/0/000.p/",
        "tile/Entries/000",
        "tile/0/\u0660\u0660\u0660",
        "tile/0/../0/000",
        "tile/0/" + "x001/" * 7 + "000",
    ],
)
def test_any_other_path_is_unknown(path: str) -> None:
    """One tile, one path: nothing else is served."""
    with pytest.raises(TileUnknown):
        parse_path(path)


@STABLE
@given(st.integers(ENTRIES, 63), st.integers(0, 10**12), st.integers(1, TILE_WIDTH))
def test_paths_and_addresses_are_one_to_one(level: int, index: int, width: int) -> None:
    """What is formatted is parsed to the same address."""
    address = TileAddress(level, index, width)

    assert parse_path(format_path(address)) == address


def test_the_specifications_example_of_70000_entries() -> None:
    """273 full tiles and one of 112; one full and one of 17; one of 1."""
    widths = Counter((tile.level, tile.width) for tile in tiles_of(70_000))

    assert widths == {
        (ENTRIES, 256): 273,
        (ENTRIES, 112): 1,
        (0, 256): 273,
        (0, 112): 1,
        (1, 256): 1,
        (1, 17): 1,
        (2, 1): 1,
    }


def test_256_entries_fill_one_tile_and_start_the_next_level() -> None:
    """A full tile of level 0, a tile of width 1 at level 1, and no empty one."""
    assert list(tiles_of(256)) == [
        TileAddress(ENTRIES, 0),
        TileAddress(0, 0),
        TileAddress(1, 0, 1),
    ]
    assert list(tiles_of(0)) == []


@pytest.mark.parametrize(
    ("level", "index", "size", "width"),
    [
        (0, 0, 0, 0),
        (0, 0, 255, 255),
        (0, 0, 256, 256),
        (0, 1, 256, 0),
        (ENTRIES, 1, 300, 44),
        (1, 0, 300, 1),
        (1, 0, 65_535, 255),
        (1, 0, 65_536, 256),
        (63, 0, 2**63 - 1, 0),
    ],
)
def test_the_width_follows_from_the_size(level: int, index: int, size: int, width: int) -> None:
    """floor(s / 256^l) mod 256 for the last tile, 256 before it, 0 behind it."""
    assert width_of(level, index, size) == width


@STABLE
@given(st.integers(0, 200_000), st.integers(0, 70_000))
def test_only_what_changed_has_to_be_written(since: int, more: int) -> None:
    """Old and new tiles together are those of the new size, and nothing is written twice."""
    size = since + more
    new = set(tiles_of(size, since=since))

    full = {tile for tile in tiles_of(since) if tile.width == TILE_WIDTH}
    assert new | full | (set(tiles_of(since)) & set(tiles_of(size))) == set(tiles_of(size))
    assert not new & set(tiles_of(since))


@STABLE
@given(st.integers(1, 70_000), st.data())
def test_the_tiles_that_are_named_beforehand_suffice(size: int, data: st.DataObject) -> None:
    """Every node of a proof lies in a tile that exists at this size."""
    index = data.draw(st.integers(0, size - 1))

    needed = {tile_of_node(node, size) for node in nodes_for_inclusion(index, size)}

    assert needed <= set(tiles_of(size))


def test_a_node_is_computed_inside_its_tile() -> None:
    """Level 8 is read from a tile of level 1, level 3 is hashed from eight leaves."""
    leaves = [hash_leaf(index.to_bytes(2)) for index in range(512)]
    kept: dict[Node, bytes] = {}
    extend(Frontier(), leaves, keep=kept.__setitem__)
    tiles = {
        TileAddress(0, 0): encode_tile(leaves[:256]),
        TileAddress(0, 1): encode_tile(leaves[256:]),
        TileAddress(1, 0, 2): encode_tile([kept[Node(8, 0)], kept[Node(8, 1)]]),
    }
    node_hash = node_hash_over(tiles, 512)

    assert {node: node_hash(node) for node in kept} == kept
    with pytest.raises(KeyError):
        node_hash_over({}, 512)(Node(8, 1))


@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_a_tile_of_another_length_is_damaged(length: int) -> None:
    """A tile of width 1 has 32 bytes."""
    with pytest.raises(TileInvalid):
        decode_tile(bytes(length), 1)


@pytest.mark.parametrize(
    "raw",
    [
        b"\x00",
        b"\x00\x01",
        b"\x00\x02a",
        b"\x00\x01a\x00",
        b"\x00\x00" * 257,
    ],
)
def test_a_bundle_that_is_cut_or_too_long_is_damaged(raw: bytes) -> None:
    """A length without its entry, half a length, a 257th entry."""
    with pytest.raises(TileInvalid):
        decode_bundle(raw)


def test_a_full_bundle_of_our_entries_has_8960_bytes() -> None:
    """256 entries of 33 bytes, each after 2 bytes of length."""
    bundle = encode_bundle([bytes(33)] * 256)

    assert len(bundle) == 8_960
    assert decode_bundle(bundle) == [bytes(33)] * 256


def test_an_entry_that_a_length_cannot_tell_is_refused() -> None:
    """65,535 bytes are the most."""
    assert len(encode_bundle([bytes(65_535)])) == 65_537
    with pytest.raises(TileInvalid):
        encode_bundle([bytes(65_536)])


@STABLE
@given(st.binary(max_size=40))
def test_any_bytes_are_a_bundle_in_one_way_or_damaged(raw: bytes) -> None:
    """What is decoded is encoded to the same bytes."""
    try:
        entries = decode_bundle(raw)
    except TileInvalid:
        return
    assert encode_bundle(entries) == raw
