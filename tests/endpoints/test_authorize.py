"""The authorization endpoint: what a browser is shown, and what it takes back."""

import asyncio
import re
from datetime import timedelta
from urllib.parse import parse_qs, quote, urlsplit

import msgspec
import pytest
from tests.endpoints.browser import (
    CODE_FLOW,
    WITH_QUERY,
    Browser,
    address_of,
    detail,
    form_of,
    push,
    push_details,
    push_scopes,
    redeem,
    returned,
)
from tests.endpoints.stage import ENTERPRISE, ISSUER, PEOPLE_URL, USCC, Machine, Stage
from tests.endpoints.wire import Answer, send

from creditbridge.evidence.model import StepState
from creditbridge.evidence.pins import read_pins
from creditbridge.evidence.verifying import verify_pack
from creditbridge.login.model import SESSION_COOKIE

SECOND = timedelta(seconds=1)
STATES = "SELECT state FROM consents ORDER BY consent_id"


@pytest.fixture
async def north(stage: Stage) -> Machine:
    """A machine that may ask people."""
    return await stage.onboard("north", signs=False, members=CODE_FLOW)


@pytest.fixture
def browser(stage: Stage) -> Browser:
    """A representative's browser."""
    return Browser(stage)


def page_of(answer: Answer, *, status: int = 200) -> str:
    """Return a page of the house, which nobody frames, keeps, or is told of by its links."""
    assert answer.status == status, answer.body
    assert answer.list_headers("content-type") == ["text/html; charset=utf-8"]
    assert answer.header("cache-control") == "no-store"
    assert answer.header("referrer-policy") == "no-referrer"
    assert "frame-ancestors 'none'" in answer.header("content-security-policy")
    assert answer.header("strict-transport-security").startswith("max-age=")
    assert answer.list_headers("access-control-allow-origin") == []
    return answer.body.decode()


def error_of(answer: Answer, *, status: int = 400) -> str:
    """Return the code on an error page, which is never a redirect."""
    (code,) = re.findall(r'id="error-code">([^<]*)<', page_of(answer, status=status))
    assert answer.list_headers("location") == []
    return str(code)


async def states(stage: Stage) -> list[str]:
    """Return the state of every consent."""
    async with stage.database.transaction() as tx:
        rows = await tx.fetch_rows(dict[str, str], STATES)
    return [row["state"] for row in rows]


async def wait(stage: Stage, time: timedelta) -> None:
    """Let the database's instant pass."""
    async with stage.database.transaction() as tx:
        later = tx.now + time
    await stage.database.raise_floor(later)


async def test_Z3_a_yes_takes_a_code_back_to_the_bank(
    stage: Stage, north: Machine, browser: Browser
) -> None:
    """`happy-flow`: code, state and issuer; the code brings a token for exactly that consent."""
    page = await browser.open(await push_details(stage, north, detail(stage)))

    answer = await browser.decide(page, "approve")

    taken = returned(answer)
    assert taken.keys() == {"code", "state", "iss"}
    assert (taken["state"], taken["iss"]) == ("s-1", PEOPLE_URL)
    assert await states(stage) == ["ACTIVE"]
    token = await redeem(stage, north, taken["code"])
    assert token.status == 200, token.body
    (given,) = msgspec.convert(token.json["authorization_details"], list[dict[str, object]])
    assert (given["type"], given["sections"]) == ("credit_report", ["PEN", "REG"])


async def test_Z3_ensure_authorization_request_without_state_success(
    stage: Stage, north: Machine, browser: Browser
) -> None:
    """What was not sent does not come back, neither with a yes nor with a no."""
    for decision, expected in (
        ("approve", {"code", "iss"}),
        ("refuse", {"error", "error_description", "iss"}),
    ):
        page = await browser.open(await push_scopes(stage, north, state=None))
        assert returned(await browser.decide(page, decision)).keys() == expected


