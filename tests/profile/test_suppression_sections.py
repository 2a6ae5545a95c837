"""What is left of a section: omitted, stale, unknown, partial, and its notes."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from msgspec.structs import replace

from creditbridge.profile.codes import (
    ErrorClass,
    Lifecycle,
    MatchBy,
    OmissionReason,
    QualityCode,
    SectionCode,
)
from creditbridge.profile.merge import merge
from creditbridge.profile.model import (
    Extent,
    NoneSection,
    Omission,
    PresentSection,
    QualityNote,
    Served,
    SourceAnswer,
    SourceSection,
    StaleSection,
    UnknownSection,
    records_of,
)
from creditbridge.profile.policy import Policy
from creditbridge.profile.record import match_by
from creditbridge.profile.sections import Penalty, Registration
from creditbridge.profile.suppression import suppress
from creditbridge.protocols.uscc import EntityCategory

AnswerOf = Callable[..., SourceAnswer]
Present = Callable[..., PresentSection]
PEN, REG, EVA, LST = SectionCode.PEN, SectionCode.REG, SectionCode.EVA, SectionCode.LST
DOWN = UnknownSection(error_class=ErrorClass.SOURCE_DOWN)


@pytest.fixture
def serve(answer_of: AnswerOf, extent: Extent, now: datetime) -> Callable[..., Served]:
    """Serve one platform's sections, as answered at an instant."""

    def run(sections: dict[SectionCode, SourceSection], answered_at: datetime = now) -> Served:
        merged = merge([answer_of(sections, answered_at=answered_at)])
        return suppress(merged, extent=extent, now=now)

    return run


def test_each_omission_names_its_reason(
    answer_of: AnswerOf, none: NoneSection, now: datetime
) -> None:
    """Not consented, not supplied, withheld as a class, not for this category."""
    asked = frozenset({REG, PEN, LST, EVA, SectionCode.TAX})
    extent = Extent(asked=asked, covered=asked - {REG}, category=EntityCategory.OTHER)
    merged = merge([answer_of({REG: none, PEN: none, EVA: none})])
    policy = Policy(withheld_sections=frozenset({PEN}))

    served = suppress(merged, extent=extent, now=now, policy=policy)

    assert served.sections == {}
    assert served.omitted == (
        Omission(code=EVA, reason=OmissionReason.NOT_APPLICABLE),
        Omission(code=LST, reason=OmissionReason.NOT_AVAILABLE),
        Omission(code=PEN, reason=OmissionReason.SUPPRESSED_BY_LAW),
        Omission(code=REG, reason=OmissionReason.NOT_CONSENTED),
        Omission(code=SectionCode.TAX, reason=OmissionReason.NOT_AVAILABLE),
    )


def test_what_was_not_asked_is_not_served(
    answer_of: AnswerOf, none: NoneSection, extent: Extent, now: datetime
) -> None:
    """Covered, answered, but not asked for: left out without a word."""
    narrow = replace(extent, asked=frozenset({REG}))

    served = suppress(merge([answer_of({REG: none, PEN: none})]), extent=narrow, now=now)

    assert list(served.sections) == [REG]
    assert served.omitted == ()


@pytest.mark.parametrize(
    ("age", "is_stale"),
    [(timedelta(hours=24), False), (timedelta(hours=24, seconds=1), True)],
    ids=["at-the-limit", "past-it"],
)
def test_old_data_is_stale_and_says_how_old(
    serve: Callable[..., Served],
    present: Present,
    now: datetime,
    penalty: Penalty,
    age: timedelta,
    *,
    is_stale: bool,
) -> None:
    """The age is that of the source's data."""
    section = present(penalty, as_of=now - age)

    stale = StaleSection(
        records=(penalty,), as_of=now - age, age_seconds=86_401, sources=("provincial",)
    )
    assert serve({PEN: section}).sections[PEN] == (stale if is_stale else section)


