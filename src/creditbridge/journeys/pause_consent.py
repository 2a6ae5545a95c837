"""An enterprise's representative pauses a consent, or lets it go on.

    parties -> consents -> ledger -> notices

1. The person may still speak for the enterprise.
2. The consent is paused: no use from here on, exactly; or it is active again.
3. The ledger holds it as the next link of the consent's chain.
4. Everybody who speaks for the enterprise is told.
5. Every node is told of a pause: what it is asking a platform under the consent ends at once.

A pause stops what a withdrawal stops: new looks, answers under way, answers that were kept. It
ends nothing: grants and tokens stay, and are worth nothing meanwhile (their refresh is refused, and
so is every look), so that one press brings all of it back. Nothing has to be proven silent, and so
a pause has no second record. Whoever wants that withdraws.
"""

from typing import Protocol

import msgspec

from creditbridge.consents.acts import Pause
from creditbridge.consents.model import Consent
from creditbridge.foundation.database import Database, Transaction
from creditbridge.journeys.records.consents import turn_record
from creditbridge.journeys.records.news import consent_news
from creditbridge.journeys.require_voice import require_voice
from creditbridge.journeys.under_way import tell_nodes
from creditbridge.ledger.model import EventKind
from creditbridge.ledger.port import Recorder
from creditbridge.notices.model import NoticeKind
from creditbridge.notices.port import Herald


class Moves(Protocol):
    """What this journey needs of the consents."""

    async def pause(self, tx: Transaction, act: Pause) -> Consent:
        """Pause the consent."""
        ...

    async def resume(self, tx: Transaction, act: Pause) -> Consent:
        """Make it active again."""
        ...


class PauseConsent(msgspec.Struct, frozen=True, kw_only=True):
    """The journey, with the rooms it walks through."""

    database: Database
    moves: Moves
    ledger: Recorder
    notices: Herald

    async def pause(self, act: Pause) -> Consent:
        """Walk the steps above with a pause.

        Raises:
            Refused: the person may not speak, or the consent is not active.
        """
        async with self.database.transaction() as tx:
            person = await require_voice(tx, act.person_id, act.uscc)  # 1
            consent = await self.moves.pause(tx, act)  # 2
            record = turn_record(EventKind.CONSENT_PAUSED, consent, person)
            await self.ledger.record(tx, record)  # 3
            await self.notices.tell(tx, consent_news(NoticeKind.CONSENT_PAUSED, consent))  # 4
            await tell_nodes(tx, consent.consent_id)  # 5
        return consent

    async def resume(self, act: Pause) -> Consent:
        """Walk the steps above with the end of a pause.

        Raises:
            Refused: the person may not speak, or the consent is not paused.
        """
        async with self.database.transaction() as tx:
            person = await require_voice(tx, act.person_id, act.uscc)  # 1
            consent = await self.moves.resume(tx, act)  # 2
            record = turn_record(EventKind.CONSENT_RESUMED, consent, person)
            await self.ledger.record(tx, record)  # 3
            await self.notices.tell(tx, consent_news(NoticeKind.CONSENT_RESUMED, consent))  # 4
        return consent