@pytest.mark.parametrize(
    "state", ["s" * 1024, "a b+c&d=e#f%20", "\u94f6\u884c \U0001f3e6", "'\"<>\\"]
)
async def test_Z3_ensure_authorization_request_with_long_state(
    state: str, stage: Stage, north: Machine, browser: Browser
) -> None:
    """Whatever it holds, it comes back unchanged."""
    page = await browser.open(await push_scopes(stage, north, state=state))

    assert returned(await browser.decide(page, "approve"))["state"] == state


async def test_Z4_the_way_back_is_a_303_to_the_registered_address(
    stage: Stage, north: Machine, browser: Browser
) -> None:
    """What was posted here is not posted there; the address keeps its own query."""
    page = await browser.open(await push_scopes(stage, north, redirect_uri=WITH_QUERY))

    answer = await browser.decide(page, "approve")

    assert answer.status == 303
    location = answer.header("location")
    assert location.startswith(WITH_QUERY + "&")
    assert "#" not in location
    assert answer.header("referrer-policy") == "no-referrer"
    assert parse_qs(urlsplit(location).query)["iss"] == [PEOPLE_URL]


async def test_Z5_user_rejects_authentication(
    stage: Stage, north: Machine, browser: Browser
) -> None:
    """A no leads back with `access_denied`; the consent stands as refused, and there is no code."""
    page = await browser.open(await push_details(stage, north, detail(stage)))

    taken = returned(await browser.decide(page, "refuse"))

    assert taken.keys() == {"error", "error_description", "state", "iss"}
    assert (taken["error"], taken["state"], taken["iss"]) == ("access_denied", "s-1", PEOPLE_URL)
    assert await states(stage) == ["REFUSED"]


@pytest.mark.parametrize(
    "query",
    [
        "",
        "client_id=north-core",
        "request_uri=urn:ietf:params:oauth:request_uri:x",
        "client_id=north-core&request_uri=",
        "client_id=north-core&client_id=north-core&request_uri=x",
        "client_id=north-core&request_uri=x&request_uri=y",
        "client_id=north-core&response_type=code&redirect_uri=https://north.example/callback",
        "&".join(f"a{number}=1" for number in range(70)),
    ],
)
async def test_Z1_ensure_unsigned_authorization_request_without_using_par_fails(
    query: str, north: Machine, browser: Browser
) -> None:
    """A page, never a redirect: nothing, half of it, one twice, a request that was not pushed."""
    assert error_of(await browser.get(f"/oauth/authorize?{query}")) == "invalid_request"


async def test_Z1_whatever_else_an_address_says_is_ignored(
    stage: Stage, north: Machine, browser: Browser
) -> None:
    """`ensure-different-state-inside-and-outside-request-object`.

    Also `ensure-different-nonce-inside-and-outside-request-object` and
    `state-only-outside-request-object-not-used`.
    """
    address = await push_scopes(stage, north, state=None)
    outside = (
        "&state=outside&scope=consents&redirect_uri=https%3A%2F%2Fevil.example&response_mode=jwt"
    )

    page = await browser.open(address + outside)

    assert "evil" not in page_of(page)
    assert returned(await browser.decide(page, "approve")).keys() == {"code", "iss"}


async def test_Z1_par_without_duplicate_parameters(
    stage: Stage, north: Machine, browser: Browser
) -> None:
    """Two parameters are all that is needed."""
    address = await push_scopes(stage, north)

    assert set(parse_qs(urlsplit(address).query)) == {"client_id", "request_uri"}
    page_of(await browser.open(address))


async def test_Z2_par_attempt_to_use_request_uri_for_different_client(
    stage: Stage, north: Machine, south: Machine, browser: Browser
) -> None:
    """A page with `invalid_request_uri`; for its own client it is still open."""
    address = await push_scopes(stage, north)

    foreign = address.replace(north.client_id, south.client_id)

    assert error_of(await browser.get(foreign)) == "invalid_request_uri"
    page_of(await browser.open(address))


