"""Several platforms' answers become one."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from msgspec.structs import replace

from creditbridge.profile.amount import Amount
from creditbridge.profile.codes import (
    ErrorClass,
    Finality,
    Lifecycle,
    QualityCode,
    SectionCode,
)
from creditbridge.profile.merge import merge
from creditbridge.profile.model import (
    NoneSection,
    PresentSection,
    SourceAnswer,
    UnknownSection,
    records_of,
)
from creditbridge.profile.sections import Listing, Penalty, Record

AnswerOf = Callable[..., SourceAnswer]
Present = Callable[..., PresentSection]
PEN = SectionCode.PEN
EARLIER = datetime(2026, 11, 19, 16, 0, tzinfo=UTC)
DOWN = UnknownSection(error_class=ErrorClass.SOURCE_DOWN)


def merged_records(*answers: SourceAnswer) -> tuple[Record, ...]:
    """The penalties of all answers, after merging."""
    return tuple(records_of(merge(answers).sections[PEN]))


def test_nobody_answered_nothing_is_merged() -> None:
    """No answer, no section; not an empty one."""
    assert merge([]).sections == {}


def test_one_answer_stays_as_it_is(
    answer_of: AnswerOf, present: Present, none: NoneSection, penalty: Penalty
) -> None:
    """Each status passes through."""
    sections = {PEN: present(penalty), SectionCode.LST: none, SectionCode.EVA: DOWN}

    merged = merge([answer_of(sections)])

    assert dict(merged.sections) == sections
    assert merged.failed == {}
    assert [source.platform for source in merged.sources] == ["provincial"]


def test_a_section_that_nobody_here_defines_is_dropped(
    answer_of: AnswerOf, none: NoneSection
) -> None:
    """Nobody knows how to withhold from it."""
    assert merge([answer_of({SectionCode.ENV: none})]).sections == {}


def test_any_present_wins_and_the_failed_source_is_kept(
    answer_of: AnswerOf, present: Present, penalty: Penalty
) -> None:
    """PRESENT with UNKNOWN is PRESENT, and what is owed is remembered."""
    answers = [answer_of({PEN: DOWN}), answer_of({PEN: present(penalty)}, platform="national")]

    merged = merge(answers)

    assert merged.sections[PEN] == present(penalty)
    assert merged.failed == {PEN: DOWN}


def test_unknown_wins_over_none(answer_of: AnswerOf, none: NoneSection) -> None:
    """One said "no record", one failed: nobody knows."""
    merged = merge([answer_of({PEN: none}), answer_of({PEN: DOWN}, platform="national")])

    assert merged.sections[PEN] == DOWN
    assert merged.failed == {}


def test_none_of_two_is_as_old_as_the_older(answer_of: AnswerOf, none: NoneSection) -> None:
    """Both sources are named."""
    older = NoneSection(as_of=EARLIER, sources=("national",))

    merged = merge([answer_of({PEN: none}), answer_of({PEN: older}, platform="national")])

    assert merged.sections[PEN] == NoneSection(as_of=EARLIER, sources=("provincial", "national"))


def test_a_platform_that_never_answered_owes_its_sections() -> None:
    """It has no source, and its sections are UNKNOWN."""
    merged = merge([SourceAnswer(source=None, sections={PEN: DOWN})])

    assert merged.sources == ()
    assert merged.sections == {PEN: DOWN}


def test_one_decision_in_two_feeds_is_one_record(
    answer_of: AnswerOf, present: Present, penalty: Penalty
) -> None:
    """One feed writes 万元, the other 元; the amounts agree."""
    fine = Amount(value=Decimal(25_000), currency="CNY", source_unit="元")
    copy = replace(penalty, record_id="rec_copy", fine=fine)

    assert merged_records(
        answer_of({PEN: present(penalty)}), answer_of({PEN: present(copy, platform="national")})
    ) == (penalty,)


def test_two_rows_of_one_feed_are_two_records(
    answer_of: AnswerOf, present: Present, penalty: Penalty
) -> None:
    """Only another feed's row can be a copy."""
    second = replace(penalty, record_id="rec_second")

    assert merged_records(answer_of({PEN: present(penalty, second)})) == (penalty, second)


def test_copies_that_disagree_are_both_kept_and_noted(
    answer_of: AnswerOf, present: Present, penalty: Penalty
) -> None:
    """The reader is told of the conflict on each."""
    copy = replace(penalty, record_id="rec_copy", fine=None)

    merged = merge(
        [answer_of({PEN: present(penalty)}), answer_of({PEN: present(copy, platform="national")})]
    )

    assert records_of(merged.sections[PEN]) == (penalty, copy)
    assert [(note.code, note.record_id) for note in merged.notes] == [
        (QualityCode.SOURCE_CONFLICT, "rec_penalty"),
        (QualityCode.SOURCE_CONFLICT, "rec_copy"),
    ]


@pytest.mark.parametrize(
    "ended",
    [{"lifecycle": Lifecycle.REPAIRED}, {"finality": Finality.REVOKED}],
    ids=["repaired", "revoked"],
)
@pytest.mark.parametrize("first", [True, False], ids=["first", "second"])
def test_the_copy_that_ended_wins(
    answer_of: AnswerOf,
    present: Present,
    penalty: Penalty,
    ended: dict[str, Lifecycle | Finality],
    *,
    first: bool,
) -> None:
    """What one platform knows to be repaired is not served from another's older copy."""
    over = replace(penalty, record_id="rec_over", **ended)
    feeds = [over, penalty] if first else [penalty, over]

    assert merged_records(
        answer_of({PEN: present(feeds[0])}),
        answer_of({PEN: present(feeds[1], platform="national")}),
    ) == (over,)


def test_one_listing_in_two_feeds_is_one_record(
    answer_of: AnswerOf, present: Present, listing: Listing
) -> None:
    """There is no amount on which two copies of a listing could disagree."""
    copy = replace(listing, record_id="rec_copy", reason=None)
    code = SectionCode.LST

    merged = merge(
        [answer_of({code: present(listing)}), answer_of({code: present(copy, platform="national")})]
    )

    assert records_of(merged.sections[code]) == (listing,)


def test_records_without_a_number_are_never_copies(
    answer_of: AnswerOf, present: Present, penalty: Penalty
) -> None:
    """Each stands for itself."""
    one = replace(penalty, document_no=None)
    two = replace(one, record_id="rec_two")

    assert merged_records(
        answer_of({PEN: present(one)}), answer_of({PEN: present(two, platform="national")})
    ) == (one, two)
