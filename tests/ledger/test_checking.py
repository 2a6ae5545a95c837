"""The check of the whole ledger finds what was done to it, and where."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

import msgspec
import pytest
from msgspec.structs import replace

from creditbridge.foundation.database import Database
from creditbridge.ledger.audit import Violated, Violation
from creditbridge.ledger.checking import Held, Trust, check_ledger
from creditbridge.ledger.model import (
    Core,
    EventKind,
    Proofs,
    Record,
    Recorded,
    RequestProof,
    StrangersRefused,
)
from creditbridge.ledger.sealing import seal
from creditbridge.ledger.sequencer import Sequencer
from creditbridge.ledger.service import publication

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
Fill: TypeAlias = Callable[[Sequence[Record]], Awaitable[list[Recorded]]]

# As a database administrator does who has read the migration.
UNGUARD = """
    SET LOCAL session_replication_role = replica;
    CREATE FUNCTION pg_temp.flip(bytea) RETURNS bytea LANGUAGE sql
        AS 'SELECT set_byte($1, 0, get_byte($1, 0) # 1)';
    CREATE FUNCTION pg_temp.at(bigint) RETURNS text LANGUAGE sql
        AS 'SELECT event_id FROM ledger_entries WHERE log_index = $1';
"""
DROP = "DROP FUNCTION pg_temp.flip, pg_temp.at"


async def tamper(database: Database, *statements: str) -> None:
    """Change rows behind the ledger's back."""
    async with database.transaction() as tx:
        await tx.execute(UNGUARD)
        for statement in statements:
            await tx.execute(statement)
        await tx.execute(DROP)


async def check(database: Database, trust: Trust) -> list[Violation]:
    """Check the ledger in a transaction of its own."""
    async with database.transaction() as tx:
        return await check_ledger(tx, trust)


@pytest.fixture
async def log(fill: Fill, story: list[Record], sequencer: Sequencer) -> list[Recorded]:
    """Three rounds of the story: a checkpoint at size 6, 12 and 18."""
    recorded: list[Recorded] = []
    for _ in range(3):
        recorded += await fill(story)
        await sequencer.run_once()
    return recorded


async def test_an_honest_ledger_has_no_violation(
    log: list[Recorded], database: Database, trust: Trust, fill: Fill, story: list[Record]
) -> None:
    """Eighteen entries in the log, six that wait: all fit, and each core is shown once."""
    waiting = await fill(story)
    seen: list[Core] = []

    async with database.transaction() as tx:
        violations = await check_ledger(tx, trust, visit=seen.append)

    assert violations == []
    assert [core.event_id for core in seen] == [one.event_id for one in (*log, *waiting)]


async def test_an_empty_ledger_has_no_violation(database: Database, trust: Trust) -> None:
    """Nothing recorded, nothing signed."""
    assert await check(database, trust) == []


# What is done to the entry at index 7, the second time that the consent is requested.
EDITS: dict[str, Violated] = {
    "UPDATE ledger_entries SET commitment = pg_temp.flip(commitment) WHERE log_index = 7": (
        Violated.COMMITMENT_DIFFERS
    ),
    "UPDATE ledger_entries SET event_id = 'evt_x' WHERE log_index = 7": (
        Violated.OPENING_UNREADABLE
    ),
    "UPDATE ledger_entries SET decided_at = decided_at + interval '1 s' WHERE log_index = 7": (
        Violated.ROW_DIFFERS
    ),
    "UPDATE ledger_entries SET log_index = 70 WHERE log_index = 7": Violated.ENTRY_MISSING,
    "UPDATE ledger_entries SET log_index = NULL WHERE log_index = 7": Violated.ENTRY_MISSING,
    "DELETE FROM ledger_entries WHERE log_index = 7": Violated.ENTRY_MISSING,
    "DELETE FROM ledger_openings WHERE event_id = pg_temp.at(7)": Violated.OPENING_UNREADABLE,
    "UPDATE ledger_tiles SET hashes = set_byte(hashes, 7 * 32, 255 - get_byte(hashes, 7 * 32))": (
        Violated.TILE_DIFFERS
    ),
}


@pytest.mark.usefixtures("log")
@pytest.mark.parametrize(("statement", "name"), EDITS.items())
async def test_an_edited_entry_is_named_with_its_index(
    statement: str, name: Violated, database: Database, trust: Trust
) -> None:
    """Every field of an entry, its place and its tile: the first violation inside is at 7."""
    await tamper(database, statement)

    violations = await check(database, trust)

    located = [one for one in violations if one.index is not None and one.index < 18]
    assert located[0].index == 7
    assert name in {one.name for one in violations if one.index == 7}


