"""What a key says about a request that comes again."""

import hashlib
from datetime import datetime, timedelta

import pytest
from msgspec.structs import replace

from creditbridge.admission.model import KeyName, KeyState, TakenKey
from creditbridge.admission.rules import (
    AnswerGone,
    BusinessIdMalformed,
    KeyInFlight,
    KeyMalformed,
    KeyMissing,
    KeyReused,
    fingerprint_of,
    parse_key,
    require_answer,
    require_business_id,
)

FINGERPRINT = hashlib.sha256(b"request").digest()


@pytest.fixture
def taken(noon: datetime) -> TakenKey:
    """A key whose answer is kept for ten minutes."""
    return TakenKey(
        client_id="loans",
        route="POST /v1/reports",
        key="k-1",
        fingerprint=FINGERPRINT,
        state=KeyState.DECIDED,
        reference="rpt_1",
        taken_at=noon,
        deadline_at=noon + timedelta(seconds=60),
        event_id="evt_1",
        receipt=b"receipt",
        sealed=b"sealed",
        body_until=noon + timedelta(minutes=10),
    )


@pytest.mark.parametrize(
    ("header", "key"),
    [
        ('"8e03978e-40d5"', "8e03978e-40d5"),
        ("8e03978e-40d5", "8e03978e-40d5"),
        (' \t"k 1" ', "k 1"),
        (r'"a\"b\\c"', r'a"b\c'),
        ("k" * 255, "k" * 255),
        (f'"{"k" * 255}"', "k" * 255),
    ],
)
def test_a_structured_string_and_its_bare_form_are_one_key(header: str, key: str) -> None:
    """E2: quotes are spelling, escapes are undone, 255 characters are allowed."""
    assert parse_key(header) == key


@pytest.mark.parametrize(
    "header",
    [
        "",
        '""',
        '"',
        '"a',
        'a"b',
        "a b",
        r'"\n"',
        "k" * 256,
        "schlüssel",
        '"a"; q=1',
        "a\x00",
        '"\x7f"',
    ],
)
def test_another_shape_is_no_key(header: str) -> None:
    """Empty, unbalanced, with blanks, parameters, control characters, or 256 characters long."""
    with pytest.raises(KeyMalformed):
        parse_key(header)


def test_a_request_without_a_key_is_told_so() -> None:
    """E2: missing is an error of its own."""
    with pytest.raises(KeyMissing):
        parse_key(None)


@pytest.mark.parametrize("text", ["A", "LN-2026:03/0007.a_b", "9" * 64])
def test_a_business_id_is_returned(text: str) -> None:
    """Letters, digits and a few signs, 64 at most."""
    assert require_business_id(text) == text


@pytest.mark.parametrize("text", ["", "-a", "a b", "a\x00", "号", "9" * 65])
def test_another_shape_is_no_business_id(text: str) -> None:
    """Nothing that a database, a log or a screen could take for something else."""
    with pytest.raises(BusinessIdMalformed):
        require_business_id(text)


def test_each_part_of_a_request_tells_it_apart() -> None:
    """Method, target, body: a byte moved from one part into the next is another request."""
    prints = {
        fingerprint_of("POST", "/v1/reports", b"{}"),
        fingerprint_of("PUT", "/v1/reports", b"{}"),
        fingerprint_of("POST", "/v1/reports{", b"}"),
        fingerprint_of("POST", "/v1/reports", b"{ }"),
    }

    assert len(prints) == 4
    assert all(len(fingerprint) == 32 for fingerprint in prints)


def test_a_kept_answer_is_returned_until_its_end(taken: TakenKey, noon: datetime) -> None:
    """One microsecond before its minutes are over it is there; at the instant it is gone."""
    end = noon + timedelta(minutes=10)

    assert require_answer(taken, FINGERPRINT, now=end - timedelta(microseconds=1)) == b"sealed"
    with pytest.raises(AnswerGone) as caught:
        require_answer(taken, FINGERPRINT, now=end)

    assert (caught.value.receipt, caught.value.event_id) == (b"receipt", "evt_1")


@pytest.mark.parametrize("missing", ["sealed", "body_until"])
def test_a_purged_answer_is_gone(taken: TakenKey, noon: datetime, missing: str) -> None:
    """E2: the receipt stays, the query is not made again."""
    with pytest.raises(AnswerGone):
        require_answer(replace(taken, **{missing: None}), FINGERPRINT, now=noon)


def test_a_request_in_flight_has_no_answer(taken: TakenKey, noon: datetime) -> None:
    """E2: the same request, still being worked on."""
    flying = replace(taken, state=KeyState.IN_FLIGHT, sealed=None, body_until=None)

    with pytest.raises(KeyInFlight):
        require_answer(flying, FINGERPRINT, now=noon)


@pytest.mark.parametrize("state", list(KeyState))
def test_another_request_learns_nothing_of_the_first(
    taken: TakenKey, noon: datetime, state: KeyState
) -> None:
    """E2: a key with another body is refused as such, in flight or decided."""
    with pytest.raises(KeyReused):
        require_answer(replace(taken, state=state), b"\x00" * 32, now=noon)


def test_a_taken_key_knows_its_name(taken: TakenKey) -> None:
    """Client, route and key together are the name."""
    assert taken.name == KeyName(client_id="loans", route="POST /v1/reports", key="k-1")


def test_a_gone_answer_still_hands_out_its_receipt() -> None:
    """As a byte sequence (RFC 9651, section 3.3.5), where there is one."""
    gone = AnswerGone(receipt=b"{}", event_id="evt_1")
    bare = AnswerGone(receipt=None, event_id="evt_1")

    assert gone.receipt_header == ":e30=:"
    assert bare.receipt_header is None
