"""Properties of suppression and flags, over records in every state."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from msgspec.structs import replace

from creditbridge.profile.codes import (
    DataClass,
    Disclosure,
    DisputeState,
    ErrorClass,
    Finality,
    FlagCode,
    FlagState,
    Lifecycle,
    MatchBy,
    SectionCode,
    Severity,
)
from creditbridge.profile.flags import Naming, flag
from creditbridge.profile.merge import merge
from creditbridge.profile.model import (
    Extent,
    NoneSection,
    PresentSection,
    Served,
    SourceAnswer,
    UnknownSection,
    records_of,
)
from creditbridge.profile.policy import DEFAULT_POLICY
from creditbridge.profile.record import Dispute, match_by
from creditbridge.profile.sections import Penalty
from creditbridge.profile.sections.penalties import Procedure
from creditbridge.profile.suppression import is_withheld, suppress

PEN = SectionCode.PEN
NAMING = Naming(consented="示例晴川机械有限公司", answered="示例晴川机械有限公司")
Serve = Callable[..., Served]
SHARED_FIXTURES = settings(
    max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)

CHANGES = st.fixed_dictionaries(
    {
        "lifecycle": st.sampled_from(Lifecycle),
        "finality": st.sampled_from(Finality),
        "disclosure": st.sampled_from(Disclosure),
        "data_class": st.sampled_from(
            [DataClass.PUBLIC, DataClass.QUERY, DataClass.PERSONAL, DataClass.GOV_ONLY]
        ),
        "procedure": st.sampled_from([None, *Procedure]),
        "severity": st.sampled_from(Severity),
        "match": st.sampled_from(MatchBy).map(match_by),
    }
)
SECONDS = st.integers(min_value=-2, max_value=2)
DISPUTES = st.one_of(
    st.none(),
    st.builds(
        Dispute,
        state=st.sampled_from(DisputeState),
        opened_at=st.none(),
        due_at=st.none(),
        note=st.none(),
        suspends=st.booleans(),
    ),
)


@pytest.fixture
def serve(answer_of: Callable[..., SourceAnswer], extent: Extent, now: datetime) -> Serve:
    """Merge and suppress one platform's penalties."""

    def run(section: PresentSection | NoneSection | UnknownSection) -> Served:
        return suppress(merge([answer_of({PEN: section})]), extent=extent, now=now)

    return run


@SHARED_FIXTURES
@given(rows=st.lists(st.tuples(CHANGES, DISPUTES, SECONDS, SECONDS), max_size=5))
def test_a_withheld_record_never_appears_and_never_counts(
    serve: Serve,
    present: Callable[..., PresentSection],
    penalty: Penalty,
    now: datetime,
    rows: list[tuple[dict[str, object], Dispute | None, int, int]],
) -> None:
    """Not in sections, not among the unconfirmed, not as evidence; and NONE when none is left."""
    penalties = [
        replace(
            penalty,
            record_id=f"rec_{number}",
            dispute=dispute,
            publicity_end=now + timedelta(seconds=publicity),
            retention_end=now + timedelta(seconds=retention),
            **change,
        )
        for number, (change, dispute, publicity, retention) in enumerate(rows)
    ]
    withheld = {
        each.record_id
        for each in penalties
        if is_withheld(each, now=now, policy=DEFAULT_POLICY)
        or each.data_class is DataClass.PERSONAL
        or each.procedure is Procedure.SIMPLE
    }
    low = {each.record_id for each in penalties if each.match.by is MatchBy.NAME}

    served = serve(present(*penalties))
    flags = flag(served, naming=NAMING, now=now)

    shown = {record.record_id for record in records_of(served.sections[PEN])}
    evidence = {record_id for each in flags for record_id in each.evidence}
    assert shown == {each.record_id for each in penalties} - withheld - low
    assert {each.record.record_id for each in served.unconfirmed} == low - withheld
    assert evidence <= shown
    assert isinstance(served.sections[PEN], PresentSection if shown else NoneSection)


@SHARED_FIXTURES
@given(error_class=st.sampled_from(ErrorClass))
def test_unknown_never_looks_like_none(
    serve: Serve, none: NoneSection, now: datetime, error_class: ErrorClass
) -> None:
    """A failed source is UNKNOWN with INDETERMINATE flags; "no record" is NONE with CLEAR ones."""
    failed = serve(UnknownSection(error_class=error_class))
    nothing = serve(none)

    flags_of_failed = {each.code: each.state for each in flag(failed, naming=NAMING, now=now)}
    flags_of_nothing = {each.code: each.state for each in flag(nothing, naming=NAMING, now=now)}
    assert failed.sections[PEN] != nothing.sections[PEN]
    assert flags_of_failed[FlagCode.PENALTY_SERIOUS_24M] is FlagState.INDETERMINATE
    assert flags_of_nothing[FlagCode.PENALTY_SERIOUS_24M] is FlagState.CLEAR
