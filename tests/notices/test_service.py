"""Notices: told once, read by each for themselves; addresses count once a code came back."""

import asyncio
from datetime import timedelta

import pytest

from creditbridge.foundation.database import Database
from creditbridge.notices.model import (
    AddressMalformed,
    CodesTooMany,
    CodeWrong,
    DueMail,
    MailState,
    News,
    NoticeKind,
    Reader,
)
from creditbridge.notices.sealing import AddressSealer
from creditbridge.notices.service import Notices
from creditbridge.profile.codes import Purpose

USCC = "91330100YY0000A13Y"
LIN = Reader(person_id="prs_lin", uscc=USCC)
ZHOU = Reader(person_id="prs_zhou", uscc=USCC)
ELSEWHERE = Reader(person_id="prs_lin", uscc="91330106589876549K")
NEWS = News(
    kind=NoticeKind.CONSENT_REQUESTED,
    uscc=USCC,
    about="cns_1",
    bank_name="北岸银行",
    purposes=frozenset({Purpose.PRE_LOAN_REVIEW}),
)


@pytest.fixture
def notices() -> Notices:
    """The room."""
    return Notices(AddressSealer(bytes(32)))


async def tell(database: Database, notices: Notices, news: News = NEWS) -> bool:
    """Tell in a transaction of its own."""
    async with database.transaction() as tx:
        return await notices.tell(tx, news)


async def take(database: Database, notices: Notices) -> DueMail | None:
    """Take a mail in a transaction of its own."""
    async with database.transaction() as tx:
        return await notices.take_mail(tx)


async def code_for(database: Database, notices: Notices, reader: Reader, address: str) -> str:
    """Ask for a code, and read it in the mail that carries it."""
    async with database.transaction() as tx:
        await notices.ask_address(tx, reader, typed=address, language="en")
    mail = await take(database, notices)
    assert mail is not None
    assert mail.to == address
    assert mail.code is not None
    async with database.transaction() as tx:
        await notices.end_mail(tx, mail, MailState.SENT)
    return mail.code


async def give_address(database: Database, notices: Notices, reader: Reader, address: str) -> None:
    """Ask for a code and send it back."""
    code = await code_for(database, notices, reader, address)
    async with database.transaction() as tx:
        await notices.confirm_address(tx, reader, typed=code)


async def later(database: Database, wait: timedelta) -> None:
    """Let time pass."""
    async with database.transaction() as tx:
        now = tx.now
    await database.raise_floor(now + wait)


async def test_a_notice_is_read_by_each_for_themselves(
    database: Database, notices: Notices
) -> None:
    """Whoever speaks for the enterprise sees it; only who read it has read it."""
    await tell(database, notices)

    async with database.transaction() as tx:
        [notice] = await notices.list_notices(tx, LIN)
        marked = await notices.mark_read(tx, LIN, [notice.notice_id, "no id", notice.notice_id])
        counts = [await notices.count_unread(tx, one) for one in (LIN, ZHOU, ELSEWHERE)]
        [read] = await notices.list_notices(tx, LIN)
        older = await notices.list_notices(tx, LIN, before=notice.notice_id)
    assert (notice.bank_name, notice.purposes, notice.is_read) == (
        "北岸银行",
        (Purpose.PRE_LOAN_REVIEW,),
        False,
    )
    assert (marked, counts, read.is_read, older) == (1, [0, 1, 0], True, [])


async def test_nobody_marks_what_is_not_theirs(database: Database, notices: Notices) -> None:
    """Another enterprise's notice, and one for another person, stay as they are."""
    await tell(database, notices, News(kind=NEWS.kind, uscc=USCC, person_id=ZHOU.person_id))

    async with database.transaction() as tx:
        [notice] = await notices.list_notices(tx, ZHOU)
        marked = [await notices.mark_read(tx, one, [notice.notice_id]) for one in (LIN, ELSEWHERE)]
        seen = await notices.list_notices(tx, LIN)
    assert (marked, seen) == ([0, 0], [])


