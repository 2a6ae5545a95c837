"""A natural person's own consent decides what a report shows of them, and of nobody else."""

import asyncio
import hashlib
import itertools
import json
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from datetime import timedelta
from typing import Protocol, TypeAlias

import msgspec
import pytest
from msgspec.structs import replace
from tests.journeys.registering import MASKED, NAME, Platform, Register

import creditbridge.consents.moves.service as moves
from creditbridge.admission.model import Outcome, Stored
from creditbridge.consents.model import Asked, Consent, ConsentState, SectionsNotCovered
from creditbridge.consents.persons.model import (
    PersonAct,
    PersonConsent,
    PersonConsentClosed,
    PersonConsentEnded,
    PersonConsentUnknown,
    PersonPurposeMismatch,
    PersonRequest,
    PersonYes,
)
from creditbridge.consents.persons.service import get_of_bank, get_of_person, list_of_person
from creditbridge.consents.service import AuthorizationTaken, Consents
from creditbridge.evidence.replay import Breach, Replay
from creditbridge.foundation.database import Database, DatabaseUnavailable
from creditbridge.foundation.keys import FileKey
from creditbridge.journeys.admit_caller import Caller
from creditbridge.journeys.answer_for_oneself import AnswerForOneself, Oneself
from creditbridge.journeys.ask_key_person import AskKeyPerson
from creditbridge.journeys.deliver_report import DeliverReport, ReportRequest
from creditbridge.journeys.require_voice import VoiceMissing
from creditbridge.journeys.silence_consents import SilenceConsents
from creditbridge.journeys.under_way import UnderWay
from creditbridge.ledger.model import (
    Core,
    EventKind,
    PersonAsked,
    PersonConsented,
    PersonEnded,
    ReportDelivered,
    ReportIntended,
)
from creditbridge.ledger.service import Ledger
from creditbridge.notices.model import NoticeKind, Reader
from creditbridge.notices.service import Notices
from creditbridge.parties.licence import PurposeNotLicensed
from creditbridge.parties.model import Bank, Enrolment, Role
from creditbridge.parties.service import enrol_person
from creditbridge.platforms.model import PlatformQuery
from creditbridge.profile.codes import KeyPosition, Purpose, SectionCode

USCC, OTHER_USCC = "91330100YY0000A13Y", "91330106589876549K"
REG, PSN, PEN = SectionCode.REG, SectionCode.PSN, SectionCode.PEN
REVIEW = Purpose.KEY_PERSON_REVIEW
UNKNOWN = "pcs_01hzy6t9x7c3v5n8m2k4p6q8r0"
AskPerson: TypeAlias = Callable[..., Awaitable[PersonConsent]]
Read: TypeAlias = Callable[..., Coroutine[None, None, dict[str, object]]]


class Onboarded(Protocol):
    """A bank of `conftest`."""

    bank: Bank
    client_ids: tuple[str, str]


class Machine(msgspec.Struct):
    """The machines of a bank whose licence a test changes."""

    bank: Bank
    client_ids: tuple[str, str]


class FakePlatform(Platform, Protocol):
    """The platform of `conftest`."""

    queries: list[PlatformQuery]


class House(Protocol):
    """The house of `conftest`."""

    database: Database
    consents: Consents
    consent_key: FileKey
    ledger: Ledger
    notices: Notices
    deliver: DeliverReport
    platform: FakePlatform
    under_way: UnderWay

    async def told(self, *words: str) -> list[Core]:
        """Return what the ledger holds."""
        ...

    async def wait(self, time: timedelta) -> None:
        """Let the database's instant pass."""
        ...

    async def renew_lease(self) -> None:
        """Renew the lease of the first node."""
        ...

    def faulty_ledger(self, kind: EventKind, fault: str) -> Ledger:
        """Return the ledger with a fault."""
        ...

    def faulty_database(self, number: int, fault: str) -> Database:
        """Return the database with a fault."""
        ...

    def call(self, onboarded: Onboarded, *, client: int = 0, body: bytes = b"{}") -> Caller:
        """Return an admitted machine."""
        ...


@pytest.fixture
def oneself(house: House) -> AnswerForOneself:
    """The journey of a person who answers for themselves."""
    return AnswerForOneself(database=house.database, ledger=house.ledger, signers=house.consent_key)


