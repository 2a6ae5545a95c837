"""Red lists: who is trustworthy, by which document, and what it brings (section HON)."""

from collections.abc import Iterator
from datetime import date

import msgspec

from creditsandbox.province.authorities import Department
from creditsandbox.province.codes import Finality, Severity, TaxGrade
from creditsandbox.province.departments import get_department
from creditsandbox.province.draws import Draw
from creditsandbox.province.model import Enterprise
from creditsandbox.province.tables import TRADES, read_table

A_TAXPAYER = "A_TAXPAYER"
YEARS_LOOKED_BACK = 3


class RewardRow(msgspec.Struct, frozen=True, kw_only=True):
    """A red list; 0 of a thousand where another record decides who stands on it."""

    list_type: str
    zh: str
    department: str
    document: str
    per_thousand: int
    sections: str
    years: int
    rewards: tuple[str, ...]


class Rewards(msgspec.Struct, frozen=True, kw_only=True):
    """All red lists."""

    lists: tuple[RewardRow, ...]


class Reward(msgspec.Struct, frozen=True, kw_only=True):
    """An entry on a red list, valid through its last day unless it was withdrawn before."""

    list_type: str
    document: str
    authority: Department
    valid_from: date
    valid_to: date
    withdrawn_on: date | None
    rewards: tuple[str, ...]

    def holds_on(self, day: date) -> bool:
        """Tell whether the entry stands on a day."""
        ended = self.withdrawn_on is not None and self.withdrawn_on <= day
        return self.valid_from <= day <= self.valid_to and not ended


RED_LISTS = read_table("rewards.json", Rewards).lists


def list_rewards(enterprise: Enterprise, *, on: date) -> tuple[Reward, ...]:
    """Return the entries until a day, the newest first, those that ended included.

    They follow from the file: who is listed for serious dishonesty or seriously punished within
    the term loses the place on that day.
    """
    found = (
        make_reward(enterprise, row, year=year)
        for row in RED_LISTS
        for year in _years_of(enterprise, row, on=on)
    )
    begun = (entry for entry in found if entry.valid_from <= on)
    return tuple(sorted(begun, key=lambda entry: entry.valid_from, reverse=True))


def _years_of(enterprise: Enterprise, row: RewardRow, *, on: date) -> Iterator[int]:
    if row.list_type == A_TAXPAYER:
        years = enterprise.tax.years if enterprise.tax else ()
        # Only grade A is publicly listed; the list comes out with the grade, the year after.
        yield from (each.year + 1 for each in years if each.grade is TaxGrade.A)
        return
    entity = enterprise.entity
    fits = not row.sections or TRADES.trades[entity.trade].section in row.sections
    for year in range(on.year, on.year - YEARS_LOOKED_BACK, -1):
        draw = Draw("reward", entity.uscc, row.list_type, year)
        if fits and year > entity.established_on.year and draw.chance(row.per_thousand):
            yield year


def make_reward(enterprise: Enterprise, row: RewardRow, *, year: int) -> Reward:
    """Return the entry of a year, withdrawn on the day on which something serious happened."""
    valid_from = date(year, 5, 1)
    valid_to = date(year + row.years, 4, 30)
    serious = [entry.included_on for entry in enterprise.listings]
    serious += [
        penalty.final_on or penalty.decided_on
        for penalty in enterprise.penalties
        if penalty.severity is Severity.SERIOUS and penalty.finality is Finality.FINAL
    ]
    within = [day for day in serious if valid_from <= day <= valid_to]
    return Reward(
        list_type=row.list_type,
        document=row.document.format(year=year),
        authority=get_department(row.department, city=enterprise.entity.city),
        valid_from=valid_from,
        valid_to=valid_to,
        withdrawn_on=min(within, default=None),
        rewards=row.rewards,
    )
