"""Every fixed enterprise of the sandbox, from the bank's request to ledger and platform."""

import asyncio
from collections.abc import Mapping

import asyncpg
import msgspec
import pytest
from tests.house.house import PEOPLE, House
from tests.house.telling import outcome
from tests.waiting import PATIENCE_SECONDS

pytestmark = pytest.mark.xdist_group("house")


class Expected(msgspec.Struct, frozen=True):
    """What follows from one enterprise's outcome at the platform.

    `records` are the kinds of the ledger's records about the report, in order; `counted` is what
    the platform counted, `used` what the consent lost.
    """

    status: int
    code: str
    records: tuple[str, ...]
    counted: int
    used: int
    sections: str = ""


DELIVERED = ("report.intended", "report.delivered")
FAILED = ("report.intended", "report.failed")
RECONCILED = (*FAILED, "report.reconciled")
FULL = "EVA=PRESENT LST=PRESENT PEN=PRESENT REG=PRESENT"
CLEAN = "EVA=PRESENT LST=NONE PEN=NONE REG=PRESENT"
OUTCOMES = {
    "found": Expected(200, "", DELIVERED, 1, 1, FULL),
    "not-found": Expected(404, "enterprise-unknown", FAILED, 1, 1),
    "clean": Expected(200, "", DELIVERED, 1, 1, CLEAN),
    "dissolved": Expected(200, "", DELIVERED, 1, 1, "EVA=NONE LST=NONE PEN=NONE REG=PRESENT"),
    "repaired": Expected(200, "", DELIVERED, 1, 1, CLEAN),
    "section-failed": Expected(
        200, "", DELIVERED, 1, 1, "EVA=PRESENT LST=NONE PEN=UNKNOWN REG=PRESENT"
    ),
    "wrong-signature": Expected(502, "platform-answer-rejected", RECONCILED, 1, 1),
    "other-enterprise": Expected(502, "platform-answer-rejected", RECONCILED, 1, 1),
    "replayed": Expected(502, "platform-answer-rejected", RECONCILED, 1, 1),
    "slow": Expected(504, "platform-deadline", RECONCILED, 1, 1),
    "cut": Expected(503, "platform-unavailable", RECONCILED, 1, 1),
    "down": Expected(
        503,
        "platform-unavailable",
        (*FAILED, "use.returned", "report.reconciled"),
        counted=0,
        used=0,
    ),
}
RECORDED = """
    SELECT kind FROM ledger_openings JOIN ledger_entries USING (event_id)
    WHERE request_id = $1 OR (kind = 'use.returned' AND consent = (
        SELECT reference FROM ledger_references WHERE kind = 'consent' AND subject = $2))
    ORDER BY intake_no
"""
OPEN = """
    SELECT count(*) FROM ledger_intents WHERE consent_id = ANY($1)
        AND (outcome IS NULL OR outcome = 'UNKNOWN' AND reconciled_at IS NULL)
"""
USED = "SELECT used FROM consents WHERE consent_id = $1"
REPORT = "SELECT report_id FROM ledger_intents WHERE consent_id = $1"


class Ended(msgspec.Struct, frozen=True):
    """How one report ended for its bank."""

    login_name: str
    consent_id: str
    status: int
    code: str
    body: bytes


async def test_every_fixed_enterprise_ends_as_its_outcome_says(house: House) -> None:
    """Status, code, sections, records, uses and counted queries, after reconciliation."""
    before = {name: await house.count_queries(PEOPLE[name]) for name in OUTCOMES}
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(ask_once(house, name)) for name in OUTCOMES]
    ended = [task.result() for task in tasks]
    connection = await asyncpg.connect(house.database.url)
    try:
        await settled(connection, [one.consent_id for one in ended])
        seen = {one.login_name: await look(house, connection, one, before) for one in ended}
    finally:
        await connection.close()

    assert seen == OUTCOMES


async def test_serious_lists_raise_a_flag(house: House) -> None:
    """An enterprise on a list of serious dishonesty is delivered with the flag and its evidence."""
    listed = await ask_once(house, "listed")
    flags = msgspec.json.decode(listed.body, type=Profile).flags
    raised = {str(flag["code"]): flag for flag in flags if flag["state"] == "RAISED"}
    assert raised["SERIOUS_LIST"]["evidence"]


async def test_a_failed_answer_holds_no_data(house: House) -> None:
    """What the platform answered wrongly is not in the bank's answer, not even in part."""
    for name in ("wrong-signature", "other-enterprise", "replayed"):
        ended = await ask_once(house, name)
        assert ended.status == 502
        assert set(msgspec.json.decode(ended.body, type=dict[str, object])) <= PROBLEM_MEMBERS


PROBLEM_MEMBERS = {"type", "title", "status", "detail", "code", "instance", "interaction_id"}


class Profile(msgspec.Struct):
    """What these tests read of a profile."""

    sections: Mapping[str, Mapping[str, object]]
    flags: list[Mapping[str, object]]


async def ask_once(house: House, login_name: str) -> Ended:
    """Ask for one report under a consent of its own."""
    given = await house.give_consent(login_name)
    async with house.machine() as bank:
        answer = await bank.ask(
            given.consent_id, given.uscc, token=await bank.fetch_token("reports")
        )
    status, code = outcome(answer)
    return Ended(login_name, given.consent_id, status, code, answer.answer.body)


async def settled(connection: "asyncpg.Connection[asyncpg.Record]", consents: list[str]) -> None:
    """Wait until every intent under these consents has an end that is known."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while await connection.fetchval(OPEN, consents):
            await asyncio.sleep(0.2)


async def look(
    house: House,
    connection: "asyncpg.Connection[asyncpg.Record]",
    ended: Ended,
    before: Mapping[str, int],
) -> Expected:
    """Return how an outcome looks from everywhere."""
    report_id = await connection.fetchval(REPORT, ended.consent_id)
    rows = await connection.fetch(RECORDED, report_id, ended.consent_id)
    sections = ""
    if ended.status == 200:
        found = msgspec.json.decode(ended.body, type=Profile).sections
        sections = " ".join(f"{code}={found[code]['status']}" for code in sorted(found))
    counted = await house.count_queries(PEOPLE[ended.login_name]) - before[ended.login_name]
    used = await connection.fetchval(USED, ended.consent_id)
    kinds = tuple(str(row["kind"]) for row in rows)
    return Expected(ended.status, ended.code, kinds, counted, used, sections)
