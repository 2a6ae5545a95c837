"""All platforms at once: who failed, who answered, and what is raised when nobody did."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Protocol

import pytest
from msgspec.structs import replace

from creditbridge.foundation.clock import Clock
from creditbridge.foundation.errors import CreditbridgeError
from creditbridge.platforms.model import (
    AnswerRejected,
    AnswerUnreadable,
    DeadlineExceeded,
    DialectAnswer,
    DisputeCase,
    DisputeName,
    DisputeStanding,
    EnterpriseUnknown,
    HttpQueryProof,
    PlatformQuery,
    PlatformRefused,
    PlatformUnavailable,
    PlatformUntrusted,
    QueryState,
    SectionsNotSupplied,
    SubjectAnswer,
    error_class_of,
)
from creditbridge.platforms.service import Platforms
from creditbridge.profile.codes import Assurance, ErrorClass, SectionCode
from creditbridge.profile.merge import merge
from creditbridge.profile.model import NoneSection, Source, SourceAnswer, UnknownSection
from creditbridge.protocols.uscc import EntityCategory

REG, PEN, TAX = SectionCode.REG, SectionCode.PEN, SectionCode.TAX
DEADLINE = 2_000.0
PROOF = HttpQueryProof(
    platform="one",
    query_id="qry_1",
    query_base=b"",
    query_signature=b"",
    query_key_id="",
    grant=b"",
    answer_base=b"",
    answer_signature=b"",
    answer_key_id="",
    answer_body=b"",
)
STANDING = DisputeStanding(is_taken=True, is_extended=False, outcome=None, answer=b"")


class HandClock(Clock, Protocol):
    """The clock of `conftest`."""

    passed: float


RECORD_ID = "rec_" + "a" * 43
RECORD_NUMBER = "PEN-1"


class FakePlatform:
    """A platform that answers NONE to everything, or fails as told."""

    def __init__(
        self,
        platform_id: str,
        now: datetime,
        *,
        failure: CreditbridgeError | None = None,
        supplies: frozenset[SectionCode] = frozenset({REG, PEN}),
        state: QueryState = QueryState.NOT_COUNTED,
    ) -> None:
        self.platform_id = platform_id
        self.sections = supplies
        self.now = now
        self.failure = failure
        self.state = state
        self.asked: list[PlatformQuery] = []

    async def ask(self, query: PlatformQuery, *, deadline: float) -> DialectAnswer:
        assert deadline == DEADLINE
        self.asked.append(query)
        if self.failure is not None:
            raise self.failure
        source = Source(
            platform=self.platform_id,
            query_id=query.query_id,
            answered_at=self.now,
            assurance=Assurance.HIGH,
            answer_digest="0" * 64,
        )
        none = NoneSection(as_of=self.now, sources=(self.platform_id,))
        return DialectAnswer(
            answer=SourceAnswer(source=source, sections=dict.fromkeys(query.sections, none)),
            subject=SubjectAnswer(
                name=self.platform_id, uscc=query.uscc, category=EntityCategory.ENTERPRISE
            ),
            proof=replace(PROOF, platform=self.platform_id),
            query_out_at=self.now,
            answer_in_at=self.now + timedelta(seconds=len(self.platform_id)),
        )

    def find_section(self, record_id: str, number: str) -> SectionCode | None:
        known = (record_id, number) == (RECORD_ID, RECORD_NUMBER)
        return SectionCode.PEN if known and self.platform_id == "provincial" else None

    async def find_query(self, query_id: str, *, deadline: float) -> QueryState:
        assert (query_id, deadline) == ("qry_1", 1_010.0)
        if self.failure is not None:
            raise self.failure
        return self.state

    async def pass_dispute(self, case: DisputeCase, *, deadline: float) -> DisputeStanding:
        return replace(STANDING, answer=f"{self.platform_id} {case.number} {deadline}".encode())

    async def find_dispute(self, name: DisputeName, *, deadline: float) -> DisputeStanding | None:
        return replace(STANDING, answer=f"{self.platform_id} {name.stage} {deadline}".encode())


MakePlatform = Callable[..., FakePlatform]


@pytest.fixture
def make(clock: HandClock) -> MakePlatform:
    """Makes a platform of this name."""

    def platform(name: str, **told: object) -> FakePlatform:
        made = FakePlatform(name, clock.now())
        for field, value in told.items():
            setattr(made, field, value)
        return made

    return platform


async def test_each_platform_is_asked_for_its_own(
    make: MakePlatform, clock: HandClock, query: PlatformQuery
) -> None:
    """Under the one query id; a platform that supplies nothing of it is not asked."""
    one = make("one")
    two = make("two", sections=frozenset({PEN, TAX}))
    idle = make("idle", sections=frozenset({TAX}))
    platforms = Platforms([one, two, idle], clock=clock)

    answer = await platforms.ask_all(query, deadline=DEADLINE)

    assert [each.sections for each in one.asked] == [frozenset({REG, PEN})]
    assert [each.sections for each in two.asked] == [frozenset({PEN})]
    assert idle.asked == []
    assert platforms.sections == {REG, PEN, TAX}
    assert {each.query_id for each in (*one.asked, *two.asked)} == {query.query_id}
    assert [proof.platform for proof in answer.proofs] == ["one", "two"]
    assert answer.subject.name == "one"
    assert answer.answer_in_at - answer.query_out_at == timedelta(seconds=3)


async def test_what_nobody_supplies_is_not_asked(
    make: MakePlatform, clock: HandClock, query: PlatformQuery
) -> None:
    """Nothing was sent."""
    one = make("one", sections=frozenset({TAX}))

    with pytest.raises(SectionsNotSupplied) as caught:
        await Platforms([one], clock=clock).ask_all(query, deadline=DEADLINE)

    assert (one.asked, caught.value.sent) == ([], False)


FAILURES = [
    (PlatformUnavailable(sent=False), ErrorClass.PLATFORM_UNAVAILABLE),
    (PlatformUnavailable(sent=True), ErrorClass.PLATFORM_UNAVAILABLE),
    (DeadlineExceeded(sent=True), ErrorClass.PLATFORM_DEADLINE),
    (PlatformRefused(), ErrorClass.PLATFORM_UNAVAILABLE),
    (PlatformUntrusted(), ErrorClass.PLATFORM_UNTRUSTED),
    (AnswerUnreadable(), ErrorClass.ANSWER_UNREADABLE),
    (EnterpriseUnknown(), ErrorClass.ENTERPRISE_UNKNOWN),
]


@pytest.mark.parametrize(("failure", "error_class"), FAILURES)
async def test_a_failed_platform_owes_its_sections(
    make: MakePlatform,
    clock: HandClock,
    query: PlatformQuery,
    failure: CreditbridgeError,
    error_class: ErrorClass,
) -> None:
    """UNKNOWN with the class of the failure, where another platform answered; never NONE."""
    down = make("down", failure=failure)
    up = make("up", sections=frozenset({REG}))

    answer = await Platforms([down, up], clock=clock).ask_all(query, deadline=DEADLINE)

    sections = merge(answer.answers).sections
    assert sections == {
        REG: UnknownSection(error_class=error_class),
        PEN: UnknownSection(error_class=error_class),
    }
    assert answer.subject.name == "up"


@pytest.mark.parametrize(("failure", "error_class"), FAILURES)
async def test_where_nobody_answered_the_failure_is_raised(
    make: MakePlatform,
    clock: HandClock,
    query: PlatformQuery,
    failure: CreditbridgeError,
    error_class: ErrorClass,
) -> None:
    """As it is: the bank gets its status, and the intent its outcome."""
    platforms = Platforms([make("down", failure=failure)], clock=clock)

    with pytest.raises(type(failure)) as caught:
        await platforms.ask_all(query, deadline=DEADLINE)

    assert caught.value is failure
    assert error_class_of(failure) is error_class


async def test_an_answer_not_to_be_believed_fails_the_report(
    make: MakePlatform, clock: HandClock, query: PlatformQuery
) -> None:
    """Whoever else answered."""
    rejected = AnswerRejected(detail="other enterprise")
    platforms = Platforms([make("up"), make("false", failure=rejected)], clock=clock)

    with pytest.raises(AnswerRejected) as caught:
        await platforms.ask_all(query, deadline=DEADLINE)

    assert caught.value is rejected


@pytest.mark.parametrize(
    ("failures", "raised", "sent"),
    [
        (
            (PlatformUnavailable(sent=False), DeadlineExceeded(sent=True)),
            PlatformUnavailable,
            True,
        ),
        ((EnterpriseUnknown(), PlatformUnavailable(sent=True)), PlatformUnavailable, True),
        ((EnterpriseUnknown(), PlatformUntrusted()), PlatformUnavailable, True),
        ((PlatformUntrusted(), PlatformUnavailable(sent=False)), PlatformUntrusted, False),
        ((EnterpriseUnknown(), EnterpriseUnknown()), EnterpriseUnknown, True),
    ],
)
async def test_sent_is_true_over_all_platforms(
    make: MakePlatform,
    clock: HandClock,
    query: PlatformQuery,
    failures: tuple[CreditbridgeError, CreditbridgeError],
    *,
    raised: type[PlatformUnavailable],
    sent: bool,
) -> None:
    """A use is given back only where no platform was reached; silence comes before "unknown"."""
    asked = [make(str(number), failure=each) for number, each in enumerate(failures)]

    with pytest.raises(raised) as caught:
        await Platforms(asked, clock=clock).ask_all(query, deadline=DEADLINE)

    assert caught.value.sent is sent


@pytest.mark.parametrize(
    ("states", "found"),
    [
        ((QueryState.COUNTED,), QueryState.COUNTED),
        ((QueryState.NOT_COUNTED, QueryState.COUNTED), QueryState.COUNTED),
        ((QueryState.NOT_COUNTED, QueryState.NOT_COUNTED), QueryState.NOT_COUNTED),
        ((), QueryState.NOT_COUNTED),
    ],
)
async def test_a_query_is_counted_where_any_platform_counted_it(
    make: MakePlatform, clock: HandClock, states: tuple[QueryState, ...], found: QueryState
) -> None:
    """NOT_COUNTED only if each says so."""
    platforms = Platforms([make("one", state=state) for state in states], clock=clock)

    assert await platforms.find_query("qry_1") is found


async def test_a_silent_platform_may_have_counted_it(make: MakePlatform, clock: HandClock) -> None:
    """Then nobody says NOT_COUNTED; but another's COUNTED is enough."""
    silent = make("silent", failure=PlatformUnavailable(sent=True))
    sure = make("sure", state=QueryState.COUNTED)

    with pytest.raises(PlatformUnavailable):
        await Platforms([silent, make("other")], clock=clock).find_query("qry_1")
    assert await Platforms([silent, sure], clock=clock).find_query("qry_1") is QueryState.COUNTED


CASE = DisputeCase(
    name=DisputeName(dispute_id="dsp_1", uscc="91330100YY0000A13Y", stage="FIRST"),
    section=PEN,
    number=RECORD_NUMBER,
    ground="OTHER",
    text="not ours",
    filed_on=date(2026, 11, 30),
)


async def test_a_dispute_goes_to_the_platform_of_its_record(
    make: MakePlatform, clock: HandClock
) -> None:
    """By its id, and so does the question how it stands; each has ten seconds."""
    platforms = Platforms([make("one"), make("two")], clock=clock)

    passed = await platforms.pass_dispute("two", CASE)
    found = await platforms.find_dispute("two", CASE.name)

    assert passed.answer == b"two PEN-1 1010.0"
    assert found is not None
    assert found.answer == b"two FIRST 1010.0"


async def test_a_platform_that_is_gone_takes_no_dispute(
    make: MakePlatform, clock: HandClock
) -> None:
    """It may be configured again: nothing was sent, and it is tried later."""
    with pytest.raises(PlatformUnavailable) as caught:
        await Platforms([make("one")], clock=clock).pass_dispute("two", CASE)

    assert not caught.value.sent
