"""What the tax office holds (section TAX): grades by year, arrears, non-normal, what was paid.

A year's grade is made in the April that follows. Who owes has C, who owes much or is listed has D,
a first year has M.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

from creditsandbox.province.codes import Category, TaxGrade
from creditsandbox.province.departments import get_department
from creditsandbox.province.draws import Draw
from creditsandbox.province.model import Entity, Listing
from creditsandbox.province.records import TaxArrears, TaxFile, TaxNonNormal, TaxPayment, TaxYear
from creditsandbox.province.troubles import arrears_in, is_troubled

YEARS_GRADED = 5
QUARTERS_KEPT = 8
# "Tax and fee credit" since the day on which the newer measures took effect (STA 2025 No. 12).
SCHEME, OLDER_SCHEME, SCHEME_FROM = "TAX_CREDIT", "TAX_CREDIT-2014", date(2025, 7, 1)
GRADES = ((TaxGrade.A, 90), (TaxGrade.B, 760), (TaxGrade.M, 150))
MUCH_YUAN = 2_000_000
TAX_TYPES = ("增值税", "企业所得税", "城镇土地使用税")
TAXED = (Category.ENTERPRISE, Category.SOLE_PROPRIETOR)
NON_NORMAL_PER_THOUSAND = 60
LISTED = "MAJOR_TAX_VIOLATION"
SHARE_OF_CAPITAL = Decimal("0.003")
YUAN_PER_WAN = 10_000


def draw_tax(
    seed: int,
    index: int,
    entity: Entity,
    listings: tuple[Listing, ...],
    *,
    capital_wan: Decimal,
    on: date,
) -> TaxFile | None:
    """Return the file as it stands on a day; None of those who pay no such taxes."""
    if entity.category not in TAXED or entity.parent_uscc is not None:
        return None
    owed = arrears_in(seed, index, year=on.year)
    announced_on = max(date(on.year, 1, 1), entity.established_on)
    draw = Draw("tax-type", seed, index, on.year)
    arrears = TaxArrears(tax_type=draw.pick(TAX_TYPES), balance=owed, announced_on=announced_on)
    return TaxFile(
        authority=get_department("TAX", city=entity.city),
        years=tuple(_draw_years(seed, index, entity, listings, on=on)),
        arrears=(arrears,) if owed else (),
        non_normal=tuple(_draw_non_normal(seed, index, entity, on=on)),
        payments=tuple(_draw_payments(seed, index, entity, capital_wan=capital_wan, on=on)),
    )


def _draw_years(
    seed: int, index: int, entity: Entity, listings: tuple[Listing, ...], *, on: date
) -> Iterator[TaxYear]:
    for year in range(on.year - 1, on.year - 1 - YEARS_GRADED, -1):
        evaluated_on = date(year + 1, 4, 20)
        if evaluated_on > on or year < entity.established_on.year:
            continue
        draw = Draw("tax", seed, index, year)
        usual, _ = draw.weigh(GRADES, lambda row: row[1])
        grade = TaxGrade.M if year == entity.established_on.year else usual
        owed = arrears_in(seed, index, year=year)
        if owed:
            grade = TaxGrade.D if owed > MUCH_YUAN else TaxGrade.C
        if any(is_listed_in(entry, year) for entry in listings):
            grade = TaxGrade.D
        yield grade_year(year, grade)


def is_listed_in(entry: Listing, year: int) -> bool:
    """Tell whether an entry says that the tax of a year was evaded."""
    return entry.list_type == LISTED and entry.included_on.year == year


def grade_year(year: int, grade: TaxGrade) -> TaxYear:
    """Return the grade of a year, under the scheme of the day on which it was made."""
    evaluated_on = date(year + 1, 4, 20)
    scheme = SCHEME if evaluated_on >= SCHEME_FROM else OLDER_SCHEME
    return TaxYear(year=year, scheme=scheme, grade=grade, evaluated_on=evaluated_on)


def _draw_non_normal(seed: int, index: int, entity: Entity, *, on: date) -> Iterator[TaxNonNormal]:
    for year in (on.year, on.year - 1):
        if year <= entity.established_on.year or not is_troubled(seed, index):
            continue
        draw = Draw("non-normal", seed, index, year)
        happens, recognised_on = draw.chance(NON_NORMAL_PER_THOUSAND), draw.day_of(year)
        released_on = recognised_on + timedelta(days=30 + draw.below(600))
        if happens and recognised_on <= on:
            yield TaxNonNormal(
                recognised_on=recognised_on, released_on=released_on if released_on <= on else None
            )


def _draw_payments(
    seed: int, index: int, entity: Entity, *, capital_wan: Decimal, on: date
) -> Iterator[TaxPayment]:
    base = max(Decimal(500), capital_wan * YUAN_PER_WAN * SHARE_OF_CAPITAL)
    draw = Draw("payments", seed, index)
    level = base * draw.between(60, 140) / 100
    for first in list_quarters(on):
        paid_on = first + timedelta(days=105)  # the middle of the month after the quarter
        if first <= entity.established_on or paid_on > on:
            continue
        part = Draw("paid", seed, index, first.year, first.month).between(70, 130)
        yield pay_quarter(first, (level * part / 100).quantize(Decimal("0.01")), paid_on=paid_on)


def list_quarters(on: date) -> Iterator[date]:
    """Yield the first days of the last eight quarters, the present one first."""
    count = on.year * 4 + (on.month - 1) // 3
    for each in range(count, count - QUARTERS_KEPT, -1):
        yield date(each // 4, each % 4 * 3 + 1, 1)


def pay_quarter(first: date, amount: Decimal, *, paid_on: date) -> TaxPayment:
    """Return what was paid for the quarter that begins on a day."""
    following = date(first.year + first.month // 10, (first.month + 2) % 12 + 1, 1)
    return TaxPayment(
        item="增值税",
        period_from=first,
        period_to=following - timedelta(days=1),
        amount=amount,
        paid_on=paid_on,
    )
