"""The check of the whole ledger: the tree is derived anew from the entries, and every row compared.

1. The shape is read at one instant: head, entries, tiles, checkpoints.
2. Entries are walked in the log's order; each is audited, hashed, and compared with its tile.
3. Every checkpoint that was signed on the way must have the root that was derived.
4. What waits for an index is audited too, then the counters that intake keeps.
5. Checkpoints and receipts that others hold must be kept by this log: a rewritten or truncated one
   may fit in itself, and cannot fit to them.
"""

from collections.abc import Callable

import msgspec

from creditbridge.foundation.database import Transaction
from creditbridge.foundation.errors import Malformed, Untrusted
from creditbridge.ledger.audit import Audit, FindKey, Violated, Violation
from creditbridge.ledger.encoding import from_base64url
from creditbridge.ledger.model import Core, Receipt
from creditbridge.ledger.rules import entry_of, verify_receipt
from creditbridge.ledger.sealing import OpeningKeys
from creditbridge.ledger.store import openings as openings_store, tree as tree_store
from creditbridge.ledger.store.openings import OpeningRow, Reference
from creditbridge.ledger.store.tree import Shape
from creditbridge.ledger.tree import Tiles, count_tiles, edge_keys, grow, split_hashes
from creditbridge.ledger.vault import Vault
from creditbridge.protocols.checkpoint import Checkpoint, open_checkpoint
from creditbridge.protocols.merkle_tree import HASH_BYTES, Frontier, extend, hash_leaf
from creditbridge.protocols.signed_note import NoteKey
from creditbridge.protocols.tiles import TILE_HEIGHT, TILE_WIDTH

CHUNK_ROWS = 4 * TILE_WIDTH
WAITING_ROWS_MAX = 100_000


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """What others hold of this log: a witness's checkpoints, a bank's receipts."""

    checkpoints: tuple[str, ...] = ()
    receipts: tuple[bytes, ...] = ()


class Trust(msgspec.Struct, frozen=True, kw_only=True):
    """What the check believes: keys, and what others hold; nothing from the database."""

    opening_keys: OpeningKeys
    log_keys: tuple[NoteKey, ...]
    find_receipt_key: FindKey
    held: Held = Held()


async def check_ledger(
    tx: Transaction, trust: Trust, *, visit: Callable[[Core], None] | None = None
) -> list[Violation]:
    """Return what does not fit, in the order found; nothing where all does.

    `visit` is told of each core that could be read, in the log's order: a replay of the house's
    laws hangs on there.
    """
    shape = await tree_store.find_shape(tx)  # 1
    if shape is None:
        return [Violation(name=Violated.HEAD_MISSING, detail="the tree has no head")]
    audit = Audit(
        Vault(keys=trust.opening_keys),
        find_receipt_key=trust.find_receipt_key,
        references=await _read_references(tx),
        size=shape.size,
    )
    walk = _Walk(audit, shape, trust, visit)
    walk.require_shape()
    await walk.see_checkpoints(tx, first=0, end=1)
    for first in range(0, shape.size, CHUNK_ROWS):
        end = min(first + CHUNK_ROWS, shape.size)
        leaves = await walk.see_entries(tx, first=first, end=end)  # 2
        await walk.see_checkpoints(tx, first=first + 1, end=end + 1, leaves=leaves)  # 3
    for row in await openings_store.read_behind(tx, first=shape.size, rows_max=WAITING_ROWS_MAX):
        walk.see(row)  # 4
    audit.finish()
    walk.require_receipts(tx)  # 5
    return audit.violations


