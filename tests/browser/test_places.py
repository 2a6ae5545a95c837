"""Every other place of the portal, in both languages, on a telephone and at a desk."""

from pathlib import Path

import pytest
from playwright.async_api import Browser
from tests.browser.person import Screen, seat
from tests.browser.test_person import lodge, take_look
from tests.house.house import PEOPLE, House
from tests.web.conftest import make_statement

from creditbridge.evidence.statements import encode_statement
from creditbridge.foundation.database import open_database
from creditbridge.ledger.service import StatementRow, keep_statement

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
MONTH = "2026-11"
PLACES = {
    "inbox": "/portal/inbox",
    "inbox-settings": "/portal/inbox/settings",
    "people": "/portal/people",
    "passkeys-empty": "/portal/passkeys",
    "disputes": "/portal/disputes",
    "statements": "/portal/statements",
    "statement": f"/portal/statements/{MONTH}",
    "contact": "/portal/contact",
}


async def keep_month(house: House) -> None:
    """Keep a statement, for no month ends while a test waits; once for all who ask."""
    statement = make_statement("杭州澄砚智能装备（沙盒）有限公司")
    database = await open_database(house.database.url, connections_max=1)
    async with database.transaction() as tx:
        row = StatementRow(
            statement_id=statement.statement_id,
            uscc=PEOPLE["found"],
            month=MONTH,
            last=statement.last,
            document=encode_statement(statement),
            issued_at=tx.now,
        )
        await keep_statement(tx, row)
    await database.close()


async def test_every_place_holds(
    browser: Browser, house: House, screenshots: Path, language: str, screen: Screen
) -> None:
    """With something in it, reached as a person reaches it; the place says that one is in it."""
    given = await house.give_consent("found")
    await take_look(house, given.consent_id)
    await lodge(house)
    await keep_month(house)
    async with seat(browser, house, language=language, screen=screen) as agent:
        await agent.sign_in("found-agent")
    async with seat(browser, house, language=language, screen=screen) as person:
        await person.sign_in("found")
        faults, marked = list[str](), 0
        for name, path in PLACES.items():
            await person.open(path)
            faults += await person.look(screenshots, name)
            marked += await person.page.locator(".places [aria-current=page]").count()
        await person.open(PLACES["people"])
        await person.page.click('a[href$="/appointment"]')
        faults += await person.look(screenshots, "appointment")

    assert faults == []
    # All but the contact, which stands in the foot of every page.
    assert marked == len(PLACES) - 1
