"""What is an address, when a code fits, how long a mail waits."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, strategies as st

from creditbridge.notices.model import AddressMalformed, AskedAddress, CodeWrong
from creditbridge.notices.rules import (
    CODE_TRIES_MAX,
    CODES_MAX,
    TRIES_MAX,
    WAIT_MAX,
    is_spent,
    may_ask_code,
    parse_address,
    require_code,
    wait_after,
    warns_from,
)

NOW = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)
SOON = NOW + timedelta(minutes=1)
ASKED = AskedAddress(address="lin@example.com", code="01234567")


@pytest.mark.parametrize("typed", ["lin@example.com", " a.b+c@mail.example.co ", "x@a-b.example"])
def test_an_address_is_taken_as_it_was_typed(typed: str) -> None:
    """Only the blanks around it go."""
    assert parse_address(typed) == typed.strip()


@pytest.mark.parametrize(
    "typed",
    [
        *("", "lin", "lin@", "@example.com", "lin@localhost", "lin@-a.example", "a@b.example1"),
        *("lin@example.com\r\nBcc: all@example.com", "lin@example.com,zhou@example.com"),
        *('"lin x"@example.com', "lin@[127.0.0.1]", "lin@example.com>", "<lin@example.com"),
        *("林@example.com", "lin..x@example.com", f"{'a' * 65}@example.com"),
        f"a@{'b.' * 130}example",
    ],
)
def test_nothing_else_is_an_address(typed: str) -> None:
    """No second recipient, no header, no quoting, nothing beyond the lengths of RFC 5321."""
    with pytest.raises(AddressMalformed):
        parse_address(typed)


@given(st.text())
def test_no_text_breaks_the_reading(text: str) -> None:
    """Whatever is typed is an address in one line, or refused."""
    try:
        address = parse_address(text)
    except AddressMalformed:
        return
    assert address.isascii()
    assert address.isprintable()
    assert address.count("@") == 1


def test_the_code_that_was_sent_confirms_its_address() -> None:
    """Blanks around it do no harm."""
    assert require_code(ASKED, " 01234567 ", until=SOON, tries=4, now=NOW) == "lin@example.com"


@pytest.mark.parametrize(
    ("asked", "typed", "until", "tries"),
    [
        (None, "01234567", SOON, 0),
        (ASKED, "01234567", None, 0),
        (ASKED, "01234567", NOW, 0),
        (ASKED, "01234567", SOON, CODE_TRIES_MAX),
        (ASKED, "01234568", SOON, 0),
        (ASKED, "1234567", SOON, 0),
        (ASKED, "\uff10" * 8, SOON, 0),
        (ASKED, "", SOON, 0),
    ],
)
def test_no_other_code_does(
    asked: AskedAddress | None, typed: str, until: datetime | None, tries: int
) -> None:
    """None asked for, run out, guessed at too often, another, no digits."""
    with pytest.raises(CodeWrong):
        require_code(asked, typed, until=until, tries=tries, now=NOW)


@pytest.mark.parametrize(
    ("codes", "since", "allowed"),
    [
        (0, None, True),
        (CODES_MAX - 1, NOW - timedelta(minutes=59), True),
        (CODES_MAX, NOW - timedelta(minutes=59), False),
        (CODES_MAX, NOW - timedelta(hours=1), True),
    ],
)
def test_five_codes_may_be_had_in_an_hour(
    codes: int, since: datetime | None, *, allowed: bool
) -> None:
    """Nobody's box is flooded from here."""
    assert may_ask_code(codes=codes, since=since, now=NOW) is allowed


def test_each_wait_is_four_times_as_long_up_to_six_hours() -> None:
    """A relay that is down for a night finds the mail in the morning."""
    waits = [wait_after(tries) for tries in range(1, TRIES_MAX + 1)]

    assert [wait.total_seconds() / 60 for wait in waits] == [1, 4, 16, 64, 256, 360, 360, 360]
    assert wait_after(10**6) == WAIT_MAX


@pytest.mark.parametrize(("tries", "spent"), [(TRIES_MAX - 1, False), (TRIES_MAX, True)])
def test_a_mail_is_tried_eight_times(tries: int, *, spent: bool) -> None:
    """Then somebody must look."""
    assert is_spent(tries) is spent


@pytest.mark.parametrize(
    ("life", "before"),
    [(timedelta(days=7), timedelta(hours=24)), (timedelta(hours=8), timedelta(hours=2))],
)
def test_a_request_is_about_to_lapse_in_its_last_day_or_quarter(
    life: timedelta, before: timedelta
) -> None:
    """A short one is not said to lapse at the moment at which it is asked."""
    assert warns_from(NOW, NOW + life) == NOW + life - before
