"""The enterprise's portal: the way in, forms, other people's consents, cookies."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.endpoints.stage import ENTERPRISE, FORM, ISSUER, USCC, Machine, Stage
from tests.endpoints.wire import Answer, send

from creditbridge.foundation.http import HttpUnavailable
from creditbridge.login.model import BINDING_COOKIE, SESSION_COOKIE

UNKNOWN_CONSENT = "cns_01hzy6t9x7c3v5n8m2k4p6q8r0"


def words_of(cookie: str) -> set[str]:
    """Return the attributes of a cookie, in lower case."""
    return {word.strip().lower() for word in cookie.split(";")[1:]}


def is_page(answer: Answer) -> bool:
    """Tell whether an answer is a page with the house's headers."""
    return (
        answer.list_headers("content-type") == ["text/html; charset=utf-8"]
        and answer.header("cache-control") == "no-store"
        and "default-src 'none'" in answer.header("content-security-policy")
        and answer.header("x-frame-options") == "DENY"
    )


async def test_the_site_leads_to_the_portal(stage: Stage) -> None:
    """And from there to the way in."""
    site = await send(stage.people, "GET", "/")
    listed = await send(stage.people, "GET", "/portal/consents")
    way_in = await send(stage.people, "GET", "/portal/sign-in")

    assert (site.status, site.header("location")) == (303, "/portal/consents")
    assert (listed.status, listed.header("location")) == (303, "/portal/sign-in")
    assert way_in.status == 200
    assert is_page(way_in)


async def test_sign_in_begins_at_the_provider(stage: Stage) -> None:
    """Code flow with PKCE (RFC 7636), and a cookie that binds the try to this browser."""
    answer = await send(stage.people, "GET", "/portal/sign-in/start")

    address = urlsplit(answer.header("location"))
    query = parse_qs(address.query)
    assert answer.status == 303
    assert f"{address.scheme}://{address.netloc}" == ISSUER
    assert query["response_type"] == ["code"]
    assert query["code_challenge_method"] == ["S256"]
    assert query["ui_locales"] == ["zh-CN"]
    (cookie,) = answer.list_headers("set-cookie")
    assert cookie.startswith(f"{BINDING_COOKIE}=")
    assert {"path=/", "secure", "httponly", "samesite=lax"} <= words_of(cookie)


@pytest.mark.parametrize("address", ["//evil.example", "https://evil.example", "/\\evil.example"])
async def test_sign_in_leads_back_to_this_site_only(address: str, stage: Stage) -> None:
    """An address elsewhere is refused before the provider is asked."""
    answer = await send(stage.people, "GET", f"/portal/sign-in/start?return_to={address}")

    assert answer.status == 403
    assert is_page(answer)
    assert b"evil" not in answer.body


async def test_a_session_is_new_and_bound_to_the_host(stage: Stage) -> None:
    """The cookie is of this host alone, out of the reach of scripts; the binding ends."""
    begun = await send(stage.people, "GET", "/portal/sign-in/start")
    sent = parse_qs(urlsplit(begun.header("location")).query)
    stage.identity.nonce = sent["nonce"][0]
    binding = begun.header("set-cookie").partition(";")[0]
    target = f"/portal/callback?code=c&state={sent['state'][0]}&iss={ISSUER}"

    done = await send(stage.people, "GET", target, headers=[("cookie", binding)])
    again = await send(stage.people, "GET", target, headers=[("cookie", binding)])

    assert (done.status, done.header("location")) == (303, "/portal/consents")
    cookies = {one.partition("=")[0]: one for one in done.list_headers("set-cookie")}
    assert {"path=/", "secure", "httponly", "samesite=lax"} <= words_of(cookies[SESSION_COOKIE])
    assert "max-age=0" in words_of(cookies[BINDING_COOKIE])
    assert again.status == 403
    assert not [one for one in again.list_headers("set-cookie") if SESSION_COOKIE + "=" in one]


