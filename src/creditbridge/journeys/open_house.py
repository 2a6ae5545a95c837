"""Two persons open the house.

    parties -> ledger

1. Two distinct persons with two distinct keys become the first operators, once for ever.
2. Their enrolments are the ledger's first entries.
"""

import msgspec

from creditbridge.foundation.database import Database
from creditbridge.journeys.records.operators import enrolment_record
from creditbridge.ledger.port import Recorder
from creditbridge.parties.model import Operator, OperatorEnrolment
from creditbridge.parties.service import enrol_operators


class OpenHouse(msgspec.Struct, frozen=True, kw_only=True):
    """The journey, with the rooms it walks through."""

    database: Database
    ledger: Recorder

    async def __call__(
        self, enrolments: tuple[OperatorEnrolment, OperatorEnrolment]
    ) -> tuple[Operator, Operator]:
        """Walk the steps above, in order.

        Raises:
            Refused: one person or one key twice, or the house is open already.
        """
        async with self.database.transaction() as tx:
            operators = await enrol_operators(tx, enrolments)  # 1
            for operator in operators:
                await self.ledger.record(tx, enrolment_record(operator))  # 2
        return operators
