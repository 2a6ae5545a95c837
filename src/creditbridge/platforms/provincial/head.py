"""What every record of the provincial platform carries, in our words. Pure."""

from datetime import date, datetime

import msgspec
from msgspec.structs import replace

from creditbridge.platforms.provincial.schema import TheirDispute, TheirRecord
from creditbridge.platforms.rules import FieldReader
from creditbridge.profile.codes import (
    DataClass,
    DepartmentLevel,
    Disclosure,
    DisputeState,
    Finality,
    InfoClass,
    Lifecycle,
    MatchBy,
    Severity,
)
from creditbridge.profile.dates import begin_of
from creditbridge.profile.record import Dispute, RecordBase, RecordSource, match_by

INFO_CLASSES = {"1": InfoClass.BASIC, "2": InfoClass.ADVERSE, "3": InfoClass.TRUSTWORTHY}
DISCLOSURES = {"1": Disclosure.PUBLIC, "2": Disclosure.QUERY, "3": Disclosure.GOV_ONLY}
DATA_CLASSES = {"1": DataClass.PUBLIC, "2": DataClass.QUERY, "3": DataClass.GOV_ONLY}
SEVERITIES = {
    "0": Severity.NA,
    "1": Severity.MINOR,
    "2": Severity.GENERAL,
    "3": Severity.SERIOUS,
}
FINALITIES = {
    "1": Finality.FINAL,
    "2": Finality.APPEAL_OPEN,
    "3": Finality.UNDER_REVIEW,
    "9": Finality.REVOKED,
}
LIFECYCLES = {
    "1": Lifecycle.ACTIVE,
    "2": Lifecycle.REMOVED,
    "3": Lifecycle.EXPIRED,
    "4": Lifecycle.REPAIRED,
    "5": Lifecycle.WITHDRAWN,
}
NATURAL_PERSON = "2"
# Level (JR/T 0197-2020) and class (JR/T 0171-2020) by how far a datum may go.
LEVELS = {
    DataClass.PUBLIC: (2, "C1"),
    DataClass.QUERY: (3, "C2"),
    DataClass.COMMERCIAL: (3, "C2"),
    DataClass.GOV_ONLY: (4, "C3"),
    DataClass.PERSONAL: (4, "C3"),
}


class RecordContext(msgspec.Struct, frozen=True, kw_only=True):
    """What a record is known by: our id of it, and the digest (SHA-256, hex) of its bytes."""

    record_id: str
    raw_digest: str


def map_head(theirs: TheirRecord, context: RecordContext, reader: FieldReader) -> RecordBase:
    """Return what every record carries."""
    data_class = DATA_CLASSES[theirs.open_level]
    # Whatever the feed's own level: natural persons consent for themselves (ZJ 19).
    if theirs.subject_kind == NATURAL_PERSON:
        data_class = DataClass.PERSONAL
    level, pfi_class = LEVELS[data_class]
    return RecordBase(
        record_id=context.record_id,
        raw_digest=context.raw_digest,
        info_class=INFO_CLASSES[theirs.info_kind],
        data_class=data_class,
        data_level=level,
        pfi_class=pfi_class,
        disclosure=DISCLOSURES[theirs.open_level],
        catalogue_item=theirs.item_code,
        catalogue_version=theirs.catalogue_edition,
        source=RecordSource(
            dept_name=theirs.supplier.dept_name,
            dept_uscc=theirs.supplier.dept_uscc,
            system=theirs.supplier.system,
            source_record_id=theirs.record_no,
            level=DepartmentLevel(theirs.supplier.dept_level),
        ),
        record_date=reader.day("record_date", theirs.record_date),
        published_at=_begin_of(reader.day("published_at", theirs.public_date)),
        received_at=theirs.received_at,
        source_updated_at=theirs.updated_at,
        valid_from=reader.day("valid_from", theirs.valid_from),
        valid_until=reader.day("valid_until", theirs.valid_to),
        publicity_end=_begin_of(reader.day("publicity_end", theirs.public_end_date)),
        retention_end=_begin_of(reader.day("retention_end", theirs.keep_end_date)),
        # Not every section knows severity; the other codes are closed sets, and a new one is a
        # drift.
        severity=SEVERITIES.get(theirs.severity or "", Severity.NA),
        finality=None if theirs.finality is None else FINALITIES[theirs.finality],
        lifecycle=LIFECYCLES[theirs.state],
        dispute=_map_dispute(theirs.dispute, reader),
        subject_statement=reader.text("subject_statement", theirs.statement),
        key_area=theirs.key_areas,
        match=match_by(MatchBy(theirs.match.by)),
    )


def guard(head: RecordBase, data_class: DataClass) -> RecordBase:
    """Return what a record carries, of a closer class than the feed marks it with.

    What the feed keeps to the government, or what is a person's, stays so.
    """
    if head.data_class not in (DataClass.PUBLIC, DataClass.QUERY):
        return head
    level, pfi_class = LEVELS[data_class]
    return replace(
        head,
        data_class=data_class,
        data_level=level,
        pfi_class=pfi_class,
        disclosure=Disclosure.QUERY,
    )


def _map_dispute(theirs: TheirDispute | None, reader: FieldReader) -> Dispute | None:
    if theirs is None:
        return None
    return Dispute(
        state=DisputeState(theirs.state),
        opened_at=_begin_of(reader.day("dispute.opened_at", theirs.opened_on)),
        due_at=_begin_of(reader.day("dispute.due_at", theirs.due_on)),
        note=reader.text("dispute.note", theirs.note),
        suspends=theirs.hides,
    )


def _begin_of(day: date | None) -> datetime | None:
    return None if day is None else begin_of(day)
