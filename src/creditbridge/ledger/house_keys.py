"""The keys that the house signs with, as the log knows them: announced, in use, retired.

Each step is decided once, for every node. The public halves stay for ever.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from creditbridge.foundation.database import Transaction
from creditbridge.ledger.announced import HouseKey, NewHouseKey
from creditbridge.ledger.model import EventKind, KeyAnnounced, KeyRetired, Record, Terms
from creditbridge.ledger.port import Recorder
from creditbridge.ledger.store import house_keys as store

RULE = "key-rotation"
RULE_VERSION = "1"


async def list_house_keys(tx: Transaction) -> list[HouseKey]:
    """Return every key there ever was: of each purpose the earliest first."""
    return await store.read_all(tx)


async def announce_key(
    tx: Transaction, ledger: Recorder, key: NewHouseKey, *, replaces: str | None
) -> bool:
    """Decide when a key begins and record it; False where that was decided before.

    The key with which a purpose begins is no event: verifiers get it with their first pins.
    """
    announced = await store.announce(tx, key)
    if announced is None:
        return False
    if not announced.is_first:
        terms = KeyAnnounced(
            purpose=key.purpose,
            key=key.key_id,
            algorithm=key.algorithm,
            use_from=announced.use_from,
            replaces=replaces,
        )
        recorded = await ledger.record(tx, _record(EventKind.KEY_ANNOUNCED, terms))
        await store.name_announcement(tx, key, event_id=recorded.event_id)
    return True


async def retire_keys(
    tx: Transaction, ledger: Recorder, keys: Sequence[HouseKey], *, overlap: timedelta
) -> bool:
    """Retire each of a purpose's keys whose successor was in use for so long; tell if any was."""
    retired = False
    for key, successor in pairwise(keys):
        if not is_spent(key, successor, overlap=overlap, now=tx.now):
            continue
        if await store.retire(tx, key, overlap=overlap):
            terms = KeyRetired(purpose=key.purpose, key=key.key_id, successor=successor.key_id)
            recorded = await ledger.record(tx, _record(EventKind.KEY_RETIRED, terms))
            await store.name_retirement(tx, key, event_id=recorded.event_id)
            retired = True
    return retired


def is_spent(key: HouseKey, successor: HouseKey, *, overlap: timedelta, now: datetime) -> bool:
    """Tell whether a key is needed no more: its successor has been in use for the overlap."""
    return key.retired_at is None and successor.use_from + overlap <= now


def _record(kind: EventKind, terms: Terms) -> Record:
    return Record(kind=kind, rule=RULE, rule_version=RULE_VERSION, terms=terms)
