"""What departments hold, in the platform's words: licences, abnormalities, insured months."""

from datetime import date, datetime

from creditsandbox.dialects.provincial.records import (
    ADVERSE,
    IN_FORCE,
    REMOVED,
    Record,
    write_base,
)
from creditsandbox.dialects.provincial.words import (
    NO_END,
    WORDS,
    write_compact_date,
    write_date,
    write_date_or_none,
    write_loose_date,
    write_yuan,
)
from creditsandbox.province.authorities import Department
from creditsandbox.province.codes import Disclosure
from creditsandbox.province.records import Abnormality, InsuranceMonth, Licence


def write_licence(licence: Licence, *, as_of: datetime) -> Record:
    """Return a LIC record; a revoked licence is sent too, with the day of its end."""
    authority, decided_on = licence.authority, licence.decided_on
    number = f"LIC-{licence.document_no}"
    base = write_base(number, "BASIC-020", authority, recorded_on=decided_on, as_of=as_of)
    return {
        **base,
        "valid_from": write_loose_date(licence.valid_from),
        # The sentinel that real feeds write for "no end".
        "valid_to": NO_END if licence.valid_to is None else write_date(licence.valid_to),
        "xk_xkws": licence.document_name,
        "xk_wsh": licence.document_no,
        "xk_xkbh": licence.certificate_no,
        "xk_xklb": WORDS.licences[licence.category],
        "xk_nr": licence.content,
        "xk_jdrq": write_compact_date(decided_on),
        "revoke_date": write_date_or_none(licence.revoked_on),
        "xk_xkjg": authority.name,
        "xk_xkjgdm": authority.uscc,
    }


def write_abnormality(entry: Abnormality, *, as_of: datetime) -> Record:
    """Return an ABN record, those removed included: the gateway must not serve them."""
    authority, included_on, removed_on = entry.authority, entry.included_on, entry.removed_on
    number = f"ABN-{entry.decision_no}"
    base = write_base(number, "ADVERSE-020", authority, recorded_on=included_on, as_of=as_of)
    return {
        **base,
        "info_kind": ADVERSE,
        "state": IN_FORCE if removed_on is None else REMOVED,
        "decision_no": entry.decision_no,
        "is_mark": "1" if entry.is_mark else "0",
        "inclu_dt": write_loose_date(included_on),
        "inclu_reason": WORDS.abnormal_reasons[entry.reason],
        "decorg_cn": authority.name,
        "decorg_uscc": authority.uscc,
        "remove_dt": write_date_or_none(removed_on),
        "remexcpres_cn": entry.remove_reason,
        "redecorg_cn": None if removed_on is None else authority.name,
    }


def write_month(row: InsuranceMonth, authority: Department, *, as_of: datetime) -> Record:
    """Return a SOC record: one month, which no reader may take for a day."""
    month = f"{date(row.year, row.month, 1):%Y%m}"
    base = write_base(
        f"SOC-{month}", "BASIC-040", authority, recorded_on=row.received_on, as_of=as_of
    )
    persons, amount = row.fund_persons, row.fund_amount
    return {
        **base,
        "open_level": WORDS.disclosures[Disclosure.QUERY],
        "rece_ym": month,
        "mon_insurd_prsons": str(row.insured),
        "pay_state": WORDS.paid_states[row.state],
        "fund_pay_pers_num": None if persons is None else str(persons),
        "fund_pay_amt": None if amount is None else write_yuan(amount),
        "insur_organ": authority.name,
    }
