"""Digital envelopes of the SM suite."""

import msgspec
import pytest
from tests.sm2 import make_sm2_key

from creditbridge.protocols.sm2_envelope import EnvelopeBroken, open_envelope, seal_envelope
from creditbridge.protocols.sm2_keys import open_sm2

LIBRARY = open_sm2()
READER = make_sm2_key(1_000_003, LIBRARY)
OTHER = make_sm2_key(2_000_003, LIBRARY)


def test_only_its_reader_opens_an_envelope() -> None:
    """A fresh key each time, so no two are alike."""
    one, two = (seal_envelope(b"plain", READER.key, associated=b"to") for _ in range(2))

    assert open_envelope(one, READER.unwrap, associated=b"to") == b"plain"
    assert one != two
    with pytest.raises(EnvelopeBroken):
        open_envelope(one, OTHER.unwrap, associated=b"to")


def test_it_belongs_to_its_message() -> None:
    """Around another message it does not open."""
    sealed = seal_envelope(b"plain", READER.key, associated=b"to")

    with pytest.raises(EnvelopeBroken):
        open_envelope(sealed, READER.unwrap, associated=b"to another")


@pytest.mark.parametrize(
    "change",
    [{"key": "AAAA"}, {"key": "*"}, {"nonce": "AAAA"}, {"text": ""}, {"text": "A"}, {"more": ""}],
)
def test_a_changed_envelope_does_not_open(change: dict[str, str]) -> None:
    """No base64, other lengths, another member."""
    sealed = seal_envelope(b"plain", READER.key, associated=b"")
    members = msgspec.json.decode(sealed, type=dict[str, str])

    with pytest.raises(EnvelopeBroken):
        open_envelope(msgspec.json.encode({**members, **change}), READER.unwrap, associated=b"")


@pytest.mark.parametrize("raw", [b"", b"[]", b"[" * 100_000])
def test_bytes_that_are_no_envelope_are_refused(raw: bytes) -> None:
    """Nothing, something else, too deep."""
    with pytest.raises(EnvelopeBroken):
        open_envelope(raw, READER.unwrap, associated=b"")