@pytest.fixture
def ask_person(house: House, north: Onboarded) -> AskPerson:
    """Asks the legal representative for REG and PSN within thirty days, as the bank."""
    journey = AskKeyPerson(database=house.database, ledger=house.ledger, notices=house.notices)
    numbers = itertools.count(1)

    async def ask(
        onboarded: Onboarded = north, *, days: float = 30, **changed: object
    ) -> PersonConsent:
        bank = onboarded.bank
        async with house.database.transaction() as tx:
            now = tx.now
        request = PersonRequest(
            bank_id=bank.bank_id,
            bank_uscc=bank.uscc,
            bank_name=bank.legal_name,
            uscc=USCC,
            name="示例晴川机械有限公司",
            position=KeyPosition.LEGAL_REP,
            purposes=frozenset({REVIEW}),
            sections=frozenset({REG, PSN}),
            authorization_no=f"P-{next(numbers)}",
            valid_to=now + timedelta(days=days),
        )
        return await journey(house.call(onboarded), replace(request, **changed))

    return ask


def yes_of(
    asked: PersonConsent, person_id: str, sections: Iterable[SectionCode] | None = None
) -> PersonYes:
    """Return a person's yes to what was asked, or to some of it."""
    return PersonYes(
        person_consent_id=asked.person_consent_id,
        version=asked.version,
        person_id=person_id,
        sections=asked.sections if sections is None else frozenset(sections),
        template_id="portal-person",
        template_version="1",
        text_digest=bytes(32),
    )


def act_of(consent: PersonConsent, person_id: str) -> PersonAct:
    """Return a no, or a withdrawal."""
    return PersonAct(person_consent_id=consent.person_consent_id, person_id=person_id)


@pytest.fixture
async def given(ask_person: AskPerson, oneself: AnswerForOneself, person_id: str) -> PersonConsent:
    """What the legal representative gave."""
    return await oneself.agree(me(person_id), yes_of(await ask_person(), person_id))


def me(person_id: str, uscc: str = USCC) -> Oneself:
    """Return who acts, signed in for an enterprise."""
    return Oneself(person_id=person_id, uscc=uscc)


@pytest.fixture
def read(house: House, consent: Consent, ask: Callable[..., ReportRequest]) -> Read:
    """Asks for REG, PEN and PSN, for persons too, and returns the profile."""
    keys = itertools.count(1)

    async def look(
        person_purpose: Purpose | None = REVIEW,
        *,
        register: str = NAME,
        key: str | None = None,
        **changed: object,
    ) -> dict[str, object]:
        deliver = replace(house.deliver, platforms=Register(house.platform, register))
        request = ask(
            changed.pop("consent", consent),
            key=key or f"look-{next(keys)}",
            sections=frozenset({REG, PEN, PSN}),
            person_purpose=person_purpose,
            **changed,
        )
        return profile_of(await deliver(request))

    return look


def profile_of(outcome: Outcome | Stored) -> dict[str, object]:
    """Return the profile that left the house."""
    profile: dict[str, object] = json.loads(outcome.body)
    return profile


def shown(profile: dict[str, object]) -> tuple[str, int | str]:
    """Return how the legal representative is named, and how many records or why none are there."""
    sections = profile["sections"]
    omitted = profile["omitted_sections"]
    assert isinstance(sections, dict)
    assert isinstance(omitted, list)
    name: str = sections["REG"]["records"][0]["legal_rep"]
    if "PSN" in sections:
        return name, len(sections["PSN"].get("records", ()))
    (why,) = [one["reason"] for one in omitted if one["code"] == "PSN"]
    return name, str(why)


HIDDEN = (MASKED, "NOT_CONSENTED")


async def test_l13_unconsented_persons_are_masked_and_omitted(house: House, read: Read) -> None:
    """Nothing about a person is even asked of a platform."""
    profile = await read()

    assert shown(profile) == HIDDEN
    assert profile["persons"] == []
    assert house.platform.queries[-1].sections == {REG, PEN}
    assert house.platform.queries[-1].persons == ()


