"""An officer checks the whole ledger: nothing was changed, dropped, added or moved.

    ledger -> ledger

1. The tree is derived anew from the entries, and every row compared with what it commits to.
2. What does not fit is named, with its first index.
"""

import msgspec

from creditbridge.foundation.database import Database
from creditbridge.ledger.audit import Violation
from creditbridge.ledger.checking import Trust, check_ledger


class CheckLedger(msgspec.Struct, frozen=True, kw_only=True):
    """The journey, with the rooms it walks through."""

    database: Database
    trust: Trust

    async def __call__(self) -> list[Violation]:
        """Walk the steps above, in order; an empty list means that all fits."""
        async with self.database.transaction() as tx:
            return await check_ledger(tx, self.trust)  # 1, 2
