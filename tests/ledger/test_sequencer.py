"""The sequencer: indexes without gaps, one history, and a signature that heals."""

import asyncio
import io
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

import pytest
from tests.waiting import PATIENCE_SECONDS

from creditbridge.foundation.database import Database, DatabaseUnavailable
from creditbridge.foundation.errors import CreditbridgeError
from creditbridge.foundation.keys import FileKey
from creditbridge.ledger.model import LedgerCorrupt, Record, Recorded
from creditbridge.ledger.rules import entry_of
from creditbridge.ledger.sequencer import LEADER_LOCK, HeadMoved, RolledBack, Sequencer
from creditbridge.ledger.service import publication
from creditbridge.ledger.settings import LedgerSettings
from creditbridge.protocols.checkpoint import Checkpoint, open_checkpoint
from creditbridge.protocols.merkle_tree import hash_leaf, root_of
from creditbridge.protocols.signed_note import note_key

Fill: TypeAlias = Callable[[Sequence[Record]], Awaitable[list[Recorded]]]

KILL_LEADER = """
    SELECT count(pg_terminate_backend(pid)) FROM pg_locks
    WHERE locktype = 'advisory' AND granted
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
COUNT_INDEXES = "SELECT count(DISTINCT log_index) FROM ledger_entries"


class FakeWitness:
    """A witness that remembers what a test tells it."""

    def __init__(self, latest: Checkpoint | None) -> None:
        self.latest = latest
        self.asked = 0

    async def find_latest(self, origin: str) -> Checkpoint | None:
        self.asked += 1
        return self.latest


async def get_checkpoint(database: Database, log_key: FileKey) -> Checkpoint:
    """Return the published checkpoint, verified."""
    async with database.transaction() as tx:
        note = await publication.find_checkpoint(tx) or ""
    key = note_key("log.example/creditbridge", log_key.key)
    return open_checkpoint(note, log_keys=[key]).checkpoint


async def test_an_empty_log_is_signed_too(
    sequencer: Sequencer, database: Database, log_key: FileKey
) -> None:
    """Size 0 has the root of nothing."""
    assert await sequencer.run_once() == 0

    checkpoint = await get_checkpoint(database, log_key)
    assert (checkpoint.size, checkpoint.root) == (0, root_of([]))


async def test_the_signed_root_is_that_of_the_commitments(
    fill: Fill, story: list[Record], sequencer: Sequencer, database: Database, log_key: FileKey
) -> None:
    """Entries of 33 bytes, in intake order, hashed as RFC 9162 says."""
    recorded = await fill(story)

    assert await sequencer.run_once() == 6
    assert await sequencer.run_once() == 0

    leaves = [hash_leaf(entry_of(one.commitment)) for one in recorded]
    checkpoint = await get_checkpoint(database, log_key)
    assert (checkpoint.size, checkpoint.root) == (6, root_of(leaves))


async def test_a_late_commit_is_not_left_behind(
    database: Database, sequencer: Sequencer, fill: Fill, story: list[Record]
) -> None:
    """Two intakes overtake each other: the one that commits later gets its index later."""
    async with database.transaction() as tx:
        # Takes its place in intake first, commits last.
        await tx.execute(
            "INSERT INTO ledger_entries (event_id, commitment, decided_at)"
            " VALUES ('evt_late', sha256('late'), now())"
        )
        await fill(story)
        assert await sequencer.run_once() == 6

    assert await sequencer.run_once() == 1


async def test_of_two_sequencers_one_wins(
    fill: Fill,
    story: list[Record],
    database: Database,
    settings: LedgerSettings,
    log_key: FileKey,
) -> None:
    """Each round is whole or undone: 60 entries, 60 indexes, whoever moved the head."""
    await fill(story * 10)
    first, second = (Sequencer(database, settings, log_signer=log_key) for _ in range(2))
    rounds: list[int] = []

    async def run(one: Sequencer) -> None:
        try:
            rounds.append(await one.run_once())
        except HeadMoved:
            rounds.append(-1)

    async with asyncio.TaskGroup() as racers:
        racers.create_task(run(first))
        racers.create_task(run(second))

    async with database.transaction() as tx:
        indexes = await tx.fetch_value(int, COUNT_INDEXES)
    assert indexes == 60
    assert sorted(rounds) in ([-1, 60], [0, 60])
    assert (await get_checkpoint(database, log_key)).size == 60


async def test_a_stale_head_moves_nothing(
    fill: Fill,
    story: list[Record],
    sequencer: Sequencer,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whoever read the head before another moved it is undone, indexes and all."""
    await fill(story)

    monkeypatch.setattr(
        "creditbridge.ledger.store.tree.MOVE_HEAD",
        "UPDATE ledger_head SET size = $3, root = $4 WHERE size = $1 AND root = $2 AND false",
    )
    with pytest.raises(HeadMoved):
        await sequencer.run_once()

    async with database.transaction() as tx:
        assert await tx.fetch_value(int, COUNT_INDEXES) == 0


