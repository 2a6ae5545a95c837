"""A database administrator changes rows of the live ledger; a bank's staff, an evidence pack."""

import asyncio
import contextlib
import io
from argparse import ArgumentParser
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

import asyncpg
import msgspec
import pytest
from tests.house.house import House
from tests.waiting import PATIENCE_SECONDS

from creditbridge.cli import verify
from creditbridge.cli.operations import call

pytestmark = [pytest.mark.xdist_group("house"), pytest.mark.endure]

SEED = 20261123
FLIPS, FLIPS_LONG = 12, 10_000
PACK_FLIPS, PACK_FLIPS_LONG = 40, 10_000
WAITING = "SELECT count(*) FROM ledger_entries WHERE log_index IS NULL"


class Mutation(msgspec.Struct, frozen=True):
    """One change; `rows` are all that it touches, so that they can be put back."""

    table: str
    rows: str
    statement: str
    found: str


class Downloaded(msgspec.Struct, frozen=True, kw_only=True):
    """What a bank keeps of a report."""

    pack: Path
    profile: Path
    pins: Path
    south_pins: Path


AT = "(SELECT event_id FROM ledger_entries WHERE log_index = {index})"
OPENED = f"event_id = {AT}"
TWO = "event_id IN (SELECT event_id FROM ledger_entries WHERE log_index IN ({index}, {index} + 1))"
SWAP = """
    UPDATE {table} SET {column} = (
        SELECT other.{column} FROM {table} AS other
        WHERE {rows} AND other.event_id <> {table}.event_id)
    WHERE {rows}
"""
FLIP = "UPDATE {table} SET {column} = set_byte({column}, 9, get_byte({column}, 9) # 1) WHERE {rows}"
DELETE = "DELETE FROM {table} WHERE {rows}"


def flip(table: str, column: str, found: str) -> Mutation:
    """Return the change of one bit."""
    rows = OPENED
    return Mutation(table, rows, FLIP.format(table=table, column=column, rows=rows), found)


def swap(table: str, column: str, found: str) -> Mutation:
    """Return the exchange of one column between two neighbours."""
    return Mutation(table, TWO, SWAP.format(table=table, column=column, rows=TWO), found)


def delete(table: str, found: str) -> Mutation:
    """Return the disappearance of a row."""
    return Mutation(table, OPENED, DELETE.format(table=table, rows=OPENED), found)


def update(table: str, rows: str, change: str, found: str) -> Mutation:
    """Return any other change."""
    return Mutation(table, rows, f"UPDATE {table} SET {change} WHERE {rows}", found)


FAR = 1_000_000_000
PUT_BACK = "INSERT INTO {table} OVERRIDING SYSTEM VALUE SELECT * FROM kept"
EXCHANGE = """
    UPDATE ledger_entries SET log_index = log_index + {far} WHERE {rows};
    UPDATE ledger_entries SET log_index = 2 * {{index}} + 1 - (log_index - {far})
    WHERE log_index >= {far}
"""
ENTRIES, OPENINGS, NAMES = "ledger_entries", "ledger_openings", "ledger_personal"
NORTH = "kind = 'enterprise' AND subject = '91330100YY0000A13Y'"
MUTATIONS = {
    "commitment edited": flip(ENTRIES, "commitment", "commitment-differs"),
    "instant edited": update(
        ENTRIES, OPENED, "decided_at = decided_at - interval '1 hour'", "row-differs"
    ),
    "entry deleted": delete(ENTRIES, "entry-missing"),
    "entries swapped": Mutation(
        ENTRIES,
        TWO,
        EXCHANGE.format(far=FAR, rows=TWO),
        "tile-differs",
    ),
    "opening edited": flip(OPENINGS, "opening", "opening-unreadable"),
    "openings swapped": swap(OPENINGS, "opening", "opening-unreadable"),
    "opening deleted": delete(OPENINGS, "opening-unreadable"),
    "receipt edited": flip(OPENINGS, "receipt", "receipt-invalid"),
    "kind edited": update(OPENINGS, OPENED, "kind = 'pack.assembled'", "row-differs"),
    "report moved": update(OPENINGS, OPENED, "request_id = 'rpt_x'", "row-differs"),
    "name edited": flip(NAMES, "sealed", "opening-unreadable"),
    "names deleted": delete(NAMES, "opening-unreadable"),
    "name key edited": flip("ledger_personal_keys", "wrapped", "opening-unreadable"),
    "tenants swapped": Mutation(
        "ledger_references",
        "kind = 'bank'",
        "CREATE TEMP TABLE other AS SELECT * FROM ledger_references WHERE kind = 'bank';"
        "UPDATE ledger_references SET subject = subject || ' moved' WHERE kind = 'bank';"
        "UPDATE ledger_references AS one SET subject = other.subject FROM other"
        " WHERE one.kind = 'bank' AND one.reference <> other.reference; DROP TABLE other",
        "name-differs",
    ),
    "enterprise renamed": update("ledger_references", NORTH, "subject = 'x'", "name-differs"),
    "counter raised": update("ledger_references", NORTH, "entries = entries + 1", "counter-broken"),
    "tile edited": update(
        "ledger_tiles",
        "level = 0 AND number = 0",
        "hashes = set_byte(hashes, 9, get_byte(hashes, 9) # 1)",
        "tile-differs",
    ),
    "checkpoint edited": update(
        "ledger_checkpoints",
        "size = (SELECT max(size) FROM ledger_checkpoints)",
        "note = replace(note, 'ledger', 'Ledger')",
        "checkpoint-invalid",
    ),
}