def test_an_old_none_is_none_as_of(
    answer_of: AnswerOf, none: NoneSection, extent: Extent, now: datetime
) -> None:
    """STALE without records, not an empty list."""
    old = replace(none, as_of=now - timedelta(days=2))

    served = suppress(merge([answer_of({PEN: old})]), extent=extent, now=now).sections[PEN]

    assert isinstance(served, StaleSection)
    assert (served.records, served.age_seconds) == (None, 172_800)
    assert records_of(served) == ()


@pytest.mark.parametrize("seconds", [86_400, 86_401])
def test_l20_an_old_copy_of_adverse_data_is_refused(
    serve: Callable[..., Served],
    present: Present,
    now: datetime,
    penalty: Penalty,
    registration: Registration,
    seconds: int,
) -> None:
    """What we fetched over 24 hours ago may have been revoked: UNKNOWN, never served."""
    sections = {PEN: present(penalty), REG: present(registration)}

    served = serve(sections, now - timedelta(seconds=seconds)).sections

    as_of = sections[PEN].as_of
    too_old = UnknownSection(error_class=ErrorClass.COPY_TOO_OLD, last_good_at=as_of)
    assert served[PEN] == (too_old if seconds > 86_400 else sections[PEN])
    assert served[REG] == sections[REG]


def test_an_unknown_section_stays_unknown(
    answer_of: AnswerOf, extent: Extent, now: datetime
) -> None:
    """With its error class, and no list."""
    served = suppress(merge([answer_of({PEN: DOWN})]), extent=extent, now=now)

    assert served.sections == {PEN: DOWN}


def serve_two(
    answer_of: AnswerOf, section: PresentSection, extent: Extent, now: datetime
) -> Served:
    """One platform answers with a section, another fails it."""
    answers = [answer_of({PEN: section}), answer_of({PEN: DOWN}, platform="national")]
    return suppress(merge(answers), extent=extent, now=now)


def test_a_section_that_a_source_owes_to_is_partial(
    answer_of: AnswerOf, present: Present, extent: Extent, now: datetime, penalty: Penalty
) -> None:
    """PRESENT, with the note."""
    served = serve_two(answer_of, present(penalty), extent, now)

    assert served.sections[PEN] == present(penalty)
    assert served.quality == (QualityNote(code=QualityCode.PARTIAL, section=PEN),)


def test_all_withheld_and_one_source_failed_is_unknown(
    answer_of: AnswerOf, present: Present, extent: Extent, now: datetime, penalty: Penalty
) -> None:
    """NONE would claim what the failed source never said; and nothing hints at the record."""
    repaired = replace(penalty, lifecycle=Lifecycle.REPAIRED)

    served = serve_two(answer_of, present(repaired), extent, now)

    assert served.sections[PEN] == DOWN
    assert served.quality == ()


def test_notes_on_withheld_records_are_withheld(
    answer_of: AnswerOf, present: Present, extent: Extent, now: datetime, penalty: Penalty
) -> None:
    """Notes on the served record, on a namesake and on the subject stay."""
    repaired = replace(penalty, record_id="rec_repaired", lifecycle=Lifecycle.REPAIRED)
    namesake = replace(penalty, record_id="rec_namesake", match=match_by(MatchBy.NAME))
    notes = (
        QualityNote(code=QualityCode.INNER_CHECK_DIGIT),
        QualityNote(code=QualityCode.MASKED, section=PEN, record_id="rec_repaired"),
        QualityNote(code=QualityCode.MASKED, section=PEN, record_id="rec_penalty"),
        QualityNote(code=QualityCode.MASKED, section=PEN, record_id="rec_namesake"),
        QualityNote(code=QualityCode.MASKED, section=REG, record_id="rec_base"),
    )
    answer = replace(answer_of({PEN: present(repaired, penalty, namesake)}), notes=notes)

    served = suppress(merge([answer]), extent=extent, now=now)

    assert served.quality == (notes[0], notes[2], notes[3])
