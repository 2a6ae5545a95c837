"""The public credit index system: what is collected, by whom, how often, on which basis."""

from datetime import date
from enum import StrEnum

import msgspec

from creditsandbox.province.codes import Category
from creditsandbox.province.tables import read_table


class ValueType(StrEnum):
    """What an index measures."""

    COUNT = "COUNT"
    AMOUNT = "AMOUNT"
    GRADE = "GRADE"
    BOOLEAN = "BOOLEAN"
    DATE = "DATE"


class UpdatePeriod(StrEnum):
    """How often a department supplies."""

    REALTIME = "REALTIME"
    DAILY = "DAILY"
    WEEKLY = "WEEKLY"
    MONTHLY = "MONTHLY"
    QUARTERLY = "QUARTERLY"
    YEARLY = "YEARLY"
    ON_EVENT = "ON_EVENT"


class MissingRule(StrEnum):
    """What it means that nothing came: nothing is on record, or nobody knows."""

    NONE = "NONE"
    UNKNOWN = "UNKNOWN"


class IndexDefinition(msgspec.Struct, frozen=True, kw_only=True):
    """One index; `supply_deadline_wd` are working days after the end of its period."""

    index_id: str
    version: int
    name: str
    meaning: str
    section: str
    entity_categories: frozenset[Category]
    dimension: str
    info_class: str
    catalogue_item: str
    catalogue_version: str
    supplying_dept: str
    legal_basis: str
    source_fields: tuple[str, ...]
    value_type: ValueType
    update_period: UpdatePeriod
    supply_deadline_wd: int
    missing_rule: MissingRule
    retention_rule: str
    repairable: bool
    disclosure: str
    key_area: str | None
    valid_from: date
    valid_to: date | None


class IndexSystem(msgspec.Struct, frozen=True, kw_only=True):
    """All definitions, and how sure their figures are."""

    note: str
    certainty: str
    indexes: tuple[IndexDefinition, ...]


INDEXES = read_table("indexes.json", IndexSystem).indexes
_BY_ID = {row.index_id: row for row in INDEXES}


def get_index(index_id: str) -> IndexDefinition:
    """Return a definition by its id."""
    return _BY_ID[index_id]
