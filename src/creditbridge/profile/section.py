"""What a section is: its age limit, how its records may be shown, and the flags over it.

A new section is a file in `profile/sections/` that makes one `SectionDefinition`.
"""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import TypeAlias

import msgspec

from creditbridge.profile.codes import (
    DataClass,
    FlagCode,
    FlagLevel,
    FlagState,
    SectionCode,
)
from creditbridge.profile.persons import CoveredPerson
from creditbridge.profile.policy import Policy
from creditbridge.profile.record import RecordBase
from creditbridge.protocols.uscc import EntityCategory


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What the counted records of a section say about one flag.

    `level` is given where it differs from the rule's; `types` names kinds, as the list types;
    `amount`, in CNY, is what the evidence adds up to, where it is about money and all of it known.
    """

    state: FlagState
    evidence: tuple[RecordBase, ...] = ()
    level: FlagLevel | None = None
    types: tuple[str, ...] = ()
    amount: Decimal | None = None


Show: TypeAlias = Callable[[RecordBase, date, Policy], RecordBase | None]
Judge: TypeAlias = Callable[[Sequence[RecordBase], date, Policy], Finding]
Identify: TypeAlias = Callable[[RecordBase], tuple[str, ...] | None]
Agree: TypeAlias = Callable[[RecordBase, RecordBase], bool]
Outlive: TypeAlias = Callable[[RecordBase, RecordBase], bool]
Mask: TypeAlias = Callable[[RecordBase, Sequence[CoveredPerson]], RecordBase | None]


class FlagRule(msgspec.Struct, frozen=True, kw_only=True):
    """A flag over one section. The judge sees only records that count, and the day in China."""

    code: FlagCode
    level: FlagLevel
    judge: Judge


def agree_always(_one: RecordBase, _other: RecordBase) -> bool:
    """Find no conflict between two copies of one decision."""
    return True


def mask_nobody(record: RecordBase, _persons: Sequence[CoveredPerson]) -> RecordBase | None:
    """Show a record that names no natural person; one that is about a person, never (ZJ 19)."""
    return None if record.data_class is DataClass.PERSONAL else record


class SectionDefinition(msgspec.Struct, frozen=True, kw_only=True):
    """One section of the profile.

    `age_max` limits the age of the source's data. `is_adverse`: our own copy must be fresh at
    delivery too. `applies_to`: None for every category. `show` returns a record as a bank may see
    it on a day, or None. `identify` names the decision behind a record, so that one decision in two
    feeds is one record; None where a record stands for itself. `agree` tells whether two such
    copies say the same. `outlives`, of what can be decided anew under one name, tells whether a
    row in force began after another had ended; None where an end is for good. `mask` hides who gave
    no consent of their own; None where nothing is left to show.
    """

    code: SectionCode
    title_zh: str
    title_en: str
    data_class: DataClass
    age_max: timedelta
    show: Show
    identify: Identify
    agree: Agree = agree_always
    outlives: Outlive | None = None
    mask: Mask = mask_nobody
    is_adverse: bool = False
    applies_to: frozenset[EntityCategory] | None = None
    flags: tuple[FlagRule, ...] = ()


def show_as_is(record: RecordBase, _today: date, _policy: Policy) -> RecordBase:
    """Show a record whose section has no rule of its own."""
    return record


def stands_for_itself(_record: RecordBase) -> None:
    """Name no decision: two records are two."""
    return


def raised_by(evidence: Sequence[RecordBase]) -> Finding:
    """Raise on any evidence; without any, the flag is clear."""
    state = FlagState.RAISED if evidence else FlagState.CLEAR
    return Finding(state=state, evidence=tuple(evidence))