async def test_a_provider_that_is_away_is_a_page(stage: Stage) -> None:
    """503 in the person's language, with a code to quote."""
    stage.identity.failure = HttpUnavailable(sent=False, detail="the test")

    answer = await send(stage.people, "GET", "/portal/sign-in/start")

    assert answer.status == 503
    assert is_page(answer)
    assert b"identity-unavailable" in answer.body


async def test_a_person_sees_who_asks(stage: Stage, north: Machine) -> None:
    """List and request, with the bank's name and the form token of this session."""
    consent_id = await stage.lodge(north)
    session = await stage.sign_in()

    listed = await stage.visit(session, "/portal/consents")
    shown = await stage.visit(session, f"/portal/consents/{consent_id}")

    assert listed.status == shown.status == 200
    assert is_page(shown)
    assert consent_id.encode() in listed.body
    assert b"north bank" in shown.body
    assert b"form_token" in shown.body


async def test_a_yes_makes_the_consent_live(stage: Stage, north: Machine) -> None:
    """The browser is sent on as a GET, and the bank sees it active."""
    consent_id = await stage.lodge(north)
    session = await stage.sign_in()

    answer = await stage.visit(
        session,
        f"/portal/consents/{consent_id}/decision",
        form={"decision": "approve", "version": "1"},
    )

    assert (answer.status, answer.header("location")) == (303, "/portal/consents?notice=approved")
    _, seen = await stage.call(north, "GET", f"/v1/consents/{consent_id}")
    assert seen.json["state"] == "ACTIVE"


async def test_a_no_ends_the_request(stage: Stage, north: Machine) -> None:
    """The bank sees it refused."""
    consent_id = await stage.lodge(north)

    answer = await stage.visit(
        await stage.sign_in(),
        f"/portal/consents/{consent_id}/decision",
        form={"decision": "refuse", "version": "1"},
    )

    assert (answer.status, answer.header("location")) == (303, "/portal/consents?notice=refused")
    _, seen = await stage.call(north, "GET", f"/v1/consents/{consent_id}")
    assert seen.json["state"] == "REFUSED"


async def test_every_look_is_shown(stage: Stage, north: Machine, consent_id: str) -> None:
    """A report that was read stands on the consent's page, with its receipt."""
    _, report = await stage.ask(north, consent_id)
    session = await stage.sign_in()

    shown = await stage.visit(session, f"/portal/consents/{consent_id}")

    assert shown.status == 200
    assert report.header("creditbridge-report").encode() in shown.body


async def test_a_pause_holds_the_bank_off(stage: Stage, north: Machine, consent_id: str) -> None:
    """One button, a sentence beside it; its other side lets the bank look again."""
    session = await stage.sign_in()
    page = await stage.visit(session, f"/portal/consents/{consent_id}")
    assert b'id="consent-pause"' in page.body

    paused = await stage.visit(session, f"/portal/consents/{consent_id}/pause", form={})
    _, refused = await stage.ask(north, consent_id)
    page = await stage.visit(session, f"/portal/consents/{consent_id}")
    resumed = await stage.visit(session, f"/portal/consents/{consent_id}/resumption", form={})
    _, answered = await stage.ask(north, consent_id)

    home = f"/portal/consents/{consent_id}?notice="
    assert (paused.status, paused.header("location")) == (303, f"{home}paused")
    assert (refused.status, refused.code) == (403, "consent-paused")
    assert b'id="consent-resume"' in page.body
    assert (resumed.status, resumed.header("location")) == (303, f"{home}resumed")
    assert answered.status == 200


async def test_a_withdrawal_stops_the_bank(stage: Stage, north: Machine, consent_id: str) -> None:
    """First what it will do, then done: the next report is refused."""
    session = await stage.sign_in()
    preview = await stage.visit(session, f"/portal/consents/{consent_id}/withdrawal")

    answer = await stage.visit(session, f"/portal/consents/{consent_id}/withdrawal", form={})

    assert preview.status == 200
    assert (answer.status, answer.header("location")) == (303, "/portal/consents?notice=withdrawn")
    _, refused = await stage.ask(north, consent_id)
    assert (refused.status, refused.code) == (403, "consent-withdrawn")


