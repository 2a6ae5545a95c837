"""A bank whose machines may use codes, and a person who says yes to them."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

from tests.journeys.fetching import no_fetch

import creditbridge.access.service as access
from creditbridge.access.authorization import AuthorizationRequest
from creditbridge.access.granted.model import Grant, IssuedCode, IssuedToken
from creditbridge.access.model import ClientRequest, OAuthError
from creditbridge.admission.service import Admission
from creditbridge.consents.acts import Withdrawal
from creditbridge.consents.model import Consent
from creditbridge.consents.service import Consents
from creditbridge.foundation.database import Database
from creditbridge.foundation.errors import CreditbridgeError
from creditbridge.foundation.sharing import SharedTransactions
from creditbridge.journeys.admit_caller import Caller
from creditbridge.journeys.issue_token import IssueToken
from creditbridge.journeys.limit_client import LimitClient
from creditbridge.journeys.manage_grant import ManageGrant
from creditbridge.journeys.prove_client import ProveClient
from creditbridge.journeys.records.grants import granted_detail, made_records
from creditbridge.journeys.revoke_token import RevokeToken
from creditbridge.journeys.sum_up_strangers import Strangers
from creditbridge.journeys.withdraw_consent import Ledger as WithdrawalLedger, WithdrawConsent
from creditbridge.ledger.model import (
    BankName,
    Core,
    EnterpriseName,
    EventKind,
    PersonName,
    RequestProof,
)
from creditbridge.ledger.port import Recorder
from creditbridge.ledger.service import Ledger
from creditbridge.notices.service import Notices
from creditbridge.parties.model import Bank
from creditbridge.protocols.certificate_binding import PeerCertificate
from creditbridge.protocols.pkce import challenge_of

VERIFIER = "v" * 43
REDIRECT_URI = "https://bank.example/callback"
ENTERPRISE = EnterpriseName(uscc="91330100YY0000A13Y", name="示例晴川机械有限公司")
ALLOW = """
    UPDATE parties_clients
    SET grant_types = '{authorization_code,client_credentials,refresh_token}'
"""
COUNT = "SELECT count(*) FROM access_tokens"


class Onboarded(Protocol):
    """A bank of `conftest`."""

    bank: Bank
    hosts: tuple[str, str]
    client_ids: tuple[str, str]


class FaultyLedger(WithdrawalLedger, Protocol):
    """A ledger of `conftest` that fails."""


class House(Protocol):
    """The house of `conftest`."""

    database: Database
    notices: Notices
    limit_client: LimitClient
    admission: Admission
    consents: Consents
    ledger: Ledger

    async def wait(self, time: timedelta) -> None:
        """Let the database's instant pass."""
        ...

    async def told(self, *words: str) -> list[Core]:
        """Return what the ledger holds."""
        ...

    def faulty_ledger(self, kind: EventKind, fault: str) -> FaultyLedger:
        """Return the ledger with a fault."""
        ...

    def faulty_database(self, number: int, fault: str) -> Database:
        """Return the database with a fault."""
        ...


class Revocations(Protocol):
    """The revocation lists of `conftest`."""

    refusal: CreditbridgeError | None

    def require_unrevoked(self, certificate: PeerCertificate, *, now: datetime) -> None:
        """Accept, or raise what the test said."""
        ...