async def test_of_many_who_tell_the_same_one_tells_it(database: Database, notices: Notices) -> None:
    """The same `once`, told on several nodes at a time, is one notice."""
    news = News(kind=NoticeKind.CONSENT_LAPSING, uscc=USCC, once="cns_1")

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(tell(database, notices, news)) for _ in range(6)]

    assert sorted(task.result() for task in tasks) == [False] * 5 + [True]


async def test_a_notice_goes_with_the_transaction_that_tells_it(
    database: Database, notices: Notices
) -> None:
    """What was undone was not told."""
    with pytest.raises(CodeWrong):
        async with database.transaction() as tx:
            await notices.tell(tx, NEWS)
            raise CodeWrong

    async with database.transaction() as tx:
        assert await notices.list_notices(tx, LIN) == []


async def test_an_address_counts_once_its_code_came_back(
    database: Database, notices: Notices
) -> None:
    """Before that nothing goes there; after it each notice does."""
    code = await code_for(database, notices, LIN, "lin@example.com")
    await tell(database, notices)
    assert await take(database, notices) is None

    async with database.transaction() as tx:
        asked = await notices.find_contact(tx, LIN)
        await notices.confirm_address(tx, LIN, typed=code)
        confirmed = await notices.find_contact(tx, LIN)
    await tell(database, notices)
    mail = await take(database, notices)

    assert asked is not None
    assert (asked.address, asked.asked) == (None, "lin@example.com")
    assert confirmed is not None
    assert (confirmed.address, confirmed.asked) == ("lin@example.com", None)
    assert mail is not None
    assert (mail.to, mail.language, mail.code) == ("lin@example.com", "en", None)
    assert mail.notice is not None
    assert mail.notice.about == "cns_1"


async def test_nothing_of_an_address_lies_in_the_clear(
    database: Database, notices: Notices
) -> None:
    """Neither the address nor its code, confirmed or not."""
    await give_address(database, notices, LIN, "lin@example.com")
    code = await code_for(database, notices, LIN, "other@example.com")

    async with database.transaction() as tx:
        lying = await tx.fetch_value(str, "SELECT string_agg(p::text, '') FROM notice_people AS p")
    assert lying is not None
    for secret in ("lin@", "other@", code):
        assert secret not in lying
        assert secret.encode().hex() not in lying


async def test_a_code_is_guessed_at_five_times(database: Database, notices: Notices) -> None:
    """The sixth try fails even where it is right: each guess is counted."""
    code = await code_for(database, notices, LIN, "lin@example.com")
    wrong = f"{(int(code) + 1) % 10**8:08}"

    for typed in [*([wrong] * 5), code]:
        with pytest.raises(CodeWrong):
            async with database.transaction(commit_on=CodeWrong) as tx:
                await notices.confirm_address(tx, LIN, typed=typed)


async def test_who_asked_for_no_code_confirms_nothing(database: Database, notices: Notices) -> None:
    """And leaves no row."""
    with pytest.raises(CodeWrong):
        async with database.transaction(commit_on=CodeWrong) as tx:
            await notices.confirm_address(tx, LIN, typed="01234567")

    async with database.transaction() as tx:
        assert await notices.find_contact(tx, LIN) is None


async def test_a_code_runs_out(database: Database, notices: Notices) -> None:
    """After half an hour it neither confirms nor travels."""
    async with database.transaction() as tx:
        await notices.ask_address(tx, LIN, typed="lin@example.com", language="en")
    await later(database, timedelta(minutes=31))

    assert await take(database, notices) is None
    async with database.transaction() as tx:
        contact = await notices.find_contact(tx, LIN)
        await notices.purge(tx)
    assert contact is not None
    assert contact.asked is None


async def test_nobody_floods_a_box_from_here(database: Database, notices: Notices) -> None:
    """Five codes an hour for one person, and no code for what is no address."""
    for number in range(5):
        await code_for(database, notices, LIN, f"box{number}@example.com")

    async with database.transaction() as tx:
        with pytest.raises(CodesTooMany):
            await notices.ask_address(tx, LIN, typed="box6@example.com", language="en")
        with pytest.raises(AddressMalformed):
            await notices.ask_address(tx, LIN, typed="box", language="en")
    await later(database, timedelta(hours=1))
    assert await code_for(database, notices, LIN, "box7@example.com")


