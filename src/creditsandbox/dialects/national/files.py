"""What the platform answers about one enterprise: summaries of its sections, and their records.

The sources deliver every six hours; between two deliveries the bytes do not change, so they are
made once and kept.
"""

from datetime import datetime, timedelta
from functools import lru_cache

import msgspec

from creditsandbox.dialects.national.messages import Section
from creditsandbox.dialects.national.records import (
    Record,
    write_evaluation,
    write_listing,
    write_penalty,
    write_registration,
)
from creditsandbox.dialects.provincial.sections import delivered_at
from creditsandbox.dialects.provincial.words import write_instant
from creditsandbox.province.evaluation import evaluate
from creditsandbox.province.fixed import Outcome, find_outcome
from creditsandbox.province.model import Enterprise
from creditsandbox.province.population import Province
from creditsandbox.province.tables import CHINA

__all__ = ["WireFile", "delivered_at", "find_file"]

FILES_CACHED_MAX = 2_000
_ENCODER = msgspec.json.Encoder()


class WireFile(msgspec.Struct, frozen=True, kw_only=True):
    """An enterprise as the platform answers about it: JSON, ready to be joined."""

    uscc: str
    subject: msgspec.Raw
    summaries: dict[Section, msgspec.Raw]
    records: dict[Section, tuple[msgspec.Raw, ...]]


@lru_cache(maxsize=FILES_CACHED_MAX)
def find_file(province: Province, uscc: str, as_of: datetime) -> WireFile | None:
    """Return what is on file as of a delivery; None where the platform knows nobody."""
    enterprise = province.find_enterprise(uscc, on=as_of.astimezone(CHINA).date())
    if enterprise is None:
        return None
    former = list(enterprise.registration.former_names)
    records = write_records(enterprise, as_of=as_of)
    summaries = {code: _summarise(each, as_of) for code, each in records.items()}
    # A section that failed beside one that holds nothing: the two must never look alike.
    if find_outcome(uscc) is Outcome.SECTION_FAILED:
        last_good_at = write_instant(as_of - timedelta(days=1))
        records[Section.PENALTIES] = []
        summaries[Section.PENALTIES] = {
            "status": "ERROR",
            "code": "SOURCE_TIMEOUT",
            "lastGoodAt": last_good_at,
        }
    return WireFile(
        uscc=uscc,
        subject=_raw({"tyshxydm": uscc, "mc": enterprise.entity.name, "cym": former}),
        summaries={code: _raw(each) for code, each in summaries.items()},
        records={code: tuple(map(_raw, each)) for code, each in records.items()},
    )


def write_records(enterprise: Enterprise, *, as_of: datetime) -> dict[Section, list[Record]]:
    """Return the records of each section."""
    made = evaluate(enterprise, on=as_of.astimezone(CHINA).date())
    city = enterprise.entity.city
    return {
        Section.REGISTRATION: [write_registration(enterprise, as_of=as_of)],
        Section.PENALTIES: [write_penalty(each, as_of=as_of) for each in enterprise.penalties],
        Section.LISTS: [write_listing(each, as_of=as_of) for each in enterprise.listings],
        Section.EVALUATION: (
            [] if made is None else [write_evaluation(made, city=city, as_of=as_of)]
        ),
    }


def _summarise(records: list[Record], as_of: datetime) -> Record:
    if not records:
        return {"status": "NO_RECORD", "asOf": write_instant(as_of)}
    return {"status": "FOUND", "asOf": write_instant(as_of), "count": len(records)}


def _raw(value: Record) -> msgspec.Raw:
    return msgspec.Raw(_ENCODER.encode(value))
