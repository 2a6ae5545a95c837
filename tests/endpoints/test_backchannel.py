"""Decoupled approval (OpenID CIBA Core 1.0, poll; FAPI-CIBA): asked by a machine, decided here."""

import asyncio
import base64
from collections.abc import Mapping

import msgspec
import pytest
from tests.endpoints.browser import Browser, detail
from tests.endpoints.polling import (
    CIBA,
    CIBA_MEMBERS,
    answer_waiting,
    ask,
    ask_well,
    enter,
    open_waiting,
    poll,
    post,
    sign_asking,
    told,
    wait,
)
from tests.endpoints.stage import BANK_URL, Machine, Stage
from tests.endpoints.wire import Answer, send

import creditbridge.access.service as access


@pytest.fixture
async def north(stage: Stage) -> Machine:
    """A machine that may ask people without a browser."""
    return await stage.onboard("north", signs=False, members=CIBA_MEMBERS)


@pytest.fixture
async def browser(stage: Stage) -> Browser:
    """A representative's browser, signed in to the portal."""
    browser = Browser(stage)
    await enter(browser)
    return browser


def claims_of(answer: Answer) -> Mapping[str, object]:
    """Return what an ID token says; another test verifies such."""
    payload = str(answer.json["id_token"]).split(".")[1]
    raw = base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
    return msgspec.json.decode(raw, type=dict[str, object])


async def test_C4_a_yes_is_fetched_once(stage: Stage, north: Machine, browser: Browser) -> None:
    """`fapi-ciba-id1`: pending, decided, fetched with an ID token; the second time nothing."""
    asked = await ask(stage, north)

    assert asked.status == 200, asked.body
    assert asked.json.keys() == {"auth_req_id", "expires_in", "interval"}
    assert (asked.json["expires_in"], asked.json["interval"]) == (900, 5)
    auth_req_id = str(asked.json["auth_req_id"])
    assert len(auth_req_id) == 43
    assert told(await poll(stage, north, auth_req_id)) == (400, "authorization_pending")
    done = await answer_waiting(browser, await open_waiting(browser), "approve")
    assert (done.status, done.header("location")) == (303, "/portal/consents?notice=approved")
    await wait(stage, seconds=5)
    given = await poll(stage, north, auth_req_id)
    assert given.status == 200, given.body
    assert given.json["scope"] == "openid reports"
    claims = claims_of(given)
    assert claims["aud"] == north.client_id
    assert "nonce" not in claims
    assert isinstance(claims["auth_time"], int)
    await wait(stage, seconds=5)
    assert told(await poll(stage, north, auth_req_id)) == (400, "invalid_grant")


async def test_C4_consents_are_given_with_it(
    stage: Stage, north: Machine, browser: Browser
) -> None:
    """As in the browser: the token reaches the consent that the person read and gave."""
    auth_req_id = await ask_well(
        stage, north, authorization_details=[detail(stage)], binding_message=None
    )
    await answer_waiting(browser, await open_waiting(browser), "approve")

    given = await poll(stage, north, auth_req_id)

    assert given.status == 200, given.body
    details = msgspec.convert(given.json["authorization_details"], list[dict[str, object]])
    (one,) = details
    assert one["sections"] == ["PEN", "REG"]
    home = await browser.get("/portal/consents")
    assert str(one["consent_id"]) in home.body.decode()


async def test_C4_a_no_is_told(stage: Stage, north: Machine, browser: Browser) -> None:
    """`user-rejects-authentication`: with the next poll, and on the ledger with the consent's."""
    auth_req_id = await ask_well(stage, north, authorization_details=[detail(stage)])
    await answer_waiting(browser, await open_waiting(browser), "refuse")

    assert told(await poll(stage, north, auth_req_id)) == (400, "access_denied")


async def test_C4_polling_too_early_makes_it_slower(
    stage: Stage, north: Machine, browser: Browser
) -> None:
    """`multiple-call-to-token-endpoint`: five seconds more with each poll that came too early."""
    auth_req_id = await ask_well(stage, north)

    first = await poll(stage, north, auth_req_id)
    early = await poll(stage, north, auth_req_id)
    await wait(stage, seconds=6)
    still_early = await poll(stage, north, auth_req_id)
    await wait(stage, seconds=15)
    in_time = await poll(stage, north, auth_req_id)

    assert told(first) == told(in_time) == (400, "authorization_pending")
    assert told(early) == told(still_early) == (400, "slow_down")


