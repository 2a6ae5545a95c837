"""Each section's own rules: how its records are shown, and what they raise."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, strategies as st
from msgspec.structs import replace

from creditbridge.profile.amount import Amount
from creditbridge.profile.codes import (
    Finality,
    FlagLevel,
    FlagState,
    InfoClass,
    Severity,
)
from creditbridge.profile.policy import DEFAULT_POLICY, Policy
from creditbridge.profile.sections import (
    DEFINITIONS,
    Evaluation,
    Listing,
    Penalty,
    Registration,
)
from creditbridge.profile.sections.evaluations import judge_low
from creditbridge.profile.sections.listings import (
    ListType,
    identify_listing,
    judge_major_tax,
    judge_serious_list,
    show_listing,
)
from creditbridge.profile.sections.penalties import (
    PenaltyKind,
    Procedure,
    agree_on_amounts,
    class_of,
    identify_penalty,
    is_fine_over_limit,
    judge_serious,
    severity_of,
    show_penalty,
)
from creditbridge.profile.sections.registration import EntityStatus, judge_not_alive

TODAY = date(2026, 11, 21)


def test_each_section_is_found_under_its_code() -> None:
    """Those that a platform can supply today."""
    assert sorted(DEFINITIONS) == [
        *("ABN", "EVA", "JUD", "LIC", "LST", "PEN", "PSN", "REG", "SOC", "TAX"),
    ]
    assert all(code is definition.code for code, definition in DEFINITIONS.items())


@pytest.mark.parametrize(
    ("status", "state", "level"),
    [
        (EntityStatus.ACTIVE, FlagState.CLEAR, None),
        (EntityStatus.SUSPENDED, FlagState.RAISED, FlagLevel.WATCH),
        (EntityStatus.MOVED_OUT, FlagState.RAISED, FlagLevel.WATCH),
        (EntityStatus.DEREGISTERED, FlagState.RAISED, FlagLevel.BLOCK),
        (EntityStatus.REVOKED_NOT_DEREGISTERED, FlagState.RAISED, FlagLevel.BLOCK),
        (EntityStatus.REVOKED_DEREGISTERED, FlagState.RAISED, FlagLevel.BLOCK),
        (EntityStatus.CANCELLED, FlagState.RAISED, FlagLevel.BLOCK),
        (EntityStatus.OTHER, FlagState.RAISED, FlagLevel.BLOCK),
    ],
)
def test_only_active_entities_live(
    registration: Registration, status: EntityStatus, state: FlagState, level: FlagLevel | None
) -> None:
    """What paused or moved is worth a look; everything else but ACTIVE is not alive."""
    finding = judge_not_alive([replace(registration, status=status)], TODAY, DEFAULT_POLICY)

    assert (finding.state, finding.level) == (state, level)


def test_without_a_registration_nobody_knows_whether_it_lives(penalty: Penalty) -> None:
    """No registration is not CLEAR."""
    assert judge_not_alive([], TODAY, DEFAULT_POLICY).state is FlagState.INDETERMINATE
    assert judge_not_alive([penalty], TODAY, DEFAULT_POLICY).state is FlagState.INDETERMINATE


@pytest.mark.parametrize(
    ("kinds", "procedure", "severity"),
    [
        ((PenaltyKind.REVOKE_LICENCE,), Procedure.ORDINARY, Severity.SERIOUS),
        ((PenaltyKind.FINE, PenaltyKind.RESTRICT_EMPLOYMENT), None, Severity.SERIOUS),
        ((PenaltyKind.SUSPEND_LICENCE,), Procedure.ORDINARY, Severity.SERIOUS),
        ((PenaltyKind.FINE,), Procedure.SIMPLE, Severity.MINOR),
        ((PenaltyKind.WARNING, PenaltyKind.CRITICISM), Procedure.ORDINARY, Severity.MINOR),
        ((PenaltyKind.WARNING, PenaltyKind.FINE), Procedure.ORDINARY, Severity.GENERAL),
        ((), Procedure.ORDINARY, Severity.GENERAL),
    ],
)
def test_severity_is_derived_from_kinds_and_procedure(
    kinds: tuple[PenaltyKind, ...], procedure: Procedure | None, severity: Severity
) -> None:
    """Used only where the source gives none."""
    assert severity_of(kinds, procedure) is severity


@given(finality=st.sampled_from([None, *Finality]), procedure=st.sampled_from([None, *Procedure]))
def test_l09_only_final_ordinary_penalties_are_adverse(
    finality: Finality | None, procedure: Procedure | None
) -> None:
    """Procedure 01 is never ADVERSE, and nothing that can still be appealed."""
    is_adverse = class_of(finality, procedure) is InfoClass.ADVERSE

    assert is_adverse == (finality is Finality.FINAL and procedure is not Procedure.SIMPLE)


def test_simple_procedure_is_withheld_unless_the_catalogue_lists_it(penalty: Penalty) -> None:
    """Where it is listed it is shown as BASIC."""
    simple = replace(penalty, procedure=Procedure.SIMPLE)
    listed = Policy(simple_procedure_items=frozenset({penalty.catalogue_item}))

    assert show_penalty(simple, TODAY, DEFAULT_POLICY) is None
    shown = show_penalty(simple, TODAY, listed)
    assert shown is not None
    assert shown.info_class is InfoClass.BASIC


def test_a_record_of_another_kind_is_not_shown(
    registration: Registration, penalty: Penalty
) -> None:
    """A section shows its own records only."""
    assert show_penalty(registration, TODAY, DEFAULT_POLICY) is None
    assert show_listing(penalty, TODAY, DEFAULT_POLICY) is None


@pytest.mark.parametrize(
    ("procedure", "yuan", "over"),
    [
        (Procedure.SIMPLE, 3_000, False),
        (Procedure.SIMPLE, 3_001, True),
        (Procedure.ORDINARY, 3_001, False),
        (Procedure.SIMPLE, None, False),
    ],
)
def test_a_simple_fine_has_a_limit(procedure: Procedure, yuan: int | None, *, over: bool) -> None:
    """CNY 3,000 for organisations (APL 51)."""
    fine = None if yuan is None else Amount(value=Decimal(yuan), currency="CNY", source_unit="元")

    assert is_fine_over_limit(procedure, fine) is over


def test_a_decision_is_named_by_authority_and_number(penalty: Penalty, listing: Listing) -> None:
    """A number alone is not unique; without a number a record stands for itself."""
    coded = replace(penalty, authority_uscc="11330000YY0000A132")

    assert identify_penalty(penalty) == ("杭州市应急管理局", "杭应急罚[2026]12号")
    assert identify_penalty(coded) == ("11330000YY0000A132", "杭应急罚[2026]12号")
    assert identify_penalty(replace(penalty, document_no=None)) is None
    assert identify_penalty(listing) is None
    assert identify_listing(listing) == (
        "国家税务总局示例省税务局",
        "重大税收违法失信主体",
        "税失信[2026]3号",
    )
    assert identify_listing(replace(listing, decision_no=None)) is None
    assert identify_listing(penalty) is None


def test_copies_agree_by_value_whatever_their_unit_was(penalty: Penalty, listing: Listing) -> None:
    """2.5 万元 and 25000 元 are the same fine."""
    in_yuan = Amount(value=Decimal("25000.0"), currency="CNY", source_unit="元")

    assert agree_on_amounts(penalty, replace(penalty, fine=in_yuan))
    assert not agree_on_amounts(penalty, replace(penalty, fine=None))
    assert not agree_on_amounts(penalty, listing)


@pytest.mark.parametrize(
    ("decided", "state"),
    [
        (date(2024, 11, 21), FlagState.CLEAR),
        (date(2024, 11, 22), FlagState.RAISED),
        (date(2026, 11, 20), FlagState.RAISED),
    ],
)
def test_a_serious_penalty_counts_for_24_months(
    penalty: Penalty, decided: date, state: FlagState
) -> None:
    """On the day on which the months are full it no longer does."""
    serious = replace(penalty, severity=Severity.SERIOUS, decided=decided)

    assert judge_serious([serious], TODAY, DEFAULT_POLICY).state is state


def test_a_serious_penalty_without_a_date_is_not_clear(penalty: Penalty) -> None:
    """The record's date stands in; without any date nobody can tell."""
    serious = replace(penalty, severity=Severity.SERIOUS, decided=None)

    assert judge_serious([serious], TODAY, DEFAULT_POLICY).state is FlagState.RAISED
    undated = replace(serious, record_date=None)
    assert judge_serious([undated], TODAY, DEFAULT_POLICY).state is FlagState.INDETERMINATE


