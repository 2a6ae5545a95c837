"""Addresses at rest: nobody reads one without the secret, or in another's row."""

import pytest

from creditbridge.notices.model import Reader
from creditbridge.notices.sealing import AddressSealer, AddressUnreadable

READER = Reader(person_id="prs_1", uscc="91330100YY0000A13Y")
SEALER = AddressSealer(bytes(range(32)))


def test_what_is_sealed_opens_for_the_same_person() -> None:
    """And does not stand in the bytes that are kept."""
    sealed = SEALER.seal(READER, "lin@example.com")

    assert b"lin" not in sealed
    assert SEALER.open(READER, sealed, str) == "lin@example.com"


@pytest.mark.parametrize(
    ("sealer", "reader", "change"),
    [
        (AddressSealer(bytes(32)), READER, 0),
        (SEALER, Reader(person_id="prs_2", uscc=READER.uscc), 0),
        (SEALER, Reader(person_id="prs_191330100", uscc="YY0000A13Y"), 0),
        (SEALER, READER, 1),
    ],
)
def test_anything_else_stays_shut(sealer: AddressSealer, reader: Reader, change: int) -> None:
    """Another secret, another person, another split of the same letters, one changed bit."""
    sealed = bytearray(SEALER.seal(READER, "lin@example.com"))
    sealed[-1] ^= change

    with pytest.raises(AddressUnreadable):
        sealer.open(reader, bytes(sealed), str)


def test_what_is_too_short_stays_shut() -> None:
    """Not even a nonce."""
    with pytest.raises(AddressUnreadable):
        SEALER.open(READER, b"x", str)
