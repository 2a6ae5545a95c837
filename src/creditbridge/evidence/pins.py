"""Pins: the keys a verifier believes, handed over at onboarding, with their validity by index.

A key that was given up counts for nothing from its last index on; what stands before it stays good.
"""

from collections.abc import Callable, Iterable
from functools import cache

import msgspec

from creditbridge.evidence.model import PinsMalformed
from creditbridge.foundation.errors import Malformed
from creditbridge.foundation.keys import PublicKey
from creditbridge.foundation.libcrypto import Libcrypto
from creditbridge.protocols.jwk import parse_jwk
from creditbridge.protocols.signed_note import NoteKey
from creditbridge.protocols.sm2_jwk import is_sm2_jwk, parse_sm2_jwk
from creditbridge.protocols.sm2_keys import Sm2PublicKey, open_sm2
from creditbridge.protocols.strict_json import decode
from creditbridge.protocols.webauthn_assertion import RelyingParty

PINS_BYTES_MAX = 1_048_576


class Pin(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """A key for entries from one index to before another; `to_index` absent: still good."""

    kid: str
    jwk: dict[str, str]
    from_index: int = 0
    to_index: int | None = None


class LogPin(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """A verifier key of the log (C2SP signed-note), for trees whose last index it covers."""

    vkey: str
    from_index: int = 0
    to_index: int | None = None


class PartyPin(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """For whom approvers' passkeys sign (Web Authentication): RP id and origins."""

    rp_id: str
    origins: tuple[str, ...]
    from_index: int = 0
    to_index: int | None = None


class PinsFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`pins.json`, version 1."""

    v: int
    origin: str
    log_keys: tuple[LogPin, ...]
    receipt_keys: tuple[Pin, ...]
    consent_keys: tuple[Pin, ...]
    query_keys: tuple[Pin, ...]
    seal_keys: tuple[Pin, ...]
    platform_keys: dict[str, tuple[Pin, ...]]
    bank_keys: tuple[Pin, ...] = ()  # Of the bank that holds these pins.
    witnesses: tuple[str, ...] = ()  # Verifier keys of cosignatures (C2SP tlog-cosignature).
    witnesses_required: int = 0
    relying_parties: tuple[PartyPin, ...] = ()


class Pins(msgspec.Struct, frozen=True, kw_only=True):
    """Pins whose keys have been read."""

    file: PinsFile
    witness_keys: tuple[NoteKey, ...]

    def log_keys(self, size: int) -> list[NoteKey]:
        """Return the keys that may sign a checkpoint of this size."""
        last = max(size - 1, 0)
        return [NoteKey.parse(pin.vkey) for pin in self.file.log_keys if _covers(pin, last)]

    def finder(self, pins: Iterable[Pin], index: int) -> Callable[[str], PublicKey | None]:
        """Return who finds a key by its id, among those that count at the index.

        Keys of the SM suite are none of them: they sign in another form.
        """
        counting = (pin for pin in pins if _covers(pin, index) and not is_sm2_jwk(pin.jwk))
        return {pin.kid: _read_key(pin) for pin in counting}.get

    def sm2_finder(self, pins: Iterable[Pin], index: int) -> Callable[[str], Sm2PublicKey | None]:
        """Return who finds a key of the SM suite, as `finder` does the others."""
        counting = (pin for pin in pins if _covers(pin, index) and is_sm2_jwk(pin.jwk))
        return {pin.kid: _read_sm2_key(pin) for pin in counting}.get

    def list_keys(self, pins: Iterable[Pin], index: int, key_id: str | None) -> list[PublicKey]:
        """Return the keys of this id that count at the index; an owner may name several so."""
        return [_read_key(pin) for pin in pins if pin.kid == key_id and _covers(pin, index)]

    def find_party(self, index: int) -> RelyingParty | None:
        """Return for whom passkeys signed at the index."""
        for pin in self.file.relying_parties:
            if _covers(pin, index):
                return RelyingParty(rp_id=pin.rp_id, origins=pin.origins)
        return None


def read_pins(raw: bytes) -> Pins:
    """Return the pins that a file holds.

    Raises:
        PinsMalformed: not JSON, another version, an unknown member, or a key that cannot be read.
        LibcryptoUnusable: a key of the SM suite, on a system that cannot verify with it.
    """
    if len(raw) > PINS_BYTES_MAX:
        raise PinsMalformed(detail=f"{len(raw)} bytes")
    try:
        file = decode(raw, PinsFile)
        witness_keys = tuple(map(NoteKey.parse, file.witnesses))
        _require_readable(file)
    except Malformed as error:
        raise PinsMalformed(detail=f"{error.code} {error.detail}".strip()) from error
    # A demand that nobody could meet would fail every pack, and hide which one is wrong.
    if file.v != 1 or file.witnesses_required > len(witness_keys):
        raise PinsMalformed(detail="another version, or more witnesses required than named")
    return Pins(file=file, witness_keys=witness_keys)


def _require_readable(file: PinsFile) -> None:
    # Every key is read now: a broken pin must fail here, not pass as an unknown key later.
    for log_pin in file.log_keys:
        NoteKey.parse(log_pin.vkey)
    # Only what passes between gateway and platform is ever signed under the SM suite.
    for pins in (file.query_keys, *file.platform_keys.values()):
        for pin in pins:
            _read_sm2_key(pin) if is_sm2_jwk(pin.jwk) else _read_key(pin)
    for pins in (file.receipt_keys, file.consent_keys, file.seal_keys, file.bank_keys):
        for pin in pins:
            _read_key(pin)


def _read_key(pin: Pin) -> PublicKey:
    return parse_jwk({**pin.jwk, "kid": pin.kid})


def _read_sm2_key(pin: Pin) -> Sm2PublicKey:
    return parse_sm2_jwk({**pin.jwk, "kid": pin.kid}, _open_library())


@cache
def _open_library() -> Libcrypto:
    # Once for a process: each opening is a self-test.
    return open_sm2()


def _covers(pin: Pin | LogPin | PartyPin, index: int) -> bool:
    # By index and not by time: an index is proven by the tree, an instant only claimed.
    return pin.from_index <= index and (pin.to_index is None or index < pin.to_index)
