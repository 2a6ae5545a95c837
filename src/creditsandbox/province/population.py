"""The province: so many entities from one seed, and the fixed ones beside them.

Nothing is drawn before somebody asks: a code carries its index, and the index with the seed
decides the rest.
"""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from functools import lru_cache
from pathlib import Path

import msgspec
from msgspec.structs import replace

from creditsandbox.province.acts import apply_acts, list_decided
from creditsandbox.province.alterations import (
    draw_alterations,
    draw_changes,
    number_of_successor,
    undo_later,
)
from creditsandbox.province.codes import Change
from creditsandbox.province.draws import Draw
from creditsandbox.province.entities import draw_entity
from creditsandbox.province.fixed import build_fixed
from creditsandbox.province.histories import draw_history
from creditsandbox.province.identifiers import ENTITIES_MAX, index_of
from creditsandbox.province.insurance import draw_insurance
from creditsandbox.province.licences import draw_licences
from creditsandbox.province.model import Enterprise
from creditsandbox.province.ownership import draw_ownership
from creditsandbox.province.people import (
    draw_person,
    list_represented,
    number_of_representative,
)
from creditsandbox.province.persons import PersonFile, open_file
from creditsandbox.province.registrations import draw_registration, last_day
from creditsandbox.province.state import AS_DRAWN, State, StateFile
from creditsandbox.province.taxes import draw_tax
from creditsandbox.province.troubles import is_troubled
from creditsandbox.province.withdrawals import FeedEvent, list_endings

SEED = 531
SIZE = 10_000
FILES_CACHED_MAX = 2_000  # Platforms keep their own answers; a file is drawn in a millisecond.
SOCIAL_LEAST, SOCIAL_MOST, SOCIAL_OF_TROUBLED_MOST = 150, 250, 200


class ProvinceSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The `[province]` table: which province, of how many entities, and where its state stands.

    `state_file` holds what the tester changes; by default it stands beside the configuration.
    """

    seed: int = SEED
    size: int = SIZE
    state_file: Path | None = None


class Province(msgspec.Struct, frozen=True, kw_only=True):
    """A province of `size` entities, at most a million, and the fixed enterprises."""

    seed: int = SEED
    size: int = SIZE
    state_file: StateFile | None = None

    def __post_init__(self) -> None:
        """Refuse a size that identifiers cannot carry."""
        if not 0 <= self.size <= ENTITIES_MAX:
            message = f"a province has at most {ENTITIES_MAX} entities"
            raise ValueError(message)

    def read_state(self) -> State:
        """Return what the tester has changed until now."""
        return AS_DRAWN if self.state_file is None else self.state_file.read()

    def find_enterprise(self, uscc: str, *, on: date, state: State = AS_DRAWN) -> Enterprise | None:
        """Return the file of an entity as it stands on a day; None where none is on record.

        The day is the province's (`State.day_of`); decisions of the state until then are applied.
        """
        found = self._find_drawn(uscc, on=on)
        return None if found is None else apply_acts(found, state.acts, on=on)

    def find_person(self, number: int, *, on: date, state: State = AS_DRAWN) -> PersonFile | None:
        """Return the file of the person of a number; None beyond the province's size."""
        if not 0 <= number < self.size:
            return None
        person = draw_person(self.seed, number)
        indexes = list_represented(self.seed, number, size=self.size)
        codes = (draw_entity(self.seed, index).uscc for index in indexes)
        found = (self.find_enterprise(uscc, on=on, state=state) for uscc in codes)
        # Somebody else may have followed since.
        still = tuple(each for each in found if each is not None and each.representative == person)
        return open_file(person, still, on=on)

    def list_endings(self, state: State, *, after: str, until: date) -> tuple[FeedEvent, ...]:
        """Return up to a page of what ended after a cursor, decisions taken by hand included."""
        return list_endings(
            self.seed, self.size, after=after, until=until, decided=list_decided(state.acts)
        )

    def _find_drawn(self, uscc: str, *, on: date) -> Enterprise | None:
        fixed = build_fixed(on).get(uscc)
        if fixed is not None:
            return fixed
        index = index_of(uscc)
        if index is None or index >= self.size:
            return None
        enterprise = draw_enterprise(self.seed, index, size=self.size, on=on)
        # The index alone is not the code: another prefix or division names nobody.
        known = enterprise.entity.uscc == uscc and enterprise.entity.established_on <= on
        return enterprise if known else None

    def list_codes(self) -> Iterator[str]:
        """Yield the USCC of every entity of the population, in the order of the indexes."""
        return (draw_entity(self.seed, index).uscc for index in range(self.size))


def open_province(settings: ProvinceSettings) -> Province:
    """Return the province that the settings describe."""
    path = settings.state_file
    return Province(
        seed=settings.seed,
        size=settings.size,
        state_file=None if path is None else StateFile(path),
    )


@lru_cache(maxsize=FILES_CACHED_MAX)
def draw_enterprise(seed: int, index: int, *, size: int = SIZE, on: date) -> Enterprise:
    """Return the file of an index as it stands on a day."""
    entity = draw_entity(seed, index)
    changes = draw_changes(seed, index, entity)
    person = draw_person(seed, number_of_representative(seed, index))
    later = draw_person(seed, number_of_successor(index))
    succeeded = Change.LEGAL_REPRESENTATIVE in changes
    held = draw_registration(
        seed, index, entity, representative=later if succeeded else person, on=on
    )
    alterations = draw_alterations(seed, index, entity, held)
    last = last_day(held.status, held.status_since, on=on)
    entity, held = undo_later(entity, held, alterations, on=last)
    if changes.get(Change.LEGAL_REPRESENTATIVE, date.max) <= last:
        person = later
    bare = Enterprise(
        entity=entity,
        registration=held,
        representative=person,
        alterations=tuple(each for each in alterations if each.changed_on <= last),
        social=Draw("social", seed, index).between(
            SOCIAL_LEAST, SOCIAL_OF_TROUBLED_MOST if is_troubled(seed, index) else SOCIAL_MOST
        ),
    )
    owned = replace(bare, ownership=draw_ownership(seed, index, bare, size=size, on=on))
    return fill(owned, seed, index, on=on, last=last)


def fill(bare: Enterprise, seed: int, index: int, *, on: date, last: date) -> Enterprise:
    """Return the file with what departments hold; nothing in it began after `last`."""
    entity, capital_wan = bare.entity, bare.registration.capital_wan
    history = draw_history(seed, index, entity, on=on, last=last)
    tax = draw_tax(seed, index, entity, history.listings, capital_wan=capital_wan, on=last)
    return replace(
        bare,
        penalties=history.penalties,
        listings=history.listings,
        abnormalities=history.abnormalities,
        judgments=history.judgments,
        licences=draw_licences(seed, index, entity, history.penalties, on=last),
        tax=tax,
        tax_arrears=sum((row.balance for row in tax.arrears), Decimal(0)) if tax else Decimal(0),
        insurance=draw_insurance(seed, index, entity, capital_wan=capital_wan, on=last),
    )