async def test_Z2_par_attempt_to_use_expired_request_uri(
    stage: Stage, north: Machine, browser: Browser
) -> None:
    """After 90 s unopened; the page is on our origin and leads nowhere."""
    address = await push_scopes(stage, north)
    await wait(stage, timedelta(seconds=90))

    assert error_of(await browser.get(address)) == "invalid_request_uri"


async def test_Z2_par_attempt_reuse_request_uri(
    stage: Stage, north: Machine, browser: Browser
) -> None:
    """Once decided it opens nothing, neither its address nor its page's form."""
    address = await push_details(stage, north, detail(stage))
    page = await browser.open(address)
    await browser.decide(page, "approve")

    assert error_of(await browser.get(address)) == "invalid_request_uri"
    assert error_of(await browser.decide(page, "approve")) == "invalid_request_uri"
    assert await states(stage) == ["ACTIVE"]


async def test_Z2_par_ensure_reused_request_uri_prior_to_auth_completion_succeeds(
    stage: Stage, north: Machine, browser: Browser
) -> None:
    """A second visit before the decision works, though the 90 s are over; so does a second tab."""
    address = await push_scopes(stage, north)
    first = await browser.get(address)

    page = await browser.open(address)
    await wait(stage, timedelta(minutes=10))
    again = await browser.open(address)

    assert first.header("location").startswith(ISSUER)
    assert page_of(page) == page_of(again)
    assert "code" in returned(await browser.decide(page, "approve"))


async def test_Z2_a_page_that_lay_for_too_long_decides_nothing(
    stage: Stage, north: Machine, browser: Browser
) -> None:
    """Fifteen minutes after the first visit."""
    page = await browser.open(await push_details(stage, north, detail(stage)))
    await wait(stage, timedelta(minutes=15))

    assert error_of(await browser.decide(page, "approve")) == "invalid_request_uri"
    assert await states(stage) == []


async def test_Z2_of_many_decisions_one_counts(
    stage: Stage, north: Machine, browser: Browser
) -> None:
    """A button pressed five times, and the other one: one answer leaves, one code or none."""
    page = await browser.open(await push_details(stage, north, detail(stage)))

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(browser.decide(page, "approve")) for _ in range(5)]

    assert sorted(task.result().status for task in tasks) == [303, 400, 400, 400, 400]
    assert await states(stage) == ["ACTIVE"]


@pytest.mark.parametrize(
    "request_uri",
    ["x", "urn:ietf:params:oauth:request_uri:", "\x00", "https://evil.example/", "\u94f6" * 43],
)
async def test_Z2_what_was_never_pushed_is_a_page(
    request_uri: str, north: Machine, browser: Browser
) -> None:
    """Whatever the texts hold, no fault of ours and no redirect."""
    for client_id in (north.client_id, request_uri):
        query = f"client_id={quote(client_id)}&request_uri={quote(request_uri)}"
        assert error_of(await browser.get(f"/oauth/authorize?{query}")) == "invalid_request_uri"


async def test_Z2_a_bank_that_was_suspended_meanwhile_gets_no_answer(
    stage: Stage, north: Machine, browser: Browser
) -> None:
    """A page: nobody is sent to whom we do not trust at this moment."""
    address = await push_details(stage, north, detail(stage))
    page = await browser.open(address)
    await stage.operate("/suspensions", stage.suspend(north.bank_id))

    assert error_of(await browser.decide(page, "approve")) == "invalid_request_uri"
    assert error_of(await browser.get(address)) == "invalid_request_uri"
    assert await states(stage) == []