@pytest.mark.parametrize("token", [None, "f" * 43, ""])
async def test_a_form_of_another_site_does_nothing(
    token: str | None, stage: Stage, north: Machine, consent_id: str
) -> None:
    """Without this session's form token the consent stands."""
    session = await stage.sign_in()
    body = b"" if token is None else f"form_token={token}".encode()

    answer = await send(
        stage.people,
        "POST",
        f"/portal/consents/{consent_id}/withdrawal",
        headers=[("cookie", f"{SESSION_COOKIE}={session}"), FORM],
        body=body,
    )

    assert answer.status == 403
    assert is_page(answer)
    assert (await stage.ask(north, consent_id))[1].status == 200


async def test_a_form_without_a_session_does_nothing(stage: Stage, consent_id: str) -> None:
    """401, and the way in; a POST is not sent on."""
    answer = await stage.visit(None, f"/portal/consents/{consent_id}/withdrawal", form={})

    assert answer.status == 401
    assert is_page(answer)


@pytest.mark.parametrize("page", ["", "/withdrawal"])
async def test_another_enterprises_consent_looks_like_none(
    page: str, stage: Stage, consent_id: str
) -> None:
    """Same status and same page for a foreign id, an unknown one, and what is no id (fault 67)."""
    stage.identity.sign_in_as("sub-2", "李示例", uscc="91330106589876549K", name="Other Works")
    session = await stage.sign_in()

    answers = [
        await stage.visit(session, f"/portal/consents/{one}{page}")
        for one in (consent_id, UNKNOWN_CONSENT, "cns_x")
    ]

    assert [answer.status for answer in answers] == [404, 404, 404]
    bodies = {_without_ids(answer, consent_id) for answer in answers}
    assert len(bodies) == 1


async def test_another_enterprises_consent_cannot_be_decided(stage: Stage, north: Machine) -> None:
    """Neither yes, nor no, nor withdrawal."""
    consent_id = await stage.lodge(north)
    stage.identity.sign_in_as("sub-2", "李示例", uscc="91330106589876549K", name="Other Works")
    session = await stage.sign_in()

    for page, form in (
        ("decision", {"decision": "approve", "version": "1"}),
        ("decision", {"decision": "refuse", "version": "1"}),
        ("withdrawal", {}),
    ):
        answer = await stage.visit(session, f"/portal/consents/{consent_id}/{page}", form=form)
        assert answer.status == 404

    _, seen = await stage.call(north, "GET", f"/v1/consents/{consent_id}")
    assert seen.json["state"] == "REQUESTED"


FORMS: list[dict[str, str]] = [
    {"decision": "maybe", "version": "1"},
    {"version": "1"},
    {"decision": "approve"},
    {"decision": "approve", "version": "-1"},
    {"decision": "approve", "version": "1" * 10},
]


@pytest.mark.parametrize("form", FORMS)
async def test_a_form_that_decides_nothing_is_a_400(
    form: dict[str, str], stage: Stage, north: Machine
) -> None:
    """Neither yes nor no, or of no version."""
    consent_id = await stage.lodge(north)

    answer = await stage.visit(
        await stage.sign_in(), f"/portal/consents/{consent_id}/decision", form=form
    )

    assert answer.status == 400
    assert is_page(answer)


async def test_signing_out_ends_the_session(stage: Stage) -> None:
    """The cookie is taken away, and its value opens nothing."""
    session = await stage.sign_in()

    answer = await stage.visit(session, "/portal/sign-out", form={})
    after = await stage.visit(session, "/portal/consents")

    assert (answer.status, answer.header("location")) == (303, "/portal/sign-in")
    assert any("max-age=0" in words_of(one) for one in answer.list_headers("set-cookie"))
    assert after.header("location") == "/portal/sign-in"


