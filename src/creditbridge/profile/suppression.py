"""What the law withholds from a bank, and what of a section is left when it is withheld.

Pure: the clock is an argument. A withheld record leaves no trace: not in a list, not in a count,
not in a flag, not in the quality notes. A section whose every record is withheld is NONE.
"""

from collections.abc import Container, Mapping, Sequence
from datetime import datetime, timedelta

from msgspec.structs import replace

from creditbridge.profile.codes import (
    Confidence,
    DataClass,
    Disclosure,
    DisputeState,
    ErrorClass,
    Finality,
    InfoClass,
    Lifecycle,
    OmissionReason,
    QualityCode,
    SectionCode,
)
from creditbridge.profile.dates import day_of
from creditbridge.profile.model import (
    Extent,
    Merged,
    NoneSection,
    Omission,
    PresentSection,
    QualityNote,
    Section,
    Served,
    StaleSection,
    Unconfirmed,
    UnknownSection,
    records_of,
)
from creditbridge.profile.policy import DEFAULT_POLICY, Policy
from creditbridge.profile.record import RecordBase, is_disputed
from creditbridge.profile.section import SectionDefinition
from creditbridge.profile.sections import DEFINITIONS, RECORD_TYPES, Record

FINAL_OR_NOT_APPEALABLE = (None, Finality.FINAL)


def suppress(
    merged: Merged, *, extent: Extent, now: datetime, policy: Policy = DEFAULT_POLICY
) -> Served:
    """Return what the bank may see of the sections that it asked for and the consent covers."""
    sections: dict[SectionCode, Section] = {}
    omitted: list[Omission] = []
    unconfirmed: list[Unconfirmed] = []
    for code in sorted(extent.asked):
        reason = _find_omission(code, merged, extent, policy)
        if reason is not None:
            omitted.append(Omission(code=code, reason=reason))
            continue
        sections[code], by_name = _serve(DEFINITIONS[code], merged, extent, now, policy)
        unconfirmed += [Unconfirmed(section=code, record=record) for record in by_name]
    return Served(
        sections=sections,
        omitted=tuple(omitted),
        unconfirmed=tuple(unconfirmed),
        quality=_keep_notes(merged, sections, unconfirmed),
        sources=merged.sources,
    )


def is_withheld(record: RecordBase, *, now: datetime, policy: Policy) -> bool:
    """Tell whether the law keeps a record from banks, whatever its section.

    In the order of the house's rules: how far it may go (ZJ 15), whether it ended (APL 48, ZJ 32),
    until when it may be shown (ZJ 16), whether it is contested. Whom it is about (ZJ 19) is asked
    by its section's `mask`.
    """
    return (
        _is_beyond_banks(record)
        or _has_ended(record, now)
        or _is_hidden_by_dispute(record)
        or (policy.hides_not_final and record.finality not in FINAL_OR_NOT_APPEALABLE)
    )


def _is_beyond_banks(record: RecordBase) -> bool:
    # A source may mark the record, or the whole class that it belongs to: either mark holds.
    return record.disclosure is Disclosure.GOV_ONLY or record.data_class is DataClass.GOV_ONLY


def _has_ended(record: RecordBase, now: datetime) -> bool:
    return (
        record.lifecycle is not Lifecycle.ACTIVE
        or record.finality is Finality.REVOKED
        or _is_over(record.publicity_end, now)
        or _is_over(record.retention_end, now)
    )


def _is_hidden_by_dispute(record: RecordBase) -> bool:
    if record.dispute is None:
        return False
    # An objection alone hides nothing, or every debtor would object: its source must suspend.
    is_suspended = record.dispute.suspends and is_disputed(record)
    return is_suspended or record.dispute.state is DisputeState.UPHELD


def _find_omission(
    code: SectionCode, merged: Merged, extent: Extent, policy: Policy
) -> OmissionReason | None:
    # First of all reasons: what the enterprise did not allow is not even said to exist or not.
    if code not in extent.covered:
        return OmissionReason.NOT_CONSENTED
    if code in policy.withheld_sections:
        return OmissionReason.SUPPRESSED_BY_LAW
    definition = DEFINITIONS.get(code)
    if definition is None or code not in merged.sections:
        return OmissionReason.NOT_AVAILABLE
    # Last, so that "not applicable" is said of a section that somebody could have served.
    if definition.applies_to is not None and extent.category not in definition.applies_to:
        return OmissionReason.NOT_APPLICABLE
    return None


