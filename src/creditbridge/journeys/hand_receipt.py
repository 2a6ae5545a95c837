"""An enterprise or a bank takes the receipt of a consent between them.

    consents -> ledger -> evidence

1. The consent is one that this enterprise was asked for, or this bank asked for.
2. The turns of its life are opened, as the ledger holds them.
3. They become a receipt, signed by the house; it holds nothing that either side cannot read.
"""

import msgspec

from creditbridge.consents.model import Consent
from creditbridge.consents.service import Consents
from creditbridge.evidence.receipt_assembling import (
    ReceiptAsked,
    ReceiptHouse,
    assemble_consent_receipt,
)
from creditbridge.foundation.database import Database, Transaction
from creditbridge.foundation.ids import Kind, new_id
from creditbridge.foundation.keys import Signers
from creditbridge.ledger.model import CATALOGUE
from creditbridge.ledger.service import Ledger, count_entries

# Without the looks: those are a statement's.
TURNS = tuple(
    kind
    for kind, row in CATALOGUE.items()
    if row.chained and kind.startswith(("consent.", "document."))
)


class HandReceipt(msgspec.Struct, frozen=True, kw_only=True):
    """The journey, with the rooms it walks through."""

    database: Database
    consents: Consents
    ledger: Ledger
    signers: Signers
    house: ReceiptHouse

    async def to_enterprise(self, consent_id: str, *, uscc: str) -> bytes:
        """Walk the steps above for the enterprise.

        Raises:
            ConsentUnknown: there is none, or it is another enterprise's.
            ConsentNotGiven: nobody ever said yes.
        """
        async with self.database.transaction() as tx:
            consent = await self.consents.get_given_consent(  # 1
                tx, consent_id=consent_id, uscc=uscc
            )
            return await self._assemble(tx, consent)

    async def to_bank(self, consent_id: str, *, bank_id: str) -> bytes:
        """Walk the steps above for the bank.

        Raises:
            ConsentUnknown: there is none, or it is another bank's.
            ConsentNotGiven: nobody ever said yes.
        """
        async with self.database.transaction() as tx:
            consent = await self.consents.get_own_consent(  # 1
                tx, consent_id=consent_id, bank_id=bank_id
            )
            return await self._assemble(tx, consent)

    async def _assemble(self, tx: Transaction, consent: Consent) -> bytes:
        turns = await self.ledger.openings_for(  # 2
            tx, bank_id=consent.bank_id, consent_id=consent.consent_id, kinds=TURNS
        )
        asked = ReceiptAsked(
            receipt_id=new_id(Kind.RECEIPT, now=tx.now),
            consent=consent,
            log_size=await count_entries(tx),
        )
        return assemble_consent_receipt(  # 3
            asked, turns, self.house, self.signers.current(), now=tx.now
        )