async def test_the_language_is_remembered(stage: Stage) -> None:
    """English once chosen stays, by a cookie."""
    chosen = await send(stage.people, "GET", "/portal/sign-in?language=en")
    cookie = chosen.header("set-cookie").partition(";")[0]

    again = await send(stage.people, "GET", "/portal/sign-in", headers=[("cookie", cookie)])

    assert b'lang="en"' in again.body
    assert USCC.encode() not in again.body


async def test_files_that_pages_link_to_are_served(stage: Stage) -> None:
    """By name, unchanging; there is no other path to a file."""
    page = await send(stage.people, "GET", "/portal/sign-in")
    link = page.body.partition(b"/static/")[2].partition(b'"')[0].decode()

    file = await send(stage.people, "GET", f"/static/{link}")
    others = [
        await send(stage.people, "GET", f"/static/{name}")
        for name in ("..%2Fpages.py", "none.css", "portal.css%00")
    ]

    assert file.status == 200
    assert file.header("cache-control") == "public, max-age=31536000, immutable"
    assert {(other.status, other.code) for other in others} == {(404, "not-found")}


async def test_a_defect_of_ours_is_a_page_without_its_cause(stage: Stage) -> None:
    """500 with the interaction id to quote, and nothing of the cause."""
    stage.identity.failure = RuntimeError("secret of the house")

    answer = await send(stage.people, "GET", "/portal/sign-in/start")

    assert answer.status == 500
    assert is_page(answer)
    assert b"secret" not in answer.body
    assert b"RuntimeError" not in answer.body
    assert answer.header("x-fapi-interaction-id").encode() in answer.body


async def test_a_form_over_the_limit_is_a_page(stage: Stage) -> None:
    """413 for 64 kB and one byte."""
    session = await stage.sign_in()

    answer = await stage.visit(session, "/portal/sign-out", form={"x": "y" * 65_537})

    assert answer.status == 413
    assert is_page(answer)


async def test_a_lost_database_is_a_page(stage: Stage) -> None:
    """503, and nothing of whoever is signed in."""
    session = await stage.sign_in()
    await stage.database.close()

    answer = await stage.visit(session, "/portal/consents")

    assert answer.status == 503
    assert is_page(answer)
    assert ENTERPRISE.encode() not in answer.body
    assert answer.header("x-fapi-interaction-id").encode() in answer.body


def _without_ids(answer: Answer, consent_id: str) -> bytes:
    body = answer.body.replace(answer.header("x-fapi-interaction-id").encode(), b"")
    for one in (consent_id, UNKNOWN_CONSENT, "cns_x"):
        body = body.replace(one.encode(), b"")
    return body


async def test_a_yes_may_be_less_than_was_asked(stage: Stage, north: Machine) -> None:
    """One section, a week and one look of what the bank asked for; the page says so afterwards."""
    consent_id = await stage.lodge(north)
    session = await stage.sign_in()
    target = f"/portal/consents/{consent_id}"

    form = {"chooses": "yes", "see_REG": "yes", "days": "7", "looks": "1"}
    done = await stage.visit(
        session, target + "/decision", form={"decision": "approve", "version": "1", **form}
    )
    page = (await stage.visit(session, target + "?language=en")).body.decode()

    assert (done.status, done.header("location")) == (303, "/portal/consents?notice=approved")
    assert "Registration" in page
    assert "Administrative penalties" not in page
    assert "0 of 1" in page
    assert "7 days" in page


async def test_a_yes_that_is_filled_in_wrongly_is_asked_again(stage: Stage, north: Machine) -> None:
    """422 with the page, what is wrong on top and beside the field; nothing is decided."""
    consent_id = await stage.lodge(north)
    session = await stage.sign_in()
    target = f"/portal/consents/{consent_id}/decision"

    answer = await stage.visit(
        session,
        f"{target}?language=en",
        form={"decision": "approve", "version": "1", "chooses": "yes", "looks": "9999"},
    )

    page = answer.body.decode()
    assert answer.status == 422
    assert is_page(answer)
    assert 'role="alert"' in page
    assert 'href="#sections"' in page
    assert 'aria-invalid="true"' in page
    assert 'value="9999"' in page
    assert 'href="/portal/consents/' + consent_id + '?language=zh-CN"' in page
    assert (
        await stage.visit(session, target, form={"decision": "approve", "version": "1"})
    ).status == 303


