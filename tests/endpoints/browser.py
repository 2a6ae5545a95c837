"""A browser and a bank's machine in the code flow: push, open, sign in, decide, return."""

import hashlib
import json
import re
from base64 import urlsafe_b64encode
from datetime import timedelta
from typing import Protocol
from urllib.parse import parse_qsl, urlencode, urlsplit

from tests.endpoints.stage import ENTERPRISE, FORM, ISSUER, USCC, Machine, Stage
from tests.endpoints.wire import Answer, send

from creditbridge.protocols.canonical_json import JsonValue

CALLBACK = "https://north.example/callback"
WITH_QUERY = "https://south.example/callback?dummy1=lorem&dummy2=ipsum"
VERIFIER = "v" * 43
CHALLENGE = urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
# As a browser sends a form that nobody touched: what is hidden, and what is ticked.
FIELD = re.compile(
    r'<input type="(?:hidden|checkbox)" name="([A-Za-z_]+)" value="([^"]*)"(?: checked)?>'
)
CODE_FLOW: dict[str, JsonValue] = {
    "grant_types": ["authorization_code", "client_credentials", "refresh_token"],
    "redirect_uris": [CALLBACK, WITH_QUERY],
}


def detail(stage: Stage, **changed: object) -> dict[str, object]:
    """Return one consent to ask for, of a month and three uses."""
    return {
        "type": "credit_report",
        "enterprise": {"uscc": USCC, "name": ENTERPRISE},
        "purposes": ["PRE_LOAN_REVIEW"],
        "sections": ["REG", "PEN"],
        "valid_to": (stage.clock.now() + timedelta(days=30)).isoformat(),
        "max_queries": 3,
        **changed,
    }


def form_of(client_id: str, **changed: str | None) -> dict[str, str]:
    """Return a good request for scopes alone; None takes a parameter away."""
    parameters: dict[str, str | None] = {
        "client_id": client_id,
        "response_type": "code",
        "redirect_uri": CALLBACK,
        "scope": "reports",
        "state": "s-1",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        **changed,
    }
    return {name: value for name, value in parameters.items() if value is not None}


async def push(
    stage: Stage,
    machine: Machine,
    form: dict[str, str],
    *,
    headers: tuple[tuple[str, str], ...] = (),
) -> Answer:
    """Push a request over the machine's own connection."""
    return await send(
        stage.bank,
        "POST",
        "/oauth/par",
        headers=[FORM, *headers],
        body=urlencode(form).encode(),
        certificate=machine.certificate,
    )


async def push_details(stage: Stage, machine: Machine, *details: object, **changed: str) -> str:
    """Push a request for consents and return where the browser goes with it."""
    form = form_of(machine.client_id, authorization_details=json.dumps(details), **changed)
    return address_of(machine, await push(stage, machine, form))


async def push_scopes(stage: Stage, machine: Machine, **changed: str | None) -> str:
    """Push a request without consents and return where the browser goes with it."""
    return address_of(machine, await push(stage, machine, form_of(machine.client_id, **changed)))


def address_of(machine: Machine, pushed: Answer) -> str:
    """Return where the browser goes with a pushed request."""
    assert pushed.status == 201, pushed.body
    query = {"client_id": machine.client_id, "request_uri": str(pushed.json["request_uri"])}
    return f"/oauth/authorize?{urlencode(query)}"


class Named(Protocol):
    """A bank's machine, however it proves itself."""

    @property
    def client_id(self) -> str:
        """Its name."""
        ...

    @property
    def certificate(self) -> bytes:
        """The certificate of its connection, DER."""
        ...


class Browser:
    """One browser with its cookies; at the provider its person signs in at once."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.cookies: dict[str, str] = {}
        self.sign_ins = 0

    async def open(self, target: str) -> Answer:
        """Open an address and follow it through the provider, back to a page or to a bank."""
        answer = await self.get(target)
        if answer.status == 303 and answer.header("location").startswith(ISSUER):
            return await self.open(await self.sign_in(answer))
        return answer

    async def sign_in(self, answer: Answer) -> str:
        """Sign in at the provider that an answer leads to; return where the house leads next."""
        self.sign_ins += 1
        asked = dict(parse_qsl(urlsplit(answer.header("location")).query))
        self.stage.identity.nonce = asked["nonce"]
        query = urlencode({"code": "c", "state": asked["state"], "iss": ISSUER})
        back = await self.get(f"/portal/callback?{query}")
        assert back.status == 303, back.body
        return back.header("location")

    async def decide(self, page: Answer, decision: str, **changed: str) -> Answer:
        """Press one of the buttons of a page."""
        fields = dict(FIELD.findall(page.body.decode())) | {"decision": decision} | changed
        # The first form of the page is another one, with the same token.
        return await self.post("/oauth/authorize/decision", fields)

    async def get(self, target: str) -> Answer:
        """Open an address of the house."""
        return self._keep(
            await send(self.stage.people, "GET", target, headers=[("cookie", self._cookie())])
        )

    async def post(self, target: str, fields: dict[str, str]) -> Answer:
        """Send a form to the house."""
        headers = [("cookie", self._cookie()), FORM]
        body = urlencode(fields).encode()
        return self._keep(await send(self.stage.people, "POST", target, headers=headers, body=body))

    def _cookie(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    def _keep(self, answer: Answer) -> Answer:
        for cookie in answer.list_headers("set-cookie"):
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        return answer


def returned(answer: Answer) -> dict[str, str]:
    """Return what a browser takes back to the bank; nothing is in a fragment."""
    assert answer.status == 303, answer.body
    address = urlsplit(answer.header("location"))
    assert (address.netloc, address.fragment) == ("north.example", "")
    return dict(parse_qsl(address.query, keep_blank_values=True, strict_parsing=True))


async def redeem(stage: Stage, machine: Named, code: str, **changed: str) -> Answer:
    """Bring a code to the token endpoint."""
    form = {
        "grant_type": "authorization_code",
        "client_id": machine.client_id,
        "code": code,
        "redirect_uri": CALLBACK,
        "code_verifier": VERIFIER,
        **changed,
    }
    return await send(
        stage.bank,
        "POST",
        "/oauth/token",
        headers=[FORM],
        body=urlencode(form).encode(),
        certificate=machine.certificate,
    )
