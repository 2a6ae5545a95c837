"""The province's records in the platform's words: initials of Chinese words, amounts in 万元.

Members and their order are those of `contracts/platforms/national/messages.schema.json`.
"""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
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
)
from creditsandbox.province.authorities import Department
from creditsandbox.province.codes import Disclosure, Finality, Procedure
from creditsandbox.province.departments import get_department
from creditsandbox.province.evaluation import Evaluation
from creditsandbox.province.model import Enterprise, Listing, Measure, Penalty
from creditsandbox.province.tables import CHINA

Record: TypeAlias = dict[str, JsonValue]

CATALOGUE_EDITION = "2026"
KEEP_DAYS = 5 * 365 + 1  # Adverse records are kept for five years from determination (ZJ 16).
RECEIVED_AT = time(2, tzinfo=UTC)
BASIC, ADVERSE = "1", "2"
IN_FORCE, REMOVED, EXPIRED, REPAIRED, WITHDRAWN = "1", "2", "3", "4", "5"
LEGAL_PERSON = "02"
OPENNESS = {Disclosure.PUBLIC: "0", Disclosure.QUERY: "1", Disclosure.GOV_ONLY: "2"}
LEVELS = {"NATIONAL": "1", "PROVINCE": "2", "CITY": "3", "COUNTY": "4"}


def write_base(
    number: str, item_code: str, supplier: Department, *, recorded_on: date, as_of: datetime
) -> Record:
    """Return what every record has, as it stands for one with nothing special about it."""
    return {
        "jlbh": number,
        "mlbm": item_code,
        "mlbb": CATALOGUE_EDITION,
        "xxlb": BASIC,
        "xdrlb": LEGAL_PERSON,
        "gksx": OPENNESS[Disclosure.PUBLIC],
        "sjly": supplier.name,
        "sjlydm": supplier.uscc,
        "sjlyjb": LEVELS[supplier.level],
        "sjlyxt": WORDS.system,
        "jlrq": write_date(recorded_on),
        "fbrq": write_compact_date(recorded_on),
        "yxqq": None,
        "yxqz": None,
        "gsjzq": None,
        "bcjzq": None,
        "jssj": write_instant(datetime.combine(recorded_on, RECEIVED_AT)),
        "gxsj": write_instant(as_of),
        "yzcd": None,
        "xlzt": None,
        "zt": IN_FORCE,
        "yy": None,
        "ztsm": None,
        "zdly": [],
        "ppfs": "USCC",
    }


def write_registration(enterprise: Enterprise, *, as_of: datetime) -> Record:
    """Return the REG record; the term's end may be the sentinel."""
    entity, held = enterprise.entity, enterprise.registration
    number, approved = f"REG-{held.registration_no}", held.approved_on
    return {
        **write_base(number, "BASIC-001", held.authority, recorded_on=approved, as_of=as_of),
        "jgmc": entity.name,
        "cym": list(held.former_names),
        "jglx": entity.type_name,
        "djzt": WORDS.states[held.status],
        # In full: masking is the gateway's, and must be seen to happen.
        "fddbr": held.legal_representative,
        "zczb": write_decimal(held.capital_wan),
        "zczbbz": held.currency,
        "clrq": write_compact_date(entity.established_on),
        "yyqxq": write_compact_date(entity.established_on),
        # The sentinel that real feeds write for "no end"; the gateway must know it.
        "yyqxz": NO_END if held.term_to is None else write_compact_date(held.term_to),
        "jyfw": held.scope,
        "zs": held.address,
        "xzqh": f"{entity.division}000000",
        "hybb": "2017",
        "hydm": held.industry_section,
        "hymc": held.industry_name,
        "djjg": held.authority.name,
        "hzrq": write_date(held.approved_on),
    }


