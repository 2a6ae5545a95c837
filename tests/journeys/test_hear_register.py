"""The register names another legal representative: known before the answer that says so leaves."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date, datetime, timedelta
from typing import Protocol, TypeAlias

import pytest
from tests.journeys.successions import confirmation_of, follow_in, succeed
from tests.journeys.voices import USCC, enrolment_of

from creditbridge.consents.model import Consent, ConsentPaused, ConsentState
from creditbridge.consents.service import Consents
from creditbridge.foundation.database import Database, DatabaseUnavailable, open_database
from creditbridge.journeys.deliver_report import DeliverReport, ReportRequest
from creditbridge.ledger.model import (
    Core,
    DeliveryStopped,
    EnterpriseChanged,
    EventKind,
    RepresentativeEnded,
)
from creditbridge.ledger.port import Recorder
from creditbridge.ledger.service import Ledger
from creditbridge.notices.service import Notices
from creditbridge.parties.model import Role
from creditbridge.parties.service import enrol_person, find_representative
from creditbridge.parties.voices.model import VoiceSucceeded
from creditbridge.platforms.model import NamedRepresentative, SubjectAnswer
from creditbridge.protocols.uscc import EntityCategory

Ask: TypeAlias = Callable[..., ReportRequest]
Give: TypeAlias = Callable[..., Awaitable[Consent]]
ON_FILE = "张示例"
NAMED = "李示例"


class FakePlatform(Protocol):
    """The platform of `conftest`."""

    legal_rep: NamedRepresentative | None


class House(Protocol):
    """The house of `conftest`."""

    database: Database
    ledger: Ledger
    consents: Consents
    notices: Notices
    platform: FakePlatform
    deliver: DeliverReport

    async def told(self, *words: str) -> list[Core]:
        """Return what the ledger holds."""
        ...

    def new_delivery(self, *, ledger: Recorder) -> DeliverReport:
        """Return the journey of a report with another ledger."""
        ...

    def faulty_ledger(self, kind: EventKind, fault: str) -> Recorder:
        """Return the ledger with a fault."""
        ...

    def faulty_database(self, number: int, fault: str) -> Database:
        """Return the database with a fault."""
        ...


@pytest.fixture
async def later(database: Database) -> datetime:
    """An instant of the source's data that is younger than everything here."""
    async with database.transaction() as tx:
        return tx.now + timedelta(minutes=1)


def subject_of(name: str, as_of: datetime, since: date | None = None) -> SubjectAnswer:
    """Return what a platform says of the enterprise and of its legal representative."""
    return SubjectAnswer(
        name="示例晴川机械有限公司",
        uscc=USCC,
        category=EntityCategory.ENTERPRISE,
        legal_rep=NamedRepresentative(name=name, as_of=as_of, since=since),
    )


async def read(house: House, consent: Consent) -> Consent:
    """Return a consent as it stands."""
    async with house.database.transaction() as tx:
        return await house.consents.get_consent(tx, consent.consent_id)


async def test_an_answer_that_names_another_is_not_handed_over(
    house: House, consent: Consent, person_id: str, ask: Ask, later: datetime
) -> None:
    """First the change is durable, then the bank is told that the consent is paused."""
    house.platform.legal_rep = NamedRepresentative(name=NAMED, as_of=later)

    with pytest.raises(ConsentPaused):
        await house.deliver(ask(consent))

    ended, changed, paused, stopped = (await house.told())[-4:]
    assert isinstance(ended.terms, RepresentativeEnded)
    assert ended.terms.reason == "REGISTER"
    assert isinstance(changed.terms, EnterpriseChanged)
    assert (changed.terms.source, changed.terms.as_of) == ("REGISTER", later)
    assert changed.terms.successor is None
    assert paused.kind is EventKind.CONSENT_PAUSED
    assert isinstance(stopped.terms, DeliveryStopped)
    assert stopped.terms.code == "consent-paused"
    async with house.database.transaction() as tx:
        assert await find_representative(tx, person_id=person_id, uscc=USCC) is None
        with pytest.raises(VoiceSucceeded):
            await enrol_person(tx, enrolment_of(1, role=Role.LEGAL_REP))


async def test_the_one_whom_the_register_names_comes_in_and_confirms(
    house: House, consent: Consent, ask: Ask, later: datetime
) -> None:
    """Nobody's right ends by it a second time, and the consent is still the one that waits."""
    follow = follow_in(house)
    assert await follow.hear_register(subject_of(NAMED, later))

    successor = await succeed(house, 2)

    held = await read(house, consent)
    assert held.state is ConsentState.PAUSED
    assert confirmation_of(held, successor).version == held.version
    assert len(await house.told("enterprise")) == 1


