"""A bank's machine that asks people in the browser, and the person who answers."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Protocol

import msgspec
from msgspec.structs import replace
from tests.journeys.fetching import no_fetch
from tests.journeys.signing import UNSIGNED

import creditbridge.access.service as access
from creditbridge.access.model import ClientRequest
from creditbridge.access.pushed.model import PushedAnswer
from creditbridge.admission.service import Admission
from creditbridge.consents.service import Consents
from creditbridge.foundation.database import Database
from creditbridge.foundation.errors import CreditbridgeError
from creditbridge.journeys.answered_consents import Shown, Speaker
from creditbridge.journeys.decide_authorization import (
    BrowserAnswer,
    DecideAuthorization,
    Decision,
)
from creditbridge.journeys.limit_client import LimitClient
from creditbridge.journeys.open_authorization import Asked, Asking, OpenAuthorization
from creditbridge.journeys.prove_client import ProveClient
from creditbridge.journeys.push_request import PushRequest
from creditbridge.journeys.sum_up_strangers import Strangers
from creditbridge.ledger.model import Core, EnterpriseName, EventKind
from creditbridge.ledger.port import Recorder
from creditbridge.ledger.service import Ledger
from creditbridge.login.service import find_session, open_session
from creditbridge.notices.service import Notices
from creditbridge.parties.model import Bank, ResponseMode, Role
from creditbridge.protocols.certificate_binding import PeerCertificate

ISSUER = "https://gateway.example"
MODES = frozenset(ResponseMode)
SCOPES = frozenset({"consents", "reports"})
ENTERPRISE = EnterpriseName(uscc="91330100YY0000A13Y", name="示例晴川机械有限公司")


class Onboarded(Protocol):
    """A bank of `conftest`."""

    bank: Bank
    hosts: tuple[str, str]
    client_ids: tuple[str, str]


class House(Protocol):
    """The house of `conftest`."""

    database: Database
    limit_client: LimitClient
    admission: Admission
    consents: Consents
    notices: Notices
    ledger: Ledger

    async def wait(self, time: timedelta) -> None:
        """Let the database's instant pass."""
        ...

    async def told(self, *words: str) -> list[Core]:
        """Return what the ledger holds."""
        ...

    def faulty_ledger(self, kind: EventKind, fault: str) -> Recorder:
        """Return the ledger with a fault."""
        ...

    def faulty_database(self, number: int, fault: str) -> Database:
        """Return the database with a fault."""
        ...


class Revocations(Protocol):
    """The revocation lists of `conftest`."""

    refusal: CreditbridgeError | None


class Street:
    """Where a bank's first machine pushes, and a representative opens and decides."""

    def __init__(
        self,
        house: House,
        north: Onboarded,
        person_id: str,
        certify: Callable[[str], PeerCertificate],
    ) -> None:
        self.house, self.north, self.person_id = house, north, person_id
        self.certify = certify
        self.strangers = Strangers()
        self.opening = OpenAuthorization(database=house.database, modes=MODES)

    def pushing(self, *, ledger: Recorder | None = None) -> PushRequest:
        """Return the journey of a push, with another ledger in its place."""
        return PushRequest(
            prove_client=ProveClient(
                database=self.house.database,
                access=access,
                admission=self.house.admission,
                ledger=ledger or self.house.ledger,
                strangers=self.strangers,
                revocations=_Nothing(),
                limit_client=self.house.limit_client,
                fetch_keys=no_fetch,
            ),
            access=access,
            admission=self.house.admission,
            consents=self.house.consents,
            modes=MODES,
            scopes=SCOPES,
        )

    def deciding(
        self, *, database: Database | None = None, ledger: Recorder | None = None
    ) -> DecideAuthorization:
        """Return the journey of a decision, with one room put in the place of another."""
        return DecideAuthorization(
            sign_consents=UNSIGNED,
            database=database or self.house.database,
            modes=MODES,
            consents=self.house.consents,
            access=access,
            ledger=ledger or self.house.ledger,
            notices=self.house.notices,
        )

    def request(self, *details: dict[str, object], **changed: str) -> ClientRequest:
        """Return a request for these consents, over the machine's own connection."""
        form = {
            "client_id": self.north.client_ids[0],
            "response_type": "code",
            "redirect_uri": f"https://{self.north.hosts[0]}/callback",
            "scope": "reports",
            "code_challenge": "c" * 43,
            "code_challenge_method": "S256",
            **changed,
        }
        if details:
            form["authorization_details"] = json.dumps(details)
        return ClientRequest(
            form=form, certificate=self.certify(self.north.hosts[0]), issuer=ISSUER
        )

    async def detail(self, **changed: object) -> dict[str, object]:
        """Return one consent to ask for."""
        async with self.house.database.transaction() as tx:
            valid_to = tx.now + timedelta(days=30)
        return {
            "type": "credit_report",
            "enterprise": {"uscc": ENTERPRISE.uscc, "name": ENTERPRISE.name},
            "purposes": ["PRE_LOAN_REVIEW"],
            "sections": ["REG", "PEN"],
            "valid_to": valid_to.isoformat(),
            "max_queries": 3,
            **changed,
        }

    async def push(self, *details: dict[str, object], **changed: str) -> Asking:
        """Push a request and return how a browser brings it."""
        return self.asking(await self.pushing()(self.request(*details, **changed)))

    def asking(self, pushed: PushedAnswer) -> Asking:
        """Return how a browser brings a pushed request."""
        return Asking(client_id=self.north.client_ids[0], request_uri=pushed.request_uri)

    async def open(self, *details: dict[str, object], **changed: str) -> Asked:
        """Push a request and open it."""
        return await self.opening(await self.push(*details, **changed))

    async def speak(self, *, anew: bool = True, uscc: str = ENTERPRISE.uscc) -> Speaker:
        """Return the representative, signed in now."""
        async with self.house.database.transaction() as tx:
            await tx.renew_now()
            cookie = await open_session(tx, person_id=self.person_id, uscc=uscc, anew=anew)
        async with self.house.database.transaction() as tx:
            session = await find_session(tx, cookie)
        assert session is not None
        return Speaker(
            session=session, role=Role.LEGAL_REP, enterprise=replace(ENTERPRISE, uscc=uscc)
        )

    async def decision(self, asked: Asked, *, approves: bool = True) -> Decision:
        """Return the representative's answer to what was shown."""
        return Decision(
            asking=asked.asking,
            speaker=await self.speak(),
            approves=approves,
            shown=Shown(
                template_id="browser-decision", template_version="1", text_digest=bytes(32)
            ),
        )

    async def decide(self, asked: Asked, *, approves: bool = True) -> BrowserAnswer:
        """Answer what was shown."""
        return await self.deciding()(await self.decision(asked, approves=approves))

    async def count(self, table: str) -> int | None:
        """Return how many rows a table of requests, consents or grants has."""
        async with self.house.database.transaction() as tx:
            return await tx.fetch_value(int, COUNTS[table])


class _Nothing(msgspec.Struct, frozen=True):
    """Revocation lists without an entry."""

    def require_unrevoked(self, certificate: PeerCertificate, *, now: object) -> None:
        """Accept every certificate."""


COUNTS = {
    "requests": "SELECT count(*) FROM access_pushed_requests",
    "consents": "SELECT count(*) FROM consents",
    "grants": "SELECT count(*) FROM access_grants",
}
