"""What tax offices hold, in our words: grades, arrears, the non-normal, payments. Pure."""

from msgspec.structs import asdict

from creditbridge.platforms.provincial.head import RecordContext, guard, map_head
from creditbridge.platforms.provincial.reading import read_code, read_money
from creditbridge.platforms.provincial.schema.departments import (
    TheirTax,
    TheirTaxArrears,
    TheirTaxGrade,
    TheirTaxNonNormal,
    TheirTaxPayment,
)
from creditbridge.platforms.rules import FieldReader
from creditbridge.profile.codes import DataClass
from creditbridge.profile.removal import follow_list
from creditbridge.profile.sections.taxes import (
    TaxArrears,
    TaxCredit,
    TaxGrade,
    TaxNonNormal,
    TaxPayment,
    TaxRecord,
)
from creditbridge.profile.tables.grades import TAX_CREDIT
from creditbridge.profile.tables.row import find_row


def map_tax(theirs: TheirTax, context: RecordContext, reader: FieldReader) -> TaxRecord:
    """Return one record of whatever kind."""
    match theirs:
        case TheirTaxGrade():
            return map_grade(theirs, context, reader)
        case TheirTaxArrears():
            return map_arrears(theirs, context, reader)
        case TheirTaxNonNormal():
            return map_non_normal(theirs, context, reader)
        case TheirTaxPayment():
            return map_payment(theirs, context, reader)


def map_grade(theirs: TheirTaxGrade, context: RecordContext, reader: FieldReader) -> TaxCredit:
    """Return the grade of a year, read under the scheme of the day on which it was made.

    Only A is public, whatever level the feed marks a grade with.
    """
    head = map_head(theirs, context, reader)
    evaluated = reader.day("evaluated", theirs.evalua_dt)
    # Feeds write the letter in either case.
    letter = theirs.tax_credit_level.strip().upper()
    grade = read_code(TaxGrade, letter, on=evaluated, reader=reader)
    scheme = find_row(TAX_CREDIT, grade, on=evaluated) or TAX_CREDIT[-1]
    return TaxCredit(
        **asdict(head if grade is TaxGrade.A else guard(head, DataClass.QUERY)),
        year=int(theirs.evalua_year),
        scheme=scheme.scheme,
        grade=grade,
        grade_text=theirs.tax_credit_level,
        evaluated=evaluated,
        authority=theirs.evalua_dept,
    )


def map_arrears(theirs: TheirTaxArrears, context: RecordContext, reader: FieldReader) -> TaxArrears:
    """Return what of one tax is owed."""
    return TaxArrears(
        **asdict(guard(map_head(theirs, context, reader), DataClass.QUERY)),
        tax_type=theirs.own_tax_type,
        balance=read_money("balance", theirs.cumu_own_amt, reader),
        announced=reader.day("announced", theirs.announce_dt),
        authority=theirs.tax_organ,
    )


def map_non_normal(
    theirs: TheirTaxNonNormal, context: RecordContext, reader: FieldReader
) -> TaxNonNormal:
    """Return who could not be reached; only the release ends it."""
    head = guard(map_head(theirs, context, reader), DataClass.QUERY)
    recognised = reader.day("recognised", theirs.unnor_cogni_dt)
    released = reader.day("released", theirs.release_dt)
    return TaxNonNormal(
        **asdict(follow_list(head, included=recognised, removed=released)),
        recognised=recognised,
        released=released,
        authority=theirs.tax_organ,
    )


def map_payment(theirs: TheirTaxPayment, context: RecordContext, reader: FieldReader) -> TaxPayment:
    """Return what was paid for a period, COMMERCIAL whatever level the feed marks it with."""
    return TaxPayment(
        **asdict(guard(map_head(theirs, context, reader), DataClass.COMMERCIAL)),
        item=theirs.coll_item,
        period_from=reader.day("period_from", theirs.period_from),
        period_to=reader.day("period_to", theirs.period_to),
        amount=read_money("amount", theirs.paid_amt, reader),
        paid=reader.day("paid", theirs.rkrq),
        authority=theirs.tax_organ,
    )