def test_general_and_basic_penalties_raise_nothing(penalty: Penalty) -> None:
    """Serious and adverse, both."""
    basic = replace(penalty, severity=Severity.SERIOUS, info_class=InfoClass.BASIC)

    assert judge_serious([penalty, basic], TODAY, DEFAULT_POLICY).state is FlagState.CLEAR


def test_l17_measures_need_a_published_legal_basis(listing: Listing) -> None:
    """Neither an unpublished basis nor none is shown; the entry stays."""
    published = listing.measures[0]
    measures = (
        published,
        replace(published, code="A", basis_published=False),
        replace(published, code="B", legal_basis=None),
    )

    shown = show_listing(replace(listing, measures=measures), TODAY, DEFAULT_POLICY)

    assert isinstance(shown, Listing)
    assert shown.measures == (published,)


def test_a_removed_entry_is_not_shown(listing: Listing) -> None:
    """Removed from a serious list: nothing, by default."""
    assert show_listing(replace(listing, removed=date(2026, 6, 1)), TODAY, DEFAULT_POLICY) is None


def test_the_lists_are_named(listing: Listing, penalty: Penalty) -> None:
    """SERIOUS_LIST carries the kinds of lists, each once, sorted."""
    other = replace(listing, list_type=ListType.FIRE_SAFETY)

    finding = judge_serious_list([listing, other, listing, penalty], TODAY, DEFAULT_POLICY)

    assert finding.state is FlagState.RAISED
    assert finding.types == ("FIRE_SAFETY", "MAJOR_TAX_VIOLATION")
    assert finding.evidence == (listing, other, listing)


