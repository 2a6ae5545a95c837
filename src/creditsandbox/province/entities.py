"""Who lives in the province: identifiers, names, places and ages, each from seed and index.

An entity does not depend on the day it is looked at; its records do. The last two indexes of each
block of fifty are branches: they have a code of their own and name the company they belong to.
"""

from datetime import date, timedelta

from msgspec.structs import replace

from creditsandbox.province.codes import Category
from creditsandbox.province.draws import Draw
from creditsandbox.province.identifiers import body_of, complete_uscc
from creditsandbox.province.model import Entity
from creditsandbox.province.people import BLOCK
from creditsandbox.province.tables import DIVISIONS, TRADES

# Fixed, not today: with it every code is the same next year.
YOUNGEST_ON = date(2026, 6, 30)
AGE_DAYS_MAX = 25 * 365
KEPT_ITS_CODE_PER_THOUSAND = 600
BRANCHES_PER_BLOCK = 2
COMPANY = "COMPANY"
# Prefix of the code (GB 32100-2015), category, pattern of the name, and how many of a thousand.
KINDS = (
    ("91", Category.ENTERPRISE, COMPANY, 740),
    ("93", Category.ENTERPRISE, "CO_OPERATIVE", 20),
    ("92", Category.SOLE_PROPRIETOR, "SOLE_PROPRIETOR", 160),
    ("51", Category.SOCIAL_ORG, "SOCIAL_ORG", 14),
    ("52", Category.SOCIAL_ORG, "SOCIAL_ORG", 10),
    ("53", Category.SOCIAL_ORG, "FOUNDATION", 2),
    ("12", Category.PUBLIC_INSTITUTION, "PUBLIC_INSTITUTION", 24),
    ("11", Category.GOV_AGENCY, "GOV_AGENCY", 10),
    ("31", Category.OTHER, "LAW_FIRM", 3),
    ("81", Category.OTHER, "UNION", 4),
    ("A1", Category.OTHER, "MILITARY", 1),
    ("N1", Category.OTHER, "GROUP", 2),
    ("N2", Category.OTHER, "VILLAGE", 7),
    ("N3", Category.OTHER, "TOWNSHIP", 1),
    ("Y1", Category.OTHER, "UNCLASSIFIED", 2),
)
_ABOLISHED = {row.successor: row for row in DIVISIONS.abolished}
_TRADES = range(len(TRADES.trades))


def draw_entity(seed: int, index: int) -> Entity:
    """Return the entity of an index; every name carries the word 沙盒, sandbox."""
    parent = find_parent(seed, index)
    own = draw_independent(seed, index)
    return own if parent is None else make_branch(seed, index, own=own, parent=parent)


def draw_independent(seed: int, index: int) -> Entity:
    """Return the entity that an index is where it is no branch."""
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


def is_company(seed: int, index: int) -> bool:
    """Tell whether an index is a company by itself, by the first draw alone."""
    if index % BLOCK >= BLOCK - BRANCHES_PER_BLOCK:
        return False
    return Draw("entity", seed, index).weigh(KINDS, lambda kind: kind[3])[2] == COMPANY


def find_parent(seed: int, index: int) -> int | None:
    """Return the index of the company that a branch belongs to; None for all others."""
    place, most = index % BLOCK, BLOCK - BRANCHES_PER_BLOCK
    if place < most:
        return None
    first, begin = index - place, Draw("branch", seed, index).below(most)
    candidates = (first + (begin + step) % most for step in range(most))
    return next((each for each in candidates if is_company(seed, each)), None)


def list_branches(seed: int, index: int, *, size: int) -> tuple[int, ...]:
    """Return the indexes of the branches of an entity."""
    end = index - index % BLOCK + BLOCK
    slots = range(end - BRANCHES_PER_BLOCK, min(end, size))
    return tuple(slot for slot in slots if find_parent(seed, slot) == index)


def make_branch(seed: int, index: int, *, own: Entity, parent: int) -> Entity:
    """Return a branch: the parent's name and trade, a place and a code of its own."""
    company = draw_independent(seed, parent)
    life_days = (YOUNGEST_ON - company.established_on).days
    established_on = company.established_on + timedelta(
        days=Draw("branch-birth", seed, index).below(life_days + 1)
    )
    # The division of today: nothing here is older than its parent, and few are old at all.
    return replace(
        own,
        uscc=complete_uscc("91", division=own.division, body=body_of(index)),
        name=TRADES.patterns["BRANCH"].format(name=company.name, county=own.county),
        category=Category.ENTERPRISE,
        type_name=TRADES.types["BRANCH"],
        trade=company.trade,
        established_on=established_on,
        parent_uscc=company.uscc,
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
