"""The legal representative appoints, limits and ends agents; each act is recorded and told."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Protocol

import pytest
from tests.journeys.signing import UNSIGNED
from tests.journeys.voices import USCC, FakeNotices, appointment_of, enrol

from creditbridge.consents.acts import Approval
from creditbridge.consents.model import Consent, ConsentState
from creditbridge.consents.service import Consents
from creditbridge.foundation.database import Database
from creditbridge.journeys.give_consent import GiveConsent
from creditbridge.journeys.keep_agents import Ending, KeepAgents
from creditbridge.journeys.require_voice import VoiceMissing
from creditbridge.ledger.model import (
    Core,
    PersonEnrolled,
    RepresentativeEnded,
    RepresentativeLimited,
)
from creditbridge.ledger.service import Ledger
from creditbridge.login.service import find_session, open_session
from creditbridge.notices.model import Reader
from creditbridge.notices.service import Notices
from creditbridge.parties.model import Role
from creditbridge.parties.service import find_representative, note_entry
from creditbridge.parties.voices.model import (
    AgentLimited,
    AgentSections,
    AgentUnknown,
    AppointmentNotYours,
    VoiceUnappointed,
)
from creditbridge.profile.codes import SectionCode


class House(Protocol):
    """The house of `conftest`."""

    database: Database
    notices: Notices
    ledger: Ledger
    consents: Consents

    async def told(self, *words: str) -> list[Core]:
        """Return what the ledger holds."""


@pytest.fixture
def notices() -> FakeNotices:
    """Who is told."""
    return FakeNotices()


@pytest.fixture
def journey(house: House, notices: FakeNotices) -> KeepAgents:
    """The journey."""
    return KeepAgents(database=house.database, ledger=house.ledger, notices=notices)


@pytest.fixture
async def now(house: House) -> datetime:
    """The database's instant."""
    async with house.database.transaction() as tx:
        return tx.now


@pytest.fixture
async def agent_id(house: House, person_id: str) -> str:
    """An agent whom the provider vouches for; the legal representative is known, with an entry."""
    async with house.database.transaction() as tx:
        head = await find_representative(tx, person_id=person_id, uscc=USCC)
        assert head is not None
        await note_entry(tx, head, "evt_head")
    return await enrol(house.database, 2)


async def test_an_appointment_is_recorded_and_told(
    journey: KeepAgents,
    house: House,
    person_id: str,
    agent_id: str,
    now: datetime,
    notices: FakeNotices,
) -> None:
    """Limits, document and the entry by which the legal representative may appoint."""
    await journey.appoint(appointment_of(agent_id, by=person_id, now=now))

    (enrolled,) = await house.told("person")
    assert isinstance(enrolled.terms, PersonEnrolled)
    assert enrolled.terms.role == "AGENT"
    assert enrolled.terms.appointed_by == "evt_head"
    assert enrolled.terms.document == "POWER_OF_ATTORNEY"
    assert enrolled.terms.sections == frozenset({"REG", "PEN"})
    assert enrolled.terms.may_approve
    assert [(one.kind, one.uscc) for one in notices.told] == [("REPRESENTATIVE_ADDED", USCC)]
    async with house.database.transaction() as tx:
        agent = await find_representative(tx, person_id=agent_id, uscc=USCC)
    assert agent is not None
    assert agent.entry == enrolled.event_id


async def test_a_second_appointment_limits(
    journey: KeepAgents, house: House, person_id: str, agent_id: str, now: datetime
) -> None:
    """What holds from now on stands in the ledger in place of what held before."""
    await journey.appoint(appointment_of(agent_id, by=person_id, now=now))
    await journey.appoint(appointment_of(agent_id, by=person_id, now=now, queries_max=1))

    (limited,) = await house.told("representative")
    assert isinstance(limited.terms, RepresentativeLimited)
    assert limited.terms.queries_max == 1
    assert limited.terms.acted == "evt_head"