async def test_l13_a_consenting_person_is_shown(
    house: House, read: Read, given: PersonConsent
) -> None:
    """In full, and what is held about them; profile, query and ledger name the consent."""
    profile = await read()

    (query,) = house.platform.queries
    (consented,) = [one for one in await house.told("person") if one.kind == "person.consented"]
    (intended, delivered) = [
        one.terms for one in await house.told("report") if one.kind != "report.refused"
    ]
    assert isinstance(consented.terms, PersonConsented)
    assert isinstance(intended, ReportIntended)
    assert isinstance(delivered, ReportDelivered)
    assert shown(profile) == (NAME, 1)
    assert profile["persons"] == [
        {
            "person_consent_id": given.person_consent_id,
            "position": "LEGAL_REP",
            "sections": ["PSN", "REG"],
        }
    ]
    assert query.sections == {REG, PEN, PSN}
    (told,) = query.persons
    assert told.position is KeyPosition.LEGAL_REP
    assert given.artefact is not None
    assert told.consent_digest == hashlib.sha256(given.artefact).hexdigest()
    assert intended.persons == delivered.persons == frozenset({consented.event_id})
    assert intended.sections == {"REG", "PEN"}
    assert intended.person_sections == frozenset({"PSN"})
    assert delivered.sections == {"REG", "PEN", "PSN"}


async def test_persons_are_shown_to_whoever_says_what_for(read: Read, given: PersonConsent) -> None:
    """Without a purpose of the personal table nobody is; an enterprise's purpose is refused."""
    assert given.state is ConsentState.ACTIVE
    assert shown(await read(None)) == HIDDEN
    with pytest.raises(PersonPurposeMismatch):
        await read(Purpose.PRE_LOAN_REVIEW)
    with pytest.raises(PersonPurposeMismatch):
        await read(Purpose.DISPUTE_CHECK)


async def test_only_that_very_person_is_shown(read: Read, given: PersonConsent) -> None:
    """The register names somebody else: the consent is not theirs."""
    assert given.state is ConsentState.ACTIVE
    assert shown(await read(register="李示例")) == ("李**", 0)


async def test_a_narrower_yes_shows_less(
    ask_person: AskPerson, oneself: AnswerForOneself, person_id: str, read: Read
) -> None:
    """The name alone; nothing that is held about the person."""
    asked = await ask_person()
    await oneself.agree(me(person_id), yes_of(asked, person_id, [REG]))

    assert shown(await read()) == (NAME, "NOT_CONSENTED")


async def test_another_banks_consent_shows_nothing(
    ask_person: AskPerson,
    oneself: AnswerForOneself,
    person_id: str,
    south: Onboarded,
    read: Read,
) -> None:
    """What the person gave the south, the north does not see."""
    asked = await ask_person(south)
    await oneself.agree(me(person_id), yes_of(asked, person_id))

    assert shown(await read()) == HIDDEN


async def test_another_enterprises_context_shows_nothing(
    house: House,
    ask_person: AskPerson,
    oneself: AnswerForOneself,
    person_id: str,
    read: Read,
) -> None:
    """The same person, the same bank: beside another enterprise's data it is another consent."""
    async with house.database.transaction() as tx:
        _, is_new = await enrol_person(tx, enrolment_of(NAME, 1, uscc=OTHER_USCC))
    asked = await ask_person(uscc=OTHER_USCC)
    given = await oneself.agree(me(person_id, OTHER_USCC), yes_of(asked, person_id))

    assert is_new
    assert given.person_id == person_id
    assert shown(await read()) == HIDDEN


async def test_a_former_legal_representative_is_not_shown(
    house: House, read: Read, given: PersonConsent
) -> None:
    """The provider now calls them an agent: what they gave as something else covers nothing."""
    async with house.database.transaction() as tx:
        await enrol_person(tx, enrolment_of(NAME, 1, role=Role.AGENT))

    assert given.state is ConsentState.ACTIVE
    assert shown(await read()) == HIDDEN


async def test_a_term_ends_by_itself(
    house: House, ask_person: AskPerson, oneself: AnswerForOneself, person_id: str, read: Read
) -> None:
    """No record is needed for that: the instant decides."""
    asked = await ask_person(days=2)
    await oneself.agree(me(person_id), yes_of(asked, person_id))
    assert shown(await read()) == (NAME, 1)

    await house.wait(timedelta(days=2))
    await house.renew_lease()

    assert shown(await read()) == HIDDEN