async def test_a_no_may_say_why(stage: Stage, north: Machine) -> None:
    """Kept with the consent; a reason that is too long is asked for again, a slip of a yes not."""
    consent_id = await stage.lodge(north)
    session = await stage.sign_in()
    target = f"/portal/consents/{consent_id}/decision"
    no = {"decision": "refuse", "version": "1", "chooses": "yes"}

    long = await stage.visit(session, target, form={**no, "reason": "x" * 201})
    done = await stage.visit(session, target, form={**no, "reason": "another+bank"})

    async with stage.database.transaction() as tx:
        kept = await tx.fetch_value(
            str, "SELECT reason FROM consents WHERE consent_id = $1", consent_id
        )
    assert (long.status, done.status) == (422, 303)
    assert kept == "another bank"


async def test_a_consent_tells_its_history(stage: Stage, north: Machine, consent_id: str) -> None:
    """Who asked, who said yes, by name, out of the ledger; no look yet."""
    page = await stage.visit(await stage.sign_in(), f"/portal/consents/{consent_id}?language=en")

    text = page.body.decode()
    assert "The bank asked" in text
    assert re.search(r"Approved<small>by <bdi>[^<]+</bdi>", text)
    assert 'role="img"' in text
    assert "The bank has not used this consent yet." in text


async def test_the_history_tells_of_a_pause(stage: Stage, north: Machine, consent_id: str) -> None:
    """In words and in the drawing; while it lasts, and when it is over."""
    session = await stage.sign_in()
    page = f"/portal/consents/{consent_id}"
    await stage.visit(session, f"{page}/pause", form={})
    during = (await stage.visit(session, f"{page}?language=en")).body.decode()
    await stage.visit(session, f"{page}/resumption", form={})

    after = (await stage.visit(session, page)).body.decode()

    assert re.search(r"Paused<small>by <bdi>[^<]+</bdi>", during)
    assert re.search(r"恢复<small>由<bdi>[^<]+</bdi>", after)
    assert [text.count('class="chart-paused" x=') for text in (during, after)] == [1, 1]


async def test_a_request_that_the_bank_took_back_says_so(stage: Stage, north: Machine) -> None:
    """It is not the enterprise that let it lapse: neither in the list nor on its page."""
    consent_id = await stage.lodge(north)
    await stage.call(north, "POST", f"/v1/consents/{consent_id}/cancellation")
    session = await stage.sign_in()

    listed = (await stage.visit(session, "/portal/consents?language=en")).body.decode()
    shown = (await stage.visit(session, f"/portal/consents/{consent_id}?language=en")).body.decode()

    assert "Taken back" in listed
    assert "took its request back before you answered" in shown
    assert "Not answered in time" not in listed + shown


async def test_the_list_shows_one_bank_alone(stage: Stage, north: Machine, south: Machine) -> None:
    """By its code; an unknown one shows all, so that nothing is overlooked."""
    mine, theirs = await stage.lodge(north), await stage.lodge(south)
    session = await stage.sign_in()
    everything = (await stage.visit(session, "/portal/consents")).body.decode()
    codes = re.findall(r'<option dir="auto" value="([^"]+)"[^>]*>north', everything)

    alone = (await stage.visit(session, f"/portal/consents?bank={codes[0]}")).body.decode()
    unknown = (await stage.visit(session, "/portal/consents?bank=x%22y")).body.decode()

    assert (mine in alone, theirs in alone) == (True, False)
    assert f"?bank={codes[0]}&amp;language=en" in alone
    assert (mine in unknown, theirs in unknown) == (True, True)
