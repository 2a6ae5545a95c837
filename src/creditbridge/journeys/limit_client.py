"""A client that has proven who it is asks for something: did it ask too often?

    admission -> (the ledger, summed up)

1. A permit of each quota is spent, and the answer will say what is left.
2. Beyond a quota the request ends here: it is counted, and the ledger holds the sums.
3. A refusal that may spend no quota is recorded in full a few times a minute; further ones are
   counted as well.

Never before the proof: whoever knows a client's name could spend its quota. So could a thief with
its token or its revoked certificate, who must not fill a ten-year log in its name either.
"""

from datetime import datetime
from typing import Protocol

import msgspec

from creditbridge.admission.model import Meter
from creditbridge.admission.rules import RateLimited
from creditbridge.journeys.sum_up_overruns import Overrun, Overruns
from creditbridge.ledger.model import BankName
from creditbridge.parties.model import Registration
from creditbridge.protocols.rate_limit_fields import Allowance


class Limits(Protocol):
    """What this journey needs of the quotas."""

    async def take_permit(self, client_id: str, *, now: datetime) -> tuple[Allowance, ...]:
        """Spend a permit under every policy, and return what is left; or refuse."""
        ...


class LimitClient(msgspec.Struct, frozen=True, kw_only=True):
    """The journey, with the rooms it walks through."""

    limits: Limits
    overruns: Overruns

    async def __call__(
        self, registration: Registration, *, door: str, meter: Meter, now: datetime
    ) -> None:
        """Walk the steps above, in order; `door` is the endpoint's word.

        Raises:
            RateLimited: a quota is spent. Counted, so it is not to be recorded once more.
        """
        client_id = registration.client.client_id
        try:
            meter.allowances = await self.limits.take_permit(client_id, now=now)  # 1
        except RateLimited as refusal:
            meter.allowances = refusal.allowances  # 1
            overrun = _line(registration, door=door, policy=refusal.policy)
            self.overruns.count(overrun, now=now)  # 2
            raise

    def is_recorded(
        self, registration: Registration, *, door: str, code: str, now: datetime
    ) -> bool:
        """Tell whether a refusal that spends no quota is to be recorded; else it is counted.

        It is counted under the code where a quota's name would stand.
        """
        line = _line(registration, door=door, policy=code)
        is_beyond = self.overruns.is_beyond_full(line, now=now)  # 3
        if is_beyond:
            self.overruns.count(line, now=now)  # 3
        return not is_beyond


def _line(registration: Registration, *, door: str, policy: str) -> Overrun:
    bank = registration.bank
    return Overrun(
        bank=BankName(bank_id=bank.bank_id, uscc=bank.uscc, legal_name=bank.legal_name),
        client_id=registration.client.client_id,
        door=door,
        policy=policy,
    )
