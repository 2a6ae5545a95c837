"""The rows of notices, of those who read them, and of mails on their way."""

from datetime import datetime, timedelta

import msgspec

from creditbridge.foundation.database import Transaction
from creditbridge.notices.model import MailState, News, Notice, NoticeKind, Reader
from creditbridge.notices.rules import PAGE_ROWS_MAX

PURGE_ROWS_MAX = 1_000

# One statement: the notice where it is news, and a mail for everybody with a confirmed address.
# Of N who tell the same thing, one gets the row; the others wait for it and tell nothing.
TELL = """
    WITH told AS (
        INSERT INTO notices
            (notice_id, uscc, person_id, kind, once, about, bank_name, purposes, told_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        ON CONFLICT (uscc, kind, once) DO NOTHING RETURNING notice_id
    ), mailed AS (
        INSERT INTO notice_mails (mail_id, notice_id, person_id, uscc, state, try_at)
        SELECT left(encode(sha256(convert_to(notice_id || person_id, 'UTF8')), 'hex'), 40),
            notice_id, person_id, uscc, 'WAITING', $9
        FROM told CROSS JOIN notice_people
        WHERE uscc = $2 AND address IS NOT NULL AND parting IS NULL
            AND ($3::text IS NULL OR person_id = $3)
    )
    SELECT notice_id FROM told
"""


async def tell(tx: Transaction, notice_id: str, news: News) -> bool:
    """Write a notice with its mails; False where it was told before."""
    told = await tx.fetch_value(
        str,
        TELL,
        notice_id,
        news.uscc,
        news.person_id,
        str(news.kind),
        news.once or notice_id,
        news.about,
        news.bank_name,
        sorted(news.purposes),
        tx.now,
    )
    return told is not None


SEND_TO_FORMER = "UPDATE notice_mails SET former = $3 WHERE notice_id = $1 AND person_id = $2"


async def send_to_former(tx: Transaction, notice_id: str, person_id: str, former: bytes) -> None:
    """Have a person's mail of a notice go to the address that they had until now, sealed."""
    await tx.execute(SEND_TO_FORMER, notice_id, person_id, former)


# What else was on its way to them is told to them no more.
DROP_MAILS = """
    UPDATE notice_mails SET state = 'DROPPED', ended_at = $3, former = NULL
    WHERE person_id = $1 AND uscc = $2 AND state = 'WAITING'
"""

# One statement: the last notice, its letter where there is an address, and the mark by which the
# address gets no other one and goes with it.
PART = """
    WITH told AS (
        INSERT INTO notices
            (notice_id, uscc, person_id, kind, once, about, bank_name, purposes, told_at)
        VALUES ($1, $2, $3, $4, $1, '', NULL, '{}', $5)
        RETURNING notice_id
    ), leaving AS (
        UPDATE notice_people
        SET parting = $1, wants_looks = false, asked = NULL, asked_until = NULL
        WHERE person_id = $3 AND uscc = $2 AND address IS NOT NULL
        RETURNING person_id, uscc
    ), mailed AS (
        INSERT INTO notice_mails (mail_id, notice_id, person_id, uscc, state, try_at)
        SELECT left(encode(sha256(convert_to(notice_id || person_id, 'UTF8')), 'hex'), 40),
            notice_id, person_id, uscc, 'WAITING', $5
        FROM told CROSS JOIN leaving
    )
    DELETE FROM notice_people WHERE person_id = $3 AND uscc = $2 AND address IS NULL
"""


async def part(tx: Transaction, notice_id: str, reader: Reader, kind: NoticeKind) -> None:
    """Write the last notice that a person gets for an enterprise."""
    await tx.execute(DROP_MAILS, reader.person_id, reader.uscc, tx.now)
    await tx.execute(PART, notice_id, reader.uscc, reader.person_id, str(kind), tx.now)


LIST_NOTICES = """
    SELECT n.notice_id, kind, about, bank_name, purposes, told_at,
        r.person_id IS NOT NULL AS is_read
    FROM notices AS n
        LEFT JOIN notice_reads AS r ON r.notice_id = n.notice_id AND r.person_id = $2
    WHERE uscc = $1 AND (n.person_id IS NULL OR n.person_id = $2)
        AND ($3::text IS NULL OR n.notice_id < $3)
    ORDER BY n.notice_id DESC LIMIT $4
"""


