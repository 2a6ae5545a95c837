"""Decision flags: RAISED with evidence, CLEAR only by full answers, else INDETERMINATE."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from msgspec.structs import replace

from creditbridge.profile.codes import (
    DisputeState,
    ErrorClass,
    Finality,
    FlagCode,
    FlagLevel,
    FlagState,
    OmissionReason,
    QualityCode,
    SectionCode,
    Severity,
)
from creditbridge.profile.flags import FLAGS_WITHOUT_RULE, Naming, flag, same_name
from creditbridge.profile.model import (
    Flag,
    NoneSection,
    Omission,
    PresentSection,
    QualityNote,
    Section,
    Served,
    StaleSection,
    UnknownSection,
)
from creditbridge.profile.policy import Policy
from creditbridge.profile.record import Dispute
from creditbridge.profile.sections import DEFINITIONS, Listing, Penalty, Registration
from creditbridge.profile.sections.registration import EntityStatus

Present = Callable[..., PresentSection]
PEN, REG, LST = SectionCode.PEN, SectionCode.REG, SectionCode.LST
NAME = "示例晴川机械有限公司"
NAMING = Naming(consented=NAME, answered=NAME)
DOWN = UnknownSection(error_class=ErrorClass.SOURCE_DOWN)
PARTIAL = QualityNote(code=QualityCode.PARTIAL, section=PEN)
DISPUTE = Dispute(state=DisputeState.OPEN, opened_at=None, due_at=None, note=None, suspends=False)
WHOLE = (FlagCode.DISPUTE_OPEN, FlagCode.DATA_STALE, FlagCode.SOURCE_DOWN)


def served_of(
    sections: dict[SectionCode, Section],
    *,
    omitted: tuple[SectionCode, ...] = (),
    quality: tuple[QualityNote, ...] = (),
) -> Served:
    """What is served, of given sections."""
    return Served(
        sections=sections,
        omitted=tuple(Omission(code=code, reason=OmissionReason.NOT_AVAILABLE) for code in omitted),
        unconfirmed=(),
        quality=quality,
        sources=(),
    )


def flags_of(served: Served, now: datetime, *, naming: Naming = NAMING) -> dict[FlagCode, Flag]:
    """The flags by their codes; each code comes once."""
    flags = flag(served, naming=naming, now=now)
    by_code = {each.code: each for each in flags}
    assert len(by_code) == len(flags)
    return by_code


def stale_of(section: PresentSection | NoneSection) -> StaleSection:
    """The same section, too old."""
    return StaleSection(
        records=section.records if isinstance(section, PresentSection) else None,
        as_of=section.as_of - timedelta(days=3),
        age_seconds=300_000,
        sources=section.sources,
    )


def test_a_raised_flag_carries_its_evidence(
    present: Present, penalty: Penalty, now: datetime
) -> None:
    """Record ids, sections, the rule with its threshold."""
    serious = replace(penalty, severity=Severity.SERIOUS)

    raised = flags_of(served_of({PEN: present(serious, penalty)}), now)

    assert raised[FlagCode.PENALTY_SERIOUS_24M] == Flag(
        code=FlagCode.PENALTY_SERIOUS_24M,
        level=FlagLevel.HIGH,
        state=FlagState.RAISED,
        disputed=False,
        evidence=("rec_penalty",),
        computed_from=(PEN,),
        rule_version="flags-2;serious_months=24;expiring_days=60;headcount_drop_percent=30",
    )


def test_a_threshold_of_the_place_shows_in_the_rule(
    present: Present, penalty: Penalty, now: datetime
) -> None:
    """Six months instead of 24: the penalty of March is old, and the flag says by which rule."""
    serious = replace(penalty, severity=Severity.SERIOUS)
    policy = Policy(serious_months=6)

    first = flag(served_of({PEN: present(serious)}), naming=NAMING, now=now, policy=policy)[0]

    assert first.state is FlagState.CLEAR
    assert first.rule_version == (
        "flags-2;serious_months=6;expiring_days=60;headcount_drop_percent=30"
    )


def test_a_rule_may_lower_the_level(
    present: Present, registration: Registration, now: datetime
) -> None:
    """A suspended business is WATCH, not BLOCK."""
    paused = replace(registration, status=EntityStatus.SUSPENDED)

    raised = flags_of(served_of({REG: present(paused)}), now)[FlagCode.ENTITY_NOT_ALIVE]

    assert (raised.state, raised.level) == (FlagState.RAISED, FlagLevel.WATCH)


@pytest.mark.parametrize("finality", [each for each in Finality if each is not Finality.FINAL])
def test_what_is_not_final_raises_nothing(
    present: Present, penalty: Penalty, now: datetime, finality: Finality
) -> None:
    """A record that is shown but not counted."""
    pending = replace(penalty, severity=Severity.SERIOUS, finality=finality, dispute=DISPUTE)

    flags = flags_of(served_of({PEN: present(pending)}), now)

    assert flags[FlagCode.PENALTY_SERIOUS_24M].state is FlagState.CLEAR
    assert flags[FlagCode.DISPUTE_OPEN].state is FlagState.CLEAR


def test_none_is_clear_and_unknown_is_indeterminate(none: NoneSection, now: datetime) -> None:
    """NONE is an answer; UNKNOWN and an omission are none."""
    code = FlagCode.SERIOUS_LIST

    assert flags_of(served_of({LST: none}), now)[code].state is FlagState.CLEAR
    assert flags_of(served_of({LST: DOWN}), now)[code].state is FlagState.INDETERMINATE
    omitted = flags_of(served_of({}, omitted=(LST,)), now)[code]
    assert (omitted.state, omitted.computed_from) == (FlagState.INDETERMINATE, (LST,))


def test_over_old_data_clear_becomes_indeterminate(
    present: Present, none: NoneSection, listing: Listing, now: datetime
) -> None:
    """RAISED stays: what was true then is evidence; its absence then proves nothing now."""
    clear = flags_of(served_of({LST: stale_of(none)}), now)
    raised = flags_of(served_of({LST: stale_of(present(listing))}), now)

    assert clear[FlagCode.SERIOUS_LIST].state is FlagState.INDETERMINATE
    assert raised[FlagCode.SERIOUS_LIST].state is FlagState.RAISED
    assert raised[FlagCode.DATA_STALE].state is FlagState.RAISED


def test_clear_needs_every_source(present: Present, penalty: Penalty, now: datetime) -> None:
    """A section that a source still owes to is not clear; SOURCE_DOWN says why."""
    flags = flags_of(served_of({PEN: present(penalty)}, quality=(PARTIAL,)), now)

    assert flags[FlagCode.PENALTY_SERIOUS_24M].state is FlagState.INDETERMINATE
    assert flags[FlagCode.DISPUTE_OPEN].state is FlagState.INDETERMINATE
    assert flags[FlagCode.SOURCE_DOWN].state is FlagState.RAISED


def test_a_disputed_record_keeps_its_flag(
    present: Present, listing: Listing, now: datetime
) -> None:
    """The level stays, `disputed` is set, and DISPUTE_OPEN names it."""
    disputed = replace(listing, dispute=DISPUTE)

    flags = flags_of(served_of({LST: present(disputed)}), now)

    assert flags[FlagCode.SERIOUS_LIST].level is FlagLevel.BLOCK
    assert flags[FlagCode.SERIOUS_LIST].disputed
    assert flags[FlagCode.DISPUTE_OPEN].state is FlagState.RAISED
    assert flags[FlagCode.DISPUTE_OPEN].evidence == ("rec_listing",)


def test_a_dispute_found_stays_found_though_a_source_failed(
    present: Present, listing: Listing, now: datetime
) -> None:
    """RAISED needs no full answers."""
    served = served_of({LST: present(replace(listing, dispute=DISPUTE)), PEN: DOWN})

    assert flags_of(served, now)[FlagCode.DISPUTE_OPEN].state is FlagState.RAISED


@pytest.mark.parametrize(
    ("status", "states"),
    [
        ("none", (FlagState.CLEAR, FlagState.CLEAR, FlagState.CLEAR)),
        ("unknown", (FlagState.INDETERMINATE, FlagState.INDETERMINATE, FlagState.RAISED)),
        ("stale", (FlagState.INDETERMINATE, FlagState.RAISED, FlagState.INDETERMINATE)),
        ("nothing", (FlagState.INDETERMINATE, FlagState.INDETERMINATE, FlagState.INDETERMINATE)),
    ],
)
def test_flags_over_all_sections(
    none: NoneSection, now: datetime, status: str, states: tuple[FlagState, ...]
) -> None:
    """DISPUTE_OPEN, DATA_STALE, SOURCE_DOWN, by what is served."""
    sections: dict[str, dict[SectionCode, Section]] = {
        "none": {PEN: none},
        "unknown": {PEN: DOWN},
        "stale": {PEN: stale_of(none)},
        "nothing": {},
    }

    flags = flags_of(served_of(sections[status]), now)

    assert tuple(flags[code].state for code in WHOLE) == states


@pytest.mark.parametrize(
    ("naming", "state"),
    [
        (NAMING, FlagState.CLEAR),
        (Naming(consented=NAME, answered="新名有限公司", former=(NAME,)), FlagState.CLEAR),
        (Naming(consented=NAME, answered="新名有限公司"), FlagState.RAISED),
    ],
)
def test_the_name_on_the_consent_is_one_that_the_platform_knows(
    present: Present,
    registration: Registration,
    now: datetime,
    naming: Naming,
    state: FlagState,
) -> None:
    """A former name will do; any other name raises the flag, with the registration as evidence."""
    flags = flags_of(served_of({REG: present(registration)}), now, naming=naming)

    mismatch = flags[FlagCode.NAME_MISMATCH]
    assert mismatch.state is state
    assert mismatch.evidence == (("rec_base",) if state is FlagState.RAISED else ())
    assert mismatch.computed_from == (REG,)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("示例(杭州)有限公司", "示例\uff08杭州\uff09有限公司", True),
        ("示例 有限公司", "示例有限公司", True),
        ("示例有限公司", "示例公司", False),
    ],
)
def test_names_are_compared_but_for_width_and_blanks(one: str, other: str, *, same: bool) -> None:
    """NFKC and blanks; nothing more is forgiven."""
    assert same_name(one, other) is same


def test_flags_over_what_is_not_here_are_indeterminate(now: datetime) -> None:
    """A section that is not here, with rules or without: its flags are there, and never CLEAR."""
    flags = flags_of(served_of({}, omitted=(SectionCode.ENV, SectionCode.TAX)), now)

    assert [flags[code].state for code in (FlagCode.ENV_RED, FlagCode.TAX_D)] == [
        FlagState.INDETERMINATE,
        FlagState.INDETERMINATE,
    ]


def test_every_flag_has_its_rule_or_its_line() -> None:
    """No code is forgotten, and none is in two places."""
    ruled = [rule.code for each in DEFINITIONS.values() for rule in each.flags]
    listed = [code for pairs in FLAGS_WITHOUT_RULE.values() for code, _ in pairs]

    assert sorted([*ruled, *listed, FlagCode.NAME_MISMATCH, *WHOLE]) == sorted(FlagCode)