OPENING_EDITS: dict[str, Violated] = {
    "UPDATE ledger_openings SET kind = 'report.failed' WHERE event_id = pg_temp.at(7)": (
        Violated.ROW_DIFFERS
    ),
    "UPDATE ledger_openings SET bank = 'x' WHERE event_id = pg_temp.at(7)": Violated.ROW_DIFFERS,
    "UPDATE ledger_openings SET enterprise = 'x' WHERE event_id = pg_temp.at(7)": (
        Violated.ROW_DIFFERS
    ),
    "UPDATE ledger_openings SET consent = 'x' WHERE event_id = pg_temp.at(7)": (
        Violated.ROW_DIFFERS
    ),
    "UPDATE ledger_openings SET person = 'x' WHERE event_id = pg_temp.at(7)": (
        Violated.ROW_DIFFERS
    ),
    "UPDATE ledger_openings SET request_id = 'x' WHERE event_id = pg_temp.at(7)": (
        Violated.ROW_DIFFERS
    ),
    "UPDATE ledger_openings SET key_id = 'x' WHERE event_id = pg_temp.at(7)": (
        Violated.OPENING_UNREADABLE
    ),
    "UPDATE ledger_openings SET opening = pg_temp.flip(opening) WHERE event_id = pg_temp.at(7)": (
        Violated.OPENING_UNREADABLE
    ),
    "UPDATE ledger_openings SET proofs = pg_temp.flip(proofs) WHERE event_id = pg_temp.at(7)": (
        Violated.OPENING_UNREADABLE
    ),
    "UPDATE ledger_openings SET receipt = pg_temp.flip(receipt) WHERE event_id = pg_temp.at(7)": (
        Violated.RECEIPT_INVALID
    ),
    "UPDATE ledger_personal SET sealed = pg_temp.flip(sealed) WHERE event_id = pg_temp.at(7)": (
        Violated.OPENING_UNREADABLE
    ),
    "UPDATE ledger_personal SET sealed = NULL, erased_by = 'x' WHERE event_id = pg_temp.at(7)": (
        Violated.ROW_DIFFERS
    ),
    "DELETE FROM ledger_personal WHERE event_id = pg_temp.at(7)": Violated.OPENING_UNREADABLE,
    "DELETE FROM ledger_personal_keys WHERE event_id = pg_temp.at(7)": (
        Violated.OPENING_UNREADABLE
    ),
    "UPDATE ledger_personal_keys SET key_id = 'x' WHERE event_id = pg_temp.at(7)": (
        Violated.OPENING_UNREADABLE
    ),
    "UPDATE ledger_personal_keys SET wrapped = ''::bytea WHERE event_id = pg_temp.at(7)": (
        Violated.OPENING_UNREADABLE
    ),
}


@pytest.mark.usefixtures("log")
@pytest.mark.parametrize(("statement", "name"), OPENING_EDITS.items())
async def test_an_edited_opening_is_named_with_its_index(
    statement: str, name: Violated, database: Database, trust: Trust
) -> None:
    """Sealed parts, the columns beside them, names and their keys, and the receipt."""
    await tamper(database, statement)

    violations = await check(database, trust)

    assert (violations[0].name, violations[0].index) == (name, 7)


@pytest.mark.usefixtures("log")
@pytest.mark.parametrize(
    ("statement", "name"),
    [
        ("UPDATE ledger_references SET entries = 99 WHERE kind = 'bank'", Violated.COUNTER_BROKEN),
        (
            "UPDATE ledger_references SET entries = 3 WHERE kind = 'consent'",
            Violated.CHAIN_BROKEN,
        ),
        (
            "UPDATE ledger_references SET last_commitment = sha256('x') WHERE kind = 'consent'",
            Violated.CHAIN_BROKEN,
        ),
        (
            "UPDATE ledger_references SET last_commitment = NULL WHERE kind = 'consent'",
            Violated.CHAIN_BROKEN,
        ),
        ("UPDATE ledger_references SET subject = 'x'", Violated.NAME_DIFFERS),
        ("UPDATE ledger_references SET reference = 'x' || reference", Violated.NAME_DIFFERS),
        ("DELETE FROM ledger_references", Violated.NAME_DIFFERS),
        ("UPDATE ledger_head SET root = sha256('x')", Violated.ROOT_DIFFERS),
        ("UPDATE ledger_head SET size = 17", Violated.ENTRY_BEYOND_HEAD),
        ("UPDATE ledger_head SET size = 19", Violated.ENTRY_MISSING),
        ("DELETE FROM ledger_head", Violated.HEAD_MISSING),
        ("DELETE FROM ledger_tiles", Violated.TILE_DIFFERS),
        ("INSERT INTO ledger_tiles VALUES (3, 0, sha256('x'))", Violated.TILE_DIFFERS),
        ("UPDATE ledger_tiles SET hashes = substr(hashes, 1, 544)", Violated.TILE_DIFFERS),
        ("UPDATE ledger_tiles SET hashes = hashes || sha256('x')", Violated.TILE_DIFFERS),
        ("UPDATE ledger_checkpoints SET size = 5 WHERE size = 6", Violated.CHECKPOINT_INVALID),
        (
            "UPDATE ledger_checkpoints SET note = replace(note, '12', '13') WHERE size = 12",
            Violated.CHECKPOINT_INVALID,
        ),
        ("UPDATE ledger_checkpoints SET size = 99 WHERE size = 18", Violated.ROLLED_BACK),
    ],
)
async def test_edits_around_the_entries_are_named(
    statement: str,
    name: Violated,
    database: Database,
    trust: Trust,
) -> None:
    """Counters, references, head, tiles and checkpoints."""
    await tamper(database, statement)

    assert name in {one.name for one in await check(database, trust)}