async def test_Z6_the_page_says_everything_that_is_decided(
    stage: Stage, north: Machine, browser: Browser
) -> None:
    """Bank, enterprise, purpose, sections, period, uses, frequency, expiry, keeping, withdrawal."""
    asked = detail(
        stage,
        business_ref="LOAN-7",
        authorization_no="SQ-7",
        sections=["REG", "FIN"],
        max_queries=23,
    )
    page = page_of(await browser.open(await push_details(stage, north, asked) + "&language=en"))

    for said in (
        *("north bank", "91330104YY0000A13Q", ENTERPRISE, USCC),
        *("Review before a loan", "Registration", "Financing and guarantees"),
        *("From your approval to", "30 days", "at most 23", "How often", "How far back"),
        *("LOAN-7", "SQ-7", "What the bank may do and keep", "How to withdraw later"),
        *("It includes lending information", "It allows 23 looks"),
        *("Fetch credit reports", "north.example"),
    ):
        assert said in page, said
    assert 'id="consent-approve"' in page
    assert 'id="consent-cancel"' in page


async def test_Z6_several_consents_are_decided_together(
    stage: Stage, north: Machine, browser: Browser
) -> None:
    """Ten on one page, each with what is unusual about it; all are given, or none."""
    asked = [detail(stage, max_queries=number + 8) for number in range(10)]
    page = await browser.open(await push_details(stage, north, *asked) + "&language=en")

    text = page_of(page)
    assert all(f"Consent {number} of 10" in text for number in range(1, 11))
    assert text.count("twelve are usual at most") == 5
    token = await redeem(stage, north, returned(await browser.decide(page, "approve"))["code"])
    assert token.status == 200, token.body
    assert await states(stage) == ["ACTIVE"] * 10
    given = msgspec.convert(token.json["authorization_details"], list[dict[str, object]])
    assert len({str(one["consent_id"]) for one in given}) == 10


async def test_Z6_the_one_consent_of_a_page_may_be_given_in_part(
    stage: Stage, north: Machine, browser: Browser
) -> None:
    """Less than was asked is what the token says; a slip is asked again and spends nothing."""
    address = await push_details(stage, north, detail(stage))
    page = await browser.open(f"{address}&language=en")

    slipped = await browser.decide(page, "approve", see_REG="", see_PEN="", looks="9")
    assert slipped.status == 422
    assert b'role="alert"' in slipped.body
    assert b'name="see_PEN" value="yes">' in slipped.body
    assert await states(stage) == []
    given = returned(await browser.decide(page, "approve", see_PEN="", looks="1", days="7"))
    token = await redeem(stage, north, given["code"])

    (one,) = msgspec.convert(token.json["authorization_details"], list[dict[str, object]])
    assert (one["sections"], one["max_queries"]) == (["REG"], 1)
    assert str(one["valid_to"]) < (stage.clock.now() + timedelta(days=8)).isoformat()


async def test_Z6_a_page_that_comes_once_more_keeps_what_was_unticked(
    stage: Stage, north: Machine, browser: Browser
) -> None:
    """What a person took away must not come back by itself."""
    address = await push_details(stage, north, detail(stage))
    page = await browser.open(address)

    again = await browser.decide(page, "approve", shown="x", see_PEN="")

    assert again.status == 200
    assert b'name="see_REG" value="yes" checked' in again.body
    assert b'name="see_PEN" value="yes">' in again.body


async def test_Z6_a_term_with_a_beginning_of_its_own_is_shown_with_it(
    stage: Stage, north: Machine, browser: Browser
) -> None:
    """And one whose beginning passed while it was read begins with the yes, and not before."""
    soon, later = stage.clock.now() + timedelta(minutes=2), stage.clock.now() + timedelta(days=2)
    asked = [detail(stage, valid_from=one.isoformat()) for one in (soon, later)]
    page = await browser.open(await push_details(stage, north, *asked))
    await wait(stage, timedelta(minutes=5))

    assert "\u4ece\u60a8\u540c\u610f\u65f6\u8d77" not in page_of(page)
    assert "code" in returned(await browser.decide(page, "approve"))
    assert await states(stage) == ["ACTIVE", "ACTIVE"]


