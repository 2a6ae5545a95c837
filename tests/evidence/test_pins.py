"""The keys a verifier believes."""

import msgspec
import pytest
from msgspec.structs import replace

from creditbridge.evidence.model import PinsMalformed
from creditbridge.evidence.pins import Pin, PinsFile, read_pins


@pytest.mark.parametrize(
    ("index", "found"), [(0, False), (9, False), (10, True), (19, True), (20, False)]
)
def test_a_key_counts_from_one_index_to_before_another(
    index: int, *, found: bool, pins_file: PinsFile
) -> None:
    """Past its last index the key counts for nothing; what stands before stays good."""
    pin = replace(pins_file.receipt_keys[0], from_index=10, to_index=20)
    log_pin = replace(pins_file.log_keys[0], from_index=10, to_index=20)
    file = replace(pins_file, receipt_keys=(pin,), log_keys=(log_pin,))
    pins = read_pins(msgspec.json.encode(file))

    key = pins.finder(pins.file.receipt_keys, index)(pin.kid)

    assert (key is not None) is found
    assert bool(pins.log_keys(index + 1)) is found


def test_an_empty_tree_is_signed_by_the_first_key(pins_file: PinsFile) -> None:
    """Size 0 has no last index."""
    pins = read_pins(msgspec.json.encode(pins_file))

    assert len(pins.log_keys(0)) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"v": 2},
        {"witnesses_required": 1},
        {"witnesses": ["nonsense"]},
        {"log_keys": [{"vkey": "nonsense"}]},
        {"receipt_keys": [{"kid": "k", "jwk": {"kty": "RSA"}}]},
        {"platform_keys": {"provincial": [{"kid": "k", "jwk": {}}]}},
        {"more": 1},
    ],
)
def test_pins_that_cannot_be_used_are_refused(
    changes: dict[str, object], pins_file: PinsFile
) -> None:
    """Another version, unmet witnesses, keys that are none, an unknown member."""
    members = msgspec.json.decode(msgspec.json.encode(pins_file), type=dict[str, object])

    with pytest.raises(PinsMalformed):
        read_pins(msgspec.json.encode({**members, **changes}))


@pytest.mark.parametrize("raw", [b"", b"[]", b" " * 1_048_577])
def test_bytes_that_are_no_pins_are_refused(raw: bytes) -> None:
    """Nothing, something else, too much."""
    with pytest.raises(PinsMalformed):
        read_pins(raw)


def test_a_pin_names_the_key_as_its_owner_does(pins_file: PinsFile) -> None:
    """The id in the pin wins over one in the key."""
    pin = Pin(kid="ours", jwk=pins_file.bank_keys[0].jwk)
    pins = read_pins(msgspec.json.encode(replace(pins_file, bank_keys=(pin,))))

    key = pins.finder(pins.file.bank_keys, 0)("ours")

    assert key is not None
    assert key.key_id == "ours"
