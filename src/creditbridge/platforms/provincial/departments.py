"""What departments hold, in our words: licences, abnormalities, insured months. Pure."""

from msgspec.structs import asdict

from creditbridge.platforms.provincial.head import RecordContext, guard, map_head
from creditbridge.platforms.provincial.reading import read_code, read_money
from creditbridge.platforms.provincial.schema.departments import (
    TheirAbnormality,
    TheirInsuredMonth,
    TheirLicence,
)
from creditbridge.platforms.rules import FieldReader, is_open_end
from creditbridge.profile.codes import DataClass
from creditbridge.profile.months import YearMonth
from creditbridge.profile.removal import follow_list
from creditbridge.profile.sections.abnormalities import Abnormality, AbnormalityReason
from creditbridge.profile.sections.insurance import InsuredMonth, PaidState
from creditbridge.profile.sections.licences import Licence, LicenceCategory

YEAR_DIGITS = 4


def map_licence(theirs: TheirLicence, context: RecordContext, reader: FieldReader) -> Licence:
    """Return one licence; how it stands is for the day of delivery to say."""
    head = map_head(theirs, context, reader)
    decided = reader.day("decided", theirs.xk_jdrq)
    return Licence(
        **asdict(head),
        document_no=reader.text("document_no", theirs.xk_wsh),
        document_name=reader.text("document_name", theirs.xk_xkws),
        certificate_no=reader.text("certificate_no", theirs.xk_xkbh),
        category=read_code(LicenceCategory, theirs.xk_xklb, on=decided, reader=reader),
        category_text=theirs.xk_xklb,
        content=reader.text("content", theirs.xk_nr),
        decided=decided,
        # Only the feed's own word for it: a date that nobody can read is not "no end".
        is_open_ended=is_open_end(theirs.valid_to),
        revoked=reader.day("revoked", theirs.revoke_date),
        authority=theirs.xk_xkjg,
        authority_uscc=theirs.xk_xkjgdm,
    )


def map_abnormality(
    theirs: TheirAbnormality, context: RecordContext, reader: FieldReader
) -> Abnormality:
    """Return one entry; while it stands nothing but its removal ends it (ZJ 16)."""
    head = map_head(theirs, context, reader)
    included = reader.day("included", theirs.inclu_dt)
    removed = reader.day("removed", theirs.remove_dt)
    return Abnormality(
        **asdict(follow_list(head, included=included, removed=removed)),
        decision_no=reader.text("decision_no", theirs.decision_no),
        is_mark=theirs.is_mark == "1",
        reason=read_code(AbnormalityReason, theirs.inclu_reason, on=included, reader=reader),
        reason_text=theirs.inclu_reason,
        included=included,
        authority=theirs.decorg_cn,
        authority_uscc=theirs.decorg_uscc,
        removed=removed,
        removal_reason=reader.text("removal_reason", theirs.remexcpres_cn),
        removal_authority=reader.text("removal_authority", theirs.redecorg_cn),
    )


def map_month(
    theirs: TheirInsuredMonth, context: RecordContext, reader: FieldReader
) -> InsuredMonth:
    """Return one month, COMMERCIAL whatever level the feed marks it with."""
    head = guard(map_head(theirs, context, reader), DataClass.COMMERCIAL)
    year, month = theirs.rece_ym[:YEAR_DIGITS], theirs.rece_ym[YEAR_DIGITS:]
    paid_text = reader.text("paid_text", theirs.pay_state)
    # A month of which nobody says whether it was paid was not paid by our word.
    paid_state = (
        PaidState.OTHER
        if paid_text is None
        else read_code(PaidState, paid_text, on=None, reader=reader)
    )
    return InsuredMonth(
        **asdict(head),
        month=YearMonth(year=int(year), month=int(month)),
        insured=reader.count("insured", theirs.mon_insurd_prsons),
        paid_state=paid_state,
        paid_text=paid_text,
        fund_persons=reader.count("fund_persons", theirs.fund_pay_pers_num),
        fund_amount=read_money("fund_amount", theirs.fund_pay_amt, reader),
        authority=theirs.insur_organ,
    )
