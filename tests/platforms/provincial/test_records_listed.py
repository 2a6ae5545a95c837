"""Listings and evaluations of the provincial platform, in our words."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal

import msgspec
import pytest

from creditbridge.platforms.provincial.head import RecordContext
from creditbridge.platforms.provincial.records import (
    map_evaluation,
    map_listing,
)
from creditbridge.platforms.provincial.schema import (
    TheirEvaluation,
    TheirListing,
)
from creditbridge.platforms.rules import FieldReader
from creditbridge.profile.codes import (
    Disclosure,
    Lifecycle,
    QualityCode,
    SectionCode,
    Severity,
)
from creditbridge.profile.sections import Evaluation, Listing
from creditbridge.profile.sections.evaluations import DimensionScore
from creditbridge.profile.sections.listings import ListType, Measure

CONTEXT = RecordContext(record_id="rec_1", raw_digest="d" * 64)
Example = Callable[[str], dict[str, object]]


@pytest.fixture
def reader() -> FieldReader:
    """A reader of one record."""
    return FieldReader(SectionCode.PEN, "rec_1")


@pytest.fixture
def listing_of(example: Example, reader: FieldReader) -> Callable[..., Listing]:
    """Maps the example listing, with changes."""

    def make(**changes: object) -> Listing:
        raw = json.dumps({**example("LST"), **changes}).encode()
        return map_listing(msgspec.json.decode(raw, type=TheirListing), CONTEXT, reader)

    return make


@pytest.fixture
def evaluation_of(example: Example, reader: FieldReader) -> Callable[..., Evaluation]:
    """Maps the example evaluation, with changes."""

    def make(**changes: object) -> Evaluation:
        raw = json.dumps({**example("EVA"), **changes}).encode()
        return map_evaluation(msgspec.json.decode(raw, type=TheirEvaluation), CONTEXT, reader)

    return make


def codes_of(reader: FieldReader) -> list[tuple[QualityCode, str | None]]:
    """What was noted, and on which field."""
    return [(note.code, note.field) for note in reader.notes]


def test_the_example_listing_in_our_words(listing_of: Callable[..., Listing]) -> None:
    """The list by its Chinese name; while listed, nothing ends the entry."""
    ours = listing_of()

    assert (ours.list_type, ours.list_text) == (
        ListType.MAJOR_TAX_VIOLATION,
        "重大税收违法失信主体",
    )
    assert (ours.included, ours.term_end) == (date(2026, 3, 1), date(2029, 3, 1))
    assert (ours.severity, ours.finality) == (Severity.SERIOUS, None)
    assert (ours.publicity_end, ours.retention_end) == (None, None)
    assert ours.measures == (
        Measure(
            code="RESTRICT_PROCUREMENT_BIDDING",
            legal_basis="《政府采购法》第二十二条",
            basis_published=True,
            authority="财政部门",
            since=date(2026, 3, 1),
            until=date(2029, 3, 1),
        ),
    )


def test_l12_while_it_is_listed_an_entry_is_kept(listing_of: Callable[..., Listing]) -> None:
    """Past five years as well; once removed, its end holds."""
    listed = listing_of(include_date="2019-01-01", keep_end_date="2024-01-01")
    removed = listing_of(keep_end_date="2024-01-01", remove_date="2026-4-1")

    assert (listed.lifecycle, listed.retention_end) == (Lifecycle.ACTIVE, None)
    assert removed.lifecycle is Lifecycle.REMOVED
    assert removed.removed == date(2026, 4, 1)
    assert removed.retention_end == datetime(2023, 12, 31, 16, tzinfo=UTC)


def test_l19_an_entry_made_after_the_removal_stands(listing_of: Callable[..., Listing]) -> None:
    """Listed again in March, removed in January before; on one day, it is removed."""
    assert listing_of(remove_date="2026-1-1").lifecycle is Lifecycle.ACTIVE
    assert listing_of(remove_date="2026-3-1").lifecycle is Lifecycle.REMOVED


def test_a_removal_never_revives(listing_of: Callable[..., Listing]) -> None:
    """A repaired entry with a removal date stays repaired."""
    assert listing_of(state="4", remove_date="2026-1-1").lifecycle is Lifecycle.REPAIRED


def test_a_sentinel_is_no_removal(listing_of: Callable[..., Listing]) -> None:
    """9999-9-9 as the date out: still on the list."""
    assert listing_of(remove_date="9999-9-9").lifecycle is Lifecycle.ACTIVE


def test_an_unknown_list_is_other(listing_of: Callable[..., Listing], reader: FieldReader) -> None:
    """The entry stays, with the list's own name."""
    ours = listing_of(list_name="示例黑名单")

    assert (ours.list_type, ours.list_text) == (ListType.OTHER, "示例黑名单")
    assert codes_of(reader) == [(QualityCode.UNKNOWN_CODE, "list_type")]


def test_the_example_evaluation_in_our_words(evaluation_of: Callable[..., Evaluation]) -> None:
    """Score and grade as the source has them."""
    ours = evaluation_of(valid_to_date="2027-11-01")

    assert (ours.scheme, ours.model_version) == ("SBX-2026", "SBX-2026.1")
    assert (str(ours.score), ours.max_score) == ("815.00", Decimal(1000))
    assert (ours.grade_code, ours.grade_name) == ("GOOD", "良好")
    assert (ours.evaluated_at, ours.valid_until) == (date(2026, 11, 1), date(2027, 11, 1))
    assert ours.disclosure is Disclosure.QUERY
    assert ours.dimensions == (
        DimensionScore(code="BASIC", score=Decimal(74), max_score=Decimal(80)),
        DimensionScore(code="FINANCE_TAX", score=Decimal("160.5"), max_score=Decimal(195)),
    )


def test_a_grade_is_never_computed(evaluation_of: Callable[..., Evaluation]) -> None:
    """A score of 999 without a grade has none; the head's own end of validity counts too."""
    ours = evaluation_of(score="999", grade_code=None, grade_name=None, valid_to="2027-01-01")

    assert (ours.grade_code, ours.grade_name) == (None, None)
    assert ours.valid_until == date(2027, 1, 1)
