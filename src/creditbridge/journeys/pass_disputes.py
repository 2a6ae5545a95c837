"""A dispute reaches the platform that supplies the record, and its answer the enterprise.

    disputes -> platforms -> disputes -> ledger -> notices

1. One dispute whose turn it is gets taken: its next turn is put off, whatever becomes of this one.
2. It is handed over under its own id, or asked about where it was; outside of any transaction.
3. What the platform says is kept, where it is news.
4. The ledger holds an answer, with a salted digest of what the platform signed.
5. The enterprise is told that its dispute came, and that it was answered.

A reply that was lost leaves the dispute as it was: it is handed over again, and known there by its
id. A platform that lost it says that it never came, and gets it anew.
"""

from typing import Protocol

import msgspec

from creditbridge.disputes.model import Dispute, DisputeState, Outcome, Told
from creditbridge.disputes.rules import stage_of
from creditbridge.disputes.sealing import WordsUnreadable
from creditbridge.disputes.service import Disputes
from creditbridge.foundation.database import Database, Transaction
from creditbridge.foundation.logging import get_logger
from creditbridge.journeys.records.disputes import answered_record
from creditbridge.ledger.model import EnterpriseName
from creditbridge.ledger.port import Recorder
from creditbridge.notices.model import News, NoticeKind
from creditbridge.notices.port import Herald
from creditbridge.parties.service import find_enterprise
from creditbridge.platforms.model import (
    PLATFORM_FAILURES,
    AnswerRejected,
    DisputeCase,
    DisputeName,
    DisputeStanding,
)
from creditbridge.profile.dates import day_of

log = get_logger("disputes")

TURN_DISPUTES_MAX = 20
ENDED = frozenset({DisputeState.ANSWERED, DisputeState.REJECTED, DisputeState.CLOSED})


class Platforms(Protocol):
    """What this journey needs of the platforms."""

    async def pass_dispute(self, platform_id: str, case: DisputeCase) -> DisputeStanding:
        """Hand a dispute over; safe to repeat."""
        ...

    async def find_dispute(self, platform_id: str, name: DisputeName) -> DisputeStanding | None:
        """Return how a dispute stands; None where it never came."""
        ...


class PassDisputes(msgspec.Struct, frozen=True, kw_only=True):
    """The journey, with the rooms it walks through."""

    database: Database
    disputes: Disputes
    platforms: Platforms
    ledger: Recorder
    notices: Herald

    async def __call__(self) -> int:
        """Walk the steps above until nothing is due; return of how many there was news.

        Raises:
            DatabaseUnavailable: what is not kept is handed over or asked about again.
        """
        moved = 0
        for _ in range(TURN_DISPUTES_MAX):
            async with self.database.transaction() as tx:
                dispute = await self.disputes.take(tx)  # 1
            if dispute is None:
                break
            moved += await self._settle(dispute)
        return moved

    async def _settle(self, dispute: Dispute) -> bool:
        try:
            standing = await self._ask(dispute)  # 2
        except (*PLATFORM_FAILURES, AnswerRejected, WordsUnreadable) as failure:
            log.warning(
                "dispute.not_told",
                dispute=dispute.dispute_id,
                platform=dispute.platform,
                code=failure.code,
                detail=failure.detail,
            )
            return False
        told = Told(
            is_taken=standing.is_taken,
            is_extended=standing.is_extended,
            outcome=None if standing.outcome is None else Outcome(standing.outcome),
        )
        async with self.database.transaction() as tx:
            after = await self.disputes.keep_told(tx, dispute, told)  # 3
            if after is not None:
                await self._tell(tx, dispute, after, standing)
        return after is not None

    async def _ask(self, dispute: Dispute) -> DisputeStanding:
        name = DisputeName(
            dispute_id=dispute.dispute_id, uscc=dispute.uscc, stage=stage_of(dispute)
        )
        if dispute.passed_at is not None:
            standing = await self.platforms.find_dispute(dispute.platform, name)
            if standing is not None:
                return standing
            log.warning("dispute.lost", dispute=name.dispute_id, platform=dispute.platform)
        async with self.database.transaction() as tx:
            words = await self.disputes.read_words(tx, dispute.dispute_id)
        case = DisputeCase(
            name=name,
            section=dispute.section,
            number=words.number,
            ground=dispute.ground,
            text=words.text,
            filed_on=day_of(dispute.review_at or dispute.filed_at),
        )
        return await self.platforms.pass_dispute(dispute.platform, case)

    async def _tell(
        self, tx: Transaction, before: Dispute, after: Dispute, standing: DisputeStanding
    ) -> None:
        if after.state in ENDED:
            enterprise = await find_enterprise(tx, after.uscc)
            # Kept since somebody signed in for it, or it could not have filed anything.
            name = "" if enterprise is None else enterprise.name
            named = EnterpriseName(uscc=after.uscc, name=name)
            await self.ledger.record(tx, answered_record(after, named, standing.answer))  # 4
            await self.notices.tell(tx, _news(NoticeKind.DISPUTE_ANSWERED, after))  # 5
        elif before.passed_at is None:
            await self.notices.tell(tx, _news(NoticeKind.DISPUTE_FILED, after))  # 5


def _news(kind: NoticeKind, dispute: Dispute) -> News:
    return News(kind=kind, uscc=dispute.uscc, about=dispute.dispute_id)
