"""A representative ends a passkey, as a device was lost or is not needed any more.

    parties -> login -> ledger -> notices

1. The person may speak for the enterprise in whose name they are signed in.
2. Their own passkey ends at once and for good; its public key stays, as what it signed must verify.
3. The ledger holds from which point on it signs nothing.
4. Everybody who speaks for the enterprise is told.
"""

import msgspec

from creditbridge.foundation.database import Database
from creditbridge.journeys.records.credentials import EndReason, end_record
from creditbridge.journeys.records.news import people_news
from creditbridge.journeys.require_voice import require_voice
from creditbridge.ledger.port import Recorder
from creditbridge.login.model import Session
from creditbridge.login.passkeys.model import Passkey
from creditbridge.login.passkeys.service import Passkeys
from creditbridge.notices.model import NoticeKind
from creditbridge.notices.port import Herald


class EndPasskey(msgspec.Struct, frozen=True, kw_only=True):
    """The journey, with the rooms it walks through."""

    database: Database
    passkeys: Passkeys
    ledger: Recorder
    notices: Herald

    async def __call__(self, session: Session, passkey_id: str) -> Passkey:
        """Walk the steps above, in order.

        Raises:
            VoiceMissing: the person may not speak for the enterprise any more.
            PasskeyUnknown: no live passkey of this person.
        """
        async with self.database.transaction() as tx:
            person = await require_voice(tx, session.person_id, session.uscc)  # 1
            passkey = await self.passkeys.end(  # 2
                tx, person_id=session.person_id, passkey_id=passkey_id
            )
            await self.ledger.record(tx, end_record(passkey, person, EndReason.PERSON))  # 3
            news = people_news(NoticeKind.CREDENTIAL_ENDED, session.uscc)
            await self.notices.tell(tx, news)  # 4
        return passkey
