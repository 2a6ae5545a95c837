"""What the platform holds about key persons: told about nobody whom the grant does not name.

Where a court listed the enterprise as a judgment defaulter, its legal representative may not leave
the country meanwhile (Exit and Entry Administration Law, article 12).
"""

from datetime import datetime

from creditsandbox.dialects.provincial.records import (
    ADVERSE,
    IN_FORCE,
    REMOVED,
    Record,
    write_base,
)
from creditsandbox.dialects.provincial.words import write_date
from creditsandbox.province.model import Enterprise, Listing

LEGAL_REPRESENTATIVE = "1"
NATURAL_PERSON = "2"
DEFAULTER = "JUDGMENT_DEFAULTER"
RESTRICTION = "限制出境"


def write_persons(enterprise: Enterprise, *, as_of: datetime) -> list[Record]:
    """Return the PSN records of an enterprise, the legal representative's name in full."""
    person = enterprise.registration.legal_representative
    return [
        _write(entry, person, as_of=as_of)
        for entry in enterprise.listings
        if entry.list_type == DEFAULTER
    ]


def _write(entry: Listing, person: str, *, as_of: datetime) -> Record:
    decided_on, authority = entry.included_on, entry.authority
    number = f"PSN-{entry.decision_no}"
    base = write_base(number, "ADVERSE-020", authority, recorded_on=decided_on, as_of=as_of)
    return {
        **base,
        "info_kind": ADVERSE,
        "subject_kind": NATURAL_PERSON,
        "severity": "3",
        "state": IN_FORCE if entry.removed_on is None else REMOVED,
        "person_name": person,
        "positions": [LEGAL_REPRESENTATIVE],
        "measure_name": RESTRICTION,
        "document_code": entry.decision_no,
        "decide_date": write_date(decided_on),
        "end_date": None if entry.removed_on is None else write_date(entry.removed_on),
        "organ_name": authority.name,
        "organ_uscc": authority.uscc,
    }