def write_penalty(penalty: Penalty, *, as_of: datetime) -> Record:
    """Return a PEN record; fine and what was confiscated are in 万元."""
    decided_on, authority = penalty.decided_on, penalty.authority
    number = f"PEN-{penalty.document_no}"
    kinds = "\u3001".join(WORDS.kinds[kind] for kind in penalty.kinds)
    # Only what is final, and not decided on the spot, is adverse information (ZJ 11).
    adverse = penalty.finality is Finality.FINAL and penalty.procedure is Procedure.ORDINARY
    phrase = WORDS.fine if penalty.fine else WORDS.no_fine
    return {
        **write_base(number, "ADVERSE-002", authority, recorded_on=decided_on, as_of=as_of),
        "xxlb": ADVERSE if adverse else BASIC,
        "gksx": OPENNESS[penalty.disclosure],
        "fbrq": write_date(penalty.published_on),
        "gsjzq": write_date(penalty.publicity_ends_on),
        "bcjzq": write_date(decided_on + timedelta(days=KEEP_DAYS)),
        "yzcd": WORDS.severities[penalty.severity],
        "xlzt": WORDS.finalities[penalty.finality],
        "zt": state_of(penalty, on=as_of.astimezone(CHINA).date()),
        "zdly": list(penalty.key_areas),
        "cf_wsh": penalty.document_no,
        "cf_wfxw": penalty.fact,
        "cf_sy": penalty.fact,
        "cf_yj": penalty.basis,
        "cf_cflb": kinds,
        "cf_cxlx": penalty.procedure.value,
        # The document's own words; nobody may compute with them.
        "cf_nr": phrase.format(kinds=kinds, fine=write_decimal(penalty.fine)),
        "cf_nr_fk": write_wan_text(penalty.fine),
        "cf_nr_wfff": write_wan_text(penalty.confiscated),
        "cf_nr_zkdx": penalty.licence_affected,
        "cf_jdrq": write_date(decided_on),
        "cf_cfjg": authority.name,
        "cf_cfjgdm": authority.uscc,
        "cf_sfcx": "0" if penalty.revoked_on is None else "1",
    }


def state_of(penalty: Penalty, *, on: date) -> str:
    """Return the state of a penalty: revoked and repaired before expired."""
    if penalty.revoked_on is not None:
        return WITHDRAWN
    if penalty.repaired_on is not None:
        return REPAIRED
    return EXPIRED if penalty.publicity_ends_on <= on else IN_FORCE


def write_wan_text(amount_yuan: Decimal) -> str | None:
    """Return an amount given in 元 as 万元; none where it is nothing."""
    return write_decimal(amount_yuan / YUAN_PER_WAN) if amount_yuan else None


def write_listing(entry: Listing, *, as_of: datetime) -> Record:
    """Return an LST record, those removed included: the gateway must not serve them."""
    authority, included_on, removed_on = entry.authority, entry.included_on, entry.removed_on
    number = f"LST-{entry.decision_no}"
    return {
        **write_base(number, "ADVERSE-010", authority, recorded_on=included_on, as_of=as_of),
        "xxlb": ADVERSE,
        # Serious lists weigh as serious, whatever the list (Order 36).
        "yzcd": "3",
        "zt": IN_FORCE if removed_on is None else REMOVED,
        "mdmc": WORDS.lists[entry.list_type],
        "mdbb": "2024",
        "jdwh": entry.decision_no,
        "lrrq": write_date(included_on),
        "lryy": entry.reason,
        "lryj": entry.legal_basis,
        "rdjg": authority.name,
        "rdjgdm": authority.uscc,
        "qxjz": write_date(entry.term_ends_on),
        "ycrq": None if removed_on is None else write_date(removed_on),
        "ycyy": None if removed_on is None else WORDS.remove_reason,
        "cs": [write_measure(measure, entry) for measure in entry.measures],
    }


def write_measure(measure: Measure, entry: Listing) -> Record:
    """Return a measure, with or without a published legal basis (ZJ 28)."""
    return {
        "csbm": measure.code,
        "csyj": measure.legal_basis,
        "sfgb": measure.legal_basis is not None,
        "csjg": measure.authority.name,
        "ksrq": write_date(entry.included_on),
        "jsrq": write_date(entry.term_ends_on),
    }


def write_evaluation(made: Evaluation, *, city: str, as_of: datetime) -> Record:
    """Return the EVA record; it is not public, whoever asks needs consent (ZJ 20)."""
    day, number = made.evaluated_on, f"EVA-{made.evaluated_on:%Y-%m}"
    centre = get_department("CREDIT", city=city)
    return {
        **write_base(number, "EVAL-001", centre, recorded_on=day, as_of=as_of),
        "gksx": OPENNESS[Disclosure.QUERY],
        "pjfa": made.grade_scheme,
        "mxbb": made.model_version,
        "df": write_decimal(made.score),
        "zf": write_decimal(made.max_score),
        "djdm": made.grade_code,
        "djmc": made.grade_name,
        "pjrq": write_date(day),
        "pjyxq": write_date(made.valid_until),
        "wd": [
            {
                "wdbm": row.code,
                "df": write_decimal(row.score),
                "zf": write_decimal(row.max_score),
            }
            for row in made.dimensions
        ],
    }
