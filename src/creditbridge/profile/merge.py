"""Several platforms' answers become one: any PRESENT wins, then any UNKNOWN, then NONE.

One decision that two feeds hold is one record. The copy that is no longer in force wins, because
a removal that only one platform knows of is still a removal.
"""

from collections.abc import Sequence

from creditbridge.profile.codes import Finality, Lifecycle, QualityCode, SectionCode
from creditbridge.profile.model import (
    Merged,
    NoneSection,
    PresentSection,
    QualityNote,
    SourceAnswer,
    SourceSection,
    UnknownSection,
)
from creditbridge.profile.record import RecordBase
from creditbridge.profile.section import SectionDefinition
from creditbridge.profile.sections import DEFINITIONS, Record


def merge(answers: Sequence[SourceAnswer]) -> Merged:
    """Return every section that any platform supplies, with its one status before suppression.

    Sections without a definition are dropped: nobody here knows how to withhold from them.
    """
    sections: dict[SectionCode, SourceSection] = {}
    failed: dict[SectionCode, UnknownSection] = {}
    notes = [note for answer in answers for note in answer.notes]
    for code, definition in DEFINITIONS.items():
        parts = [answer.sections[code] for answer in answers if code in answer.sections]
        if not parts:
            continue
        unknown = [part for part in parts if isinstance(part, UnknownSection)]
        sections[code], conflicts = _merge_parts(definition, parts, unknown)
        notes += conflicts
        if unknown and isinstance(sections[code], PresentSection):
            failed[code] = unknown[0]
    return Merged(
        sections=sections,
        failed=failed,
        notes=tuple(notes),
        sources=tuple(each.source for each in answers if each.source is not None),
    )


def _merge_parts(
    definition: SectionDefinition,
    parts: Sequence[SourceSection],
    unknown: Sequence[UnknownSection],
) -> tuple[SourceSection, list[QualityNote]]:
    answered = [part for part in parts if not isinstance(part, UnknownSection)]
    present = [part for part in answered if isinstance(part, PresentSection)]
    if unknown and not present:
        return unknown[0], []
    as_of = min(part.as_of for part in answered)
    sources = tuple(name for part in answered for name in part.sources)
    if not present:
        return NoneSection(as_of=as_of, sources=sources), []
    records, conflicts = _join(definition, present)
    return PresentSection(records=records, as_of=as_of, sources=sources), conflicts


def _join(
    definition: SectionDefinition, parts: Sequence[PresentSection]
) -> tuple[tuple[Record, ...], list[QualityNote]]:
    """Return the records of all parts, one per decision; both copies where they disagree."""
    kept: list[Record] = []
    conflicts: list[QualityNote] = []
    for part in parts:
        # Two rows of one feed are two records: only another feed's copy can be the same decision.
        earlier = {definition.identify(record): place for place, record in enumerate(kept)}
        for record in part.records:
            identity = definition.identify(record)
            place = None if identity is None else earlier.get(identity)
            if place is None:
                kept.append(record)
            elif not is_in_force(kept[place]) or not is_in_force(record):
                kept[place] = record if is_in_force(kept[place]) else kept[place]
            elif not definition.agree(kept[place], record):
                conflicts += [_conflict(definition.code, each) for each in (kept[place], record)]
                kept.append(record)
    return tuple(kept), conflicts


def is_in_force(record: RecordBase) -> bool:
    """Tell whether nothing has ended the record at its source."""
    return record.lifecycle is Lifecycle.ACTIVE and record.finality is not Finality.REVOKED


def _conflict(section: SectionCode, record: RecordBase) -> QualityNote:
    return QualityNote(
        code=QualityCode.SOURCE_CONFLICT, section=section, record_id=record.record_id
    )
