"""What a verifier believes: the house's public keys, as `pins.json` for a bank."""

from collections.abc import Iterable, Mapping

import msgspec

from creditbridge.evidence.pins import LogPin, Pin, PinsFile
from creditbridge.foundation.keys import PublicKey
from creditbridge.protocols.signed_note import note_key


def list_pins(
    *,
    origin: str,
    log: PublicKey,
    receipt: PublicKey,
    consent: PublicKey,
    message: PublicKey,
    seal: PublicKey,
    platforms: Mapping[str, Iterable[PublicKey]],
    bank: Iterable[PublicKey] = (),
) -> PinsFile:
    """Return the pins of the house's present keys."""
    return PinsFile(
        v=1,
        origin=origin,
        log_keys=(LogPin(vkey=note_key(origin, log).format()),),
        receipt_keys=(pin_of(receipt),),
        consent_keys=(pin_of(consent),),
        query_keys=(pin_of(message),),
        seal_keys=(pin_of(seal),),
        platform_keys={
            name: tuple(pin_of(key) for key in keys) for name, keys in platforms.items()
        },
        bank_keys=tuple(pin_of(key) for key in bank),
    )


def encode_pins(pins: PinsFile) -> bytes:
    """Return the file's bytes, readable by people."""
    return msgspec.json.format(msgspec.json.encode(pins), indent=2)


def pin_of(key: PublicKey) -> Pin:
    """Return a key as pins name it, valid from the first index on."""
    return Pin(kid=key.key_id, jwk=key.to_jwk())