async def test_a_crash_before_the_signature_heals(
    fill: Fill,
    story: list[Record],
    database: Database,
    settings: LedgerSettings,
    log_key: FileKey,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The head moved and nobody signed: the next start signs it, and publishes nothing before."""
    await fill(story)
    with monkeypatch.context() as broken:
        broken.setattr(FileKey, "sign", fail_to_sign)
        with pytest.raises(OSError, match="gone"):
            await Sequencer(database, settings, log_signer=log_key).run_once()
    async with database.transaction() as tx:
        assert await publication.find_checkpoint(tx) is None

    await Sequencer(database, settings, log_signer=log_key).run_once()

    assert (await get_checkpoint(database, log_key)).size == 6


def fail_to_sign(_key: FileKey, _message: bytes) -> bytes:
    """Fail as a signer does whose device is gone."""
    message = "gone"
    raise OSError(message)


@pytest.mark.parametrize(
    ("statement", "error"),
    [
        ("UPDATE ledger_tiles SET hashes = sha256('x') || substr(hashes, 33)", LedgerCorrupt),
        ("DELETE FROM ledger_tiles", LedgerCorrupt),
        ("UPDATE ledger_head SET root = sha256('x')", LedgerCorrupt),
        ("DELETE FROM ledger_head", LedgerCorrupt),
        ("UPDATE ledger_head SET size = 2", LedgerCorrupt),
    ],
)
async def test_nothing_is_built_on_rows_that_do_not_fit(
    statement: str,
    error: type[LedgerCorrupt],
    fill: Fill,
    story: list[Record],
    sequencer: Sequencer,
    database: Database,
) -> None:
    """Edited tiles or head: no index is given, nothing is signed."""
    await fill(story)
    await sequencer.run_once()
    async with database.transaction() as tx:
        await tx.execute(statement)
    await fill(story)

    with pytest.raises(error):
        await sequencer.run_once()


async def test_an_older_tree_than_the_last_signed_one_is_not_signed(
    fill: Fill, story: list[Record], sequencer: Sequencer, database: Database
) -> None:
    """Head and tiles put back together by hand: the checkpoint that was signed shows it."""
    await sequencer.run_once()
    await fill(story)
    await sequencer.run_once()
    async with database.transaction() as tx:
        await tx.execute("UPDATE ledger_head SET size = 0, root = sha256('')")

    with pytest.raises(RolledBack):
        await sequencer.run_once()


@pytest.mark.parametrize(
    "latest",
    [None, Checkpoint(origin="log.example/creditbridge", size=0, root=root_of([]))],
)
async def test_a_witness_is_asked_once_before_the_first_signature(
    latest: Checkpoint | None, database: Database, settings: LedgerSettings, log_key: FileKey
) -> None:
    """It never saw the log, or saw a tree that this one extends."""
    witness = FakeWitness(latest)
    sequencer = Sequencer(database, settings, log_signer=log_key, witness=witness)

    await sequencer.run_once()
    await sequencer.run_once()

    assert witness.asked == 1


@pytest.mark.parametrize("size", [3, 7])
async def test_what_a_witness_remembers_otherwise_stops_the_sequencer(
    size: int,
    fill: Fill,
    story: list[Record],
    database: Database,
    settings: LedgerSettings,
    log_key: FileKey,
) -> None:
    """A restored copy is older than, or other than, the witness's tree: nothing is signed."""
    await fill(story)
    await Sequencer(database, settings, log_signer=log_key).run_once()
    latest = Checkpoint(origin="log.example/creditbridge", size=size, root=bytes(32))
    witness = FakeWitness(latest)
    restarted = Sequencer(database, settings, log_signer=log_key, witness=witness)

    with pytest.raises(RolledBack):
        await restarted.run_once()

    assert witness.asked == 1


async def test_the_house_clock_never_falls_below_what_is_in_order(
    fill: Fill, story: list[Record], sequencer: Sequencer, database: Database
) -> None:
    """The floor under later decisions is the latest instant that has an index."""
    recorded = await fill(story)
    await sequencer.run_once()

    async with database.transaction() as tx:
        floor = await tx.fetch_value(object, "SELECT floor_at FROM house_clock")
    assert floor == recorded[-1].decided_at


async def test_a_leader_keeps_sequencing_and_others_wait(
    fill: Fill, story: list[Record], sequencer: Sequencer, database: Database, log_key: FileKey
) -> None:
    """While one runs, another candidate cannot take the lock; what is recorded gets signed."""
    await fill(story)
    async with asyncio.timeout(PATIENCE_SECONDS), asyncio.TaskGroup() as tasks:
        leading = tasks.create_task(sequencer.run())
        while True:
            async with database.transaction() as tx:
                if (
                    await publication.find_checkpoint(tx)
                    and not (await publication.read_backlog(tx)).entries
                ):
                    break
        async with database.connection() as connection:
            locked = await connection.fetchval("SELECT pg_try_advisory_lock($1)", LEADER_LOCK)
        leading.cancel()

    assert locked is False
    assert sequencer.trouble is None
    assert (await get_checkpoint(database, log_key)).size == 6


def trouble_of(sequencer: Sequencer) -> CreditbridgeError | None:
    """Return what keeps it from signing at this moment."""
    return sequencer.trouble


async def test_trouble_with_the_database_ends_where_another_leads(
    sequencer: Sequencer, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A candidate that lost its connection, and its lead to another node, is ready again."""
    monkeypatch.setattr("creditbridge.ledger.sequencer.RETRY_SECONDS", 0.01)
    sequencer.trouble = DatabaseUnavailable()

    async with database.connection() as connection:
        assert await connection.fetchval("SELECT pg_try_advisory_lock($1)", LEADER_LOCK)
        async with asyncio.timeout(PATIENCE_SECONDS), asyncio.TaskGroup() as tasks:
            waiting = tasks.create_task(sequencer.run())
            while trouble_of(sequencer) is not None:
                async with database.transaction():
                    pass
            waiting.cancel()

    assert trouble_of(sequencer) is None


async def test_trouble_is_told_and_kept(
    fill: Fill,
    story: list[Record],
    sequencer: Sequencer,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A leader whose rows do not fit goes on trying; readiness sees why."""
    monkeypatch.setattr("creditbridge.ledger.sequencer.RETRY_SECONDS", 0.01)
    await fill(story)
    async with database.transaction() as tx:
        await tx.execute("UPDATE ledger_head SET size = 1")

    async with asyncio.timeout(PATIENCE_SECONDS), asyncio.TaskGroup() as tasks:
        leading = tasks.create_task(sequencer.run())
        while sequencer.trouble is None:
            async with database.transaction():
                pass
        leading.cancel()

    assert isinstance(sequencer.trouble, LedgerCorrupt)


async def test_a_leader_whose_connection_is_killed_leads_again(
    fill: Fill,
    story: list[Record],
    sequencer: Sequencer,
    database: Database,
    log_key: FileKey,
    log_lines: io.StringIO,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The lock went with the connection: it is told as trouble, and taken anew."""
    monkeypatch.setattr("creditbridge.ledger.sequencer.RETRY_SECONDS", 0.05)
    async with asyncio.timeout(PATIENCE_SECONDS), asyncio.TaskGroup() as tasks:
        leading = tasks.create_task(sequencer.run())
        killed = 0
        while not killed:
            async with database.transaction() as tx:
                killed = await tx.fetch_value(int, KILL_LEADER) or 0
        while "ledger.sequencer_failed" not in log_lines.getvalue():
            async with database.transaction():
                pass
        await fill(story)
        while await find_size(database) < 6:
            pass
        leading.cancel()

    assert (await get_checkpoint(database, log_key)).size == 6
    assert sequencer.trouble is None


async def find_size(database: Database) -> int:
    """Return the published size."""
    async with database.transaction() as tx:
        return await publication.find_size(tx)
