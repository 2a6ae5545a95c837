"""Disputes go to their platform one time each, and what it says comes back once."""

from datetime import timedelta
from typing import Protocol

import pytest
from msgspec.structs import replace

from creditbridge.disputes.model import Dispute, DisputeState, Filing, Ground, Words
from creditbridge.disputes.sealing import WordSealer
from creditbridge.disputes.service import Disputes
from creditbridge.foundation.database import Database, DatabaseUnavailable
from creditbridge.journeys.pass_disputes import PassDisputes
from creditbridge.ledger.model import Core, EventKind
from creditbridge.ledger.port import Recorder
from creditbridge.ledger.service import Ledger
from creditbridge.notices.model import NoticeKind, Reader
from creditbridge.notices.service import Notices
from creditbridge.platforms.model import (
    AnswerRejected,
    DisputeCase,
    DisputeName,
    DisputeStanding,
    PlatformUnavailable,
)
from creditbridge.profile.codes import SectionCode

USCC = "91330100YY0000A13Y"
TAKEN = DisputeStanding(is_taken=True, is_extended=False, outcome=None, answer=b"taken")
KEPT = replace(TAKEN, outcome="KEEP", answer=b"kept")
REFUSED = replace(TAKEN, is_taken=False, answer=b"no such record")
WORDS = Words(number="PEN-1", text="金额不对。")


class House(Protocol):
    """The house of `conftest`."""

    database: Database
    ledger: Ledger
    notices: Notices

    async def wait(self, time: timedelta) -> None:
        """Let the database's instant pass."""
        ...

    async def told(self, *words: str) -> list[Core]:
        """Return what the ledger holds of these kinds, oldest first."""
        ...

    def faulty_ledger(self, kind: EventKind, fault: str) -> Recorder:
        """Return the ledger, whose statement for one kind has a fault."""
        ...

    def faulty_database(self, number: int, fault: str) -> Database:
        """Return the database, whose n-th commit has a fault."""
        ...


class FakePlatforms:
    """Takes disputes by id and stage; `faults` say what goes wrong, one call each."""

    def __init__(self) -> None:
        self.cases: dict[tuple[str, str], DisputeCase] = {}
        self.says = TAKEN
        self.faults: list[str] = []
        self.calls: list[str] = []

    async def pass_dispute(self, platform_id: str, case: DisputeCase) -> DisputeStanding:
        assert platform_id == "provincial"
        self.calls.append("pass")
        fault = self.faults.pop(0) if self.faults else ""
        if fault == "failed":
            raise PlatformUnavailable(sent=False)
        known = self.cases.setdefault((case.name.dispute_id, case.name.stage), case)
        assert known == case
        if fault == "lost":
            raise PlatformUnavailable(sent=True)
        if fault == "rejected":
            raise AnswerRejected
        return self.says

    async def find_dispute(self, platform_id: str, name: DisputeName) -> DisputeStanding | None:
        self.calls.append("find")
        return self.says if (name.dispute_id, name.stage) in self.cases else None


@pytest.fixture
def disputes() -> Disputes:
    """The room, under one secret."""
    return Disputes(WordSealer(bytes(32)))


@pytest.fixture
def platforms() -> FakePlatforms:
    """A platform that takes what comes, and has not answered yet."""
    return FakePlatforms()


@pytest.fixture
async def dispute(house: House, disputes: Disputes, person_id: str) -> Dispute:
    """One that was filed, and whose turn it is."""
    filing = Filing(
        uscc=USCC,
        person_id=person_id,
        report_id="rpt_1",
        record_id="rec_" + "a" * 43,
        platform="provincial",
        section=SectionCode.PEN,
        ground=Ground.WRONG_FACT,
        words=WORDS,
    )
    async with house.database.transaction() as tx:
        return await disputes.file(tx, filing)


def passing(
    house: House,
    disputes: Disputes,
    platforms: FakePlatforms,
    *,
    database: Database | None = None,
    ledger: Recorder | None = None,
) -> PassDisputes:
    """Return the journey, with one room put in the place of another."""
    return PassDisputes(
        database=database or house.database,
        disputes=disputes,
        platforms=platforms,
        ledger=ledger or house.ledger,
        notices=house.notices,
    )


async def read(house: House, disputes: Disputes, dispute: Dispute) -> Dispute:
    """Return the dispute as it stands."""
    async with house.database.transaction() as tx:
        found = await disputes.find_own(tx, dispute.dispute_id, uscc=USCC)
    assert found is not None
    return found


async def news(house: House, person_id: str) -> list[NoticeKind]:
    """Return what the enterprise was told of disputes, the latest first."""
    async with house.database.transaction() as tx:
        notices = await house.notices.list_notices(tx, Reader(person_id=person_id, uscc=USCC))
    return [one.kind for one in notices if one.kind.startswith("DISPUTE")]


