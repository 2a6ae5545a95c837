"""Mail: decided once, delivered at least once under one Message-ID, and to nobody who is gone."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Protocol

import pytest
from tests.letterbox import Letterbox

from creditbridge.consents.model import Consent
from creditbridge.endpoints.letters import Letters
from creditbridge.foundation.database import Database
from creditbridge.foundation.errors import CreditbridgeError
from creditbridge.foundation.mail import MailRefused, MailUnavailable, MailUnfit
from creditbridge.journeys.send_notices import SendNotices
from creditbridge.notices.model import MailState, Reader
from creditbridge.notices.service import Notices

USCC = "91330100YY0000A13Y"
FOOTER = (
    "This mail was sent by a machine; do not answer it. "
    "We never ask for passwords or codes in a mail."
)
STATES = "SELECT state FROM notice_mails WHERE notice_id IS NOT NULL"


class House(Protocol):
    """The house of `conftest`."""

    database: Database
    notices: Notices


def sending(house: House, mailer: Letterbox) -> SendNotices:
    """Return the journey of a node."""
    return SendNotices(
        database=house.database,
        notices=house.notices,
        mailer=mailer,
        write=Letters(people_url="https://portal.example").write,
    )


@pytest.fixture
def reader(person_id: str) -> Reader:
    """The enterprise's representative."""
    return Reader(person_id=person_id, uscc=USCC)


@pytest.fixture
async def box(house: House, reader: Reader) -> Letterbox:
    """The relay, after the representative has confirmed an address."""
    async with house.database.transaction() as tx:
        await house.notices.ask_address(tx, reader, typed="lin@example.com", language="en")
        mail = await house.notices.take_mail(tx)
        assert mail is not None
        await house.notices.confirm_address(tx, reader, typed=mail.code or "")
        await house.notices.end_mail(tx, mail, MailState.SENT)
    return Letterbox()


async def state_of(house: House) -> str | None:
    """Return how the one mail stands."""
    async with house.database.transaction() as tx:
        return await tx.fetch_value(str, STATES)


async def wait(house: House, time: timedelta) -> None:
    """Let time pass."""
    async with house.database.transaction() as tx:
        now = tx.now
    await house.database.raise_floor(now + time)


async def test_a_request_is_mailed_with_no_more_than_is_needed(
    house: House, box: Letterbox, lodge: Callable[..., Awaitable[Consent]]
) -> None:
    """Which bank, for what, and where to look: no enterprise, no section, no id, no term."""
    consent = await lodge()

    assert await sending(house, box)() == 1

    [mail] = box.mails
    assert mail.to == "lin@example.com"
    assert mail.subject == f"{consent.bank_name} asks for a consent: Review before a loan"
    assert mail.text.splitlines() == [
        "Hello,",
        "",
        mail.subject,
        "",
        "Please sign in to see more: https://portal.example/portal/inbox",
        "",
        FOOTER,
    ]
    assert await state_of(house) == "SENT"


async def test_two_nodes_that_race_send_one_mail(
    house: House, box: Letterbox, lodge: Callable[..., Awaitable[Consent]]
) -> None:
    """Whoever takes it has its try."""
    await lodge()

    async with asyncio.TaskGroup() as group:
        for _ in range(4):
            group.create_task(sending(house, box)())

    assert len(box.mails) == 1


@pytest.mark.parametrize(("taken", "copies"), [(False, 1), (True, 2)])
async def test_a_mail_that_failed_and_one_whose_reply_was_lost_come_again(
    house: House,
    box: Letterbox,
    lodge: Callable[..., Awaitable[Consent]],
    *,
    taken: bool,
    copies: int,
) -> None:
    """Not done, or done and not told: after the wait it goes out, under the same Message-ID."""
    await lodge()
    box.failure, box.takes = MailUnavailable(), taken
    assert await sending(house, box)() == 0
    box.failure, box.takes = None, True
    assert await sending(house, box)() == 0
    await wait(house, timedelta(minutes=1))

    assert await sending(house, box)() == 1
    assert len(box.mails) == copies
    assert len({mail.mail_id for mail in box.mails}) == 1
    assert await state_of(house) == "SENT"


async def test_a_mail_is_parked_after_its_last_try(
    house: House, box: Letterbox, lodge: Callable[..., Awaitable[Consent]]
) -> None:
    """Eight times, and then no more."""
    await lodge()
    box.failure = MailUnavailable()
    for _ in range(10):
        await sending(house, box)()
        await wait(house, timedelta(hours=6))

    assert len(box.mails) == 8
    assert await state_of(house) == "PARKED"


@pytest.mark.parametrize("failure", [MailRefused(detail="x"), MailUnfit()])
async def test_what_will_never_be_taken_is_parked_at_once(
    house: House,
    box: Letterbox,
    lodge: Callable[..., Awaitable[Consent]],
    failure: CreditbridgeError,
) -> None:
    """Nobody repeats what the relay refused for good."""
    await lodge()
    box.failure = failure
    await sending(house, box)()
    await wait(house, timedelta(hours=6))
    box.failure = None

    assert await sending(house, box)() == 0
    assert await state_of(house) == "PARKED"


async def test_who_speaks_no_longer_is_told_nothing(
    house: House, box: Letterbox, lodge: Callable[..., Awaitable[Consent]], person_id: str
) -> None:
    """A mail that was on its way when the authority ended is dropped."""
    await lodge()
    async with house.database.transaction() as tx:
        await tx.execute(
            "UPDATE parties_representatives SET ended_at = $2 WHERE person_id = $1",
            person_id,
            tx.now,
        )

    assert await sending(house, box)() == 0
    assert (box.mails, await state_of(house)) == ([], "DROPPED")
