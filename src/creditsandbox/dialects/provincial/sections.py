"""What the platform answers about one enterprise: who it is, and each section as encoded bytes.

The sources deliver every six hours; between two deliveries the bytes do not change, so they are
made once and kept.
"""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache

import msgspec

from creditsandbox.dialects.provincial.records import (
    Record,
    write_evaluation,
    write_listing,
    write_penalty,
    write_registration,
)
from creditsandbox.dialects.provincial.words import CHINA, write_instant
from creditsandbox.province.evaluation import evaluate
from creditsandbox.province.fixed import Outcome, find_outcome
from creditsandbox.province.model import Enterprise
from creditsandbox.province.population import Province

DELIVERY_HOURS = 6  # Well below the 24 h at which the gateway calls a section stale.
FILES_CACHED_MAX = 12_000  # The default population and the fixed ones, some 5 kB each.
_ENCODER = msgspec.json.Encoder()


class Section(StrEnum):
    """What this platform supplies."""

    REGISTRATION = "REG"
    PENALTIES = "PEN"
    LISTS = "LST"
    EVALUATION = "EVA"


class WireFile(msgspec.Struct, frozen=True, kw_only=True):
    """An enterprise as the platform answers about it: JSON, ready to be joined."""

    uscc: str
    subject: msgspec.Raw
    sections: dict[Section, msgspec.Raw]


def delivered_at(now: datetime) -> datetime:
    """Return the instant of the sources' last delivery, at most six hours ago."""
    moment = now.astimezone(UTC)
    hour = moment.hour // DELIVERY_HOURS * DELIVERY_HOURS
    return moment.replace(hour=hour, minute=0, second=0, microsecond=0)


@lru_cache(maxsize=FILES_CACHED_MAX)
def find_file(province: Province, uscc: str, as_of: datetime) -> WireFile | None:
    """Return what is on file as of a delivery; None where the platform knows nobody."""
    enterprise = province.find_enterprise(uscc, on=as_of.astimezone(CHINA).date())
    if enterprise is None:
        return None
    subject: Record = {
        "uscc": uscc,
        "name": enterprise.entity.name,
        "former_names": enterprise.registration.former_names,
    }
    sections = write_sections(enterprise, as_of=as_of)
    return WireFile(
        uscc=uscc,
        subject=msgspec.Raw(_ENCODER.encode(subject)),
        sections={code: msgspec.Raw(_ENCODER.encode(body)) for code, body in sections.items()},
    )


def write_sections(enterprise: Enterprise, *, as_of: datetime) -> dict[Section, Record]:
    """Return all four sections; a failed source says so, and never that it holds nothing."""
    day = as_of.astimezone(CHINA).date()
    made = evaluate(enterprise, on=day)
    city = enterprise.entity.city
    sections = {
        Section.REGISTRATION: _section([write_registration(enterprise, as_of=as_of)], as_of),
        Section.PENALTIES: _section(
            [write_penalty(penalty, as_of=as_of) for penalty in enterprise.penalties], as_of
        ),
        Section.LISTS: _section(
            [write_listing(entry, as_of=as_of) for entry in enterprise.listings], as_of
        ),
        Section.EVALUATION: _section(
            [] if made is None else [write_evaluation(made, city=city, as_of=as_of)], as_of
        ),
    }
    # A section that failed beside one that holds nothing: the two must never look alike.
    if find_outcome(enterprise.entity.uscc) is Outcome.SECTION_FAILED:
        last_good_at = write_instant(as_of - timedelta(days=1))
        sections[Section.PENALTIES] = {
            "status": "ERROR",
            "code": "SOURCE_TIMEOUT",
            "last_good_at": last_good_at,
        }
    return sections


def _section(records: list[Record], as_of: datetime) -> Record:
    if not records:
        return {"status": "NO_RECORD", "as_of": write_instant(as_of)}
    return {"status": "FOUND", "as_of": write_instant(as_of), "records": records}
