"""REG: the registration with the market regulator."""

from collections.abc import Sequence
from datetime import date, timedelta
from enum import StrEnum

import msgspec
from msgspec.structs import replace

from creditbridge.profile.amount import Amount
from creditbridge.profile.codes import (
    DataClass,
    FlagCode,
    FlagLevel,
    FlagState,
    KeyPosition,
    SectionCode,
)
from creditbridge.profile.masking import mask_name
from creditbridge.profile.persons import CoveredPerson, is_covered
from creditbridge.profile.policy import Policy
from creditbridge.profile.record import RecordBase
from creditbridge.profile.section import (
    Finding,
    FlagRule,
    SectionDefinition,
    show_as_is,
    stands_for_itself,
)


class EntityStatus(StrEnum):
    """Whether an entity lives."""

    ACTIVE = "ACTIVE"
    REVOKED_NOT_DEREGISTERED = "REVOKED_NOT_DEREGISTERED"
    REVOKED_DEREGISTERED = "REVOKED_DEREGISTERED"
    DEREGISTERED = "DEREGISTERED"
    CANCELLED = "CANCELLED"
    MOVED_OUT = "MOVED_OUT"
    SUSPENDED = "SUSPENDED"
    OTHER = "OTHER"


# Not dead, but worth a look: the flag is raised at a lower level.
PAUSED_STATUSES = frozenset({EntityStatus.SUSPENDED, EntityStatus.MOVED_OUT})


class Industry(msgspec.Struct, frozen=True, kw_only=True):
    """An industry under GB/T 4754; below the section's letter it is carried, not validated."""

    standard_version: str
    code: str | None
    name_from_source: str | None


class Registration(RecordBase, frozen=True, kw_only=True, tag="REGISTRATION"):
    """A registration. `status_text` is the source's own word.

    `legal_rep` is in full until `mask_legal_rep`, by which every record goes to a bank.
    """

    name: str
    former_names: tuple[str, ...]
    type: str | None
    status: EntityStatus
    status_text: str
    legal_rep: str | None
    capital: Amount | None
    established: date | None
    term_from: date | None
    term_to: date | None
    scope: str | None
    address: str | None
    division: str | None
    division_source: str | None
    industry: Industry | None
    authority: str | None
    approved: date | None


def judge_not_alive(records: Sequence[RecordBase], _today: date, _policy: Policy) -> Finding:
    """Raise for every status but ACTIVE, lower where the entity only paused or moved."""
    registrations = [record for record in records if isinstance(record, Registration)]
    if not registrations:
        # "No registration" says nothing about life: there is no status to read.
        return Finding(state=FlagState.INDETERMINATE)
    dead = [record for record in registrations if record.status is not EntityStatus.ACTIVE]
    if not dead:
        return Finding(state=FlagState.CLEAR)
    # Two registers may differ: the graver word decides the level.
    only_paused = all(record.status in PAUSED_STATUSES for record in dead)
    return Finding(
        state=FlagState.RAISED,
        evidence=tuple(dead),
        level=FlagLevel.WATCH if only_paused else FlagLevel.BLOCK,
    )


def mask_legal_rep(record: RecordBase, persons: Sequence[CoveredPerson]) -> RecordBase | None:
    """Mask the legal representative's name, unless that very person agreed to be named."""
    if not isinstance(record, Registration) or record.data_class is DataClass.PERSONAL:
        return None
    name = record.legal_rep
    if name is None or is_covered(persons, name, (KeyPosition.LEGAL_REP,), SectionCode.REG):
        return record
    return replace(record, legal_rep=mask_name(name))


REGISTRATION = SectionDefinition(
    code=SectionCode.REG,
    title_zh="登记信息",
    title_en="registration",
    data_class=DataClass.PUBLIC,
    age_max=timedelta(hours=24),
    show=show_as_is,
    identify=stands_for_itself,
    mask=mask_legal_rep,
    flags=(FlagRule(code=FlagCode.ENTITY_NOT_ALIVE, level=FlagLevel.BLOCK, judge=judge_not_alive),),
)
