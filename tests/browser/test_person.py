"""A person's path through the portal, in both languages, on a telephone and at a desk."""

from datetime import timedelta
from pathlib import Path

import pytest
from playwright.async_api import Browser
from tests.browser.person import Person, Screen, seat
from tests.house.house import PEOPLE, House

from creditbridge.foundation.clock import SystemClock

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
SECTIONS = ["REG", "PEN", "LST", "EVA"]


async def lodge(
    house: House,
    login_name: str = "found",
    *,
    client_id: str = "north-lending",
    **members: object,
) -> str:
    """Let a bank ask an enterprise for a consent; return its id."""
    async with house.machine(client_id) as bank:
        token = await bank.fetch_token("consents")
        lodged = await bank.post("/v1/consents", house.consent(login_name, **members), token=token)
    assert lodged.status == 201, lodged.answer.body
    return lodged.text("consent_id")


async def take_look(house: House, consent_id: str) -> int:
    """Let the bank take a look; return the status that it got."""
    async with house.machine() as bank:
        token = await bank.fetch_token("reports")
        asked = await bank.ask(consent_id, PEOPLE["found"], token=token)
        return asked.status


async def slip_and_correct(person: Person, screenshots: Path) -> list[str]:
    """Tick nothing and ask too much, read what is wrong, put it right and approve less."""
    page = person.page
    for section in SECTIONS:
        await page.uncheck(f'[name="see_{section}"]')
    await page.fill("#looks", "99")
    await page.click("#consent-approve")
    faults = await person.look(screenshots, "slips")
    assert await page.get_by_role("alert").count() == 1
    assert await page.locator("#looks").input_value() == "99"
    for section in SECTIONS[:3]:
        await page.check(f'[name="see_{section}"]')
    await page.fill("#looks", "4")
    await page.select_option("#days", "90")
    await page.click("#consent-approve")
    await page.wait_for_selector("#notice")
    return faults


async def withdraw(person: Person, screenshots: Path) -> list[str]:
    """Read what a withdrawal does, and do it."""
    await person.page.click("#consent-withdraw")
    faults = await person.look(screenshots, "withdrawal")
    await person.page.click("#withdraw-confirm")
    await person.page.wait_for_selector("#notice")
    return faults


async def test_a_person_decides_follows_and_withdraws(
    browser: Browser, house: House, screenshots: Path, language: str, screen: Screen
) -> None:
    """Without a script: read, give less, see the look with its receipt, take it back."""
    until = SystemClock().now() + timedelta(days=180)
    consent_id = await lodge(
        house,
        sections=SECTIONS,
        max_queries=6,
        valid_to=until,
        per_day=2,
        business_ref="DK-2026-07",
    )
    await lodge(house, client_id="south-lending", max_queries=20)
    opens = f'a[href$="{consent_id}"]'
    async with seat(browser, house, language=language, screen=screen) as person:
        await person.open("/portal/sign-in")
        faults = await person.look(screenshots, "sign-in")
        await person.sign_in("found")
        faults += await person.look(screenshots, "list")
        await person.page.click(opens)
        faults += await person.look(screenshots, "request")
        faults += await slip_and_correct(person, screenshots)
        assert await take_look(house, consent_id) == 200
        await person.page.click(opens)
        await person.page.click("summary")
        faults += await person.look(screenshots, "consent")
        shown = [await person.page.locator(one).count() for one in (".look", ".sections > li")]
        faults += await withdraw(person, screenshots)
        await person.page.click(opens)
        faults += await person.look(screenshots, "withdrawn")
        left = await person.page.locator("#consent-withdraw").count()

    assert faults == []
    assert (shown, left) == ([1, 3], 0)
    assert await take_look(house, consent_id) == 403


async def test_a_pause_holds_a_bank_off_until_it_ends(
    browser: Browser, house: House, screenshots: Path, language: str, screen: Screen
) -> None:
    """One button each way, with a sentence that says what it does; the history tells of both."""
    given = await house.give_consent("found", max_queries=5)
    statuses = [await take_look(house, given.consent_id)]
    async with seat(browser, house, language=language, screen=screen) as person:
        page = person.page
        await person.sign_in("found")
        await person.open(f"/portal/consents/{given.consent_id}")
        noted = [await page.locator(".deeds form .hint").count()]
        await page.click("#consent-pause")
        await page.wait_for_selector("#consent-resume")
        faults = await person.look(screenshots, "paused")
        noted.append(await page.locator(".deeds form .hint").count())
        statuses.append(await take_look(house, given.consent_id))
        await page.click("#consent-resume")
        await page.wait_for_selector("#consent-pause")
        faults += await person.look(screenshots, "resumed")
        turns = [await page.locator(f".turn-{one}").count() for one in ("paused", "resumed")]
        statuses.append(await take_look(house, given.consent_id))
        await page.click("#consent-withdraw")
        faults += await person.look(screenshots, "withdrawal-used")

    assert faults == []
    assert (noted, turns) == ([1, 1], [1, 1])
    assert statuses == [200, 403, 200]