@pytest.mark.parametrize("mutation", MUTATIONS.values(), ids=MUTATIONS.keys())
async def test_a_changed_row_is_named(house: House, mutation: Mutation) -> None:
    """`creditbridge ledger check` finds the change in the live database and says what it is."""
    async with administrator(house) as database:
        index = await delivered_index(house, database)
        async with changed(database, mutation, index):
            status, _ = call(house.first.operations_port, "GET", "/ledger/check")
            violations = house.check_ledger()[1]
        after = house.check_ledger()[1]

    assert after == []
    assert status == 409
    assert mutation.found in {violation["name"] for violation in violations}


async def test_the_first_bad_index_is_named(house: House) -> None:
    """The lowest index among the violations is that of the row that was changed."""
    async with administrator(house) as database:
        index = await delivered_index(house, database)
        async with changed(database, MUTATIONS["opening edited"], index):
            violations = house.check_ledger()[1]
    indexes = [violation["index"] for violation in violations if violation.get("index") is not None]
    assert min(int(str(one)) for one in indexes) == index


async def test_any_flipped_bit_is_found(house: House, endures: bool) -> None:  # noqa: FBT001 -- a fixture
    """One bit anywhere in what is kept of any entry: commitment, opening, names, receipt."""
    random = Random(SEED)  # noqa: S311 -- a seeded test
    columns = [
        (ENTRIES, "commitment"),
        (OPENINGS, "opening"),
        (OPENINGS, "receipt"),
        (NAMES, "sealed"),
    ]
    async with administrator(house) as database:
        await delivered_index(house, database)
        for number in range(FLIPS_LONG if endures else FLIPS):
            table, column = random.choice(columns)
            row = await database.fetchrow(
                f"SELECT event_id, octet_length({column}) AS bytes FROM {table}"
                f" WHERE {column} IS NOT NULL ORDER BY md5(event_id || $1) LIMIT 1",
                f"{SEED}-{number}",
            )
            assert row is not None
            at, rows = random.randrange(8 * row["bytes"]), f"event_id = '{row['event_id']}'"
            change = f"{column} = set_bit({column}, {at}, 1 - get_bit({column}, {at}))"
            async with changed(database, update(table, rows, change, ""), 0):
                assert house.check_ledger()[1], (table, column, at)
        assert house.check_ledger()[1] == []