class Counter:
    """Where the bank's first machine brings codes, and what people gave it."""

    def __init__(
        self,
        house: House,
        north: Onboarded,
        certify: Callable[[str], PeerCertificate],
        revocations: Revocations,
    ) -> None:
        self.house, self.north = house, north
        self._certify, self._revocations = certify, revocations

    async def open(self) -> None:
        """Let the bank's machines use codes and refresh tokens."""
        async with self.house.database.transaction() as tx:
            await tx.execute(ALLOW)

    async def grant(self, person_id: str, *consents: Consent) -> IssuedCode:
        """Say yes to these consents, as the authorization endpoint's journey does."""
        bank = self.north.bank
        request = AuthorizationRequest(
            client_id=self.north.client_ids[0],
            bank_id=bank.bank_id,
            redirect_uri=REDIRECT_URI,
            scopes=frozenset({"reports"}),
            code_challenge=challenge_of(VERIFIER),
        )
        async with self.house.database.transaction() as tx:
            issued = await access.issue_code(
                tx,
                request,
                details=tuple(map(granted_detail, consents)),
                person_id=person_id,
                uscc=ENTERPRISE.uscc,
            )
            for record in made_records(
                issued.grant,
                bank=BankName(bank_id=bank.bank_id, uscc=bank.uscc, legal_name=bank.legal_name),
                enterprise=ENTERPRISE,
                person=PersonName(person_id=person_id, name="张示例", role="LEGAL_REP"),
            ):
                await self.house.ledger.record(tx, record)
        return issued

    async def redeem(self, code: IssuedCode, *, database: Database | None = None) -> IssuedToken:
        """Bring a code."""
        form = {
            "grant_type": "authorization_code",
            "code": code.secret,
            "redirect_uri": REDIRECT_URI,
            "code_verifier": VERIFIER,
        }
        return await self._ask(form, database=database)

    async def refresh(self, issued: IssuedToken, *, ledger: Recorder | None = None) -> IssuedToken:
        """Bring a refresh token."""
        form = {"grant_type": "refresh_token", "refresh_token": str(issued.refresh_token)}
        return await self._ask(form, ledger=ledger)

    async def _ask(
        self,
        form: dict[str, str],
        *,
        database: Database | None = None,
        ledger: Recorder | None = None,
    ) -> IssuedToken:
        journey = IssueToken(
            prove_client=self._prove_client(database, ledger),
            access=access,
            consents=self.house.consents,
            admission=self.house.admission,
            ledger=ledger or self.house.ledger,
            together=SharedTransactions(database or self.house.database, commit_on=OAuthError),
        )
        return await journey(self._request(form))

    def _prove_client(
        self, database: Database | None = None, ledger: Recorder | None = None
    ) -> ProveClient:
        return ProveClient(
            fetch_keys=no_fetch,
            database=database or self.house.database,
            access=access,
            admission=self.house.admission,
            ledger=ledger or self.house.ledger,
            strangers=Strangers(),
            revocations=self._revocations,
            limit_client=self.house.limit_client,
        )

    def _request(self, form: dict[str, str]) -> ClientRequest:
        return ClientRequest(
            form={"client_id": self.north.client_ids[0], **form},
            certificate=self._certify(self.north.hosts[0]),
        )

    async def withdraw(
        self, consent: Consent, person_id: str, *, ledger: WithdrawalLedger | None = None
    ) -> Consent:
        """Take a consent back, as the enterprise's representative."""
        journey = WithdrawConsent(
            database=self.house.database,
            consents=self.house.consents,
            access=access,
            ledger=ledger or self.house.ledger,
            notices=self.house.notices,
        )
        act = Withdrawal(consent_id=consent.consent_id, uscc=consent.uscc, person_id=person_id)
        return await journey(act)

    async def revoke(self, secret: str | None) -> None:
        """Take one of the machine's tokens back."""
        journey = RevokeToken(
            prove_client=self._prove_client(), access=access, ledger=self.house.ledger
        )
        await journey(self._request({"token": str(secret)}))

    def manage(self, ledger: Recorder | None = None) -> ManageGrant:
        """Make the journey that looks at grants and gives them back."""
        return ManageGrant(
            database=self.house.database,
            access=access,
            consents=self.house.consents,
            ledger=ledger or self.house.ledger,
        )

    def call(self, grant: Grant | None = None, *, client: int = 0) -> Caller:
        """Return a machine that came in, with a token of a grant or of its own."""
        return Caller(
            client_id=self.north.client_ids[client],
            bank=self.north.bank,
            request=RequestProof(body=b"{}"),
            grant_id=None if grant is None else grant.grant_id,
            consent_ids=None if grant is None else frozenset(grant.consent_ids),
        )

    async def count_tokens(self) -> int:
        """Return how many access tokens there are."""
        async with self.house.database.transaction() as tx:
            return await tx.fetch_value(int, COUNT) or 0
