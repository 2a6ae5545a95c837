"""The consent policy's words: per purpose, how far a consent may reach. Data, of which two decide.

Kept for ten years in changes and in the ledger: add members with a default, never rename.
"""

from enum import StrEnum
from typing import Annotated, Literal

import msgspec

from creditbridge.profile.classes import OPEN_CLASSES
from creditbridge.profile.codes import ConsentForm, DataClass, Purpose, SectionCode

LAPSE_DAYS_MAX = 90
DAYS_MAX = 3_660  # Ten years: longer, and nobody remembers what was agreed to.
QUERIES_MAX = 100_000
PER_DAY_MAX = 1_000
APPROVERS_MAX = 5

# Natural persons consent for themselves, separately (PIPL 23, 29; ZJ 19): the tables of purposes
# for enterprises and for persons never mix.
PERSONAL_PURPOSES = frozenset({Purpose.KEY_PERSON_REVIEW, Purpose.DISPUTE_CHECK})
PERSONAL_SECTIONS = frozenset({SectionCode.PSN})

Days = Annotated[int, msgspec.Meta(ge=1, le=DAYS_MAX)]
Queries = Annotated[int, msgspec.Meta(ge=1, le=QUERIES_MAX)]


class Passkey(StrEnum):
    """Which passkey a yes must be signed with; each holds what stands before it too."""

    NONE = "NONE"
    ANY = "ANY"
    DEVICE_BOUND = "DEVICE_BOUND"


class PaperCeilings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How far a consent on paper may reach, beside what holds for every form.

    Of a hundred letters as many need a second operator, and nobody chooses which.
    """

    validity_days_max: Days  # Also where the business ends it before.
    queries_max: Queries
    sections_max: Annotated[tuple[SectionCode, ...], msgspec.Meta(min_length=1)]
    data_classes_max: Annotated[tuple[DataClass, ...], msgspec.Meta(min_length=1)]
    second_operator_percent: Annotated[int, msgspec.Meta(ge=0, le=100)]


class PurposeCeilings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How far a consent for one purpose may reach."""

    validity_days_max: Days
    hard_stop_days_max: Days  # Where the end of the business ends it before.
    queries_max: Queries
    per_day_max: Annotated[int, msgspec.Meta(ge=1, le=PER_DAY_MAX)]
    retention_days_max: Days
    sections_max: Annotated[tuple[SectionCode, ...], msgspec.Meta(min_length=1)]
    data_classes_max: Annotated[tuple[DataClass, ...], msgspec.Meta(min_length=1)]
    forms: Annotated[tuple[ConsentForm, ...], msgspec.Meta(min_length=1)]
    passkey: Passkey
    approvers_min: Annotated[int, msgspec.Meta(ge=1, le=APPROVERS_MAX)]
    # Unset and no default: two people sign the same bytes whether or not they say it.
    paper: PaperCeilings | msgspec.UnsetType = msgspec.UNSET  # Left out: nothing on paper.


class PolicyWords(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A whole policy, as two operators decide on it; a purpose that is absent is not asked for."""

    v: Literal[1]
    version: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]
    lapse_days: Annotated[int, msgspec.Meta(ge=1, le=LAPSE_DAYS_MAX)]
    purposes: dict[Purpose, PurposeCeilings]


def is_lawful(words: PolicyWords) -> bool:
    """Tell whether a policy opens the enterprise's door to enterprises' data alone."""
    return not words.purposes.keys() & PERSONAL_PURPOSES and all(
        _is_open(one) and (isinstance(one.paper, msgspec.UnsetType) or _is_open(one.paper))
        for one in words.purposes.values()
    )


def _is_open(ceilings: PurposeCeilings | PaperCeilings) -> bool:
    sections, classes = set(ceilings.sections_max), set(ceilings.data_classes_max)
    return not sections & PERSONAL_SECTIONS and classes <= OPEN_CLASSES
