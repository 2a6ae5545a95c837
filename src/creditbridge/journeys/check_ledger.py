"""An officer checks the whole ledger: nothing was changed, dropped, added or moved.

    ledger -> ledger

1. The tree is derived anew from the entries, and every row compared with what it commits to.
2. What does not fit is named, with its first index; what is there is counted by kind.
"""

from collections import Counter
from collections.abc import Mapping

import msgspec

from creditbridge.foundation.database import Database
from creditbridge.ledger.audit import Violation
from creditbridge.ledger.checking import Trust, check_ledger
from creditbridge.ledger.model import Core


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome: no violation means that all fits. `entries` counts kinds, and names nobody."""

    entries: Mapping[str, int]
    violations: tuple[Violation, ...]


class CheckLedger(msgspec.Struct, frozen=True, kw_only=True):
    """The journey, with the rooms it walks through."""

    database: Database
    trust: Trust

    async def __call__(self) -> Checked:
        """Walk the steps above, in order."""
        kinds = Counter[str]()

        def count(core: Core) -> None:
            kinds[core.kind] += 1

        async with self.database.transaction() as tx:
            violations = await check_ledger(tx, self.trust, visit=count)  # 1
        return Checked(entries=dict(sorted(kinds.items())), violations=tuple(violations))  # 2