async def test_Z6_what_is_approved_is_what_was_shown(
    stage: Stage, north: Machine, browser: Browser
) -> None:
    """In another language, or with another digest, the page comes once more and nothing is done."""
    address = await push_details(stage, north, detail(stage))
    page = await browser.open(address)
    await browser.get(f"{address}&language=en")

    again = await browser.decide(page, "approve")

    assert "Please read it again" in page_of(again)
    assert "language=zh-CN" in page_of(again)
    assert await states(stage) == []
    for shown in ("", "x", "\u94f6"):
        page_of(await browser.decide(again, "approve", shown=shown))
    assert "code" in returned(await browser.decide(again, "approve"))


@pytest.mark.parametrize(
    ("ui_locales", "language"),
    [("en-GB zh-CN", "en"), ("fr zh-Hans en", "zh-CN"), ("fr", "zh-CN")],
)
async def test_M2_the_page_comes_in_a_language_that_the_bank_names(
    ui_locales: str, language: str, stage: Stage, north: Machine, browser: Browser
) -> None:
    """The first of `ui_locales` that the pages speak; Chinese where there is none."""
    page = await browser.open(await push_scopes(stage, north, ui_locales=ui_locales))

    assert f'<html lang="{language}">' in page_of(page)


async def test_P9_languages_are_bounded(stage: Stage, north: Machine) -> None:
    """A list of languages has at most 1024 bytes."""
    form = form_of(north.client_id, ui_locales="en " * 342)

    assert (await push(stage, north, form)).json["error"] == "invalid_request"


async def test_Z6_the_language_switch_keeps_the_request(
    stage: Stage, north: Machine, browser: Browser
) -> None:
    """Its link leads to the same request."""
    address = await push_scopes(stage, north)
    page = page_of(await browser.open(address))

    (link,) = re.findall(r'href="(/oauth/authorize\?[^"]*language=en)"', page)

    assert "Do you let the bank" in page_of(await browser.get(link.replace("&amp;", "&")))


async def test_Z6_a_request_for_services_alone_says_so(
    stage: Stage, north: Machine, browser: Browser
) -> None:
    """No consent is asked for or given; whoever signs in decides for their own enterprise."""
    page = await browser.open(
        await push_scopes(stage, north, scope="consents reports") + "&language=en"
    )

    text = page_of(page)
    assert "lets the bank query no credit information" in text
    assert "See how the consents stand" in text
    assert "What will be queried" not in text
    token = await redeem(stage, north, returned(await browser.decide(page, "approve"))["code"])
    assert (token.status, token.json["scope"]) == (200, "consents reports")
    assert await states(stage) == []


async def test_Z7_a_person_of_another_enterprise_is_turned_away(
    stage: Stage, north: Machine, browser: Browser
) -> None:
    """`access_denied`, without a page: what is asked is another enterprise's affair."""
    stage.identity.sign_in_as(
        "sub-2", "\u674e\u793a\u4f8b", uscc="91330106589876549K", name="Other"
    )
    address = await push_details(stage, north, detail(stage))

    taken = returned(await browser.open(address))

    assert (taken["error"], taken["state"], taken["iss"]) == ("access_denied", "s-1", PEOPLE_URL)
    assert USCC not in taken["error_description"]
    assert await states(stage) == []
    assert error_of(await browser.get(address)) == "invalid_request_uri"


async def test_Z7_who_lost_the_right_to_speak_decides_nothing(
    stage: Stage, north: Machine, browser: Browser
) -> None:
    """Between the page and the button: they must sign in again, and cannot."""
    page = await browser.open(await push_details(stage, north, detail(stage)))
    async with stage.database.transaction() as tx:
        await tx.execute("UPDATE parties_representatives SET ended_at = $1", tx.now)

    assert error_of(await browser.decide(page, "approve"), status=401) == "session-missing"
    assert await states(stage) == []


async def test_Z8_every_request_asks_for_a_sign_in_of_its_own(
    stage: Stage, north: Machine, browser: Browser
) -> None:
    """No session skips the log-in page: neither the portal's nor that of an earlier request."""
    browser.cookies[SESSION_COOKIE] = await stage.sign_in()
    for count in (1, 2):
        address = await push_scopes(stage, north)
        begun = await browser.get(address)
        asked = parse_qs(urlsplit(begun.header("location")).query)
        assert (asked["prompt"], asked["max_age"]) == (["login"], ["0"])
        page_of(await browser.open(address))
        assert browser.sign_ins == count


