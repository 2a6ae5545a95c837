"""The signing of consents where nobody has a passkey, and notices where nobody is told."""

from collections.abc import Iterable

from tests.passkeys import PARTY

from creditbridge.consents.policy import Ceilings
from creditbridge.foundation.database import Transaction
from creditbridge.journeys.approver_signature import HousePolicy
from creditbridge.journeys.sign_consents import SignConsents
from creditbridge.login.passkeys.model import Demand
from creditbridge.login.passkeys.service import Passkeys
from creditbridge.notices.model import News
from creditbridge.profile.codes import Purpose


class Strangers:
    """A ledger that knows nobody."""

    async def find_person(self, tx: Transaction, person_id: str) -> str | None:
        return None


class NoPolicies:
    """A house before its first policy."""

    async def find_ceilings(self, tx: Transaction, purposes: Iterable[Purpose]) -> Ceilings | None:
        return None


class Quiet:
    """A house that tells nobody anything."""

    async def tell(self, tx: Transaction, news: News) -> bool:
        return False


QUIET = Quiet()
UNSIGNED = SignConsents(
    passkeys=Passkeys(PARTY, cooling_hours=24),
    policy=HousePolicy(policies=NoPolicies(), least=Demand.NONE),
    ledger=Strangers(),
)
