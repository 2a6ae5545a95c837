"""A person signs in: who they are is enrolled once, and their session is new each time."""

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeAlias

import msgspec
import pytest
from tests.journeys.successions import follow_in
from typing_extensions import override

from creditbridge.foundation.clock import SystemClock
from creditbridge.foundation.database import Database, DatabaseUnavailable
from creditbridge.foundation.errors import CreditbridgeError
from creditbridge.foundation.http import HttpRequest, HttpResponse
from creditbridge.foundation.keys import FileKey
from creditbridge.journeys.sign_in import SignIn
from creditbridge.ledger.encoding import to_base64url
from creditbridge.ledger.model import Core, EventKind, PersonEnrolled
from creditbridge.ledger.port import Recorder
from creditbridge.ledger.service import Ledger
from creditbridge.login.id_token import IdTokens
from creditbridge.login.model import Callback, Identity, IdentityRejected, SignedIn, SignInExpired
from creditbridge.login.provider import Provider
from creditbridge.login.service import Login, find_session
from creditbridge.login.settings import LoginSettings
from creditbridge.notices.service import Notices
from creditbridge.parties.model import Role

Told: TypeAlias = Callable[..., Awaitable[list[Core]]]
IDENTITY = Identity(
    issuer="https://id.example",
    subject="sub-1",
    person="person-1",
    name="沈示例",
    uscc="91330100YY0000A13Y",
    enterprise_name="示例晴川机械有限公司",
    role=Role.AGENT,
)


class NoNetwork:
    """Nobody is asked."""

    async def send(self, request: HttpRequest, *, timeout_seconds: float) -> HttpResponse:
        raise NotImplementedError


class FakeLogin(Login, frozen=True, kw_only=True):
    """Says at once who signed in, or how that failed."""

    answer: SignedIn | CreditbridgeError

    @override
    async def complete(self, callback: Callback, *, binding: str | None) -> SignedIn:
        if isinstance(self.answer, CreditbridgeError):
            raise self.answer
        return self.answer


class House(Protocol):
    """The house of `conftest`."""

    database: Database
    notices: Notices
    ledger: Ledger
    clock: SystemClock
    seal_key: FileKey

    async def told(self, *words: str) -> list[Core]:
        """Return what the ledger holds."""

    def faulty_ledger(self, kind: EventKind, fault: str) -> Recorder:
        """Return the ledger with a fault."""


@pytest.fixture
def sign_in(house: House) -> Callable[..., SignIn]:
    """Makes the journey with what the provider says."""
    settings = LoginSettings(issuer="https://id.example", client_id="x", redirect_uri="y")
    provider = Provider(
        http=NoNetwork(), settings=settings, signer=house.seal_key, clock=house.clock
    )
    signed_in = SignedIn(
        identity=IDENTITY, id_token_digest=bytes(range(32)), return_to="/portal/consents"
    )

    def make(
        answer: SignedIn | CreditbridgeError = signed_in, *, ledger: Recorder | None = None
    ) -> SignIn:
        login = FakeLogin(
            database=house.database,
            provider=provider,
            id_tokens=IdTokens(provider=provider, clock=house.clock),
            answer=answer,
        )
        return SignIn(
            database=house.database,
            login=login,
            ledger=ledger or house.ledger,
            notices=house.notices,
            follow=follow_in(house, ledger=ledger),
            secret=bytes(32),
        )

    return make


async def test_a_new_person_is_enrolled_and_recorded(
    sign_in: Callable[..., SignIn], house: House
) -> None:
    """Issuer, role and the digest of what the provider signed are in the ledger (step 3)."""
    signed_in = await sign_in()(Callback(), binding="b", replaces=None)

    (enrolled,) = await house.told("person")
    assert isinstance(enrolled.terms, PersonEnrolled)
    assert enrolled.terms.role == "AGENT"
    assert enrolled.terms.issuer == "https://id.example"
    assert enrolled.terms.proof_digest == to_base64url(bytes(range(32)))
    assert signed_in.return_to == "/portal/consents"
    async with house.database.transaction() as tx:
        session = await find_session(tx, signed_in.session)
    assert session is not None
    assert session.uscc == IDENTITY.uscc


async def test_a_known_person_is_not_enrolled_again(
    sign_in: Callable[..., SignIn], house: House
) -> None:
    """The second session is another one, and the browser's first has ended."""
    first = await sign_in()(Callback(), binding="b", replaces=None)
    second = await sign_in()(Callback(), binding="b", replaces=first.session)

    assert len(await house.told("person")) == 1
    async with house.database.transaction() as tx:
        assert await find_session(tx, first.session) is None
        assert await find_session(tx, second.session) is not None


async def test_another_role_is_a_new_enrolment(
    sign_in: Callable[..., SignIn], house: House
) -> None:
    """An agent who became the legal representative: recorded before anything is approved."""
    await sign_in()(Callback(), binding="b", replaces=None)
    promoted = msgspec.structs.replace(IDENTITY, role=Role.LEGAL_REP)
    signed_in = SignedIn(identity=promoted, id_token_digest=bytes(32), return_to="/")
    await sign_in(signed_in)(Callback(), binding="b", replaces=None)

    terms = [core.terms for core in await house.told("person")]
    assert [one.role for one in terms if isinstance(one, PersonEnrolled)] == [
        "AGENT",
        "LEGAL_REP",
    ]


@pytest.mark.parametrize("failure", [SignInExpired(), IdentityRejected()])
async def test_nobody_is_enrolled_whom_the_provider_does_not_name(
    failure: CreditbridgeError, sign_in: Callable[..., SignIn], house: House
) -> None:
    """No person, no session, no entry."""
    with pytest.raises(type(failure)):
        await sign_in(failure)(Callback(), binding="b", replaces=None)

    assert await house.told() == []


@pytest.mark.parametrize("fault", ["failed", "reply lost"])
async def test_no_session_begins_without_the_ledgers_word(
    fault: str,
    sign_in: Callable[..., SignIn],
    house: House,
) -> None:
    """The enrolment's statement fails, before or after it was done: neither is there."""
    broken = sign_in(ledger=house.faulty_ledger(EventKind.PERSON_ENROLLED, fault))

    with pytest.raises(DatabaseUnavailable):
        await broken(Callback(), binding="b", replaces=None)

    async with house.database.transaction() as tx:
        assert await tx.fetch_value(int, "SELECT count(*) FROM login_sessions") == 0
        assert await tx.fetch_value(int, "SELECT count(*) FROM parties_persons") == 0
