"""Whether work may come: asked by a balancer, answered with reasons."""

from datetime import timedelta
from typing import Protocol

import msgspec

from creditbridge.foundation.database import Database
from creditbridge.foundation.errors import CreditbridgeError
from creditbridge.ledger.sequencer import Sequencer
from creditbridge.ledger.service import read_backlog
from creditbridge.parties.service import require_opened

LAG_MAX = timedelta(seconds=60)


class Phase(Protocol):
    """What this file needs of the process's life."""

    @property
    def is_ready(self) -> bool:
        """Whether the process serves, and is not draining."""
        ...


class SigningRing(Protocol):
    """What this file needs of the keys of one purpose."""

    @property
    def is_shown(self) -> bool:
        """Whether what is signed here can be verified by what is published."""
        ...


class Readiness(msgspec.Struct, frozen=True, kw_only=True):
    """The states that gate readiness; platforms are shown elsewhere and never gate."""

    database: Database
    sequencer: Sequencer
    phase: Phase
    rings: tuple[SigningRing, ...] = ()

    async def __call__(self) -> list[str]:
        """Return the reasons not to send work here; none means ready."""
        reasons = list[str]()
        if not self.phase.is_ready:
            reasons.append("draining")
        try:
            async with self.database.transaction() as tx:
                await require_opened(tx)
                backlog = await read_backlog(tx)
                waiting = backlog.oldest_at
                if waiting is not None and tx.now - waiting > LAG_MAX:
                    reasons.append("ledger-late")
        except CreditbridgeError as error:
            reasons.append(error.code)
        if not all(ring.is_shown for ring in self.rings):
            reasons.append("keys-retired")
        if self.sequencer.trouble is not None:
            reasons.append(self.sequencer.trouble.code)
        return reasons
