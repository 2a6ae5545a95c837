"""The province's records in the platform's words: the file of an entity becomes wire records.

Members and their order are those of `contracts/platforms/provincial/messages.schema.json`.
"""

from datetime import UTC, date, datetime, time, timedelta
from typing import TypeAlias

from creditbridge.protocols.strict_json import JsonValue
from creditsandbox.dialects.provincial.words import (
    NO_END,
    WORDS,
    YUAN_PER_WAN,
    write_compact_date,
    write_date,
    write_decimal,
    write_instant,
    write_loose_date,
    write_wan,
    write_yuan,
)
from creditsandbox.province.authorities import Department
from creditsandbox.province.codes import Disclosure, Finality, Procedure
from creditsandbox.province.departments import get_department
from creditsandbox.province.evaluation import Evaluation
from creditsandbox.province.model import (
    Enterprise,
    Listing,
    Measure,
    Penalty,
)

Record: TypeAlias = dict[str, JsonValue]

CATALOGUE_EDITION = "2026"
KEEP_DAYS = 5 * 365 + 1  # Adverse records are kept for five years from determination (ZJ 16).
RECEIVED_AT = time(2, tzinfo=UTC)
BASIC, ADVERSE = "1", "2"
IN_FORCE, REMOVED, EXPIRED, REPAIRED, WITHDRAWN = "1", "2", "3", "4", "5"


def write_base(
    record_no: str, item_code: str, supplier: Department, *, recorded_on: date, as_of: datetime
) -> Record:
    """Return what every record has, as it stands for one with nothing special about it."""
    return {
        "record_no": record_no,
        "item_code": item_code,
        "catalogue_edition": CATALOGUE_EDITION,
        "info_kind": BASIC,
        "subject_kind": "1",
        "open_level": WORDS.disclosures[Disclosure.PUBLIC],
        "supplier": {
            "dept_name": supplier.name,
            "dept_uscc": supplier.uscc,
            "dept_level": supplier.level,
            "system": WORDS.system,
        },
        "record_date": write_date(recorded_on),
        "public_date": write_loose_date(recorded_on),
        "received_at": write_instant(datetime.combine(recorded_on, RECEIVED_AT)),
        "updated_at": write_instant(as_of),
        "valid_from": None,
        "valid_to": None,
        "public_end_date": None,
        "keep_end_date": None,
        "severity": None,
        "finality": None,
        "state": IN_FORCE,
        "dispute": None,
        "statement": None,
        "key_areas": [],
        "match": {"by": "USCC"},
    }


def write_registration(enterprise: Enterprise, *, as_of: datetime) -> Record:
    """Return the REG record; capital is in 万元, the term's end may be the sentinel."""
    entity, held = enterprise.entity, enterprise.registration
    number = f"REG-{held.registration_no}"
    recorded_on = held.approved_on
    base = write_base(number, "BASIC-001", held.authority, recorded_on=recorded_on, as_of=as_of)
    capital = held.capital_wan * YUAN_PER_WAN
    # The sentinel that real feeds write for "no end"; the gateway must know it.
    term_to = NO_END if held.term_to is None else write_loose_date(held.term_to)
    return {
        **base,
        "name": entity.name,
        "former_names": held.former_names,
        "reg_type": entity.type_name,
        "reg_state": WORDS.states[held.status],
        # In full: masking is the gateway's, and must be seen to happen.
        "legal_rep": held.legal_representative,
        "reg_capital": write_wan(capital),
        "est_date": write_loose_date(entity.established_on),
        "term_from": write_loose_date(entity.established_on),
        "term_to": term_to,
        "scope": held.scope,
        "address": held.address,
        # Nine digits, as feeds carry them; the first six are the division (GB/T 2260).
        "division": f"{entity.division}000",
        "industry": {
            "edition": "2017",
            "code": held.industry_section,
            "name": held.industry_name,
        },
        "reg_organ": held.authority.name,
        "approved_date": write_compact_date(held.approved_on),
    }


