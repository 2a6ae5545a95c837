"""Sections: FOUND, NO_RECORD, NOT_AVAILABLE, ERROR, and those that drifted."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from hashlib import sha256

import msgspec
import pytest

from creditbridge.platforms.model import AnswerUnreadable, NamedRepresentative, SubjectAnswer
from creditbridge.platforms.provincial.mapping import (
    SECTIONS,
    MappingContext,
    map_representative,
    map_sections,
    map_subject,
)
from creditbridge.profile.codes import ErrorClass, QualityCode, SectionCode
from creditbridge.profile.model import (
    NoneSection,
    PresentSection,
    QualityNote,
    UnknownSection,
    records_of,
)
from creditbridge.profile.record import name_record
from creditbridge.protocols.uscc import EntityCategory

KEY = b"r" * 32
CONTEXT = MappingContext(platform="provincial", record_key=KEY)
AS_OF = datetime(2026, 11, 20, 16, tzinfo=UTC)
REG, PEN, LST, EVA = SectionCode.REG, SectionCode.PEN, SectionCode.LST, SectionCode.EVA
JUD, TAX, PSN = SectionCode.JUD, SectionCode.TAX, SectionCode.PSN
RawSections = Callable[[str], dict[str, msgspec.Raw]]


def raw_of(value: object) -> msgspec.Raw:
    """A value as it would stand in a body."""
    return msgspec.Raw(json.dumps(value).encode())


def test_everything_found(raw_sections: RawSections) -> None:
    """One record of each kind, of which JUD has two and TAX four."""
    mapped = map_sections(raw_sections("answer_found"), SECTIONS - {PSN}, CONTEXT)

    assert set(mapped.sections) == SECTIONS - {PSN}
    assert mapped.drifted == ()
    for code, section in mapped.sections.items():
        assert isinstance(section, PresentSection)
        assert (section.as_of, section.sources) == (AS_OF, ("provincial",))
        assert len(section.records) == {JUD: 2, TAX: 4}.get(code, 1)


def test_a_record_is_named_and_digested_by_its_source(raw_sections: RawSections) -> None:
    """The id by key, platform, section and number; the digest by the bytes as they came."""
    raw = raw_sections("answer_found")
    records = json.loads(bytes(raw["PEN"]))["records"]
    section = raw_of({"status": "FOUND", "as_of": "2026-11-20T16:00:00Z", "records": records})

    mapped = map_sections({"PEN": section}, frozenset({PEN}), CONTEXT)

    (record,) = records_of(mapped.sections[PEN])
    assert record.record_id == name_record(
        KEY, platform="provincial", source_record_id="PEN/PEN-7788"
    )
    assert record.raw_digest == sha256(json.dumps(records[0]).encode()).hexdigest()


def test_no_record_is_none_and_a_failure_is_unknown(raw_sections: RawSections) -> None:
    """And what the platform does not supply is left out."""
    mapped = map_sections(raw_sections("answer_source_failed"), SECTIONS, CONTEXT)

    assert mapped.sections[LST] == NoneSection(as_of=AS_OF, sources=("provincial",))
    assert mapped.sections[PEN] == UnknownSection(
        error_class=ErrorClass.SOURCE_TIMEOUT, last_good_at=AS_OF
    )
    assert EVA not in mapped.sections


def test_a_section_that_was_asked_and_is_not_there_is_unknown() -> None:
    """Missing is not "no record"."""
    mapped = map_sections({}, frozenset({PEN}), CONTEXT)

    assert mapped.sections == {PEN: UnknownSection(error_class=ErrorClass.SECTION_MISSING)}


def test_what_was_not_asked_is_not_looked_at(raw_sections: RawSections) -> None:
    """Not even where it is malformed."""
    raw = {**raw_sections("answer_found"), "LST": raw_of(1), "TAX": raw_of([])}

    mapped = map_sections(raw, frozenset({REG}), CONTEXT)

    assert set(mapped.sections) == {REG}
    assert mapped.drifted == ()


@pytest.mark.parametrize(
    "section",
    [
        pytest.param(1, id="no-object"),
        pytest.param({"status": "MAYBE"}, id="new-status"),
        pytest.param({"status": "NO_RECORD"}, id="no-as-of"),
        pytest.param({"status": "NO_RECORD", "as_of": "2026-11-20T16:00:00"}, id="no-time-zone"),
        pytest.param(
            {"status": "FOUND", "as_of": "2026-11-20T16:00:00Z", "records": []}, id="found-nothing"
        ),
        pytest.param(
            {"status": "FOUND", "as_of": "2026-11-20T16:00:00Z", "records": [{}]}, id="no-record"
        ),
        pytest.param({"status": "ERROR", "code": "NEW", "last_good_at": None}, id="new-error"),
        pytest.param({"status": "NOT_AVAILABLE", "why": "x"}, id="new-member"),
    ],
)
def test_a_section_of_another_shape_is_unknown_alone(
    raw_sections: RawSections, section: object
) -> None:
    """The others are served; the drift is told."""
    raw = {**raw_sections("answer_found"), "PEN": raw_of(section)}

    mapped = map_sections(raw, SECTIONS, CONTEXT)

    assert mapped.drifted == (PEN,)
    assert mapped.sections[PEN] == UnknownSection(error_class=ErrorClass.SCHEMA_DRIFT)
    assert isinstance(mapped.sections[REG], PresentSection)
    assert {note.section for note in mapped.notes} <= SECTIONS - {PEN}


def test_one_record_of_another_shape_spoils_its_section(
    raw_sections: RawSections, example: Callable[[str], dict[str, object]]
) -> None:
    """A list that lacks one record would be a wrong list."""
    records = [example("PEN"), {**example("PEN"), "open_level": "9"}]
    found = {"status": "FOUND", "as_of": "2026-11-20T16:00:00Z", "records": records}

    mapped = map_sections({**raw_sections("answer_found"), "PEN": raw_of(found)}, SECTIONS, CONTEXT)

    assert mapped.sections[PEN] == UnknownSection(error_class=ErrorClass.SCHEMA_DRIFT)
    assert all(note.section is not PEN for note in mapped.notes)


def test_the_subject_in_our_words() -> None:
    """With the category that its code says."""
    raw = raw_of({"uscc": "91330100YY0000A13Y", "name": "甲", "former_names": ["乙"]})

    subject, notes = map_subject(raw, uscc="91330100YY0000A13Y")

    assert subject == SubjectAnswer(
        name="甲",
        uscc="91330100YY0000A13Y",
        category=EntityCategory.ENTERPRISE,
        former_names=("乙",),
    )
    assert notes == ()


def test_a_legacy_code_is_noted() -> None:
    """Right outer check, wrong inner one."""
    raw = raw_of({"uscc": "91330100YY0000A11Q", "name": "甲", "former_names": []})

    _, notes = map_subject(raw, uscc="91330100YY0000A11Q")

    assert notes == (QualityNote(code=QualityCode.INNER_CHECK_DIGIT),)


def test_a_subject_of_another_shape_cannot_be_read() -> None:
    """Without a name there is nobody to speak of."""
    with pytest.raises(AnswerUnreadable):
        map_subject(raw_of({"name": 1}), uscc="91330100YY0000A13Y")


def changed_registration(raw: dict[str, msgspec.Raw], **changed: object) -> dict[str, msgspec.Raw]:
    """The same answer with another registration."""
    section = json.loads(bytes(raw["REG"]))
    section["records"][0].update(changed)
    return {**raw, "REG": raw_of(section)}


def test_the_register_names_the_legal_representative(raw_sections: RawSections) -> None:
    """As the source spells it, a mask too, with the day of approval and of the source's data."""
    raw = raw_sections("answer_found")

    full = map_representative(
        changed_registration(raw, legal_rep=" 王示例 ", approved_date="2024-05-06")
    )
    masked = map_representative(changed_registration(raw, legal_rep="王**", approved_date=None))

    assert full == NamedRepresentative(name="王示例", as_of=AS_OF, since=date(2024, 5, 6))
    assert masked == NamedRepresentative(name="王**", as_of=AS_OF)


@pytest.mark.parametrize("name", [None, "", " 无 ", "-"])
def test_a_register_that_names_nobody_says_nothing(
    name: str | None, raw_sections: RawSections
) -> None:
    """Empty in any of the feeds' ways."""
    raw = changed_registration(raw_sections("answer_found"), legal_rep=name)

    assert map_representative(raw) is None


def test_a_section_without_one_registration_names_nobody(raw_sections: RawSections) -> None:
    """Not there, no record, two records, or drifted."""
    raw = raw_sections("answer_found")
    twice = json.loads(bytes(raw["REG"]))
    twice["records"] *= 2
    cases = [
        {},
        {"REG": raw_of({"status": "NO_RECORD", "as_of": "2026-11-20T16:00:00Z"})},
        {"REG": raw_of(twice)},
        {"REG": raw_of({"status": "FOUND"})},
        changed_registration(raw, legal_rep=7),
    ]

    assert [map_representative(one) for one in cases] == [None] * len(cases)
