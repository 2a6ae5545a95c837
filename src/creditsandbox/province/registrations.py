"""What the registering authority holds about an entity."""

from datetime import date, timedelta
from decimal import Decimal

from creditsandbox.province.codes import Category, Status
from creditsandbox.province.departments import get_department
from creditsandbox.province.draws import Draw
from creditsandbox.province.model import Entity, Registration
from creditsandbox.province.people import Person
from creditsandbox.province.tables import DIVISIONS, TRADES

CAPITALS_WAN = (10, 50, 100, 200, 300, 500, 500, 1000, 1000, 2000, 5000, 12000)
AGE_OF_ENDS_DAYS = 400  # Nobody ends in the first year.
TERM_YEARS = 30
# What a year brings, beyond the first, and to how many of a thousand.
FATES = (
    (Status.ACTIVE, 980),
    (Status.DEREGISTERED, 12),
    (Status.REVOKED_NOT_DEREGISTERED, 4),
    (Status.SUSPENDED, 2),
    (Status.MOVED_OUT, 2),
)
ENDED = (Status.DEREGISTERED, Status.REVOKED_NOT_DEREGISTERED)
_CITIES = {city.code: city.name for city in DIVISIONS.cities}


def draw_registration(
    seed: int, index: int, entity: Entity, *, representative: Person, on: date
) -> Registration:
    """Return the registration as it stands at last, but for its status, which is that of a day."""
    draw = Draw("registration", seed, index)
    status, since = draw_status(seed, index, entity, on=on)
    return register(
        entity,
        draw=draw,
        status=status,
        status_since=since,
        legal_representative=representative.name,
    )


def register(
    entity: Entity,
    *,
    draw: Draw,
    status: Status,
    status_since: date | None,
    legal_representative: str,
    former_names: tuple[str, ...] = (),
) -> Registration:
    """Return a registration; what matters to nobody is drawn."""
    trade = TRADES.trades[entity.trade]
    born = entity.established_on
    return Registration(
        registration_no=f"{entity.division}{draw.below(1_000_000_000):09d}",
        former_names=former_names,
        status=status,
        status_since=status_since,
        legal_representative=legal_representative,
        capital_wan=draw_capital(draw, entity.category),
        currency="CNY",
        term_to=date(born.year + TERM_YEARS, born.month, 1) if draw.chance(400) else None,
        scope=trade.scope,
        address=TRADES.address.format(
            city=_CITIES[entity.city],
            county=entity.county,
            number=draw.between(1, 999),
            building=draw.between(1, 18),
            room=draw.between(101, 2608),
        ),
        industry_section=trade.section,
        industry_name=trade.name,
        authority=get_department(authority_of(entity.category), city=entity.city),
        approved_on=born + timedelta(days=draw.below(10)),
    )


def draw_capital(draw: Draw, category: Category) -> Decimal:
    """Return the registered capital in 万元; organs and institutions have little or none."""
    capital = Decimal(draw.pick(CAPITALS_WAN))
    match category:
        case Category.ENTERPRISE:
            return capital
        case Category.SOLE_PROPRIETOR:
            return capital / 100
        case Category.GOV_AGENCY:
            return Decimal(0)
        case _:
            return capital / 10


def authority_of(category: Category) -> str:
    """Return the kind of department that registers a category (GB 32100-2015, first character)."""
    return "MARKET" if category in (Category.ENTERPRISE, Category.SOLE_PROPRIETOR) else "CIVIL"


def draw_status(seed: int, index: int, entity: Entity, *, on: date) -> tuple[Status, date | None]:
    """Return whether the entity is alive on a day, and since when it is not."""
    first = entity.established_on + timedelta(days=AGE_OF_ENDS_DAYS)
    # The first bad year decides: who is dissolved does not come back.
    for year in range(first.year, on.year + 1):
        draw = Draw("status", seed, index, year)
        status, _ = draw.weigh(FATES, lambda fate: fate[1])
        since = draw.day_of(year)
        if status is not Status.ACTIVE and first <= since <= on:
            return status, since
    return Status.ACTIVE, None


def last_day(status: Status, since: date | None, *, on: date) -> date:
    """Return the last day on which anything is decided about an entity: its end, or the day."""
    return since if since is not None and status in ENDED else on
