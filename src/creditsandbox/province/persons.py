"""What is on file about a natural person: whom they represent, what restricts them, their score.

Everything follows from the files of the entities that they represent today. A person has a score
and no grade, and none of this is ever published (ZJ 15).
"""

from collections.abc import Iterator
from datetime import date

import msgspec

from creditsandbox.province.days import add_months
from creditsandbox.province.lifecycle import is_past
from creditsandbox.province.model import Enterprise
from creditsandbox.province.people import Person
from creditsandbox.province.scoring import Contribution, Deduction
from creditsandbox.province.tables import read_table

ADVERSE = "ADVERSE"
ABNORMAL = "ABNORMAL"
MONTHS_PER_YEAR = 12


class PersonItem(msgspec.Struct, frozen=True, kw_only=True):
    """An item: each of its records costs `points`, all together at most `max`."""

    code: str
    name: str
    index_id: str
    max: int
    list_types: frozenset[str] | None
    points: int


class RestrictionRow(msgspec.Struct, frozen=True, kw_only=True):
    """What a listing of an entity means for whoever represents it."""

    list_type: str
    code: str
    legal_basis: str


class PersonModel(msgspec.Struct, frozen=True, kw_only=True):
    """The model of persons' scores, and what restricts them."""

    note: str
    certainty: str
    model_version: str
    valid_from: date
    max_score: int
    least_age_years: int
    items: tuple[PersonItem, ...]
    restrictions: tuple[RestrictionRow, ...]


class Restriction(msgspec.Struct, frozen=True, kw_only=True):
    """A restriction of a person, by which entity's listing, since when."""

    code: str
    legal_basis: str
    uscc: str
    decision_no: str
    since: date


class PersonScore(msgspec.Struct, frozen=True, kw_only=True):
    """A score of a thousand, and what it is made of."""

    model_version: str
    score: int
    max_score: int
    evaluated_on: date
    contributions: tuple[Contribution, ...]


class PersonFile(msgspec.Struct, frozen=True, kw_only=True):
    """A person's file on a day; `score` is None for minors and before the model was valid."""

    person: Person
    represents: tuple[str, ...]
    restrictions: tuple[Restriction, ...]
    score: PersonScore | None


MODEL = read_table("person_model.json", PersonModel)
_NAMED = frozenset(kind for row in MODEL.items for kind in row.list_types or ())


def open_file(person: Person, represented: tuple[Enterprise, ...], *, on: date) -> PersonFile:
    """Return the file of a person who represents these entities on a day."""
    grown = add_months(person.born_on, MODEL.least_age_years * MONTHS_PER_YEAR) <= on
    return PersonFile(
        person=person,
        represents=tuple(each.entity.uscc for each in represented),
        restrictions=tuple(list_restrictions(represented, on=on)),
        score=score_person(represented, on=on) if grown and MODEL.valid_from <= on else None,
    )


def list_restrictions(represented: tuple[Enterprise, ...], *, on: date) -> Iterator[Restriction]:
    """Yield what restricts a person: from the listing until its removal."""
    rows = {row.list_type: row for row in MODEL.restrictions}
    for each in represented:
        for entry in each.listings:
            row = rows.get(entry.list_type)
            if row is not None and not is_past(entry.removed_on, on=on):
                yield Restriction(
                    code=row.code,
                    legal_basis=row.legal_basis,
                    uscc=each.entity.uscc,
                    decision_no=entry.decision_no,
                    since=entry.included_on,
                )


def score_person(represented: tuple[Enterprise, ...], *, on: date) -> PersonScore:
    """Return the score, the sum of what its items keep."""
    contributions = tuple(_score_item(row, represented, on) for row in MODEL.items)
    return PersonScore(
        model_version=MODEL.model_version,
        score=sum(row.points for row in contributions),
        max_score=MODEL.max_score,
        evaluated_on=on,
        contributions=contributions,
    )


def _score_item(row: PersonItem, represented: tuple[Enterprise, ...], on: date) -> Contribution:
    left = row.max
    deductions: list[Deduction] = []
    for number, since in _find_causes(row, represented, on):
        lost = min(left, row.points)
        if lost:
            left -= lost
            deductions.append(Deduction(record=number, since=since, points=lost))
    return Contribution(
        item=row.code,
        name=row.name,
        dimension=ADVERSE,
        index_id=row.index_id,
        points=left,
        max_points=row.max,
        deductions=tuple(deductions),
    )


def _find_causes(
    row: PersonItem, represented: tuple[Enterprise, ...], on: date
) -> Iterator[tuple[str, date]]:
    for each in represented:
        if row.code == ABNORMAL:
            entries = [(x.decision_no, x.included_on, x.removed_on) for x in each.abnormalities]
        else:
            entries = [
                (x.decision_no, x.included_on, x.removed_on)
                for x in each.listings
                # What one item names, the wider one leaves alone: a matter costs once.
                if (x.list_type in _NAMED) == (row.list_types is not None)
            ]
        yield from (
            (number, since) for number, since, ended in entries if not is_past(ended, on=on)
        )
