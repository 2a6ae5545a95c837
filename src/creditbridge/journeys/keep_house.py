"""The house keeps itself: what must happen again and again, on every node, harmless if done twice.

1. Every second: the lease is renewed, whatever else takes long; intents of lost nodes are settled;
   the house's keys are looked after.
2. As soon as a node tells of it, and five times a second: what runs under consents that ended is
   broken off, and withdrawn ones under which nothing runs any more fall silent.
3. Every two seconds: mails whose turn it is go out; looks are told to those who want to know;
   disputes are handed to their platforms, and asked about.
4. Every ten seconds: requests that nobody answered lapse, consents that are over end; strangers'
   refusals, and what clients asked beyond their limits, are summed up.
5. Every minute: enterprises are told of requests about to lapse, and given the statements of months
   that are over; what has run out is purged.
6. Every hour: what ends soon is told.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from datetime import datetime, timedelta
from typing import Protocol

import msgspec

import creditbridge.access.service as access
import creditbridge.login.passkeys.service as passkeys
import creditbridge.login.service as login
from creditbridge.foundation.channels import listen
from creditbridge.foundation.clock import Clock
from creditbridge.foundation.database import Database, Transaction
from creditbridge.foundation.errors import CreditbridgeError
from creditbridge.foundation.logging import get_logger
from creditbridge.journeys.end_consents import EndConsents
from creditbridge.journeys.issue_statements import IssueStatements
from creditbridge.journeys.keep_keys import KeepKeys
from creditbridge.journeys.lapse_requests import LapseRequests
from creditbridge.journeys.pass_disputes import PassDisputes
from creditbridge.journeys.send_notices import SendNotices
from creditbridge.journeys.settle_intents import SettleIntents
from creditbridge.journeys.silence_consents import SilenceConsents
from creditbridge.journeys.sum_up_overruns import SumUpOverruns
from creditbridge.journeys.sum_up_strangers import SumUpStrangers
from creditbridge.journeys.tell_looks import TellLooks
from creditbridge.journeys.under_way import CHANNEL, UnderWay
from creditbridge.journeys.warn_endings import WarnEndings
from creditbridge.journeys.warn_lapsing import WarnLapsing

log = get_logger("keep_house")

LEASE_SECONDS = 1.0
SETTLE_SECONDS = 1.0
KEYS_SECONDS = 1.0
SILENCE_SECONDS = 0.2
MAIL_SECONDS = 2.0
HEAR_SECONDS = 1.0
LAPSE_SECONDS = 10.0
WARN_SECONDS = 60.0
PURGE_SECONDS = 60.0
ENDINGS_SECONDS = 3_600.0
MINUTE = timedelta(minutes=1)


class Admission(Protocol):
    """What this journey needs of what is spent once."""

    async def purge(self, tx: Transaction) -> object:
        """Forget what has run out."""
        ...


class Ledger(Protocol):
    """What this journey needs of the ledger."""

    async def renew_lease(self, tx: Transaction) -> int:
        """Renew this node's lease."""
        ...

    async def end_lease(self, tx: Transaction) -> None:
        """Give this node's lease up."""
        ...

    async def purge_leases(self, tx: Transaction) -> int:
        """Forget leases that ran out and answer for nothing."""
        ...


class Notices(Protocol):
    """What this journey needs of the notices."""

    async def purge(self, tx: Transaction) -> int:
        """Delete what is old."""
        ...


class KeepHouse(msgspec.Struct, frozen=True, kw_only=True):
    """The journey, with the rooms it walks through."""

    database: Database
    clock: Clock
    admission: Admission
    ledger: Ledger
    notices: Notices
    keep_keys: KeepKeys
    warn_endings: WarnEndings
    settle_intents: SettleIntents
    silence_consents: SilenceConsents
    under_way: UnderWay
    lapse_requests: LapseRequests
    end_consents: EndConsents
    warn_lapsing: WarnLapsing
    tell_looks: TellLooks
    issue_statements: IssueStatements
    send_notices: SendNotices | None  # None where no relay is configured.
    pass_disputes: PassDisputes
    sum_up_strangers: SumUpStrangers
    sum_up_overruns: SumUpOverruns

    def tasks(self) -> dict[str, Callable[[], Coroutine[object, object, None]]]:
        """Return the background tasks by name, each for ever."""
        return {
            # By itself: who waits for a platform must not be taken for dead meanwhile.
            "lease": lambda: _repeat("lease", LEASE_SECONDS, self.renew_lease),  # 1
            "settle": lambda: _repeat("settle", SETTLE_SECONDS, self.settle_intents),  # 1
            "keys": lambda: _repeat("keys", KEYS_SECONDS, self.keep_keys),  # 1
            "hear": lambda: _repeat("hear", HEAR_SECONDS, self._hear),  # 2
            "silence": lambda: _repeat("silence", 0.0, self._silence),  # 2
            "mail": lambda: _repeat("mail", MAIL_SECONDS, self._send_mail),  # 3
            "disputes": lambda: _repeat("disputes", MAIL_SECONDS, self.pass_disputes),  # 3
            "looks": lambda: _repeat("looks", MAIL_SECONDS, self.tell_looks),  # 3
            "lapse": lambda: _repeat("lapse", LAPSE_SECONDS, self._look_after_requests),  # 4
            "warn": lambda: _repeat("warn", WARN_SECONDS, self.warn_lapsing),  # 5
            "statements": lambda: _repeat(  # 5
                "statements", WARN_SECONDS, self.issue_statements
            ),
            "purge": lambda: _repeat("purge", PURGE_SECONDS, self._purge),  # 5
            "endings": lambda: _repeat("endings", ENDINGS_SECONDS, self.warn_endings),  # 6
        }

    async def renew_lease(self) -> None:
        """Begin or renew this node's lease; before the first report, and every second."""
        async with self.database.transaction() as tx:
            await self.ledger.renew_lease(tx)

    async def close(self) -> None:
        """Record what is still counted, and give the lease up; the last step of a drain."""
        await self._sum_up(until=self.clock.now() + MINUTE)
        # Nobody shall wait for a node that went in peace.
        async with self.database.transaction() as tx:
            await self.ledger.end_lease(tx)

    async def _hear(self) -> None:
        await listen(self.database, CHANNEL, self.under_way.wake)

    async def _silence(self) -> None:
        await self.under_way.wait(SILENCE_SECONDS)
        await self.silence_consents()

    async def _send_mail(self) -> None:
        if self.send_notices is not None:
            await self.send_notices()

    async def _look_after_requests(self) -> None:
        await self.lapse_requests()
        await self.end_consents()
        await self._sum_up(until=self.clock.now().replace(second=0, microsecond=0))

    async def _sum_up(self, *, until: datetime) -> None:
        await self.sum_up_strangers(until=until)
        await self.sum_up_overruns(until=until)

    async def _purge(self) -> None:
        async with self.database.transaction() as tx:
            await access.purge(tx)
            await login.purge(tx)
            await passkeys.purge(tx)
            await self.admission.purge(tx)
            await self.ledger.purge_leases(tx)
            await self.notices.purge(tx)


async def _repeat(name: str, seconds: float, work: Callable[[], Awaitable[object]]) -> None:
    while True:
        try:
            await work()
        except CreditbridgeError as error:
            # The next turn tries again; readiness and the ledger's own alarms say how bad it is.
            log.warning("house.turn_failed", turn=name, code=error.code, detail=error.detail)
        await asyncio.sleep(seconds)
