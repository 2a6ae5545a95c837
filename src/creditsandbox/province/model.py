"""An entity of the province, with everything on record about it. Frozen: time is an argument."""

from datetime import date
from decimal import Decimal

import msgspec

from creditsandbox.province.authorities import Department
from creditsandbox.province.codes import (
    Category,
    Disclosure,
    Finality,
    PenaltyKind,
    Procedure,
    Severity,
    Status,
)
from creditsandbox.province.owners import Ownership
from creditsandbox.province.people import Person
from creditsandbox.province.records import (
    Abnormality,
    Alteration,
    InsuranceFile,
    Judgment,
    Licence,
    TaxFile,
)


class Entity(msgspec.Struct, frozen=True, kw_only=True):
    """Who an entity is; `division` is the present one, the code inside the USCC may be older."""

    uscc: str
    name: str
    category: Category
    type_name: str
    division: str
    city: str  # four digits
    county: str
    trade: int  # the index of its trade among the province's
    established_on: date
    parent_uscc: str | None = None  # of a branch, which has a code of its own


class Registration(msgspec.Struct, frozen=True, kw_only=True):
    """What the registering authority holds; capital is in 万元, as feeds write it."""

    registration_no: str
    former_names: tuple[str, ...]
    status: Status
    status_since: date | None
    legal_representative: str
    capital_wan: Decimal
    currency: str
    term_to: date | None
    scope: str
    address: str
    industry_section: str
    industry_name: str
    authority: Department
    approved_on: date


class Penalty(msgspec.Struct, frozen=True, kw_only=True):
    """An administrative penalty; amounts are in 元."""

    document_no: str
    kinds: tuple[PenaltyKind, ...]
    procedure: Procedure
    finality: Finality
    fact: str
    basis: str
    fine: Decimal
    confiscated: Decimal
    licence_affected: str | None
    decided_on: date
    published_on: date
    publicity_ends_on: date  # the first day on which it is no longer published
    authority: Department
    severity: Severity
    key_areas: tuple[str, ...]
    disclosure: Disclosure = Disclosure.PUBLIC
    final_on: date | None = None  # since when it can no longer be appealed
    repaired_on: date | None = None
    revoked_on: date | None = None


class Measure(msgspec.Struct, frozen=True, kw_only=True):
    """What follows from a listing. Without a legal basis it may not be shown (ZJ 28)."""

    code: str
    legal_basis: str | None  # null: not published
    authority: Department


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """An entry on a list of serious dishonesty; on it while `removed_on` is null."""

    decision_no: str
    list_type: str
    reason: str
    legal_basis: str
    included_on: date
    term_ends_on: date
    removed_on: date | None
    authority: Department
    measures: tuple[Measure, ...]


class Enterprise(msgspec.Struct, frozen=True, kw_only=True):
    """An entity with its whole file."""

    entity: Entity
    registration: Registration
    penalties: tuple[Penalty, ...] = ()
    listings: tuple[Listing, ...] = ()
    alterations: tuple[Alteration, ...] = ()
    licences: tuple[Licence, ...] = ()
    abnormalities: tuple[Abnormality, ...] = ()
    judgments: tuple[Judgment, ...] = ()
    tax: TaxFile | None = None
    insurance: InsuranceFile | None = None
    ownership: Ownership = Ownership()
    representative: Person | None = None  # of the population; the fixed ones have a name alone
    tax_arrears: Decimal = Decimal(0)
    social: int = 0  # points of social responsibility, 0 to 250, that no record explains
