"""One record of each kind, in force and harmless, for tests to change; and answers around them."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from msgspec.structs import asdict

from creditbridge.profile.amount import Amount
from creditbridge.profile.build import ProfileHeading
from creditbridge.profile.codes import (
    Assurance,
    DataClass,
    DepartmentLevel,
    Disclosure,
    Finality,
    InfoClass,
    Lifecycle,
    MatchBy,
    Purpose,
    SectionCode,
    Severity,
)
from creditbridge.profile.model import (
    Extent,
    NoneSection,
    PresentSection,
    Source,
    SourceAnswer,
    SourceSection,
    Subject,
)
from creditbridge.profile.record import RecordBase, RecordSource, match_by
from creditbridge.profile.sections import Evaluation, Listing, Penalty, Record, Registration
from creditbridge.profile.sections.evaluations import DimensionScore
from creditbridge.profile.sections.listings import ListType, Measure
from creditbridge.profile.sections.penalties import PenaltyKind, Procedure
from creditbridge.profile.sections.registration import EntityStatus
from creditbridge.protocols.uscc import EntityCategory

NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
AS_OF = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)
USCC = "91330100YY0000A13Y"
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


@pytest.fixture
def now() -> datetime:
    """The instant of these tests: 2026-11-21, ten in the morning in China."""
    return NOW


@pytest.fixture
def registration() -> Registration:
    """A company that lives."""
    return Registration(
        **asdict(BASE),
        name="示例晴川机械有限公司",
        former_names=(),
        type="有限责任公司",
        status=EntityStatus.ACTIVE,
        status_text="存续",
        legal_rep="张**",
        capital=Amount(value=Decimal(12_005_000), currency="CNY", source_unit="万元"),
        established=date(2015, 6, 1),
        term_from=date(2015, 6, 1),
        term_to=None,
        scope="机械零部件加工",
        address="示例路1号",
        division="330102",
        division_source="330102001",
        industry=None,
        authority="杭州市市场监督管理局",
        approved=date(2024, 1, 15),
    )


@pytest.fixture
def penalty() -> Penalty:
    """A final, general fine of this year."""
    fields = {
        **asdict(BASE),
        "record_id": "rec_penalty",
        "info_class": InfoClass.ADVERSE,
        "severity": Severity.GENERAL,
        "finality": Finality.FINAL,
    }
    return Penalty(
        **fields,
        document_no="杭应急罚[2026]12号",
        action=None,
        kinds=(PenaltyKind.FINE,),
        kind_texts=("罚款",),
        procedure=Procedure.ORDINARY,
        fact=None,
        basis=None,
        content=None,
        fine=Amount(value=Decimal(25_000), currency="CNY", source_unit="万元"),
        confiscated=None,
        licence_affected=None,
        decided=date(2026, 3, 1),
        authority="杭州市应急管理局",
        authority_uscc=None,
    )


@pytest.fixture
def listing() -> Listing:
    """An entry on the tax organs' list, with one measure."""
    fields = {
        **asdict(BASE),
        "record_id": "rec_listing",
        "info_class": InfoClass.ADVERSE,
        "severity": Severity.SERIOUS,
    }
    return Listing(
        **fields,
        list_type=ListType.MAJOR_TAX_VIOLATION,
        list_text="重大税收违法失信主体",
        list_version="2024",
        decision_no="税失信[2026]3号",
        included=date(2026, 3, 1),
        reason="虚开发票",
        basis=None,
        authority="国家税务总局示例省税务局",
        authority_uscc=None,
        term_end=None,
        removed=None,
        removal_reason=None,
        measures=(
            Measure(
                code="MARKET_BAN",
                legal_basis="《示例法》第一条",
                basis_published=True,
                authority=None,
                since=None,
                until=None,
            ),
        ),
    )


@pytest.fixture
def evaluation() -> Evaluation:
    """A good grade under the sandbox's scheme."""
    fields = {
        **asdict(BASE),
        "record_id": "rec_evaluation",
        "data_class": DataClass.QUERY,
        "disclosure": Disclosure.QUERY,
    }
    return Evaluation(
        **fields,
        scheme="SBX-2026",
        model_version="SBX-2026.1",
        score=Decimal("815.00"),
        max_score=Decimal(1000),
        grade_code="GOOD",
        grade_name="良好",
        evaluated_at=date(2026, 11, 1),
        dimensions=(DimensionScore(code="BASIC", score=Decimal(74), max_score=Decimal(80)),),
    )


@pytest.fixture
def present() -> Callable[..., PresentSection]:
    """Makes a section of records, as of last midnight in China."""

    def make(
        *records: Record, as_of: datetime = AS_OF, platform: str = "provincial"
    ) -> PresentSection:
        return PresentSection(records=records, as_of=as_of, sources=(platform,))

    return make


@pytest.fixture
def none() -> NoneSection:
    """A source that answered: no record."""
    return NoneSection(as_of=AS_OF, sources=("provincial",))


@pytest.fixture
def answer_of() -> Callable[..., SourceAnswer]:
    """Makes a platform's answer of its sections."""

    def make(
        sections: Mapping[SectionCode, SourceSection],
        *,
        platform: str = "provincial",
        answered_at: datetime = NOW,
    ) -> SourceAnswer:
        source = Source(
            platform=platform,
            query_id="qry_1",
            answered_at=answered_at,
            assurance=Assurance.HIGH,
            answer_digest="1" * 64,
        )
        return SourceAnswer(source=source, sections=sections)

    return make


@pytest.fixture
def extent() -> Extent:
    """Everything that the province supplies, asked and covered."""
    codes = frozenset({SectionCode.REG, SectionCode.PEN, SectionCode.LST, SectionCode.EVA})
    return Extent(asked=codes, covered=codes, category=EntityCategory.ENTERPRISE)


@pytest.fixture
def heading() -> ProfileHeading:
    """A profile for one bank under one consent."""
    return ProfileHeading(
        profile_id="prf_1",
        generated_at=NOW,
        subject=Subject(
            uscc=USCC,
            name="示例晴川机械有限公司",
            entity_category=EntityCategory.ENTERPRISE,
            match=match_by(MatchBy.USCC),
        ),
        consent_id="cns_1",
        authorization_no="SQ-1",
        purpose=Purpose.PRE_LOAN_REVIEW,
        bank_id="bnk_1",
        request_digest="2" * 64,
    )


@pytest.fixture
def head() -> RecordBase:
    """What every record carries, for a test to make one of."""
    return BASE
