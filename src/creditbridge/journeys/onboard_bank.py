"""Two operators bring a bank into the house: one proposes, another approves.

    parties -> ledger

1. The proposer's signed act names the bank, its clients, their certificates and keys.
2. The proposal is in the ledger before anybody is asked to approve it.
3. A second person signs exactly this change, within a day.
4. The bank, its clients and keys are in force.
5. Approval and onboarding are in the ledger, in the commit that puts them in force.
"""

import msgspec

from creditbridge.foundation.database import Database
from creditbridge.journeys.records.operators import (
    approval_record,
    onboarding_record,
    proposal_record,
)
from creditbridge.ledger.port import Recorder
from creditbridge.parties.model import Bank, Change, SignedApproval, SignedProposal
from creditbridge.parties.service import (
    approve_change,
    get_operator,
    onboard_bank,
    propose_change,
)


class OnboardBank(msgspec.Struct, frozen=True, kw_only=True):
    """The journey, with the rooms it walks through."""

    database: Database
    ledger: Recorder

    async def propose(self, proposal: SignedProposal) -> Change:
        """Walk steps 1 and 2.

        Raises:
            Refused: no such operator, a stale act.
            SignatureInvalid: not this operator's signature.
            Malformed: a body that could not become a bank.
        """
        async with self.database.transaction() as tx:
            change = await propose_change(tx, proposal)  # 1
            operator = await get_operator(tx, change.proposed_by)
            await self.ledger.record(tx, proposal_record(change, operator))  # 2
        return change

    async def approve(self, approval: SignedApproval) -> Bank:
        """Walk steps 3 to 5.

        Raises:
            Refused: the same person, an expired, altered or decided change, a clash.
            SignatureInvalid: not this operator's signature.
        """
        async with self.database.transaction() as tx:
            change = await approve_change(tx, approval)  # 3
            operator = await get_operator(tx, approval.act.operator_id)
            bank = await onboard_bank(tx, change.change_id)  # 4
            await self.ledger.record(tx, approval_record(change, operator))  # 5
            await self.ledger.record(tx, onboarding_record(change, bank))  # 5
        return bank
