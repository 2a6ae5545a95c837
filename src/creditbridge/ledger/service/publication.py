"""What of the log is public: checkpoint, tiles, bundles, proofs (C2SP tlog-tiles). Nothing private.

Only what a signed checkpoint covers is shown. Every function reads in the caller's transaction.
"""

from collections.abc import Sequence

from creditbridge.foundation.database import Transaction
from creditbridge.foundation.errors import Unavailable
from creditbridge.ledger.rules import entry_of
from creditbridge.ledger.store import tree as store
from creditbridge.ledger.store.tree import Backlog
from creditbridge.ledger.tree import Tiles, keys_for
from creditbridge.protocols.merkle import (
    HASH_BYTES,
    OutsideTree,
    nodes_for_consistency,
    nodes_for_inclusion,
    prove_consistency,
    prove_inclusion,
)
from creditbridge.protocols.tiles import (
    ENTRIES,
    TILE_WIDTH,
    TileAddress,
    encode_bundle,
    width_of,
)
from creditbridge.protocols.tlog_proof import format_proof


class NothingPublished(Unavailable):
    """No checkpoint was signed yet."""

    code = "ledger-nothing-published"
    message = "The transparency log has not published a checkpoint yet."


async def find_checkpoint(tx: Transaction) -> str | None:
    """Return the latest signed checkpoint, a signed note; None before the first."""
    signed = await store.find_checkpoint(tx)
    return None if signed is None else signed.note


async def find_size(tx: Transaction) -> int:
    """Return how many entries the latest checkpoint covers; 0 before the first."""
    signed = await store.find_checkpoint(tx)
    return 0 if signed is None else signed.size


async def find_tile(tx: Transaction, address: TileAddress) -> bytes | None:
    """Return a tile, or a bundle of entries; None where no published size has it.

    A partial tile is a beginning of what is stored, so each width that was ever published stays.
    """
    signed = await store.find_checkpoint(tx)
    # What is written and not yet signed may still be undone: nobody may see it before.
    if signed is None or width_of(address.level, address.index, signed.size) < address.width:
        return None
    if address.level == ENTRIES:
        first = address.index * TILE_WIDTH
        commitments = await store.read_commitments(tx, first=first, end=first + address.width)
        return encode_bundle(entry_of(commitment) for commitment in commitments)
    tiles = await store.read_tiles(tx, [(address.level, address.index)])
    hashes = tiles.get((address.level, address.index), b"")
    return hashes[: address.width * HASH_BYTES]


async def prove_inclusions(tx: Transaction, indexes: Sequence[int]) -> dict[int, str]:
    """Return a proof file (C2SP tlog-proof) for each index, all against the latest checkpoint.

    Raises:
        NothingPublished: before the first checkpoint.
        OutsideTree: an index that no checkpoint covers yet.
    """
    signed = await _get_checkpoint(tx)
    nodes = [node for index in indexes for node in nodes_for_inclusion(index, signed.size)]
    tiles = Tiles(await store.read_tiles(tx, keys_for(nodes)))
    return {
        index: format_proof(
            index, prove_inclusion(index, signed.size, tiles.node_hash), signed.note
        )
        for index in indexes
    }


async def prove_growth(tx: Transaction, *, old_size: int, new_size: int) -> list[bytes]:
    """Return the consistency proof between two published sizes (RFC 9162, section 2.1.4).

    Raises:
        NothingPublished: before the first checkpoint.
        OutsideTree: a size that was not published yet, or the old one is the larger.
    """
    signed = await _get_checkpoint(tx)
    if new_size > signed.size:
        raise OutsideTree(detail=f"size {new_size} is not published")
    nodes = nodes_for_consistency(old_size, new_size)
    tiles = Tiles(await store.read_tiles(tx, keys_for(nodes)))
    return prove_consistency(old_size, new_size, tiles.node_hash)


async def read_backlog(tx: Transaction) -> Backlog:
    """Return how many entries wait for their index, and since when: the merge delay."""
    return await store.read_backlog(tx)


async def count_entries(tx: Transaction) -> int:
    """Return how many entries there are by now, those that wait for their index among them."""
    return await find_size(tx) + (await store.read_backlog(tx)).entries


async def _get_checkpoint(tx: Transaction) -> store.SignedCheckpoint:
    signed = await store.find_checkpoint(tx)
    if signed is None:
        raise NothingPublished
    return signed
