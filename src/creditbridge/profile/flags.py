"""Decision flags: facts with evidence. RAISED by records that count, CLEAR only by full answers.

Only records in force, final where that applies, and surely matched are judged. Over a section that
is UNKNOWN, omitted or STALE, or that a source still owes to, CLEAR becomes INDETERMINATE.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from types import MappingProxyType
from unicodedata import normalize

import msgspec
from msgspec.structs import replace

from creditbridge.profile.amount import CNY
from creditbridge.profile.codes import FlagCode, FlagLevel, FlagState, QualityCode, SectionCode
from creditbridge.profile.dates import day_of
from creditbridge.profile.model import (
    Flag,
    NoneSection,
    PresentSection,
    Section,
    Served,
    StaleSection,
    UnknownSection,
    records_of,
)
from creditbridge.profile.policy import DEFAULT_POLICY, Policy
from creditbridge.profile.record import is_counted, is_disputed
from creditbridge.profile.section import Finding, raised_by
from creditbridge.profile.sections import DEFINITIONS, Record, Registration

RATIO_STEP = Decimal("0.0001")

# Flags over sections that no platform supplies yet: asked for, they are INDETERMINATE, not absent,
# so that nobody takes silence for CLEAR. A section's own file takes its line over.
FLAGS_WITHOUT_RULE: Mapping[SectionCode, tuple[tuple[FlagCode, FlagLevel], ...]] = MappingProxyType(
    {
        SectionCode.ENV: (
            (FlagCode.ENV_RED, FlagLevel.WATCH),
            (FlagCode.ENV_BLACK, FlagLevel.HIGH),
        ),
        SectionCode.SAF: ((FlagCode.SAFETY_SERIOUS, FlagLevel.HIGH),),
        SectionCode.CUS: ((FlagCode.CUSTOMS_DISCREDIT, FlagLevel.HIGH),),
        SectionCode.CHG: ((FlagCode.LEGAL_REP_CHANGED_6M, FlagLevel.INFO),),
        SectionCode.UTL: ((FlagCode.UTILITY_STOP, FlagLevel.WATCH),),
    }
)


class Naming(msgspec.Struct, frozen=True, kw_only=True):
    """The name on the consent, and the names under which the platform knows the enterprise."""

    consented: str
    answered: str
    former: tuple[str, ...] = ()


def flag(
    served: Served, *, naming: Naming, now: datetime, policy: Policy = DEFAULT_POLICY
) -> tuple[Flag, ...]:
    """Return every flag over what was asked: the sections' own first, then those over all."""
    asked = sorted({*served.sections, *(each.code for each in served.omitted)})
    own = [each for code in asked for each in _flag_section(code, served, day_of(now), policy)]
    flags = [*own, *_flag_whole(served, naming)]
    return tuple(replace(each, rule_version=policy.rule_version) for each in flags)


def _flag_section(code: SectionCode, served: Served, today: date, policy: Policy) -> Iterator[Flag]:
    """Return the flags of one section's own rules, and those that no rule stands behind yet."""
    definition = DEFINITIONS.get(code)
    records = _counted(served.sections.get(code))
    for rule in () if definition is None else definition.flags:
        finding = rule.judge(records, today, policy)
        # A judge may know better than its rule: an entity that only moved does not block a loan.
        level = finding.level or rule.level
        yield _relate(_make(rule.code, level, _temper(finding, [code], served), [code]), served)
    for flag_code, level in FLAGS_WITHOUT_RULE.get(code, ()):
        # Nobody supplies this section yet: no rule could have looked.
        yield _make(flag_code, level, Finding(state=FlagState.INDETERMINATE), [code])


def _relate(one: Flag, served: Served) -> Flag:
    """Return a flag over an amount with its ratio to the registered capital, if both are known."""
    capital = _capital_of(served)
    if one.amount is None or capital is None:
        return one
    return replace(
        one,
        ratio_to_capital=(one.amount / capital).quantize(RATIO_STEP),
        computed_from=(*one.computed_from, SectionCode.REG),
    )