class _Walk:
    """The walk from the first entry to the last, with the tree as it grows."""

    def __init__(
        self, audit: Audit, shape: Shape, trust: Trust, visit: Callable[[Core], None] | None
    ) -> None:
        self._audit = audit
        self._shape = shape
        self._trust = trust
        self._visit = visit
        self._frontier = Frontier()
        self._edge = Tiles({})
        self._promised = self._read_receipts()
        self._held = self._read_held()

    def require_shape(self) -> None:
        """Compare how much there is with how much the head says, and the head with the notes."""
        shape = self._shape
        if shape.entries > shape.size or shape.last_index >= shape.size:
            detail = f"{shape.entries} entries under a head of size {shape.size}"
            self._audit.find(Violated.ENTRY_BEYOND_HEAD, detail, index=shape.size)
        if (shape.tiles, shape.tile_bytes) != count_tiles(shape.size):
            detail = f"{shape.tiles} tiles of {shape.tile_bytes} bytes"
            self._audit.find(Violated.TILE_DIFFERS, detail)
        for size in (shape.signed, *self._held):
            if size > shape.size:
                detail = f"a checkpoint of size {size} was signed"
                self._audit.find(Violated.ROLLED_BACK, detail, index=shape.size)

    async def see_entries(self, tx: Transaction, *, first: int, end: int) -> list[bytes]:
        """Audit the entries of a range, compare them with their tiles, return their leaf hashes."""
        rows = await openings_store.read_range(tx, first=first, end=end)
        found = {row.log_index: row for row in rows}
        numbers = range(first // TILE_WIDTH, -(-end // TILE_WIDTH))
        stored = await tree_store.read_tiles(tx, [(0, number) for number in numbers])
        kept = split_hashes(b"".join(stored.get((0, number), b"") for number in numbers))
        leaves: list[bytes] = []
        for index in range(first, end):
            beside = kept[index - first] if index - first < len(kept) else b""
            leaves.append(self._see_leaf(found.get(index), index, beside))
        await self._compare_tiles(tx, leaves, first)
        return leaves

    def see(self, row: OpeningRow) -> None:
        """Audit one entry, and tell the visitor of its core."""
        if row.log_index is not None:
            self._promised.pop(row.commitment, None)
        core = self._audit.see(row)
        if core is not None and self._visit is not None:
            self._visit(core)

    async def see_checkpoints(
        self, tx: Transaction, *, first: int, end: int, leaves: list[bytes] | None = None
    ) -> None:
        """Let the tree grow by the leaves, and compare every root that was signed on the way."""
        signed = await tree_store.read_checkpoints(tx, first=first, end=end)
        notes = {row.size: row.note for row in signed}
        held = {size for size in self._held if first <= size < end}
        for size in sorted({*notes, *held, end - 1}):
            grown = (leaves or [])[self._frontier.size - first + 1 : size - first + 1]
            self._frontier = extend(self._frontier, grown)
            self._see_root(notes.get(size), size)
        if end > self._shape.size and self._frontier.root() != self._shape.root:
            self._audit.find(Violated.ROOT_DIFFERS, f"at size {self._shape.size}")

    def require_receipts(self, tx: Transaction) -> None:
        """Name the receipts whose promise is over and was not kept."""
        for receipt in self._promised.values():
            if receipt.include_by < tx.now:
                self._audit.find(Violated.RECEIPT_UNKEPT, receipt.commitment)

    def _see_leaf(self, row: OpeningRow | None, index: int, kept: bytes) -> bytes:
        if row is None:
            self._audit.find(Violated.ENTRY_MISSING, "no entry", index=index)
            # The tile stands in, so that what comes behind can still be compared.
            return kept or bytes(HASH_BYTES)
        self.see(row)
        leaf = hash_leaf(entry_of(row.commitment))
        if leaf != kept:
            self._audit.find(Violated.TILE_DIFFERS, f"level 0, {row.event_id}", index=index)
        return leaf

    async def _compare_tiles(self, tx: Transaction, leaves: list[bytes], first: int) -> None:
        """Compare the tiles above the leaves that these leaves complete."""
        grown = grow(self._edge, first, leaves)
        end = first + len(leaves)
        above = {key: tile for key, tile in grown.items() if key[0] > 0}
        stored = await tree_store.read_tiles(tx, above)
        for (level, number), tile in sorted(above.items()):
            pairs = zip(
                split_hashes(tile), split_hashes(stored.get((level, number), b"")), strict=False
            )
            same = next((n for n, (ours, theirs) in enumerate(pairs) if ours != theirs), None)
            short = len(stored.get((level, number), b"")) < len(tile)
            if same is not None or short:
                width = TILE_WIDTH * number + (same or 0)
                detail = f"level {level}, number {number}"
                self._audit.find(
                    Violated.TILE_DIFFERS, detail, index=width << (TILE_HEIGHT * level)
                )
        known = {**self._edge.hashes, **grown}
        self._edge = Tiles({key: known[key] for key in edge_keys(end)})

    def _see_root(self, note: str | None, size: int) -> None:
        root = self._frontier.root()
        if note is not None:
            self._see_note(note, size, root)
        # One held root beside ours is enough: two signed roots of one size are a fork.
        if not self._held.get(size, {root}) <= {root}:
            detail = f"another root is held for size {size}"
            self._audit.find(Violated.ROLLED_BACK, detail)

    def _see_note(self, note: str, size: int, root: bytes) -> None:
        try:
            checkpoint = open_checkpoint(note, log_keys=self._trust.log_keys).checkpoint
        except Untrusted as error:
            self._audit.find(Violated.CHECKPOINT_INVALID, f"size {size}: {error.code}")
            return
        if (checkpoint.size, checkpoint.root) != (size, root):
            self._audit.find(Violated.CHECKPOINT_INVALID, f"size {size}: another tree")

    def _read_held(self) -> dict[int, set[bytes]]:
        held: list[Checkpoint] = []
        for note in self._trust.held.checkpoints:
            try:
                held.append(open_checkpoint(note, log_keys=self._trust.log_keys).checkpoint)
            except Untrusted as error:
                self._audit.find(Violated.CHECKPOINT_INVALID, f"held: {error.code}")
        sizes = {checkpoint.size for checkpoint in held}
        return {size: {one.root for one in held if one.size == size} for size in sizes}

    def _read_receipts(self) -> dict[bytes, Receipt]:
        promised: dict[bytes, Receipt] = {}
        for raw in self._trust.held.receipts:
            try:
                receipt = verify_receipt(raw, self._trust.find_receipt_key)
            except (Malformed, Untrusted) as error:
                self._audit.find(Violated.RECEIPT_INVALID, f"held: {error.code}")
            else:
                promised[from_base64url(receipt.commitment)] = receipt
        return promised


async def _read_references(tx: Transaction) -> dict[str, Reference]:
    references: dict[str, Reference] = {}
    after = ""
    while rows := await openings_store.read_references(tx, after=after, rows_max=CHUNK_ROWS):
        references.update((row.reference, row) for row in rows)
        after = rows[-1].reference
    return references
