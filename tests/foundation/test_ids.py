"""Tests of ids that carry their kind."""

from datetime import UTC, datetime, timedelta

import pytest

from creditbridge.foundation.ids import ALPHABET, Kind, is_id, new_id, new_reference

NOW = datetime(2026, 3, 1, 8, 30, tzinfo=UTC)


def decode(text: str) -> int:
    """Return the number that 26 characters of Crockford base32 stand for."""
    value = 0
    for character in text:
        value = value * 32 + ALPHABET.index(character)
    return value


@pytest.mark.parametrize("kind", Kind)
def test_an_id_is_a_prefix_and_a_uuid_of_version_7(kind: Kind) -> None:
    """RFC 9562, section 5.7: 48 bits of milliseconds, version, variant."""
    made = new_id(kind, now=NOW)
    value = decode(made.removeprefix(f"{kind}_"))

    assert is_id(kind, made)
    assert value >> 80 == int(NOW.timestamp() * 1000)
    assert value >> 76 & 0xF == 7
    assert value >> 62 & 0x3 == 2


def test_ids_are_sorted_by_time_and_never_the_same() -> None:
    """A later millisecond is a later id."""
    early = new_id(Kind.REPORT, now=NOW)
    late = new_id(Kind.REPORT, now=NOW + timedelta(milliseconds=1))

    assert early < late
    assert len({new_id(Kind.REPORT, now=NOW) for _ in range(1_000)}) == 1_000


@pytest.mark.parametrize(
    "text",
    [
        "",
        "rpt_",
        "rpt_01",
        "cns_01k9x3m5v7q8r2t4w6y8z0a1b3",
        "rpt_81k9x3m5v7q8r2t4w6y8z0a1b3",
        "rpt_01k9x3m5v7q8r2t4w6y8z0a1bu",
        "rpt_01K9X3M5V7Q8R2T4W6Y8Z0A1B3",
        "rpt_01k9x3m5v7q8r2t4w6y8z0a1b3\n",
        "rpt_01k9x3m5v7q8r2t4w6y8z0a1b33",
    ],
)
def test_what_has_not_the_shape_is_no_id(text: str) -> None:
    """Another kind, other characters, another length, a number over 128 bits."""
    assert not is_id(Kind.REPORT, text)


def test_a_reference_names_nothing() -> None:
    """128 random bits, no time in them."""
    first, second = new_reference(), new_reference()

    assert len(first) == len(second) == 26
    assert first != second
