"""The tree's rows: tiles, the head they make, and the checkpoints that were signed of it."""

from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec

from creditbridge.foundation.database import (
    UNAVAILABLE,
    Connection,
    DatabaseUnavailable,
    Transaction,
)


class WaitingEntry(msgspec.Struct, frozen=True, kw_only=True):
    """An entry without an index."""

    event_id: str
    commitment: bytes
    decided_at: datetime


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """The tree as the rows hold it, signed or not."""

    size: int
    root: bytes


class SignedCheckpoint(msgspec.Struct, frozen=True, kw_only=True):
    """A checkpoint that was signed: from here on its size is public."""

    size: int
    note: str
    signed_at: datetime


class Backlog(msgspec.Struct, frozen=True, kw_only=True):
    """What waits for its index."""

    entries: int
    oldest_at: datetime | None


class TileRow(msgspec.Struct, frozen=True, kw_only=True):
    """The hashes of one tile, 32 bytes each."""

    level: int
    number: int
    hashes: bytes


# Intake order, not id order: commits overtake each other, and "greater than the last id" would
# leave an entry out for ever. Whoever shares a counter waited for the other's commit.
READ_UNNUMBERED = """
    SELECT event_id, commitment, decided_at FROM ledger_entries
    WHERE log_index IS NULL ORDER BY intake_no LIMIT $1
"""


async def read_unnumbered(tx: Transaction, rows_max: int) -> list[WaitingEntry]:
    """Return the entries without an index, in intake order."""
    return await tx.fetch_rows(WaitingEntry, READ_UNNUMBERED, rows_max)


SET_INDEXES = """
    UPDATE ledger_entries SET log_index = numbered.log_index
    FROM unnest($1::text[], $2::bigint[]) AS numbered (event_id, log_index)
    WHERE ledger_entries.event_id = numbered.event_id AND ledger_entries.log_index IS NULL
"""


async def set_indexes(tx: Transaction, entries: list[WaitingEntry], *, first: int) -> int:
    """Give gapless indexes from `first` on; return how many entries took theirs."""
    indexes = list(range(first, first + len(entries)))
    return await tx.execute(SET_INDEXES, [entry.event_id for entry in entries], indexes)


READ_HEAD = "SELECT size, root FROM ledger_head"


async def find_head(tx: Transaction) -> Head | None:
    """Return the head; None only where its one row was deleted."""
    return await tx.fetch_row(Head, READ_HEAD)


# Compare-and-set: of two sequencers that read the same head, one moves it.
MOVE_HEAD = "UPDATE ledger_head SET size = $3, root = $4 WHERE size = $1 AND root = $2"


async def move_head(tx: Transaction, *, old: Head, new: Head) -> bool:
    """Move the head; False when it is no longer the one that was read."""
    return await tx.execute(MOVE_HEAD, old.size, old.root, new.size, new.root) == 1


READ_TILES = """
    SELECT level, number, hashes
    FROM ledger_tiles JOIN unnest($1::int[], $2::bigint[]) AS wanted (level, number)
        USING (level, number)
"""


async def read_tiles(
    tx: Transaction, wanted: Iterable[tuple[int, int]]
) -> dict[tuple[int, int], bytes]:
    """Return the hashes of tiles, by level and number; what there is none of is absent."""
    keys = sorted(set(wanted))
    rows = await tx.fetch_rows(
        TileRow, READ_TILES, [level for level, _ in keys], [number for _, number in keys]
    )
    return {(row.level, row.number): row.hashes for row in rows}


WRITE_TILES = """
    INSERT INTO ledger_tiles (level, number, hashes)
    SELECT * FROM unnest($1::int[], $2::bigint[], $3::bytea[])
    ON CONFLICT (level, number) DO UPDATE SET hashes = EXCLUDED.hashes
"""


async def write_tiles(tx: Transaction, tiles: Mapping[tuple[int, int], bytes]) -> None:
    """Write tiles that are new or have grown."""
    keys = sorted(tiles)
    await tx.execute(
        WRITE_TILES,
        [level for level, _ in keys],
        [number for _, number in keys],
        [tiles[key] for key in keys],
    )


