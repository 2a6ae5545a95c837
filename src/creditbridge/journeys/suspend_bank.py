"""One operator shuts a bank out. It takes two to let it in again (`decide_change`).

    parties -> access -> ledger

1. The operator's signed act names the bank; it takes away only, so one person is enough.
2. No client of the bank may come in.
3. Every token of the bank is gone, those that are being issued at this instant included.
4. The suspension is in the ledger, in the commit from which on it holds on every node.
"""

import msgspec

from creditbridge.foundation.database import Database
from creditbridge.journeys.decide_change import Access
from creditbridge.journeys.records.registry import suspension_record
from creditbridge.ledger.port import Recorder
from creditbridge.parties.acts import SignedSuspension
from creditbridge.parties.model import Bank
from creditbridge.parties.service import get_operator, suspend_bank


class SuspendBank(msgspec.Struct, frozen=True, kw_only=True):
    """The journey, with the rooms it walks through."""

    database: Database
    access: Access
    ledger: Recorder

    async def __call__(self, suspension: SignedSuspension) -> Bank:
        """Walk the steps above, in order; the same act again changes and records nothing.

        Raises:
            Refused: no such operator or bank, a stale act.
            SignatureInvalid: not this operator's signature.
        """
        async with self.database.transaction() as tx:
            bank, newly = await suspend_bank(tx, suspension)  # 1, 2
            if not newly:
                return bank
            # Before the ledger's counters are taken, as in `decide_change`.
            revoked = await self.access.revoke_tokens(tx, bank_id=bank.bank_id)  # 3
            operator = await get_operator(tx, suspension.act.operator_id)
            record = suspension_record(suspension, bank, operator, tokens_revoked=revoked)
            await self.ledger.record(tx, record)  # 4
        return bank