async def test_l21_a_withdrawal_between_two_looks_counts_at_once(
    house: House, read: Read, given: PersonConsent, oneself: AnswerForOneself, person_id: str
) -> None:
    """Shown, withdrawn, hidden; and the ledger says so."""
    assert shown(await read()) == (NAME, 1)
    ended = await oneself.withdraw(me(person_id), act_of(given, person_id))
    profile = await read()

    (consented, withdrawn) = (await house.told("person"))[-2:]
    assert (ended.state, shown(profile)) == (ConsentState.WITHDRAWN, HIDDEN)
    assert withdrawn.terms == PersonEnded(state="WITHDRAWN", ends=consented.event_id)
    assert withdrawn.person == consented.person
    assert house.platform.queries[-1].sections == {REG, PEN}
    with pytest.raises(PersonConsentClosed):
        await oneself.withdraw(me(person_id), act_of(given, person_id))


async def test_a_kept_answer_is_not_given_again_once_a_person_withdrew(
    read: Read, given: PersonConsent, oneself: AnswerForOneself, person_id: str
) -> None:
    """The same key again: the same bytes before, a refusal after; a new key shows nobody."""
    first = await read(key="again")
    assert await read(key="again") == first

    await oneself.withdraw(me(person_id), act_of(given, person_id))

    with pytest.raises(PersonConsentEnded):
        await read(key="again")
    assert shown(await read(key="new")) == HIDDEN


async def test_an_answer_under_way_is_discarded_by_a_withdrawal(
    house: House, read: Read, given: PersonConsent, oneself: AnswerForOneself, person_id: str
) -> None:
    """Withdrawn while the platform was asked: no byte leaves, and the ledger says why."""

    async def withdraw() -> None:
        await oneself.withdraw(me(person_id), act_of(given, person_id))

    house.platform.meanwhile = withdraw
    with pytest.raises(PersonConsentEnded):
        await read()
    house.platform.meanwhile = None

    assert [one.kind for one in await house.told("delivery")] == ["delivery.stopped"]
    assert shown(await read()) == HIDDEN


async def test_asking_is_broken_off_by_a_withdrawal(
    house: House, read: Read, given: PersonConsent, oneself: AnswerForOneself, person_id: str
) -> None:
    """The platform would have answered never: who withdraws does not wait for it."""
    asking = asyncio.Event()
    silence = SilenceConsents(
        database=house.database,
        ledger=house.ledger,
        consents=house.consents,
        moves=moves,
        under_way=house.under_way,
    )

    async def hang() -> None:
        asking.set()
        await asyncio.Event().wait()

    house.platform.meanwhile = hang
    running = asyncio.create_task(read())
    await asking.wait()
    await oneself.withdraw(me(person_id), act_of(given, person_id))
    await silence()

    with pytest.raises(PersonConsentEnded):
        await running
    assert house.under_way.list_consents() == []


async def test_a_withdrawal_waits_for_a_delivery_or_comes_before_it(
    house: House,
    give: Callable[..., Awaitable[Consent]],
    read: Read,
    given: PersonConsent,
    oneself: AnswerForOneself,
    person_id: str,
) -> None:
    """Eight looks race one withdrawal: whoever was shown was so before, as a replay tells."""
    wide = await give(queries=20)

    async def look() -> tuple[str, int | str]:
        try:
            return shown(await read(consent=wide))
        except PersonConsentEnded:
            return HIDDEN

    async with asyncio.TaskGroup() as group:
        looks = [group.create_task(look()) for _ in range(8)]
        await asyncio.sleep(0)
        group.create_task(oneself.withdraw(me(person_id), act_of(given, person_id)))

    assert {one.result() for one in looks} <= {(NAME, 1), HIDDEN}
    assert await breaches_of(house) == []
    assert shown(await read(consent=wide)) == HIDDEN


async def test_of_two_answers_at_once_one_counts(
    house: House, ask_person: AskPerson, oneself: AnswerForOneself, person_id: str
) -> None:
    """A yes and a no from two browsers: one is told that it has been answered."""
    asked = await ask_person()

    async with asyncio.TaskGroup() as group:
        both = [
            group.create_task(settle(oneself.agree(me(person_id), yes_of(asked, person_id)))),
            group.create_task(settle(oneself.decline(me(person_id), act_of(asked, person_id)))),
        ]

    kinds = [one.kind for one in await house.told("person")]
    assert sorted(task.result() for task in both) == [False, True]
    assert len(kinds) == 2


