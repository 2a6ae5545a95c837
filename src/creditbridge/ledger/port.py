"""The ledger as whoever writes to it sees it: one verb, and the same put off."""

from typing import Protocol

from creditbridge.foundation.database import Transaction
from creditbridge.ledger.model import Record, Recorded


class Recorder(Protocol):
    """Takes records in the caller's own transaction.

    Durable when that transaction commits, undone when it is undone; any number of nodes may record
    at once. The counters and the consent's chain that a record takes stay locked until then.
    """

    async def record(self, tx: Transaction, record: Record) -> Recorded:
        """Take a record and return what became of it, with the signed receipt.

        Raises:
            DatabaseUnavailable: nothing is recorded; the caller must not go on.
        """
        ...

    def put_off(self, tx: Transaction, record: Record) -> None:
        """Have a record taken right before the transaction commits, with all others put off in it.

        For records whose receipt nobody is handed. Where it cannot be taken, the transaction fails
        with `DatabaseUnavailable` and is undone.
        """
        ...