class Shape(msgspec.Struct, frozen=True, kw_only=True):
    """The log at one instant: the head, and how much of entries and tiles there is."""

    size: int
    root: bytes
    entries: int
    last_index: int
    tiles: int
    tile_bytes: int
    signed: int  # The size of the latest checkpoint, -1 before the first.


# One statement, so one snapshot, while the sequencer goes on.
READ_SHAPE = """
    SELECT size, root,
        (SELECT count(*) FROM ledger_entries WHERE log_index IS NOT NULL) AS entries,
        (SELECT coalesce(max(log_index), -1) FROM ledger_entries) AS last_index,
        (SELECT count(*) FROM ledger_tiles) AS tiles,
        (SELECT coalesce(sum(octet_length(hashes)), 0)::bigint FROM ledger_tiles) AS tile_bytes,
        (SELECT coalesce(max(size), -1) FROM ledger_checkpoints) AS signed
    FROM ledger_head
"""


async def find_shape(tx: Transaction) -> Shape | None:
    """Return the shape of the log; None only where the head's one row was deleted."""
    return await tx.fetch_row(Shape, READ_SHAPE)


READ_COMMITMENTS = """
    SELECT commitment FROM ledger_entries
    WHERE log_index >= $1 AND log_index < $2 ORDER BY log_index
"""


class CommitmentRow(msgspec.Struct, frozen=True, kw_only=True):
    """The public part of an entry."""

    commitment: bytes


async def read_commitments(tx: Transaction, *, first: int, end: int) -> list[bytes]:
    """Return the commitments of the entries from `first` to before `end`."""
    rows = await tx.fetch_rows(CommitmentRow, READ_COMMITMENTS, first, end)
    return [row.commitment for row in rows]


KEEP_CHECKPOINT = """
    INSERT INTO ledger_checkpoints (size, note, signed_at) VALUES ($1, $2, $3)
    ON CONFLICT (size) DO NOTHING
"""


async def keep_checkpoint(tx: Transaction, *, size: int, note: str, signed_at: datetime) -> None:
    """Publish a checkpoint; the first one of a size stays."""
    await tx.execute(KEEP_CHECKPOINT, size, note, signed_at)


READ_CHECKPOINT = "SELECT size, note, signed_at FROM ledger_checkpoints ORDER BY size DESC LIMIT 1"


async def find_checkpoint(tx: Transaction) -> SignedCheckpoint | None:
    """Return the latest published checkpoint; None before the first."""
    return await tx.fetch_row(SignedCheckpoint, READ_CHECKPOINT)


READ_CHECKPOINTS = """
    SELECT size, note, signed_at FROM ledger_checkpoints
    WHERE size >= $1 AND size < $2 ORDER BY size
"""


async def read_checkpoints(tx: Transaction, *, first: int, end: int) -> list[SignedCheckpoint]:
    """Return the published checkpoints of sizes from `first` to before `end`."""
    return await tx.fetch_rows(SignedCheckpoint, READ_CHECKPOINTS, first, end)


READ_BACKLOG = """
    SELECT count(*) AS entries, min(decided_at) AS oldest_at
    FROM ledger_entries WHERE log_index IS NULL
"""


async def read_backlog(tx: Transaction) -> Backlog:
    """Return how much waits for the sequencer, and since when."""
    return await tx.fetch_row(Backlog, READ_BACKLOG) or Backlog(entries=0, oldest_at=None)


# Held by a connection, not by a transaction: a leader that dies is replaced as soon as PostgreSQL
# sees its connection gone. Asking again on a connection that holds it only counts up.
TRY_LEAD = "SELECT pg_try_advisory_lock($1)"


async def try_lead(connection: Connection, lock: int) -> bool:
    """Take the leader's lock on this connection, or hold on to it; False where another has it.

    Raises:
        DatabaseUnavailable: the connection is gone, and with it the lock.
    """
    try:
        return await connection.fetchval(TRY_LEAD, lock) is True
    except UNAVAILABLE as error:
        raise DatabaseUnavailable(detail=f"the leader's connection: {error}") from error
