"""Entries among the abnormal: why, since when, and how they end (section ABN).

Annual reports are due by the end of June; who has none is entered in July. Three years without
removal lead to the list of serious violations (`listings.py`).
"""

from datetime import date, timedelta

import msgspec

from creditsandbox.province.codes import AbnormalityReason, Category
from creditsandbox.province.departments import get_department
from creditsandbox.province.draws import Draw
from creditsandbox.province.model import Entity
from creditsandbox.province.records import Abnormality
from creditsandbox.province.registrations import authority_of
from creditsandbox.province.tables import read_table
from creditsandbox.province.troubles import is_troubled, years_on_record

PER_THOUSAND = 12
OF_TROUBLED_PER_THOUSAND = 110
REMOVED_PER_THOUSAND = 750
KEPT = (Category.ENTERPRISE, Category.SOLE_PROPRIETOR, Category.SOCIAL_ORG)


class ReasonRow(msgspec.Struct, frozen=True, kw_only=True):
    """A reason, and what ends it."""

    reason: AbnormalityReason
    weight: int
    removed: str


class Reasons(msgspec.Struct, frozen=True, kw_only=True):
    """The four reasons, and how decisions are numbered."""

    reasons: tuple[ReasonRow, ...]
    decision_no: str


REASONS = read_table("abnormalities.json", Reasons)
_BY_REASON = {row.reason: row for row in REASONS.reasons}


def draw_abnormalities(
    seed: int, index: int, entity: Entity, *, on: date
) -> tuple[Abnormality, ...]:
    """Return the entries until a day, the newest first, those removed included."""
    if entity.category not in KEPT or entity.parent_uscc is not None:
        return ()
    found = (
        _draw_year(seed, index, entity, year=year, on=on)
        for year in reversed(years_on_record(entity, on=on))
    )
    return tuple(entry for entry in found if entry is not None)


def _draw_year(seed: int, index: int, entity: Entity, *, year: int, on: date) -> Abnormality | None:
    draw = Draw("abnormal", seed, index, year)
    likely = OF_TROUBLED_PER_THOUSAND if is_troubled(seed, index) else PER_THOUSAND
    if not draw.chance(likely):
        return None
    row = draw.weigh(REASONS.reasons, lambda each: each.weight)
    july = date(year, 7, 1) + timedelta(days=draw.below(20))
    any_day = draw.day_of(year)
    included_on = july if row.reason is AbnormalityReason.NO_ANNUAL_REPORT else any_day
    if included_on > on:
        return None
    entry = enter(entity, row.reason, included_on=included_on, number=draw.between(1, 9999))
    removed_on = included_on + timedelta(days=20 + draw.below(500))
    removed = draw.chance(REMOVED_PER_THOUSAND) and removed_on <= on
    return remove(entry, removed_on=removed_on) if removed else entry


def enter(
    entity: Entity, reason: AbnormalityReason, *, included_on: date, number: int
) -> Abnormality:
    """Return an entry; of a sole proprietor it is a mark."""
    authority = get_department(authority_of(entity.category), city=entity.city)
    return Abnormality(
        decision_no=REASONS.decision_no.format(
            mark=authority.mark, year=included_on.year, number=number
        ),
        reason=reason,
        included_on=included_on,
        authority=authority,
        is_mark=entity.category is Category.SOLE_PROPRIETOR,
    )


def remove(entry: Abnormality, *, removed_on: date) -> Abnormality:
    """Return an entry that ended on a day, with what ended it."""
    reason = _BY_REASON[entry.reason].removed
    return msgspec.structs.replace(entry, removed_on=removed_on, remove_reason=reason)
