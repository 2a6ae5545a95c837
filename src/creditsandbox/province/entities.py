"""Who lives in the province: identifiers, names, places and ages, each from seed and index.

An entity does not depend on the day it is looked at; its records do.
"""

from datetime import date, timedelta

from creditsandbox.province.codes import Category
from creditsandbox.province.draws import Draw
from creditsandbox.province.identifiers import body_of, complete_uscc
from creditsandbox.province.model import Entity
from creditsandbox.province.tables import DIVISIONS, TRADES

# Fixed, not today: with it every code is the same next year.
YOUNGEST_ON = date(2026, 6, 30)
AGE_DAYS_MAX = 25 * 365
KEPT_ITS_CODE_PER_THOUSAND = 600
# Prefix of the code (GB 32100-2015), category, pattern of the name, and how many of a thousand.
KINDS = (
    ("91", Category.ENTERPRISE, "COMPANY", 770),
    ("93", Category.ENTERPRISE, "CO_OPERATIVE", 20),
    ("92", Category.SOLE_PROPRIETOR, "SOLE_PROPRIETOR", 150),
    ("51", Category.SOCIAL_ORG, "SOCIAL_ORG", 15),
    ("52", Category.SOCIAL_ORG, "SOCIAL_ORG", 10),
    ("12", Category.PUBLIC_INSTITUTION, "PUBLIC_INSTITUTION", 25),
    ("11", Category.GOV_AGENCY, "GOV_AGENCY", 10),
)
_ABOLISHED = {row.successor: row for row in DIVISIONS.abolished}
_TRADES = range(len(TRADES.trades))


def draw_entity(seed: int, index: int) -> Entity:
    """Return the entity of an index; every name carries the word 沙盒, sandbox."""
    draw = Draw("entity", seed, index)
    prefix, category, pattern, _ = draw.weigh(KINDS, lambda kind: kind[3])
    city = draw.weigh(DIVISIONS.cities, lambda row: row.weight)
    division, county = draw.pick(city.counties)
    trade = draw.weigh(_TRADES, lambda number: TRADES.trades[number].weight)
    established_on = draw_birth(draw)
    registered = draw_division_at_birth(draw, division, established_on)
    # Drawn for everybody, used for companies: one path keeps the stream in step.
    form, company_type, _ = draw.weigh(TRADES.companies, lambda row: row[2])
    name = TRADES.patterns[pattern].format(
        city=city.name,
        county=county,
        trade=draw.pick(TRADES.stems) + draw.pick(TRADES.stems),
        word=draw.pick(TRADES.trades[trade].words),
        form=form,
    )
    return Entity(
        uscc=complete_uscc(prefix, division=registered, body=body_of(index)),
        name=name,
        category=category,
        type_name=TRADES.types.get(pattern, company_type),
        division=division,
        city=city.code,
        county=county,
        trade=trade,
        established_on=established_on,
    )


def draw_birth(draw: Draw) -> date:
    """Return a day of establishment: half of all entities are younger than eight years."""
    # The lower of two draws: many are young, few are old.
    days = min(draw.below(AGE_DAYS_MAX), draw.below(AGE_DAYS_MAX))
    return YOUNGEST_ON - timedelta(days=days)


def draw_division_at_birth(draw: Draw, division: str, established_on: date) -> str:
    """Return the division inside the code: an abolished one where it was registered before."""
    row = _ABOLISHED.get(division)
    if row is None or established_on.year >= row.ended:
        return division
    return row.code if draw.chance(KEPT_ITS_CODE_PER_THOUSAND) else division


def draw_person(draw: Draw) -> str:
    """Return a person's name; the middle character of every one is 沙, for sandbox."""
    surname, given = draw.pick(TRADES.surnames), draw.pick(TRADES.given)
    return TRADES.person.format(surname=surname, given=given)
