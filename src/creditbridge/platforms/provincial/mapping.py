"""The provincial platform's words, mapped to our sections. Pure.

A section that does not have the agreed shape is UNKNOWN, alone; a section that was asked and is
not there is UNKNOWN too. Only NO_RECORD becomes NONE.
"""

import hashlib
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypeAlias

import msgspec

from creditbridge.platforms.model import AnswerUnreadable, SubjectAnswer
from creditbridge.platforms.provincial.head import RecordContext
from creditbridge.platforms.provincial.records import (
    map_evaluation,
    map_listing,
    map_penalty,
    map_registration,
)
from creditbridge.platforms.provincial.schema import (
    TheirEvaluation,
    TheirFailed,
    TheirFound,
    TheirListing,
    TheirNoRecord,
    TheirPenalty,
    TheirRegistration,
    TheirSection,
    TheirSubject,
)
from creditbridge.platforms.rules import FieldReader
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

MapRecord: TypeAlias = Callable[[msgspec.Raw, RecordContext, FieldReader], Record]

# The whole body has passed the guard of `strict_json` by now; only shapes are left to check.
MAPPERS: Mapping[SectionCode, MapRecord] = MappingProxyType(
    {
        SectionCode.REG: lambda raw, context, reader: map_registration(
            msgspec.json.decode(raw, type=TheirRegistration), context, reader
        ),
        SectionCode.PEN: lambda raw, context, reader: map_penalty(
            msgspec.json.decode(raw, type=TheirPenalty), context, reader
        ),
        SectionCode.LST: lambda raw, context, reader: map_listing(
            msgspec.json.decode(raw, type=TheirListing), context, reader
        ),
        SectionCode.EVA: lambda raw, context, reader: map_evaluation(
            msgspec.json.decode(raw, type=TheirEvaluation), context, reader
        ),
    }
)
SECTIONS = frozenset(MAPPERS)


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


def _map_section(
    code: SectionCode, raw: msgspec.Raw, context: MappingContext
) -> tuple[SourceSection | None, list[QualityNote]]:
    sources = (context.platform,)
    theirs: TheirSection = msgspec.json.decode(raw, type=TheirSection)
    if isinstance(theirs, TheirFound):
        records, notes = _map_records(code, theirs, context)
        return PresentSection(records=records, as_of=theirs.as_of, sources=sources), notes
    if isinstance(theirs, TheirNoRecord):
        return NoneSection(as_of=theirs.as_of, sources=sources), []
    if isinstance(theirs, TheirFailed):
        error_class = ErrorClass(theirs.code)
        return UnknownSection(error_class=error_class, last_good_at=theirs.last_good_at), []
    return None, []


def _map_records(
    code: SectionCode, found: TheirFound, context: MappingContext
) -> tuple[tuple[Record, ...], list[QualityNote]]:
    records: list[Record] = []
    notes: list[QualityNote] = []
    for raw in found.records:
        number = msgspec.json.decode(raw, type=RecordNumber).record_no
        record_id = name_record(
            context.record_key, platform=context.platform, source_record_id=f"{code}/{number}"
        )
        reader = FieldReader(code, record_id)
        digest = hashlib.sha256(bytes(raw)).hexdigest()
        record_context = RecordContext(record_id=record_id, raw_digest=digest)
        records.append(MAPPERS[code](raw, record_context, reader))
        notes += reader.notes
    return tuple(records), notes


class RecordNumber(msgspec.Struct, frozen=True, kw_only=True):
    """The one member that is read before the rest of a record."""

    record_no: str
