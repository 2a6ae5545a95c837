"""A platform that names the legal representative, and holds a record about them."""

from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from typing import Protocol

from msgspec.structs import asdict, replace

from creditbridge.foundation.clock import SystemClock
from creditbridge.platforms.model import PlatformAnswer, PlatformQuery
from creditbridge.profile.codes import (
    DataClass,
    DepartmentLevel,
    Disclosure,
    InfoClass,
    KeyPosition,
    Lifecycle,
    MatchBy,
    SectionCode,
    Severity,
)
from creditbridge.profile.model import NoneSection, PresentSection, SourceSection
from creditbridge.profile.record import RecordBase, RecordSource, match_by
from creditbridge.profile.sections import KeyPersonRecord, Record, Registration
from creditbridge.profile.sections.persons import PersonMeasure
from creditbridge.profile.sections.registration import EntityStatus

NAME, MASKED = "张示例", "张**"
BASE = RecordBase(
    record_id="rec_base",
    info_class=InfoClass.BASIC,
    data_class=DataClass.PUBLIC,
    disclosure=Disclosure.PUBLIC,
    catalogue_item="BASIC-001",
    catalogue_version="2026",
    source=RecordSource(
        dept_name="示例省市场监督管理局",
        dept_uscc=None,
        system="统一监管平台",
        source_record_id="1",
        level=DepartmentLevel.PROVINCE,
    ),
    record_date=date(2026, 3, 1),
    published_at=None,
    received_at=None,
    source_updated_at=None,
    valid_from=None,
    valid_until=None,
    publicity_end=None,
    retention_end=None,
    severity=Severity.NA,
    finality=None,
    lifecycle=Lifecycle.ACTIVE,
    dispute=None,
    subject_statement=None,
    key_area=(),
    match=match_by(MatchBy.USCC),
    data_level=2,
    pfi_class="C1",
    raw_digest="0" * 64,
)


class Platform(Protocol):
    """The platform of `conftest`."""

    queries: list[PlatformQuery]
    meanwhile: Callable[[], Awaitable[object]] | None

    async def ask_all(self, query: PlatformQuery, *, deadline: float) -> PlatformAnswer:
        """Answer."""
        ...


class Register:
    """Answers REG and PSN with records of one person, everything else with "no record"."""

    def __init__(self, platform: Platform, person: str = NAME) -> None:
        self._platform = platform
        self._held: dict[SectionCode, Record] = {
            SectionCode.REG: make_registration(person),
            SectionCode.PSN: make_person_record(person),
        }

    async def ask_all(self, query: PlatformQuery, *, deadline: float) -> PlatformAnswer:
        answer = await self._platform.ask_all(query, deadline=deadline)
        sections = {code: self._section(code, SystemClock().now()) for code in query.sections}
        return replace(answer, answers=(replace(answer.answers[0], sections=sections),))

    def _section(self, code: SectionCode, now: datetime) -> SourceSection:
        as_of, sources = now.astimezone(UTC), ("provincial",)
        if (record := self._held.get(code)) is None:
            return NoneSection(as_of=as_of, sources=sources)
        return PresentSection(records=(record,), as_of=as_of, sources=sources)


def make_registration(person: str) -> Registration:
    """Return a registration that names its legal representative in full."""
    return Registration(
        **asdict(BASE),
        name="示例晴川机械有限公司",
        former_names=(),
        type=None,
        status=EntityStatus.ACTIVE,
        status_text="存续",
        legal_rep=person,
        capital=None,
        established=None,
        term_from=None,
        term_to=None,
        scope=None,
        address=None,
        division=None,
        division_source=None,
        industry=None,
        authority=None,
        approved=None,
    )


def make_person_record(person: str) -> KeyPersonRecord:
    """Return what a court holds about the legal representative."""
    fields = {**asdict(BASE), "record_id": "rec_person", "data_class": DataClass.PERSONAL}
    return KeyPersonRecord(
        **fields,
        person=person,
        positions=(KeyPosition.LEGAL_REP,),
        measure=PersonMeasure.JUDGMENT_DEFAULTER,
        measure_text="失信被执行人",
        document_no="（2026）示0101执1号",
        decided=date(2026, 3, 1),
        ends=None,
        authority="示例市人民法院",
        authority_uscc=None,
    )