async def test_the_ledger_refuses_the_gateways_own_hand(house: House) -> None:
    """Without turning triggers off, an entry can be neither changed nor deleted."""
    connection = await asyncpg.connect(house.database.url)
    try:
        for statement in (
            "UPDATE ledger_openings SET kind = 'x'",
            "DELETE FROM ledger_openings",
            "DELETE FROM ledger_entries",
            "UPDATE ledger_entries SET log_index = log_index + 1",
            "TRUNCATE ledger_entries CASCADE",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
    finally:
        await connection.close()


async def test_a_tampered_pack_fails_at_a_named_step(
    house: House,
    tmp_path: Path,
    endures: bool,  # noqa: FBT001 -- a fixture
) -> None:
    """Each flipped bit of the pack, and a foreign profile, ends in INVALID with the step."""
    random = Random(SEED)  # noqa: S311 -- a seeded test
    first, second = await download(house, tmp_path / "1"), await download(house, tmp_path / "2")
    assert check_pack(first.pack, first.pins, first.profile) == (0, "VALID")

    for pins, profile in ((first.pins, second.profile), (first.south_pins, first.profile)):
        status, verdict = check_pack(first.pack, pins, profile)
        assert (status, verdict[:14]) == (1, "INVALID, step ")

    raw, altered = first.pack.read_bytes(), tmp_path / "altered.zip"
    for _ in range(PACK_FLIPS_LONG if endures else PACK_FLIPS):
        changed_raw = bytearray(raw)
        changed_raw[random.randrange(len(raw))] ^= 1 << random.randrange(8)
        altered.write_bytes(changed_raw)
        status, verdict = check_pack(altered, first.pins, first.profile)
        assert (status, verdict[:14]) == (1, "INVALID, step ")


@asynccontextmanager
async def administrator(
    house: House,
) -> AsyncGenerator["asyncpg.Connection[asyncpg.Record]"]:
    """Connect as who owns the database, with every trigger and foreign key turned off."""
    connection = await asyncpg.connect(house.database.url)
    try:
        await connection.execute("SET session_replication_role = replica")
        yield connection
    finally:
        await connection.close()


@asynccontextmanager
async def changed(
    database: "asyncpg.Connection[asyncpg.Record]", mutation: Mutation, index: int
) -> AsyncGenerator[None]:
    """Apply a change inside the block, and put back exactly the rows that it touched."""
    table, rows = mutation.table, mutation.rows.format(index=index)
    key = {
        "ledger_tiles": "level, number",
        "ledger_references": "reference",
        "ledger_checkpoints": "size",
    }
    name = key.get(table, "event_id")
    await database.execute(f"CREATE TEMP TABLE kept AS SELECT * FROM {table} WHERE {rows}")
    assert await database.fetchval("SELECT count(*) FROM kept")
    try:
        await database.execute(mutation.statement.format(index=index))
        yield
    finally:
        async with database.transaction():
            await database.execute(
                f"DELETE FROM {table} WHERE ({name}) IN (SELECT {name} FROM kept)"
            )
            await database.execute(PUT_BACK.format(table=table))
        await database.execute("DROP TABLE kept")


async def delivered_index(house: House, database: "asyncpg.Connection[asyncpg.Record]") -> int:
    """Return the index of a delivery that has just been recorded, with an entry behind it."""
    given = await house.give_consent()
    async with house.machine() as bank:
        token = await bank.fetch_token("reports")
        answers = [await bank.ask(given.consent_id, given.uscc, token=token) for _ in range(2)]
    async with asyncio.timeout(PATIENCE_SECONDS):
        while await database.fetchval(WAITING):
            await asyncio.sleep(0.05)
    found = await database.fetchval(
        "SELECT log_index FROM ledger_entries JOIN ledger_openings USING (event_id)"
        " WHERE request_id = $1 AND kind = 'report.delivered'",
        answers[0].header("creditbridge-report"),
    )
    return int(found)


async def download(house: House, folder: Path) -> Downloaded:
    """Let the bank ask for a report and download what proves it."""
    given = await house.give_consent("listed")
    async with house.machine() as bank:
        token = await bank.fetch_token("reports")
        answer = await bank.ask(given.consent_id, given.uscc, token=token)
        path = f"/v1/reports/{answer.header('creditbridge-report')}/evidence"
        async with asyncio.timeout(PATIENCE_SECONDS):
            pack = await bank.get(path, token=token)
            while pack.status == 503:
                await asyncio.sleep(0.05)
                pack = await bank.get(path, token=token)
    return await asyncio.to_thread(keep, house, folder, answer.answer.body, pack.answer.body)


def keep(house: House, folder: Path, profile: bytes, pack: bytes) -> Downloaded:
    """Write down what a bank keeps, with the pins of both banks."""
    folder.mkdir()
    (folder / "profile.json").write_bytes(profile)
    (folder / "pack.zip").write_bytes(pack)
    for bank_name, bank_id in house.bank_ids.items():
        _, pins = call(house.first.operations_port, "GET", f"/pins/{bank_id}")
        (folder / f"{bank_name}.json").write_bytes(pins)
    return Downloaded(
        pack=folder / "pack.zip",
        profile=folder / "profile.json",
        pins=folder / "north.json",
        south_pins=folder / "south.json",
    )


def check_pack(pack: Path, pins: Path, profile: Path) -> tuple[int, str]:
    """Run `creditbridge verify` and return its status and its last line."""
    parser = ArgumentParser()
    verify.add_arguments(parser)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        words = [str(pack), "--pins", str(pins), "--profile", str(profile)]
        status = verify.run(parser.parse_args(words))
    return status, printed.getvalue().rstrip().splitlines()[-1]