async def settle(answer: Awaitable[PersonConsent]) -> bool:
    """Tell whether an answer counted."""
    try:
        await answer
    except PersonConsentClosed:
        return False
    return True


@pytest.mark.parametrize("fault", ["failed", "reply lost"])
async def test_a_turn_that_is_not_recorded_is_none(
    house: House,
    given: PersonConsent,
    ask_person: AskPerson,
    person_id: str,
    fault: str,
) -> None:
    """The write failed, or only its answer was lost: neither yes nor withdrawal counts."""
    asked = await ask_person()
    yes = faulty(house, ledger=house.faulty_ledger(EventKind.PERSON_CONSENTED, fault))
    end = faulty(house, ledger=house.faulty_ledger(EventKind.PERSON_WITHDRAWN, fault))

    with pytest.raises(DatabaseUnavailable):
        await yes.agree(me(person_id), yes_of(asked, person_id))
    with pytest.raises(DatabaseUnavailable):
        await end.withdraw(me(person_id), act_of(given, person_id))

    assert await states_of(house, asked, given) == [ConsentState.REQUESTED, ConsentState.ACTIVE]


@pytest.mark.parametrize(
    ("fault", "states", "kinds"),
    [
        ("failed", [ConsentState.ACTIVE], []),
        ("reply lost", [ConsentState.WITHDRAWN], ["person.withdrawn"]),
    ],
)
async def test_a_withdrawal_and_its_record_commit_together_or_not_at_all(
    house: House,
    given: PersonConsent,
    person_id: str,
    fault: str,
    states: list[ConsentState],
    kinds: list[str],
) -> None:
    """The commit failed, or its answer was lost: the person is told that they must look again."""
    end = faulty(house, database=house.faulty_database(1, fault))

    with pytest.raises(DatabaseUnavailable):
        await end.withdraw(me(person_id), act_of(given, person_id))

    assert await states_of(house, given) == states
    assert [one.kind for one in await house.told("person")][2:] == kinds


def faulty(
    house: House, *, database: Database | None = None, ledger: Ledger | None = None
) -> AnswerForOneself:
    """Return the journey with a room that fails."""
    return AnswerForOneself(
        database=database or house.database,
        ledger=ledger or house.ledger,
        signers=house.consent_key,
    )


async def states_of(house: House, *consents: PersonConsent) -> list[ConsentState]:
    """Return in which state these are stored."""
    async with house.database.transaction() as tx:
        found = [
            await get_of_bank(tx, person_consent_id=one.person_consent_id, bank_id=one.bank_id)
            for one in consents
        ]
    return [one.state for one in found]


async def test_the_ledger_holds_each_turn(
    house: House, ask_person: AskPerson, oneself: AnswerForOneself, person_id: str
) -> None:
    """Asked, consented, and a no: each names what it answers, and nobody before somebody did."""
    first, second = await ask_person(), await ask_person()
    await oneself.agree(me(person_id), yes_of(first, person_id))
    await oneself.decline(me(person_id), act_of(second, person_id))

    asked, again, consented, refused = await house.told("person")
    assert isinstance(asked.terms, PersonAsked)
    assert isinstance(consented.terms, PersonConsented)
    assert asked.person is None
    assert asked.terms.purposes == {"KEY_PERSON_REVIEW"}
    assert consented.terms.asked == asked.event_id
    assert consented.person is not None
    assert refused.terms == PersonEnded(state="REFUSED", ends=again.event_id)
    assert (refused.bank, refused.enterprise) == (asked.bank, asked.enterprise)


async def test_whoever_holds_the_position_is_told(
    house: House, ask_person: AskPerson, person_id: str
) -> None:
    """The legal representative alone: an agent has nothing to decide for them."""
    async with house.database.transaction() as tx:
        agent, _ = await enrol_person(tx, enrolment_of("钱示例", 2, role=Role.AGENT))
    asked = await ask_person()

    async with house.database.transaction() as tx:
        mine = await house.notices.list_notices(tx, Reader(person_id=person_id, uscc=USCC))
        theirs = await house.notices.list_notices(tx, Reader(person_id=agent.person_id, uscc=USCC))
    assert [(one.kind, one.about) for one in mine] == [
        (NoticeKind.PERSON_ASKED, asked.person_consent_id)
    ]
    assert theirs == []