def _serve(
    definition: SectionDefinition, merged: Merged, extent: Extent, now: datetime, policy: Policy
) -> tuple[Section, list[Record]]:
    """Return a section as a bank may see it, and its records that match by name alone."""
    section = merged.sections[definition.code]
    if isinstance(section, UnknownSection):
        return section, []
    if definition.is_adverse and _is_copy_too_old(section.sources, merged, now, policy):
        # What was revoked since must not be shown from an old copy (APL 48).
        return UnknownSection(error_class=ErrorClass.COPY_TOO_OLD, last_good_at=section.as_of), []
    # A class that nobody consented to is withheld like what the law withholds: without a trace.
    # The enterprise's word never opens PERSONAL: of that class, `mask` asks each person's own.
    classes = extent.classes | {DataClass.PERSONAL}
    open_records = [each for each in records_of(section) if each.data_class in classes]
    shown = _show(definition, open_records, extent, now, policy)
    sure = tuple(each for each in shown if each.match.confidence is not Confidence.LOW)
    # A namesake's record must not be counted against this enterprise: it stands apart.
    by_name = [each for each in shown if each.match.confidence is Confidence.LOW]
    if not sure and definition.code in merged.failed:
        # Another source failed: what is left is not "no record", and must not look so.
        return merged.failed[definition.code], by_name
    return _status_of(definition, section, sure, now), by_name


def _status_of(
    definition: SectionDefinition,
    section: PresentSection | NoneSection,
    records: tuple[Record, ...],
    now: datetime,
) -> Section:
    age = now - section.as_of
    # Before NONE: an old "no record" is "none as of then", and never CLEAR (law 5).
    if age > definition.age_max:
        return StaleSection(
            records=records or None,
            as_of=section.as_of,
            age_seconds=int(age.total_seconds()),
            sources=section.sources,
        )
    if not records:
        return NoneSection(as_of=section.as_of, sources=section.sources)
    return PresentSection(records=records, as_of=section.as_of, sources=section.sources)


def _show(
    definition: SectionDefinition,
    records: Sequence[Record],
    extent: Extent,
    now: datetime,
    policy: Policy,
) -> list[Record]:
    """Return the records that may be seen, each as its section shows it, persons masked."""
    masked = (
        definition.mask(record, extent.persons)
        for record in records
        if not is_withheld(record, now=now, policy=policy)
    )
    today = day_of(now)
    shown = (definition.show(record, today, policy) for record in masked if record is not None)
    return [_as_basic_unless_final(each) for each in shown if isinstance(each, RECORD_TYPES)]


def _as_basic_unless_final(record: Record) -> Record:
    # Only what is final is adverse (ZJ 11); the rest is shown as BASIC with its finality.
    if record.finality in FINAL_OR_NOT_APPEALABLE or record.info_class is not InfoClass.ADVERSE:
        return record
    return replace(record, info_class=InfoClass.BASIC)


def _is_copy_too_old(
    platforms: Sequence[str], merged: Merged, now: datetime, policy: Policy
) -> bool:
    limit = timedelta(seconds=policy.copy_age_seconds_max)
    return any(
        now - source.answered_at > limit
        for source in merged.sources
        if source.platform in platforms
    )


def _keep_notes(
    merged: Merged, sections: Mapping[SectionCode, Section], unconfirmed: Sequence[Unconfirmed]
) -> tuple[QualityNote, ...]:
    """Return the notes on what is served, and a note for each section that a source owes to."""
    seen = {record.record_id for section in sections.values() for record in records_of(section)}
    seen |= {each.record.record_id for each in unconfirmed}
    # A note on a withheld record would tell that there is one.
    kept = [note for note in merged.notes if _is_shown(note, sections, seen)]
    partial = [
        QualityNote(code=QualityCode.PARTIAL, section=code)
        for code in sorted(merged.failed)
        if code in sections and not isinstance(sections[code], UnknownSection)
    ]
    return (*kept, *partial)


def _is_shown(note: QualityNote, sections: Container[SectionCode], seen: Container[str]) -> bool:
    return (note.section is None or note.section in sections) and (
        note.record_id is None or note.record_id in seen
    )


def _is_over(end: datetime | None, now: datetime) -> bool:
    # At the very instant it is over: the first one that may no longer be shown.
    return end is not None and now >= end
