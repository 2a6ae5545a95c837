"""The sequencer: what was recorded gets its place in the log, and the log is signed.

1. Entries without an index are read in intake order.
2. The stored tiles must give the head's root; nothing is built on rows that do not fit.
3. Entries get gapless indexes, tiles grow, and the head moves by compare-and-set, in one commit.
4. The new head is signed as a checkpoint where it extends the last one that was signed.

Between 3 and 4 a node may die: the next round signs what it finds committed. Of two sequencers that
both believe to lead, one moves the head and the other's round is undone.
"""

import asyncio
from collections.abc import Sequence
from typing import Protocol

from creditbridge.foundation.database import RAISE_FLOOR, Database, Transaction
from creditbridge.foundation.errors import CreditbridgeError, Unavailable
from creditbridge.foundation.keys import Signer
from creditbridge.foundation.logging import get_logger
from creditbridge.ledger.model import LedgerCorrupt
from creditbridge.ledger.rules import entry_of
from creditbridge.ledger.settings import LedgerSettings
from creditbridge.ledger.store import tree as store
from creditbridge.ledger.store.tree import Head
from creditbridge.ledger.tree import TileMissing, Tiles, edge_keys, grow, keys_for
from creditbridge.protocols.checkpoint import Checkpoint, format_checkpoint, parse_checkpoint
from creditbridge.protocols.merkle_tree import complete_nodes, hash_leaf
from creditbridge.protocols.signed_note import parse_note, sign_line, sign_note

LEADER_LOCK = 0x6C656467_6572_0001  # "ledger": one leader on any number of nodes.
RETRY_SECONDS = 1.0

log = get_logger("ledger")


class HeadMoved(Unavailable):
    """Another sequencer moved the head first; this round is undone."""

    code = "ledger-head-moved"


class RolledBack(LedgerCorrupt):
    """A checkpoint is known that this tree does not extend: a restored copy, or another history."""

    code = "ledger-rolled-back"
    message = "The ledger is older than, or other than, what was already signed."


class Witness(Protocol):
    """Who remembers the log's checkpoints outside this house."""

    async def find_latest(self, origin: str) -> Checkpoint | None:
        """Return the latest checkpoint it cosigned; None where it never saw the log.

        Raises:
            Unavailable: it cannot be reached; nothing is signed before it was.
        """
        ...


class LogSigners(Protocol):
    """Who signs checkpoints: the log's key, and during its change both (PROTOCOLS L14)."""

    def overlapping(self) -> Sequence[Signer]:
        """Return the keys in use, the latest first; one at least."""
        ...


