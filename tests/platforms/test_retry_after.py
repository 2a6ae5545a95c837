"""How long a platform asks to be left alone."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, strategies as st

from creditbridge.platforms.transport import read_retry_after

NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (None, None),
        ("2", 2.0),
        ("0", 0.0),
        ("1000000000", 300.0),
        ("9" * 400, 300.0),
        ("-5", None),
        ("soon", None),
        ("²", None),
        ("Sat, 21 Nov 2026 02:00:07 GMT", 7.0),
        ("Sat, 21 Nov 2026 01:59:00 GMT", None),
        ("Sat, 21 Nov 2027 02:00:00 GMT", 300.0),
        ("Sat, 21 Nov 2026 02:00:07", None),
    ],
)
def test_retry_after_in_all_its_forms(text: str | None, seconds: float | None) -> None:
    """Seconds, a date, far too much, the past, nonsense."""
    assert read_retry_after(text, NOW) == seconds


@given(st.text(max_size=40))
def test_no_retry_after_breaks_anything(text: str) -> None:
    """Whatever a platform writes: nothing, or 0 to 300 seconds."""
    seconds = read_retry_after(text, NOW)

    assert seconds is None or 0 <= seconds <= 300
