"""What was counted: one business request is one counted query, however often it is sent."""

from collections import Counter
from datetime import datetime, timedelta

import msgspec

from creditbridge.foundation.errors import Unavailable
from creditsandbox.dialects.provincial.messages import GrantRefused
from creditsandbox.province.state import AS_DRAWN, State

COUNTED_MAX = 1_000_000
NONCE_SECONDS = 120


class JournalFull(Unavailable):
    """The sandbox counts a million queries in one life; then it must be started anew."""

    code = "journal-full"
    message = "This sandbox has counted as many queries as it can; start it again."


class Counted(msgspec.Struct, frozen=True, kw_only=True):
    """A counted query. Its answer follows from it: the province is a function of both.

    The state is kept as it was, so that a repetition is answered alike when it has changed since.
    """

    uscc: str
    fingerprint: bytes  # SHA-256 of what was asked: 32 bytes
    counted_at: datetime
    state: State = AS_DRAWN


class Journal:
    """The counts of one platform process, in memory."""

    def __init__(self, *, counted_max: int = COUNTED_MAX) -> None:
        self._counted_max = counted_max
        # The answers are not kept: each follows from its entry, and an entry is small.
        self._counted: dict[str, Counted] = {}
        self._by_uscc: Counter[str] = Counter()
        self._nonces: dict[str, datetime] = {}

    def count(self, query_id: str, counted: Counted) -> Counted:
        """Return the one entry of a query id: the given one where it is new, else the older.

        Raises:
            GrantRefused: the id was counted for another question.
            JournalFull: a new id, and no room.
        """
        # No await between look and write: within one event loop this is atomic.
        older = self._counted.get(query_id)
        if older is None:
            if len(self._counted) >= self._counted_max:
                raise JournalFull
            self._counted[query_id] = counted
            self._by_uscc[counted.uscc] += 1
            return counted
        if older.fingerprint != counted.fingerprint:
            raise GrantRefused(detail="the query id was used for another question")
        return older

    def is_counted(self, query_id: str) -> bool:
        """Tell whether a query id was counted."""
        return query_id in self._counted

    def is_new_nonce(self, nonce: str, *, now: datetime) -> bool:
        """Take a nonce; tell whether it was free. Each is remembered for 120 s."""
        # In order of insertion, thus of expiry: the old ones stand in front.
        while self._nonces and next(iter(self._nonces.values())) <= now:
            del self._nonces[next(iter(self._nonces))]
        if nonce in self._nonces:
            return False
        self._nonces[nonce] = now + timedelta(seconds=NONCE_SECONDS)
        return True

    def summarise(self) -> dict[str, int | dict[str, int]]:
        """Return the number of counted queries, in all and by USCC."""
        return {"counted": len(self._counted), "by_uscc": dict(self._by_uscc)}