class Sequencer:
    """One candidate for the leader's work; every node may run one.

    `trouble` is the error that keeps it from signing, None while all is well: it decides on
    readiness.
    """

    def __init__(
        self,
        database: Database,
        settings: LedgerSettings,
        *,
        log_signer: LogSigners,
        witness: Witness | None = None,
    ) -> None:
        self._database = database
        self._settings = settings
        self._signers = log_signer
        self._witness = witness
        self._consulted = False
        self.trouble: CreditbridgeError | None = None

    async def run(self) -> None:
        """Lead whenever nobody else does, until cancelled; errors are told and tried again."""
        while True:
            try:
                await self._lead()
            except CreditbridgeError as error:
                self.trouble = error
                log.warning("ledger.sequencer_failed", code=error.code, detail=error.detail)
            else:
                # Another node leads, so the database is there again. What was found corrupt stays
                # so until a round of this node's own finds it well.
                if isinstance(self.trouble, Unavailable):
                    self.trouble = None
            await asyncio.sleep(RETRY_SECONDS)

    async def run_once(self) -> int:
        """Sequence one batch, sign what is unsigned, and return how many entries got an index.

        Raises:
            HeadMoved: another sequencer was faster; nothing was changed.
            LedgerCorrupt: the rows do not fit together; nothing is signed.
            DatabaseUnavailable: tried again, it goes on from what was committed.
        """
        await self._consult_witness()
        # Five times a second, mostly for nothing: the instant is read where one is written down.
        async with self._database.transaction(reads_now=False) as tx:
            sequenced = await self._sequence(tx)
        async with self._database.transaction(reads_now=False) as tx:
            await self._sign(tx)
        return sequenced

    async def _lead(self) -> None:
        async with self._database.connection() as connection:
            # The lock is only as good as its connection: asking on it again finds it lost.
            while await store.try_lead(connection, LEADER_LOCK):
                sequenced = await self.run_once()
                self.trouble = None
                # A full batch means that more waits: no pause then.
                if sequenced < self._settings.sequence_rows_max:
                    await asyncio.sleep(self._settings.sequence_every_seconds)

    async def _sequence(self, tx: Transaction) -> int:
        waiting = await store.read_unnumbered(tx, self._settings.sequence_rows_max)  # 1
        if not waiting:
            return 0
        head = await _get_head(tx)
        tiles = Tiles(await store.read_tiles(tx, edge_keys(head.size)))
        _require_root(tiles, head)  # 2
        leaves = [hash_leaf(entry_of(entry.commitment)) for entry in waiting]
        grown = grow(tiles, head.size, leaves)
        size = head.size + len(leaves)
        # From the tiles that will be stored: what readers will derive is what gets signed.
        root = Tiles({**tiles.hashes, **grown}).root(size)
        moved = await store.move_head(tx, old=head, new=Head(size=size, root=root))  # 3
        if not moved or await store.set_indexes(tx, waiting, first=head.size) != len(waiting):
            raise HeadMoved(detail=f"from size {head.size}")
        await store.write_tiles(tx, grown)
        await tx.execute(RAISE_FLOOR, max(entry.decided_at for entry in waiting))
        return len(waiting)

    async def _sign(self, tx: Transaction) -> None:
        head = await _get_head(tx)
        signed = await store.find_checkpoint(tx)
        if signed is not None:
            known = parse_checkpoint(parse_note(signed.note).text)
            if (known.size, known.root) == (head.size, head.root):
                return
            await _require_extends(tx, head, known)
        checkpoint = Checkpoint(origin=self._settings.origin, size=head.size, root=head.root)
        # Of two signatures a reader needs one: whoever pinned the earlier key can follow the log
        # until the pins of the later one arrived.
        latest, *earlier = self._signers.overlapping()
        text = format_checkpoint(checkpoint)
        note = sign_note(text, checkpoint.origin, latest)
        note += "".join(sign_line(text, checkpoint.origin, one) for one in earlier)
        await store.keep_checkpoint(tx, size=head.size, note=note, signed_at=await tx.renew_now())

    async def _consult_witness(self) -> None:
        """Before the first signature after a start: a restored copy is seen before it can fork."""
        if self._witness is None or self._consulted:
            return
        latest = await self._witness.find_latest(self._settings.origin)
        if latest is not None:
            async with self._database.transaction() as tx:
                await _require_extends(tx, await _get_head(tx), latest)
        self._consulted = True


async def _get_head(tx: Transaction) -> Head:
    head = await store.find_head(tx)
    if head is None:
        raise LedgerCorrupt(detail="the tree has no head")
    return head


async def _require_extends(tx: Transaction, head: Head, known: Checkpoint) -> None:
    """Accept a head whose tree begins with the tree of a checkpoint that is known."""
    if known.size > head.size:
        raise RolledBack(detail=f"size {head.size}, but {known.size} was signed")
    nodes = [*complete_nodes(known.size), *complete_nodes(head.size)]
    tiles = Tiles(await store.read_tiles(tx, keys_for(nodes)))
    _require_root(tiles, head)
    if tiles.root(known.size) != known.root:
        raise RolledBack(detail=f"another root was signed at size {known.size}")


def _require_root(tiles: Tiles, head: Head) -> None:
    try:
        root = tiles.root(head.size)
    except TileMissing as error:
        raise LedgerCorrupt(detail=error.detail) from error
    if root != head.root:
        raise LedgerCorrupt(detail=f"the tiles do not give the root of size {head.size}")