async def test_Z8_a_sign_in_before_the_request_was_opened_does_not_count(
    stage: Stage, north: Machine, browser: Browser
) -> None:
    """Whoever holds a page of an earlier sign-in decides nothing with it."""
    first = await browser.open(await push_scopes(stage, north))
    pushed = await push(stage, north, form_of(north.client_id))
    await browser.get(address_of(north, pushed))
    other = {"request_uri": str(pushed.json["request_uri"])}

    # Once the digest of the other page is known, only the sign-in is in the way.
    shown = await browser.decide(first, "approve", **other)
    answer = await browser.decide(shown, "approve")

    assert error_of(answer, status=403) == "sign-in-stale"
    (link,) = re.findall(r'id="sign-in" href="([^"]*)"', answer.body.decode())
    assert "request_uri" in link
    page = await browser.open(link.replace("&amp;", "&"))
    assert "code" in returned(await browser.decide(page, "approve"))


async def test_Z8_a_portal_sign_in_after_the_request_was_opened_does_not_count(
    stage: Stage, north: Machine, browser: Browser
) -> None:
    """The provider may have known the person from before: it was not told to ask."""
    address = await push_scopes(stage, north)
    await browser.get(address)
    browser.cookies[SESSION_COOKIE] = await stage.sign_in()

    assert (await browser.get(address)).header("location").startswith(ISSUER)


async def test_Z8_a_provider_that_did_not_ask_anew_is_not_believed(
    stage: Stage, north: Machine, browser: Browser
) -> None:
    """An ID token that says the person signed in an hour ago, or does not say when."""
    for claim in (int(stage.clock.now().timestamp()) - 3_600, None):
        stage.identity.claims["auth_time"] = claim
        begun = await browser.get(await push_scopes(stage, north))
        query = parse_qs(urlsplit(begun.header("location")).query)
        stage.identity.nonce = query["nonce"][0]

        back = await browser.get(f"/portal/callback?code=c&state={query['state'][0]}&iss={ISSUER}")

        assert error_of(back, status=502) == "identity-rejected"


async def test_Z8_who_broke_the_sign_in_off_goes_on_from_the_request(
    stage: Stage, north: Machine, browser: Browser
) -> None:
    """The provider's own button for it spends nothing of the request."""
    begun = await browser.get(await push_scopes(stage, north))
    state = parse_qs(urlsplit(begun.header("location")).query)["state"][0]

    broken = await browser.get(f"/portal/callback?error=access_denied&state={state}&iss={ISSUER}")

    assert error_of(broken, status=403) == "sign-in-refused"
    (link,) = re.findall(r'id="sign-in" href="([^"]*)"', broken.body.decode())
    page = await browser.open(link.replace("&amp;", "&"))
    assert "code" in returned(await browser.decide(page, "approve"))


async def test_Z8_the_session_is_renewed_at_sign_in(
    stage: Stage, north: Machine, browser: Browser
) -> None:
    """The one from before opens nothing any more."""
    before = browser.cookies[SESSION_COOKIE] = await stage.sign_in()
    await browser.open(await push_scopes(stage, north))

    assert browser.cookies[SESSION_COOKIE] != before
    assert (await stage.visit(before, "/portal/consents")).header("location") == "/portal/sign-in"


@pytest.mark.parametrize("token", ["", "f" * 43])
async def test_Z8_a_form_of_another_site_decides_nothing(
    token: str, stage: Stage, north: Machine, browser: Browser
) -> None:
    """403 without this session's form token."""
    page = await browser.open(await push_details(stage, north, detail(stage)))

    assert error_of(await browser.decide(page, "approve", form_token=token), status=403)
    assert await states(stage) == []


