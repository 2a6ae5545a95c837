"""The province's tables: data beside the code, read once."""

from datetime import date, timedelta, timezone
from importlib.resources import files
from typing import TypeVar

import msgspec

from creditsandbox.province.codes import (
    AbnormalityReason,
    Disclosure,
    Finality,
    PenaltyKind,
    Procedure,
    Severity,
    Status,
)

T = TypeVar("T")
CHINA = timezone(timedelta(hours=8))  # The province's days begin eight hours before those of UTC.


class City(msgspec.Struct, frozen=True, kw_only=True):
    """A city; `counties` are pairs of division code and name (GB/T 2260)."""

    code: str
    name: str
    weight: int  # how many of the province's entities, relative to the other cities
    counties: tuple[tuple[str, str], ...]


class Abolished(msgspec.Struct, frozen=True, kw_only=True):
    """A division that was, the one that followed, and the year of the change."""

    code: str
    successor: str
    ended: int


class Divisions(msgspec.Struct, frozen=True, kw_only=True):
    """The divisions of the province."""

    cities: tuple[City, ...]
    abolished: tuple[Abolished, ...]


class Trade(msgspec.Struct, frozen=True, kw_only=True):
    """A trade within its section (GB/T 4754), with the words that names and scopes use."""

    section: str
    name: str
    weight: int
    words: tuple[str, ...]
    scope: str


class Trades(msgspec.Struct, frozen=True, kw_only=True):
    """Trades, and the material of names; `companies` are form, registered type and weight."""

    trades: tuple[Trade, ...]
    stems: tuple[str, ...]
    surnames: tuple[str, ...]
    given: tuple[str, ...]
    companies: tuple[tuple[str, str, int], ...]
    patterns: dict[str, str]
    types: dict[str, str]
    address: str
    person: str


class DepartmentRow(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of department that stands in each city."""

    code: str
    name: str
    sector: str
    mark: str


class Departments(msgspec.Struct, frozen=True, kw_only=True):
    """The kinds of departments, and how they number their decisions."""

    departments: tuple[DepartmentRow, ...]
    penalty_no: str
    listing_no: str


class Conduct(msgspec.Struct, frozen=True, kw_only=True):
    """What is punished; `fine_yuan` are the least and the most."""

    code: str
    department: str
    weight: int
    severity: Severity
    kinds: tuple[PenaltyKind, ...]
    fine_yuan: tuple[int, int]
    fact: str
    basis: str
    key_areas: tuple[str, ...]
    licence: str | None
    procedure: Procedure
    sections: str  # letters of the industry sections where it happens; empty: in all


class Conducts(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is punished here."""

    conducts: tuple[Conduct, ...]


class MeasureRow(msgspec.Struct, frozen=True, kw_only=True):
    """A measure of a list."""

    code: str
    legal_basis: str | None


class ListRow(msgspec.Struct, frozen=True, kw_only=True):
    """A list of serious dishonesty."""

    list_type: str
    department: str
    weight: int
    term_years: int
    reason: str
    legal_basis: str
    measures: tuple[MeasureRow, ...]


class Lists(msgspec.Struct, frozen=True, kw_only=True):
    """The lists that are kept here."""

    lists: tuple[ListRow, ...]


class FixedPenalty(msgspec.Struct, frozen=True, kw_only=True):
    """A penalty of a fixed enterprise; days count back from the first day of the month."""

    conduct: str
    days: int
    fine_yuan: int
    finality: Finality
    repaired_days: int | None
    disclosure: Disclosure


class FixedListing(msgspec.Struct, frozen=True, kw_only=True):
    """A listing of a fixed enterprise; days count back from the first day of the month."""

    list_type: str
    days: int
    removed_days: int | None


class FixedLicence(msgspec.Struct, frozen=True, kw_only=True):
    """A licence of a fixed enterprise, by the code of its row."""

    licence: str
    days: int


class FixedAbnormality(msgspec.Struct, frozen=True, kw_only=True):
    """An entry among the abnormal of a fixed enterprise."""

    reason: AbnormalityReason
    days: int
    removed_days: int | None


class FixedJudgment(msgspec.Struct, frozen=True, kw_only=True):
    """A judgment of a fixed enterprise, published `days` ago."""

    days: int
    amount_yuan: int
    fulfilled_days: int | None


class FixedRow(msgspec.Struct, frozen=True, kw_only=True):
    """A fixed enterprise; `zh` and `en` say what happens to who asks about it."""

    outcome: str
    login: str
    body: str
    name: str
    legal_representative: str
    established_on: date
    trade: str
    status: Status
    zh: str
    en: str
    former_names: tuple[str, ...]
    social: int
    penalties: tuple[FixedPenalty, ...]
    listings: tuple[FixedListing, ...]
    licences: tuple[FixedLicence, ...] = ()
    abnormalities: tuple[FixedAbnormality, ...] = ()
    judgments: tuple[FixedJudgment, ...] = ()
    tax_grades: str = "BBB"  # of the last years that were graded, the newest first
    insured: int = 20
    insured_before: int | None = None  # until a year before the newest month; null: the same
    arrears_yuan: int = 0
    non_normal_days: int | None = None


class ActingRow(FixedRow, frozen=True, kw_only=True):
    """A fixed enterprise whose representative acts by itself; `second` is an agent's name."""

    temper: str
    second: str | None = None


class Fixed(msgspec.Struct, frozen=True, kw_only=True):
    """The fixed enterprises, one per outcome, and those that act, one per temper."""

    fixed: tuple[FixedRow, ...]
    acting: tuple[ActingRow, ...]


def read_table(name: str, kind: type[T]) -> T:
    """Return a table that stands beside the code."""
    return msgspec.json.decode((files("creditsandbox.province") / name).read_bytes(), type=kind)


# Read when the module is: a table that does not fit its type stops the start, not a query.
DIVISIONS = read_table("divisions.json", Divisions)
TRADES = read_table("trades.json", Trades)
DEPARTMENTS = read_table("departments.json", Departments)
CONDUCTS = read_table("conducts.json", Conducts)
LISTS = read_table("lists.json", Lists)
FIXED = read_table("fixed.json", Fixed)
