"""Administrative penalties: who is punished for what, and how long it stays published."""

from datetime import date, timedelta
from decimal import Decimal

import msgspec

from creditsandbox.province.codes import Category, Disclosure, Finality, PenaltyKind
from creditsandbox.province.departments import get_department
from creditsandbox.province.draws import Draw
from creditsandbox.province.lifecycle import earliest_repair_on, publicity_ends_on
from creditsandbox.province.model import Entity, Penalty
from creditsandbox.province.tables import CONDUCTS, DEPARTMENTS, TRADES, Conduct
from creditsandbox.province.troubles import arrears_in, is_troubled, years_on_record

APPEAL_DAYS = 60  # Administrative reconsideration may be asked for within 60 days.
REVIEW_DAYS = 3 * APPEAL_DAYS
PUBLISHED_WITHIN_DAYS = 7
CORRECTED_WITHIN_DAYS = 60  # Who repairs does so soon after the first day on which it is possible.
PER_THOUSAND = 40
OF_TROUBLED_PER_THOUSAND = 350
REPAIRED_PER_THOUSAND = 350
REVOKED_PER_THOUSAND = 20
UNDER_REVIEW_PER_THOUSAND = 30
GOV_ONLY_PER_THOUSAND = 20
# Of the fine; real decisions name the gains themselves.
CONFISCATED_SHARE = Decimal("0.25")
_BY_TRADE = [
    [row for row in CONDUCTS.conducts if not row.sections or trade.section in row.sections]
    for trade in TRADES.trades
]
_BY_CODE = {conduct.code: conduct for conduct in CONDUCTS.conducts}


def draw_penalties(seed: int, index: int, entity: Entity, *, on: date) -> tuple[Penalty, ...]:
    """Return the penalties decided until a day, the newest first; organs have none."""
    if entity.category is Category.GOV_AGENCY:
        return ()
    found = [
        penalty
        for year in reversed(years_on_record(entity, on=on))
        for penalty in _draw_year(seed, index, entity, year=year, on=on)
        if penalty.decided_on <= on
    ]
    return tuple(sorted(found, key=lambda penalty: penalty.decided_on, reverse=True))


def _draw_year(seed: int, index: int, entity: Entity, *, year: int, on: date) -> list[Penalty]:
    draw = Draw("penalties", seed, index, year)
    likely = OF_TROUBLED_PER_THOUSAND if is_troubled(seed, index) else PER_THOUSAND
    # Who owes taxes is looked at more closely.
    likely *= 2 if arrears_in(seed, index, year=year) else 1
    count = draw.chance(likely) + draw.chance(likely / 3)
    return [draw_penalty(draw, entity, year=year, on=on) for _ in range(count)]


def draw_penalty(draw: Draw, entity: Entity, *, year: int, on: date) -> Penalty:
    """Return one penalty of a year, as it stands on a day."""
    conduct = draw.weigh(_BY_TRADE[entity.trade], lambda row: row.weight)
    decided_on = draw.day_of(year)
    penalty = punish(
        entity,
        conduct,
        decided_on=decided_on,
        fine=draw_fine(draw, conduct),
        number=draw.between(1, 999),
    )
    # All of it is drawn whether it happens or not: no day may change when the year goes on.
    waited_days = draw.below(CORRECTED_WITHIN_DAYS)
    repaired = draw.chance(REPAIRED_PER_THOUSAND)
    revoked, reviewed = draw.chance(REVOKED_PER_THOUSAND), draw.chance(UNDER_REVIEW_PER_THOUSAND)
    gov_only = draw.chance(GOV_ONLY_PER_THOUSAND)
    disclosure = Disclosure.GOV_ONLY if gov_only else Disclosure.PUBLIC
    final_on = decided_on + timedelta(days=REVIEW_DAYS if reviewed else APPEAL_DAYS)
    standing = msgspec.structs.replace(
        penalty,
        disclosure=disclosure,
        finality=draw_finality(decided_on, revoked=revoked, reviewed=reviewed, on=on),
    )
    if on < final_on:
        return standing
    if revoked:
        return msgspec.structs.replace(standing, revoked_on=final_on)
    earliest_on = max(earliest_repair_on(decided_on, conduct.severity), final_on)
    repaired_on = earliest_on + timedelta(days=waited_days)
    return msgspec.structs.replace(
        standing,
        final_on=final_on,
        repaired_on=repaired_on if repaired and repaired_on <= on else None,
    )


def draw_finality(decided_on: date, *, revoked: bool, reviewed: bool, on: date) -> Finality:
    """Return whether a decision still stands on a day: open until the appeal period is over."""
    age_days = (on - decided_on).days
    if age_days < APPEAL_DAYS:
        return Finality.APPEAL_OPEN
    if reviewed and age_days < REVIEW_DAYS:
        return Finality.UNDER_REVIEW
    return Finality.REVOKED if revoked else Finality.FINAL


def draw_fine(draw: Draw, conduct: Conduct) -> int:
    """Return a fine in 元, in whole hundreds where it is high."""
    fine = draw.between(*conduct.fine_yuan)
    return fine // 100 * 100 or fine


def get_conduct(code: str) -> Conduct:
    """Return a conduct by its code."""
    return _BY_CODE[code]


def punish(
    entity: Entity, conduct: Conduct, *, decided_on: date, fine: int, number: int
) -> Penalty:
    """Return a final, published penalty for a conduct; the fine is in 元."""
    authority = get_department(conduct.department, city=entity.city)
    takes_gains = PenaltyKind.CONFISCATE_GAINS in conduct.kinds
    return Penalty(
        document_no=DEPARTMENTS.penalty_no.format(
            mark=authority.mark, year=decided_on.year, number=number
        ),
        kinds=conduct.kinds,
        procedure=conduct.procedure,
        finality=Finality.FINAL,
        fact=conduct.fact,
        basis=conduct.basis,
        fine=Decimal(fine),
        confiscated=fine * CONFISCATED_SHARE if takes_gains else Decimal(0),
        licence_affected=conduct.licence,
        decided_on=decided_on,
        published_on=decided_on + timedelta(days=PUBLISHED_WITHIN_DAYS),
        publicity_ends_on=publicity_ends_on(decided_on, conduct.severity),
        authority=authority,
        severity=conduct.severity,
        key_areas=conduct.key_areas,
    )
