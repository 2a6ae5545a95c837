"""What was counted and what was said once: query ids, nonces, and how fast a caller asks."""

from collections import Counter
from datetime import datetime, timedelta

from creditbridge.foundation.errors import Unavailable
from creditsandbox.dialects.national.messages import Asked, GrantRefused

COUNTED_MAX = 100_000
NONCE_SECONDS = 600  # Twice the window of timestamps: no nonce is forgotten while it could pass.


class TooMany(Unavailable):
    """More requests in this minute than were agreed, or more queries than the sandbox counts."""

    code = "too-many"
    message = "Ask again later."

    def __init__(self, *, seconds: int) -> None:
        super().__init__()
        self.seconds = seconds


class Journal:
    """The counts of one platform process, in memory."""

    def __init__(self, *, requests_per_minute: int) -> None:
        self._requests_per_minute = requests_per_minute
        self._asked: dict[str, Asked] = {}
        self._by_uscc: Counter[str] = Counter()
        self._nonces: dict[str, datetime] = {}
        self._minute: tuple[int, int] = (0, 0)

    def pace(self, *, now: datetime) -> None:
        """Count a request against this minute.

        Raises:
            TooMany: the minute is full; `seconds` are left of it.
        """
        minute, second = divmod(int(now.timestamp()), 60)
        counted = self._minute[1] if self._minute[0] == minute else 0
        if counted >= self._requests_per_minute:
            raise TooMany(seconds=60 - second)
        self._minute = (minute, counted + 1)

    def count(self, asked: Asked) -> Asked:
        """Return the one entry of a query id: the given one where it is new, else the older.

        Raises:
            GrantRefused: the id was counted for another question.
            TooMany: a new id, and no room.
        """
        # No await between look and write: within one event loop this is atomic.
        older = self._asked.get(asked.grant.query_id)
        if older is None:
            if len(self._asked) >= COUNTED_MAX:
                raise TooMany(seconds=300)
            self._asked[asked.grant.query_id] = asked
            self._by_uscc[asked.grant.uscc] += 1
            return asked
        if older.fingerprint != asked.fingerprint:
            raise GrantRefused(detail="the query id was used for another question")
        return older

    def find(self, query_id: str) -> Asked | None:
        """Return a counted query."""
        return self._asked.get(query_id)

    def is_new_nonce(self, nonce: str, *, now: datetime) -> bool:
        """Take a nonce; tell whether it was free."""
        # In order of insertion, thus of expiry: the old ones stand in front.
        while self._nonces and next(iter(self._nonces.values())) <= now:
            del self._nonces[next(iter(self._nonces))]
        if nonce in self._nonces:
            return False
        self._nonces[nonce] = now + timedelta(seconds=NONCE_SECONDS)
        return True

    def summarise(self) -> dict[str, int | dict[str, int]]:
        """Return the number of counted queries, in all and by USCC."""
        return {"counted": len(self._asked), "by_uscc": dict(self._by_uscc)}
