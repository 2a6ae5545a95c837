"""Every other place of the portal, in both languages, on a telephone and at a desk."""

import secrets
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.async_api import Browser
from tests.browser.person import Screen, seat
from tests.browser.test_person import lodge, take_look
from tests.house.house import PEOPLE, House
from tests.web.conftest import make_statement

from creditbridge.evidence.statements import encode_statement
from creditbridge.foundation.clock import SystemClock
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
    "about-me": "/portal/my-consents",
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


async def ask_person(house: House) -> str:
    """Let a bank ask the legal representative about themselves; return where they find it."""
    asked = {
        "enterprise": {"uscc": PEOPLE["found"], "name": "杭州澄砚智能装备（沙盒）有限公司"},
        "authorization_no": f"PERSON-{secrets.token_hex(8)}",
        "purposes": ["KEY_PERSON_REVIEW"],
        "sections": ["OWN", "PSN", "REG"],
        "valid_to": SystemClock().now() + timedelta(days=30),
    }
    async with house.machine() as bank:
        token = await bank.fetch_token("consents")
        lodged = await bank.post("/v1/person-consents", asked, token=token)
    assert lodged.status == 201, lodged.answer.body
    return f"{PLACES['about-me']}/{lodged.text('person_consent_id')}"


async def test_every_place_holds(
    browser: Browser, house: House, screenshots: Path, language: str, screen: Screen
) -> None:
    """With something in it, reached as a person reaches it; the place says that one is in it."""
    given = await house.give_consent("found")
    await take_look(house, given.consent_id)
    await lodge(house)
    await keep_month(house)
    asked = await ask_person(house)
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
        await person.open(asked)
        faults += await person.look(screenshots, "person-request")
        await person.page.click("#person-approve")
        await person.open(asked)
        faults += await person.look(screenshots, "person-consent")
        await person.page.click("#person-withdraw")
        await person.open(asked)
        faults += await person.look(screenshots, "person-withdrawn")

    assert faults == []
    # All but the contact, which stands in the foot of every page.
    assert marked == len(PLACES) - 1
