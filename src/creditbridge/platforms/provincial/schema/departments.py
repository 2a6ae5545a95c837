"""What departments hold beside registration, penalties and lists: LIC, ABN, JUD, TAX, SOC.

Members bear the names of the feeds that they come from. Where a section has several sources, a
member says which one a record is of.
"""

from typing import Annotated, Literal, TypeAlias

import msgspec

from creditbridge.platforms.provincial.schema import (
    DateText,
    DecimalText,
    ShortText,
    Text,
    TheirMoney,
    TheirRecord,
)

Year: TypeAlias = Annotated[str, msgspec.Meta(pattern="^(19|20)[0-9]{2}$")]
Month: TypeAlias = Annotated[str, msgspec.Meta(pattern="^(19|20)[0-9]{2}(0[1-9]|1[0-2])$")]


class TheirLicence(TheirRecord, frozen=True, kw_only=True):
    """LIC: one licence, in the words of the national feed; its term is the record's own."""

    xk_xkws: ShortText | None
    xk_wsh: ShortText | None
    xk_xkbh: ShortText | None
    xk_xklb: ShortText
    xk_nr: Text | None
    xk_jdrq: DateText | None
    revoke_date: DateText | None
    xk_xkjg: ShortText
    xk_xkjgdm: str | None


class TheirAbnormality(TheirRecord, frozen=True, kw_only=True):
    """ABN: one entry, or the mark of a sole proprietor."""

    decision_no: ShortText | None
    is_mark: Literal["0", "1"]
    inclu_dt: DateText | None
    inclu_reason: ShortText
    decorg_cn: ShortText
    decorg_uscc: str | None
    remove_dt: DateText | None
    remexcpres_cn: Text | None
    redecorg_cn: ShortText | None


class TheirDefaulter(TheirRecord, frozen=True, kw_only=True, tag_field="jud_kind", tag="DEFAULTER"):
    """JUD: one entry of the courts' list of defaulters."""

    case_no: ShortText
    executed_court: ShortText
    fil_dt: DateText | None
    publish_dt: DateText | None
    enforce_basis: Text | None
    effect_doc_obli: Text | None
    executed_perfor: ShortText
    dishonest_behav: Text | None
    remove_dt: DateText | None


class TheirUnfulfilled(
    TheirRecord, frozen=True, kw_only=True, tag_field="jud_kind", tag="UNFULFILLED"
):
    """JUD: one judgment that was not performed."""

    case_no: ShortText
    execute_court: ShortText
    execute_causes: ShortText | None
    execute_amt: TheirMoney | None
    not_execute_amt: TheirMoney | None
    executed_perfor: ShortText | None
    filing_dt: DateText | None
    expo_dt: DateText | None
    fulfil_tm: DateText | None


TheirJudgment: TypeAlias = TheirDefaulter | TheirUnfulfilled


class TheirTaxGrade(TheirRecord, frozen=True, kw_only=True, tag_field="tax_kind", tag="GRADE"):
    """TAX: the grade of a year, its letter in either case."""

    evalua_year: Year
    tax_credit_level: ShortText
    evalua_dt: DateText | None
    evalua_dept: ShortText


class TheirTaxArrears(TheirRecord, frozen=True, kw_only=True, tag_field="tax_kind", tag="ARREARS"):
    """TAX: what of one tax is owed."""

    own_tax_type: ShortText
    cumu_own_amt: TheirMoney | None
    announce_dt: DateText | None
    tax_organ: ShortText


class TheirTaxNonNormal(
    TheirRecord, frozen=True, kw_only=True, tag_field="tax_kind", tag="NON_NORMAL"
):
    """TAX: a taxpayer who could not be reached."""

    unnor_cogni_dt: DateText | None
    release_dt: DateText | None
    tax_organ: ShortText


class TheirTaxPayment(TheirRecord, frozen=True, kw_only=True, tag_field="tax_kind", tag="PAID"):
    """TAX: what was paid for a period."""

    coll_item: ShortText
    period_from: DateText | None
    period_to: DateText | None
    paid_amt: TheirMoney | None
    rkrq: DateText | None
    tax_organ: ShortText


TheirTax: TypeAlias = TheirTaxGrade | TheirTaxArrears | TheirTaxNonNormal | TheirTaxPayment


class TheirInsuredMonth(TheirRecord, frozen=True, kw_only=True):
    """SOC: one month; what the fund does not know is null."""

    rece_ym: Month
    mon_insurd_prsons: DecimalText | None
    pay_state: ShortText | None
    fund_pay_pers_num: DecimalText | None
    fund_pay_amt: TheirMoney | None
    insur_organ: ShortText