async def list_notices(tx: Transaction, reader: Reader, *, before: str | None) -> list[Notice]:
    """Return a page of what a person may read, newest first, older than the id `before`."""
    return await tx.fetch_rows(
        Notice, LIST_NOTICES, reader.uscc, reader.person_id, before, PAGE_ROWS_MAX
    )


COUNT_UNREAD = """
    SELECT count(*) FROM (
        SELECT FROM notices AS n
        WHERE uscc = $1 AND (n.person_id IS NULL OR n.person_id = $2) AND NOT EXISTS (
            SELECT FROM notice_reads AS r
            WHERE r.notice_id = n.notice_id AND r.person_id = $2)
        LIMIT $3) AS unread
"""


async def count_unread(tx: Transaction, reader: Reader) -> int:
    """Return how many notices a person has not read, at most a page of them."""
    counted = await tx.fetch_value(int, COUNT_UNREAD, reader.uscc, reader.person_id, PAGE_ROWS_MAX)
    return counted or 0


# Only what the person was shown, by its ids: a notice that commits late may have an id that is
# older than the newest one on the page.
MARK_READ = """
    INSERT INTO notice_reads
    SELECT notice_id, $2 FROM notices
    WHERE uscc = $1 AND (person_id IS NULL OR person_id = $2) AND notice_id = ANY($3::text[])
    ON CONFLICT DO NOTHING
"""


async def mark_read(tx: Transaction, reader: Reader, notice_ids: list[str]) -> int:
    """Mark notices as read by a person; return how many were not before."""
    return await tx.execute(MARK_READ, reader.uscc, reader.person_id, notice_ids)


class PersonRow(msgspec.Struct, frozen=True, kw_only=True):
    """How a person is told, with what is sealed still sealed."""

    person_id: str
    uscc: str
    language: str
    wants_looks: bool
    address: bytes | None
    asked: bytes | None
    asked_until: datetime | None
    tries: int
    codes: int
    codes_since: datetime | None
    parting: str | None = None  # The notice after whose letter nothing more goes to the address.


LOCK_PERSON = """
    INSERT INTO notice_people (person_id, uscc, language) VALUES ($1, $2, $3)
    ON CONFLICT (person_id, uscc) DO UPDATE SET language = notice_people.language
    RETURNING person_id, uscc, language, wants_looks, address, asked, asked_until, tries, codes,
        codes_since, parting
"""


async def lock_person(tx: Transaction, reader: Reader, *, language: str) -> PersonRow | None:
    """Return a person's row, made where there is none, and hold off others who change it."""
    return await tx.fetch_row(PersonRow, LOCK_PERSON, reader.person_id, reader.uscc, language)


FIND_PERSON = """
    SELECT person_id, uscc, language, wants_looks, address, asked, asked_until, tries, codes,
        codes_since, parting
    FROM notice_people WHERE person_id = $1 AND uscc = $2
"""


async def find_person(tx: Transaction, reader: Reader) -> PersonRow | None:
    """Return a person's row."""
    return await tx.fetch_row(PersonRow, FIND_PERSON, reader.person_id, reader.uscc)


KEEP_PERSON = """
    UPDATE notice_people SET language = $3, wants_looks = $4, address = $5, asked = $6,
        asked_until = $7, tries = $8, codes = $9, codes_since = $10, parting = NULL
    WHERE person_id = $1 AND uscc = $2
"""


async def keep_person(tx: Transaction, row: PersonRow) -> None:
    """Write a row that was locked before."""
    await tx.execute(
        KEEP_PERSON,
        row.person_id,
        row.uscc,
        row.language,
        row.wants_looks,
        row.address,
        row.asked,
        row.asked_until,
        row.tries,
        row.codes,
        row.codes_since,
    )


FORGET_PERSON = "DELETE FROM notice_people WHERE person_id = $1 AND uscc = $2"


async def forget_person(tx: Transaction, reader: Reader) -> bool:
    """Delete a person's row, with the addresses in it."""
    return await tx.execute(FORGET_PERSON, reader.person_id, reader.uscc) == 1


LIST_WANTING = """
    SELECT person_id, uscc FROM notice_people WHERE wants_looks ORDER BY uscc, person_id LIMIT $1
"""


async def list_wanting(tx: Transaction, *, rows_max: int) -> list[Reader]:
    """Return who wants to be told of each look."""
    return await tx.fetch_rows(Reader, LIST_WANTING, rows_max)