async def test_Z8_a_form_without_a_session_leads_to_the_sign_in(
    stage: Stage, north: Machine, browser: Browser
) -> None:
    """And from there back to this very request."""
    page = await browser.open(await push_scopes(stage, north))
    browser.cookies.clear()

    answer = await browser.decide(page, "approve")

    assert error_of(answer, status=401) == "session-missing"
    (link,) = re.findall(r'id="sign-in" href="([^"]*)"', answer.body.decode())
    assert link.startswith("/oauth/authorize?client_id=north-core&amp;request_uri=urn")


@pytest.mark.parametrize("decision", ["", "maybe"])
async def test_Z8_neither_button_is_no_decision(
    decision: str, stage: Stage, north: Machine, browser: Browser
) -> None:
    """The request stays open."""
    page = await browser.open(await push_scopes(stage, north))

    assert error_of(await browser.decide(page, decision)) == "decision-missing"
    assert "code" in returned(await browser.decide(page, "approve"))


async def test_Z8_the_page_lets_its_form_end_at_a_bank(
    stage: Stage, north: Machine, browser: Browser
) -> None:
    """Chromium holds the whole way back against the policy, the bank's redirects included."""
    page = await browser.open(await push_scopes(stage, north))
    portal = await stage.visit(browser.cookies[SESSION_COOKIE], "/portal/consents")

    assert "form-action 'self' https:;" in page.header("content-security-policy")
    assert "form-action 'self';" in portal.header("content-security-policy")


async def test_Z9_no_id_token_comes_with_the_answer(
    stage: Stage, north: Machine, browser: Browser
) -> None:
    """Neither in the address nor from the token endpoint: `openid` was not granted."""
    page = await browser.open(await push_scopes(stage, north, nonce="n" * 1024))
    taken = returned(await browser.decide(page, "approve"))

    assert "id_token" not in taken
    assert "id_token" not in (await redeem(stage, north, taken["code"])).json


async def test_R2_a_ceiling_that_was_reached_meanwhile_leads_back(
    stage: Stage, north: Machine, browser: Browser
) -> None:
    """The number was used between page and button: nothing is given, not even the other consent."""
    asked = [detail(stage), detail(stage, authorization_no="SQ-9")]
    page = await browser.open(await push_details(stage, north, *asked))
    await stage.call(
        north, "POST", "/v1/consents", body=stage.consent_body(authorization_no="SQ-9")
    )

    taken = returned(await browser.decide(page, "approve"))

    assert taken["error"] == "invalid_authorization_details"
    assert taken["iss"] == PEOPLE_URL
    assert await states(stage) == ["REQUESTED"]


async def test_Z3_post_is_no_authorization_request(browser: Browser) -> None:
    """405: a request is pushed, and followed by a link."""
    answer = await browser.post("/oauth/authorize", {"client_id": "north-core"})

    assert answer.status == 405


async def test_a_consent_that_was_given_in_the_browser_is_proven_like_any_other(
    stage: Stage, north: Machine, browser: Browser
) -> None:
    """A report's pack proves request, approval and signer, and the ledger replays."""
    page = await browser.open(await push_details(stage, north, detail(stage)))
    await browser.decide(page, "approve")
    async with stage.database.transaction() as tx:
        consent_id = await tx.fetch_value(str, "SELECT consent_id FROM consents")
    _, report = await stage.ask(north, str(consent_id))
    assert report.status == 200, report.body
    await stage.sequencer.run_once()

    report_id = report.header("creditbridge-report")
    _, pack = await stage.call(north, "GET", f"/v1/reports/{report_id}/evidence")
    pins = await send(stage.operations, "GET", f"/pins/{north.bank_id}")
    checked = await send(stage.operations, "GET", "/ledger/check")

    verdict = verify_pack(pack.body, read_pins(pins.body))
    # Up to the exchange with the platform, which is played here and has no keys.
    proven = [step.name for step in verdict.steps if step.state is StepState.PASSED]
    assert proven[-6:] == ["chain", "consent", "approver", "signature", "text", "coverage"]
    assert checked.status == 200, checked.body
