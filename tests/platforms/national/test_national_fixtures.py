"""Whole messages with fixed keys: they verify, they open, and their lines are made anew."""

import json
from base64 import b64decode
from datetime import UTC, datetime

import pytest
from tests.evidence.independent_verifier import SM2_G, multiply, verify_sm2
from tests.platforms.national.conftest import LIBRARY
from tests.platforms.national.test_national_contract import CONTRACT
from tests.sm2 import make_sm2_key

from creditbridge.protocols.sm2_envelope import open_envelope
from creditbridge.protocols.sm2_message import digest_sm3, parse_answer, parse_request

FIXTURES = json.loads((CONTRACT / "fixtures.json").read_bytes())


@pytest.mark.parametrize("name", ["request", "answer"])
def test_a_message_verifies_by_hand_and_opens_for_its_reader(name: str) -> None:
    """By arithmetic that is not the product's; then the envelope, then SM3 of what was in it."""
    message, numbers = FIXTURES[name], FIXTURES["private_numbers"]
    base, headers = message["canonical_string"].encode(), message["headers"]
    signer, reader = message["signed_by"], message["read_by"]
    point = multiply(int(numbers[signer], 16), SM2_G)
    assert point is not None

    verify_sm2(point, b64decode(headers["x-signature"]), base)
    key = make_sm2_key(int(numbers[reader], 16), LIBRARY)
    plain = open_envelope(message["body"].encode(), key.unwrap, associated=base)

    assert plain.decode() == message["plain_body"]
    assert digest_sm3(plain) == headers["x-body-digest"]


def test_the_canonical_strings_are_made_anew_from_the_headers() -> None:
    """What travels and what each reader puts in give these very lines."""
    asked, said = FIXTURES["request"], FIXTURES["answer"]
    request = parse_request(asked["canonical_string"].encode())
    answer = parse_answer(said["canonical_string"].encode())

    assert (request.method, request.path) == (asked["method"], asked["path"])
    assert (request.nonce, request.app_id) == (
        asked["headers"]["x-nonce"],
        asked["headers"]["x-app-id"],
    )
    assert str(request.timestamp_ms) == asked["headers"]["x-timestamp"]
    assert request.body_digest == asked["headers"]["x-body-digest"] == answer.question
    assert answer.request == digest_sm3(asked["canonical_string"].encode())
    assert (answer.status, answer.body_digest) == (200, said["headers"]["x-body-digest"])
    assert (answer.app_id, answer.consent) == (request.app_id, request.consent)
    moment = datetime.fromtimestamp(answer.timestamp_ms / 1000, tz=UTC)
    assert moment.year == 2026
