"""Grades of public credit evaluation, tax, customs and environment. No order across schemes."""

from datetime import date

from creditbridge.profile.tables.row import Certainty, Scheme

PUBLIC_CREDIT_GRADE = (
    *Scheme(
        table="PUBLIC_CREDIT_GRADE",
        scheme="CN-LEGACY",
        source="national evaluation, before 2025",
        certainty=Certainty.LIKELY,
    ).rows(
        {
            "优": ("优", "excellent"),
            "良": ("良", "good"),
            "中": ("中", "medium"),
            "差": ("差", "poor"),
        }
    ),
    *Scheme(
        table="PUBLIC_CREDIT_GRADE",
        scheme="ZJ-2018",
        source="Zhejiang public credit evaluation, 2018",
        certainty=Certainty.LIKELY,
        valid_from=date(2018, 1, 1),
    ).rows(
        {
            "EXCELLENT": ("优秀", "excellent"),
            "GOOD": ("良好", "good"),
            "MEDIUM": ("中等", "medium"),
            "POOR": ("较差", "poor"),
        }
    ),
    *Scheme(
        table="PUBLIC_CREDIT_GRADE",
        scheme="CN-GBT45255-2025",
        source="GB/T 45255-2025; labels to be confirmed",
        certainty=Certainty.CONFIGURE,
        valid_from=date(2025, 6, 1),
    ).rows(
        {
            "A": ("诚信优良", "excellent"),
            "B": ("基本诚信", "basically honest"),
            "C": ("失信观察", "under observation"),
            "D": ("严重失信", "seriously dishonest"),
        }
    ),
    *Scheme(
        table="PUBLIC_CREDIT_GRADE",
        scheme="SBX-2026",
        source="the sandbox's own model; no province's cuts",
        certainty=Certainty.SURE,
        valid_from=date(2026, 1, 1),
    ).rows(
        {
            "EXCELLENT": ("优秀", "excellent"),
            "GOOD": ("良好", "good"),
            "MEDIUM": ("中等", "medium"),
            "POOR": ("较差", "poor"),
        }
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
TAX_CREDIT = (
    *Scheme(
        table="TAX_CREDIT",
        scheme="TAX_CREDIT-2014",
        source="STA 2014 No. 40",
        certainty=Certainty.LIKELY,
        valid_to=date(2025, 6, 30),
    ).rows(_TAX_LETTERS),
    *Scheme(
        table="TAX_CREDIT",
        scheme="TAX_CREDIT-2025",
        source="STA 2025 No. 12, tax and fee credit",
        certainty=Certainty.LIKELY,
        valid_from=date(2025, 7, 1),
    ).rows(_TAX_LETTERS),
)

CUSTOMS_CREDIT = (
    *Scheme(
        table="CUSTOMS_CREDIT",
        scheme="CUSTOMS_CREDIT-2018",
        source="GACC Order 237",
        certainty=Certainty.LIKELY,
        valid_to=date(2021, 10, 31),
    ).rows(
        {
            "ADVANCED_CERTIFIED": ("高级认证", "advanced certified"),
            "GENERAL_CERTIFIED": ("一般认证", "certified"),
            "GENERAL": ("一般信用", "general"),
            "DISCREDITED": ("失信", "discredited"),
        }
    ),
    *Scheme(
        table="CUSTOMS_CREDIT",
        scheme="CUSTOMS_CREDIT-2021",
        source="GACC Order 251",
        certainty=Certainty.LIKELY,
        valid_from=date(2021, 11, 1),
        valid_to=date(2026, 3, 31),
    ).rows(
        {
            "ADVANCED_CERTIFIED": ("高级认证", "advanced certified"),
            "REGULAR": ("常规|其他", "regular"),
            "DISCREDITED": ("失信", "discredited"),
        }
    ),
    *Scheme(
        table="CUSTOMS_CREDIT",
        scheme="CUSTOMS_CREDIT-2026",
        source="GACC Order 282",
        certainty=Certainty.LIKELY,
        valid_from=date(2026, 4, 1),
    ).rows(
        {
            "ADVANCED_CERTIFIED": ("高级认证", "advanced certified"),
            "CERTIFIED": ("认证", "certified"),
            "REGULAR": ("常规", "regular"),
            "DISCREDITED": ("失信", "discredited"),
            "SERIOUSLY_DISCREDITED": ("严重失信", "seriously discredited"),
        }
    ),
)

ENV_CREDIT = Scheme(
    table="ENV_CREDIT",
    scheme="CN-2013",
    source="national measures of 2013; Zhejiang's symbols of 2025 to be configured",
    certainty=Certainty.LIKELY,
    valid_from=date(2013, 1, 1),
).rows(
    {
        "GREEN": ("诚信", "honest"),
        "BLUE": ("良好", "good"),
        "YELLOW": ("警示", "warned"),
        "RED": ("不良", "bad"),
    }
)
