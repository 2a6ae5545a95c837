"""A bank tells that the business of a consent has ended.

    consents -> access -> ledger -> notices

1. Every consent that the enterprise gave this bank for that business is told of its end: nothing
   is looked at for post-loan management any more.
2. Those that last until the end of the business end at once.
3. Grants that rest on what ended end with it.
4. The ledger holds all of it as links of the consents' chains.
5. Everybody who speaks for the enterprise is told, of each consent.
6. Every node is told: what it is asking a platform under them ends at once.

Told again, it changes nothing.
"""

from typing import Protocol

import msgspec

from creditbridge.access.granted.model import Grant
from creditbridge.consents.model import Consent
from creditbridge.consents.moves.service import Closed
from creditbridge.foundation.database import Database, Transaction
from creditbridge.journeys.admit_caller import Caller
from creditbridge.journeys.records.consents import closing_record, house_record
from creditbridge.journeys.records.grants import GrantEnd, ended_grant_record
from creditbridge.journeys.records.news import consent_news
from creditbridge.journeys.under_way import tell_nodes
from creditbridge.ledger.model import EventKind, Record
from creditbridge.ledger.port import Recorder
from creditbridge.notices.model import NoticeKind
from creditbridge.notices.port import Herald


class Moves(Protocol):
    """What this journey needs of the consents."""

    async def close_business(self, tx: Transaction, *, consent_id: str, bank_id: str) -> Closed:
        """Close the business that a bank's own consent names."""
        ...


class Access(Protocol):
    """What this journey needs of the authorization server."""

    async def revoke_grants(self, tx: Transaction, consent_id: str) -> list[Grant]:
        """End every grant that names the consent."""
        ...


class CloseBusiness(msgspec.Struct, frozen=True, kw_only=True):
    """The journey, with the rooms it walks through."""

    database: Database
    moves: Moves
    access: Access
    ledger: Recorder
    notices: Herald

    async def __call__(self, caller: Caller, consent_id: str) -> Consent:
        """Walk the steps above, in order; return the consent as it is now.

        Raises:
            Refused: no such consent of this bank, never given, or it names no business.
        """
        bank_id = caller.bank.bank_id
        async with self.database.transaction() as tx:
            closed = await self.moves.close_business(  # 1, 2
                tx, consent_id=consent_id, bank_id=bank_id
            )
            records = [closing_record(one) for one in closed.told]  # 4
            for ended in closed.ended:
                records.append(house_record(EventKind.CONSENT_EXPIRED, ended))  # 4
                records += await self._end_grants(tx, ended)  # 3
            for record in records:
                await self.ledger.record(tx, record)  # 4
            for told in closed.told:
                news = consent_news(NoticeKind.BUSINESS_CLOSED, told)
                await self.notices.tell(tx, news)  # 5
            for told in closed.told:
                await tell_nodes(tx, told.consent_id)  # 6
        return closed.asked

    async def _end_grants(self, tx: Transaction, ended: Consent) -> list[Record]:
        grants = await self.access.revoke_grants(tx, ended.consent_id)
        return [ended_grant_record(grant, GrantEnd.BUSINESS, ended) for grant in grants]
