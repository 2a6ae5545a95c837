"""Grades of public credit evaluation, tax, customs and environment. No order across schemes."""

from datetime import date

from creditbridge.profile.tables.row import Certainty, Scheme, table

PUBLIC_CREDIT_GRADE = table(
    "PUBLIC_CREDIT_GRADE",
    Scheme(
        name="CN-LEGACY",
        source="national evaluation, before 2025",
        certainty=Certainty.LIKELY,
        words={
            "优": ("优", "excellent"),
            "良": ("良", "good"),
            "中": ("中", "medium"),
            "差": ("差", "poor"),
        },
    ),
    Scheme(
        name="ZJ-2018",
        source="Zhejiang public credit evaluation, 2018",
        certainty=Certainty.LIKELY,
        valid_from=date(2018, 1, 1),
        words={
            "EXCELLENT": ("优秀", "excellent"),
            "GOOD": ("良好", "good"),
            "MEDIUM": ("中等", "medium"),
            "POOR": ("较差", "poor"),
        },
    ),
    Scheme(
        name="CN-GBT45255-2025",
        source="GB/T 45255-2025; labels to be confirmed",
        certainty=Certainty.CONFIGURE,
        valid_from=date(2025, 6, 1),
        words={
            "A": ("诚信优良", "excellent"),
            "B": ("基本诚信", "basically honest"),
            "C": ("失信观察", "under observation"),
            "D": ("严重失信", "seriously dishonest"),
        },
    ),
    Scheme(
        name="SBX-2026",
        source="the sandbox's own model; no province's cuts",
        certainty=Certainty.SURE,
        valid_from=date(2026, 1, 1),
        words={
            "EXCELLENT": ("优秀", "excellent"),
            "GOOD": ("良好", "good"),
            "MEDIUM": ("中等", "medium"),
            "POOR": ("较差", "poor"),
        },
    ),
)

# The grade that each scheme itself puts last. A scheme that is not here raises no flag.
LOW_GRADES = frozenset(
    {("CN-LEGACY", "差"), ("ZJ-2018", "POOR"), ("CN-GBT45255-2025", "D"), ("SBX-2026", "POOR")}
)

_TAX_LETTERS = {
    "A": ("A", "90 and over"),
    "B": ("B", "70 to under 90"),
    "M": ("M", "new, or no revenue and 70 and over"),
    "C": ("C", "40 to under 70"),
    "D": ("D", "under 40, or direct"),
}
TAX_CREDIT = table(
    "TAX_CREDIT",
    Scheme(
        name="TAX_CREDIT-2014",
        source="STA 2014 No. 40",
        certainty=Certainty.LIKELY,
        valid_to=date(2025, 6, 30),
        words=_TAX_LETTERS,
    ),
    Scheme(
        name="TAX_CREDIT-2025",
        source="STA 2025 No. 12, tax and fee credit",
        certainty=Certainty.LIKELY,
        valid_from=date(2025, 7, 1),
        words=_TAX_LETTERS,
    ),
)

CUSTOMS_CREDIT = table(
    "CUSTOMS_CREDIT",
    Scheme(
        name="CUSTOMS_CREDIT-2018",
        source="GACC Order 237",
        certainty=Certainty.LIKELY,
        valid_to=date(2021, 10, 31),
        words={
            "ADVANCED_CERTIFIED": ("高级认证", "advanced certified"),
            "GENERAL_CERTIFIED": ("一般认证", "certified"),
            "GENERAL": ("一般信用", "general"),
            "DISCREDITED": ("失信", "discredited"),
        },
    ),
    Scheme(
        name="CUSTOMS_CREDIT-2021",
        source="GACC Order 251",
        certainty=Certainty.LIKELY,
        valid_from=date(2021, 11, 1),
        valid_to=date(2026, 3, 31),
        words={
            "ADVANCED_CERTIFIED": ("高级认证", "advanced certified"),
            "REGULAR": ("常规|其他", "regular"),
            "DISCREDITED": ("失信", "discredited"),
        },
    ),
    Scheme(
        name="CUSTOMS_CREDIT-2026",
        source="GACC Order 282",
        certainty=Certainty.LIKELY,
        valid_from=date(2026, 4, 1),
        words={
            "ADVANCED_CERTIFIED": ("高级认证", "advanced certified"),
            "CERTIFIED": ("认证", "certified"),
            "REGULAR": ("常规", "regular"),
            "DISCREDITED": ("失信", "discredited"),
            "SERIOUSLY_DISCREDITED": ("严重失信", "seriously discredited"),
        },
    ),
)

ENV_CREDIT = table(
    "ENV_CREDIT",
    Scheme(
        name="CN-2013",
        source="national measures of 2013; Zhejiang's symbols of 2025 to be configured",
        certainty=Certainty.LIKELY,
        valid_from=date(2013, 1, 1),
        words={
            "GREEN": ("诚信", "honest"),
            "BLUE": ("良好", "good"),
            "YELLOW": ("警示", "warned"),
            "RED": ("不良", "bad"),
        },
    ),
)
