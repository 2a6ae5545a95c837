"""When another person is the legal representative: the later word counts, nothing flips back."""

from datetime import UTC, date, datetime, timedelta

import pytest
from msgspec.structs import replace

from creditbridge.parties.model import Role
from creditbridge.parties.voices.model import EndReason, Representative, VoiceSucceeded
from creditbridge.parties.voices.succession import (
    RegisterWord,
    differs_surely,
    is_succeeded,
    require_office,
)

NOON = datetime(2026, 6, 15, 4, tzinfo=UTC)  # Noon in Beijing.
DAY = timedelta(days=1)
PRESENT = Representative(
    person_id="prs_1",
    uscc="91330100YY0000A13Y",
    role=Role.LEGAL_REP,
    enrolled_at=NOON - 30 * DAY,
    vouched_at=NOON,
)
DATED = replace(PRESENT, office_since=date(2026, 5, 1))
FORMER = replace(PRESENT, ended_at=NOON, end_reason=EndReason.SUCCESSOR)
WORD = RegisterWord(name="李示例", as_of=NOON + DAY)


@pytest.mark.parametrize(
    ("told", "known", "differs"),
    [
        ("张三", "李四", True),
        ("张三", "张三", False),
        ("张 三", "张三", False),
        ("ZHANG\u3000San", "ZHANGSan", False),
        ("王（小）", "王(小)", False),
        ("张*", "李四", True),
        ("张*", "张三", False),
        ("张**", "张三", False),
        ("*三", "张三", False),
        ("*四", "张三", True),
        ("张*丰", "张三丰", False),
        ("张*丰", "张三四", True),
        ("\uff0a三", "张三", False),
        ("***", "张三", False),
        ("张某", "张三", False),
        ("李某", "张三", True),
        ("张三", "张*", False),
        ("", "张三", False),
        ("张三", " ", False),
    ],
)
def test_names_differ_where_that_is_sure(told: str, known: str, *, differs: bool) -> None:
    """By DOMAIN 1.5; what a mask hides may be anything."""
    assert differs_surely(told, known) is differs


@pytest.mark.parametrize(
    ("present", "word", "former", "succeeded"),
    [
        (PRESENT, WORD, frozenset[str](), True),
        (PRESENT, replace(WORD, name="张示例"), frozenset[str](), False),
        (PRESENT, replace(WORD, as_of=NOON), frozenset[str](), False),
        (replace(PRESENT, vouched_at=None), replace(WORD, as_of=NOON), frozenset[str](), True),
        (replace(PRESENT, role=Role.AGENT), WORD, frozenset[str](), False),
        (PRESENT, WORD, frozenset({"李示例"}), False),
        (PRESENT, replace(WORD, since=date(2026, 6, 14)), frozenset({"李示例"}), True),
        (PRESENT, replace(WORD, since=date(2026, 5, 16)), frozenset({"李示例"}), False),
        (PRESENT, replace(WORD, since=date(2020, 1, 1)), frozenset[str](), True),
        (DATED, replace(WORD, since=date(2020, 1, 1)), frozenset[str](), False),
        (DATED, replace(WORD, since=date(2026, 5, 1)), frozenset[str](), True),
        (DATED, replace(WORD, since=date(2026, 5, 1), as_of=NOON), frozenset[str](), False),
        (DATED, replace(WORD, since=date(2026, 5, 2), as_of=NOON), frozenset[str](), True),
        (DATED, replace(WORD, since=date(2026, 5, 2)), frozenset({"李示例"}), True),
        (DATED, replace(WORD, since=date(2026, 5, 1)), frozenset({"李示例"}), False),
    ],
)
def test_the_register_counts_where_it_is_younger(
    present: Representative, word: RegisterWord, former: frozenset[str], *, succeeded: bool
) -> None:
    """By the dates where both are told, else by data younger than the provider's word."""
    assert is_succeeded(present, "张示例", word, former=former) is succeeded


@pytest.mark.parametrize(
    ("former", "present", "since"),
    [
        (None, None, None),
        (None, PRESENT, None),
        (None, PRESENT, date(2020, 1, 1)),
        (None, replace(PRESENT, office_since=date(2026, 5, 1)), None),
        (None, replace(PRESENT, office_since=date(2026, 5, 1)), date(2026, 5, 1)),
        (FORMER, PRESENT, date(2026, 6, 16)),
        (replace(FORMER, end_reason=EndReason.ROLE), PRESENT, None),
        (replace(FORMER, ended_at=None, end_reason=None), None, None),
    ],
)
def test_the_providers_word_is_taken(
    former: Representative | None, present: Representative | None, since: date | None
) -> None:
    """Of somebody who never was it; or who is back, by a later date."""
    require_office(former, present, since=since)


@pytest.mark.parametrize(
    ("former", "present", "since"),
    [
        (FORMER, PRESENT, None),
        (FORMER, PRESENT, date(2026, 6, 15)),
        (replace(FORMER, end_reason=EndReason.REGISTER), None, None),
        (None, replace(PRESENT, office_since=date(2026, 5, 2)), date(2026, 5, 1)),
    ],
)
def test_an_old_word_flips_nothing_back(
    former: Representative | None, present: Representative | None, since: date | None
) -> None:
    """Replaced before, and not dated after that; or dated before the present one."""
    with pytest.raises(VoiceSucceeded):
        require_office(former, present, since=since)
