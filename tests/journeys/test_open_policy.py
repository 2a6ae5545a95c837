"""The house's own policy is signed and recorded once, whichever node is first."""

from typing import Protocol

from creditbridge.consents.policy import verify_policy
from creditbridge.consents.service import Consents
from creditbridge.foundation.database import Database
from creditbridge.foundation.keys import FileKey
from creditbridge.journeys.open_policy import OpenPolicy
from creditbridge.ledger.encoding import from_base64url
from creditbridge.ledger.model import Core
from creditbridge.ledger.service import Ledger
from creditbridge.ledger.terms.consents import PolicyChanged


class House(Protocol):
    """The house of `conftest`."""

    database: Database
    consents: Consents
    consent_key: FileKey
    ledger: Ledger

    async def told(self, *words: str) -> list[Core]:
        """Return what the ledger holds."""
        ...


async def test_the_first_policy_is_in_the_ledger_before_a_door_opens(house: House) -> None:
    """Whole, signed by the consent key, binding from the very instant; the next start adds none."""
    policies = house.consents.policies
    open_policy = OpenPolicy(database=house.database, policies=policies, ledger=house.ledger)

    assert [await open_policy(), await open_policy()] == [True, False]

    (core,) = await house.told("policy")
    assert isinstance(core.terms, PolicyChanged)
    raw, signature = core.terms.policy.encode(), from_base64url(core.terms.signature)
    policy = verify_policy(raw, signature, house.consent_key.key)
    assert (policy.version, policy.use_from) == (1, core.decided_at)
    assert core.terms.change_id is None
