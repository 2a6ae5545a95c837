"""Representatives before a portal in small: what they do where it is away, odd, or refuses."""

import asyncio
import threading
from collections.abc import Iterator

import msgspec
import pytest
from litestar.testing import TestClient
from tests.sandbox.small_portal import HOME, LIST, REQUEST, Pki, SmallPortal
from tests.waiting import PATIENCE_SECONDS, eventually

from creditsandbox.province.fixed import ActingEnterprise, Temper, list_acting
from creditsandbox.representatives import person as persons
from creditsandbox.representatives.browser import Browser, SiteAway
from creditsandbox.representatives.company import AWAY_SECONDS_MAX, Company
from creditsandbox.representatives.endpoints import build_app
from creditsandbox.representatives.pages import PageUnfit
from creditsandbox.representatives.person import Person

EMPTY = (200, "<ul></ul>")


@pytest.fixture
def portal(pki: Pki) -> SmallPortal:
    """A portal with nothing on it, that does not answer yet."""
    portal = SmallPortal(pki)
    portal.pages[HOME] = EMPTY
    return portal


@pytest.fixture
def served(portal: SmallPortal) -> Iterator[SmallPortal]:
    """The portal, answering."""
    with portal.serve():
        yield portal


def acting(temper: Temper) -> ActingEnterprise:
    """Return the enterprise of a temper."""
    return next(one for one in list_acting() if one.temper is temper)


def send_out(portal: SmallPortal, temper: Temper) -> Person:
    """Return a representative with a browser of its own."""
    company = Company(portal.settings())
    return Person(acting(temper), company.open_browser(), portal.url, pause_seconds=5.0)


def test_who_has_no_session_signs_in(served: SmallPortal) -> None:
    """By the published rule, also when the session has ended meanwhile."""
    person = send_out(served, Temper.APPROVES)

    person.look_in(now=0.0)
    served.has_session = False
    person.look_in(now=1.0)

    assert served.sent["/login"] == {
        "state": "s",
        "login_name": "approves",
        "password": "approves-pass",
    }
    assert served.asked.count("POST /login") == 2


def test_who_never_answers_comes_once(served: SmallPortal) -> None:
    """So that banks' machines may ask this enterprise without a browser."""
    person = send_out(served, Temper.LAPSES)

    before = person.is_settled
    person.look_in(now=0.0)

    assert served.has_session
    assert (before, person.is_settled) == (False, True)
    assert not send_out(served, Temper.APPROVES).is_settled


def test_an_answer_that_is_not_taken_is_tried_three_times(served: SmallPortal) -> None:
    """The request stays where it is; nobody knocks for ever."""
    served.pages[HOME] = (200, LIST.format(part="requested", name="cns_1"))
    served.pages[f"{HOME}/cns_1"] = (200, REQUEST.format(name="cns_1"))
    served.pages[f"{HOME}/cns_1/decision"] = (403, "")
    person = send_out(served, Temper.REFUSES)

    for _ in range(5):
        person.look_in(now=0.0)

    assert served.asked.count(f"POST {HOME}/cns_1/decision") == 3
    assert served.sent[f"{HOME}/cns_1/decision"] == {
        "version": "1",
        "see_REG": "yes",
        "reason": "沙盒：本企业总是拒绝",
        "decision": "refuse",
    }


def test_a_pause_ends_after_its_time(served: SmallPortal) -> None:
    """Counted from when the pause was first seen: a process that began anew counts anew."""
    consent = f"{HOME}/cns_1"
    form = '<form method="post" action="{0}/{1}"><button id="consent-{2}"></button></form>'
    paused = '<span class="state state-PAUSED"></span>' + form.format(
        consent, "resumption", "resume"
    )
    served.pages[HOME] = (200, LIST.format(part="live", name="cns_1"))
    served.pages[consent] = (200, paused)
    person = send_out(served, Temper.PAUSES)

    person.look_in(now=100.0)
    person.look_in(now=104.0)
    before = served.asked.count(f"POST {consent}/resumption")
    person.look_in(now=105.0)
    served.pages[consent] = (200, '<li class="turn turn-resumed"></li>')
    person.look_in(now=106.0)
    looked = served.asked.count(f"GET {consent}")
    person.look_in(now=107.0)

    assert (before, served.asked.count(f"POST {consent}/resumption")) == (0, 1)
    assert served.asked.count(f"GET {consent}") == looked


