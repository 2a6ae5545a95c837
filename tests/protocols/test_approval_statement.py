"""The statement that an approver signs, and its challenge."""

import hashlib
from datetime import UTC, datetime, timedelta, timezone

import msgspec
import pytest
from msgspec.structs import replace

from creditbridge.protocols.approval_statement import (
    STATEMENT_BYTES_MAX,
    Act,
    ApprovalStatement,
    StatedConsent,
    StatementMalformed,
    challenge_of,
    encode_statement,
    parse_statement,
)

STATEMENT = ApprovalStatement(
    v=1,
    act=Act.APPROVE,
    approver="per_1",
    consents=(StatedConsent(artefact="A" * 43, version=1),),
    nonce="N" * 43,
    expires_at=datetime(2026, 11, 30, 8, tzinfo=UTC),
)
RAW = (
    b'{"act":"consent.approve","approver":"per_1","consents":[{"artefact":"' + b"A" * 43 + b'",'
    b'"version":1}],"expires_at":"2026-11-30T08:00:00Z","nonce":"' + b"N" * 43 + b'","v":1}'
)


def test_a_statement_has_one_spelling() -> None:
    """Canonical JSON, byte for byte, there and back."""
    assert encode_statement(STATEMENT) == RAW
    assert parse_statement(RAW) == STATEMENT


def test_the_challenge_is_bound_to_this_use() -> None:
    """SHA-256 over our own label, a zero byte and the statement."""
    assert challenge_of(RAW) == hashlib.sha256(b"creditbridge-approval-v1" + b"\x00" + RAW).digest()


@pytest.mark.parametrize(
    "changed",
    [
        RAW.replace(b"consent.approve", b"consent.refuse"),
        RAW.replace(b"per_1", b""),
        RAW.replace(b"per_1", b"p" * 65),
        RAW.replace(b"A" * 43, b"A" * 42),
        RAW.replace(b"A" * 43, b"A" * 43 + b"\\n"),
        RAW.replace(b"N" * 43, b"N" * 42 + b"="),
        RAW.replace(b'"version":1', b'"version":0'),
        RAW.replace(b'"v":1', b'"v":2'),
        RAW.replace(b'"v":1', b'"v":1,"x":1'),
        RAW.replace(b"2026-11-30T08:00:00Z", b"2026-11-30T16:00:00+08:00"),
        RAW.replace(b"2026-11-30T08:00:00Z", b"soon"),
        RAW.replace(b'[{"artefact"', b'[ {"artefact"'),
        b"[]",
        b"",
        b"\xff",
    ],
)
def test_any_other_text_is_no_statement(changed: bytes) -> None:
    """Another act, version, member, length or spelling is refused."""
    with pytest.raises(StatementMalformed):
        parse_statement(changed)


@pytest.mark.parametrize(("count", "fits"), [(0, False), (1, True), (10, True), (11, False)])
def test_a_statement_covers_one_to_ten_consents(count: int, fits: bool) -> None:  # noqa: FBT001 -- a case
    """As many as an authorization request may ask for."""
    raw = encode_statement(replace(STATEMENT, consents=STATEMENT.consents * count))

    if fits:
        assert len(parse_statement(raw).consents) == count
    else:
        with pytest.raises(StatementMalformed, match=r"cannot be read"):
            parse_statement(raw)


def test_a_statement_has_an_end() -> None:
    """What is longer than any statement is not even read."""
    with pytest.raises(StatementMalformed) as caught:
        parse_statement(b"0" * (STATEMENT_BYTES_MAX + 1))

    assert caught.value.detail == f"{STATEMENT_BYTES_MAX + 1} bytes"
    with pytest.raises(StatementMalformed) as short:
        parse_statement(b"0" * STATEMENT_BYTES_MAX)
    assert "bytes" not in short.value.detail


def test_an_instant_is_spelt_in_utc() -> None:
    """The same instant said in another zone would be another challenge."""
    there = timezone(timedelta(hours=8))
    moved = replace(STATEMENT, expires_at=STATEMENT.expires_at.astimezone(there))

    with pytest.raises(StatementMalformed) as caught:
        parse_statement(msgspec.json.encode(moved, order="sorted"))

    assert caught.value.detail == "an instant that is not spelt as we spell it"
