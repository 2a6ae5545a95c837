"""Judgments that were not performed (section JUD): two sources that must be kept apart.

Each entry of the list of defaulters has its judgment (SPC provisions of 2013); the unfulfilled
judgments are wider, and most of them never lead to the list.
"""

from datetime import date, timedelta
from decimal import Decimal

import msgspec

from creditsandbox.province.codes import Category, JudgmentKind, Performance
from creditsandbox.province.departments import get_department
from creditsandbox.province.draws import Draw
from creditsandbox.province.model import Entity, Listing
from creditsandbox.province.records import Judgment
from creditsandbox.province.tables import DIVISIONS, TRADES, read_table
from creditsandbox.province.troubles import arrears_in, is_troubled, years_on_record

PER_THOUSAND = 12
OF_TROUBLED_PER_THOUSAND = 90
IN_ARREARS_FACTOR = 2
FULFILLED_PER_THOUSAND = 550
PARTLY_PER_THOUSAND = 350
PUBLISHED_AFTER_DAYS = 60
DEFAULTER_LIST = "JUDGMENT_DEFAULTER"
AMOUNTS_YUAN = (8_000, 30_000, 90_000, 250_000, 800_000, 2_400_000)
_CITIES = {city.code: city.name for city in DIVISIONS.cities}


class CauseRow(msgspec.Struct, frozen=True, kw_only=True):
    """A cause of action, and in which industry sections it comes up; empty: in all."""

    name: str
    weight: int
    sections: str


class CourtWords(msgspec.Struct, frozen=True, kw_only=True):
    """The words of courts."""

    causes: tuple[CauseRow, ...]
    conducts: tuple[str, ...]
    duty: str
    court: str
    case_no: str


WORDS = read_table("judgments.json", CourtWords)


def draw_judgments(
    seed: int, index: int, entity: Entity, listings: tuple[Listing, ...], *, on: date
) -> tuple[Judgment, ...]:
    """Return the judgments until a day, the newest first; those performed since included."""
    if entity.category is Category.GOV_AGENCY or entity.parent_uscc is not None:
        return ()
    found = [
        judgment
        for year in years_on_record(entity, on=on)
        if (judgment := _draw_year(seed, index, entity, year=year, on=on)) is not None
    ]
    found += [default(entity, entry) for entry in listings if entry.list_type == DEFAULTER_LIST]
    return tuple(sorted(found, key=lambda each: each.published_on, reverse=True))


def _draw_year(seed: int, index: int, entity: Entity, *, year: int, on: date) -> Judgment | None:
    draw = Draw("judgments", seed, index, year)
    likely = OF_TROUBLED_PER_THOUSAND if is_troubled(seed, index) else PER_THOUSAND
    likely *= IN_ARREARS_FACTOR if arrears_in(seed, index, year=year) else 1
    if not draw.chance(likely):
        return None
    filed_on = draw.day_of(year)
    amount = Decimal(draw.pick(AMOUNTS_YUAN) + draw.below(8_000))
    judgment = judge(entity, draw, filed_on=filed_on, amount=amount)
    fulfilled_on = judgment.published_on + timedelta(days=draw.below(400))
    fulfilled, partly = draw.chance(FULFILLED_PER_THOUSAND), draw.chance(PARTLY_PER_THOUSAND)
    if judgment.published_on > on:
        return None
    if fulfilled and fulfilled_on <= on:
        return fulfil(judgment, on=fulfilled_on)
    return msgspec.structs.replace(
        judgment,
        unperformed=amount / 4 if partly else amount,
        performance=Performance.PARTLY if partly else Performance.NONE_PERFORMED,
    )


def judge(entity: Entity, draw: Draw, *, filed_on: date, amount: Decimal) -> Judgment:
    """Return an unfulfilled judgment of the court of the entity's county."""
    section = TRADES.trades[entity.trade].section
    causes = [row for row in WORDS.causes if not row.sections or section in row.sections]
    cause = draw.weigh(causes, lambda row: row.weight).name
    return Judgment(
        kind=JudgmentKind.UNFULFILLED,
        case_no=WORDS.case_no.format(
            year=filed_on.year, court=entity.division[2:], number=draw.between(1, 9999)
        ),
        court=WORDS.court.format(place=place_of(entity)),
        authority=get_department("COURT", city=entity.city),
        cause=cause,
        filed_on=filed_on,
        published_on=filed_on + timedelta(days=PUBLISHED_AFTER_DAYS),
        amount=amount,
        unperformed=amount,
        performance=Performance.NONE_PERFORMED,
        duty=WORDS.duty.format(cause=cause, amount=f"{amount:f}"),
    )


def fulfil(judgment: Judgment, *, on: date) -> Judgment:
    """Return a judgment that was performed on a day."""
    return msgspec.structs.replace(
        judgment,
        unperformed=Decimal(0),
        performance=Performance.FULLY,
        fulfilled_on=on,
        removed_on=on,
    )


def default(entity: Entity, entry: Listing) -> Judgment:
    """Return the defaulter's judgment behind an entry of the list; it leaves with the entry."""
    draw = Draw("defaulter", entity.uscc, entry.decision_no)
    amount = Decimal(draw.pick(AMOUNTS_YUAN[2:]) + draw.below(8_000))
    filed_on = max(entry.included_on - timedelta(days=90), entity.established_on)
    judgment = judge(entity, draw, filed_on=filed_on, amount=amount)
    return msgspec.structs.replace(
        judgment,
        kind=JudgmentKind.DEFAULTER,
        published_on=entry.included_on,
        conduct=draw.pick(WORDS.conducts),
        removed_on=entry.removed_on,
    )


def place_of(entity: Entity) -> str:
    """Return the county as its court names it; a county-level city stands by itself."""
    if entity.county.endswith("市"):
        return entity.county
    return f"{_CITIES[entity.city]}市{entity.county}"
