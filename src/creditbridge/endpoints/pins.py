"""What a verifier believes: the house's public keys, as `pins.json` for a bank."""

from collections.abc import Mapping

import msgspec

from creditbridge.evidence.pins import LogPin, Pin, PinsFile
from creditbridge.foundation.keys import PublicKey
from creditbridge.protocols.signed_note import note_key


class HouseKeys(msgspec.Struct, frozen=True, kw_only=True):
    """The public halves of what the house signs with, and the platforms' pinned keys."""

    log: PublicKey
    receipt: PublicKey
    consent: PublicKey
    message: PublicKey
    seal: PublicKey
    platforms: Mapping[str, tuple[PublicKey, ...]]


def list_pins(keys: HouseKeys, *, origin: str) -> PinsFile:
    """Return the pins of the house's present keys, without those of any bank."""
    return PinsFile(
        v=1,
        origin=origin,
        log_keys=(LogPin(vkey=note_key(origin, keys.log).format()),),
        receipt_keys=(pin_of(keys.receipt),),
        consent_keys=(pin_of(keys.consent),),
        query_keys=(pin_of(keys.message),),
        seal_keys=(pin_of(keys.seal),),
        platform_keys={
            name: tuple(pin_of(key) for key in pinned) for name, pinned in keys.platforms.items()
        },
    )


def encode_pins(pins: PinsFile) -> bytes:
    """Return the file's bytes, readable by people."""
    return msgspec.json.format(msgspec.json.encode(pins), indent=2)


def pin_of(key: PublicKey) -> Pin:
    """Return a key as pins name it, valid from the first index on."""
    return Pin(kid=key.key_id, jwk=key.to_jwk())