async def test_C4_of_racing_polls_one_gets_the_tokens(
    stage: Stage, north: Machine, browser: Browser
) -> None:
    """Five at once: one has them, the others were too early or too late."""
    auth_req_id = await ask_well(stage, north)
    await answer_waiting(browser, await open_waiting(browser), "approve")

    async with asyncio.TaskGroup() as group:
        racers = [group.create_task(poll(stage, north, auth_req_id)) for _ in range(5)]

    answers = sorted(told(racer.result()) for racer in racers)
    assert answers == [(200, None), *[(400, "invalid_grant")] * 4]


async def test_C4_one_decision_counts(stage: Stage, north: Machine, browser: Browser) -> None:
    """Of a yes and a no at once one is done, and the other one finds nothing to decide."""
    await ask_well(stage, north)
    page = await open_waiting(browser)

    async with asyncio.TaskGroup() as group:
        racers = [
            group.create_task(answer_waiting(browser, page, decision))
            for decision in ("approve", "refuse")
        ]

    assert sorted(racer.result().status for racer in racers) == [303, 404]


@pytest.mark.parametrize("expiry", [10, "10"], ids=["number", "digits"])
async def test_C4_a_request_runs_out_when_its_client_said(
    stage: Stage, north: Machine, browser: Browser, expiry: object
) -> None:
    """`auth-req-id-expired`, `ensure-requested-expiry-as-string-succeeds`: number or digits."""
    asked = await ask(stage, north, requested_expiry=expiry)
    page = await open_waiting(browser)
    await wait(stage, seconds=11)

    late = await answer_waiting(browser, page, "approve")
    auth_req_id = str(asked.json["auth_req_id"])

    assert asked.json["expires_in"] == 10
    assert late.status == 404
    assert told(await poll(stage, north, auth_req_id)) == (400, "expired_token")
    home = await browser.get("/portal/consents")
    assert "/portal/requests/" not in home.body.decode()


@pytest.mark.parametrize("expiry", ["4", 0, -5, 1.5, "1e3", "", "ten", "9999999999"])
async def test_C4_an_expiry_that_is_none_is_refused(
    stage: Stage, north: Machine, browser: Browser, expiry: object
) -> None:
    """Five whole seconds at least; an empty text is as none at all, and above a week is a week."""
    answer = await ask(stage, north, requested_expiry=expiry)

    if expiry == "":
        assert answer.json["expires_in"] == 900
    else:
        assert told(answer) == (400, "invalid_request")
    longest = await ask(stage, north, requested_expiry=99_999_999)
    assert longest.json["expires_in"] == 7 * 86_400


async def test_C4_another_clients_id_is_worth_nothing(
    stage: Stage, north: Machine, browser: Browser
) -> None:
    """`ensure-wrong-auth-req-id-in-token-endpoint-request`; it costs the owner no time either."""
    south = await stage.onboard("south", signs=False, members=CIBA_MEMBERS)
    auth_req_id = await ask_well(stage, north)

    assert told(await poll(stage, south, auth_req_id)) == (400, "invalid_grant")
    assert told(await poll(stage, south, "unknown")) == (400, "invalid_grant")
    assert told(await poll(stage, north, auth_req_id)) == (400, "authorization_pending")
    nothing = await post(stage, north, "/oauth/token", {"grant_type": CIBA})
    assert told(nothing) == (400, "invalid_request")


FAULTS: Mapping[str, dict[str, object]] = {
    "missing-aud": {"aud": None},
    "bad-aud": {"aud": "https://other.example"},
    "missing-iss": {"iss": None},
    "bad-iss": {"iss": "south-core"},
    "missing-exp": {"exp": None},
    "missing-iat": {"iat": None},
    "missing-nbf": {"nbf": None},
    "missing-jti": {"jti": None},
    "other-client": {"client_id": "south-core"},
    "nested": {"request_uri": "urn:x"},
    "multiple-hints": {"id_token_hint": "a.b.c"},
    "no-hint": {"login_hint": None},
    "other-hint": {"login_hint": None, "login_hint_token": "x"},
    "no-openid": {"scope": "reports"},
    "nothing-to-tell-it-by": {"binding_message": None},
}


@pytest.mark.parametrize("name", FAULTS)
async def test_C1_a_request_with_a_fault_is_refused(
    stage: Stage, north: Machine, browser: Browser, name: str
) -> None:
    """`ensure-request-object-…-fails`, `…-with-multiple-hints-fails`: nobody sees a page for it."""
    answer = await ask(stage, north, **FAULTS[name])

    assert told(answer) == (400, "invalid_request")


