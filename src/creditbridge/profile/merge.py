"""Several platforms' answers become one: any PRESENT wins, then any UNKNOWN, then NONE.

One decision that two feeds hold is one record. The copy that is no longer in force wins, because
a removal that only one platform knows of is still a removal; but a copy in force that began after
the other had ended was decided anew, and stays (SPC 6, 7).
"""

from collections.abc import Sequence
from itertools import chain

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
        parts = _parts_of(code, answers)
        if not parts:
            continue
        unknown = _first_unknown(parts)
        sections[code], conflicts = _merge_parts(definition, parts, unknown)
        notes += conflicts
        if unknown is not None and isinstance(sections[code], PresentSection):
            # Records of one source do not speak for another: suppression may leave none of them.
            failed[code] = unknown
    return Merged(
        sections=sections,
        failed=failed,
        notes=tuple(notes),
        sources=tuple(each.source for each in answers if each.source is not None),
    )


def _parts_of(code: SectionCode, answers: Sequence[SourceAnswer]) -> list[SourceSection]:
    return [answer.sections[code] for answer in answers if code in answer.sections]


def _first_unknown(parts: Sequence[SourceSection]) -> UnknownSection | None:
    return next((part for part in parts if isinstance(part, UnknownSection)), None)


def _merge_parts(
    definition: SectionDefinition,
    parts: Sequence[SourceSection],
    unknown: UnknownSection | None,
) -> tuple[SourceSection, list[QualityNote]]:
    answered = [part for part in parts if not isinstance(part, UnknownSection)]
    present = [part for part in answered if isinstance(part, PresentSection)]
    if unknown is not None and not present:
        # "No record" from one source and silence from another is not NONE (law 5).
        return unknown, []
    # The oldest part dates the whole: a fresh source must not hide how old the other one is.
    as_of = min(part.as_of for part in answered)
    sources = tuple(chain.from_iterable(part.sources for part in answered))
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
        # Where a feed has an entry twice, the one that stands is the one to compare with.
        places = sorted(range(len(kept)), key=lambda place: is_in_force(kept[place]))
        earlier = {definition.identify(kept[place]): place for place in places}
        for record in part.records:
            identity = definition.identify(record)
            place = None if identity is None else earlier.get(identity)
            if place is None:
                kept.append(record)
            elif _contradicts(definition, kept[place], record):
                # Nobody here can know which source is right, so a bank sees both, marked.
                conflicts += [_conflict(definition.code, each) for each in (kept[place], record)]
                kept.append(record)
            else:
                kept[place] = _ended_or_first(definition, kept[place], record)
    return _settle(definition, kept), conflicts


def _contradicts(definition: SectionDefinition, one: Record, other: Record) -> bool:
    return is_in_force(one) and is_in_force(other) and not definition.agree(one, other)


def _ended_or_first(definition: SectionDefinition, one: Record, other: Record) -> Record:
    if is_in_force(one) == is_in_force(other):
        return one
    lasting, ended = (one, other) if is_in_force(one) else (other, one)
    is_anew = definition.outlives is not None and definition.outlives(lasting, ended)
    return lasting if is_anew else ended


def _settle(definition: SectionDefinition, records: Sequence[Record]) -> tuple[Record, ...]:
    """Return the records but for inclusions that a removal in any row of the feeds outdates."""
    outlives = definition.outlives
    if outlives is None:
        return tuple(records)
    ended = [(definition.identify(each), each) for each in records if not is_in_force(each)]
    kept: list[Record] = []
    for record in records:
        identity = definition.identify(record)
        ends = [each for its, each in ended if identity is not None and its == identity]
        if not is_in_force(record) or all(outlives(record, each) for each in ends):
            kept.append(record)
    return tuple(kept)


def is_in_force(record: RecordBase) -> bool:
    """Tell whether nothing has ended the record at its source."""
    return record.lifecycle is Lifecycle.ACTIVE and record.finality is not Finality.REVOKED


def _conflict(section: SectionCode, record: RecordBase) -> QualityNote:
    return QualityNote(
        code=QualityCode.SOURCE_CONFLICT, section=section, record_id=record.record_id
    )
