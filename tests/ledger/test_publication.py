"""What of the log is public."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

import pytest

from creditbridge.foundation.database import Database
from creditbridge.ledger.model import EventKind, Record, Recorded
from creditbridge.ledger.rules import entry_of
from creditbridge.ledger.sequencer import Sequencer
from creditbridge.ledger.service import NothingPublished, publication
from creditbridge.protocols.checkpoint import parse_checkpoint
from creditbridge.protocols.merkle import OutsideTree, verify_consistency, verify_inclusion
from creditbridge.protocols.merkle_tree import hash_leaf, root_of
from creditbridge.protocols.signed_note import parse_note
from creditbridge.protocols.tiles import ENTRIES, TileAddress, decode_bundle
from creditbridge.protocols.tlog_proof import parse_proof

Sample: TypeAlias = Callable[[EventKind], Record]
Fill: TypeAlias = Callable[[Sequence[Record]], Awaitable[list[Recorded]]]


async def test_nothing_is_shown_before_the_first_checkpoint(
    fill: Fill, story: list[Record], database: Database
) -> None:
    """Recorded, but neither in order nor signed."""
    await fill(story)

    async with database.transaction() as tx:
        backlog = await publication.read_backlog(tx)
        assert await publication.find_checkpoint(tx) is None
        assert await publication.find_tile(tx, TileAddress(0, 0, 1)) is None
        with pytest.raises(NothingPublished):
            await publication.prove_inclusions(tx, [0])
        with pytest.raises(NothingPublished):
            await publication.prove_growth(tx, old_size=0, new_size=0)
    assert backlog.entries == 6
    assert backlog.oldest_at is not None


async def test_tiles_of_every_published_size_are_shown_and_no_others(
    fill: Fill, story: list[Record], sequencer: Sequencer, database: Database
) -> None:
    """Each width up to the published one; beyond it, and above, nothing."""
    recorded = await fill(story)
    await sequencer.run_once()

    leaves = [hash_leaf(entry_of(one.commitment)) for one in recorded]
    async with database.transaction() as tx:
        for width in range(1, 7):
            tile = await publication.find_tile(tx, TileAddress(0, 0, width))
            bundle = await publication.find_tile(tx, TileAddress(ENTRIES, 0, width))
            assert tile == b"".join(leaves[:width])
            entries = [entry_of(one.commitment) for one in recorded[:width]]
            assert decode_bundle(bundle or b"") == entries
        for address in (
            TileAddress(0, 0, 7),
            TileAddress(0, 0),
            TileAddress(0, 1, 1),
            TileAddress(1, 0, 1),
            TileAddress(63, 0, 1),
            TileAddress(ENTRIES, 0, 7),
        ):
            assert await publication.find_tile(tx, address) is None


async def test_full_tiles_and_bundles_have_their_sizes(
    fill: Fill, sample: Sample, sequencer: Sequencer, database: Database
) -> None:
    """256 hashes are 8,192 bytes, 256 entries 8,960; one hash rises to the level above."""
    recorded = await fill([sample(EventKind.CALLER_REFUSED)] * 257)
    await sequencer.run_once()

    async with database.transaction() as tx:
        tile = await publication.find_tile(tx, TileAddress(0, 0))
        bundle = await publication.find_tile(tx, TileAddress(ENTRIES, 0))
        above = await publication.find_tile(tx, TileAddress(1, 0, 1))
    leaves = [hash_leaf(entry_of(one.commitment)) for one in recorded]
    assert len(tile or b"") == 8_192
    assert len(bundle or b"") == 8_960
    assert above == root_of(leaves[:256])


async def test_proof_files_prove_their_entries(
    fill: Fill, story: list[Record], sequencer: Sequencer, database: Database
) -> None:
    """Each index, all against one checkpoint."""
    recorded = await fill(story)
    await sequencer.run_once()

    async with database.transaction() as tx:
        proofs = await publication.prove_inclusions(tx, range(6))
        with pytest.raises(OutsideTree):
            await publication.prove_inclusions(tx, [6])
    for index, text in proofs.items():
        proof = parse_proof(text)
        checkpoint = parse_checkpoint(parse_note(proof.checkpoint_note).text)
        verify_inclusion(
            hash_leaf(entry_of(recorded[index].commitment)),
            index=proof.index,
            size=checkpoint.size,
            proof=proof.hashes,
            root=checkpoint.root,
        )


async def test_growth_is_proven_between_published_sizes(
    fill: Fill, story: list[Record], sequencer: Sequencer, database: Database
) -> None:
    """The tree of 6 begins the tree of 12; sizes that are not published have no proof."""
    await fill(story)
    await sequencer.run_once()
    async with database.transaction() as tx:
        old = parse_checkpoint(parse_note(await publication.find_checkpoint(tx) or "").text)
    await fill(story)
    await sequencer.run_once()

    async with database.transaction() as tx:
        new = parse_checkpoint(parse_note(await publication.find_checkpoint(tx) or "").text)
        proof = await publication.prove_growth(tx, old_size=6, new_size=12)
        for sizes in ((6, 13), (7, 6), (13, 12)):
            with pytest.raises(OutsideTree):
                await publication.prove_growth(tx, old_size=sizes[0], new_size=sizes[1])
    verify_consistency(old_size=6, old_root=old.root, new_size=12, new_root=new.root, proof=proof)