@pytest.mark.parametrize("which", ["unknown", "no id", "another person's"])
async def test_a_foreign_consent_is_an_unknown_one(
    house: House,
    oneself: AnswerForOneself,
    south: Onboarded,
    given: PersonConsent,
    person_id: str,
    which: str,
) -> None:
    """To read, to answer, to withdraw; for another bank, for another legal representative."""
    async with house.database.transaction() as tx:
        other, _ = await enrol_person(tx, enrolment_of("李示例", 2))
    their_id = {"unknown": UNKNOWN, "no id": "pcs_", "another person's": given.person_consent_id}
    foreign = replace(given, person_consent_id=their_id[which])
    oneself_other = me(other.person_id)

    for answer in (
        oneself.agree(oneself_other, yes_of(foreign, other.person_id)),
        oneself.decline(oneself_other, act_of(foreign, other.person_id)),
        oneself.withdraw(oneself_other, act_of(foreign, other.person_id)),
    ):
        with pytest.raises(PersonConsentUnknown):
            await answer
    async with house.database.transaction() as tx:
        with pytest.raises(PersonConsentUnknown):
            await get_of_bank(
                tx,
                person_consent_id=foreign.person_consent_id,
                bank_id=south.bank.bank_id,
            )
        with pytest.raises(PersonConsentUnknown):
            await get_of_person(
                tx,
                foreign.person_consent_id,
                person_id=other.person_id,
                uscc=USCC,
                role=Role.LEGAL_REP,
            )
        lines = await list_of_person(tx, person_id=other.person_id, uscc=USCC, role=Role.LEGAL_REP)
        mine = await list_of_person(tx, person_id=person_id, uscc=USCC, role=Role.AGENT)
    assert lines == []
    assert [one.person_consent_id for one in mine] == [given.person_consent_id]


async def test_an_agent_answers_for_nobody(
    house: House, oneself: AnswerForOneself, ask_person: AskPerson
) -> None:
    """What the legal representative is asked is not there for an agent, nor for a stranger."""
    async with house.database.transaction() as tx:
        agent, _ = await enrol_person(tx, enrolment_of("钱示例", 2, role=Role.AGENT))
    asked = await ask_person()

    with pytest.raises(PersonConsentUnknown):
        await oneself.agree(me(agent.person_id), yes_of(asked, agent.person_id))
    with pytest.raises(VoiceMissing):
        await oneself.agree(me(agent.person_id, OTHER_USCC), yes_of(asked, agent.person_id))


async def test_what_a_bank_may_not_ask_of_a_person(
    house: House, north: Onboarded, ask_person: AskPerson
) -> None:
    """An enterprise's purpose, a number used before, a purpose beyond its licence."""
    licensed = replace(
        north.bank, purposes=frozenset({Purpose.PRE_LOAN_REVIEW}), sections=frozenset(SectionCode)
    )
    await ask_person(authorization_no="P-0")

    with pytest.raises(PersonPurposeMismatch):
        await ask_person(purposes=frozenset({Purpose.PRE_LOAN_REVIEW}))
    with pytest.raises(AuthorizationTaken):
        await ask_person(authorization_no="P-0")
    with pytest.raises(PurposeNotLicensed):
        await ask_person(Machine(bank=licensed, client_ids=north.client_ids))
    assert [one.kind for one in await house.told("person")] == ["person.asked"]


async def test_persons_alone_cannot_be_read(
    house: House, ask: Callable[..., ReportRequest], consent: Consent, given: PersonConsent
) -> None:
    """A person's data stands beside an enterprise's: without that nothing is covered."""
    request = ask(consent, sections=frozenset({PSN}), person_purpose=REVIEW)

    assert given.state is ConsentState.ACTIVE
    with pytest.raises(SectionsNotCovered):
        await house.deliver(request)


async def test_the_replay_agrees_with_the_house(
    house: House, read: Read, given: PersonConsent, oneself: AnswerForOneself, person_id: str
) -> None:
    """Shown, withdrawn, hidden: no law is broken."""
    await read()
    await oneself.withdraw(me(person_id), act_of(given, person_id))
    await read()

    assert await breaches_of(house) == []