def test_only_the_tax_organs_list_is_major_tax(listing: Listing) -> None:
    """Another list raises SERIOUS_LIST alone."""
    other = replace(listing, list_type=ListType.FIRE_SAFETY)

    assert judge_major_tax([listing, other], TODAY, DEFAULT_POLICY).evidence == (listing,)
    assert judge_major_tax([other], TODAY, DEFAULT_POLICY).state is FlagState.CLEAR


@pytest.mark.parametrize(
    ("scheme", "grade", "state"),
    [
        ("SBX-2026", "POOR", FlagState.RAISED),
        ("SBX-2026", "MEDIUM", FlagState.CLEAR),
        ("CN-GBT45255-2025", "D", FlagState.RAISED),
        ("CN-GBT45255-2025", "C", FlagState.CLEAR),
        ("SBX-2026", None, FlagState.INDETERMINATE),
        ("SBX-2026", "D", FlagState.INDETERMINATE),
        ("ZJ-DB33T1331-2023", "E", FlagState.INDETERMINATE),
    ],
)
def test_only_the_sources_own_grade_is_low(
    evaluation: Evaluation, scheme: str, grade: str | None, state: FlagState
) -> None:
    """A score without a grade, or a letter of an unknown scheme, says nothing."""
    low = replace(evaluation, scheme=scheme, grade_code=grade, score=Decimal(1))

    assert judge_low([low], TODAY, DEFAULT_POLICY).state is state


def test_the_latest_valid_evaluation_of_a_scheme_decides(evaluation: Evaluation) -> None:
    """An older POOR is history; a newer one that has expired as well."""
    poor = replace(evaluation, grade_code="POOR")
    older = replace(poor, evaluated_at=date(2025, 11, 1))
    undated = replace(poor, evaluated_at=None)
    expired = replace(poor, evaluated_at=date(2026, 11, 10), valid_until=TODAY)
    valid = replace(expired, valid_until=date(2026, 11, 22))

    clear = judge_low([evaluation, older, undated, expired], TODAY, DEFAULT_POLICY)
    assert clear.state is FlagState.CLEAR
    assert judge_low([evaluation, valid], TODAY, DEFAULT_POLICY).state is FlagState.RAISED


def test_no_evaluation_raises_nothing(penalty: Penalty) -> None:
    """NONE is an answer."""
    assert judge_low([penalty], TODAY, DEFAULT_POLICY).state is FlagState.CLEAR
