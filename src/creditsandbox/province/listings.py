"""Lists of serious dishonesty: who stands on them, why, until when, and what follows."""

from datetime import date, timedelta

import msgspec

from creditsandbox.province.codes import Category, Severity
from creditsandbox.province.departments import get_department
from creditsandbox.province.draws import Draw
from creditsandbox.province.lifecycle import earliest_repair_on
from creditsandbox.province.model import Entity, Listing, Measure
from creditsandbox.province.records import Abnormality
from creditsandbox.province.tables import DEPARTMENTS, LISTS, ListRow
from creditsandbox.province.troubles import arrears_in, is_troubled, years_on_record

PER_THOUSAND = 1
OF_TROUBLED_PER_THOUSAND = 20
IN_ARREARS_PER_THOUSAND = 120
EARLY_REMOVAL_PER_THOUSAND = 300
SERIOUS_AFTER_DAYS = 3 * 365
REMOVED_WITHIN_DAYS = 120
_BY_TYPE = {row.list_type: row for row in LISTS.lists}


def draw_listings(seed: int, index: int, entity: Entity, *, on: date) -> tuple[Listing, ...]:
    """Return the entries until a day, the newest first, those removed included."""
    # For what a branch did its company is listed.
    if entity.category is Category.GOV_AGENCY or entity.parent_uscc is not None:
        return ()
    return tuple(
        entry
        for year in reversed(years_on_record(entity, on=on))
        if (entry := _draw_year(seed, index, entity, year=year, on=on)) is not None
    )


def _draw_year(seed: int, index: int, entity: Entity, *, year: int, on: date) -> Listing | None:
    draw = Draw("listings", seed, index, year)
    likely = OF_TROUBLED_PER_THOUSAND if is_troubled(seed, index) else PER_THOUSAND
    if arrears_in(seed, index, year=year):
        likely = IN_ARREARS_PER_THOUSAND
    row = draw.weigh(LISTS.lists, lambda kind: kind.weight)
    included_on = draw.day_of(year)
    if not draw.chance(likely) or included_on > on:
        return None
    entry = include(entity, row, included_on=included_on, number=draw.between(1, 9999))
    # Some are repaired early, the others leave when their term is over.
    first = earliest_repair_on(included_on, Severity.SERIOUS)
    early = first + timedelta(days=draw.below(REMOVED_WITHIN_DAYS))
    removed_on = early if draw.chance(EARLY_REMOVAL_PER_THOUSAND) else entry.term_ends_on
    return msgspec.structs.replace(entry, removed_on=removed_on if removed_on <= on else None)


def follow_abnormality(
    entity: Entity, abnormalities: tuple[Abnormality, ...], *, on: date
) -> tuple[Listing, ...]:
    """Return the entries that three years among the abnormal led to (by the market's regulator)."""
    entries = (
        include(
            entity,
            get_list("MARKET_SERIOUS"),
            included_on=entry.included_on + timedelta(days=SERIOUS_AFTER_DAYS),
            number=entry.included_on.toordinal() % 9_999,
        )
        for entry in abnormalities
        if entry.removed_on is None and not entry.is_mark
    )
    return tuple(
        msgspec.structs.replace(
            entry, removed_on=entry.term_ends_on if entry.term_ends_on <= on else None
        )
        for entry in entries
        if entry.included_on <= on
    )


def get_list(list_type: str) -> ListRow:
    """Return a list by its type."""
    return _BY_TYPE[list_type]


def include(entity: Entity, row: ListRow, *, included_on: date, number: int) -> Listing:
    """Return an entry on a list, with the measures that follow from it."""
    authority = get_department(row.department, city=entity.city)
    return Listing(
        decision_no=DEPARTMENTS.listing_no.format(
            mark=authority.mark, year=included_on.year, number=number
        ),
        list_type=row.list_type,
        reason=row.reason,
        legal_basis=row.legal_basis,
        included_on=included_on,
        term_ends_on=included_on + timedelta(days=365 * row.term_years),
        removed_on=None,
        authority=authority,
        measures=tuple(
            Measure(code=measure.code, legal_basis=measure.legal_basis, authority=authority)
            for measure in row.measures
        ),
    )
