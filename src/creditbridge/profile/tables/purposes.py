"""Purposes, and the query reasons of the central bank that they stand for.

"01" means pre-loan for an enterprise and post-loan for a person: two tables, never one.
"""

import msgspec

from creditbridge.profile.codes import Purpose
from creditbridge.profile.tables.row import Certainty, Scheme, table

PURPOSE = table(
    "PURPOSE",
    Scheme(
        name="HOUSE",
        source="house rule",
        certainty=Certainty.SURE,
        words={
            "PRE_LOAN_REVIEW": ("贷前(保前)审查", "review before a loan or guarantee"),
            "LOAN_OPERATION": ("贷中操作", "operation of a loan"),
            "POST_LOAN": ("贷后(在保)管理", "management after a loan"),
            "RELATED_PARTY": ("关联查询", "query of a related party"),
            "LIMIT_APPROVAL": ("额度审批", "approval of a limit"),
            "GUARANTEE_REVIEW": ("担保审查", "review of a guarantor"),
            "OTHER": ("其他", "other: refused by default"),
            "KEY_PERSON_REVIEW": ("法定代表人、高管等资信审查", "review of key persons"),
            "DISPUTE_CHECK": ("异议核查", "check of a dispute"),
        },
    ),
)

ENTERPRISE_REASON = table(
    "ENTERPRISE_REASON",
    Scheme(
        name="PBOC-2",
        source="second generation, alike in several bank systems",
        certainty=Certainty.LIKELY,
        words={
            "01": ("贷前(保前)审查", "PRE_LOAN_REVIEW"),
            "02": ("贷中操作", "LOAN_OPERATION"),
            "03": ("贷后(在保)管理", "POST_LOAN"),
            "04": ("其他", "OTHER"),
            "05": ("关联查询", "RELATED_PARTY"),
            "17": ("额度审批", "LIMIT_APPROVAL"),
            "18": ("担保审查", "GUARANTEE_REVIEW"),
        },
    ),
)

PERSONAL_REASON = table(
    "PERSONAL_REASON",
    Scheme(
        name="PBOC-2",
        source="second generation, personal; never accepted on an enterprise door",
        certainty=Certainty.LIKELY,
        words={
            "01": ("贷后管理", "post-loan"),
            "02": ("贷款审批", "loan approval"),
            "03": ("信用卡审批", "card approval"),
            "05": ("异议核查", "DISPUTE_CHECK"),
            "08": ("担保资格审查", "guarantee"),
            "16": ("公积金", "housing fund"),
            "19": ("特约商户", "merchant"),
            "22": ("法定代表人、高管等资信审查", "KEY_PERSON_REVIEW"),
            "23": ("客户准入", "onboarding"),
            "25": ("资信审查", "credit check"),
        },
    ),
)


class PurposeRow(msgspec.Struct, frozen=True, kw_only=True):
    """What a purpose requires, and its second-generation reason on the enterprise door."""

    purpose: Purpose
    enterprise_code: str | None
    requires: str


PURPOSES = tuple(
    PurposeRow(purpose=purpose, enterprise_code=code, requires=requires)
    for purpose, code, requires in (
        (Purpose.PRE_LOAN_REVIEW, "01", "APPLICATION"),
        (Purpose.LOAN_OPERATION, "02", "BUSINESS"),
        (Purpose.POST_LOAN, "03", "OPEN_BUSINESS_REF"),
        (Purpose.RELATED_PARTY, "05", "RELATED_CONSENT"),
        (Purpose.LIMIT_APPROVAL, "17", "BUSINESS"),
        (Purpose.GUARANTEE_REVIEW, "18", "GUARANTOR_CONSENT"),
        (Purpose.OTHER, "04", "PERMISSION"),
        (Purpose.KEY_PERSON_REVIEW, None, "PERSONAL_CONSENT"),
        (Purpose.DISPUTE_CHECK, None, "DISPUTE"),
    )
)
