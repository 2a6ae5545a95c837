"""A question in the national dialect: submitted once, polled until it is answered, read by pages.

1. The grant is submitted as the body of a signed query; its id is counted once, however often
   it comes.
2. While the platform says "not ready", it is polled, as slowly as it asks for, within the deadline.
3. The result names its pages by their digests; they are fetched in order and verified.
4. Only then sections are read, and mapped to ours.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable

import msgspec

from creditbridge.foundation.clock import Clock
from creditbridge.foundation.logging import get_logger
from creditbridge.platforms.grant import digest_text, make_grant
from creditbridge.platforms.model import (
    AnswerUnreadable,
    DeadlineExceeded,
    DialectAnswer,
    DisputeCase,
    DisputeName,
    DisputeStanding,
    PlatformQuery,
    PlatformUnavailable,
    PlatformUntrusted,
    QueryState,
)
from creditbridge.platforms.national.answer import (
    Answer,
    read_page,
    read_progress,
    read_query_state,
    read_standing,
)
from creditbridge.platforms.national.keys import SuiteKeys
from creditbridge.platforms.national.mapping import (
    SECTIONS,
    MappingContext,
    map_sections,
    map_subject,
    record_id_of,
)
from creditbridge.platforms.national.message import (
    Call,
    OpenedAnswer,
    SentMessage,
    open_answer,
    sign_call,
)
from creditbridge.platforms.national.schema import TheirPageRecord
from creditbridge.platforms.settings import PlatformSettings
from creditbridge.platforms.transport import Exchanged, Transport, find_header, read_retry_after
from creditbridge.profile.codes import Assurance, SectionCode
from creditbridge.profile.model import Source, SourceAnswer
from creditbridge.protocols.canonical_json import canonicalize

QUERIES_PATH = "/api/v1/queries"
DISPUTES_PATH = "/api/v1/disputes"
POLL_SECONDS = 0.2  # Where the platform does not say how long it needs.
POLLS_MAX = 100
UNAUTHORIZED_STATUS = 401

log = get_logger("platforms")


class Course(msgspec.Struct, kw_only=True):
    """What is true of one query over all its messages; changes as they are exchanged."""

    query: PlatformQuery
    grant: bytes
    deadline: float
    submitted: Exchanged[SentMessage]


class NationalPlatform:
    """A platform that speaks the national dialect."""

    def __init__(
        self,
        settings: PlatformSettings,
        transport: Transport,
        *,
        keys: SuiteKeys,
        clock: Clock,
        record_key: bytes,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._settings = settings
        self._transport = transport
        self._keys = keys
        self._clock = clock
        self._record_key = record_key
        self._sleep = sleep

    @property
    def platform_id(self) -> str:
        """The platform's id, the audience of every grant."""
        return self._settings.platform_id

    @property
    def sections(self) -> frozenset[SectionCode]:
        """What it supplies."""
        return SECTIONS

    def find_section(self, record_id: str, number: str) -> SectionCode | None:
        """Return the section whose record of this number has the id; None where none has."""
        for code in sorted(SECTIONS):
            if record_id == record_id_of(code, number, self._context()):
                return code
        return None

    async def ask(self, query: PlatformQuery, *, deadline: float) -> DialectAnswer:
        """Return the verified answer in our words; `deadline` is monotonic.

        Raises:
            PlatformUnavailable, DeadlineExceeded, PlatformRefused: no answer; see `sent`.
            PlatformUntrusted, AnswerUnreadable, AnswerRejected: nothing to be believed.
            EnterpriseUnknown: the platform holds no such enterprise.
        """
        grant = make_grant(query, audience=self.platform_id)
        submit = Call(
            method="POST",
            path=QUERIES_PATH,
            body=grant,
            question=grant,
            consent=digest_text(query.consent_digest),
            traceparent=query.traceparent,
        )
        exchanged = await self._exchange(submit, deadline)  # 1
        course = Course(query=query, grant=grant, deadline=deadline, submitted=exchanged)
        try:
            answer, last = await self._await_result(course)  # 2
            records, last = await self._fetch_pages(answer, course, last)  # 3
        except (PlatformUnavailable, DeadlineExceeded) as error:
            # This message may not have left; the query did.
            error.sent = True
            raise
        except PlatformUntrusted as error:
            # Its certificate changed on the way: the query had left before.
            raise PlatformUnavailable(sent=True, detail=error.detail) from error
        return self._map(course, answer, records, last)  # 4

    async def find_query(self, query_id: str, *, deadline: float) -> QueryState:
        """Return whether the platform counted a query.

        Raises:
            PlatformUnavailable, DeadlineExceeded, PlatformUntrusted: ask again later.
            AnswerUnreadable, AnswerRejected: nothing to be believed.
        """
        call = Call(method="GET", path=f"{QUERIES_PATH}/{query_id}/state")
        exchanged = await self._exchange(call, deadline)
        return read_query_state(self._open(exchanged), query_id)

    async def pass_dispute(self, case: DisputeCase, *, deadline: float) -> DisputeStanding:
        """Hand a dispute over, one time whatever the number of calls; return how it stands.

        Raises:
            PlatformUnavailable, DeadlineExceeded, PlatformUntrusted: hand it over again later.
            AnswerUnreadable, AnswerRejected: nothing to be believed.
        """
        body = canonicalize(
            {
                "disputeId": case.name.dispute_id,
                "stage": case.name.stage,
                "uscc": case.name.uscc,
                "section": case.section,
                "jlbh": case.number,
                "ground": case.ground,
                "text": case.text,
                "filedOn": case.filed_on.isoformat(),
            }
        )
        call = Call(method="POST", path=DISPUTES_PATH, body=body, question=body)
        standing = read_standing(self._open(await self._exchange(call, deadline)), case.name)
        if standing is None:
            raise AnswerUnreadable(detail="what was handed over is said never to have come")
        return standing

    async def find_dispute(self, name: DisputeName, *, deadline: float) -> DisputeStanding | None:
        """Return how a dispute stands; None where the platform signed that it never came.

        Raises:
            PlatformUnavailable, DeadlineExceeded, PlatformUntrusted: ask again later.
            AnswerUnreadable, AnswerRejected: nothing to be believed.
        """
        call = Call(method="GET", path=f"{DISPUTES_PATH}/{name.dispute_id}")
        return read_standing(self._open(await self._exchange(call, deadline)), name)

    async def _await_result(self, course: Course) -> tuple[Answer, Exchanged[SentMessage]]:
        exchanged = course.submitted
        for _ in range(POLLS_MAX):
            answer = read_progress(
                self._open(exchanged),
                course.query,
                course.submitted.outgoing,
                platform=self.platform_id,
            )
            if answer is not None:
                return answer, exchanged
            await self._pause(exchanged, course.deadline)
            exchanged = await self._exchange(self._follow(course, ""), course.deadline)
        raise PlatformUnavailable(sent=True, detail=f"not ready after {POLLS_MAX} polls")

    async def _fetch_pages(
        self, answer: Answer, course: Course, last: Exchanged[SentMessage]
    ) -> tuple[list[TheirPageRecord], Exchanged[SentMessage]]:
        records: list[TheirPageRecord] = []
        # One after the other: pages count against the platform's rate limit, and 50 at once would
        # take the bulkhead of every other report.
        for number, digest in enumerate(answer.result.pages, start=1):
            call = self._follow(course, "/pages", page=str(number))
            last = await self._exchange(call, course.deadline)
            records += read_page(self._open(last), course.query, number=number, digest=digest)
        return records, last

    def _follow(self, course: Course, suffix: str, **parameters: str) -> Call:
        return Call(
            method="GET",
            path=f"{QUERIES_PATH}/{course.query.query_id}{suffix}",
            parameters=parameters,
            question=course.grant,
            consent=digest_text(course.query.consent_digest),
            traceparent=course.query.traceparent,
        )

    async def _pause(self, exchanged: Exchanged[SentMessage], deadline: float) -> None:
        asked = find_header(exchanged.response, "retry-after")
        seconds = read_retry_after(asked, self._clock.now())
        # Zero would be a storm of polls.
        wait = max(POLL_SECONDS, POLL_SECONDS if seconds is None else seconds)
        if self._clock.monotonic() + wait >= deadline:
            raise DeadlineExceeded(sent=True, detail="the answer was not ready in time")
        await self._sleep(wait)

    async def _exchange(self, call: Call, deadline: float) -> Exchanged[SentMessage]:
        # The contract counts a query id once however often it comes, and polls change nothing:
        # only that makes it safe to repeat.
        exchanged = await self._transport.exchange(
            lambda: sign_call(
                call,
                self._keys,
                base_url=self._settings.base_url,
                app_id=self._settings.client_id,
                now=self._clock.now(),
            ),
            deadline=deadline,
            idempotent=True,
        )
        if exchanged.response.status == UNAUTHORIZED_STATUS:
            # The contract says that it was not counted; but this answer bears no signature.
            raise PlatformUnavailable(sent=True, detail="the platform refused our signature")
        return exchanged

    def _open(self, exchanged: Exchanged[SentMessage]) -> OpenedAnswer:
        now = self._clock.now()
        return open_answer(exchanged.outgoing, exchanged.response, self._keys, now=now)

    def _map(
        self,
        course: Course,
        answer: Answer,
        records: list[TheirPageRecord],
        last: Exchanged[SentMessage],
    ) -> DialectAnswer:
        query, result = course.query, answer.result
        subject, odd = map_subject(result.subject, uscc=query.uscc)
        asked = query.sections & SECTIONS
        mapped = map_sections(result.sections, records, asked, self._context())
        # Not the bank's concern, and urgent to us: the platform changed its words without telling.
        if mapped.drifted:
            log.warning(
                "platform.drifted",
                platform=self.platform_id,
                query=query.query_id,
                sections=list(mapped.drifted),
            )
        source = Source(
            platform=self.platform_id,
            query_id=query.query_id,
            answered_at=result.answered_at,
            assurance=Assurance.HIGH,
            answer_digest=hashlib.sha256(answer.proof.answer_body).hexdigest(),
        )
        return DialectAnswer(
            answer=SourceAnswer(
                source=source, sections=mapped.sections, notes=(*odd, *mapped.notes)
            ),
            subject=subject,
            proof=answer.proof,
            query_out_at=course.submitted.out_at,
            answer_in_at=last.in_at,
        )

    def _context(self) -> MappingContext:
        return MappingContext(platform=self.platform_id, record_key=self._record_key)
