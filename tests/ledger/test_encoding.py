"""One value, one spelling."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from creditbridge.foundation.errors import Malformed
from creditbridge.ledger.encoding import (
    SpellingUnknown,
    decode,
    encode,
    format_instant,
    from_base64url,
    to_base64url,
)
from creditbridge.ledger.model import ConsentName, DigestName, HttpExchange, Opening, TokenIssued


@pytest.mark.parametrize("raw", [b"", b"\x00", b"\xff\xfe", b"abc", bytes(range(256))])
def test_base64url_comes_back(raw: bytes) -> None:
    """Without padding."""
    assert from_base64url(to_base64url(raw)) == raw
    assert "=" not in to_base64url(raw)


@pytest.mark.parametrize("text", ["A", "AB==", "A+", "A/", "AB", "A\n", "Ä"])
def test_base64url_in_another_form_is_refused(text: str) -> None:
    """Padding, the other alphabet, spare bits, an impossible length."""
    with pytest.raises(SpellingUnknown):
        from_base64url(text)


def test_instants_are_utc_with_six_digits() -> None:
    """The same instant from another zone is the same text."""
    noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
    elsewhere = noon.astimezone(timezone(timedelta(hours=8)))

    assert format_instant(elsewhere) == format_instant(noon) == "2026-03-01T12:00:00.000000Z"


def test_a_struct_is_spelt_without_what_does_not_apply() -> None:
    """Sets sorted, instants in UTC, tags where there are some, enums as their words."""
    issued = TokenIssued(
        client="cli_1",
        scope=frozenset({"reports", "consents"}),
        thumbprint="t",
        expires_at=datetime(2026, 3, 1, tzinfo=UTC),
    )

    assert encode(issued) == (
        b'{"client":"cli_1","expires_at":"2026-03-01T00:00:00.000000Z",'
        b'"scope":["consents","reports"],"thumbprint":"t"}'
    )
    assert encode({"ref": ConsentName(consent_id="c")}) == (
        b'{"ref":{"consent_id":"c","is":"consent"}}'
    )
    assert encode({"name": DigestName.QUERY}) == b'{"name":"query"}'
    assert encode(Opening(salt="s", core="c", digest_salts={})) == (
        b'{"core":"c","digest_salts":{},"salt":"s"}'
    )


@pytest.mark.parametrize(
    "raw",
    [
        b'{"client":"c","expires_at":"2026-03-01T00:00:00.000000Z","scope":["b","a"],"thumbprint":"t"}',
        b'{"client":"c","expires_at":"2026-03-01T00:00:00Z","scope":[],"thumbprint":"t"}',
        b'{"client":"c","scope":[],"thumbprint":"t"}',
        b'{"client":"c", "scope":[],"thumbprint":"t"}',
        b"nonsense",
    ],
)
def test_bytes_in_another_spelling_are_refused(raw: bytes) -> None:
    """An unsorted set, a shorter instant, a missing member, a blank, no JSON."""
    with pytest.raises(Malformed):
        decode(raw, TokenIssued)


def test_an_absent_members_null_is_refused() -> None:
    """`null` is not absence."""
    with pytest.raises(SpellingUnknown):
        decode(b'{"core":"c","digest_salts":{},"index":null,"salt":"s"}', Opening)


def test_bytes_are_not_written_down_by_accident() -> None:
    """Signed bytes stay sealed; the ledger's JSON has no form for them."""
    proof = HttpExchange(
        platform="p",
        query_id="q",
        query_base=b"",
        query_signature=b"",
        query_key_id="k",
        grant=b"",
    )

    with pytest.raises(AssertionError):
        encode(proof)
