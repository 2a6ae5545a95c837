"""The tree of RFC 9162, judged by two foreign logs and by its own recursive definition."""

import hashlib
from base64 import b64decode
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings, strategies as st

from creditbridge.protocols.merkle_tree import (
    EMPTY_ROOT,
    Frontier,
    Node,
    complete_nodes,
    compute_root,
    extend,
    hash_children,
    hash_leaf,
    root_of,
)

STABLE = settings(derandomize=True, deadline=None, max_examples=200)


class Log(msgspec.Struct, frozen=True, kw_only=True):
    """A foreign log: its entries (or a sentence about them) and its roots by size."""

    folder: str
    sizes: list[int]
    entries: list[str] | str
    roots: list[str]


class Index(msgspec.Struct, frozen=True):
    """The index of the foreign logs."""

    logs: list[Log]


@pytest.fixture(scope="module")
def logs(vectors: Path) -> dict[str, Log]:
    """The foreign logs by folder."""
    raw = (vectors / "tlog" / "index.json").read_bytes()
    return {log.folder: log for log in msgspec.json.decode(raw, type=Index).logs}


def test_the_foreign_logs_roots_follow_from_its_entries(logs: dict[str, Log]) -> None:
    """The first 0 to 15 entries of Tessera's test log give its 16 published roots."""
    log = logs["tessera-log"]
    leaves = [hash_leaf(entry.encode()) for entry in log.entries]

    roots = [root_of(leaves[:size]) for size in log.sizes]

    assert roots == [b64decode(root) for root in log.roots]
    assert log.sizes == list(range(16))


def test_three_hundred_records_give_the_root_of_sunlights_log(logs: dict[str, Log]) -> None:
    """The entries are `record 0` to `record 299`."""
    leaves = [hash_leaf(f"record {index}".encode()) for index in range(300)]

    assert root_of(leaves) == b64decode(logs["sunlight/tree300"].roots[0])


def test_a_leaf_cannot_pass_for_a_node() -> None:
    """The two kinds of hash begin with different bytes (section 2.1.1)."""
    left, right = hash_leaf(b"left"), hash_leaf(b"right")

    assert hash_leaf(b"left") == hashlib.sha256(b"\x00left").digest()
    assert hash_children(left, right) == hashlib.sha256(b"\x01" + left + right).digest()
    assert hash_leaf(left + right) != hash_children(left, right)


def test_the_empty_tree_has_the_hash_of_nothing() -> None:
    """SHA-256 of no bytes at all."""
    assert hashlib.sha256().digest() == EMPTY_ROOT
    assert Frontier().root() == EMPTY_ROOT
    assert root_of([]) == EMPTY_ROOT


leaves_of_random_trees = st.lists(st.binary(max_size=3).map(hash_leaf), max_size=70)


@STABLE
@given(leaves_of_random_trees, leaves_of_random_trees)
def test_growing_in_steps_gives_the_tree_that_is_built_at_once(
    first: list[bytes], second: list[bytes]
) -> None:
    """A frontier is all that has to be kept between two batches."""
    stepwise = extend(extend(Frontier(), first), second)

    assert stepwise == extend(Frontier(), first + second)
    assert stepwise.size == len(first) + len(second)
    assert len(stepwise.hashes) == len(complete_nodes(stepwise.size))


@STABLE
@given(leaves_of_random_trees)
def test_every_node_is_told_once_when_it_is_complete(leaves: list[bytes]) -> None:
    """What `keep` hears, with the leaves, is enough to answer for every complete node."""
    told: list[tuple[Node, bytes]] = []

    frontier = extend(Frontier(), leaves, keep=lambda node, each: told.append((node, each)))

    known = {Node(0, index): leaf for index, leaf in enumerate(leaves)}
    for node, each in told:
        left, right = Node(node.level - 1, 2 * node.index), Node(node.level - 1, 2 * node.index + 1)
        assert each == hash_children(known[left], known[right])
        assert known.setdefault(node, each) is each
    assert compute_root(frontier.size, known.__getitem__) == frontier.root()
    assert len(told) == sum(len(leaves) >> level for level in range(1, 8))


def test_a_batch_leaves_the_frontier_it_began_with_as_it_was() -> None:
    """Data is frozen: a batch that is rolled back has changed nothing."""
    before = extend(Frontier(), [hash_leaf(b"a"), hash_leaf(b"b"), hash_leaf(b"c")])
    hashes = before.hashes

    after = extend(before, [hash_leaf(b"d")])

    assert (before.size, before.hashes) == (3, hashes)
    assert (after.size, len(after.hashes)) == (4, 1)
