"""Natural persons and their rights: one person behind many accounts, one live right each."""

import pytest
from tests.journeys.voices import USCC, appointment_of, enrolment_of

from creditbridge.foundation.database import Database
from creditbridge.parties import service
from creditbridge.parties.model import Role
from creditbridge.parties.voices.model import AgentUnknown, AppointmentMalformed, VoiceEnded


async def test_one_person_is_one_through_two_accounts(database: Database) -> None:
    """Another account of the same natural person leads to the same id."""
    async with database.transaction() as tx:
        first, _ = await service.enrol_person(tx, enrolment_of(1, account="sub-1"))
        second, newly = await service.enrol_person(tx, enrolment_of(1, account="sub-again"))
        people = await tx.fetch_value(int, "SELECT count(*) FROM parties_persons")

    assert second.person_id == first.person_id
    assert not newly
    assert people == 1


async def test_an_account_is_of_one_person(database: Database) -> None:
    """A provider that hands an account to somebody else is not believed."""
    async with database.transaction() as tx:
        await service.enrol_person(tx, enrolment_of(1, account="sub-1"))

        with pytest.raises(service.PersonUnsettled):
            await service.enrol_person(tx, enrolment_of(2, account="sub-1"))


async def test_who_was_known_by_the_account_keeps_the_id(database: Database) -> None:
    """Of those who came in before persons had keys, one more sign-in tells who they are."""
    async with database.transaction() as tx:
        first, _ = await service.enrol_person(tx, enrolment_of(1, account="sub-1"))
        await tx.execute("UPDATE parties_persons SET person_key = NULL")
        again, newly = await service.enrol_person(tx, enrolment_of(1, account="sub-1"))

    assert again.person_id == first.person_id
    assert not newly


async def test_who_was_ended_is_not_let_in_again(database: Database) -> None:
    """The provider still vouches for the agent; the enterprise has said otherwise."""
    async with database.transaction() as tx:
        agent, _ = await service.enrol_person(tx, enrolment_of(2))
        ended = await service.end_agent(tx, person_id=agent.person_id, uscc=USCC)

        with pytest.raises(VoiceEnded):
            await service.enrol_person(tx, enrolment_of(2))
        with pytest.raises(AgentUnknown):
            await service.end_agent(tx, person_id=agent.person_id, uscc=USCC)

    assert ended.ended_at is not None
    assert ended.end_reason == "ENTERPRISE"


async def test_who_was_ended_can_be_appointed_anew(database: Database) -> None:
    """A new right begins, the old one stays as it was."""
    async with database.transaction() as tx:
        head, _ = await service.enrol_person(tx, enrolment_of(1, role=Role.LEGAL_REP))
        agent, _ = await service.enrol_person(tx, enrolment_of(2))
        await service.end_agent(tx, person_id=agent.person_id, uscc=USCC)
        appointment = appointment_of(agent.person_id, by=head.person_id, now=tx.now)
        before, after = await service.appoint_agent(tx, appointment)
        rights = await tx.fetch_value(int, "SELECT count(*) FROM parties_representatives")
        listed = await service.list_representatives(tx, USCC)

    assert before.ended_at is not None
    assert after.ended_at is None
    assert after.limits == appointment.limits
    assert after.document == appointment.document
    assert after.appointed_by == head.person_id
    assert rights == 3
    assert {one.person_id: one.ended_at for one in listed} == {
        head.person_id: None,
        agent.person_id: None,
    }


async def test_nobody_is_appointed_who_is_no_agent(database: Database) -> None:
    """Not the legal representative, not a stranger, not another enterprise's agent."""
    async with database.transaction() as tx:
        head, _ = await service.enrol_person(tx, enrolment_of(1, role=Role.LEGAL_REP))
        other, _ = await service.enrol_person(tx, enrolment_of(3, uscc="93330381YY0000A13D"))

        for person_id in (head.person_id, other.person_id, "prs_nobody"):
            with pytest.raises(AgentUnknown):
                await service.appoint_agent(
                    tx, appointment_of(person_id, by=head.person_id, now=tx.now)
                )
        with pytest.raises(AppointmentMalformed):
            await service.appoint_agent(
                tx,
                appointment_of(other.person_id, by=head.person_id, now=tx.now, days_max=0),
            )
