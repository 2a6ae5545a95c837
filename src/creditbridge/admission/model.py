"""What a client may do once, and what was answered the first time."""

from datetime import datetime
from enum import StrEnum

import msgspec

from creditbridge.protocols.rate_limit_fields import Allowance


class KeyName(msgspec.Struct, frozen=True, kw_only=True):
    """An idempotency key in its scope: one client, one route. Another client's is another key."""

    client_id: str
    route: str
    key: str


class KeyState(StrEnum):
    """Whether a key's request has an outcome."""

    IN_FLIGHT = "IN_FLIGHT"
    DECIDED = "DECIDED"


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """The first decided answer to a request, as it is to be given again."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    event_id: str  # The ledger event that decided.
    receipt: bytes | None = None


class Stored(msgspec.Struct, frozen=True, kw_only=True):
    """An answer that was given before under the same key."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    event_id: str
    receipt: bytes | None
    reference: str = ""  # The report for which the key was taken.


class TakenKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key as it is kept; `sealed` is what `seal_answer` made, while it is kept."""

    client_id: str
    route: str
    key: str
    fingerprint: bytes
    state: KeyState
    reference: str
    taken_at: datetime
    deadline_at: datetime
    event_id: str | None = None
    receipt: bytes | None = None
    sealed: bytes | None = None
    body_until: datetime | None = None

    @property
    def name(self) -> KeyName:
        """The key in its scope."""
        return KeyName(client_id=self.client_id, route=self.route, key=self.key)


class Lease(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a client's quota that one node may spend until `ends_at`.

    `unspent` is what was left for all nodes after it.
    """

    granted: int
    unspent: int
    ends_at: datetime


class Meter(msgspec.Struct, kw_only=True):
    """What the answer to one request says of its caller's limits; set once the caller is known."""

    allowances: tuple[Allowance, ...] = ()


class Purged(msgspec.Struct, frozen=True, kw_only=True):
    """How many rows one purge took; a full page of any means that there is more."""

    bodies: int
    keys: int
    nonces: int
    looks: int
