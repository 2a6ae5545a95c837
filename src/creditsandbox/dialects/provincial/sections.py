"""What the platform answers about one enterprise: who it is, and each section as encoded bytes.

The sources deliver every six hours; between two deliveries the bytes do not change, so they are
made once and kept.
"""

from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache

import msgspec

from creditsandbox.dialects.provincial.persons import write_persons
from creditsandbox.dialects.provincial.records import (
    Record,
    write_evaluation,
    write_listing,
    write_penalty,
    write_registration,
)
from creditsandbox.dialects.provincial.words import write_instant
from creditsandbox.province.evaluation import evaluate
from creditsandbox.province.fixed import Outcome
from creditsandbox.province.model import Enterprise
from creditsandbox.province.population import Province
from creditsandbox.province.state import AS_DRAWN, State

DELIVERY_HOURS = 6  # Well below the 24 h at which the gateway calls a section stale.
FILES_CACHED_MAX = 12_000  # The default population and the fixed ones, some 5 kB each.
_ENCODER = msgspec.json.Encoder()


class Section(StrEnum):
    """What this platform supplies."""

    REGISTRATION = "REG"
    PENALTIES = "PEN"
    LISTS = "LST"
    EVALUATION = "EVA"
    KEY_PERSONS = "PSN"


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
def find_file(
    province: Province, uscc: str, as_of: datetime, state: State = AS_DRAWN
) -> WireFile | None:
    """Return what is on file as of a delivery; None where the platform knows nobody.

    The state moves the day of what is on record, never the instant of the delivery.
    """
    day = state.day_of(as_of)
    enterprise = province.find_enterprise(uscc, on=day, state=state)
    outcome = state.outcome_of(uscc)
    if enterprise is None or outcome is Outcome.NOT_FOUND:
        return None
    subject: Record = {
        "uscc": uscc,
        "name": enterprise.entity.name,
        "former_names": enterprise.registration.former_names,
    }
    sections = write_sections(enterprise, as_of=as_of, on=day, outcome=outcome)
    return WireFile(
        uscc=uscc,
        subject=msgspec.Raw(_ENCODER.encode(subject)),
        sections={code: msgspec.Raw(_ENCODER.encode(body)) for code, body in sections.items()},
    )


def write_sections(
    enterprise: Enterprise, *, as_of: datetime, on: date, outcome: Outcome | None
) -> dict[Section, Record]:
    """Return every section; a failed source says so, and never that it holds nothing."""
    made = evaluate(enterprise, on=on)
    city = enterprise.entity.city
    sections = {
        Section.REGISTRATION: _section([write_registration(enterprise, as_of=as_of)], as_of),
        Section.PENALTIES: _section(
            [write_penalty(penalty, as_of=as_of, on=on) for penalty in enterprise.penalties], as_of
        ),
        Section.LISTS: _section(
            [write_listing(entry, as_of=as_of) for entry in enterprise.listings], as_of
        ),
        Section.EVALUATION: _section(
            [] if made is None else [write_evaluation(made, city=city, as_of=as_of)], as_of
        ),
        Section.KEY_PERSONS: _section(write_persons(enterprise, as_of=as_of), as_of),
    }
    # A section that failed beside one that holds nothing: the two must never look alike.
    if outcome is Outcome.SECTION_FAILED:
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
