"""The house's keys as its parts need them: kept as rings, shown as one set, believed, pinned."""

from collections.abc import Mapping
from typing import TypeAlias

import msgspec

from creditbridge.endpoints.pins import PinnedHouse, pin_of, pin_of_sm2
from creditbridge.evidence.pins import PartyPin, Pin
from creditbridge.foundation.key_rings import KeyRing
from creditbridge.foundation.keys import FileKey, PublicKey, parse_public_key
from creditbridge.foundation.rsa_keys import JoseFileKey
from creditbridge.ledger.checking import Trust
from creditbridge.ledger.sealing import OpeningKeys, load_opening_key
from creditbridge.login.passkeys.settings import relying_party
from creditbridge.platforms.national.keys import list_pinned
from creditbridge.platforms.settings import PlatformSettings
from creditbridge.protocols.jwk import format_jwks
from creditbridge.protocols.signed_note import note_key
from creditbridge.settings import Keys, Settings

AnyRing: TypeAlias = KeyRing[FileKey] | KeyRing[JoseFileKey]


class ShownKeys(msgspec.Struct, frozen=True, kw_only=True):
    """The keys that callers verify with: of answers, seals, receipts, log-ins and tokens."""

    keys: Keys
    cache_seconds: int

    def jwks(self) -> Mapping[str, list[dict[str, str]]]:
        """Return the key set (RFC 7517, section 5)."""
        keys = self.keys
        rings = (keys.message, keys.seal, keys.receipt, keys.login, keys.token)
        shown = [key for ring in rings if ring is not None for key in ring.list_shown()]
        # One file may serve two purposes, and is one key.
        return format_jwks({key.key_id: key for key in shown}.values())


def list_rings(keys: Keys) -> tuple[AnyRing, ...]:
    """Return the ring of each purpose that there is."""
    messages = (keys.ledger, keys.receipt, keys.message, keys.consent, keys.seal, keys.login)
    return messages if keys.token is None else (*messages, keys.token)


def trust_files(settings: Settings, keys: Keys) -> Trust:
    """Return what a check of the ledger believes: what the files tell, nothing of the database."""
    origin, receipts = settings.ledger.origin, _list_message_keys(keys.receipt)
    return Trust(
        opening_keys=OpeningKeys(current=load_opening_key(settings.keys.openings)),
        log_keys=tuple(note_key(origin, key) for key in _list_message_keys(keys.ledger)),
        find_receipt_key={key.key_id: key for key in receipts}.get,
    )


def pin_house(settings: Settings) -> PinnedHouse:
    """Return what of the pins stands in the settings: the log's name, and the platforms' keys."""
    party = relying_party(settings.passkeys, settings.doors.people.url)
    pinned = {platform.platform_id: _pin_platform(platform) for platform in settings.platforms}
    # One key may ask several platforms.
    queries = {pin.kid: pin for each in pinned.values() for pin in each.queries}
    return PinnedHouse(
        origin=settings.ledger.origin,
        party=PartyPin(rp_id=party.rp_id, origins=party.origins),
        platforms={name: each.answers for name, each in pinned.items()},
        queries=tuple(queries.values()),
    )


class _PinnedPlatform(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks a platform with keys of its own, and who answers."""

    answers: tuple[Pin, ...]
    queries: tuple[Pin, ...] = ()


def _pin_platform(platform: PlatformSettings) -> _PinnedPlatform:
    if platform.sm2 is None:
        keys = (
            parse_public_key(path.read_bytes(), key_id=name)
            for name, path in platform.answer_keys.items()
        )
        return _PinnedPlatform(answers=tuple(map(pin_of, keys)))
    pinned = list_pinned(platform)
    return _PinnedPlatform(
        answers=tuple(map(pin_of_sm2, pinned.answers)),
        queries=tuple(map(pin_of_sm2, pinned.queries)),
    )


def _list_message_keys(ring: KeyRing[FileKey]) -> list[PublicKey]:
    return [key for key in ring.list_known() if isinstance(key, PublicKey)]
