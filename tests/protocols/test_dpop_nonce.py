"""Nonces that a server wants in proofs (RFC 9449, sections 8 and 9)."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from creditbridge.protocols.dpop_nonce import ProofNonces

NONCES = ProofNonces(key=bytes(32))
MINUTE = datetime(2026, 11, 23, 8, 30, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def test_D4_a_nonce_is_of_the_characters_of_the_standard_and_of_one_minute() -> None:
    """RFC 9449, section 8.1: NQCHAR; 256 bits, another one each minute."""
    nonce = NONCES.make(now=MINUTE)

    assert re.fullmatch(r"[\x21\x23-\x5b\x5d-\x7e]{43}", nonce)
    assert NONCES.make(now=MINUTE + timedelta(seconds=59)) == nonce
    assert NONCES.make(now=MINUTE + timedelta(seconds=60)) != nonce


@pytest.mark.parametrize(
    ("age", "is_fresh"), [(-61, False), (-60, True), (0, True), (119, True), (120, False)]
)
def test_D4_a_nonce_is_fresh_for_its_minute_and_those_beside_it(
    age: int, *, is_fresh: bool
) -> None:
    """The one before for whoever is slow, the one after for nodes whose clocks differ."""
    nonce = NONCES.make(now=MINUTE)

    assert NONCES.is_fresh(nonce, now=MINUTE + age * SECOND) is is_fresh


@pytest.mark.parametrize(
    "nonce", ["", "x", "报", "\ud800", ProofNonces(key=b"k" * 32).make(now=MINUTE)]
)
def test_D4_nobody_else_makes_a_nonce(nonce: str) -> None:
    """Of another key, of other characters, or none."""
    assert not NONCES.is_fresh(nonce, now=MINUTE)
