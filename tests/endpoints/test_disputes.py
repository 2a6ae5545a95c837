"""Disputes in the portal: filed from a look, listed with their clock, and seen by nobody else."""

import asyncio
from urllib.parse import quote

import pytest
from tests.endpoints.stage import RECORD_ID, RECORD_NUMBER, USCC, Machine, Stage

from creditbridge.disputes.model import Dispute, Outcome, Told

TEXT = "金额不对，应为三万元。\r\n请核查。"


async def look(stage: Stage, machine: Machine) -> str:
    """Let a bank look, and return the report's id."""
    consent_id = await stage.give_consent(machine)
    _, answer = await stage.ask(machine, consent_id)
    assert answer.status == 200
    async with stage.database.transaction() as tx:
        found = await tx.fetch_value(str, "SELECT report_id FROM ledger_intents")
    return found or ""


def form(report_id: str, **changed: str) -> dict[str, str]:
    """A form as the page sends it."""
    typed = {
        "report": report_id,
        "record": RECORD_ID,
        "number": RECORD_NUMBER,
        "ground": "WRONG_FACT",
        "text": TEXT,
        **changed,
    }
    return {name: quote(text) for name, text in typed.items()}


async def told(stage: Stage, words: Told) -> None:
    """Let the platform say something of the one dispute."""
    disputes = stage.house.disputes
    async with stage.database.transaction() as tx:
        [dispute] = await disputes.list_for_enterprise(tx, USCC)
        assert await disputes.keep_told(tx, dispute, words) is not None


async def test_a_record_is_disputed_from_a_look(stage: Stage, north: Machine) -> None:
    """The consent's page leads to the form; the story shows words and clock, the ledger neither."""
    report_id = await look(stage, north)
    session = await stage.sign_in()

    shown = await stage.visit(session, f"/portal/disputes/new?report={report_id}")
    filed = await stage.visit(session, "/portal/disputes", form=form(report_id))
    story = await stage.visit(session, filed.header("location").partition("?")[0])
    listed = await stage.visit(session, "/portal/disputes?language=en")

    assert (shown.status, filed.status, story.status) == (200, 303, 200)
    assert "应为三万元".encode() in story.body
    assert "尚未送达平台".encode() in story.body
    assert b"working days left" in listed.body
    assert b"Facts are wrong" in listed.body
    async with stage.database.transaction() as tx:
        kept = await tx.fetch_value(bytes, "SELECT words FROM disputes")
        kinds = await tx.fetch_value(
            int, "SELECT count(*) FROM ledger_openings WHERE kind = 'dispute.filed'"
        )
    assert kept is not None
    assert "三万元".encode() not in kept
    assert kinds == 1


@pytest.mark.parametrize(
    ("field", "typed"),
    [("record", "rec_1"), ("number", "PEN-2"), ("ground", "X"), ("text", "长" * 1_001)],
)
async def test_a_slip_is_said_and_nothing_is_lost(
    stage: Stage, north: Machine, field: str, typed: str
) -> None:
    """What was typed stands in the form again; nothing is filed."""
    report_id = await look(stage, north)
    session = await stage.sign_in()

    answer = await stage.visit(session, "/portal/disputes", form=form(report_id, **{field: typed}))

    assert answer.status == 422
    assert f'id="{field}-slip"'.encode() in answer.body
    assert "请核查。".encode() in answer.body or field == "text"
    async with stage.database.transaction() as tx:
        assert await tx.fetch_value(int, "SELECT count(*) FROM disputes") == 0


async def test_of_many_who_dispute_one_record_one_does(stage: Stage, north: Machine) -> None:
    """The others are told that it is open already."""
    report_id = await look(stage, north)
    session = await stage.sign_in()

    answers = await asyncio.gather(  # noqa: TID251 -- the race is the point
        *(stage.visit(session, "/portal/disputes", form=form(report_id)) for _ in range(4))
    )

    assert sorted(one.status for one in answers) == [303, 409, 409, 409]


async def test_others_looks_and_disputes_are_not_there(stage: Stage, north: Machine) -> None:
    """Neither a report that is not about the enterprise, nor a dispute of another one."""
    report_id = await look(stage, north)
    session = await stage.sign_in()
    filed = await stage.visit(session, "/portal/disputes", form=form(report_id))
    path = filed.header("location").partition("?")[0]
    stage.identity.sign_in_as("sub-2", "周示例", uscc="91330106589876549K", name="示例远航")
    other = await stage.sign_in()

    assert (await stage.visit(other, path)).status == 404
    assert (await stage.visit(other, "/portal/disputes", form=form(report_id))).status == 404
    assert (await stage.visit(other, f"{path}/review", form={})).status == 404
    assert (await stage.visit(other, "/portal/disputes/x")).status == 404


async def test_a_review_is_asked_for_once(stage: Stage, north: Machine) -> None:
    """After the first answer; the record can be disputed anew once it is closed."""
    report_id = await look(stage, north)
    session = await stage.sign_in()
    filed = await stage.visit(session, "/portal/disputes", form=form(report_id))
    path = filed.header("location").partition("?")[0]

    early = await stage.visit(session, f"{path}/review", form={})
    await told(stage, Told(is_taken=True, outcome=Outcome.KEEP))
    again = await stage.visit(session, "/portal/disputes", form=form(report_id))
    asked = await stage.visit(session, f"{path}/review", form={})
    twice = await stage.visit(session, f"{path}/review", form={})
    await told(stage, Told(is_taken=True, outcome=Outcome.CORRECT))
    anew = await stage.visit(session, "/portal/disputes", form=form(report_id))

    statuses = [one.status for one in (early, again, asked, twice, anew)]
    assert statuses == [409, 409, 303, 409, 303]
    story = await stage.visit(session, f"{path}?language=en")
    assert b"The record is corrected" in story.body


async def test_a_dispute_has_its_turns_one_after_the_other(stage: Stage, north: Machine) -> None:
    """It is taken once, and then not again before its wait is over."""
    report_id = await look(stage, north)
    session = await stage.sign_in()
    await stage.visit(session, "/portal/disputes", form=form(report_id))
    disputes = stage.house.disputes

    taken: list[Dispute | None] = []
    for _ in range(2):
        async with stage.database.transaction() as tx:
            taken.append(await disputes.take(tx))

    assert taken[0] is not None
    assert taken[1] is None
