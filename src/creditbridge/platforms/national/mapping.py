"""The national platform's words, mapped to our sections. Pure.

A section that does not have the agreed shape is UNKNOWN, alone. So is one that was asked and is not
there, and one whose records are not all there: a lost page never makes a shorter list. Only
NO_RECORD becomes NONE.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TypeAlias

import msgspec

from creditbridge.platforms.model import AnswerUnreadable, SubjectAnswer
from creditbridge.platforms.national.head import RecordContext
from creditbridge.platforms.national.records import (
    map_evaluation,
    map_listing,
    map_penalty,
    map_registration,
)
from creditbridge.platforms.national.schema import (
    TheirEvaluation,
    TheirFailed,
    TheirFound,
    TheirListing,
    TheirNoRecord,
    TheirPageRecord,
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

Theirs: TypeAlias = TheirRegistration | TheirPenalty | TheirListing | TheirEvaluation

# Every body has passed the guard of `strict_json` by now; only shapes are left to check.
READERS: Mapping[SectionCode, Callable[[msgspec.Raw], Theirs]] = MappingProxyType(
    {
        SectionCode.REG: msgspec.json.Decoder(TheirRegistration).decode,
        SectionCode.PEN: msgspec.json.Decoder(TheirPenalty).decode,
        SectionCode.LST: msgspec.json.Decoder(TheirListing).decode,
        SectionCode.EVA: msgspec.json.Decoder(TheirEvaluation).decode,
    }
)
SECTIONS = frozenset(READERS)
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
    theirs: Mapping[str, msgspec.Raw],
    records: Sequence[TheirPageRecord],
    asked: frozenset[SectionCode],
    context: MappingContext,
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
        own = [each.record for each in records if each.section == code]
        try:
            section, found = _map_section(code, raw, own, context)
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
        name=theirs.mc, uscc=theirs.tyshxydm, category=parsed.category, former_names=theirs.cym
    )
    # The one warning that a code can carry: legacy codes were issued with a wrong inner check.
    odd = (QualityNote(code=QualityCode.INNER_CHECK_DIGIT),) if parsed.warnings else ()
    return subject, odd


def record_id_of(code: SectionCode, record_no: str, context: MappingContext) -> str:
    """Return our id of a record that the platform keeps under a number in a section."""
    return name_record(
        context.record_key, platform=context.platform, source_record_id=f"{code}/{record_no}"
    )


def _map_section(
    code: SectionCode, raw: msgspec.Raw, own: Sequence[msgspec.Raw], context: MappingContext
) -> tuple[SourceSection | None, list[QualityNote]]:
    sources = (context.platform,)
    theirs = _SECTION_DECODER.decode(raw)
    if isinstance(theirs, TheirFound):
        # A record that is missing may be the one that matters (law 5 of the house).
        if len(own) != theirs.count:
            return UnknownSection(error_class=ErrorClass.SECTION_MISSING), []
        records, notes = _map_records(code, own, context)
        return PresentSection(records=records, as_of=theirs.as_of, sources=sources), notes
    if own:
        # Records of a section that should have none: which of the two is true is not ours to say.
        return UnknownSection(error_class=ErrorClass.SCHEMA_DRIFT), []
    if isinstance(theirs, TheirNoRecord):
        return NoneSection(as_of=theirs.as_of, sources=sources), []
    if isinstance(theirs, TheirFailed):
        error_class = ErrorClass(theirs.code)
        return UnknownSection(error_class=error_class, last_good_at=theirs.last_good_at), []
    return None, []


def _map_records(
    code: SectionCode, own: Sequence[msgspec.Raw], context: MappingContext
) -> tuple[tuple[Record, ...], list[QualityNote]]:
    records: list[Record] = []
    notes: list[QualityNote] = []
    for raw in own:
        theirs = READERS[code](raw)
        record_id = record_id_of(code, theirs.jlbh, context)
        reader = FieldReader(code, record_id)
        digest = hashlib.sha256(bytes(raw)).hexdigest()
        record_context = RecordContext(record_id=record_id, raw_digest=digest)
        records.append(_map_record(theirs, record_context, reader))
        notes += reader.notes
    return tuple(records), notes


def _map_record(theirs: Theirs, context: RecordContext, reader: FieldReader) -> Record:
    match theirs:
        case TheirRegistration():
            return map_registration(theirs, context, reader)
        case TheirPenalty():
            return map_penalty(theirs, context, reader)
        case TheirListing():
            return map_listing(theirs, context, reader)
        case TheirEvaluation():
            return map_evaluation(theirs, context, reader)
