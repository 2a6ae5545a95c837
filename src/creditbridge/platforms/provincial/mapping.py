"""The provincial platform's words, mapped to our sections. Pure.

A section that does not have the agreed shape is UNKNOWN, alone; a section that was asked and is
not there is UNKNOWN too. Only NO_RECORD becomes NONE.
"""

from collections.abc import Mapping

import msgspec

from creditbridge.platforms.model import AnswerUnreadable, NamedRepresentative, SubjectAnswer
from creditbridge.platforms.provincial.readers import READERS
from creditbridge.platforms.provincial.schema import (
    TheirFailed,
    TheirFound,
    TheirNoRecord,
    TheirRegistration,
    TheirSection,
    TheirSubject,
)
from creditbridge.platforms.rules import EMPTY_TEXTS, FieldReader
from creditbridge.profile.codes import ErrorClass, QualityCode, SectionCode
from creditbridge.profile.model import (
    NoneSection,
    PresentSection,
    QualityNote,
    SourceSection,
    UnknownSection,
)
from creditbridge.profile.record import name_record
from creditbridge.profile.sections import Record
from creditbridge.protocols.uscc import parse_uscc

SECTIONS = frozenset(READERS)
_REGISTRATION_DECODER = msgspec.json.Decoder(TheirRegistration)
# Made once: for a union of types that takes longer than the reading.
_SECTION_DECODER = msgspec.json.Decoder[TheirSection](TheirSection)


class MappingContext(msgspec.Struct, frozen=True, kw_only=True):
    """Whose answer it is, and the key under which records get their ids."""

    platform: str
    record_key: bytes


class Mapped(msgspec.Struct, frozen=True, kw_only=True):
    """The sections in our words. `drifted` names those that no longer have the agreed shape."""

    sections: Mapping[SectionCode, SourceSection]
    notes: tuple[QualityNote, ...]
    drifted: tuple[SectionCode, ...]


def map_sections(
    theirs: Mapping[str, msgspec.Raw], asked: frozenset[SectionCode], context: MappingContext
) -> Mapped:
    """Return exactly the sections asked for; what came beyond them is not looked at.

    A section that the platform does not supply is left out: it is omitted, not unknown.
    """
    sections: dict[SectionCode, SourceSection] = {}
    notes: list[QualityNote] = []
    drifted: list[SectionCode] = []
    for code in sorted(asked):
        raw = theirs.get(code)
        if raw is None:
            sections[code] = UnknownSection(error_class=ErrorClass.SECTION_MISSING)
            continue
        try:
            section, found = _map_section(code, raw, context)
        except msgspec.ValidationError:
            sections[code] = UnknownSection(error_class=ErrorClass.SCHEMA_DRIFT)
            drifted.append(code)
            continue
        notes += found
        if section is not None:
            sections[code] = section
    return Mapped(sections=sections, notes=tuple(notes), drifted=tuple(drifted))


def map_subject(raw: msgspec.Raw, *, uscc: str) -> tuple[SubjectAnswer, tuple[QualityNote, ...]]:
    """Return the enterprise as the platform names it, and what is odd about its code.

    Raises:
        AnswerUnreadable: not the agreed shape.
    """
    try:
        theirs = msgspec.json.decode(raw, type=TheirSubject)
    except msgspec.ValidationError as error:
        raise AnswerUnreadable(detail=f"subject: {error}") from error
    parsed = parse_uscc(uscc)
    subject = SubjectAnswer(
        name=theirs.name,
        uscc=theirs.uscc,
        category=parsed.category,
        former_names=theirs.former_names,
    )
    # The one warning that a code can carry: legacy codes were issued with a wrong inner check.
    odd = (QualityNote(code=QualityCode.INNER_CHECK_DIGIT),) if parsed.warnings else ()
    return subject, odd


def map_representative(theirs: Mapping[str, msgspec.Raw]) -> NamedRepresentative | None:
    """Return whom the one registration names as the legal representative, as the source spells it.

    None where it is not told, or stands in a section that has another shape.
    """
    raw = theirs.get(SectionCode.REG)
    try:
        section = None if raw is None else _SECTION_DECODER.decode(raw)
        if not isinstance(section, TheirFound) or len(section.records) != 1:
            return None
        registration = _REGISTRATION_DECODER.decode(section.records[0])
    except msgspec.ValidationError:
        return None
    name = (registration.legal_rep or "").strip()
    # A name that the source masked is told on: what it shows may still be surely another's.
    if name in EMPTY_TEXTS:
        return None
    since = FieldReader(SectionCode.REG, "").day("approved", registration.approved_date)
    return NamedRepresentative(name=name, as_of=section.as_of, since=since)


def _map_section(
    code: SectionCode, raw: msgspec.Raw, context: MappingContext
) -> tuple[SourceSection | None, list[QualityNote]]:
    sources = (context.platform,)
    theirs = _SECTION_DECODER.decode(raw)
    if isinstance(theirs, TheirFound):
        records, notes = _map_records(code, theirs, context)
        return PresentSection(records=records, as_of=theirs.as_of, sources=sources), notes
    if isinstance(theirs, TheirNoRecord):
        return NoneSection(as_of=theirs.as_of, sources=sources), []
    if isinstance(theirs, TheirFailed):
        error_class = ErrorClass(theirs.code)
        return UnknownSection(error_class=error_class, last_good_at=theirs.last_good_at), []
    return None, []


def record_id_of(code: SectionCode, record_no: str, context: MappingContext) -> str:
    """Return our id of a record that the platform keeps under a number in a section."""
    return name_record(
        context.record_key, platform=context.platform, source_record_id=f"{code}/{record_no}"
    )


def _map_records(
    code: SectionCode, found: TheirFound, context: MappingContext
) -> tuple[tuple[Record, ...], list[QualityNote]]:
    records: list[Record] = []
    notes: list[QualityNote] = []
    for raw in found.records:
        record, noted = READERS[code](raw, lambda number: record_id_of(code, number, context))
        records.append(record)
        notes += noted
    return tuple(records), notes