def _capital_of(served: Served) -> Decimal | None:
    """Return the one registered capital in CNY; None where there is none, or two."""
    held = {
        record.capital.value
        for record in _counted(served.sections.get(SectionCode.REG))
        if isinstance(record, Registration)
        and record.capital is not None
        and record.capital.currency == CNY
        # Some register no capital at all, and nothing is a ratio to that.
        and record.capital.value > 0
    }
    return held.pop() if len(held) == 1 else None


def same_name(one: str, other: str) -> bool:
    """Tell whether two names are the same but for width and blanks; nothing more is forgiven."""
    return _plain_name(one) == _plain_name(other)


def _flag_whole(served: Served, naming: Naming) -> list[Flag]:
    """Return the flags over all served sections, and over the subject's name."""
    codes = sorted(served.sections)
    statuses = served.sections.values()
    counted = [record for section in statuses for record in _counted(section)]
    disputed = raised_by([record for record in counted if is_disputed(record)])
    is_stale = any(isinstance(section, StaleSection) for section in statuses)
    # A source that failed beside one that answered is down as well, though its section has records.
    is_down = bool(_partial(served)) or any(isinstance(each, UnknownSection) for each in statuses)
    return [
        _flag_name(served, naming),
        *(
            _make(code, level, _temper(finding, codes, served), codes)
            for code, level, finding in (
                (FlagCode.DISPUTE_OPEN, FlagLevel.INFO, disputed),
                (FlagCode.DATA_STALE, FlagLevel.WATCH, Finding(state=_state(raised=is_stale))),
                (FlagCode.SOURCE_DOWN, FlagLevel.WATCH, Finding(state=_state(raised=is_down))),
            )
        ),
    ]


def _flag_name(served: Served, naming: Naming) -> Flag:
    is_named = any(same_name(naming.consented, each) for each in (naming.answered, *naming.former))
    evidence = tuple(_counted(served.sections.get(SectionCode.REG)))
    # Never tempered: both names are at hand, whether or not the registration is served.
    return _make(
        FlagCode.NAME_MISMATCH,
        FlagLevel.HIGH,
        Finding(state=_state(raised=not is_named), evidence=() if is_named else evidence),
        [code for code in served.sections if code is SectionCode.REG],
    )


def _temper(finding: Finding, codes: Sequence[SectionCode], served: Served) -> Finding:
    """Return the finding; CLEAR only where every source of every section answered in time."""
    if finding.state is not FlagState.CLEAR:
        return finding
    # RAISED stands on what is there; CLEAR stands on nothing being missing (law 5).
    is_sure = bool(codes) and all(
        isinstance(served.sections.get(code), PresentSection | NoneSection)
        and code not in _partial(served)
        for code in codes
    )
    return finding if is_sure else Finding(state=FlagState.INDETERMINATE)


def _partial(served: Served) -> set[SectionCode | None]:
    return {note.section for note in served.quality if note.code is QualityCode.PARTIAL}


def _counted(section: Section | None) -> list[Record]:
    records = () if section is None else records_of(section)
    return [record for record in records if is_counted(record)]


def _state(*, raised: bool) -> FlagState:
    return FlagState.RAISED if raised else FlagState.CLEAR


def _make(
    code: FlagCode, level: FlagLevel, finding: Finding, computed_from: Sequence[SectionCode]
) -> Flag:
    return Flag(
        code=code,
        level=level,
        state=finding.state,
        # A disputed record still raises: the objection is shown beside it, for people to weigh.
        disputed=any(is_disputed(record) for record in finding.evidence),
        evidence=tuple(record.record_id for record in finding.evidence),
        computed_from=tuple(computed_from),
        rule_version="",
        types=finding.types,
        amount=finding.amount,
    )


def _plain_name(name: str) -> str:
    # NFKC also narrows full-width brackets; company names differ by these and by blanks.
    return "".join(normalize("NFKC", name).split())