@pytest.mark.parametrize(
    ("name", "minutes"),
    [
        (ON_FILE, 1),
        ("张 示例", 1),
        ("张**", 1),
        ("***", 1),
        (NAMED, -1_000),
    ],
)
async def test_what_is_not_surely_another_changes_nothing(
    name: str, minutes: int, house: House, consent: Consent, ask: Ask, later: datetime
) -> None:
    """The same name, a masked one that fits, or data from before the provider's word."""
    as_of = later + timedelta(minutes=minutes)
    house.platform.legal_rep = NamedRepresentative(name=name, as_of=as_of)

    assert (await house.deliver(ask(consent))).status == 200
    assert await house.told("enterprise", "representative") == []


async def test_a_mask_that_cannot_fit_counts(
    house: House, consent: Consent, ask: Ask, later: datetime
) -> None:
    """What it shows is another name, whatever it hides."""
    house.platform.legal_rep = NamedRepresentative(name="李**", as_of=later)

    with pytest.raises(ConsentPaused):
        await house.deliver(ask(consent))


async def test_a_stale_source_flips_nothing_back(
    house: House, consent: Consent, later: datetime
) -> None:
    """It still names the former one, as of today: only a later date of approval would count."""
    successor = await succeed(house, 2)
    follow = follow_in(house)

    told = [
        await follow.hear_register(subject_of(ON_FILE, later)),
        await follow.hear_register(subject_of(ON_FILE, later, date(2020, 1, 1))),
    ]

    assert told == [False, False]
    async with house.database.transaction() as tx:
        assert await find_representative(tx, person_id=successor, uscc=USCC) is not None


async def test_of_many_who_bring_the_same_word_one_changes_it(
    house: House, give: Give, person_id: str, database_url: str, later: datetime
) -> None:
    """Ten answers over two pools: one end, one change, each consent paused once."""
    consents = [await give(), await give()]
    other = await open_database(database_url, connections_max=5)
    try:
        nodes = [follow_in(house, database=one) for one in (house.database, other)]
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(nodes[number % 2].hear_register(subject_of(NAMED, later)))
                for number in range(10)
            ]
    finally:
        await other.close()

    assert [task.result() for task in tasks].count(True) == 1
    kinds = [str(one.kind) for one in await house.told("representative", "enterprise", "consent")]
    assert kinds.count("representative.ended") == 1
    assert kinds.count("enterprise.changed") == 1
    assert kinds.count("consent.paused") == len(consents)


async def test_reports_and_a_sign_in_at_once_give_one_change(
    house: House, consent: Consent, ask: Ask, later: datetime
) -> None:
    """Whichever source comes first, one right ended, and nothing was delivered under the word."""
    house.platform.legal_rep = NamedRepresentative(name=enrolment_of(2).name, as_of=later)

    async with asyncio.TaskGroup() as group:
        signing_in = group.create_task(succeed(house, 2))
        looking = group.create_task(_outcome(house, ask(consent)))

    assert looking.result() == "consent-paused"
    async with house.database.transaction() as tx:
        live = await tx.fetch_value(
            int,
            "SELECT count(*) FROM parties_representatives"
            " WHERE role = 'LEGAL_REP' AND ended_at IS NULL AND person_id = $1",
            signing_in.result(),
        )
    assert live == 1
    assert (await read(house, consent)).confirm_by is not None
    assert len(await house.told("representative")) == 1


@pytest.mark.parametrize("fault", ["failed", "reply lost"])
async def test_a_change_that_could_not_be_written_delivers_nothing(
    fault: str, house: House, consent: Consent, ask: Ask, later: datetime
) -> None:
    """The ledger failed, or only its reply was lost; the next look finds the change."""
    house.platform.legal_rep = NamedRepresentative(name=NAMED, as_of=later)
    broken = house.new_delivery(ledger=house.faulty_ledger(EventKind.CONSENT_PAUSED, fault))

    with pytest.raises(DatabaseUnavailable):
        await broken(ask(consent))

    assert "report.delivered" not in [str(one.kind) for one in await house.told()]
    assert await house.told("enterprise") == []
    with pytest.raises(ConsentPaused):
        await house.deliver(ask(consent, key="key-2"))


@pytest.mark.parametrize("fault", ["failed", "reply lost"])
async def test_a_commit_whose_reply_is_lost_changes_once(
    fault: str, house: House, consent: Consent, later: datetime
) -> None:
    """Done or not, the same word brought again ends in one change."""
    broken = follow_in(house, database=house.faulty_database(2, fault))

    with pytest.raises(DatabaseUnavailable):
        await broken.hear_register(subject_of(NAMED, later))
    await follow_in(house).hear_register(subject_of(NAMED, later))

    assert len(await house.told("enterprise")) == 1
    assert (await read(house, consent)).state is ConsentState.PAUSED


async def _outcome(house: House, request: ReportRequest) -> str:
    try:
        await house.deliver(request)
    except ConsentPaused as refusal:
        return refusal.code
    return "delivered"
