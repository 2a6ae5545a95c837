"""A bank's machine that may use codes and manage grants, played over HTTP."""

import secrets
from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

import msgspec
from tests.endpoints.stage import BANK_URL, FORM, USCC, Machine, Stage
from tests.endpoints.wire import Answer, send

from creditbridge.access import service as access
from creditbridge.access.authorization import AuthorizationRequest
from creditbridge.journeys.records.grants import granted_detail
from creditbridge.protocols.http_signatures import BANK_REQUEST, Request, sign_request
from creditbridge.protocols.pkce import challenge_of

VERIFIER = "v" * 43
REDIRECT_URI = "https://bank.example/callback"
ALLOW = """
    UPDATE parties_clients SET scopes = $1,
        grant_types = '{authorization_code,client_credentials,refresh_token}'
"""
SCOPES = ["consents", "grant_management_query", "grant_management_revoke", "reports"]


class Teller:
    """The machine, and what it sends."""

    def __init__(self, stage: Stage, machine: Machine) -> None:
        self.stage, self.machine = stage, machine

    async def allow(self) -> None:
        """Let the machines of every bank do what these tests need."""
        async with self.stage.database.transaction() as tx:
            await tx.execute(ALLOW, SCOPES)

    async def make_code(self, *consent_ids: str, scope: str = "consents reports") -> str:
        """Make a code of these consents, as the authorization endpoint does."""
        stage, machine = self.stage, self.machine
        request = AuthorizationRequest(
            client_id=machine.client_id,
            bank_id=machine.bank_id,
            redirect_uri=REDIRECT_URI,
            scopes=frozenset(scope.split()),
            code_challenge=challenge_of(VERIFIER),
        )
        async with stage.database.transaction() as tx:
            consents = [await stage.rooms.consents.get_consent(tx, one) for one in consent_ids]
            details = tuple(map(granted_detail, consents))
            issued = await access.issue_code(
                tx, request, details=details, person_id="prs_1", uscc=USCC
            )
        return issued.secret

    async def post(
        self, path: str, form: Mapping[str, str], *, certificate: bytes | None = None
    ) -> Answer:
        """Send a form to an endpoint of the authorization server."""
        body = urlencode({"client_id": self.machine.client_id, **form}).encode()
        shown = certificate or self.machine.certificate
        return await send(
            self.stage.bank, "POST", path, headers=[FORM], body=body, certificate=shown
        )

    async def ask(self, form: Mapping[str, str], *, certificate: bytes | None = None) -> Answer:
        """Ask for a token."""
        return await self.post("/oauth/token", form, certificate=certificate)

    async def redeem(self, code: str, changed: dict[str, str] | None = None) -> Answer:
        """Bring a code."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": REDIRECT_URI,
            "code_verifier": VERIFIER,
        }
        return await self.ask({**form, **(changed or {})})

    async def refresh(
        self, tokens: Mapping[str, object], *, certificate: bytes | None = None
    ) -> Answer:
        """Bring the refresh token of a token answer."""
        form = {"grant_type": "refresh_token", "refresh_token": str(tokens["refresh_token"])}
        return await self.ask(form, certificate=certificate)

    async def call(
        self,
        token: object,
        method: str,
        target: str,
        *,
        body: bytes = b"",
        headers: Sequence[tuple[str, str]] = (),
    ) -> tuple[Request, Answer]:
        """Send a signed request with this token."""
        named = (*headers, ("authorization", f"Bearer {token}"))
        if body:
            named = (*named, ("content-type", "application/json"))
        unsigned = Request(method=method, target_uri=BANK_URL + target, headers=named, body=body)
        added = sign_request(
            unsigned,
            BANK_REQUEST,
            self.machine.key,
            created=int(self.stage.clock.now().timestamp()),
            nonce=secrets.token_urlsafe(16),
        )
        request = msgspec.structs.replace(unsigned, headers=named + added)
        answer = await send(
            self.stage.bank,
            method,
            target,
            headers=request.headers,
            body=body,
            certificate=self.machine.certificate,
        )
        return request, answer