async def test_an_end_signs_the_agent_out(
    journey: KeepAgents, house: House, person_id: str, agent_id: str, notices: FakeNotices
) -> None:
    """No session is left on any node, the end is recorded, and appointing anew is possible."""
    async with house.database.transaction() as tx:
        cookie = await open_session(tx, person_id=agent_id, uscc=USCC)

    await journey.end(Ending(uscc=USCC, person_id=agent_id, ended_by=person_id))

    async with house.database.transaction() as tx:
        assert await find_session(tx, cookie) is None
        assert await find_representative(tx, person_id=agent_id, uscc=USCC) is None
    (ended,) = await house.told("representative")
    assert isinstance(ended.terms, RepresentativeEnded)
    assert (ended.terms.role, ended.terms.reason) == ("AGENT", "ENTERPRISE")
    assert [one.kind for one in notices.told] == ["REPRESENTATIVE_ENDED"]
    assert notices.forgotten == [Reader(person_id=agent_id, uscc=USCC)]


async def test_only_the_legal_representative_acts(
    journey: KeepAgents, house: House, person_id: str, agent_id: str, now: datetime
) -> None:
    """An agent appoints and ends nobody, however far they may go; a stranger does not either."""
    await journey.appoint(appointment_of(agent_id, by=person_id, now=now))
    second = await enrol(house.database, 3)
    stranger = await enrol(house.database, 4, role=Role.LEGAL_REP, uscc="93330381YY0000A13D")

    with pytest.raises(AppointmentNotYours):
        await journey.appoint(appointment_of(second, by=agent_id, now=now))
    with pytest.raises(AppointmentNotYours):
        await journey.end(Ending(uscc=USCC, person_id=second, ended_by=agent_id))
    with pytest.raises(VoiceMissing):
        await journey.end(Ending(uscc=USCC, person_id=second, ended_by=stranger))
    with pytest.raises(AgentUnknown):
        await journey.end(Ending(uscc=USCC, person_id=person_id, ended_by=person_id))
    assert len(await house.told("person", "representative")) == 1


async def test_nothing_holds_that_was_not_told(
    journey: KeepAgents,
    house: House,
    person_id: str,
    agent_id: str,
    now: datetime,
    notices: FakeNotices,
) -> None:
    """A notice that cannot be kept takes the appointment and its record back."""
    notices.failure = RuntimeError("the test")

    with pytest.raises(RuntimeError):
        await journey.appoint(appointment_of(agent_id, by=person_id, now=now))

    assert await house.told("person") == []
    async with house.database.transaction() as tx:
        agent = await find_representative(tx, person_id=agent_id, uscc=USCC)
    assert agent is not None
    assert agent.limits is None


async def test_an_agent_approves_within_the_limits_and_not_beyond(
    journey: KeepAgents,
    house: House,
    person_id: str,
    agent_id: str,
    now: datetime,
    lodge: Callable[..., Awaitable[Consent]],
) -> None:
    """Before the appointment nothing; then what it covers; a section more is refused by name."""
    give = GiveConsent(
        database=house.database,
        consents=house.consents,
        sign_consents=UNSIGNED,
        ledger=house.ledger,
        notices=house.notices,
    )
    consent = await lodge()

    def approval() -> Approval:
        return Approval(
            consent_id=consent.consent_id,
            version=consent.version,
            uscc=USCC,
            person_id=agent_id,
            role=Role.AGENT,
            template_id="t",
            template_version="1",
            text_digest=bytes(32),
        )

    with pytest.raises(VoiceUnappointed):
        await give.approve(approval())
    await journey.appoint(
        appointment_of(agent_id, by=person_id, now=now, sections=frozenset({SectionCode.REG}))
    )
    with pytest.raises(AgentSections) as refused:
        await give.approve(approval())
    await journey.appoint(appointment_of(agent_id, by=person_id, now=now))
    given = await give.approve(approval())

    assert isinstance(refused.value, AgentLimited)
    assert given.state is ConsentState.ACTIVE
    assert given.signer_person_id == agent_id
