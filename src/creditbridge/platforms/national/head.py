"""What every record of the national platform carries, in our words. Pure."""

from datetime import date, datetime

import msgspec

from creditbridge.platforms.national.schema import TheirDispute, TheirRecord
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
DISCLOSURES = {"0": Disclosure.PUBLIC, "1": Disclosure.QUERY, "2": Disclosure.GOV_ONLY}
DATA_CLASSES = {"0": DataClass.PUBLIC, "1": DataClass.QUERY, "2": DataClass.GOV_ONLY}
DEPARTMENT_LEVELS = {
    "1": DepartmentLevel.NATIONAL,
    "2": DepartmentLevel.PROVINCE,
    "3": DepartmentLevel.CITY,
    "4": DepartmentLevel.COUNTY,
}
SEVERITIES = {"1": Severity.MINOR, "2": Severity.GENERAL, "3": Severity.SERIOUS}
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
# A natural person, and a sole proprietor, who is one (PIPL).
PERSONS = frozenset({"01", "04"})
# Level (JR/T 0197-2020) and class (JR/T 0171-2020) by how far a datum may go.
LEVELS = {
    DataClass.PUBLIC: (2, "C1"),
    DataClass.QUERY: (3, "C2"),
    DataClass.GOV_ONLY: (4, "C3"),
    DataClass.PERSONAL: (4, "C3"),
}


class RecordContext(msgspec.Struct, frozen=True, kw_only=True):
    """What a record is known by: our id of it, and the digest (SHA-256, hex) of its bytes."""

    record_id: str
    raw_digest: str


def map_head(theirs: TheirRecord, context: RecordContext, reader: FieldReader) -> RecordBase:
    """Return what every record carries."""
    data_class = DATA_CLASSES[theirs.gksx]
    # Whatever the feed's own level: natural persons consent for themselves (ZJ 19).
    if theirs.xdrlb in PERSONS:
        data_class = DataClass.PERSONAL
    level, pfi_class = LEVELS[data_class]
    return RecordBase(
        record_id=context.record_id,
        raw_digest=context.raw_digest,
        info_class=INFO_CLASSES[theirs.xxlb],
        data_class=data_class,
        data_level=level,
        pfi_class=pfi_class,
        disclosure=DISCLOSURES[theirs.gksx],
        catalogue_item=theirs.mlbm,
        catalogue_version=theirs.mlbb,
        source=RecordSource(
            dept_name=theirs.sjly,
            dept_uscc=theirs.sjlydm,
            system=theirs.sjlyxt,
            source_record_id=theirs.jlbh,
            level=DEPARTMENT_LEVELS[theirs.sjlyjb],
        ),
        record_date=reader.day("record_date", theirs.jlrq),
        published_at=_begin_of(reader.day("published_at", theirs.fbrq)),
        received_at=theirs.jssj,
        source_updated_at=theirs.gxsj,
        valid_from=reader.day("valid_from", theirs.yxqq),
        valid_until=reader.day("valid_until", theirs.yxqz),
        publicity_end=_begin_of(reader.day("publicity_end", theirs.gsjzq)),
        retention_end=_begin_of(reader.day("retention_end", theirs.bcjzq)),
        severity=SEVERITIES.get(theirs.yzcd or "", Severity.NA),
        finality=None if theirs.xlzt is None else FINALITIES[theirs.xlzt],
        lifecycle=LIFECYCLES[theirs.zt],
        dispute=_map_dispute(theirs.yy, reader),
        subject_statement=reader.text("subject_statement", theirs.ztsm),
        key_area=theirs.zdly,
        match=match_by(MatchBy(theirs.ppfs)),
    )


def _map_dispute(theirs: TheirDispute | None, reader: FieldReader) -> Dispute | None:
    if theirs is None:
        return None
    return Dispute(
        state=DisputeState(theirs.zt),
        opened_at=_begin_of(reader.day("dispute.opened_at", theirs.slrq)),
        due_at=_begin_of(reader.day("dispute.due_at", theirs.jzrq)),
        note=reader.text("dispute.note", theirs.sm),
        suspends=theirs.zzgk,
    )


def _begin_of(day: date | None) -> datetime | None:
    return None if day is None else begin_of(day)