@pytest.mark.usefixtures("log")
@pytest.mark.parametrize(
    "statements",
    [
        # Two entries trade places.
        (
            "UPDATE ledger_entries SET log_index = 1000 WHERE log_index = 7",
            "UPDATE ledger_entries SET log_index = 7 WHERE log_index = 8",
            "UPDATE ledger_entries SET log_index = 8 WHERE log_index = 1000",
        ),
        # Two entries get other commitments.
        (
            "UPDATE ledger_entries SET commitment = sha256('x') WHERE log_index = 7",
            "UPDATE ledger_entries SET commitment = sha256('y') WHERE log_index = 8",
        ),
        # Two entries trade openings.
        (
            """
            UPDATE ledger_openings SET opening = other.opening FROM ledger_openings AS other
            WHERE (ledger_openings.event_id, other.event_id) IN (
                (pg_temp.at(7), pg_temp.at(8)), (pg_temp.at(8), pg_temp.at(7)))
            """,
        ),
    ],
)
async def test_swapped_entries_are_named_with_the_first_index(
    statements: tuple[str, ...], database: Database, trust: Trust
) -> None:
    """Reordered, or each with the other's content."""
    await tamper(database, *statements)

    violations = await check(database, trust)

    assert min(one.index for one in violations if one.index is not None) == 7


@pytest.mark.usefixtures("log")
async def test_a_truncated_tail_is_named_with_its_first_index(
    database: Database, trust: Trust
) -> None:
    """The last five entries gone, everything else left."""
    await tamper(database, "DELETE FROM ledger_entries WHERE log_index >= 13")

    violations = await check(database, trust)

    missing = [one.index for one in violations if one.name is Violated.ENTRY_MISSING]
    assert missing == [13, 14, 15, 16, 17]


# A whole earlier state, as an older backup restored over the live one has it.
ROLL_BACK = (
    """
    UPDATE ledger_head SET size = 12, root = decode(
        (SELECT split_part(note, chr(10), 3) FROM ledger_checkpoints WHERE size = 12), 'base64')
    """,
    "DELETE FROM ledger_entries WHERE log_index >= 12",
    "DELETE FROM ledger_checkpoints WHERE size > 12",
    "UPDATE ledger_tiles SET hashes = substr(hashes, 1, 12 * 32)",
)


async def test_a_rollback_that_fits_in_itself_is_caught_by_what_others_hold(
    log: list[Recorded],
    database: Database,
    trust: Trust,
) -> None:
    """A witness's checkpoint and a bank's receipt both contradict the restored copy."""
    async with database.transaction() as tx:
        note = await publication.find_checkpoint(tx) or ""
    await tamper(
        database,
        *ROLL_BACK,
        "UPDATE ledger_references SET entries = entries * 2 / 3",
    )
    held = Held(checkpoints=(note,), receipts=(log[-1].receipt.encode(),))
    in_time = await check(database, replace(trust, held=held))
    await tamper(database, "UPDATE house_clock SET floor_at = now() + interval '2 min'")
    late = await check(database, replace(trust, held=held))

    assert Violated.ROLLED_BACK in {one.name for one in in_time}
    assert Violated.RECEIPT_UNKEPT not in {one.name for one in in_time}
    assert Violated.RECEIPT_UNKEPT in {one.name for one in late}


async def test_what_others_hold_of_an_honest_log_fits(
    log: list[Recorded], database: Database, trust: Trust
) -> None:
    """A checkpoint and a receipt that the log kept say nothing against it."""
    async with database.transaction() as tx:
        note = await publication.find_checkpoint(tx) or ""
    held = Held(checkpoints=(note,), receipts=(log[0].receipt.encode(),))

    assert await check(database, replace(trust, held=held)) == []


