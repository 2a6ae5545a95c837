"""Fixed enterprises, one per outcome, so that anybody can try every answer and every fault."""

from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache

import msgspec

from creditsandbox.province.codes import Category, Status
from creditsandbox.province.draws import Draw
from creditsandbox.province.fixed_records import (
    build_abnormalities,
    build_insurance,
    build_judgments,
    build_licences,
    build_tax,
)
from creditsandbox.province.identifiers import complete_uscc
from creditsandbox.province.listings import get_list, include
from creditsandbox.province.model import Enterprise, Entity, Listing, Penalty
from creditsandbox.province.penalties import get_conduct, punish
from creditsandbox.province.registrations import register
from creditsandbox.province.tables import FIXED, TRADES, FixedListing, FixedPenalty, FixedRow

PREFIX = "91"
CITY, DIVISION_OF_CODES, DIVISION, COUNTY = "3301", "330100", "330106", "西湖区"
DAYS_OF_CACHE = 4  # Today, and yesterday for a query that is repeated over midnight.
_TRADES = {trade.name: number for number, trade in enumerate(TRADES.trades)}


class Outcome(StrEnum):
    """What happens to who asks about a fixed enterprise."""

    FOUND = "FOUND"
    NOT_FOUND = "NOT_FOUND"
    NOTHING_ADVERSE = "NOTHING_ADVERSE"
    SERIOUS_LIST = "SERIOUS_LIST"
    DISSOLVED = "DISSOLVED"
    SLOW = "SLOW"
    DOWN = "DOWN"
    CUT = "CUT"
    WRONG_SIGNATURE = "WRONG_SIGNATURE"
    OTHER_ENTERPRISE = "OTHER_ENTERPRISE"
    REPAIRED = "REPAIRED"
    REPLAYED = "REPLAYED"
    SECTION_FAILED = "SECTION_FAILED"
    IN_ARREARS = "IN_ARREARS"


class Temper(StrEnum):
    """What the representative of a fixed enterprise does by itself."""

    APPROVES = "APPROVES"
    APPROVES_LESS = "APPROVES_LESS"
    REFUSES = "REFUSES"
    LAPSES = "LAPSES"
    PAUSES = "PAUSES"
    WITHDRAWS_MID_QUERY = "WITHDRAWS_MID_QUERY"
    WITHDRAWS_AFTER_LOOK = "WITHDRAWS_AFTER_LOOK"
    ONE_OF_TWO = "ONE_OF_TWO"


class FixedEnterprise(msgspec.Struct, frozen=True, kw_only=True):
    """A fixed enterprise: its outcome, its code, and the log-in of its legal representative."""

    outcome: Outcome
    uscc: str
    name: str
    legal_representative: str
    login_name: str
    zh: str
    en: str


class ActingEnterprise(FixedEnterprise, frozen=True, kw_only=True):
    """A fixed enterprise whose representative acts by itself; `second` is its agent's name."""

    temper: Temper
    second: str | None = None

    @property
    def second_login_name(self) -> str:
        """The log-in of its agent, where it has one."""
        return f"{self.login_name}-agent"


def list_fixed() -> tuple[FixedEnterprise, ...]:
    """Return every fixed enterprise whose people are asked by hand, in the contract's order."""
    return _ALL


def list_acting() -> tuple[ActingEnterprise, ...]:
    """Return every fixed enterprise whose representative acts by itself, in its order."""
    return _ACTING


def find_outcome(uscc: str) -> Outcome | None:
    """Return the outcome that a code stands for; None for the population and for strangers."""
    return _OUTCOMES.get(uscc)


@lru_cache(maxsize=DAYS_OF_CACHE)
def build_fixed(on: date) -> dict[str, Enterprise]:
    """Return the files of the fixed enterprises on a day, by USCC; `NOT_FOUND` has none."""
    return {
        fixed.uscc: build_enterprise(row, on=on)
        for row, fixed in zip((*FIXED.fixed, *FIXED.acting), (*_ALL, *_ACTING), strict=True)
        if fixed.outcome is not Outcome.NOT_FOUND
    }


def build_enterprise(row: FixedRow, *, on: date) -> Enterprise:
    """Return one file; its records are as old as its row says, counted from the month's first."""
    entity = Entity(
        uscc=uscc_of(row),
        name=row.name,
        category=Category.ENTERPRISE,
        type_name=TRADES.companies[0][1],
        division=DIVISION,
        city=CITY,
        county=COUNTY,
        trade=_TRADES[row.trade],
        established_on=row.established_on,
    )
    # Counted from the month, not from the day: within a month the file stands still.
    month = on.replace(day=1)
    listings = tuple(build_listing(entity, entry, month=month) for entry in row.listings)
    alive = row.status is Status.ACTIVE
    return Enterprise(
        entity=entity,
        registration=register(
            entity,
            draw=Draw("fixed", row.body),
            status=row.status,
            status_since=None,
            legal_representative=row.legal_representative,
            former_names=row.former_names,
        ),
        penalties=tuple(build_penalty(entity, penalty, month=month) for penalty in row.penalties),
        listings=listings,
        licences=build_licences(entity, row, month=month),
        abnormalities=build_abnormalities(entity, row, month=month),
        judgments=build_judgments(entity, row, listings, month=month),
        tax=build_tax(entity, row, month=month) if alive else None,
        insurance=build_insurance(entity, row, month=month) if alive else None,
        tax_arrears=Decimal(row.arrears_yuan),
        social=row.social,
    )


def build_penalty(entity: Entity, row: FixedPenalty, *, month: date) -> Penalty:
    """Return a penalty of a fixed enterprise."""
    penalty = punish(
        entity,
        get_conduct(row.conduct),
        decided_on=month - timedelta(days=row.days),
        fine=row.fine_yuan,
        number=row.days,
    )
    repaired = row.repaired_days
    return msgspec.structs.replace(
        penalty,
        finality=row.finality,
        disclosure=row.disclosure,
        repaired_on=None if repaired is None else month - timedelta(days=repaired),
    )


def build_listing(entity: Entity, row: FixedListing, *, month: date) -> Listing:
    """Return an entry of a fixed enterprise."""
    included_on = month - timedelta(days=row.days)
    entry = include(entity, get_list(row.list_type), included_on=included_on, number=row.days)
    removed = row.removed_days
    return msgspec.structs.replace(
        entry, removed_on=None if removed is None else month - timedelta(days=removed)
    )


def uscc_of(row: FixedRow) -> str:
    """Return the code of a fixed enterprise, valid and never issued."""
    return complete_uscc(PREFIX, division=DIVISION_OF_CODES, body=row.body)


_ALL = tuple(
    FixedEnterprise(
        outcome=Outcome(row.outcome),
        uscc=uscc_of(row),
        name=row.name,
        legal_representative=row.legal_representative,
        login_name=row.login,
        zh=row.zh,
        en=row.en,
    )
    for row in FIXED.fixed
)
_ACTING = tuple(
    ActingEnterprise(
        temper=Temper(row.temper),
        second=row.second,
        outcome=Outcome(row.outcome),
        uscc=uscc_of(row),
        name=row.name,
        legal_representative=row.legal_representative,
        login_name=row.login,
        zh=row.zh,
        en=row.en,
    )
    for row in FIXED.acting
)
_OUTCOMES = {fixed.uscc: fixed.outcome for fixed in (*_ALL, *_ACTING)}