TAKE_READING = "SELECT looks_to FROM notice_reading FOR UPDATE SKIP LOCKED"


async def take_reading(tx: Transaction) -> int | None:
    """Return up to where the log was read; None where another node reads it at this moment."""
    return await tx.fetch_value(int, TAKE_READING)


KEEP_READING = "UPDATE notice_reading SET looks_to = $1 WHERE looks_to < $1"


async def keep_reading(tx: Transaction, looks_to: int) -> None:
    """Keep up to where the log was read."""
    await tx.execute(KEEP_READING, looks_to)


ADD_CODE_MAIL = """
    INSERT INTO notice_mails (mail_id, person_id, uscc, state, try_at)
    VALUES ($1, $2, $3, 'WAITING', $4)
"""


async def add_code_mail(tx: Transaction, mail_id: str, reader: Reader) -> None:
    """Put the mail with a code on its way; the code itself stays sealed in the person's row."""
    await tx.execute(ADD_CODE_MAIL, mail_id, reader.person_id, reader.uscc, tx.now)


class MailRow(msgspec.Struct, frozen=True, kw_only=True):
    """A mail that was taken for one try; `tries` counts this one."""

    mail_id: str
    notice_id: str | None
    person_id: str
    uscc: str
    tries: int
    former: bytes | None = None  # Where it goes, whatever address the person has by now.


# Taking is counting: a node that dies over a mail has had its try, and the mail's next one comes
# after a wait. Of N nodes one gets the row; the others pass it by.
TAKE_MAIL = """
    UPDATE notice_mails SET tries = tries + 1, try_at = $1 + ($2::interval[])[
        least(tries + 1, cardinality($2::interval[]))]
    WHERE mail_id = (
        SELECT mail_id FROM notice_mails WHERE state = 'WAITING' AND try_at <= $1
        ORDER BY try_at LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING mail_id, notice_id, person_id, uscc, tries, former
"""


async def take_mail(tx: Transaction, waits: list[timedelta]) -> MailRow | None:
    """Take one mail whose turn it is; `waits` are those after its first try, its second …."""
    return await tx.fetch_row(MailRow, TAKE_MAIL, tx.now, waits)


FIND_NOTICE = """
    SELECT notice_id, kind, about, bank_name, purposes, told_at FROM notices WHERE notice_id = $1
"""


async def find_notice(tx: Transaction, notice_id: str) -> Notice | None:
    """Return a notice."""
    return await tx.fetch_row(Notice, FIND_NOTICE, notice_id)


# However the last letter ended, the address goes with it.
END_MAIL = """
    WITH ended AS (
        UPDATE notice_mails SET state = $2, ended_at = $3, failure = $4, former = NULL
        WHERE mail_id = $1 AND state = 'WAITING'
        RETURNING notice_id, person_id, uscc
    )
    DELETE FROM notice_people AS people USING ended
    WHERE people.person_id = ended.person_id AND people.uscc = ended.uscc
        AND people.parting = ended.notice_id
"""


async def end_mail(
    tx: Transaction, mail_id: str, state: MailState, *, failure: str | None = None
) -> None:
    """End a mail; `failure` is a code of ours."""
    await tx.execute(END_MAIL, mail_id, str(state), tx.now, failure)


PURGE_MAILS = """
    DELETE FROM notice_mails WHERE mail_id IN (
        SELECT mail_id FROM notice_mails WHERE state <> 'WAITING' AND ended_at <= $1
        ORDER BY ended_at LIMIT $2 FOR UPDATE SKIP LOCKED)
"""

PURGE_NOTICES = """
    DELETE FROM notices WHERE notice_id IN (
        SELECT notice_id FROM notices WHERE told_at <= $1
        ORDER BY told_at LIMIT $2 FOR UPDATE SKIP LOCKED)
"""

# What was asked for and never confirmed: somebody's address, perhaps not even this person's.
PURGE_ASKED = """
    UPDATE notice_people SET asked = NULL, asked_until = NULL WHERE asked_until <= $1
"""


async def purge(tx: Transaction, *, mails_before: datetime, notices_before: datetime) -> int:
    """Delete up to 1,000 old mails and as many old notices, and addresses never confirmed."""
    gone = await tx.execute(PURGE_MAILS, mails_before, PURGE_ROWS_MAX)
    gone += await tx.execute(PURGE_NOTICES, notices_before, PURGE_ROWS_MAX)
    return gone + await tx.execute(PURGE_ASKED, tx.now)
