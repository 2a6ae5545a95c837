"""Social insurance and housing fund, month by month (section SOC): commercial, never public.

Head-counts follow from capital; those of troubled entities shrink. A month is received on the
twentieth of the next one.
"""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from creditsandbox.province.codes import Category, PaidState
from creditsandbox.province.departments import get_department
from creditsandbox.province.draws import Draw
from creditsandbox.province.model import Entity
from creditsandbox.province.records import InsuranceFile, InsuranceMonth
from creditsandbox.province.troubles import arrears_in, is_troubled

MONTHS_KEPT = 24
RECEIVED_DAY = 20
OWED_PER_THOUSAND = 4
IN_ARREARS_OWED_PER_THOUSAND = 250
WITH_FUND_PER_THOUSAND = 600
SHRINKS_PER_THOUSAND = 400
FUND_YUAN_PER_PERSON = (400, 1_900)
HEADS_MAX = 2_000
LEAST_PERCENT = 20


def draw_insurance(
    seed: int, index: int, entity: Entity, *, capital_wan: Decimal, on: date
) -> InsuranceFile | None:
    """Return the months until a day, the newest first; None of branches and organs."""
    if entity.category is Category.GOV_AGENCY or entity.parent_uscc is not None:
        return None
    draw = Draw("insurance", seed, index)
    heads = min(HEADS_MAX, 1 + int(capital_wan * draw.between(1, 12) / 100) + draw.below(6))
    shrinks = is_troubled(seed, index) and draw.chance(SHRINKS_PER_THOUSAND)
    per_head = draw.between(*FUND_YUAN_PER_PERSON) if draw.chance(WITH_FUND_PER_THOUSAND) else 0
    months = (
        draw_month(
            seed,
            index,
            year,
            month,
            heads=_shrink(heads, place) if shrinks else heads,
            per_head=per_head,
        )
        for place, (year, month) in enumerate(list_months(entity.established_on, on=on))
    )
    authority = get_department("LABOUR", city=entity.city)
    return InsuranceFile(authority=authority, months=tuple(months))


def list_months(after: date, *, on: date) -> Iterator[tuple[int, int]]:
    """Yield the months received until a day, the newest first, all after the month of a day."""
    newest = on.year * 12 + on.month - 1 - (1 if on.day >= RECEIVED_DAY else 2)
    oldest = max(newest - MONTHS_KEPT, after.year * 12 + after.month - 1)
    for count in range(newest, oldest, -1):
        yield count // 12, count % 12 + 1


def draw_month(
    seed: int, index: int, year: int, month: int, *, heads: int, per_head: int
) -> InsuranceMonth:
    """Return one month; who owes taxes often owes this too."""
    draw = Draw("insured", seed, index, year, month)
    insured = max(1, heads * draw.between(96, 104) // 100)
    owes = IN_ARREARS_OWED_PER_THOUSAND if arrears_in(seed, index, year=year) else OWED_PER_THOUSAND
    state = PaidState.OWED if draw.chance(owes) else PaidState.PAID
    return make_month(year, month, insured=insured, state=state, per_head=per_head)


def make_month(
    year: int, month: int, *, insured: int, state: PaidState, per_head: int
) -> InsuranceMonth:
    """Return a month, received on the twentieth of the next; `per_head` 0: no fund."""
    return InsuranceMonth(
        year=year,
        month=month,
        insured=insured,
        state=state,
        received_on=date(year + month // 12, month % 12 + 1, RECEIVED_DAY),
        fund_persons=insured if per_head else None,
        fund_amount=Decimal(insured * per_head) if per_head else None,
    )


def _shrink(heads: int, months_ago: int) -> int:
    # The newest month has the fewest; two years ago the business was whole.
    return heads * min(100, LEAST_PERCENT + months_ago * 4) // 100
