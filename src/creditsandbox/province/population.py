"""The province: so many entities from one seed, and the fixed ones beside them.

Nothing is drawn before somebody asks: a code carries its index, and the index with the seed
decides the rest.
"""

from collections.abc import Iterator
from datetime import date
from functools import lru_cache

import msgspec

from creditsandbox.province.codes import Status
from creditsandbox.province.draws import Draw
from creditsandbox.province.entities import draw_entity
from creditsandbox.province.fixed import build_fixed
from creditsandbox.province.identifiers import ENTITIES_MAX, index_of
from creditsandbox.province.listings import draw_listings
from creditsandbox.province.model import Enterprise
from creditsandbox.province.penalties import draw_penalties
from creditsandbox.province.registrations import draw_registration
from creditsandbox.province.troubles import arrears_in, is_troubled

SEED = 531
SIZE = 10_000
FILES_CACHED_MAX = 20_000  # Two days of the default population.
ENDED = (Status.DEREGISTERED, Status.REVOKED_NOT_DEREGISTERED)
SOCIAL_LEAST, SOCIAL_MOST, SOCIAL_OF_TROUBLED_MOST = 150, 250, 200


class ProvinceSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The `[province]` table: which province, of how many entities."""

    seed: int = SEED
    size: int = SIZE


class Province(msgspec.Struct, frozen=True, kw_only=True):
    """A province of `size` entities, at most a million, and the fixed enterprises."""

    seed: int = SEED
    size: int = SIZE

    def __post_init__(self) -> None:
        """Refuse a size that identifiers cannot carry."""
        if not 0 <= self.size <= ENTITIES_MAX:
            message = f"a province has at most {ENTITIES_MAX} entities"
            raise ValueError(message)

    def find_enterprise(self, uscc: str, *, on: date) -> Enterprise | None:
        """Return the file of an entity as it stands on a day; None where none is on record."""
        fixed = build_fixed(on).get(uscc)
        if fixed is not None:
            return fixed
        index = index_of(uscc)
        if index is None or index >= self.size:
            return None
        enterprise = draw_enterprise(self.seed, index, on=on)
        # The index alone is not the code: another prefix or division names nobody.
        known = enterprise.entity.uscc == uscc and enterprise.entity.established_on <= on
        return enterprise if known else None

    def list_codes(self) -> Iterator[str]:
        """Yield the USCC of every entity of the population, in the order of the indexes."""
        return (draw_entity(self.seed, index).uscc for index in range(self.size))


@lru_cache(maxsize=FILES_CACHED_MAX)
def draw_enterprise(seed: int, index: int, *, on: date) -> Enterprise:
    """Return the file of an index as it stands on a day."""
    entity = draw_entity(seed, index)
    registration = draw_registration(seed, index, entity, on=on)
    # Nobody decides about what has ended.
    last = registration.status_since if registration.status in ENDED else None
    most = SOCIAL_OF_TROUBLED_MOST if is_troubled(seed, index) else SOCIAL_MOST
    return Enterprise(
        entity=entity,
        registration=registration,
        penalties=tuple(
            penalty
            for penalty in draw_penalties(seed, index, entity, on=on)
            if penalty.decided_on <= (last or on)
        ),
        listings=tuple(
            entry
            for entry in draw_listings(seed, index, entity, on=on)
            if entry.included_on <= (last or on)
        ),
        tax_arrears=arrears_in(seed, index, year=on.year),
        social=Draw("social", seed, index).between(SOCIAL_LEAST, most),
    )
