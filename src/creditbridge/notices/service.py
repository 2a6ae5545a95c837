"""The notices, for everybody above: every call takes the caller's transaction."""

import secrets
from datetime import timedelta

from msgspec.structs import replace

from creditbridge.foundation.database import DatabaseUnavailable, Transaction
from creditbridge.foundation.ids import Kind, is_id, new_id
from creditbridge.notices import store
from creditbridge.notices.model import (
    AskedAddress,
    CodesTooMany,
    CodeWrong,
    Contact,
    DueMail,
    MailState,
    News,
    Notice,
    NoticeKind,
    Reader,
)
from creditbridge.notices.rules import (
    CODE_DIGITS,
    CODE_LIFE,
    CODES_WINDOW,
    PAGE_ROWS_MAX,
    TRIES_MAX,
    is_spent,
    may_ask_code,
    parse_address,
    require_code,
    wait_after,
)
from creditbridge.notices.sealing import AddressSealer
from creditbridge.notices.store import PersonRow

LANGUAGE = "zh-CN"  # Of whoever said none.
WANTING_MAX = 10_000
MAILS_KEPT = timedelta(days=30)
NOTICES_KEPT = timedelta(days=400)
_WAITS = [wait_after(tries) for tries in range(1, TRIES_MAX + 1)]


