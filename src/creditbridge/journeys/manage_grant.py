"""A bank's machine looks at a grant of its own, or gives it back (Grant Management for OAuth 2.0).

    access -> consents -> ledger

1. A token of a grant opens that grant alone; one of the client's own opens all of its grants.
2. To look: its own live grant, and where each consent stands that the grant rests on.
3. To give back: its own live grant ends at once, with every code and token under it.
4. The ledger holds that the grant ended; its consents go on, and are the enterprise's to end.

Another client's grant, one that ended and one that never was are absent alike.
"""

from collections.abc import Mapping
from typing import Protocol

import msgspec

from creditbridge.access.granted.model import Grant
from creditbridge.consents.model import Consent, ConsentState
from creditbridge.consents.rules import state_at
from creditbridge.foundation.database import Database, Transaction
from creditbridge.foundation.errors import Refused
from creditbridge.journeys.admit_caller import Caller
from creditbridge.journeys.records.grants import GrantEnd, revoked_record
from creditbridge.ledger.model import Recorded
from creditbridge.ledger.port import Recorder


class GrantMissing(Refused):
    """No such grant, another client's, or one that ended: nobody learns which."""

    code = "not-found"
    message = "There is nothing at this address for this caller."


class Access(Protocol):
    """What this journey needs of the authorization server."""

    async def find_grant(self, tx: Transaction, grant_id: str, *, client_id: str) -> Grant | None:
        """Return a client's own live grant."""
        ...

    async def revoke_grant(self, tx: Transaction, grant_id: str, *, client_id: str) -> Grant | None:
        """End a client's own live grant and return it."""
        ...


class Consents(Protocol):
    """What this journey needs of the consents."""

    async def get_own_consent(self, tx: Transaction, *, consent_id: str, bank_id: str) -> Consent:
        """Return a bank's own consent."""
        ...


class GrantStatus(msgspec.Struct, frozen=True, kw_only=True):
    """A live grant, and where each consent stands that it rests on.

    `approvals` are of each how many people approved, and how many had to.
    """

    grant: Grant
    states: Mapping[str, ConsentState]
    approvals: Mapping[str, tuple[int, int]] = {}


class ManageGrant(msgspec.Struct, frozen=True, kw_only=True):
    """The journey, with the rooms it walks through."""

    database: Database
    access: Access
    consents: Consents
    ledger: Recorder

    async def read(self, caller: Caller, grant_id: str) -> GrantStatus:
        """Walk steps 1 and 2.

        Raises:
            GrantMissing: no such grant of this client, or not for this token.
        """
        _require_opened(caller, grant_id)  # 1
        async with self.database.transaction() as tx:
            grant = await self.access.find_grant(tx, grant_id, client_id=caller.client_id)  # 2
            if grant is None:
                raise GrantMissing
            consents = [
                await self.consents.get_own_consent(  # 2
                    tx, consent_id=consent_id, bank_id=grant.bank_id
                )
                for consent_id in grant.consent_ids
            ]
            return GrantStatus(
                grant=grant,
                states={one.consent_id: state_at(one, now=tx.now) for one in consents},
                approvals={
                    one.consent_id: (one.approvals_given, one.approvals_needed) for one in consents
                },
            )

    async def revoke(self, caller: Caller, grant_id: str) -> Recorded:
        """Walk steps 1, 3 and 4; the answer may leave once they are durable.

        Raises:
            GrantMissing: no such grant of this client, or not for this token.
        """
        _require_opened(caller, grant_id)  # 1
        async with self.database.transaction() as tx:
            grant = await self.access.revoke_grant(tx, grant_id, client_id=caller.client_id)  # 3
            if grant is None:
                raise GrantMissing
            record = revoked_record(grant, GrantEnd.CLIENT, bank=caller.bank_name)
            return await self.ledger.record(tx, record)  # 4


def _require_opened(caller: Caller, grant_id: str) -> None:
    if caller.grant_id not in {None, grant_id}:
        raise GrantMissing
