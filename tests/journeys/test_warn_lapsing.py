"""A request that is about to lapse is told once, and in time."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Protocol

import pytest

from creditbridge.consents.model import Consent
from creditbridge.consents.service import Consents
from creditbridge.foundation.database import Database
from creditbridge.journeys.warn_lapsing import WarnLapsing
from creditbridge.notices.model import NoticeKind, Reader
from creditbridge.notices.service import Notices

USCC = "91330100YY0000A13Y"


class House(Protocol):
    """The house of `conftest`."""

    database: Database
    notices: Notices
    consents: Consents


def warning(house: House) -> WarnLapsing:
    """Return the journey of a node."""
    return WarnLapsing(database=house.database, consents=house.consents, notices=house.notices)


async def warned_of(house: House) -> list[str]:
    """Return the consents that the enterprise was warned of."""
    async with house.database.transaction() as tx:
        notices = await house.notices.list_notices(tx, Reader(person_id="prs_1", uscc=USCC))
    return [one.about for one in notices if one.kind is NoticeKind.CONSENT_LAPSING]


async def test_the_last_day_of_a_request_is_told_once(
    house: House, lodge: Callable[..., Awaitable[Consent]]
) -> None:
    """Not before, not twice, and not by two nodes."""
    consent = await lodge()
    assert consent.lapses_at is not None
    assert await warning(house)() == 0
    await house.database.raise_floor(consent.lapses_at - timedelta(hours=23))

    async with asyncio.TaskGroup() as group:
        for _ in range(3):
            group.create_task(warning(house)())
    await warning(house)()

    assert await warned_of(house) == [consent.consent_id]


async def test_what_lapsed_is_no_warning_any_more(
    house: House, lodge: Callable[..., Awaitable[Consent]]
) -> None:
    """Too late is too late."""
    consent = await lodge()
    assert consent.lapses_at is not None
    await house.database.raise_floor(consent.lapses_at)

    assert await warning(house)() == 0


async def test_every_page_is_read(
    house: House, lodge: Callable[..., Awaitable[Consent]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """More requests than a page holds are all told."""
    monkeypatch.setattr("creditbridge.consents.service.PAGE_ROWS_MAX", 1)
    consents = [await lodge() for _ in range(3)]
    last = consents[-1].lapses_at
    assert last is not None
    await house.database.raise_floor(last - timedelta(hours=23))

    assert await warning(house)() == 3
