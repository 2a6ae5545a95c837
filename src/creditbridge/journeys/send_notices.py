"""What enterprises are told goes out by mail.

    notices -> parties -> (letters) -> mail -> notices

1. One mail whose turn it is gets taken: that is its try, and its next one is put off.
2. It is for somebody who may still speak for the enterprise, or the letter that tells them that
   they do not.
3. The letter is written in that person's language: which bank, for what, and where to look.
4. It goes to the relay, outside of any transaction.
5. The end is kept: sent, or parked where it is refused for good or was tried often enough.

A relay that took a mail and whose answer was lost gets it again, under the same Message-ID.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

import msgspec

from creditbridge.foundation.database import Database, Transaction
from creditbridge.foundation.errors import CreditbridgeError, Unavailable
from creditbridge.foundation.logging import get_logger
from creditbridge.foundation.mail import Mail, Mailer
from creditbridge.notices.model import DueMail, MailState
from creditbridge.parties.service import find_representative

log = get_logger("notices")

TURN_MAILS_MAX = 20


class Notices(Protocol):
    """What this journey needs of the notices."""

    async def take_mail(self, tx: Transaction) -> DueMail | None:
        """Take one mail whose turn it is, for one try."""
        ...

    async def end_mail(
        self, tx: Transaction, mail: DueMail, state: MailState, *, failure: str | None = None
    ) -> None:
        """Keep how a mail ended."""
        ...

    def is_spent(self, mail: DueMail) -> bool:
        """Tell whether this was a mail's last try."""
        ...


class SendNotices(msgspec.Struct, frozen=True, kw_only=True):
    """The journey, with the rooms it walks through; `write` puts a mail into words."""

    database: Database
    notices: Notices
    mailer: Mailer
    write: Callable[[DueMail, datetime], Mail]

    async def __call__(self) -> int:
        """Walk the steps above until nothing is due; return how many mails were sent.

        Raises:
            DatabaseUnavailable: what is not ended is tried again.
        """
        sent = 0
        for _ in range(TURN_MAILS_MAX):
            taken = await self._take()
            if taken is None:
                break
            mail, now = taken
            sent += await self._send(mail, now)
        return sent

    async def _take(self) -> tuple[DueMail, datetime] | None:
        async with self.database.transaction() as tx:
            while (mail := await self.notices.take_mail(tx)) is not None:  # 1
                speaks = await find_representative(  # 2
                    tx, person_id=mail.reader.person_id, uscc=mail.reader.uscc
                )
                if speaks is not None or mail.is_parting:
                    return mail, tx.now
                # Who may not look any more is told nothing any more.
                await self.notices.end_mail(tx, mail, MailState.DROPPED)
        return None

    async def _send(self, mail: DueMail, now: datetime) -> bool:
        try:
            await self.mailer.send(self.write(mail, now))  # 3, 4
        except Unavailable as failure:
            if self.notices.is_spent(mail):
                await self._end(mail, MailState.PARKED, failure)  # 5
            return False
        except CreditbridgeError as failure:
            await self._end(mail, MailState.PARKED, failure)  # 5
            return False
        await self._end(mail, MailState.SENT)  # 5
        return True

    async def _end(
        self, mail: DueMail, state: MailState, failure: CreditbridgeError | None = None
    ) -> None:
        async with self.database.transaction() as tx:
            code = None if failure is None else failure.code
            await self.notices.end_mail(tx, mail, state, failure=code)
        if failure is not None:
            log.warning("mail.parked", mail=mail.mail_id, code=failure.code, detail=failure.detail)
