"""What every record of every section carries: where it comes from, and how far it may go.

A record is a struct of its section on top of `RecordBase`. Stored nowhere; served, then forgotten.
"""

import hashlib
import hmac
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from datetime import date, datetime
from types import MappingProxyType

import msgspec

from creditbridge.profile.codes import (
    Confidence,
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

CONFIDENCE_OF: Mapping[MatchBy, Confidence] = MappingProxyType(
    {
        MatchBy.USCC: Confidence.EXACT,
        MatchBy.ORG_CODE: Confidence.HIGH,
        MatchBy.REG_NO: Confidence.MEDIUM,
        MatchBy.TAX_NO: Confidence.MEDIUM,
        MatchBy.NAME: Confidence.LOW,
    }
)


class RecordSource(msgspec.Struct, frozen=True, kw_only=True):
    """The department that answers for a record (ZJ 13)."""

    dept_name: str
    dept_uscc: str | None
    system: str
    source_record_id: str
    level: DepartmentLevel


class Dispute(msgspec.Struct, frozen=True, kw_only=True):
    """An objection to a record; `suspends` where the source hides the record meanwhile."""

    state: DisputeState
    opened_at: datetime | None
    due_at: datetime | None
    note: str | None
    suspends: bool


class Match(msgspec.Struct, frozen=True, kw_only=True):
    """How a record, or the subject, was matched to the enterprise that was asked about."""

    by: MatchBy
    confidence: Confidence


class RecordBase(msgspec.Struct, frozen=True, kw_only=True, tag_field="record_type"):
    """The fields of every record.

    `publicity_end` and `retention_end` are instants: the record is served while now is before
    both. `finality` is None where a decision cannot be appealed by its nature, as a registration.
    `data_level` is 1 to 5 (JR/T 0197-2020), `pfi_class` C1 to C3 (JR/T 0171-2020); `raw_digest`
    is SHA-256 of the source's own bytes, in hex.
    """

    record_id: str
    info_class: InfoClass
    data_class: DataClass
    disclosure: Disclosure
    catalogue_item: str
    catalogue_version: str
    source: RecordSource
    record_date: date | None
    published_at: datetime | None
    received_at: datetime | None
    source_updated_at: datetime | None
    valid_from: date | None
    valid_until: date | None
    publicity_end: datetime | None
    retention_end: datetime | None
    severity: Severity
    finality: Finality | None
    lifecycle: Lifecycle
    dispute: Dispute | None
    subject_statement: str | None
    key_area: tuple[str, ...]
    match: Match
    data_level: int
    pfi_class: str
    raw_digest: str


def match_by(by: MatchBy) -> Match:
    """Return a match with the confidence that its kind deserves."""
    return Match(by=by, confidence=CONFIDENCE_OF[by])


def name_record(key: bytes, *, platform: str, source_record_id: str) -> str:
    """Return the id under which banks know a record: `rec_` and 43 characters.

    HMAC-SHA-256 (RFC 2104) over platform and source id, so that nobody without the key can tell
    from an id which decision it stands for, and the same record keeps its id.
    """
    # A zero byte keeps ("ab", "c") and ("a", "bc") apart: a platform id holds none.
    message = platform.encode() + b"\0" + source_record_id.encode()
    digest = hmac.new(key, message, hashlib.sha256).digest()
    return "rec_" + urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


def is_disputed(record: RecordBase) -> bool:
    """Tell whether an objection to the record is open."""
    return record.dispute is not None and record.dispute.state is DisputeState.OPEN


def is_counted(record: RecordBase) -> bool:
    """Tell whether a record may raise a flag: in force, final, and surely this enterprise's."""
    return (
        record.lifecycle is Lifecycle.ACTIVE
        # None is a decision that nobody can appeal; UNKNOWN is not final, and does not count.
        and record.finality in (None, Finality.FINAL)
        and record.match.confidence is not Confidence.LOW
    )
