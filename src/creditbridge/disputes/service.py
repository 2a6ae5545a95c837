"""The disputes, for everybody above: every call takes the caller's transaction."""

from creditbridge.disputes import store
from creditbridge.disputes.model import (
    Dispute,
    DisputeOpen,
    DisputesTooMany,
    Filing,
    ReviewMissing,
    Told,
    Words,
)
from creditbridge.disputes.rules import apply_told, begin_review, wait_after
from creditbridge.disputes.sealing import WordSealer, WordsUnreadable
from creditbridge.foundation.database import Transaction
from creditbridge.foundation.ids import Kind, new_id

_WAITS = [wait_after(tries) for tries in range(10)]


class Disputes:
    """The disputes, with their words sealed by the house's secret."""

    def __init__(self, sealer: WordSealer) -> None:
        self._sealer = sealer

    async def file(self, tx: Transaction, filing: Filing) -> Dispute:
        """Keep a dispute, to be passed on.

        Raises:
            DisputeOpen: of this record there is one that has not ended.
            DisputesTooMany: a hundred of this enterprise are open.
        """
        dispute_id = new_id(Kind.DISPUTE, now=tx.now)
        sealed = self._sealer.seal(dispute_id, filing.words)
        filed = await store.file(tx, dispute_id, filing, sealed)
        if filed is not None:
            return filed
        if await store.is_open(tx, filing.uscc, filing.record_id):
            raise DisputeOpen
        raise DisputesTooMany

    async def list_for_enterprise(self, tx: Transaction, uscc: str) -> list[Dispute]:
        """Return the latest hundred disputes of an enterprise, the latest first."""
        return await store.list_of(tx, uscc)

    async def find_own(self, tx: Transaction, dispute_id: str, *, uscc: str) -> Dispute | None:
        """Return an enterprise's own dispute."""
        found = await store.find(tx, dispute_id)
        return found if found is not None and found.uscc == uscc else None

    async def read_words(self, tx: Transaction, dispute_id: str) -> Words:
        """Return what was written in a dispute that there is.

        Raises:
            WordsUnreadable: changed, or kept under another secret.
        """
        sealed = await store.find_words(tx, dispute_id)
        if sealed is None:
            raise WordsUnreadable
        return self._sealer.open(dispute_id, sealed)

    async def ask_review(self, tx: Transaction, dispute: Dispute) -> Dispute:
        """Begin the review of a dispute as it was read.

        Raises:
            ReviewMissing: no first answer, a review before, or another who asked at once.
        """
        begun = begin_review(dispute, now=tx.now)
        if not await store.keep(tx, begun):
            raise ReviewMissing
        return begun

    async def take(self, tx: Transaction) -> Dispute | None:
        """Take one dispute whose turn it is; its next turn comes later, whatever becomes of it."""
        return await store.take(tx, _WAITS)

    async def keep_told(self, tx: Transaction, dispute: Dispute, told: Told) -> Dispute | None:
        """Keep what a platform says; None where that is no news, or somebody was faster."""
        after = apply_told(dispute, told, now=tx.now)
        if after == dispute or not await store.keep(tx, after):
            return None
        return after