class Notices:
    """The notices, with addresses sealed by the house's secret."""

    def __init__(self, sealer: AddressSealer) -> None:
        self._sealer = sealer

    async def tell(self, tx: Transaction, news: News) -> bool:
        """Put a notice into the inbox, and its mails on their way, as `port.Herald` says."""
        return await store.tell(tx, new_id(Kind.NOTICE, now=tx.now), news)

    async def part(self, tx: Transaction, reader: Reader, news: News) -> None:
        """Tell a person the last thing of an enterprise; their address goes with that letter."""
        await store.part(tx, new_id(Kind.NOTICE, now=tx.now), reader, news.kind)

    async def list_notices(
        self, tx: Transaction, reader: Reader, *, before: str | None = None
    ) -> list[Notice]:
        """Return a page of a person's inbox, newest first."""
        older = before if before is not None and is_id(Kind.NOTICE, before) else None
        return await store.list_notices(tx, reader, before=older)

    async def count_unread(self, tx: Transaction, reader: Reader) -> int:
        """Return how many notices a person has not read, counted up to 100."""
        return await store.count_unread(tx, reader)

    async def mark_read(self, tx: Transaction, reader: Reader, notice_ids: list[str]) -> int:
        """Mark what a person was shown as read; what is not theirs is passed over."""
        known = [one for one in notice_ids[:PAGE_ROWS_MAX] if is_id(Kind.NOTICE, one)]
        return await store.mark_read(tx, reader, known)

    async def find_contact(self, tx: Transaction, reader: Reader) -> Contact | None:
        """Return how a person wants to be told; None where they never said."""
        row = await store.find_person(tx, reader)
        if row is None:
            return None
        asked = self._asked_of(reader, row)
        is_open = asked is not None and row.asked_until is not None and tx.now < row.asked_until
        return Contact(
            language=row.language,
            wants_looks=row.wants_looks,
            address=self._address_of(reader, row),
            asked=asked.address if is_open and asked is not None else None,
        )

    async def choose(
        self, tx: Transaction, reader: Reader, *, wants_looks: bool, language: str
    ) -> None:
        """Keep whether a person is told of each look, and in which language they get mail."""
        row = await self._lock(tx, reader, language)
        await store.keep_person(tx, replace(row, wants_looks=wants_looks, language=language))

    async def ask_address(
        self, tx: Transaction, reader: Reader, *, typed: str, language: str
    ) -> None:
        """Send a one-time code to an address; it counts only once the code came back.

        Raises:
            AddressMalformed: no address.
            CodesTooMany: five codes within the hour.
        """
        address = parse_address(typed)
        row = await self._lock(tx, reader, language)
        if not may_ask_code(codes=row.codes, since=row.codes_since, now=tx.now):
            raise CodesTooMany
        begins = row.codes_since is None or tx.now - row.codes_since >= CODES_WINDOW
        code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"
        asked = replace(
            row,
            language=language,
            asked=self._sealer.seal(reader, AskedAddress(address=address, code=code)),
            asked_until=tx.now + CODE_LIFE,
            tries=0,
            codes=1 if begins else row.codes + 1,
            codes_since=tx.now if begins else row.codes_since,
        )
        await store.keep_person(tx, asked)
        await store.add_code_mail(tx, secrets.token_hex(20), reader)

    async def confirm_address(self, tx: Transaction, reader: Reader, *, typed: str) -> None:
        """Make an address count; everybody who speaks for the enterprise is told that it changed.

        The caller commits on `CodeWrong` too: each guess is counted.

        Raises:
            CodeWrong: another code, or none that is open.
        """
        row = await store.find_person(tx, reader)
        if row is None:
            raise CodeWrong
        # Locked only where there is one: a guess must not make a row.
        row = await self._lock(tx, reader, row.language)
        asked = self._asked_of(reader, row)
        try:
            address = require_code(asked, typed, until=row.asked_until, tries=row.tries, now=tx.now)
        except CodeWrong:
            await store.keep_person(tx, replace(row, tries=row.tries + 1))
            raise
        # Told first: a person whose first address this is needs no mail about it. Who has one gets
        # it where they had it until now: whoever changed it already reads at the new one.
        notice_id = new_id(Kind.NOTICE, now=tx.now)
        await store.tell(tx, notice_id, News(kind=NoticeKind.ADDRESS_CHANGED, uscc=reader.uscc))
        if row.address is not None:
            await store.send_to_former(tx, notice_id, reader.person_id, row.address)
        sealed = self._sealer.seal(reader, address)
        await store.keep_person(
            tx, replace(row, address=sealed, asked=None, asked_until=None, tries=0)
        )

    async def forget_person(self, tx: Transaction, reader: Reader) -> bool:
        """Erase a person's address and wishes; with the end of their authority too."""
        return await store.forget_person(tx, reader)

    async def list_wanting(self, tx: Transaction) -> list[Reader]:
        """Return who wants to be told of each look."""
        return await store.list_wanting(tx, rows_max=WANTING_MAX)

    async def take_reading(self, tx: Transaction) -> int | None:
        """Return up to which index the log was read; None while another node reads it."""
        return await store.take_reading(tx)

    async def keep_reading(self, tx: Transaction, looks_to: int) -> None:
        """Keep up to which index the log was read, in the commit that tells what was found."""
        await store.keep_reading(tx, looks_to)

    async def take_mail(self, tx: Transaction) -> DueMail | None:
        """Take one mail whose turn it is; None where none is. Each taking is a try.

        What nobody can get any more, an address that went or a code that ran out, is dropped here,
        and a mail that was tried often enough is parked.
        """
        while (row := await store.take_mail(tx, _WAITS)) is not None:
            mail = await self._write(tx, row)
            if mail is not None and row.tries <= TRIES_MAX:
                return mail
            state = MailState.DROPPED if mail is None else MailState.PARKED
            await store.end_mail(tx, row.mail_id, state)
        return None

    async def end_mail(
        self, tx: Transaction, mail: DueMail, state: MailState, *, failure: str | None = None
    ) -> None:
        """Keep how a mail ended; `failure` is the code of an error."""
        await store.end_mail(tx, mail.mail_id, state, failure=failure)

    def is_spent(self, mail: DueMail) -> bool:
        """Tell whether this was a mail's last try."""
        return is_spent(mail.tries)

    async def purge(self, tx: Transaction) -> int:
        """Delete what is old, up to 1,000 of each; return how many."""
        return await store.purge(
            tx, mails_before=tx.now - MAILS_KEPT, notices_before=tx.now - NOTICES_KEPT
        )

    async def _write(self, tx: Transaction, row: store.MailRow) -> DueMail | None:
        reader = Reader(person_id=row.person_id, uscc=row.uscc)
        person = await store.find_person(tx, reader)
        if row.former is not None:
            return await self._write_to_former(tx, row, row.former, person)
        # Who parts gets the one letter that says so.
        if person is None or person.parting not in {None, row.notice_id}:
            return None
        mail = DueMail(
            mail_id=row.mail_id,
            reader=reader,
            language=person.language,
            tries=row.tries,
            to="",
            is_parting=person.parting is not None,
        )
        if row.notice_id is None:
            asked = self._asked_of(reader, person)
            # A code that ran out is of no use to anybody.
            if asked is None or person.asked_until is None or tx.now >= person.asked_until:
                return None
            return replace(mail, to=asked.address, code=asked.code)
        notice = await store.find_notice(tx, row.notice_id)
        address = self._address_of(reader, person)
        if notice is None or address is None:
            return None
        return replace(mail, to=address, notice=notice)

    async def _write_to_former(
        self, tx: Transaction, row: store.MailRow, former: bytes, person: PersonRow | None
    ) -> DueMail | None:
        # Also where the person's row is gone by now: nobody stops this mail by deleting all else.
        notice = await store.find_notice(tx, row.notice_id or "")
        if notice is None:
            return None
        reader = Reader(person_id=row.person_id, uscc=row.uscc)
        return DueMail(
            mail_id=row.mail_id,
            reader=reader,
            language=LANGUAGE if person is None else person.language,
            tries=row.tries,
            to=self._sealer.open(reader, former, str),
            notice=notice,
        )

    async def _lock(self, tx: Transaction, reader: Reader, language: str) -> PersonRow:
        row = await store.lock_person(tx, reader, language=language)
        if row is None:
            raise DatabaseUnavailable(detail="no row came back")
        await tx.renew_now()
        return row

    def _address_of(self, reader: Reader, row: PersonRow) -> str | None:
        return None if row.address is None else self._sealer.open(reader, row.address, str)

    def _asked_of(self, reader: Reader, row: PersonRow) -> AskedAddress | None:
        return None if row.asked is None else self._sealer.open(reader, row.asked, AskedAddress)
