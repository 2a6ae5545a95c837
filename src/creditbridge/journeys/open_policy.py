"""The house's own consent policy, signed and recorded before a door opens.

    consents -> ledger

1. Where there is no policy yet, the consent key signs the house's own; it binds at once.
2. The ledger holds it, so that a replay knows the ceilings of every later look.
"""

from typing import Protocol

import msgspec

from creditbridge.consents.policy import SignedPolicy
from creditbridge.foundation.database import Database, Transaction
from creditbridge.journeys.records.policies import FIRST_RULE, policy_record
from creditbridge.ledger.port import Recorder


class Policies(Protocol):
    """What this journey needs of the policies."""

    async def open_first(self, tx: Transaction) -> SignedPolicy | None:
        """Sign the first policy; None where there is one."""
        ...


class OpenPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """The journey, with the rooms it walks through."""

    database: Database
    policies: Policies
    ledger: Recorder

    async def __call__(self) -> bool:
        """Walk the steps above, in order; tell whether this was the first."""
        async with self.database.transaction() as tx:
            signed = await self.policies.open_first(tx)  # 1
            if signed is None:
                return False
            await self.ledger.record(tx, policy_record(signed, rule=FIRST_RULE))  # 2
        return True