async def test_a_no_may_say_why(
    browser: Browser, house: House, screenshots: Path, language: str, screen: Screen
) -> None:
    """The reason stands folded away, and needs no script to be opened."""
    consent_id = await lodge(house)
    async with seat(browser, house, language=language, screen=screen) as person:
        await person.sign_in("found")
        await person.open(f"/portal/consents/{consent_id}")
        await person.page.click(".reason summary")
        await person.page.fill("#reason", "另找银行")
        await person.page.click("#consent-cancel")
        await person.page.wait_for_selector("#notice")
        await person.open(f"/portal/consents/{consent_id}")

        faults = await person.look(screenshots, "refused")

    assert faults == []


async def test_a_page_that_fails_says_what_to_do(
    browser: Browser, house: House, screenshots: Path, language: str, screen: Screen
) -> None:
    """A consent that is none of theirs: an explanation, and a way on."""
    async with seat(browser, house, language=language, screen=screen) as person:
        await person.sign_in("found")
        await person.open("/portal/consents/cns_01hzy6t9x7c3v5n8m2k4p6q8r0")

        faults = await person.look(screenshots, "error")
        code = await person.page.text_content("#error-code")

    assert faults == []
    assert code == "consent-unknown"


@pytest.mark.parametrize(
    "screen",
    [
        Screen(width=390, height=844, scheme="dark"),
        Screen(width=1280, height=900, scheme="dark"),
        Screen(width=320, height=640),
    ],
    ids=["390-dark", "1280-dark", "320"],
)
async def test_pages_hold_in_the_dark_and_on_the_smallest_screen(
    browser: Browser, house: House, screenshots: Path, language: str, screen: Screen
) -> None:
    """Contrast in the other scheme; at 320 px nothing needs to be scrolled sideways (1.4.10)."""
    consent_id = await lodge(house, sections=SECTIONS)
    async with seat(browser, house, language=language, screen=screen) as person:
        await person.sign_in("found")
        faults = await person.look(screenshots, "list")
        await person.open(f"/portal/consents/{consent_id}")
        faults += await person.look(screenshots, "request")
        await person.page.click("#consent-approve")
        await person.open(f"/portal/consents/{consent_id}")
        faults += await person.look(screenshots, "consent")

    assert faults == []


async def test_the_keyboard_is_enough(browser: Browser, house: House) -> None:
    """First the way past the frame; then each field and button, seen where it is (2.1.1, 2.4.7)."""
    consent_id = await lodge(house, sections=["REG", "PEN"], max_queries=3)
    screen = Screen(width=1280, height=900)
    async with seat(browser, house, language="en", screen=screen) as person:
        page = person.page
        await person.sign_in("found")
        await person.open(f"/portal/consents/{consent_id}")
        await page.keyboard.press("Tab")
        assert await page.evaluate("() => document.activeElement.className") == "skip"
        await page.keyboard.press("Enter")
        reached = list[str]()
        while "consent-approve" not in reached and len(reached) < 20:
            await page.keyboard.press("Tab")
            reached.append(
                await page.evaluate(
                    "() => document.activeElement.id || document.activeElement.name"
                )
            )
            outline = await page.evaluate(
                "() => getComputedStyle(document.activeElement).outlineStyle"
            )
            assert outline != "none", reached
        await page.keyboard.press("Enter")
        await page.wait_for_selector("#notice")

    assert reached == ["", "see_REG", "see_PEN", "days", "looks", "consent-approve"]


async def test_on_paper_there_is_nothing_to_press(
    browser: Browser, house: House, screenshots: Path
) -> None:
    """A consent with its receipts unfolded, on white, without buttons and navigation."""
    given = await house.give_consent("found")
    assert await take_look(house, given.consent_id) == 200
    screen = Screen(width=794, height=1123)
    async with seat(browser, house, language="zh-CN", screen=screen) as person:
        await person.sign_in("found")
        await person.open(f"/portal/consents/{given.consent_id}")
        await person.page.emulate_media(media="print")
        await person.shoot(screenshots, "paper")

        assert not await person.page.is_visible("#consent-withdraw")
        assert not await person.page.is_visible("#sign-out")
        assert await person.page.is_visible(".receipt")
