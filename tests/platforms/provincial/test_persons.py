"""Key persons in the provincial dialect: whom a grant names, and what is read of them."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime

import msgspec
import pytest
from msgspec.structs import replace

from creditbridge.platforms.grant import make_grant
from creditbridge.platforms.model import AskedPerson, PlatformQuery
from creditbridge.platforms.provincial.head import RecordContext
from creditbridge.platforms.provincial.mapping import MappingContext, map_sections
from creditbridge.platforms.provincial.records import map_key_person
from creditbridge.platforms.provincial.schema import TheirKeyPerson
from creditbridge.platforms.rules import FieldReader
from creditbridge.profile.codes import (
    DataClass,
    KeyPosition,
    Lifecycle,
    Purpose,
    QualityCode,
    SectionCode,
)
from creditbridge.profile.model import records_of
from creditbridge.profile.sections import KeyPersonRecord
from creditbridge.profile.sections.persons import PersonMeasure

REG, PSN = SectionCode.REG, SectionCode.PSN
QUERY = PlatformQuery(
    query_id="qry_01jdc4t7p9e2s8v5x3y6z0a1b2",
    uscc="91330100YY0000A13Y",
    sections=frozenset({REG, PSN}),
    purpose=Purpose.PRE_LOAN_REVIEW,
    consent_digest="00" * 32,
    expires_at=datetime(2026, 11, 21, 2, 1, tzinfo=UTC),
    persons=(AskedPerson(position=KeyPosition.LEGAL_REP, consent_digest="11" * 32),),
)
RawSections = Callable[[str], dict[str, msgspec.Raw]]


def members_of(query: PlatformQuery) -> dict[str, object]:
    """Return what a platform reads in the grant of a query."""
    members: dict[str, object] = json.loads(make_grant(query, audience="provincial"))
    return members


def test_a_grant_names_on_whose_word_persons_are_asked_about() -> None:
    """By position and the digest of their own consent: never by name."""
    assert members_of(QUERY)["persons"] == [
        {
            "position": "1",
            "consent_digest": "ERERERERERERERERERERERERERERERERERERERERERE",
        }
    ]


def test_a_platform_that_is_not_asked_about_persons_learns_of_none() -> None:
    """Neither that somebody consented nor how many."""
    assert "persons" not in members_of(replace(QUERY, sections=frozenset({REG})))


@pytest.fixture
def person_of(raw_sections: RawSections) -> Callable[..., KeyPersonRecord]:
    """Maps the example record of a person, with changes."""
    found = json.loads(bytes(raw_sections("answer_persons")["PSN"]))["records"][0]

    def make(*, reader: FieldReader | None = None, **changes: object) -> KeyPersonRecord:
        raw = json.dumps({**found, **changes}).encode()
        theirs = msgspec.json.decode(raw, type=TheirKeyPerson)
        context = RecordContext(record_id="rec_1", raw_digest="d" * 64)
        return map_key_person(theirs, context, reader or FieldReader(PSN, "rec_1"))

    return make


def test_a_measure_against_a_person_in_our_words(
    person_of: Callable[..., KeyPersonRecord],
) -> None:
    """PERSONAL, whatever the feed says of it; it ends five years after the act (L03)."""
    ours = person_of(subject_kind="1", open_level="1", keep_end_date=None)

    assert (ours.person, ours.positions) == ("张示例", (KeyPosition.LEGAL_REP,))
    assert (ours.measure, ours.measure_text) == (PersonMeasure.EXIT_RESTRICTION, "限制出境")
    assert (ours.data_class, ours.data_level, ours.pfi_class) == (DataClass.PERSONAL, 4, "C3")
    assert (ours.decided, ours.ends) == (date(2026, 3, 1), None)
    assert ours.retention_end == datetime(2031, 2, 28, 16, tzinfo=UTC)
    assert ours.lifecycle is Lifecycle.ACTIVE


def test_a_new_word_for_a_measure_is_other(person_of: Callable[..., KeyPersonRecord]) -> None:
    """Kept as the source has it, and noted."""
    reader = FieldReader(PSN, "rec_1")

    ours = person_of(reader=reader, measure_name="约谈", positions=["2"])

    assert (ours.measure, ours.measure_text) == (PersonMeasure.OTHER, "约谈")
    assert ours.positions == (KeyPosition.CONTROLLER,)
    assert [(note.code, note.field) for note in reader.notes] == [
        (QualityCode.UNKNOWN_CODE, "measure")
    ]


@pytest.mark.parametrize("member", ["id_number", "address", "income", "religion"])
def test_l10_nothing_else_of_a_person_is_read(
    person_of: Callable[..., KeyPersonRecord], member: str
) -> None:
    """Another member drifts the section: it becomes UNKNOWN, and is not looked at."""
    with pytest.raises(msgspec.ValidationError):
        person_of(**{member: "x"})


def test_persons_are_a_section_like_any_other(raw_sections: RawSections) -> None:
    """Found, and mapped in the section that was asked."""
    mapped = map_sections(
        raw_sections("answer_persons"),
        frozenset({REG, PSN}),
        MappingContext(platform="provincial", record_key=bytes(32)),
    )

    (record,) = records_of(mapped.sections[PSN])
    assert isinstance(record, KeyPersonRecord)
    assert mapped.drifted == ()