def test_only_so_many_are_remembered(served: SmallPortal, monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest is forgotten, and would be tried anew."""
    monkeypatch.setattr(persons, "REMEMBERED_MAX", 1)
    person = send_out(served, Temper.REFUSES)
    for name in ("cns_1", "cns_2"):
        served.pages[f"{HOME}/{name}"] = (200, REQUEST.format(name=name))
        served.pages[f"{HOME}/{name}/decision"] = (403, "")

    for name in ("cns_1", "cns_1", "cns_1", "cns_1", "cns_2", "cns_1"):
        served.pages[HOME] = (200, LIST.format(part="requested", name=name))
        person.look_in(now=0.0)

    assert served.asked.count(f"POST {HOME}/cns_1/decision") == 4


def test_another_page_than_the_list_is_unfit(served: SmallPortal) -> None:
    """Signed in, and yet not home: the house may be closed."""
    served.pages[HOME] = (503, "")

    with pytest.raises(PageUnfit):
        send_out(served, Temper.APPROVES).look_in(now=0.0)


def test_a_browser_stops_at_a_foreign_site_and_in_circles(served: SmallPortal) -> None:
    """The bank's address is all there is to see of it."""
    served.has_session = True
    served.pages |= {"/bank": (303, "https://bank.example/cb?code=1"), "/circle": (303, "/circle")}
    browser = Company(served.settings()).open_browser()

    led = browser.open(f"{served.url}/bank")

    assert (led.status, led.url) == (303, "https://bank.example/cb?code=1")
    with pytest.raises(SiteAway):
        browser.open(f"{served.url}/circle")


def test_a_cookie_is_kept_until_it_is_ended() -> None:
    """By its site; `max-age=0` takes it away."""
    jar = dict[str, str]()

    for line in ("a=1; Path=/; Secure", "b=2", "a=; Max-Age=0"):
        Browser.keep_cookie(jar, line)

    assert jar == {"b": "2"}


def test_a_portal_that_is_away_is_asked_less_and_less(portal: SmallPortal) -> None:
    """Doubled up to a bound; as often as ever once it answers."""
    company, stop = Company(portal.settings(poll_seconds=2.0)), threading.Event()

    waits = [company.look_in(stop) for _ in range(5)]
    with portal.serve():
        waits.append(company.look_in(stop))

    assert waits == [2.0, 4.0, 8.0, AWAY_SECONDS_MAX, AWAY_SECONDS_MAX, 2.0]


async def test_a_portal_that_begins_anew_is_looked_into_again(portal: SmallPortal) -> None:
    """Nobody starts the representatives again; they end with their task, at once."""
    company = Company(portal.settings())
    working = asyncio.create_task(company.work())
    for _ in range(2):
        portal.has_session, portal.asked = False, []
        with portal.serve():
            await eventually(lambda: portal.asked.count("POST /login") >= 1)

    working.cancel()
    async with asyncio.timeout(PATIENCE_SECONDS):
        with pytest.raises(asyncio.CancelledError):
            await working


def test_a_stop_comes_between_two_of_them(served: SmallPortal) -> None:
    """The rest of a round is left out."""
    stop = threading.Event()
    stop.set()

    Company(served.settings()).look_in(stop)

    assert served.asked == []


def visit(portal: SmallPortal, temper: Temper, address: str) -> tuple[int, dict[str, str | None]]:
    """Send a representative to an address; return the status and what is said."""
    with TestClient(build_app(Company(portal.settings()))) as client:
        answer = client.post("/visits", json={"uscc": acting(temper).uscc, "address": address})
    return answer.status_code, msgspec.json.decode(answer.content, type=dict[str, str | None])


def test_a_visit_leads_back_to_the_bank(served: SmallPortal) -> None:
    """The page that asked for the log-in leads on to the bank, as the answer says."""
    served.pages["/oauth/authorize/decision"] = (303, "https://bank.example/cb?code=c")
    served.pages[HOME] = (200, REQUEST.replace("/portal/consents/{name}", "/oauth/authorize"))

    told = visit(served, Temper.APPROVES, f"{served.url}/portal/sign-in/start")

    assert told == (200, {"location": "https://bank.example/cb?code=c"})


@pytest.mark.parametrize(
    ("page", "told"),
    [
        (
            (303, "https://bank.example/cb?error=x"),
            (200, {"location": "https://bank.example/cb?error=x"}),
        ),
        ((400, "<h1>no request</h1>"), (409, {"error": "page-unfit"})),
    ],
)
def test_a_visit_to_what_cannot_be_answered(
    page: tuple[int, str], told: tuple[int, dict[str, str | None]], served: SmallPortal
) -> None:
    """The portal answers the bank by itself, or has nothing to decide."""
    served.has_session = True
    served.pages["/oauth/authorize"] = page

    assert visit(served, Temper.APPROVES, f"{served.url}/oauth/authorize") == told


def test_a_visit_whose_answer_is_not_taken(served: SmallPortal) -> None:
    """The page is shown once more: nothing was decided."""
    served.has_session = True
    served.pages["/oauth/authorize"] = (200, REQUEST.format(name="cns_1"))
    served.pages[f"{HOME}/cns_1/decision"] = (422, "")

    told = visit(served, Temper.APPROVES, f"{served.url}/oauth/authorize")

    assert told == (409, {"error": "page-unfit"})


def test_a_visit_where_nobody_answers(portal: SmallPortal) -> None:
    """The silent one opens nothing; a portal that is away is said to be."""
    address = f"{portal.url}/oauth/authorize"

    assert visit(portal, Temper.LAPSES, address) == (200, {"location": None})
    assert visit(portal, Temper.APPROVES, address) == (502, {"error": "site-away"})
    assert visit(portal, Temper.APPROVES, "https://else.example/") == (
        400,
        {"error": "visit-unknown"},
    )


def test_a_visit_of_a_stranger_is_unknown(portal: SmallPortal) -> None:
    """Whoever is asked by hand has no representative that could be sent."""
    with TestClient(build_app(Company(portal.settings()))) as client:
        asked = {"uscc": "91330100YY0000A13Y", "address": portal.url}

        assert client.post("/visits", json=asked).json() == {"error": "visit-unknown"}
        assert client.post("/visits", content=b"{").json() == {"error": "visit-malformed"}


PEOPLE = "/portal/people"
APPOINT = """<a href="/portal/people/prs_1/appointment">x</a>
<form method="post" action="/portal/people/rules"><input type="number" name="approvers.1">
<button id="rules-propose"></button></form>"""
LETTER = """<form method="post" action="/portal/people/prs_1/appointment">
<input type="radio" name="may_approve" value="yes">
<input type="radio" name="may_approve" value="no">
<button id="appoint"></button></form>"""


def test_two_are_asked_for_once(served: SmallPortal) -> None:
    """An agent is appointed and the rule proposed; where a rule is there already, nothing is."""
    person = send_out(served, Temper.ONE_OF_TWO)
    served.pages[PEOPLE] = (200, "")
    with pytest.raises(PageUnfit):
        person.look_in(now=0.0)
    served.pages |= {
        PEOPLE: (200, APPOINT),
        f"{PEOPLE}/prs_1/appointment": (200, LETTER),
        f"{PEOPLE}/rules": (303, PEOPLE),
    }

    person.look_in(now=1.0)
    person.look_in(now=2.0)
    served.pages[PEOPLE] = (200, '<ul><li class="rule-2">x</li></ul>')
    send_out(served, Temper.ONE_OF_TWO).look_in(now=3.0)

    assert served.sent[f"{PEOPLE}/prs_1/appointment"]["may_approve"] == "yes"
    assert served.sent[f"{PEOPLE}/rules"] == {"approvers.1": "2"}
    assert served.asked.count(f"POST {PEOPLE}/rules") == 1


def test_one_who_finds_another_page_holds_up_nobody(served: SmallPortal) -> None:
    """The round goes on as ever; where all of them do, the next one comes later and later."""
    company, stop = Company(served.settings(poll_seconds=2.0)), threading.Event()

    waits = [company.look_in(stop)]
    served.pages[HOME] = (503, "")
    waits += [company.look_in(stop) for _ in range(2)]

    assert waits == [2.0, 2.0, 4.0]