def write_penalty(penalty: Penalty, *, as_of: datetime, on: date) -> Record:
    """Return a PEN record as it stands on a day; the fine is in 万元, the confiscated in 元."""
    decided_on, authority = penalty.decided_on, penalty.authority
    number = f"PEN-{penalty.document_no}"
    base = write_base(number, "ADVERSE-002", authority, recorded_on=decided_on, as_of=as_of)
    kinds = [WORDS.kinds[kind] for kind in penalty.kinds]
    # Only what is final, and not decided on the spot, is adverse information (ZJ 11).
    adverse = penalty.finality is Finality.FINAL and penalty.procedure is Procedure.ORDINARY
    phrase = WORDS.fine if penalty.fine else WORDS.no_fine
    # The document's own words; nobody may compute with them.
    content = phrase.format(kinds="\u3001".join(kinds), fine=write_decimal(penalty.fine))
    return {
        **base,
        "info_kind": ADVERSE if adverse else BASIC,
        "open_level": WORDS.disclosures[penalty.disclosure],
        "public_date": write_loose_date(penalty.published_on),
        "public_end_date": write_date(penalty.publicity_ends_on),
        "keep_end_date": write_date(decided_on + timedelta(days=KEEP_DAYS)),
        "severity": WORDS.severities[penalty.severity],
        "finality": WORDS.finalities[penalty.finality],
        "state": state_of(penalty, on=on),
        "key_areas": penalty.key_areas,
        "punish_document_code": penalty.document_no,
        "punish_action_name": penalty.fact,
        "punish_types": kinds,
        "case_process_type": penalty.procedure.value,
        "illegal_fact": penalty.fact,
        "punish_basis": penalty.basis,
        "punish_content": content,
        # Two units in one record, as in two real feeds: 万元 and 元.
        "fine": write_wan(penalty.fine) if penalty.fine else None,
        "confiscated": write_yuan(penalty.confiscated) if penalty.confiscated else None,
        "licence_affected": penalty.licence_affected,
        "set_time": write_date(decided_on),
        "organ_name": authority.name,
        "organ_uscc": authority.uscc,
        "is_cancelled": "0" if penalty.revoked_on is None else "1",
    }


def state_of(penalty: Penalty, *, on: date) -> str:
    """Return the state of a penalty: revoked and repaired before expired."""
    if penalty.revoked_on is not None:
        return WITHDRAWN
    if penalty.repaired_on is not None:
        return REPAIRED
    return EXPIRED if penalty.publicity_ends_on <= on else IN_FORCE


def write_listing(entry: Listing, *, as_of: datetime) -> Record:
    """Return an LST record, those removed included: the gateway must not serve them."""
    authority, included_on, removed_on = entry.authority, entry.included_on, entry.removed_on
    number = f"LST-{entry.decision_no}"
    base = write_base(number, "ADVERSE-010", authority, recorded_on=included_on, as_of=as_of)
    return {
        **base,
        "info_kind": ADVERSE,
        # Serious lists weigh as serious, whatever the list (Order 36).
        "severity": "3",
        "state": IN_FORCE if removed_on is None else REMOVED,
        "list_name": WORDS.lists[entry.list_type],
        "list_edition": "2024",
        "decision_no": entry.decision_no,
        "include_date": write_date(included_on),
        "reason": entry.reason,
        "legal_basis": entry.legal_basis,
        "organ_name": authority.name,
        "organ_uscc": authority.uscc,
        "term_end": write_date(entry.term_ends_on),
        "remove_date": None if removed_on is None else write_date(removed_on),
        "remove_reason": None if removed_on is None else WORDS.remove_reason,
        "measures": [write_measure(measure, entry) for measure in entry.measures],
    }


def write_measure(measure: Measure, entry: Listing) -> Record:
    """Return a measure, with or without a published legal basis (ZJ 28)."""
    return {
        "code": measure.code,
        "legal_basis": measure.legal_basis,
        "basis_published": measure.legal_basis is not None,
        "authority": measure.authority.name,
        "from": write_date(entry.included_on),
        "to": write_date(entry.term_ends_on),
    }


def write_evaluation(made: Evaluation, *, city: str, as_of: datetime) -> Record:
    """Return the EVA record; it is not public, whoever asks needs consent (ZJ 20)."""
    centre, day = get_department("CREDIT", city=city), made.evaluated_on
    # One a month, and one more on each day on which a record changed.
    number = f"EVA-{day:%Y-%m}" if day.day == 1 else f"EVA-{day:%Y-%m-%d}"
    base = write_base(number, "EVAL-001", centre, recorded_on=day, as_of=as_of)
    dimensions = [
        {
            "code": row.code,
            "score": write_decimal(row.score),
            "max_score": write_decimal(row.max_score),
        }
        for row in made.dimensions
    ]
    return {
        **base,
        "open_level": WORDS.disclosures[Disclosure.QUERY],
        "scheme": made.grade_scheme,
        "model_version": made.model_version,
        "score": write_decimal(made.score),
        "max_score": write_decimal(made.max_score),
        "grade_code": made.grade_code,
        "grade_name": made.grade_name,
        "evaluated_date": write_date(made.evaluated_on),
        "valid_to_date": write_date(made.valid_until),
        "dimensions": dimensions,
    }