Twist: TypeAlias = Callable[[list[Core]], list[Core]]


def without(kind: EventKind) -> Twist:
    """Return what leaves out the entries of a kind."""
    return lambda cores: [one for one in cores if one.kind is not kind]


def earlier(kind: EventKind) -> Twist:
    """Return what has an entry of a kind stand before the intent."""

    def move(cores: list[Core]) -> list[Core]:
        at = next(n for n, one in enumerate(cores) if one.kind is EventKind.REPORT_INTENDED)
        moved = [one for one in cores if one.kind is kind]
        rest = [one for one in cores if one.kind is not kind]
        return [*rest[:at], *moved, *rest[at:]]

    return move


def telling(kind: EventKind, **changed: object) -> Twist:
    """Return what has the entries of a kind say something else."""
    return lambda cores: [
        replace(one, terms=replace(one.terms, **changed)) if one.kind is kind else one
        for one in cores
    ]


def under(kind: EventKind, **changed: object) -> Twist:
    """Return what has the entries of a kind stand under other names."""
    return lambda cores: [replace(one, **changed) if one.kind is kind else one for one in cores]


TWISTS: dict[str, tuple[Twist, str]] = {
    "no consent": (without(EventKind.PERSON_CONSENTED), "that no person's consent opens"),
    "withdrawn before": (earlier(EventKind.PERSON_WITHDRAWN), "without a live consent of theirs"),
    "not told at delivery": (
        telling(EventKind.REPORT_DELIVERED, persons=None),
        "does not name the persons' consents",
    ),
    "another purpose of the person": (
        telling(EventKind.PERSON_CONSENTED, purposes=frozenset({"DISPUTE_CHECK"})),
        "without a live consent of theirs",
    ),
    "an enterprise's purpose": (
        telling(EventKind.REPORT_INTENDED, person_purpose="PRE_LOAN_REVIEW"),
        "for a purpose that is not theirs",
    ),
    "other sections": (
        telling(EventKind.PERSON_CONSENTED, sections=frozenset({"REG"})),
        "that no person's consent opens",
    ),
    "more than persons": (
        telling(EventKind.REPORT_INTENDED, person_sections=frozenset({"PSN", "PEN"})),
        "that no person's consent opens",
    ),
    "of another bank": (under(EventKind.PERSON_CONSENTED, bank="other"), "without that person's"),
    "of another enterprise": (
        under(EventKind.PERSON_CONSENTED, enterprise="other"),
        "without that person's",
    ),
    "withdrawn by another": (
        under(EventKind.PERSON_WITHDRAWN, person="other"),
        "that this person had not given",
    ),
}


@pytest.mark.parametrize("twist", TWISTS)
async def test_the_replay_names_what_a_report_without_consent_breaks(
    house: House,
    read: Read,
    given: PersonConsent,
    oneself: AnswerForOneself,
    person_id: str,
    twist: str,
) -> None:
    """Every way in which a log could show a person's data without their word."""
    await read()
    await oneself.withdraw(me(person_id), act_of(given, person_id))
    change, reason = TWISTS[twist]

    breaches = await breaches_of(house, change)

    assert reason in breaches[0].detail


async def breaches_of(house: House, twist: Twist = list) -> list[Breach]:
    """Return what a replay of the ledger finds, as it stands or twisted."""
    replay = Replay()
    for core in twist(await house.told()):
        replay.see(core)
    return replay.breaches


def enrolment_of(
    name: str, number: int, *, uscc: str = USCC, role: Role = Role.LEGAL_REP
) -> Enrolment:
    """Return what the provider says of a person."""
    return Enrolment(
        issuer="https://id.example",
        subject=f"sub-{number}",
        person_key=bytes([number] * 32),
        name=name,
        uscc=uscc,
        enterprise_name="示例晴川机械有限公司",
        role=role,
        proof_digest=bytes(32),
    )


def test_what_is_asked_names_no_person_by_default() -> None:
    """A bank that does not know of persons' consents reads as before."""
    asked = Asked(
        bank_id="b",
        client_id="c",
        uscc=USCC,
        consent_id="cns_1",
        purpose=Purpose.PRE_LOAN_REVIEW,
        sections=frozenset({REG}),
    )

    assert asked.person_purpose is None
