"""After the crashes: journal, ledger, consent and platform are compared with each other."""

import asyncio
import base64
from collections.abc import Mapping, Sequence

import asyncpg
from tests.faults.journal import Journal
from tests.house import reading
from tests.house.house import Given, House

from creditbridge.cli.demo.layout import LOG_ORIGIN

SETTLE_SECONDS = 60.0
OPEN = """
    SELECT count(*) FROM ledger_intents WHERE consent_id = ANY($1)
        AND (outcome IS NULL OR outcome = 'UNKNOWN' AND reconciled_at IS NULL)
"""
OUTCOMES = (
    "SELECT outcome, count(*) AS intents FROM ledger_intents WHERE consent_id = ANY($1) GROUP BY 1"
)
USED = "SELECT sum(used) FROM consents WHERE consent_id = ANY($1)"
DELIVERED = (
    "SELECT report_id FROM ledger_intents WHERE consent_id = ANY($1) AND outcome = 'DELIVERED'"
)
# Each key stands for one report for good: the first that was not given up before it was sent.
KEYS = "SELECT key, reference FROM admission_keys WHERE key = ANY($1) AND state = 'DECIDED'"
WAITING = "SELECT count(*) FROM ledger_entries WHERE log_index IS NULL"
GAPS = "SELECT coalesce(max(log_index) + 1, 0) - count(log_index) FROM ledger_entries"


async def require_consistent(
    house: House, consents: Sequence[Given], journal: Journal, *, before: int
) -> None:
    """Accept a house in which nothing acknowledged was lost and nothing was done twice.

    `before` is what the platform had counted about the enterprise when the load began.
    """
    ids = [given.consent_id for given in consents]
    connection = await asyncpg.connect(house.database.url)
    try:
        outcomes = await _settle(connection, ids)
        await _require_journal_kept(connection, ids, journal)
        # Uses taken are intents less those that were proven not to have been sent.
        asked = sum(outcomes.values()) - outcomes.get("NOT_SENT", 0)
        assert await connection.fetchval(USED, ids) == asked
        # One business request is one counted query, whatever was killed in between.
        assert await house.count_queries(consents[0].uscc) - before == asked
        assert await connection.fetchval(GAPS) == 0
    finally:
        await connection.close()
    _, violations = await asyncio.to_thread(house.check_ledger)
    assert violations == []
    await asyncio.to_thread(_require_published, house, journal)


async def _settle(
    connection: "asyncpg.Connection[asyncpg.Record]", ids: list[str]
) -> Mapping[str, int]:
    """Wait until every intent has ended and every entry has its index; return the outcomes."""
    async with asyncio.timeout(SETTLE_SECONDS):
        while await connection.fetchval(OPEN, ids) or await connection.fetchval(WAITING):
            await asyncio.sleep(0.1)
    rows = await connection.fetch(OUTCOMES, ids)
    return {str(row["outcome"]): int(row["intents"]) for row in rows}


async def _require_journal_kept(
    connection: "asyncpg.Connection[asyncpg.Record]", ids: list[str], journal: Journal
) -> None:
    lines = journal.read()
    keys = [line.key for line in lines]
    assert len(set(keys)) == len(keys)
    kept = {row["key"]: row["reference"] for row in await connection.fetch(KEYS, keys)}
    delivered = {line.key: line.report_id for line in lines if line.status == 200}
    assert {key: kept.get(key) for key in delivered} == delivered
    # And the other way round: what the ledger calls delivered, its bank has.
    rows = await connection.fetch(DELIVERED, ids)
    assert {row["report_id"] for row in rows} == set(delivered.values())
    numbers = [line.bank_seq for line in lines if line.status == 200]
    assert len(set(numbers)) == len(numbers)


def _require_published(house: House, journal: Journal) -> None:
    """Accept a public log that holds every commitment for which a receipt was handed out."""
    fetch = reading.open_log(house.layout.people_port, house.pki / "ca" / "doors.pem")
    size, root = reading.read_checkpoint(
        fetch("/checkpoint"), origin=LOG_ORIGIN, key_file=house.pki / "gateway" / "ledger.pub"
    )
    entries = reading.read_entries(fetch, size)
    assert reading.root_of([reading.leaf_of(entry) for entry in entries]) == root
    there = {base64.urlsafe_b64encode(entry[1:]).rstrip(b"=").decode() for entry in entries}
    assert {line.commitment for line in journal.read() if line.status == 200} <= there