async def test_a_dispute_is_handed_over_asked_about_and_answered(
    house: House, disputes: Disputes, platforms: FakePlatforms, dispute: Dispute, person_id: str
) -> None:
    """Each once: the hand-over with its words, the answer in the ledger, both told."""
    walk = passing(house, disputes, platforms)

    assert await walk() == 1
    accepted = await read(house, disputes, dispute)
    assert await walk() == 0  # Its turn comes later.
    await house.wait(timedelta(hours=1))
    assert await walk() == 0  # No news.
    platforms.says = KEPT
    await house.wait(timedelta(hours=1))
    assert await walk() == 1
    answered = await read(house, disputes, dispute)
    await house.wait(timedelta(hours=2))
    assert await walk() == 0  # Nothing is owed any more.

    [case] = platforms.cases.values()
    assert (case.number, case.text, case.ground) == (WORDS.number, WORDS.text, "WRONG_FACT")
    assert platforms.calls == ["pass", "find", "find"]
    assert (accepted.state, answered.state) == (DisputeState.ACCEPTED, DisputeState.ANSWERED)
    [core] = await house.told("dispute")
    assert core.kind == EventKind.DISPUTE_ANSWERED
    assert await news(house, person_id) == [
        NoticeKind.DISPUTE_ANSWERED,
        NoticeKind.DISPUTE_FILED,
    ]


@pytest.mark.parametrize("fault", ["failed", "lost", "rejected"])
async def test_a_hand_over_that_failed_or_whose_reply_was_lost_is_one_dispute_there(
    house: House, disputes: Disputes, platforms: FakePlatforms, dispute: Dispute, fault: str
) -> None:
    """Nothing is known of it here; the next turn hands it over again under the same id."""
    platforms.faults = [fault]
    walk = passing(house, disputes, platforms)

    assert await walk() == 0
    between = await read(house, disputes, dispute)
    await house.wait(timedelta(hours=1))
    assert await walk() == 1

    assert between == dispute
    assert platforms.calls == ["pass", "pass"]
    assert len(platforms.cases) == 1


@pytest.mark.parametrize("fault", ["failed", "reply lost"])
async def test_an_answer_whose_record_fails_is_told_again(
    house: House,
    disputes: Disputes,
    platforms: FakePlatforms,
    dispute: Dispute,
    person_id: str,
    fault: str,
) -> None:
    """Neither kept nor told; the next turn brings all of it, and the ledger holds one answer."""
    platforms.says = KEPT
    broken = house.faulty_ledger(EventKind.DISPUTE_ANSWERED, fault)

    with pytest.raises(DatabaseUnavailable):
        await passing(house, disputes, platforms, ledger=broken)()
    between = await read(house, disputes, dispute)
    await house.wait(timedelta(hours=1))
    await passing(house, disputes, platforms)()

    assert between.state is DisputeState.FILED
    assert (await read(house, disputes, dispute)).state is DisputeState.ANSWERED
    assert len(await house.told("dispute")) == 1
    assert await news(house, person_id) == [NoticeKind.DISPUTE_ANSWERED]


@pytest.mark.parametrize("fault", ["failed", "reply lost"])
async def test_a_commit_that_fails_leaves_one_answer(
    house: House, disputes: Disputes, platforms: FakePlatforms, dispute: Dispute, fault: str
) -> None:
    """Not done, or done and not told: the third commit of a turn keeps what was said."""
    platforms.says = KEPT
    broken = house.faulty_database(3, fault)

    with pytest.raises(DatabaseUnavailable):
        await passing(house, disputes, platforms, database=broken)()
    await house.wait(timedelta(hours=1))
    await passing(house, disputes, platforms)()

    assert (await read(house, disputes, dispute)).state is DisputeState.ANSWERED
    assert len(await house.told("dispute")) == 1
    assert len(platforms.cases) == 1


async def test_a_platform_that_lost_a_dispute_gets_it_again(
    house: House, disputes: Disputes, platforms: FakePlatforms, dispute: Dispute
) -> None:
    """It signed that it never came."""
    walk = passing(house, disputes, platforms)
    await walk()
    platforms.cases.clear()
    await house.wait(timedelta(hours=1))

    await walk()

    assert platforms.calls == ["pass", "find", "pass"]
    assert (await read(house, disputes, dispute)).state is DisputeState.ACCEPTED


async def test_a_record_that_the_platform_does_not_know_ends_the_dispute(
    house: House, disputes: Disputes, platforms: FakePlatforms, dispute: Dispute, person_id: str
) -> None:
    """As rejected, recorded without an outcome, and told."""
    platforms.says = REFUSED

    await passing(house, disputes, platforms)()

    assert (await read(house, disputes, dispute)).state is DisputeState.REJECTED
    [core] = await house.told("dispute")
    assert getattr(core.terms, "outcome", "") is None
    assert await news(house, person_id) == [NoticeKind.DISPUTE_ANSWERED]


async def test_a_review_is_handed_over_as_one(
    house: House, disputes: Disputes, platforms: FakePlatforms, dispute: Dispute
) -> None:
    """Under the same id, at its own stage; its answer closes the dispute."""
    walk = passing(house, disputes, platforms)
    platforms.says = KEPT
    await walk()
    async with house.database.transaction() as tx:
        await disputes.ask_review(tx, await read(house, disputes, dispute))

    assert await walk() == 1

    assert [stage for _, stage in platforms.cases] == ["FIRST", "REVIEW"]
    closed = await read(house, disputes, dispute)
    assert (closed.state, closed.review_outcome) == (DisputeState.CLOSED, "KEEP")
    assert [getattr(core.terms, "stage", "") for core in await house.told("dispute")] == [
        "FIRST",
        "REVIEW",
    ]


async def test_words_that_cannot_be_opened_stay_here(
    house: House, platforms: FakePlatforms, dispute: Dispute
) -> None:
    """Kept under another secret: nothing is sent, and the next turn tries again."""
    assert await passing(house, Disputes(WordSealer(b"x" * 32)), platforms)() == 0
    assert platforms.calls == []
    assert dispute.state is DisputeState.FILED
