"""An enterprise's representative takes a consent back.

    parties -> consents -> access -> ledger -> notices

1. The person may still speak for the enterprise.
2. The consent ends: no use from here on, exactly.
3. Every grant that rests on it ends with it: codes, refresh tokens and access tokens are gone.
4. The ledger holds the withdrawal as the next link of the consent's chain, and the grants' ends.
5. The house keeps in mind that reports may be under way, until `silence_consents` finds none.
6. Everybody who speaks for the enterprise is told.
7. Every node is told: what it is asking a platform under the consent ends at once.

Those reports find the end before they deliver: `deliver_report` holds the consent's row while it
records a delivery, so that a delivery is either durable before the withdrawal, or never made.
"""

from typing import Protocol

import msgspec

from creditbridge.access.granted.model import Grant
from creditbridge.consents.acts import Withdrawal
from creditbridge.consents.model import Consent
from creditbridge.foundation.database import Database, Transaction
from creditbridge.journeys.records.consents import end_record
from creditbridge.journeys.records.grants import GrantEnd, ended_grant_record
from creditbridge.journeys.records.news import consent_news
from creditbridge.journeys.require_voice import require_voice
from creditbridge.journeys.under_way import tell_nodes
from creditbridge.ledger.model import EventKind, Recorded
from creditbridge.ledger.port import Recorder
from creditbridge.notices.model import NoticeKind
from creditbridge.notices.port import Herald


class Consents(Protocol):
    """What this journey needs of the consents."""

    async def withdraw(self, tx: Transaction, withdrawal: Withdrawal) -> Consent:
        """End the consent."""
        ...


class Access(Protocol):
    """What this journey needs of the authorization server."""

    async def revoke_grants(self, tx: Transaction, consent_id: str) -> list[Grant]:
        """End every grant that names the consent, with all that was given under it."""
        ...


class Ledger(Recorder, Protocol):
    """What this journey needs of the ledger."""

    async def await_silence(self, tx: Transaction, consent_id: str, withdrawn: Recorded) -> None:
        """Keep in mind that the consent is not silent yet."""
        ...


class WithdrawConsent(msgspec.Struct, frozen=True, kw_only=True):
    """The journey, with the rooms it walks through."""

    database: Database
    consents: Consents
    access: Access
    ledger: Ledger
    notices: Herald

    async def __call__(self, withdrawal: Withdrawal) -> Consent:
        """Walk the steps above, in order.

        Raises:
            Refused: the person may not speak, or the consent has ended already.
        """
        async with self.database.transaction() as tx:
            person = await require_voice(tx, withdrawal.person_id, withdrawal.uscc)  # 1
            consent = await self.consents.withdraw(tx, withdrawal)  # 2
            grants = await self.access.revoke_grants(tx, consent.consent_id)  # 3
            record = end_record(EventKind.CONSENT_WITHDRAWN, consent, person)
            recorded = await self.ledger.record(tx, record)  # 4
            for grant in grants:
                record = ended_grant_record(grant, GrantEnd.CONSENT, consent, person)
                await self.ledger.record(tx, record)  # 4
            await self.ledger.await_silence(tx, consent.consent_id, recorded)  # 5
            await self.notices.tell(  # 6
                tx, consent_news(NoticeKind.CONSENT_WITHDRAWN, consent)
            )
            await tell_nodes(tx, consent.consent_id)  # 7
        return consent
