"""The canonical strings of the SM suite."""

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from creditbridge.protocols.sm2_message import (
    CanonicalStringMalformed,
    SignedAnswer,
    SignedRequest,
    TimestampStale,
    digest_sm3,
    parse_answer,
    parse_request,
    require_timely,
    sort_query,
)

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
NOON_MS = 1_772_366_400_000
REQUEST = SignedRequest(
    method="GET",
    path="/api/v1/queries/qry_1/pages",
    query="page=2",
    app_id="creditbridge",
    timestamp_ms=NOON_MS,
    nonce="abcdefghijklmnop",
    body_digest="0a" * 32,
    consent="C" * 43,
)
ANSWER = SignedAnswer(
    status=200,
    question="0b" * 32,
    request="0c" * 32,
    app_id="creditbridge",
    timestamp_ms=NOON_MS,
    body_digest="0a" * 32,
    consent="",
)


def test_a_request_is_eight_lines() -> None:
    """As interface standards write them; what is read back is what was written."""
    base = REQUEST.encode()

    assert base == (
        b"GET\n/api/v1/queries/qry_1/pages\npage=2\ncreditbridge\n1772366400000\n"
        b"abcdefghijklmnop\n" + b"0a" * 32 + b"\n" + b"C" * 43
    )
    assert parse_request(base) == REQUEST


def test_an_answer_is_seven_lines() -> None:
    """Its first line is a status, so that no request reads as an answer."""
    base = ANSWER.encode()

    assert base.split(b"\n") == [
        *(b"200", b"0b" * 32, b"0c" * 32, b"creditbridge", b"1772366400000"),
        *(b"0a" * 32, b""),
    ]
    assert parse_answer(base) == ANSWER


@pytest.mark.parametrize(
    "change",
    [
        {"method": "get"},
        {"path": "api"},
        {"path": "/a?b"},
        {"query": "a b"},
        {"app_id": ""},
        {"app_id": "one\ntwo"},
        {"timestamp_ms": 5},
        {"nonce": "short"},
        {"body_digest": "0A" * 32},
        {"consent": "C" * 42},
    ],
)
def test_a_value_that_does_not_fit_its_line_is_not_signed(change: dict[str, str]) -> None:
    """A line break in a value would be another line."""
    with pytest.raises(CanonicalStringMalformed):
        replace(REQUEST, **change).encode()


@pytest.mark.parametrize("change", [{"status": 99}, {"question": ""}, {"request": "x"}])
def test_nor_is_such_an_answer(change: dict[str, object]) -> None:
    """Each line has its form."""
    with pytest.raises(CanonicalStringMalformed):
        replace(ANSWER, **change).encode()


@pytest.mark.parametrize(
    "base", [b"", ANSWER.encode(), REQUEST.encode() + b"\n", b"\xff", b"x" * 4_097]
)
def test_bytes_that_are_no_request_are_refused(base: bytes) -> None:
    """An answer, a line too many, no ASCII, too much."""
    with pytest.raises(CanonicalStringMalformed):
        parse_request(base)


def test_a_request_is_no_answer() -> None:
    """What the gateway signed can not be shown as what a platform signed."""
    with pytest.raises(CanonicalStringMalformed):
        parse_answer(REQUEST.encode())


def test_sm3_is_the_standards() -> None:
    """GB/T 32905-2016, A.1."""
    assert digest_sm3(b"abc") == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"


def test_a_query_is_sorted_and_encoded() -> None:
    """By name; what could be taken for a separator is encoded."""
    assert sort_query({"b": "2&3", "a": "x/y"}) == "a=x%2Fy&b=2%263"
    assert sort_query({}) == ""


@pytest.mark.parametrize("seconds", [-300, 0, 300])
def test_five_minutes_pass_on_both_sides(seconds: int) -> None:
    """A clock may be wrong by that."""
    require_timely(NOON_MS, now=NOON + timedelta(seconds=seconds))


@pytest.mark.parametrize("seconds", [-301, 301])
def test_a_second_more_does_not(seconds: int) -> None:
    """The error names the distance, which tells whose clock is wrong."""
    with pytest.raises(TimestampStale) as raised:
        require_timely(NOON_MS, now=NOON + timedelta(seconds=seconds))

    assert raised.value.detail == f"{-seconds} s from now"