@pytest.mark.parametrize(
    ("claim", "seconds"),
    [("exp", -3_600), ("exp", 70 * 60), ("nbf", 600), ("nbf", -70 * 60), ("iat", 600)],
)
async def test_C1_a_request_of_another_hour_is_refused(
    stage: Stage, north: Machine, browser: Browser, claim: str, seconds: int
) -> None:
    """`…-expired-exp-fails`, `…-is-70-minutes-in-future-fails`, `…-nbf-is-…-fails`."""
    instant = int(stage.clock.now().timestamp()) + seconds

    assert told(await ask(stage, north, **{claim: instant})) == (400, "invalid_request")


async def test_C1_an_unsigned_request_is_refused(stage: Stage, north: Machine) -> None:
    """`ensure-unsigned-backchannel-authorization-request-fails`."""
    form = {"scope": "openid", "login_hint": "x", "binding_message": "1234"}

    answer = await post(stage, north, "/oauth/backchannel", form)

    assert told(answer) == (400, "invalid_request")


async def test_C1_a_request_counts_once(stage: Stage, north: Machine, browser: Browser) -> None:
    """The same object again, from its own client, is refused by its `jti`."""
    request = {"request": sign_asking(stage, north)}

    first = await post(stage, north, "/oauth/backchannel", request)
    again = await post(stage, north, "/oauth/backchannel", request)

    assert first.status == 200, first.body
    assert told(again) == (400, "invalid_request")


@pytest.mark.parametrize("hint", ["91330100YY0000B285", "91330100YY0000A21W", "nobody", "9133"])
async def test_C2_whom_nobody_knows_cannot_be_asked(
    stage: Stage, north: Machine, browser: Browser, hint: str
) -> None:
    """No enterprise that somebody signed in for, or no code at all."""
    assert told(await ask(stage, north, login_hint=hint)) == (400, "unknown_user_id")


@pytest.mark.parametrize("message", ["1234", "W4SCT", "合同 7 号 品川", "<b>&amp;", "x" * 64])
async def test_C3_a_binding_message_is_shown_exactly(
    stage: Stage, north: Machine, browser: Browser, message: str
) -> None:
    """`ensure-authorization-request-with-binding-message-succeeds`: in the list and on the page."""
    await ask_well(stage, north, binding_message=message)

    page = (await open_waiting(browser)).body.decode()

    escaped = message.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert f'<bdi id="binding-message">{escaped}</bdi>' in page


@pytest.mark.parametrize("message", ["x" * 65, " 1", "1\u202e2", "1\u200d2", "1\u2028", "\ue000"])
async def test_C3_an_unfit_binding_message_is_refused(
    stage: Stage, north: Machine, browser: Browser, message: str
) -> None:
    """`…-with-potentially-bad-binding-message`: too long, or with what is not seen."""
    assert told(await ask(stage, north, binding_message=message)) == (
        400,
        "invalid_binding_message",
    )


async def test_C2_another_enterprises_people_see_nothing(
    stage: Stage, north: Machine, browser: Browser
) -> None:
    """Neither in the list nor by its address; and details must be about whom the hint names."""
    await ask_well(stage, north)
    address = (
        "/portal/requests/"
        + (await open_waiting(browser))
        .body.decode()
        .split('action="/portal/requests/')[1]
        .partition("/")[0]
    )
    stage.identity.sign_in_as("sub-2", "钱示例", uscc="91330100YY0000B285", name="示例二")
    other = Browser(stage)
    await enter(other)

    home = await other.get("/portal/consents")

    assert "/portal/requests/" not in home.body.decode()
    assert (await other.get(address)).status == 404
    foreign = detail(stage, enterprise={"uscc": "91330100YY0000B285", "name": "示例二"})
    assert told(await ask(stage, north, authorization_details=[foreign])) == (
        400,
        "invalid_request",
    )


async def test_C1_only_registered_clients_may_ask(stage: Stage, browser: Browser) -> None:
    """A client without the grant: `unauthorized_client`, recorded like every refusal."""
    south = await stage.onboard("south", signs=False)

    assert told(await ask(stage, south)) == (400, "unauthorized_client")


