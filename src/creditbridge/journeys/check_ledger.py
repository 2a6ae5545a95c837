"""An officer checks the whole ledger: nothing was changed, and every look was allowed.

    ledger -> evidence

1. The tree is derived anew from the entries, and every row compared with what it commits to.
2. The rules that decided then decide again: no use and no delivery without a live consent.
3. What does not fit is named, with its first index; what is there is counted by kind.
"""

from collections import Counter
from collections.abc import Callable, Mapping

import msgspec

from creditbridge.evidence.replay import Breach, Replay
from creditbridge.evidence.voices import Voices
from creditbridge.foundation.database import Database
from creditbridge.ledger.audit import Violation
from creditbridge.ledger.checking import Trust, check_ledger
from creditbridge.ledger.model import Core


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome: all is well where `violations` and `breaches` are empty.

    `entries` counts kinds, and names nobody. A violation is a row that does not fit the tree, a
    breach an entry that the laws of the house do not allow where it stands.
    """

    entries: Mapping[str, int]
    violations: tuple[Violation, ...]
    breaches: tuple[Breach, ...]


class CheckLedger(msgspec.Struct, frozen=True, kw_only=True):
    """The journey, with the rooms it walks through."""

    database: Database
    trust: Callable[[], Trust]  # Asked at each check: keys come and go.

    async def __call__(self) -> Checked:
        """Walk the steps above, in order."""
        kinds, replay = Counter[str](), Replay(Voices())

        def _see(core: Core) -> None:
            kinds[core.kind] += 1
            replay.see(core)  # 2

        async with self.database.transaction() as tx:
            violations = await check_ledger(tx, self.trust(), visit=_see)  # 1
        return Checked(  # 3
            entries=dict(sorted(kinds.items())),
            violations=tuple(violations),
            breaches=tuple(replay.breaches),
        )
