"""A known caller's request is turned away behind the door: that too is on the ledger (law 1).

    ledger

1. The ledger holds the code and the door, and nothing of what the caller sent.
2. The caller gets the receipt with the refusal.
"""

import msgspec

from creditbridge.foundation.database import Database
from creditbridge.foundation.errors import CreditbridgeError
from creditbridge.journeys.admit_caller import Caller
from creditbridge.ledger.model import CallerRefused, EventKind, Record
from creditbridge.ledger.port import Recorder

RULE = "request-form"
RULE_VERSION = "1"


class RefuseCaller(msgspec.Struct, frozen=True, kw_only=True):
    """The journey, with the rooms it walks through."""

    database: Database
    ledger: Recorder

    async def __call__(self, caller: Caller, refusal: CreditbridgeError, *, door: str) -> None:
        """Walk the steps above, in order; a refusal that was recorded already stays as it is.

        Raises:
            DatabaseUnavailable: nothing is recorded, so the refusal must not be told either.
        """
        if refusal.receipt_header is not None:
            return
        record = Record(
            kind=EventKind.CALLER_REFUSED,
            rule=RULE,
            rule_version=RULE_VERSION,
            terms=CallerRefused(client=caller.client_id, door=door, code=refusal.code),
            bank=caller.bank_name,
        )
        async with self.database.transaction() as tx:
            recorded = await self.ledger.record(tx, record)  # 1
        refusal.receipt_header = recorded.receipt.header_value()  # 2
