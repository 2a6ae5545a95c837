"""Statements in the portal: listed, read, downloaded byte for byte, and by nobody else."""

import pytest
from tests.endpoints.stage import ENTERPRISE, ORIGIN, USCC, Stage, make_key

from creditbridge.evidence.statements import StatementAsked, StatementParty, assemble_statement
from creditbridge.ledger.service import StatementRow, keep_statement

MONTH = "2026-01"


async def issue(stage: Stage, uscc: str, *, part: int = 1) -> bytes:
    """Keep the statement of an empty month, or a further part of it; return its bytes."""
    asked = StatementAsked(
        statement_id=f"stm_{uscc}_{part}",
        origin=ORIGIN,
        enterprise=StatementParty(uscc=uscc, name=ENTERPRISE),
        month=MONTH,
        after=7,
        part=part,
    )
    async with stage.database.transaction() as tx:
        document = assemble_statement(asked, [], make_key(), now=tx.now)
        row = StatementRow(
            statement_id=asked.statement_id,
            uscc=uscc,
            month=MONTH,
            last=7,
            document=document,
            issued_at=tx.now,
            part=part,
        )
        assert await keep_statement(tx, row)
    return document


async def test_a_month_is_listed_read_and_downloaded(stage: Stage) -> None:
    """The file is the signed bytes."""
    document = await issue(stage, USCC)
    session = await stage.sign_in()

    listed = await stage.visit(session, "/portal/statements")
    shown = await stage.visit(session, f"/portal/statements/{MONTH}?language=en")
    file = await stage.visit(session, f"/portal/statements/{MONTH}/file")

    assert f'href="/portal/statements/{MONTH}"'.encode() in listed.body
    assert b"No records in this month" in shown.body
    assert file.header("content-disposition").endswith(f'statement-{MONTH}.json"')
    assert file.body == document


@pytest.mark.parametrize("month", [MONTH, "1999-01", "x", "2026-01-01", "%27"])
async def test_other_months_and_other_peoples_are_not_there(stage: Stage, month: str) -> None:
    """Another enterprise's month, a month without a statement, and what is no month."""
    await issue(stage, "91330106589876549K")
    session = await stage.sign_in()

    for path in (f"/portal/statements/{month}", f"/portal/statements/{month}/file"):
        answer = await stage.visit(session, path)
        assert answer.status in {400, 403, 404}
        assert b"not-found" in answer.body


async def test_a_further_part_is_read_and_downloaded(stage: Stage) -> None:
    """Under the month and its number; a part that there is not is not found."""
    await issue(stage, USCC)
    second = await issue(stage, USCC, part=2)
    session = await stage.sign_in()

    listed = await stage.visit(session, "/portal/statements?language=en")
    shown = await stage.visit(session, f"/portal/statements/{MONTH}?part=2&language=en")
    file = await stage.visit(session, f"/portal/statements/{MONTH}/file?part=2")
    missing = await stage.visit(session, f"/portal/statements/{MONTH}?part=3")

    assert f'href="/portal/statements/{MONTH}?part=2"'.encode() in listed.body
    assert b"Part 2" in shown.body
    assert file.header("content-disposition").endswith(f'statement-{MONTH}-part-2.json"')
    assert file.body == second
    assert missing.status == 404
