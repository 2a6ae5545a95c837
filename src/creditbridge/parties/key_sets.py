"""When the keys that a client publishes itself count, and when they are fetched anew. Pure.

A set is as good as its last fetch for a day (PROTOCOLS K3). It is looked at anew after five
minutes, and where a key is missing; never twice within 30 seconds, on any number of nodes (K2).
"""

from datetime import datetime, timedelta

from creditbridge.foundation.errors import Unavailable
from creditbridge.parties.model import KeySet

SET_CACHE = timedelta(seconds=300)
SET_LIFE = timedelta(hours=24)
REFETCH = timedelta(seconds=30)
FETCH_SECONDS = 5.0
FETCH_MAX = timedelta(seconds=7)  # With the transactions before and behind it.


class KeySetDue(Unavailable):
    """A client publishes its keys itself, and they must be fetched before it can be judged.

    For whoever opened the transaction: fetch them outside of it, and begin again.
    """

    code = "client-keys-due"
    message = "The keys that the client publishes must be fetched first; try again shortly."

    def __init__(self, *, client_id: str) -> None:
        super().__init__(detail=client_id)
        self.client_id = client_id


def is_set_good(key_set: KeySet | None, *, now: datetime) -> bool:
    """Tell whether the last set that was fetched still counts: for a day, if no other came."""
    fetched_at = None if key_set is None else key_set.fetched_at
    return fetched_at is not None and now - fetched_at < SET_LIFE


def is_fetch_due(key_set: KeySet, *, is_missing: bool, now: datetime) -> bool:
    """Tell whether a set is to be fetched before its client is judged (PROTOCOLS K2, K3).

    It is old, or lacks the key that was named; and nobody tried within 30 seconds, or somebody is
    trying now and the answer may bring the missing key.
    """
    fresh = key_set.fetched_at is not None and now - key_set.fetched_at < SET_CACHE
    if fresh and not is_missing:
        return False
    return may_fetch(key_set, now=now) or (is_missing and is_fetching(key_set, now=now))


def may_fetch(key_set: KeySet, *, now: datetime) -> bool:
    """Tell whether nobody has tried to fetch the set within 30 seconds."""
    return key_set.begun_at is None or now - key_set.begun_at >= REFETCH


def is_fetching(key_set: KeySet, *, now: datetime) -> bool:
    """Tell whether somebody is fetching the set; whoever died over it is not waited for."""
    begun_at, ended_at = key_set.begun_at, key_set.ended_at
    if begun_at is None or now - begun_at >= FETCH_MAX:
        return False
    return ended_at is None or ended_at < begun_at
