"""The page of the people: who sees it, who may change it, and what a form must hold."""

from urllib.parse import quote

import pytest
from tests.endpoints.stage import ENTERPRISE, USCC, Machine, Stage

PEOPLE = "/portal/people"


def appointment(**changed: str | None) -> dict[str, str]:
    """A form as the page sends it."""
    form: dict[str, str | None] = {
        "may_approve": "yes",
        "purpose.PRE_LOAN_REVIEW": "on",
        "section.REG": "on",
        "section.PEN": "on",
        "days_max": "366",
        "queries_max": "100",
        "ends_on": "2099-12-31",
        "document_kind": "POWER_OF_ATTORNEY",
        "document_issuer": quote("示例公证处"),
        "document_digest": "0A" * 32,
        "document_valid_until": "2099-12-31",
        **changed,
    }
    return {name: text for name, text in form.items() if text is not None}


async def sign_in_agent(stage: Stage, subject: str = "agent-1") -> str:
    """Sign an agent in; afterwards the legal representative is next again."""
    stage.identity.sign_in_as(subject, "钱示例", uscc=USCC, name=ENTERPRISE, role="AGENT")
    session = await stage.sign_in()
    stage.identity.sign_in_as("sub-1", "沈示例", uscc=USCC, name=ENTERPRISE)
    return session


async def id_of_agent(stage: Stage) -> str:
    """The person id of the one agent."""
    async with stage.database.transaction() as tx:
        found = await tx.fetch_value(
            str, "SELECT person_id FROM parties_representatives WHERE role = 'AGENT' LIMIT 1"
        )
    assert found is not None
    return found


async def test_an_agent_who_is_not_appointed_reads_and_does_not_approve(
    stage: Stage, north: Machine
) -> None:
    """The page names why, and the request stays open."""
    consent_id = await stage.lodge(north)
    session = await sign_in_agent(stage)

    shown = await stage.visit(session, f"/portal/consents/{consent_id}")
    answer = await stage.visit(
        session,
        f"/portal/consents/{consent_id}/decision",
        form={"decision": "approve", "version": "1"},
    )

    assert shown.status == 200
    assert answer.status == 403
    assert b"voice-unappointed" in answer.body
    _, seen = await stage.call(north, "GET", f"/v1/consents/{consent_id}")
    assert seen.json["state"] == "REQUESTED"


async def test_the_legal_representative_appoints_on_the_page(stage: Stage, north: Machine) -> None:
    """The form is shown, taken, and the agent may approve what it covers."""
    consent_id = await stage.lodge(north)
    agent = await sign_in_agent(stage)
    agent_id = await id_of_agent(stage)
    head = await stage.sign_in()

    listed = await stage.visit(head, PEOPLE)
    form = await stage.visit(head, f"{PEOPLE}/{agent_id}/appointment")
    taken = await stage.visit(head, f"{PEOPLE}/{agent_id}/appointment", form=appointment())
    after = await stage.visit(agent, PEOPLE)
    answer = await stage.visit(
        agent,
        f"/portal/consents/{consent_id}/decision",
        form={"decision": "approve", "version": "1"},
    )

    assert (listed.status, form.status) == (200, 200)
    assert agent_id.encode() in listed.body
    assert (taken.status, taken.header("location")) == (303, f"{PEOPLE}?notice=people")
    assert after.status == 200
    assert "示例公证处" in after.body.decode()
    # An agent sees who may do what, and no way to change it.
    assert agent_id.encode() not in after.body
    assert answer.status == 303
    _, seen = await stage.call(north, "GET", f"/v1/consents/{consent_id}")
    assert seen.json["state"] == "ACTIVE"


async def test_an_end_on_the_page_is_at_once(stage: Stage) -> None:
    """The agent's session leads to the way in, and the way in does not let them through."""
    agent = await sign_in_agent(stage)
    agent_id = await id_of_agent(stage)
    head = await stage.sign_in()

    ended = await stage.visit(head, f"{PEOPLE}/{agent_id}/end", form={})
    left = await stage.visit(agent, PEOPLE)

    assert ended.status == 303
    assert (left.status, left.header("location")) == (303, "/portal/sign-in")
    shown = await stage.visit(head, PEOPLE)
    assert "已于" in shown.body.decode()


@pytest.mark.parametrize(
    "changed",
    [
        {"document_digest": "0a" * 31},
        {"document_digest": "zz" * 32},
        {"document_kind": "NOTE"},
        {"document_issuer": None},
        {"document_valid_until": "2020-01-01"},
        {"ends_on": "tomorrow"},
        {"ends_on": "9999-12-31"},
        {"days_max": "0"},
        {"days_max": "99999999"},
        {"queries_max": "-1"},
        {"purpose.PRE_LOAN_REVIEW": None},
        {"section.REG": None, "section.PEN": None},
    ],
)
async def test_a_form_that_lacks_something_changes_nothing(
    changed: dict[str, str | None], stage: Stage
) -> None:
    """400 with a sentence that says what an appointment needs."""
    await sign_in_agent(stage)
    agent_id = await id_of_agent(stage)
    head = await stage.sign_in()

    answer = await stage.visit(
        head, f"{PEOPLE}/{agent_id}/appointment", form=appointment(**changed)
    )

    assert answer.status == 400
    assert b"appointment-malformed" in answer.body


async def test_agents_find_no_form_and_no_end(stage: Stage) -> None:
    """Agents never appoint agents, nor end them; a forged form is refused as the page would."""
    await sign_in_agent(stage, "agent-1")
    agent_id = await id_of_agent(stage)
    other = await sign_in_agent(stage, "agent-2")

    shown = await stage.visit(other, f"{PEOPLE}/{agent_id}/appointment")
    taken = await stage.visit(other, f"{PEOPLE}/{agent_id}/appointment", form=appointment())
    ended = await stage.visit(other, f"{PEOPLE}/{agent_id}/end", form={})

    for answer in (shown, taken, ended):
        assert answer.status == 403
        assert b"appointment-not-yours" in answer.body


@pytest.mark.parametrize("person_id", ["prs_01hzy6t9x7c3v5n8m2k4p6q8r0", "x", quote("企业")])
async def test_a_person_of_nobody_is_not_found(person_id: str, stage: Stage) -> None:
    """Unknown and foreign people look alike, whatever the address holds."""
    head = await stage.sign_in()

    answers = [
        await stage.visit(head, f"{PEOPLE}/{person_id}/appointment"),
        await stage.visit(head, f"{PEOPLE}/{person_id}/appointment", form=appointment()),
        await stage.visit(head, f"{PEOPLE}/{person_id}/end", form={}),
    ]

    assert [answer.status for answer in answers] == [404, 404, 404]
    assert all(b"not-found" in answer.body for answer in answers)
