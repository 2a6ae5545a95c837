"""A removal wins over any inclusion that is not newer (L19; SPC 6, 7)."""

from datetime import date

from hypothesis import given, strategies as st

from creditbridge.profile.removal import is_newer_inclusion, is_removed

DAYS = st.none() | st.dates(date(2020, 1, 1), date(2020, 1, 5))


@given(included=DAYS, removed=DAYS)
def test_l19_equal_times_are_removed(included: date | None, removed: date | None) -> None:
    """Only an inclusion that is surely later stands; without a removal everything does."""
    stands = removed is None or (included is not None and included > removed)

    assert is_removed(included, removed=removed) != stands
    assert is_newer_inclusion(included, removed=removed) == (stands and removed is not None)
