"""What a verifier believes: the house's public keys, as `pins.json` for a bank."""

from collections.abc import Sequence

import msgspec

from creditbridge.evidence.pins import LogPin, PartyPin, Pin, PinsFile
from creditbridge.foundation.key_rings import KeyPurpose
from creditbridge.foundation.keys import PublicKey
from creditbridge.ledger.announced import HouseKey
from creditbridge.protocols.jwk import parse_jwk
from creditbridge.protocols.signed_note import note_key
from creditbridge.protocols.sm2_jwk import format_sm2_jwk
from creditbridge.protocols.sm2_keys import Sm2PublicKey


class PinnedHouse(msgspec.Struct, frozen=True, kw_only=True):
    """What of the pins stands in the settings: the log's name, and the platforms' keys.

    `queries` are keys of ours that no ring holds: those of the SM suite.
    """

    origin: str
    platforms: dict[str, tuple[Pin, ...]]
    party: PartyPin
    queries: tuple[Pin, ...] = ()


def list_pins(house: PinnedHouse, keys: Sequence[HouseKey]) -> PinsFile:
    """Return the pins of every key the house ever had, without those of any bank."""
    by_purpose = {
        purpose: [key for key in keys if key.purpose == purpose] for purpose in KeyPurpose
    }

    def _pins_of(purpose: KeyPurpose) -> tuple[Pin, ...]:
        return tuple(map(_pin_of, by_purpose[purpose]))

    return PinsFile(
        v=1,
        origin=house.origin,
        log_keys=tuple(_log_pin_of(key, house.origin) for key in by_purpose[KeyPurpose.LEDGER]),
        receipt_keys=_pins_of(KeyPurpose.RECEIPT),
        consent_keys=_pins_of(KeyPurpose.CONSENT),
        query_keys=(*_pins_of(KeyPurpose.MESSAGE), *house.queries),
        seal_keys=_pins_of(KeyPurpose.SEAL),
        platform_keys=house.platforms,
        relying_parties=(house.party,),
    )


def encode_pins(pins: PinsFile) -> bytes:
    """Return the file's bytes, readable by people."""
    return msgspec.json.format(msgspec.json.encode(pins), indent=2)


def pin_of(key: PublicKey) -> Pin:
    """Return a key as pins name it, valid from the first index on."""
    return Pin(kid=key.key_id, jwk=key.to_jwk())


def pin_of_sm2(key: Sm2PublicKey) -> Pin:
    """Return a key of the SM suite as pins name it, valid from the first index on."""
    return Pin(kid=key.key_id, jwk=format_sm2_jwk(key))


def _pin_of(key: HouseKey) -> Pin:
    members = msgspec.json.decode(key.jwk, type=dict[str, str])
    return Pin(kid=key.key_id, jwk=members, from_index=key.from_index, to_index=key.to_index)


def _log_pin_of(key: HouseKey, origin: str) -> LogPin:
    public = parse_jwk(msgspec.json.decode(key.jwk, type=dict[str, str]))
    return LogPin(
        vkey=note_key(origin, public).format(), from_index=key.from_index, to_index=key.to_index
    )
