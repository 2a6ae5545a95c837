"""Looks are told to those who want to know, once each, in the log's order."""

import asyncio
from collections.abc import Callable
from typing import Protocol

from creditbridge.consents.model import Consent
from creditbridge.consents.service import Consents
from creditbridge.foundation.database import Database
from creditbridge.journeys.deliver_report import DeliverReport, ReportRequest
from creditbridge.journeys.tell_looks import TellLooks
from creditbridge.ledger.sequencer import Sequencer
from creditbridge.notices.model import NoticeKind, Reader
from creditbridge.notices.service import Notices

USCC = "91330100YY0000A13Y"


class House(Protocol):
    """The house of `conftest`."""

    database: Database
    notices: Notices
    consents: Consents
    deliver: DeliverReport
    sequencer: Sequencer


def telling(house: House) -> TellLooks:
    """Return the journey of a node."""
    return TellLooks(database=house.database, consents=house.consents, notices=house.notices)


async def look(house: House, request: ReportRequest) -> None:
    """Deliver a report, and let its entries get their places in the log."""
    await house.deliver(request)
    await house.sequencer.run_once()


async def looks_of(house: House, person_id: str) -> list[str]:
    """Return the consents whose looks a person was told of."""
    async with house.database.transaction() as tx:
        notices = await house.notices.list_notices(tx, Reader(person_id=person_id, uscc=USCC))
    return [one.about for one in notices if one.kind is NoticeKind.REPORT_DELIVERED]


async def test_each_look_is_told_once_to_who_wants_to_know(
    house: House, consent: Consent, person_id: str, ask: Callable[..., ReportRequest]
) -> None:
    """Not to others of the enterprise, and not twice, whichever nodes look at one time."""
    async with house.database.transaction() as tx:
        reader = Reader(person_id=person_id, uscc=USCC)
        await house.notices.choose(tx, reader, wants_looks=True, language="en")
    await look(house, ask(consent, key="one"))
    await look(house, ask(consent, key="two"))

    async with asyncio.TaskGroup() as group:
        for _ in range(3):
            group.create_task(telling(house)())
    await telling(house)()

    assert await looks_of(house, person_id) == [consent.consent_id] * 2
    assert await looks_of(house, "prs_another") == []


async def test_who_did_not_want_to_know_learns_nothing_of_the_past(
    house: House, consent: Consent, person_id: str, ask: Callable[..., ReportRequest]
) -> None:
    """Only looks after the wish are told."""
    await look(house, ask(consent, key="one"))
    assert await telling(house)() == 0
    async with house.database.transaction() as tx:
        reader = Reader(person_id=person_id, uscc=USCC)
        await house.notices.choose(tx, reader, wants_looks=True, language="en")

    await look(house, ask(consent, key="two"))

    assert await telling(house)() == 1
