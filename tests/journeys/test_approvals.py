"""Several people must approve: counted by person and artefact, decided at the last of them."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from msgspec.structs import replace
from tests.journeys.asking import House, Onboarded, Street
from tests.journeys.signing import UNSIGNED
from tests.journeys.voices import USCC, FakeNotices, appoint, enrol, enrolment_of

from creditbridge.consents.acts import Approval
from creditbridge.consents.answers import ConsentChanged
from creditbridge.consents.approvals.model import ApprovedAlready, ApproverAsked
from creditbridge.consents.model import Consent, ConsentState
from creditbridge.consents.rules import TransitionImpossible
from creditbridge.evidence.replay import Replay
from creditbridge.evidence.voices import Voices
from creditbridge.foundation.database import open_database
from creditbridge.journeys.change_approvals import ChangeApprovals
from creditbridge.journeys.give_consent import GiveConsent
from creditbridge.journeys.keep_agents import Ending, KeepAgents
from creditbridge.journeys.require_voice import VoiceMissing
from creditbridge.ledger.model import (
    ConsentApproved,
    ConsentCountersigned,
    Core,
    EnterpriseChanged,
)
from creditbridge.notices.model import NoticeKind
from creditbridge.parties.model import Role
from creditbridge.parties.service import enrol_person, find_representative, note_entry
from creditbridge.parties.voices.quorum import (
    ApprovalRule,
    ChangeAgreed,
    ChangeGone,
    RulesUnreachable,
)
from creditbridge.profile.codes import SectionCode
from creditbridge.protocols.certificate_binding import PeerCertificate

BANK_USCC = "91330104YY0000A13Q"
TWO = (ApprovalRule(approvers=2),)
RACES = 10


class People:
    """An enterprise with a legal representative and two appointed agents."""

    def __init__(self, house: House, head: str, agents: tuple[str, str]) -> None:
        self.house = house
        self.head = head
        self.agents = agents
        self.give = GiveConsent(
            database=house.database,
            consents=house.consents,
            sign_consents=UNSIGNED,
            ledger=house.ledger,
            notices=house.notices,
        )
        self.notices = FakeNotices()
        self.change = ChangeApprovals(
            database=house.database, ledger=house.ledger, notices=self.notices
        )

    async def approve(
        self,
        consent: Consent,
        person_id: str,
        *sections: SectionCode,
        version: int = 1,
        node: GiveConsent | None = None,
    ) -> Consent:
        """Say yes as one of them, to some sections or to all."""
        return await (node or self.give).approve(
            Approval(
                consent_id=consent.consent_id,
                version=version,
                uscc=USCC,
                person_id=person_id,
                role=Role.AGENT,
                template_id="t",
                template_version="1",
                text_digest=bytes(32),
                sections=frozenset(sections) or None,
            )
        )


@pytest.fixture
async def people(house: House, person_id: str) -> People:
    """Two people have to approve everything."""
    async with house.database.transaction() as tx:
        head = await find_representative(tx, person_id=person_id, uscc=USCC)
        assert head is not None
        await note_entry(tx, head, "evt_head")
    agents = (await enrol(house.database, 2), await enrol(house.database, 3))
    for agent in agents:
        await appoint(house.database, house.ledger, agent, by=person_id)
    made = People(house, person_id, agents)
    agreement = await made.change.propose(TWO, person_id=person_id, uscc=USCC)
    assert agreement.holds
    return made


def test_everybody_is_told_that_the_rules_changed(people: People) -> None:
    """In a kind of its own: it is not what somebody may do that changed."""
    assert [news.kind for news in people.notices.told] == [NoticeKind.APPROVALS_CHANGED]


Lodge = Callable[..., Awaitable[Consent]]


async def test_the_first_of_two_leaves_it_waiting(
    people: People, house: House, lodge: Lodge
) -> None:
    """Counted, in the chain, and no consent; the second makes it one, and names the first."""
    consent = await lodge()

    first = await people.approve(consent, people.agents[0])
    second = await people.approve(consent, people.head)

    assert (consent.approvals_given, consent.approvals_needed) == (0, 2)
    assert (first.state, first.approvals_given) == (ConsentState.REQUESTED, 1)
    assert first.version == consent.version
    assert (second.state, second.approvals_given) == (ConsentState.ACTIVE, 2)
    cores = await house.told("consent")
    assert [str(core.kind) for core in cores] == [
        "consent.requested",
        "consent.countersigned",
        "consent.approved",
    ]
    countersigned, approved = cores[1], cores[2]
    assert isinstance(countersigned.terms, ConsentCountersigned)
    assert (countersigned.terms.given, countersigned.terms.needed) == (1, 2)
    assert isinstance(approved.terms, ConsentApproved)
    assert approved.terms.needed == 2
    assert approved.terms.countersigned == frozenset({countersigned.event_id})
    assert countersigned.person != approved.person


async def test_nobody_approves_twice_through_two_accounts(
    people: People, house: House, lodge: Lodge
) -> None:
    """Another account of one natural person is the same person: the second yes is refused."""
    consent = await lodge()
    async with house.database.transaction() as tx:
        again, _ = await enrol_person(tx, enrolment_of(2, account="another-account"))
    await people.approve(consent, people.agents[0])

    with pytest.raises(ApprovedAlready):
        await people.approve(consent, again.person_id)

    assert again.person_id == people.agents[0]


async def test_only_yeses_to_the_same_artefact_count_together(people: People, lodge: Lodge) -> None:
    """Who narrows approves another artefact: the earlier yes no longer counts."""
    consent = await lodge()
    await people.approve(consent, people.agents[0])

    narrowed = await people.approve(consent, people.agents[1], SectionCode.REG)
    agreed = await people.approve(consent, people.agents[0], SectionCode.REG)

    assert (narrowed.state, narrowed.approvals_given) == (ConsentState.REQUESTED, 1)
    assert agreed.state is ConsentState.ACTIVE
    assert agreed.sections == frozenset({SectionCode.REG})


@pytest.mark.parametrize("how", ["ended", "limited"])
async def test_who_may_no_longer_does_not_count(
    how: str, people: People, house: House, lodge: Lodge
) -> None:
    """Ended or limited between two approvals: decided at the moment of the last one."""
    consent = await lodge()
    await people.approve(consent, people.agents[0])
    if how == "ended":
        journey = KeepAgents(database=house.database, ledger=house.ledger, notices=FakeNotices())
        await journey.end(Ending(uscc=USCC, person_id=people.agents[0], ended_by=people.head))
    else:
        await appoint(house.database, house.ledger, people.agents[0], by=people.head, queries_max=1)

    second = await people.approve(consent, people.head)
    third = await people.approve(consent, people.agents[1])

    assert (second.state, second.approvals_given) == (ConsentState.REQUESTED, 1)
    assert third.state is ConsentState.ACTIVE


async def test_an_approval_after_an_edit_is_refused(
    people: People, house: House, lodge: Lodge
) -> None:
    """Another version is another text; the yes to the first does not count for it."""
    consent = await lodge()
    await people.approve(consent, people.agents[0])
    async with house.database.transaction() as tx:
        await tx.execute("UPDATE consents SET version = 2")

    with pytest.raises(ConsentChanged):
        await people.approve(consent, people.head)
    again = await people.approve(consent, people.head, version=2)

    assert (again.state, again.approvals_given) == (ConsentState.REQUESTED, 1)


@pytest.mark.parametrize(
    ("before", "states"), [(1, ["ACTIVE", "answered"]), (0, ["ACTIVE", "REQUESTED"])]
)
async def test_of_two_approvers_over_two_nodes_one_completes(
    before: int, states: list[str], people: People, house: House, lodge: Lodge, database_url: str
) -> None:
    """At once, each on a node of its own: the last of two, or the first and the last of them."""
    second = await open_database(database_url, connections_max=4)
    nodes = (people.give, replace(people.give, database=second))

    async def race(node: GiveConsent, consent: Consent, agent: str) -> str:
        try:
            return (await people.approve(consent, agent, node=node)).state
        except TransitionImpossible:
            return "answered"

    for _ in range(RACES):
        consent = await lodge()
        if before:
            await people.approve(consent, people.head)
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(race(node, consent, agent))
                for node, agent in zip(nodes, people.agents, strict=True)
            ]
        assert sorted(task.result() for task in tasks) == states
    await second.close()

    kinds = [str(core.kind) for core in await house.told("consent")]
    assert kinds.count("consent.approved") == kinds.count("consent.countersigned") == RACES


async def test_who_speaks_for_the_bank_does_not_answer_it(
    people: People, house: House, lodge: Lodge
) -> None:
    """One natural person on both sides: refused, and the request stays for others."""
    consent = await lodge()
    async with house.database.transaction() as tx:
        await enrol_person(tx, enrolment_of(2, account="bank", uscc=BANK_USCC))

    with pytest.raises(ApproverAsked):
        await people.approve(consent, people.agents[0])


async def test_other_rules_need_as_many_as_the_present_ones(people: People, house: House) -> None:
    """The legal representative among them, each person once, and the record names who agreed."""
    waits = await people.change.propose((), person_id=people.agents[0], uscc=USCC)
    change_id = waits.change.change_id

    with pytest.raises(ChangeAgreed):
        await people.change.agree(change_id, person_id=people.agents[0], uscc=USCC)
    led = await people.change.agree(change_id, person_id=people.agents[1], uscc=USCC)
    done = await people.change.agree(change_id, person_id=people.head, uscc=USCC)
    with pytest.raises(ChangeGone):
        await people.change.agree(change_id, person_id=people.head, uscc=USCC)

    assert (waits.holds, led.holds, done.holds) == (False, False, True)
    changed = (await house.told("enterprise"))[-1]
    assert isinstance(changed.terms, EnterpriseChanged)
    assert changed.terms.what == "APPROVALS"
    assert changed.terms.rules == frozenset()
    assert changed.terms.needed == 2
    assert len(changed.terms.agreed or ()) == 3


async def test_rules_that_nobody_could_keep_are_refused(people: People) -> None:
    """Three may approve; four are asked for. A stranger proposes nothing."""
    with pytest.raises(RulesUnreachable):
        await people.change.propose((ApprovalRule(approvers=4),), person_id=people.head, uscc=USCC)
    with pytest.raises(VoiceMissing):
        await people.change.propose(TWO, person_id="prs_nobody", uscc=USCC)


async def test_the_replay_counts_people(people: People, house: House, lodge: Lodge) -> None:
    """As recorded it holds; without the other's yes, or by one person twice, it is a breach."""
    consent = await lodge()
    await people.approve(consent, people.agents[0])
    await people.approve(consent, people.agents[1])
    cores = await house.told("person", "representative", "enterprise", "consent")
    head = next(core for core in cores if str(core.kind) == "enterprise.changed")
    enrolled = [core for core in cores if str(core.kind) == "person.enrolled"]
    approved = cores[-1]
    assert isinstance(approved.terms, ConsentApproved)

    def breaches(last: Core) -> list[str]:
        replay = Replay(Voices())
        # The fixture enrols the legal representative past the ledger: said here in its place.
        first = replace(
            head,
            kind=enrolled[0].kind,
            event_id="evt_head",
            terms=replace(enrolled[0].terms, role="LEGAL_REP", may_approve=None, appointed_by=None),
        )
        for core in (first, *cores[:-1], last):
            replay.see(core)
        return [breach.detail for breach in replay.breaches]

    alone = replace(approved, terms=replace(approved.terms, countersigned=None))
    lowered = replace(approved, terms=replace(approved.terms, countersigned=None, needed=1))

    assert breaches(approved) == []
    assert breaches(alone) == ["1 people approved, and 2 had to"]
    assert breaches(lowered) == ["1 people approved, and 2 had to"]


async def test_Z10_the_client_hears_which_consents_others_have_to_approve(
    people: People,
    house: House,
    north: Onboarded,
    person_id: str,
    certify: Callable[[str], PeerCertificate],
) -> None:
    """access_denied with the id; no grant, no code; the others find the consent in the portal."""
    street = Street(house, north, person_id, certify)
    asked = await street.open(await street.detail())
    (consent_id,) = asked.opened.pushed.consent_ids

    answer = await street.decide(asked)

    assert answer.parameters["error"] == "access_denied"
    assert consent_id in answer.parameters["error_description"]
    assert await street.count("grants") == 0
    async with house.database.transaction() as tx:
        waiting = await house.consents.get_consent(tx, consent_id)
    assert (waiting.state, waiting.approvals_given) == (ConsentState.REQUESTED, 1)
    done = await people.approve(waiting, people.agents[0])
    assert done.state is ConsentState.ACTIVE
