"""PEN: administrative penalties (Administrative Penalty Law, APL, article 9)."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

from msgspec.structs import replace

from creditbridge.profile.amount import Amount
from creditbridge.profile.codes import (
    DataClass,
    Finality,
    FlagCode,
    FlagLevel,
    FlagState,
    InfoClass,
    SectionCode,
    Severity,
)
from creditbridge.profile.dates import add_months
from creditbridge.profile.policy import Policy
from creditbridge.profile.record import RecordBase
from creditbridge.profile.section import Finding, FlagRule, SectionDefinition


class PenaltyKind(StrEnum):
    """The kinds of penalty of APL 9; a decision may hold several."""

    WARNING = "WARNING"
    CRITICISM = "CRITICISM"
    FINE = "FINE"
    CONFISCATE_GAINS = "CONFISCATE_GAINS"
    CONFISCATE_PROPERTY = "CONFISCATE_PROPERTY"
    SUSPEND_LICENCE = "SUSPEND_LICENCE"
    LOWER_QUALIFICATION = "LOWER_QUALIFICATION"
    REVOKE_LICENCE = "REVOKE_LICENCE"
    RESTRICT_BUSINESS = "RESTRICT_BUSINESS"
    ORDER_SUSPEND = "ORDER_SUSPEND"
    ORDER_CLOSE = "ORDER_CLOSE"
    RESTRICT_EMPLOYMENT = "RESTRICT_EMPLOYMENT"
    DETENTION = "DETENTION"
    OTHER = "OTHER"


class Procedure(StrEnum):
    """How the penalty was decided: on the spot, or after an inquiry (APL 51, 54)."""

    SIMPLE = "01"
    ORDINARY = "02"


# Of organisations; a fine above it was not decided in simple procedure, whatever the feed says.
SIMPLE_FINE_MAX = Decimal(3_000)
MINOR_KINDS = frozenset({PenaltyKind.WARNING, PenaltyKind.CRITICISM})
SERIOUS_KINDS = frozenset(
    {PenaltyKind.REVOKE_LICENCE, PenaltyKind.SUSPEND_LICENCE, PenaltyKind.RESTRICT_EMPLOYMENT}
)


class Penalty(RecordBase, frozen=True, kw_only=True, tag="PENALTY"):
    """One decision. Amounts are in 元; `kind_texts` are the source's own words, in its order."""

    document_no: str | None
    action: str | None
    kinds: tuple[PenaltyKind, ...]
    kind_texts: tuple[str, ...]
    procedure: Procedure | None
    fact: str | None
    basis: str | None
    content: str | None
    fine: Amount | None
    confiscated: Amount | None
    licence_affected: str | None
    decided: date | None
    authority: str
    authority_uscc: str | None


def severity_of(kinds: Sequence[PenaltyKind], procedure: Procedure | None) -> Severity:
    """Return the level of repair where the source gives none; the source's own always wins.

    Where fines begin to be huge is set by each sector, so an amount alone never makes SERIOUS.
    """
    if SERIOUS_KINDS.intersection(kinds):
        return Severity.SERIOUS
    if procedure is Procedure.SIMPLE or (kinds and MINOR_KINDS.issuperset(kinds)):
        return Severity.MINOR
    return Severity.GENERAL


def class_of(finality: Finality | None, procedure: Procedure | None) -> InfoClass:
    """Return ADVERSE for final decisions alone, and never for simple procedure (ZJ 11)."""
    if finality is Finality.FINAL and procedure is not Procedure.SIMPLE:
        return InfoClass.ADVERSE
    return InfoClass.BASIC


def is_fine_over_limit(procedure: Procedure | None, fine: Amount | None) -> bool:
    """Tell whether a fine is higher than simple procedure allows for organisations (APL 51)."""
    return procedure is Procedure.SIMPLE and fine is not None and fine.value > SIMPLE_FINE_MAX


def show_penalty(record: RecordBase, _today: date, policy: Policy) -> RecordBase | None:
    """Show a penalty in its class; one of simple procedure only where the catalogue lists it."""
    if not isinstance(record, Penalty):
        return None
    is_simple = record.procedure is Procedure.SIMPLE
    # Simple procedure is not shown unless the place's catalogue lists it (ZJ 11).
    if is_simple and record.catalogue_item not in policy.simple_procedure_items:
        return None
    return replace(record, info_class=class_of(record.finality, record.procedure))


def identify_penalty(record: RecordBase) -> tuple[str, ...] | None:
    """Name the decision: its authority and number; a number alone is not unique."""
    if not isinstance(record, Penalty) or record.document_no is None:
        return None
    return (record.authority_uscc or record.authority, record.document_no)


def agree_on_amounts(one: RecordBase, other: RecordBase) -> bool:
    """Tell whether two copies of one decision hold the same amounts, whatever their unit was."""
    return (
        isinstance(one, Penalty)
        and isinstance(other, Penalty)
        and _amounts_of(one) == _amounts_of(other)
    )


def _amounts_of(record: Penalty) -> tuple[Decimal | None, ...]:
    return tuple(
        None if amount is None else amount.value for amount in (record.fine, record.confiscated)
    )


def judge_serious(records: Sequence[RecordBase], today: date, policy: Policy) -> Finding:
    """Raise on serious, adverse penalties decided within the months that the policy names."""
    penalties = (record for record in records if isinstance(record, Penalty))
    serious = [penalty for penalty in penalties if _is_serious(penalty)]
    # By the day of decision: publication may come much later, and would look recent.
    recent = [record for record in serious if _is_recent(record, today, policy.serious_months)]
    if recent:
        return Finding(state=FlagState.RAISED, evidence=tuple(recent))
    # A serious penalty whose date nobody knows may be recent: that is not clear.
    is_undated = any(_decided_on(record) is None for record in serious)
    return Finding(state=FlagState.INDETERMINATE if is_undated else FlagState.CLEAR)


def _is_serious(record: Penalty) -> bool:
    return record.info_class is InfoClass.ADVERSE and record.severity is Severity.SERIOUS


def _decided_on(record: Penalty) -> date | None:
    return record.decided or record.record_date


def _is_recent(record: Penalty, today: date, months: int) -> bool:
    decided = _decided_on(record)
    return decided is not None and today < add_months(decided, months)


PENALTIES = SectionDefinition(
    code=SectionCode.PEN,
    title_zh="行政处罚",
    title_en="administrative penalties",
    data_class=DataClass.PUBLIC,
    age_max=timedelta(hours=24),
    show=show_penalty,
    identify=identify_penalty,
    agree=agree_on_amounts,
    is_adverse=True,
    flags=(FlagRule(code=FlagCode.PENALTY_SERIOUS_24M, level=FlagLevel.HIGH, judge=judge_serious),),
)