async def test_M2_the_metadata_says_how_to_ask(stage: Stage) -> None:
    """`ciba:discovery-end-point-verification`."""
    answer = await send(stage.people, "GET", "/.well-known/openid-configuration")

    told = answer.json
    endpoint = f"{BANK_URL}/oauth/backchannel"
    assert told["backchannel_authentication_endpoint"] == endpoint
    assert told["backchannel_token_delivery_modes_supported"] == ["poll"]
    assert told["backchannel_user_code_parameter_supported"] is False
    assert told["backchannel_authentication_request_signing_alg_values_supported"] == [
        "ES256",
        "EdDSA",
        "PS256",
    ]
    assert CIBA in msgspec.convert(told["grant_types_supported"], list[str])
    aliases = msgspec.convert(told["mtls_endpoint_aliases"], dict[str, str])
    assert aliases["backchannel_authentication_endpoint"] == endpoint


async def test_C4_what_waits_is_recorded_when_it_is_decided(
    stage: Stage, north: Machine, browser: Browser
) -> None:
    """A poll is in no ten-year log while nobody has decided; the yes and its token are."""
    auth_req_id = await ask_well(stage, north)
    before = await count_events(stage)
    await poll(stage, north, auth_req_id)
    await poll(stage, north, auth_req_id)
    assert await count_events(stage) == before
    await answer_waiting(browser, await open_waiting(browser), "approve")
    await wait(stage, seconds=11)
    await poll(stage, north, auth_req_id)

    assert await count_events(stage) == before + 2


async def count_events(stage: Stage) -> int:
    """Return how many events the ledger holds."""
    async with stage.database.transaction() as tx:
        return await tx.fetch_value(int, "SELECT count(*) FROM ledger_openings") or 0


async def test_Z8_a_page_that_changed_is_shown_again(
    stage: Stage, north: Machine, browser: Browser
) -> None:
    """And a form without either button is no answer."""
    await ask_well(stage, north)
    page = await open_waiting(browser)

    changed = await answer_waiting(browser, page, "approve", shown="x")
    silent = await answer_waiting(browser, page, "perhaps")

    assert changed.status == 200
    assert silent.status == 400
    assert "/portal/requests/" in (await browser.get("/portal/consents")).body.decode()


async def test_C4_what_can_be_given_no_more_ends_with_a_no(
    stage: Stage, north: Machine, browser: Browser
) -> None:
    """Two ask under one number; the second yes cannot be carried out, and nothing of it is done."""
    one = detail(stage, authorization_no="SQ-1")
    first = await ask_well(stage, north, authorization_details=[one])
    page = await open_waiting(browser)
    second = await ask_well(stage, north, authorization_details=[one])
    await answer_waiting(browser, page, "approve")

    refused = await answer_waiting(browser, await open_waiting(browser), "approve")

    assert refused.status in {400, 403, 409}
    assert told(await poll(stage, north, second)) == (400, "access_denied")
    assert (await poll(stage, north, first)).status == 200


async def test_R2_a_ceiling_is_told_at_once(stage: Stage, north: Machine, browser: Browser) -> None:
    """As at the push: nobody is shown what could not be given."""
    too_many = detail(stage, max_queries=999_999)

    assert told(await ask(stage, north, authorization_details=[too_many])) == (
        400,
        "invalid_authorization_details",
    )


async def test_Z2_a_bank_that_was_shut_out_waits_for_nothing(
    stage: Stage, north: Machine, browser: Browser
) -> None:
    """Its requests are in no list any more, and cannot be decided."""
    await ask_well(stage, north)
    page = await open_waiting(browser)
    suspended = await stage.operate("/suspensions", stage.suspend(north.bank_id))
    assert suspended.status < 300, suspended.body

    late = await answer_waiting(browser, page, "approve")

    assert late.status == 404
    home = await browser.get("/portal/consents")
    assert "/portal/requests/" not in home.body.decode()


async def test_C4_what_nobody_fetched_is_deleted_a_day_later(
    stage: Stage, north: Machine, browser: Browser
) -> None:
    """The request and its grant; until then its client is told that it ran out."""
    auth_req_id = await ask_well(stage, north, authorization_details=[detail(stage)])
    await answer_waiting(browser, await open_waiting(browser), "approve")
    await wait(stage, minutes=16)
    assert told(await poll(stage, north, auth_req_id)) == (400, "expired_token")
    await wait(stage, days=1)

    async with stage.database.transaction() as tx:
        await access.purge(tx)
        left = await tx.fetch_value(
            int,
            "SELECT (SELECT count(*) FROM access_backchannel_requests)"
            " + (SELECT count(*) FROM access_grants)",
        )

    assert left == 0
    assert told(await poll(stage, north, auth_req_id)) == (400, "invalid_grant")