@pytest.mark.usefixtures("log")
async def test_what_others_hold_must_be_signed(database: Database, trust: Trust) -> None:
    """A forged checkpoint or receipt is named as such."""
    held = Held(checkpoints=("forged\n\n",), receipts=(b"{}",))

    violations = await check(database, replace(trust, held=held))

    assert [one.name for one in violations] == [
        Violated.RECEIPT_INVALID,
        Violated.CHECKPOINT_INVALID,
    ]


@pytest.mark.usefixtures("log")
async def test_another_history_of_the_same_size_is_caught_by_a_witness(
    database: Database,
    trust: Trust,
    sequencer: Sequencer,
    fill: Fill,
    story: list[Record],
) -> None:
    """Rewritten from the first entry to a whole that fits in itself: the old checkpoint stands."""
    async with database.transaction() as tx:
        note = await publication.find_checkpoint(tx) or ""
    await tamper(
        database,
        "DELETE FROM ledger_personal_keys",
        "DELETE FROM ledger_personal",
        "DELETE FROM ledger_openings",
        "DELETE FROM ledger_entries",
        "DELETE FROM ledger_references",
        "DELETE FROM ledger_tiles",
        "DELETE FROM ledger_checkpoints",
        "UPDATE ledger_head SET size = 0, root = sha256('')",
    )
    await fill(story * 3)
    await sequencer.run_once()

    assert await check(database, trust) == []
    violations = await check(database, replace(trust, held=Held(checkpoints=(note,))))
    assert [one.name for one in violations] == [Violated.ROLLED_BACK]


@pytest.mark.usefixtures("log")
async def test_an_erasure_in_order_is_no_violation(database: Database, trust: Trust) -> None:
    """Names and their key gone together, by an event."""
    await tamper(
        database,
        "UPDATE ledger_personal SET sealed = NULL, erased_by = 'x' WHERE event_id = pg_temp.at(7)",
        "DELETE FROM ledger_personal_keys WHERE event_id = pg_temp.at(7)",
    )

    assert await check(database, trust) == []


async def test_deadlines_of_receipts_count_from_the_decision(log: list[Recorded]) -> None:
    """Sixty seconds at most."""
    assert {one.receipt.include_by - one.decided_at for one in log} == {timedelta(seconds=60)}


async def test_signed_bytes_that_no_digest_was_taken_of_are_named(
    log: list[Recorded], database: Database, trust: Trust
) -> None:
    """Whoever holds the opening key may seal other proofs; the digests in the core stand."""
    event_id = log[7].event_id
    other = Proofs(request=RequestProof(body=b"{}", base=b"another base"))
    secret = trust.opening_keys.current.secret
    sealed = seal(secret, msgspec.json.encode(other), belongs_to=f"{event_id}/proofs")
    async with database.transaction() as tx:
        await tx.execute("SET LOCAL session_replication_role = replica")
        await tx.execute(
            "UPDATE ledger_openings SET proofs = $2 WHERE event_id = $1", event_id, sealed
        )

    violations = await check(database, trust)

    assert [(one.name, one.index) for one in violations] == [(Violated.PROOFS_DIFFER, 7)]


async def test_tiles_above_the_leaves_are_compared(
    database: Database,
    trust: Trust,
    fill: Fill,
    sequencer: Sequencer,
    story: list[Record],
) -> None:
    """A changed hash over the first 256 entries, or one that is gone, is named with its first."""
    await fill([story[4]] * 300)
    await sequencer.run_once()
    assert await check(database, trust) == []

    await tamper(database, "UPDATE ledger_tiles SET hashes = pg_temp.flip(hashes) WHERE level = 1")
    changed = await check(database, trust)
    await tamper(database, "DELETE FROM ledger_tiles WHERE level = 1")
    gone = await check(database, trust)

    assert [(one.name, one.index) for one in changed] == [(Violated.TILE_DIFFERS, 0)]
    assert [(one.name, one.index) for one in gone] == [
        (Violated.TILE_DIFFERS, None),
        (Violated.TILE_DIFFERS, 0),
    ]


@pytest.mark.usefixtures("log")
async def test_the_first_violations_are_enough(
    database: Database, trust: Trust, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A ledger that was replaced whole does not fill the memory."""
    monkeypatch.setattr("creditbridge.ledger.audit.VIOLATIONS_MAX", 3)
    await tamper(database, "DELETE FROM ledger_entries")

    assert len(await check(database, trust)) == 3


async def test_an_entry_of_nobody_is_whole_without_names(
    database: Database, trust: Trust, fill: Fill, sequencer: Sequencer
) -> None:
    """Strangers summed up: no bank, no enterprise, no personal part."""
    strangers = StrangersRefused(minute=NOON, door="bank", code="invalid-client", count=3)
    await fill(
        [
            Record(
                kind=EventKind.STRANGERS_REFUSED,
                rule="strangers",
                rule_version="1",
                terms=strangers,
            )
        ]
    )
    await sequencer.run_once()

    assert await check(database, trust) == []
