"""Licences: who holds which, until when, and what a revocation ends (section LIC)."""

from collections.abc import Iterator
from datetime import date, timedelta

import msgspec

from creditsandbox.province.codes import Category, Finality, LicenceCategory, PenaltyKind
from creditsandbox.province.departments import get_department
from creditsandbox.province.draws import Draw
from creditsandbox.province.model import Entity, Penalty
from creditsandbox.province.records import Licence
from creditsandbox.province.tables import TRADES, read_table

FIRST_WITHIN_DAYS = 300
RENEWED_PER_THOUSAND = 900
VALID_AFTER_DAYS = 5
HOLDERS = (Category.ENTERPRISE, Category.SOLE_PROPRIETOR, Category.SOCIAL_ORG)


class LicenceRow(msgspec.Struct, frozen=True, kw_only=True):
    """A licence that `per_thousand` of the entities of its industry sections hold."""

    code: str
    name: str
    department: str
    category: LicenceCategory
    sections: str
    per_thousand: int
    years: int
    content: str


class Licences(msgspec.Struct, frozen=True, kw_only=True):
    """All licences, and how documents and certificates are numbered."""

    licences: tuple[LicenceRow, ...]
    document_no: str
    certificate_no: str


LICENCES = read_table("licences.json", Licences)
_BY_CODE = {row.code: row for row in LICENCES.licences}


def get_licence(code: str) -> LicenceRow:
    """Return a licence by its code."""
    return _BY_CODE[code]


def draw_licences(
    seed: int, index: int, entity: Entity, penalties: tuple[Penalty, ...], *, on: date
) -> tuple[Licence, ...]:
    """Return the present grant of each licence that an entity has, the newest first."""
    if entity.category not in HOLDERS or entity.parent_uscc is not None:
        return ()
    section = TRADES.trades[entity.trade].section
    held: list[Licence] = []
    for row in LICENCES.licences:
        # A stream for each, so that a licence that is added moves no other.
        draw = Draw("licence", seed, index, row.code)
        if section in row.sections and draw.chance(row.per_thousand):
            held.extend(_last_grant(draw, entity, row, on=on))
    revoked = tuple(_revoke(licence, penalties, on=on) for licence in held)
    return tuple(sorted(revoked, key=lambda each: each.decided_on, reverse=True))


def _last_grant(draw: Draw, entity: Entity, row: LicenceRow, *, on: date) -> Iterator[Licence]:
    decided_on = entity.established_on + timedelta(days=1 + draw.below(FIRST_WITHIN_DAYS))
    number = draw.below(100_000)
    # Renewed on time, again and again, until somebody forgets.
    while row.years and (later := decided_on + timedelta(days=365 * row.years - 10)) <= on:
        if not draw.chance(RENEWED_PER_THOUSAND):
            break
        decided_on = later
    if decided_on <= on:
        yield grant(entity, row, decided_on=decided_on, number=number)


def grant(entity: Entity, row: LicenceRow, *, decided_on: date, number: int) -> Licence:
    """Return a licence as an organ of the entity's city grants it."""
    authority = get_department(row.department, city=entity.city)
    valid_from = decided_on + timedelta(days=VALID_AFTER_DAYS)
    return Licence(
        document_no=LICENCES.document_no.format(
            mark=authority.mark, year=decided_on.year, number=number
        ),
        certificate_no=LICENCES.certificate_no.format(division=entity.division, number=number),
        document_name=row.name,
        category=row.category,
        content=row.content,
        decided_on=decided_on,
        valid_from=valid_from,
        valid_to=valid_from + timedelta(days=365 * row.years) if row.years else None,
        revoked_on=None,
        authority=authority,
    )


def _revoke(licence: Licence, penalties: tuple[Penalty, ...], *, on: date) -> Licence:
    """Return the licence as a final penalty leaves it."""
    days = [
        penalty.decided_on
        for penalty in penalties
        if PenaltyKind.REVOKE_LICENCE in penalty.kinds
        and penalty.licence_affected == licence.document_name
        and penalty.finality is Finality.FINAL
        and licence.decided_on <= penalty.decided_on <= on
    ]
    return msgspec.structs.replace(licence, revoked_on=min(days)) if days else licence
