"""An enterprise says of a letter on paper that it is not its own.

    parties -> consents -> access -> ledger -> notices

1. The person may still speak for the enterprise.
2. The consent ends, whether it was confirmed or not: no use from here on, exactly.
3. Every grant that rests on it ends with it.
4. The ledger holds the end and why as the next link of the consent's chain, and the grants' ends.
5. The house keeps in mind that reports may be under way, until `silence_consents` finds none.
6. Everybody who speaks for the enterprise is told.
7. Every node is told: what it is asking a platform under the consent ends at once.
8. The operators are alarmed: a letter may be forged (ZJ 35).

Where the consent had not begun, there is nothing to silence.
"""

from typing import Protocol

import msgspec

from creditbridge.consents.model import Consent, ConsentEvent
from creditbridge.consents.paper.model import Disowning
from creditbridge.foundation.database import Database, Transaction
from creditbridge.foundation.logging import get_logger
from creditbridge.journeys.records.grants import GrantEnd, ended_grant_record
from creditbridge.journeys.records.news import consent_news
from creditbridge.journeys.records.papers import disowned_record
from creditbridge.journeys.require_voice import require_voice
from creditbridge.journeys.under_way import tell_nodes
from creditbridge.journeys.withdraw_consent import Access, Ledger
from creditbridge.notices.model import NoticeKind
from creditbridge.notices.port import Herald

log = get_logger("letters")


class Letters(Protocol):
    """What this journey needs of the letters."""

    async def disown(self, tx: Transaction, disowning: Disowning) -> tuple[ConsentEvent, Consent]:
        """End the consent of a letter; return what happened to it, and the consent after it."""
        ...


class DisownDocument(msgspec.Struct, frozen=True, kw_only=True):
    """The journey, with the rooms it walks through."""

    database: Database
    letters: Letters
    access: Access
    ledger: Ledger
    notices: Herald

    async def __call__(self, disowning: Disowning) -> Consent:
        """Walk the steps above, in order.

        Raises:
            Refused: the person may not speak, no letter of this enterprise, or it has ended.
        """
        async with self.database.transaction() as tx:
            person = await require_voice(tx, disowning.person_id, disowning.uscc)  # 1
            event, consent = await self.letters.disown(tx, disowning)  # 2
            grants = await self.access.revoke_grants(tx, consent.consent_id)  # 3
            recorded = await self.ledger.record(tx, disowned_record(event, consent, person))  # 4
            for grant in grants:
                record = ended_grant_record(grant, GrantEnd.CONSENT, consent, person)
                await self.ledger.record(tx, record)  # 4
            if event is ConsentEvent.WITHDRAWN:
                await self.ledger.await_silence(tx, consent.consent_id, recorded)  # 5
            await self.notices.tell(  # 6
                tx, consent_news(NoticeKind.DOCUMENT_DISOWNED, consent)
            )
            await tell_nodes(tx, consent.consent_id)  # 7
        log.error("document.disowned", consent=consent.consent_id, bank=consent.bank_id)  # 8
        return consent
