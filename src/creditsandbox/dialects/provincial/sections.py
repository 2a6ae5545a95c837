"""What the platform answers about one enterprise: who it is, and each section as encoded bytes.

The sources deliver every six hours; between two deliveries the bytes do not change, so they are
made once and kept.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache, partial

import msgspec

from creditsandbox.dialects.provincial.courts import write_judgment
from creditsandbox.dialects.provincial.departments import (
    write_abnormality,
    write_licence,
    write_month,
)
from creditsandbox.dialects.provincial.persons import write_persons
from creditsandbox.dialects.provincial.records import (
    Record,
    write_evaluation,
    write_listing,
    write_penalty,
    write_registration,
)
from creditsandbox.dialects.provincial.taxes import write_tax
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
    LICENCES = "LIC"
    PENALTIES = "PEN"
    ABNORMALITIES = "ABN"
    LISTS = "LST"
    JUDGMENTS = "JUD"
    TAXES = "TAX"
    INSURANCE = "SOC"
    EVALUATION = "EVA"
    KEY_PERSONS = "PSN"


class WireFile:
    """An enterprise as the platform answers about it: JSON, ready to be joined.

    A section is encoded when it is first asked for: the months of SOC and the payments of TAX are
    most of a file, and few ask for them.
    """

    def __init__(self, uscc: str, subject: msgspec.Raw, write: Callable[[Section], Record]) -> None:
        self.uscc = uscc
        self.subject = subject
        self._write = write
        self._encoded: dict[Section, msgspec.Raw] = {}

    def section(self, code: Section) -> msgspec.Raw:
        """Return a section; the same bytes each time."""
        if code not in self._encoded:
            self._encoded[code] = msgspec.Raw(_ENCODER.encode(self._write(code)))
        return self._encoded[code]


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
    write = partial(write_section, enterprise, as_of=as_of, on=day, outcome=outcome)
    return WireFile(uscc, msgspec.Raw(_ENCODER.encode(subject)), write)


def write_section(
    enterprise: Enterprise, code: Section, *, as_of: datetime, on: date, outcome: Outcome | None
) -> Record:
    """Return one section; a failed source says so, and never that it holds nothing."""
    # A section that failed beside one that holds nothing: the two must never look alike.
    if outcome is Outcome.SECTION_FAILED and code is Section.PENALTIES:
        last_good_at = write_instant(as_of - timedelta(days=1))
        return {"status": "ERROR", "code": "SOURCE_TIMEOUT", "last_good_at": last_good_at}
    records = WRITERS[code](enterprise, as_of, on)
    if not records:
        return {"status": "NO_RECORD", "as_of": write_instant(as_of)}
    return {"status": "FOUND", "as_of": write_instant(as_of), "records": records}


def _write_insurance(enterprise: Enterprise, as_of: datetime) -> list[Record]:
    if (file := enterprise.insurance) is None:
        return []
    return [write_month(month, file.authority, as_of=as_of) for month in file.months]


def _write_evaluation(enterprise: Enterprise, as_of: datetime, on: date) -> list[Record]:
    made, city = evaluate(enterprise, on=on), enterprise.entity.city
    return [] if made is None else [write_evaluation(made, city=city, as_of=as_of)]


# From a file, as of a delivery, as it stands on a day.
WRITERS: Mapping[Section, Callable[[Enterprise, datetime, date], list[Record]]] = {
    Section.REGISTRATION: lambda file, as_of, _: [write_registration(file, as_of=as_of)],
    Section.LICENCES: lambda file, as_of, _: [
        write_licence(licence, as_of=as_of) for licence in file.licences
    ],
    Section.PENALTIES: lambda file, as_of, on: [
        write_penalty(penalty, as_of=as_of, on=on) for penalty in file.penalties
    ],
    Section.ABNORMALITIES: lambda file, as_of, _: [
        write_abnormality(entry, as_of=as_of) for entry in file.abnormalities
    ],
    Section.LISTS: lambda file, as_of, _: [
        write_listing(entry, as_of=as_of) for entry in file.listings
    ],
    Section.JUDGMENTS: lambda file, as_of, _: [
        write_judgment(judgment, as_of=as_of) for judgment in file.judgments
    ],
    Section.TAXES: lambda file, as_of, _: (
        [] if file.tax is None else write_tax(file.tax, as_of=as_of)
    ),
    Section.INSURANCE: lambda file, as_of, _: _write_insurance(file, as_of),
    Section.EVALUATION: _write_evaluation,
    Section.KEY_PERSONS: lambda file, as_of, _: write_persons(file, as_of=as_of),
}
