"""All platforms, asked at once under one deadline.

Where one platform fails and another answers, the failed one's sections are UNKNOWN, never "no
record". Where none answers, the failure itself is raised. An answer that cannot be believed
fails the report, whoever else answered.
"""

import asyncio
from collections.abc import Callable, Sequence

import msgspec
from msgspec.structs import replace

from creditbridge.foundation.clock import Clock
from creditbridge.foundation.errors import CreditbridgeError
from creditbridge.foundation.logging import get_logger
from creditbridge.platforms.model import (
    PLATFORM_FAILURES,
    AnswerRejected,
    DialectAnswer,
    DisputeCase,
    DisputeName,
    DisputeStanding,
    EnterpriseUnknown,
    PlatformAnswer,
    PlatformFailure,
    PlatformQuery,
    PlatformUnavailable,
    QueryState,
    RecordPlace,
    SectionsNotSupplied,
    SubjectAnswer,
    error_class_of,
)
from creditbridge.platforms.registry import Platform
from creditbridge.profile.codes import SectionCode
from creditbridge.profile.model import SourceAnswer, UnknownSection

FIND_SECONDS = 10.0

log = get_logger("platforms")


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came of asking one platform: its answer, or why there is none."""

    platform: Platform
    query: PlatformQuery
    answer: DialectAnswer | None = None
    failure: PlatformFailure | AnswerRejected | None = None


class Platforms:
    """The platforms of this gateway. Shared by all reports of a process."""

    def __init__(self, platforms: Sequence[Platform], *, clock: Clock) -> None:
        self._platforms = tuple(platforms)
        self._clock = clock

    @property
    def sections(self) -> frozenset[SectionCode]:
        """What any platform supplies."""
        return frozenset[SectionCode]().union(*(each.sections for each in self._platforms))

    async def ask_all(self, query: PlatformQuery, *, deadline: float) -> PlatformAnswer:
        """Return the verified answers of every platform that supplies what is asked.

        `deadline` is on the monotonic clock. Each platform is asked for its own sections only,
        under the one query id.

        Raises:
            SectionsNotSupplied: nobody was asked.
            AnswerRejected: an answer that is not to be believed.
            PlatformUnavailable, DeadlineExceeded, PlatformRefused, PlatformUntrusted,
            AnswerUnreadable, EnterpriseUnknown: nobody answered; `sent` is true over all.
        """
        asked = [each for each in self._platforms if each.sections & query.sections]
        if not asked:
            raise SectionsNotSupplied
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(_ask(each, query, deadline)) for each in asked]
        outcomes = [task.result() for task in tasks]
        for outcome in outcomes:
            # Once all have ended, so that every failure is logged and no query is cut off half-way.
            if isinstance(outcome.failure, AnswerRejected):
                raise outcome.failure
        return _join(outcomes)

    def find_record(self, record_id: str, number: str) -> RecordPlace | None:
        """Return where a record of this number at its source has this id of ours; else None.

        Ids are keyed, so that nobody finds the number to an id; this asks the other way round.
        """
        for platform in self._platforms:
            section = platform.find_section(record_id, number)
            if section is not None:
                return RecordPlace(platform=platform.platform_id, section=section)
        return None

    async def find_query(self, query_id: str) -> QueryState:
        """Return whether any platform counted a query; NOT_COUNTED only if each of them says so.

        It is final once the query's grant has expired.

        Raises:
            AnswerRejected: a state that is not to be believed.
            PlatformUnavailable, DeadlineExceeded, PlatformUntrusted, AnswerUnreadable: a platform
            that might have counted it does not say.
        """
        deadline = self._clock.monotonic() + FIND_SECONDS
        failure: PlatformFailure | None = None
        for platform in self._platforms:
            try:
                state = await platform.find_query(query_id, deadline=deadline)
            except PLATFORM_FAILURES as error:
                failure = error
                continue
            # One that counted it settles the matter, whatever the others would say.
            if state is QueryState.COUNTED:
                return state
        if failure is not None:
            raise failure
        return QueryState.NOT_COUNTED

    async def pass_dispute(self, platform_id: str, case: DisputeCase) -> DisputeStanding:
        """Hand a dispute to the platform that supplies the record; return how it stands there.

        Safe to repeat: the platform knows it by our id.

        Raises:
            AnswerRejected, AnswerUnreadable, PlatformUntrusted: nothing to be believed.
            PlatformUnavailable, DeadlineExceeded: it may have come all the same.
        """
        deadline = self._clock.monotonic() + FIND_SECONDS
        return await self._get(platform_id).pass_dispute(case, deadline=deadline)

    async def find_dispute(self, platform_id: str, name: DisputeName) -> DisputeStanding | None:
        """Return how a dispute stands at its platform; None where it never came.

        Raises:
            AnswerRejected, AnswerUnreadable, PlatformUntrusted: nothing to be believed.
            PlatformUnavailable, DeadlineExceeded: ask again later.
        """
        deadline = self._clock.monotonic() + FIND_SECONDS
        return await self._get(platform_id).find_dispute(name, deadline=deadline)

    def _get(self, platform_id: str) -> Platform:
        for platform in self._platforms:
            if platform.platform_id == platform_id:
                return platform
        # Taken out of the configuration since: it may be put back.
        raise PlatformUnavailable(sent=False, detail=f"no platform {platform_id}")


async def _ask(platform: Platform, query: PlatformQuery, deadline: float) -> Outcome:
    # A platform learns of no section that it does not supply: data minimisation (PIPL 6).
    own = replace(query, sections=query.sections & platform.sections)
    try:
        answer = await platform.ask(own, deadline=deadline)
    except AnswerRejected as failure:
        _log_failure(log.error, platform, query, failure)
        return Outcome(platform=platform, query=own, failure=failure)
    except PLATFORM_FAILURES as failure:
        _log_failure(log.warning, platform, query, failure)
        return Outcome(platform=platform, query=own, failure=failure)
    return Outcome(platform=platform, query=own, answer=answer)


def _join(outcomes: Sequence[Outcome]) -> PlatformAnswer:
    answers = [each.answer for each in outcomes if each.answer is not None]
    if not answers:
        raise _choose_failure(outcomes)
    return PlatformAnswer(
        answers=tuple(_answer_of(outcome) for outcome in outcomes),
        subject=_subject_of(answers),
        proofs=tuple(answer.proof for answer in answers),
        # The widest span: when the first query left, when the last answer was here.
        query_out_at=min(answer.query_out_at for answer in answers),
        answer_in_at=max(answer.answer_in_at for answer in answers),
    )


def _subject_of(answers: Sequence[DialectAnswer]) -> SubjectAnswer:
    """Return the enterprise as the first names it, with whom the first that says so tells."""
    named = (one.subject.legal_rep for one in answers)
    return replace(answers[0].subject, legal_rep=next(filter(None, named), None))


def _answer_of(outcome: Outcome) -> SourceAnswer:
    """Return what a platform said, or UNKNOWN for each section that it owes."""
    if outcome.answer is not None:
        return outcome.answer.answer
    error_class = error_class_of(outcome.failure)
    owed = {code: UnknownSection(error_class=error_class) for code in outcome.query.sections}
    return SourceAnswer(source=None, sections=owed)


def _choose_failure(outcomes: Sequence[Outcome]) -> CreditbridgeError:
    """Return the failure to raise: silence before "unknown", and `sent` true over all of them."""
    failures = [each.failure for each in outcomes if each.failure is not None]
    # One says "unknown", another nothing: that the enterprise is unknown would be a guess (law 5).
    silent = [each for each in failures if not isinstance(each, EnterpriseUnknown)]
    chosen = (silent or failures)[0]
    if chosen.sent or not any(each.sent for each in failures):
        return chosen
    return PlatformUnavailable(sent=True, detail=f"{chosen.code}; another platform was reached")


def _log_failure(
    tell: Callable[..., None],
    platform: Platform,
    query: PlatformQuery,
    failure: PlatformFailure | AnswerRejected,
) -> None:
    tell(
        "platform.failed",
        platform=platform.platform_id,
        query=query.query_id,
        code=failure.code,
        sent=failure.sent,
        detail=failure.detail,
    )
