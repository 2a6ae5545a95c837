"""The house's signing keys come and go while it works, on all nodes alike.

    key files -> ledger

1. The key files are looked at; one that cannot be believed changes nothing.
2. A key that nobody knew is announced: from now on it is shown, from an instant to come it signs.
3. A key whose successor has long been in use is retired: it is shown no more.
4. What is decided becomes this process's plan, so that all change at the same instant.

Every node does so every second. Each step is decided once, and the ledger holds it.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

import msgspec

from creditbridge.foundation.database import Database, Transaction
from creditbridge.foundation.key_rings import KeyPurpose, NewKey, PlannedKey
from creditbridge.foundation.keys import KeyUnusable
from creditbridge.foundation.logging import get_logger
from creditbridge.ledger.announced import HouseKey, NewHouseKey
from creditbridge.ledger.house_keys import announce_key, list_house_keys, retire_keys
from creditbridge.ledger.port import Recorder
from creditbridge.protocols.rsa_jwk import parse_jose_jwk

log = get_logger("keys")

# Beside the cache's life: until every node has looked, and for clocks that are not quite the same.
MARGIN = timedelta(seconds=2)
MARGIN_PARTS = 10
# The longest life of a token that the house signs (PROTOCOLS, section 0).
TOKEN_LIFE = timedelta(seconds=300)
# Pins of the log's key are in files of others, which take their time (PROTOCOLS L14).
LOG_OVERLAP = timedelta(days=30)


class Ring(Protocol):
    """What this journey needs of the keys of one purpose."""

    purpose: KeyPurpose

    @property
    def is_in_use(self) -> bool:
        """Whether a key is held whose time has come."""
        ...

    @property
    def is_behind(self) -> bool:
        """Whether a later key is in use than is held."""
        ...

    def look(self) -> None:
        """Read what changed in the files, or raise `KeyUnusable`."""
        ...

    def list_new(self) -> list[NewKey]:
        """Return the keys that are held and about which nothing was decided yet."""
        ...

    def plan(self, keys: Sequence[PlannedKey], *, now: datetime) -> None:
        """Take over what was decided."""
        ...


class KeepKeys(msgspec.Struct, frozen=True, kw_only=True):
    """The journey, with the rooms it walks through; `cache` is how long others keep `/jwks`."""

    database: Database
    ledger: Recorder
    rings: tuple[Ring, ...]
    cache: timedelta
    told: dict[KeyPurpose, str] = msgspec.field(default_factory=dict)

    async def __call__(self) -> None:
        """Walk the steps above once.

        Raises:
            DatabaseUnavailable: nothing new is decided; the plan of before holds.
        """
        await asyncio.to_thread(self._look)  # 1
        async with self.database.transaction() as tx:
            known = await self._plan(tx)  # 4
            decided = [
                *[await self._announce(tx, ring, known[ring.purpose]) for ring in self.rings],  # 2
                *[await self._retire(tx, ring, known[ring.purpose]) for ring in self.rings],  # 3
            ]
        if any(decided):
            # Only what is committed is shown and used.
            async with self.database.transaction() as tx:
                await self._plan(tx)  # 4

    def _look(self) -> None:
        for ring in self.rings:
            try:
                ring.look()
            except KeyUnusable as error:
                if self._is_news(ring, error.detail):
                    log.warning("keys.not_read", purpose=ring.purpose, detail=error.detail)
                continue
            if self._is_news(ring, "behind" if ring.is_behind else "") and ring.is_behind:
                log.warning("keys.not_held", purpose=ring.purpose)

    def _is_news(self, ring: Ring, trouble: str) -> bool:
        # Told once, and not at each look.
        before, self.told[ring.purpose] = self.told.get(ring.purpose, ""), trouble
        return before != trouble

    async def _plan(self, tx: Transaction) -> dict[KeyPurpose, list[HouseKey]]:
        listed = await list_house_keys(tx)
        known = {
            ring.purpose: [key for key in listed if key.purpose == ring.purpose]
            for ring in self.rings
        }
        for ring in self.rings:
            ring.plan(list(map(_planned, known[ring.purpose])), now=tx.now)
        return known

    async def _announce(self, tx: Transaction, ring: Ring, known: Sequence[HouseKey]) -> bool:
        present = [key.key_id for key in known if key.use_from <= tx.now]
        announced = False
        for new in ring.list_new():
            # Shown for as long as others may hold an older set, before it signs (PROTOCOLS K2).
            earliest = tx.now + self.cache + self.cache / MARGIN_PARTS + MARGIN
            key = NewHouseKey(
                purpose=ring.purpose,
                key_id=new.key.key_id,
                algorithm=new.key.algorithm,
                jwk=msgspec.json.encode(new.key.to_jwk()),
                use_from=max(earliest, new.not_before or earliest),
                # The file of the key in use is gone: better a key that some have not seen yet.
                is_urgent=not ring.is_in_use,
            )
            replaces = present[-1] if present else None
            announced |= await announce_key(tx, self.ledger, key, replaces=replaces)
        return announced

    async def _retire(self, tx: Transaction, ring: Ring, known: Sequence[HouseKey]) -> bool:
        is_log = ring.purpose is KeyPurpose.LEDGER
        # Shown for as long as what it signed may live, and be asked for (PROTOCOLS K2).
        overlap = LOG_OVERLAP if is_log else TOKEN_LIFE + self.cache
        return await retire_keys(tx, self.ledger, known, overlap=overlap)


def _planned(key: HouseKey) -> PlannedKey:
    return PlannedKey(
        key=parse_jose_jwk(msgspec.json.decode(key.jwk, type=dict[str, str])),
        use_from=key.use_from,
        is_retired=key.retired_at is not None,
    )