async def test_a_mail_is_taken_by_one(database: Database, notices: Notices) -> None:
    """Of many who look at one time, on any nodes, one has it."""
    await give_address(database, notices, LIN, "lin@example.com")
    await tell(database, notices)

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(take(database, notices)) for _ in range(6)]

    assert len([task for task in tasks if task.result() is not None]) == 1


async def test_a_mail_that_nobody_ended_comes_again_after_a_wait(
    database: Database, notices: Notices
) -> None:
    """With the same id each time, and eight times at the most."""
    await give_address(database, notices, LIN, "lin@example.com")
    await tell(database, notices)

    ids, tries = set[str](), list[int]()
    for _ in range(8):
        mail = await take(database, notices)
        assert mail is not None
        assert await take(database, notices) is None
        ids.add(mail.mail_id)
        tries.append(mail.tries)
        await later(database, timedelta(hours=6))

    assert await take(database, notices) is None
    assert (len(ids), tries) == (1, list(range(1, 9)))


async def test_erasing_a_person_drops_their_mail(database: Database, notices: Notices) -> None:
    """The address is gone, and so is what was on its way to it."""
    await give_address(database, notices, LIN, "lin@example.com")
    await tell(database, notices)

    async with database.transaction() as tx:
        erased = await notices.forget_person(tx, LIN)

    assert erased
    assert await take(database, notices) is None
    async with database.transaction() as tx:
        assert await notices.find_contact(tx, LIN) is None


async def test_wishes_are_kept_without_an_address(database: Database, notices: Notices) -> None:
    """Who wants to be told of looks finds them in the inbox."""
    async with database.transaction() as tx:
        await notices.choose(tx, LIN, wants_looks=True, language="en")
        wanting = await notices.list_wanting(tx)
        contact = await notices.find_contact(tx, LIN)

    assert wanting == [LIN]
    assert contact is not None
    assert (contact.wants_looks, contact.address) == (True, None)


async def test_old_notices_and_mails_go(database: Database, notices: Notices) -> None:
    """Mails after a month, notices after some thirteen."""
    await give_address(database, notices, LIN, "lin@example.com")
    await tell(database, notices)
    await later(database, timedelta(days=401))

    async with database.transaction() as tx:
        await notices.purge(tx)
        assert await notices.list_notices(tx, LIN) == []
    assert await take(database, notices) is None


async def test_the_former_address_is_told_that_it_counts_no_more(
    database: Database, notices: Notices
) -> None:
    """And not the new one, where whoever changed it reads; a first address is told to nobody."""
    await give_address(database, notices, LIN, "lin@example.com")
    assert await take(database, notices) is None
    await give_address(database, notices, LIN, "thief@example.com")

    mail = await take(database, notices)

    assert mail is not None
    assert mail.notice is not None
    assert (mail.to, mail.notice.kind) == ("lin@example.com", NoticeKind.ADDRESS_CHANGED)
    assert await take(database, notices) is None
    async with database.transaction() as tx:
        await notices.end_mail(tx, mail, MailState.SENT)
        left = await tx.fetch_value(int, "SELECT count(former)::int FROM notice_mails")
    assert left == 0


async def test_nobody_stops_that_mail_by_deleting_the_new_address(
    database: Database, notices: Notices
) -> None:
    """It goes out all the same, in the house's own language."""
    await give_address(database, notices, LIN, "lin@example.com")
    await give_address(database, notices, LIN, "thief@example.com")
    async with database.transaction() as tx:
        await notices.forget_person(tx, LIN)

    mail = await take(database, notices)

    assert mail is not None
    assert (mail.to, mail.language) == ("lin@example.com", "zh-CN")


async def test_others_are_told_where_they_are(database: Database, notices: Notices) -> None:
    """Whoever else speaks for the enterprise gets the notice at their own address."""
    await give_address(database, notices, ZHOU, "zhou@example.com")
    await give_address(database, notices, LIN, "lin@example.com")

    mail = await take(database, notices)

    assert mail is not None
    assert mail.to == "zhou@example.com"
