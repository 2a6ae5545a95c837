"""A passkey in a real browser: made, used for a yes, and what the page says where it is refused."""

from pathlib import Path

import pytest
from playwright.async_api import Browser, CDPSession
from tests.browser.person import Person, Screen, seat
from tests.browser.test_person import lodge
from tests.house.house import House

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
# Each run has its own person: who has a passkey already must confirm with it first.
PEOPLE = {
    ("zh-CN", 390): "listed",
    ("zh-CN", 1280): "dissolved",
    ("en", 390): "repaired",
    ("en", 1280): "replayed",
}


class Device:
    """An authenticator that Chromium takes for the telephone's own, with its owner's finger."""

    def __init__(self, session: CDPSession, authenticator_id: str) -> None:
        self._session = session
        self._authenticator_id = authenticator_id

    async def set_finger(self, *, is_right: bool) -> None:
        """Let the next fingers be the owner's, or another's."""
        await self._session.send(
            "WebAuthn.setUserVerified",
            {"authenticatorId": self._authenticator_id, "isUserVerified": is_right},
        )


async def add_device(person: Person) -> Device:
    """Give the person's browser an authenticator (WebAuthn, section 11.2)."""
    session = await person.page.context.new_cdp_session(person.page)
    await session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    added = await session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return Device(session, added["authenticatorId"])


async def try_in_vain(person: Person, device: Device) -> None:
    """Press with another's finger; the page says so, and the button can be pressed again."""
    await device.set_finger(is_right=False)
    await person.page.click("#passkey-go")
    await person.page.wait_for_selector("#passkey-cancelled", state="visible")
    assert await person.page.is_enabled("#passkey-go")
    await device.set_finger(is_right=True)


async def test_a_passkey_is_made_and_signs_a_yes(
    browser: Browser, house: House, screenshots: Path, language: str, screen: Screen
) -> None:
    """Refused by the device first, each time: a sentence, nothing decided, and then done."""
    login_name = PEOPLE[language, screen.width]
    consent_id = await lodge(house, login_name)
    with_script = Screen(width=screen.width, height=screen.height, scripts=True)
    async with seat(browser, house, language=language, screen=with_script) as person:
        page = person.page
        device = await add_device(person)
        await person.sign_in(login_name)
        await person.open("/portal/passkeys")
        faults = await person.look(screenshots, "passkeys-none")
        await page.click("#passkey-add")
        faults += await person.look(screenshots, "passkey-new")
        await try_in_vain(person, device)
        faults += await person.look(screenshots, "passkey-cancelled")
        await page.click("#passkey-go")
        await page.wait_for_selector("#notice")
        faults += await person.look(screenshots, "passkeys")
        await person.open(f"/portal/consents/{consent_id}")
        await page.click("#consent-approve")
        await page.wait_for_selector("#passkey-go:enabled")
        faults += await person.look(screenshots, "signing")
        await try_in_vain(person, device)
        faults += await person.look(screenshots, "signing-cancelled")
        await page.click("#passkey-go")
        await page.wait_for_selector("#notice")
        await person.open(f"/portal/consents/{consent_id}")
        given = await page.locator(".heading-row .state-ACTIVE").count()

    assert faults == []
    assert given == 1


async def test_without_a_script_the_page_says_what_is_missing(
    browser: Browser, house: House, screenshots: Path, language: str, screen: Screen
) -> None:
    """And its button cannot be pressed in vain."""
    async with seat(browser, house, language=language, screen=screen) as person:
        await person.sign_in("clean")
        await person.open("/portal/passkeys/new")
        faults = await person.look(screenshots, "passkey-no-script")
        is_said = await person.page.is_visible("noscript .says")
        is_enabled = await person.page.is_enabled("#passkey-go")

    assert faults == []
    assert (is_said, is_enabled) == (True, False)
