"""Code tables of what a consent reaches: products, roles, persons and data classes."""

from creditbridge.profile.tables.row import Certainty, Scheme, table

PRODUCT = table(
    "PRODUCT",
    Scheme(
        name="HOUSE",
        source="house rule",
        certainty=Certainty.SURE,
        words={
            "LOAN": ("贷款", "loan"),
            "TRADE_FINANCE": ("贸易融资", "trade finance"),
            "ACCEPTANCE": ("票据承兑", "acceptance of bills"),
            "DISCOUNT": ("票据贴现", "discount of bills"),
            "FACTORING": ("保理", "factoring"),
            "GUARANTEE": ("保函（担保）", "guarantee"),
            "LETTER_OF_CREDIT": ("信用证", "letter of credit"),
        },
    ),
)

SUBJECT_ROLE = table(
    "SUBJECT_ROLE",
    Scheme(
        name="HOUSE",
        source="house rule",
        certainty=Certainty.SURE,
        words={
            "BORROWER": ("借款人", "borrower"),
            "GUARANTOR": ("担保人", "guarantor"),
            "RELATED_PARTY": ("关联方", "related party"),
        },
    ),
)

KEY_POSITION = table(
    "KEY_POSITION",
    Scheme(
        name="HOUSE",
        source="house rule",
        certainty=Certainty.SURE,
        words={
            "LEGAL_REP": ("法定代表人", "legal representative"),
            "CONTROLLER": ("实际控制人", "controller"),
        },
    ),
)

PERSON_MEASURE = table(
    "PERSON_MEASURE",
    Scheme(
        name="HOUSE",
        source="house rule",
        certainty=Certainty.LIKELY,
        words={
            "JUDGMENT_DEFAULTER": ("失信被执行人", "judgment defaulter"),
            "SERIOUS_LIST": ("严重失信主体", "on a list of serious dishonesty"),
            "EXIT_RESTRICTION": ("限制出境", "may not leave the country"),
        },
    ),
)

DATA_CLASS = table(
    "DATA_CLASS",
    Scheme(
        name="HOUSE",
        source="house rule",
        certainty=Certainty.SURE,
        words={
            "PUBLIC": ("依法公开的信息", "public by law"),
            "QUERY": ("依申请或授权查询的信息", "by query, not public"),
            "LENDING": ("信贷信息", "credit lending"),
            "COMMERCIAL": ("商业经营信息", "commercial: amounts, head-counts, utilities"),
            "PERSONAL": ("自然人信息", "personal: the person's own, separate consent"),
            "GOV_ONLY": ("仅限政府部门共享的信息", "among government only: never to a bank"),
        },
    ),
)
