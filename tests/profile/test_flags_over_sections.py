"""The flags of LIC, ABN, JUD and TAX over what is served, and amounts beside the capital."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

import pytest
from msgspec.structs import asdict, replace

from creditbridge.profile.amount import Amount
from creditbridge.profile.codes import (
    ErrorClass,
    FlagCode,
    FlagState,
    OmissionReason,
    SectionCode,
)
from creditbridge.profile.flags import Naming, flag
from creditbridge.profile.model import (
    Flag,
    NoneSection,
    Omission,
    PresentSection,
    Section,
    Served,
    StaleSection,
    UnknownSection,
)
from creditbridge.profile.record import RecordBase
from creditbridge.profile.sections import Registration, UnfulfilledJudgment

REG, JUD = SectionCode.REG, SectionCode.JUD
NAMING = Naming(consented="示例晴川机械有限公司", answered="示例晴川机械有限公司")
DOWN = UnknownSection(error_class=ErrorClass.SOURCE_DOWN)


def flags_of(
    sections: dict[SectionCode, Section], now: datetime, *, omitted: SectionCode | None = None
) -> dict[FlagCode, Flag]:
    """The flags by their codes, over what is served; a section that is not is omitted."""
    missing = () if omitted is None or omitted in sections else (omitted,)
    reason = OmissionReason.NOT_CONSENTED
    served = Served(
        sections=sections,
        omitted=tuple(Omission(code=code, reason=reason) for code in missing),
        unconfirmed=(),
        quality=(),
        sources=(),
    )
    return {each.code: each for each in flag(served, naming=NAMING, now=now)}


@pytest.fixture
def unfulfilled(head: RecordBase) -> UnfulfilledJudgment:
    """A judgment of which 3,001,250 元 are owed."""
    owed = Amount(value=Decimal(3_001_250), currency="CNY", source_unit="元")
    return UnfulfilledJudgment(
        **{**asdict(head), "record_id": "rec_judgment"},
        case_no="(2026)浙0106执1234号",
        court="杭州市西湖区人民法院",
        cause=None,
        amount=owed,
        unperformed=owed,
        performance=None,
        filed=None,
        published=None,
        fulfilled=None,
    )


def test_an_unfulfilled_judgment_is_weighed_against_the_capital(
    present: Callable[..., PresentSection],
    unfulfilled: UnfulfilledJudgment,
    registration: Registration,
    now: datetime,
) -> None:
    """Four decimals of 12,005,000 元; the flag then rests on the registration too."""
    sections: dict[SectionCode, Section] = {JUD: present(unfulfilled), REG: present(registration)}

    found = flags_of(sections, now)[FlagCode.UNFULFILLED_JUDGMENT]

    assert (found.state, found.evidence) == (FlagState.RAISED, ("rec_judgment",))
    assert (found.amount, found.ratio_to_capital) == (Decimal(3_001_250), Decimal("0.2500"))
    assert found.computed_from == (JUD, REG)


@pytest.mark.parametrize(
    "capital",
    [
        None,
        Amount(value=Decimal(0), currency="CNY", source_unit="万元"),
        Amount(value=Decimal(1_000_000), currency="USD", source_unit="万元"),
    ],
    ids=["untold", "none", "other-currency"],
)
def test_without_a_capital_in_cny_there_is_no_ratio(
    present: Callable[..., PresentSection],
    unfulfilled: UnfulfilledJudgment,
    registration: Registration,
    now: datetime,
    capital: Amount | None,
) -> None:
    """The amount stays; the registration is not what the flag rests on."""
    sections: dict[SectionCode, Section] = {
        JUD: present(unfulfilled),
        REG: present(replace(registration, capital=capital)),
    }

    found = flags_of(sections, now)[FlagCode.UNFULFILLED_JUDGMENT]

    assert (found.amount, found.ratio_to_capital) == (Decimal(3_001_250), None)
    assert found.computed_from == (JUD,)


@pytest.mark.parametrize(
    ("code", "flags"),
    [
        (SectionCode.LIC, [FlagCode.LICENCE_EXPIRED]),
        (SectionCode.ABN, [FlagCode.ABNORMAL_ACTIVE]),
        (JUD, [FlagCode.JUDGMENT_DEFAULTER, FlagCode.UNFULFILLED_JUDGMENT]),
        (
            SectionCode.TAX,
            [FlagCode.TAX_D, FlagCode.TAX_C, FlagCode.TAX_ARREARS, FlagCode.TAX_NON_NORMAL],
        ),
    ],
)
def test_none_is_clear_and_nothing_else_is(
    none: NoneSection, now: datetime, code: SectionCode, flags: list[FlagCode]
) -> None:
    """UNKNOWN, omitted and STALE sections leave every flag of the new sections INDETERMINATE."""
    old = StaleSection(records=None, as_of=none.as_of, age_seconds=9_000_000, sources=none.sources)

    def states(section: Section | None) -> set[FlagState]:
        by_code = flags_of({} if section is None else {code: section}, now, omitted=code)
        return {by_code[each].state for each in flags}

    assert states(none) == {FlagState.CLEAR}
    assert states(DOWN) == {FlagState.INDETERMINATE}
    assert states(None) == {FlagState.INDETERMINATE}
    assert states(old) == {FlagState.INDETERMINATE}
