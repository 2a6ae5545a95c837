"""Why some have more on record than others: who is in arrears is likelier to be penalised, listed.

Each year is drawn by itself, so that a history only grows as the days go on.
"""

from datetime import date
from decimal import Decimal
from functools import lru_cache

from creditsandbox.province.draws import Draw
from creditsandbox.province.model import Entity

YEARS_KEPT = 8  # Longer than the five years of retention, so that some are past it.
# An eighth of all make half of the trouble, as in life.
TROUBLED_PER_THOUSAND = 120
ARREARS_PER_THOUSAND = 12
ARREARS_OF_TROUBLED_PER_THOUSAND = 300
ARREARS_YUAN_MAX = 3_000_000
ASKED_AGAIN_MAX = 256  # Each section of one file asks for the same few years.


@lru_cache(maxsize=ASKED_AGAIN_MAX)
def is_troubled(seed: int, index: int) -> bool:
    """Tell whether an entity has the trait behind most bad years."""
    return Draw("trait", seed, index).chance(TROUBLED_PER_THOUSAND)


@lru_cache(maxsize=ASKED_AGAIN_MAX)
def arrears_in(seed: int, index: int, *, year: int) -> Decimal:
    """Return the taxes owed at the end of a year, in 元; zero for most."""
    draw = Draw("arrears", seed, index, year)
    troubled = is_troubled(seed, index)
    likely = ARREARS_OF_TROUBLED_PER_THOUSAND if troubled else ARREARS_PER_THOUSAND
    return Decimal(draw.between(500, ARREARS_YUAN_MAX)) if draw.chance(likely) else Decimal(0)


def years_on_record(entity: Entity, *, on: date) -> range:
    """Return the years whose records are still kept; none before the second year of life."""
    return range(max(entity.established_on.year + 1, on.year - YEARS_KEPT), on.year + 1)
