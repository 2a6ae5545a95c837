"""What tax offices hold, in the platform's words: grades, arrears, the non-normal, payments."""

from collections.abc import Iterator
from datetime import date, datetime

from creditsandbox.dialects.provincial.records import (
    ADVERSE,
    IN_FORCE,
    REMOVED,
    Record,
    write_base,
)
from creditsandbox.dialects.provincial.words import (
    WORDS,
    write_compact_date,
    write_date,
    write_date_or_none,
    write_loose_date,
    write_wan,
    write_yuan,
)
from creditsandbox.province.authorities import Department
from creditsandbox.province.codes import Disclosure, TaxGrade
from creditsandbox.province.records import (
    TaxArrears,
    TaxFile,
    TaxNonNormal,
    TaxPayment,
    TaxYear,
)


def write_tax(file: TaxFile, *, as_of: datetime) -> list[Record]:
    """Return the TAX records of every kind."""
    return list(_list_records(file, as_of))


def _list_records(file: TaxFile, as_of: datetime) -> Iterator[Record]:
    for year in file.years:
        yield write_grade(year, file.authority, as_of=as_of)
    for owed in file.arrears:
        yield write_arrears(owed, file.authority, as_of=as_of)
    for lost in file.non_normal:
        yield write_non_normal(lost, file.authority, as_of=as_of)
    for paid in file.payments:
        yield write_payment(paid, file.authority, as_of=as_of)


def write_grade(row: TaxYear, authority: Department, *, as_of: datetime) -> Record:
    """Return the grade of a year, in lower case as some feeds have it; only A is public."""
    day = row.evaluated_on
    base = write_base(f"TAX-G-{row.year}", "BASIC-030", authority, recorded_on=day, as_of=as_of)
    level = Disclosure.PUBLIC if row.grade is TaxGrade.A else Disclosure.QUERY
    return {
        **base,
        "open_level": WORDS.disclosures[level],
        "tax_kind": "GRADE",
        "evalua_year": str(row.year),
        "tax_credit_level": row.grade.value.lower(),
        "evalua_dt": write_date(day),
        "evalua_dept": authority.name,
    }


def write_arrears(row: TaxArrears, authority: Department, *, as_of: datetime) -> Record:
    """Return what of one tax is owed, in 万元."""
    base = _write_base(f"A-{row.tax_type}", "ADVERSE-040", authority, row.announced_on, as_of)
    return {
        **base,
        "info_kind": ADVERSE,
        "tax_kind": "ARREARS",
        "own_tax_type": row.tax_type,
        "cumu_own_amt": write_wan(row.balance),
        "announce_dt": write_loose_date(row.announced_on),
        "tax_organ": authority.name,
    }


def write_non_normal(row: TaxNonNormal, authority: Department, *, as_of: datetime) -> Record:
    """Return who could not be reached, those found since included."""
    day = row.recognised_on
    base = _write_base(f"N-{write_compact_date(day)}", "ADVERSE-041", authority, day, as_of)
    return {
        **base,
        "info_kind": ADVERSE,
        "state": IN_FORCE if row.released_on is None else REMOVED,
        "tax_kind": "NON_NORMAL",
        "unnor_cogni_dt": write_loose_date(day),
        "release_dt": write_date_or_none(row.released_on),
        "tax_organ": authority.name,
    }


def write_payment(row: TaxPayment, authority: Department, *, as_of: datetime) -> Record:
    """Return what was paid for a quarter."""
    number = f"P-{row.item}-{write_compact_date(row.period_from)}"
    base = _write_base(number, "BASIC-031", authority, row.paid_on, as_of)
    return {
        **base,
        "tax_kind": "PAID",
        "coll_item": row.item,
        "period_from": write_loose_date(row.period_from),
        "period_to": write_loose_date(row.period_to),
        "paid_amt": write_yuan(row.amount),
        "rkrq": write_compact_date(row.paid_on),
        "tax_organ": authority.name,
    }


def _write_base(
    number: str, item: str, authority: Department, recorded_on: date, as_of: datetime
) -> Record:
    base = write_base(f"TAX-{number}", item, authority, recorded_on=recorded_on, as_of=as_of)
    return {**base, "open_level": WORDS.disclosures[Disclosure.QUERY]}
