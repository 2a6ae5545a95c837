"""The authorization server with two clients of one bank, and what a person grants to the first."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Protocol

from tests.waiting import PATIENCE_SECONDS

from creditbridge.access import service
from creditbridge.access.authorization import AuthorizationRequest, DetailEnterprise
from creditbridge.access.granted.model import GrantedDetail, IssuedCode, IssuedToken
from creditbridge.access.model import (
    Binding,
    ClientRequest,
    Credential,
    OAuthError,
    PresentedToken,
    Token,
)
from creditbridge.admission.sealing import Sealer
from creditbridge.admission.service import Admission
from creditbridge.admission.settings import AdmissionSettings
from creditbridge.foundation.clock import SystemClock
from creditbridge.foundation.database import Database, Transaction
from creditbridge.profile.codes import Purpose, SectionCode
from creditbridge.protocols.certificate_binding import PeerCertificate
from creditbridge.protocols.pkce import challenge_of

VERIFIER = "v" * 43
REDIRECT_URI = "https://bank.example/callback?dummy1=lorem&dummy2=ipsum"
CONSENT_ID = "cns_0" + "1" * 25


class KnownClient(Protocol):
    """The client of `conftest`."""

    client_id: str
    bank_id: str
    certificate: PeerCertificate


class Bench:
    """The authorization server with one client, and the client's neighbour in the same bank."""

    def __init__(
        self, database: Database, client: KnownClient, certify: Callable[[str], PeerCertificate]
    ) -> None:
        self.database, self.client, self.certify = database, client, certify
        self.certificates = {
            client.client_id: client.certificate,
            "jiangtao-branch": certify("branch.bank.example"),
        }
        self.admission = Admission(AdmissionSettings(), Sealer(bytes(32)))

    def over(self, database: Database) -> "Bench":
        """Return the same over other connections, as another node has it."""
        return Bench(database, self.client, self.certify)

    def detail(self, *, consent_id: str = CONSENT_ID, days: float = 20) -> GrantedDetail:
        """Return one granted consent."""
        return GrantedDetail(
            type="credit_report",
            consent_id=consent_id,
            enterprise=DetailEnterprise(uscc="91330100YY0000A13Y", name="示例晴川机械有限公司"),
            purposes=(Purpose.PRE_LOAN_REVIEW,),
            sections=(SectionCode.PEN, SectionCode.REG),
            valid_to=SystemClock().now() + timedelta(days=days),
            max_queries=3,
        )

    async def issue_code(
        self,
        details: tuple[GrantedDetail, ...] | None = None,
        *,
        proof_key: str | None = None,
        scopes: str = "reports",
    ) -> IssuedCode:
        """Grant what a person said yes to; by default one consent for twenty days."""
        async with self.database.transaction() as tx:
            return await self.issue_code_in(tx, details, proof_key=proof_key, scopes=scopes)

    async def issue_code_in(
        self,
        tx: Transaction,
        details: tuple[GrantedDetail, ...] | None = None,
        *,
        proof_key: str | None = None,
        scopes: str = "reports",
    ) -> IssuedCode:
        """Grant in a transaction of the test's."""
        request = AuthorizationRequest(
            client_id=self.client.client_id,
            bank_id=self.client.bank_id,
            redirect_uri=REDIRECT_URI,
            scopes=frozenset(scopes.split()),
            code_challenge=challenge_of(VERIFIER),
            proof_key=proof_key,
        )
        return await service.issue_code(
            tx,
            request,
            details=(self.detail(),) if details is None else details,
            person_id="prs_1",
            uscc="91330100YY0000A13Y",
        )

    def request(
        self,
        form: dict[str, str],
        *,
        client_id: str | None = None,
        certificate: PeerCertificate | None = None,
    ) -> ClientRequest:
        """Return a request of one of the clients, over its own connection."""
        client_id = client_id or self.client.client_id
        return ClientRequest(
            form={"client_id": client_id, **form},
            certificate=certificate or self.certificates[client_id],
        )

    async def obtain(
        self,
        form: dict[str, str],
        *,
        client_id: str | None = None,
        certificate: PeerCertificate | None = None,
        binding: Binding | None = None,
    ) -> IssuedToken:
        """Ask for a token; a refusal commits what it has written, as the journey's does."""
        request = self.request(form, client_id=client_id, certificate=certificate)
        async with self.database.transaction(commit_on=OAuthError) as tx:
            return await self.obtain_in(tx, request, binding)

    async def obtain_in(
        self, tx: Transaction, request: ClientRequest, binding: Binding | None = None
    ) -> IssuedToken:
        """Ask for a token in a transaction of the test's."""
        client = await service.authenticate_client(tx, request, self.admission)
        bound = await service.bind_token(tx, request, client, self.admission)
        entitlement = await service.decide_grant(tx, request, client, binding or bound)
        return await service.issue_token(tx, client, binding or bound, entitlement)

    def redemption(self, code: IssuedCode | str, **changed: str) -> dict[str, str]:
        """Return the form that brings a code."""
        return {
            "grant_type": "authorization_code",
            "code": code if isinstance(code, str) else code.secret,
            "redirect_uri": REDIRECT_URI,
            "code_verifier": VERIFIER,
            **changed,
        }

    def refreshment(self, token: IssuedToken | str, **changed: str) -> dict[str, str]:
        """Return the form that brings a refresh token."""
        secret = token if isinstance(token, str) else str(token.refresh_token)
        return {"grant_type": "refresh_token", "refresh_token": secret, **changed}

    async def use(self, issued: IssuedToken, certificate: PeerCertificate | None = None) -> Token:
        """Use an access token at a resource."""
        presented = PresentedToken(
            credential=Credential(scheme="bearer", secret=issued.secret),
            certificate=certificate or self.client.certificate,
            proofs=(),
            method="GET",
            target_uri="https://bank.example/v1/consents",
        )
        async with self.database.transaction() as tx:
            return await service.get_token(tx, presented, self.admission)

    async def wait(self, time: timedelta) -> None:
        """Let the database's instant pass."""
        async with self.database.transaction() as tx:
            later = tx.now + time
        await self.database.raise_floor(later)

    async def count(self, table: str) -> int:
        """Return how many rows a table has."""
        async with self.database.transaction() as tx:
            return await tx.fetch_value(int, f"SELECT count(*) FROM {table}") or 0  # noqa: S608

    async def until(self, statement: str) -> None:
        """Wait until a statement says yes of the database.

        Raises:
            TimeoutError: it never did.
        """
        told: bool | None = False
        async with asyncio.timeout(PATIENCE_SECONDS):
            while told is not True:
                async with self.database.transaction() as tx:
                    told = await tx.fetch_value(bool, statement)
