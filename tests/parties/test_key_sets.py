"""When a client's published keys count, and when they are looked at anew."""

from datetime import UTC, datetime, timedelta

import pytest

from creditbridge.parties.key_sets import is_fetch_due, is_set_good
from creditbridge.parties.model import KeySet

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def ago(seconds: float) -> datetime:
    """So long before noon."""
    return NOON - timedelta(seconds=seconds)


def fetched(seconds: float) -> KeySet:
    """A set that came so long ago."""
    return KeySet(begun_at=ago(seconds + 1), ended_at=ago(seconds), fetched_at=ago(seconds))


def failed(seconds: float, *, good: float) -> KeySet:
    """A set that came `good` seconds ago; the last try, so long ago, brought nothing."""
    return KeySet(begun_at=ago(seconds + 1), ended_at=ago(seconds), fetched_at=ago(good))


DAY = 86_400


@pytest.mark.parametrize(
    ("key_set", "good"),
    [
        (None, False),
        (KeySet(), False),
        (fetched(0), True),
        (fetched(DAY - 1), True),
        (fetched(DAY), False),
        (failed(1, good=DAY - 1), True),
    ],
)
def test_K3_a_set_counts_for_a_day(key_set: KeySet | None, good: bool) -> None:  # noqa: FBT001
    """From its last fetch that brought it."""
    assert is_set_good(key_set, now=NOON) is good


NEVER, BEGUN, LOST = KeySet(), KeySet(begun_at=ago(6)), KeySet(begun_at=ago(7))
AGAIN = KeySet(begun_at=ago(1), ended_at=ago(400), fetched_at=ago(400))


@pytest.mark.parametrize(
    ("key_set", "missing", "due"),
    [
        (NEVER, True, True),
        # Somebody is at it: whoever lacks the key waits, nobody else does.
        (BEGUN, True, True),
        (AGAIN, True, True),
        (AGAIN, False, False),
        # Whoever was at it is lost.
        (LOST, True, False),
        (KeySet(begun_at=ago(30)), True, True),
        # Fresh: asked for a missing name alone, once in 30 seconds.
        (fetched(28), True, False),
        (fetched(29), True, True),
        (fetched(299), False, False),
        (fetched(300), False, True),
        # Old, and not to be had: once in 30 seconds as well.
        (failed(28, good=400), False, False),
        (failed(29, good=400), False, True),
    ],
)
def test_K2_a_set_is_fetched_when_it_may_help(
    key_set: KeySet,
    missing: bool,  # noqa: FBT001
    due: bool,  # noqa: FBT001
) -> None:
    """Where it is old, or lacks the name; never twice within 30 seconds."""
    assert is_fetch_due(key_set, is_missing=missing, now=NOON) is due
