"""How much each client may ask, over all nodes: lent by the database, spent where it was lent.

A lease is a part of the client's quota for the window that runs. The statement that grants it
commits before a permit of it is spent, so that all nodes together never spend more than the quota;
what a node does not spend lapses with the window. Most requests cost no statement.
"""

import asyncio
import math
from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from creditbridge.admission import store
from creditbridge.admission.rules import RateLimited
from creditbridge.admission.settings import LimitPolicy
from creditbridge.foundation.database import Database
from creditbridge.protocols.rate_limit_fields import Allowance

SHARE_MAX = 32
# Apart from the pool of requests: one waits here while it holds a connection there.
CONNECTIONS_MAX = 2


class Purse:
    """What one node may spend of one client's quota under one policy."""

    def __init__(self) -> None:
        self.ends_at = datetime.min.replace(tzinfo=UTC)
        self.permits = 0  # Lent to this node, and not spent.
        self.unspent = 0  # Left in the database when it was last asked.
        self.waiting = 0
        self.refilling = asyncio.Lock()

    def needs_lease(self, *, now: datetime) -> bool:
        """Tell whether the database has to be asked: it may have more than this node."""
        # Nothing is ever given back to it: what was all taken once stays so until the end.
        return now >= self.ends_at or (self.permits == 0 and self.unspent > 0)

    def take_permit(self) -> "Permit | None":
        """Return one of the permits that are here, spent; None where there is none."""
        if self.permits == 0:
            return None
        self.permits -= 1
        return Permit(purse=self, ends_at=self.ends_at)


class Permit(msgspec.Struct, frozen=True, kw_only=True):
    """One request that may be let in, out of a purse's lease until `ends_at`."""

    purse: Purse
    ends_at: datetime

    def give_back(self) -> None:
        """Put it back, unless another window has begun: that one has its own."""
        if self.purse.ends_at == self.ends_at:
            self.purse.permits += 1


class Limits:
    """The quotas of all clients, as one process spends them."""

    def __init__(self, database: Database, policies: Sequence[LimitPolicy]) -> None:
        """`database` is one whose connections no request holds while it waits here."""
        self._database = database
        self._policies = tuple(policies)
        # One for each client that came in: as many as are registered, never more.
        self._purses = dict[tuple[str, str], Purse]()

    async def take_permit(self, client_id: str, *, now: datetime) -> tuple[Allowance, ...]:
        """Spend one permit of a client that is proven, under every policy; return what is left.

        `now` is the instant of the request's transaction.

        Raises:
            RateLimited: a quota is spent, and no other is touched.
            DatabaseUnavailable: nothing could be lent.
        """
        left, spent, permits = list[Allowance](), list[Allowance](), list[Permit]()
        for policy in self._policies:
            purse = self.purse_of(client_id, policy)
            if purse.needs_lease(now=now):
                await self._refill(purse, client_id, policy, now=now)
            # Nothing is awaited in between: the permit that is seen is the one that is spent.
            permit = purse.take_permit()
            allowance = _allowance(policy, purse, now=now)
            if permit is None:
                spent.append(allowance)
            else:
                permits.append(permit)
                left.append(allowance)
        if not spent:
            return tuple(left)
        for permit in permits:
            permit.give_back()
        raise RateLimited(self._list_allowances(client_id, now=now), spent)

    def _list_allowances(self, client_id: str, *, now: datetime) -> tuple[Allowance, ...]:
        return tuple(
            _allowance(policy, self.purse_of(client_id, policy), now=now)
            for policy in self._policies
        )

    def purse_of(self, client_id: str, policy: LimitPolicy) -> Purse:
        """Return what this node holds for a client under a policy."""
        name = (client_id, policy.name)
        if name not in self._purses:
            self._purses[name] = Purse()
        return self._purses[name]

    async def _refill(
        self, purse: Purse, client_id: str, policy: LimitPolicy, *, now: datetime
    ) -> None:
        purse.waiting += 1
        try:
            # Who waits here is counted in the lease that is on its way, or asks for the next one.
            async with purse.refilling:
                if purse.needs_lease(now=now):
                    await self._borrow(purse, client_id, policy)
        finally:
            purse.waiting -= 1

    async def _borrow(self, purse: Purse, client_id: str, policy: LimitPolicy) -> None:
        async with self._database.transaction(reads_now=False) as tx:
            lease = await store.take_lease(
                tx, client_id, policy, waiting=purse.waiting, share_max=SHARE_MAX
            )
        # Only now: what was not committed would be lent again to another node.
        purse.permits, purse.unspent, purse.ends_at = lease.granted, lease.unspent, lease.ends_at


def _allowance(policy: LimitPolicy, purse: Purse, *, now: datetime) -> Allowance:
    # The window may have begun a moment after this request did, and is no longer for it.
    left = math.ceil((purse.ends_at - now).total_seconds())
    return Allowance(
        policy=policy.name,
        quota=policy.quota,
        window_seconds=policy.window_seconds,
        # As far as this node knows: others may have spent of the rest meanwhile.
        remaining=purse.permits + purse.unspent,
        reset_seconds=max(1, min(left, policy.window_seconds)),
    )
