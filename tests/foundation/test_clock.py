"""Tests of the machine's clock."""

from datetime import UTC

from creditbridge.foundation.clock import SystemClock


def test_instants_are_utc_and_in_order() -> None:
    """Both clocks go forward between two looks."""
    clock = SystemClock()

    first, second = clock.now(), clock.now()

    assert first.tzinfo is UTC
    assert first <= second
    assert clock.monotonic() <= clock.monotonic()
