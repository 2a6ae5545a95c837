"""The company at log-in is the company in the consent and in the query, whichever way in (Z7)."""

import re

import pytest
from tests.endpoints.browser import CODE_FLOW, Browser, detail, push_details, returned
from tests.endpoints.polling import CIBA, CIBA_MEMBERS, ask_well, enter, open_waiting, poll, told
from tests.endpoints.stage import ENTERPRISE, USCC, Machine, Stage
from tests.endpoints.wire import Answer

from creditbridge.login.model import SESSION_COOKIE
from creditbridge.login.rules import derive_form_token
from creditbridge.protocols.canonical_json import JsonValue

OTHER_USCC, OTHER_NAME = "91330100YY0000B285", "示例二"
STATES = "SELECT string_agg(state, ' ') FROM consents"
DECISIONS = ("approve", "refuse")


@pytest.fixture
async def north(stage: Stage) -> Machine:
    """A machine that may ask in every way."""
    grants: list[JsonValue] = ["client_credentials", "authorization_code", CIBA]
    members = {**CODE_FLOW, **CIBA_MEMBERS, "grant_types": grants}
    return await stage.onboard("north", signs=False, members=members)


@pytest.fixture
async def stranger(stage: Stage) -> Browser:
    """The browser of another company's legal representative, signed in."""
    browser = Browser(stage)
    stage.identity.sign_in_as("sub-2", "钱示例", uscc=OTHER_USCC, name=OTHER_NAME)
    await enter(browser)
    return browser


async def press(browser: Browser, target: str, decision: str) -> Answer:
    """Send a decision that no page offered."""
    form_token = derive_form_token(browser.cookies[SESSION_COOKIE])
    return await browser.post(
        target, {"form_token": form_token, "decision": decision, "version": "1"}
    )


async def states(stage: Stage) -> str | None:
    """Return where every consent stands."""
    async with stage.database.transaction() as tx:
        return await tx.fetch_value(str, STATES)


@pytest.mark.parametrize("decision", DECISIONS)
async def test_Z7_in_the_portal_another_company_decides_nothing(
    decision: str, stage: Stage, north: Machine, stranger: Browser
) -> None:
    """Its people neither see nor answer it, not even by its address."""
    path = f"/portal/consents/{await stage.lodge(north)}"

    seen = await stranger.get(path)
    pressed = await press(stranger, f"{path}/decision", decision)
    home = await stranger.get("/portal/consents")

    assert (seen.status, pressed.status) == (404, 404)
    assert path.encode() not in home.body
    assert await states(stage) == "REQUESTED"


@pytest.mark.parametrize("decision", DECISIONS)
async def test_Z7_on_the_way_from_a_bank_another_company_decides_nothing(
    decision: str, stage: Stage, north: Machine, stranger: Browser
) -> None:
    """`access_denied` to the bank, whoever is at the browser, and no consent was lodged."""
    address = await push_details(stage, north, detail(stage))

    taken = returned(await stranger.open(address))
    pressed = await press(stranger, "/oauth/authorize/decision", decision)

    assert taken["error"] == "access_denied"
    assert USCC not in taken["error_description"]
    assert pressed.status == 400
    assert await states(stage) is None


@pytest.mark.parametrize("decision", DECISIONS)
async def test_Z7_where_a_machine_waits_another_company_decides_nothing(
    decision: str, stage: Stage, north: Machine, stranger: Browser
) -> None:
    """The request goes on waiting for those whom it is about."""
    stage.identity.sign_in_as("sub-1", "沈示例", uscc=USCC, name=ENTERPRISE)
    owner = Browser(stage)
    await enter(owner)
    auth_req_id = await ask_well(stage, north, authorization_details=[detail(stage)])
    page = await open_waiting(owner)
    (target,) = set(re.findall(r'action="(/portal/requests/[^"]+)"', page.body.decode()))

    seen = await stranger.get(target.removesuffix("/decision"))
    pressed = await press(stranger, target, decision)

    assert (seen.status, pressed.status) == (404, 404)
    assert told(await poll(stage, north, auth_req_id)) == (400, "authorization_pending")
    assert await states(stage) is None


async def test_Z7_the_query_is_about_the_company_that_said_yes(
    stage: Stage, north: Machine
) -> None:
    """Named in the report's request, in the query, and by the platform: the same, or no report."""
    consent_id = await stage.give_consent(north)

    _, other = await stage.ask(north, consent_id, key="k-1", enterprise=OTHER_USCC)
    _, own = await stage.ask(north, consent_id, key="k-2")

    assert (other.status, other.code) == (403, "consent-missing")
    assert own.status == 200
    assert [query.uscc for query in stage.dialect.queries] == [USCC]
