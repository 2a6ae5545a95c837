"""A bank's machine asks a person without a browser, and polls for what they decide."""

import itertools
import re
from datetime import timedelta
from urllib.parse import urlencode

import msgspec
from tests.endpoints.browser import Browser
from tests.endpoints.stage import FORM, PEOPLE_URL, USCC, Machine, Stage
from tests.endpoints.wire import Answer, send

from creditbridge.protocols.canonical_json import JsonValue
from creditbridge.protocols.jws import sign_compact

CIBA = "urn:openid:params:grant-type:ciba"
CIBA_MEMBERS: dict[str, JsonValue] = {
    "grant_types": ["client_credentials", CIBA],
    "scopes": ["openid", "reports", "consents"],
}
# As a browser sends a form that nobody touched: what is hidden, and what is ticked.
FIELD = re.compile(
    r'<input type="(?:hidden|checkbox)" name="([A-Za-z_]+)" value="([^"]*)"(?: checked)?>'
)
LINK = re.compile(r'href="(/portal/requests/req_[0-9a-z]{26})"')
_NUMBERS = itertools.count(1)


def sign_asking(stage: Stage, machine: Machine, **changed: object) -> str:
    """Return a signed request for scopes; None takes a claim away."""
    seconds = int(stage.clock.now().timestamp())
    claims = {
        "iss": machine.client_id,
        "aud": PEOPLE_URL,
        "iat": seconds,
        "nbf": seconds,
        "exp": seconds + 300,
        "jti": f"jti-{next(_NUMBERS)}",
        "scope": "openid reports",
        "login_hint": USCC,
        "binding_message": "1234",
        **changed,
    }
    told = {name: value for name, value in claims.items() if value is not None}
    return sign_compact(msgspec.json.encode(told), machine.key, typ="JWT")


async def post(stage: Stage, machine: Machine, path: str, form: dict[str, str]) -> Answer:
    """Send a form over the machine's own connection."""
    return await send(
        stage.bank,
        "POST",
        path,
        headers=[FORM],
        body=urlencode({"client_id": machine.client_id, **form}).encode(),
        certificate=machine.certificate,
    )


async def ask(stage: Stage, machine: Machine, **changed: object) -> Answer:
    """Ask a person."""
    request = sign_asking(stage, machine, **changed)
    return await post(stage, machine, "/oauth/backchannel", {"request": request})


async def ask_well(stage: Stage, machine: Machine, **changed: object) -> str:
    """Ask a person, and return what to poll with."""
    answer = await ask(stage, machine, **changed)
    assert answer.status == 200, answer.body
    return str(answer.json["auth_req_id"])


async def poll(stage: Stage, machine: Machine, auth_req_id: str) -> Answer:
    """Ask whether somebody decided."""
    form = {"grant_type": CIBA, "auth_req_id": auth_req_id}
    return await post(stage, machine, "/oauth/token", form)


def told(answer: Answer) -> tuple[int, object]:
    """Return the status and the error of an answer."""
    return answer.status, answer.json.get("error")


async def wait(stage: Stage, **time: float) -> None:
    """Let the database's instant pass."""
    async with stage.database.transaction() as tx:
        later = tx.now + timedelta(**time)
    await stage.database.raise_floor(later)


async def open_waiting(browser: Browser) -> Answer:
    """Sign in to the portal and open the one request that waits."""
    home = await browser.get("/portal/consents")
    (link,) = LINK.findall(home.body.decode())
    page = await browser.get(link)
    assert page.status == 200, page.body
    return page


async def enter(browser: Browser) -> None:
    """Sign in to the portal."""
    begun = await browser.get("/portal/sign-in/start")
    await browser.sign_in(begun)


async def answer_waiting(browser: Browser, page: Answer, decision: str, **changed: str) -> Answer:
    """Press one of the buttons of a page."""
    body = page.body.decode()
    action = re.findall(r'action="(/portal/requests/[^"]+)"', body)[0]
    # The first form of the page is another one, with the same token.
    fields = dict(FIELD.findall(body)) | {"decision": decision} | changed
    return await browser.post(action, fields)
