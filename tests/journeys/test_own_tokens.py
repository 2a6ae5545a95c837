"""A bank's machine looks at its own tokens and takes them back; what the ledger holds of it."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol

import pytest
from tests.journeys.fetching import no_fetch

import creditbridge.access.service as access
from creditbridge.access.granted.model import IssuedToken
from creditbridge.access.model import ClientRequest, InvalidClient, OAuthError
from creditbridge.access.revocation import TokenForeign, TokenUnnamed
from creditbridge.admission.service import Admission
from creditbridge.consents.service import Consents
from creditbridge.foundation.database import Database, DatabaseUnavailable
from creditbridge.foundation.errors import CreditbridgeError
from creditbridge.foundation.sharing import SharedTransactions
from creditbridge.journeys.introspect_token import IntrospectToken
from creditbridge.journeys.issue_token import IssueToken
from creditbridge.journeys.limit_client import LimitClient
from creditbridge.journeys.prove_client import ProveClient
from creditbridge.journeys.revoke_token import RevokeToken
from creditbridge.journeys.sum_up_strangers import Strangers
from creditbridge.ledger.model import CallerRefused, Core, EventKind, TokenIssued, TokenRevoked
from creditbridge.ledger.port import Recorder
from creditbridge.ledger.service import Ledger
from creditbridge.protocols.certificate_binding import PeerCertificate

END = datetime.max.replace(tzinfo=UTC)


class Onboarded(Protocol):
    """A bank of `conftest`."""

    hosts: tuple[str, str]
    client_ids: tuple[str, str]


class House(Protocol):
    """The house of `conftest`."""

    database: Database
    limit_client: LimitClient
    ledger: Ledger
    admission: Admission
    consents: Consents

    async def told(self, *words: str) -> list[Core]:
        """Return what the ledger holds."""
        ...

    def faulty_ledger(self, kind: EventKind, fault: str) -> Recorder:
        """Return the ledger with a fault."""
        ...


class Revocations(Protocol):
    """The revocation lists of `conftest`."""

    refusal: CreditbridgeError | None

    def require_unrevoked(self, certificate: PeerCertificate, *, now: datetime) -> None:
        """Accept, or raise what the test said."""
        ...


class Desk:
    """The authorization server's journeys, and the first bank's two machines."""

    def __init__(
        self,
        house: House,
        certify: Callable[..., PeerCertificate],
        onboarded: Onboarded,
        revocations: Revocations,
    ) -> None:
        self.house, self.certify, self.onboarded = house, certify, onboarded
        self.strangers = Strangers()
        self.prove_client = ProveClient(
            fetch_keys=no_fetch,
            database=house.database,
            access=access,
            admission=house.admission,
            ledger=house.ledger,
            strangers=self.strangers,
            revocations=revocations,
            limit_client=house.limit_client,
        )

    def ask(self, *, client: int = 0, host: str | None = None, **form: str) -> ClientRequest:
        """Make the request of one of the bank's machines."""
        return ClientRequest(
            form={"client_id": self.onboarded.client_ids[client], **form},
            certificate=self.certify(host or self.onboarded.hosts[client]),
        )

    async def issue(self) -> IssuedToken:
        """Issue a token to the first machine."""
        journey = IssueToken(
            prove_client=self.prove_client,
            access=access,
            consents=self.house.consents,
            admission=self.house.admission,
            ledger=self.house.ledger,
            together=SharedTransactions(self.house.database, commit_on=OAuthError),
        )
        return await journey(self.ask(grant_type="client_credentials", scope="reports"))

    def revoke(self, ledger: Recorder | None = None) -> RevokeToken:
        """Make the journey that revokes."""
        return RevokeToken(
            prove_client=self.prove_client, access=access, ledger=ledger or self.house.ledger
        )

    @property
    def introspect(self) -> IntrospectToken:
        """The journey that looks."""
        return IntrospectToken(prove_client=self.prove_client, access=access)

    async def is_active(self, secret: str) -> bool:
        """Tell what the first machine learns of a token."""
        return (await self.introspect(self.ask(token=secret))).token is not None


@pytest.fixture
def desk(
    house: House,
    certify: Callable[..., PeerCertificate],
    north: Onboarded,
    revocations: Revocations,
) -> Desk:
    """The journeys around one bank."""
    return Desk(house, certify, north, revocations)


async def test_V1_a_revocation_is_recorded_under_the_terms_of_the_issue(
    desk: Desk, house: House
) -> None:
    """A reader of the ledger finds the token that ended; a second try leaves nothing more."""
    issued = await desk.issue()

    for _ in range(2):
        await desk.revoke()(desk.ask(token=issued.secret))

    begun, ended = await house.told("token")
    assert isinstance(begun.terms, TokenIssued)
    assert isinstance(ended.terms, TokenRevoked)
    assert (ended.kind, ended.bank) == (EventKind.TOKEN_REVOKED, begun.bank)
    for name in begun.terms.__struct_fields__:
        assert getattr(ended.terms, name) == getattr(begun.terms, name)
    assert not await desk.is_active(issued.secret)


async def test_V1_of_many_revocations_at_once_one_counts(desk: Desk, house: House) -> None:
    """The row goes once, so the ledger says so once; the others find nothing, which is as good."""
    issued = await desk.issue()

    async with asyncio.TaskGroup() as group:
        for _ in range(4):
            group.create_task(desk.revoke()(desk.ask(token=issued.secret)))

    kinds = [record.kind for record in await house.told("token")]
    assert kinds == [EventKind.TOKEN_ISSUED, EventKind.TOKEN_REVOKED]


async def test_V1_another_clients_token_lives_on_and_the_try_is_recorded(
    desk: Desk, house: House
) -> None:
    """Another machine of the same bank is another client."""
    issued = await desk.issue()

    with pytest.raises(TokenForeign):
        await desk.revoke()(desk.ask(client=1, token=issued.secret))

    assert await desk.is_active(issued.secret)
    (refusal,) = await house.told("caller")
    assert isinstance(refusal.terms, CallerRefused)
    assert (refusal.terms.client, refusal.terms.door, refusal.terms.code) == (
        "north-branch",
        "revocation",
        "token-foreign",
    )


async def test_V1_unknown_tokens_leave_nothing(desk: Desk, house: House) -> None:
    """Nothing was there, so nothing happened."""
    await desk.revoke()(desk.ask(token="cbt_" + "A" * 43))

    assert await house.told("token", "caller") == []


async def test_I1_looking_leaves_nothing(desk: Desk, house: House) -> None:
    """The first machine sees its token, the second does not; neither is an event."""
    issued = await desk.issue()

    own = await desk.introspect(desk.ask(token=issued.secret))
    foreign = await desk.introspect(desk.ask(client=1, token=issued.secret))

    assert (own.token, foreign.token) == (issued.token, None)
    assert len(await house.told("token", "caller")) == 1


@pytest.mark.parametrize("door", ["revocation", "introspection"])
async def test_V1_I1_a_known_clients_refusal_is_recorded(
    door: str, desk: Desk, house: House
) -> None:
    """It proved who it is, and named no token."""
    journey = desk.revoke() if door == "revocation" else desk.introspect

    with pytest.raises(TokenUnnamed):
        await journey(desk.ask())

    (refusal,) = await house.told("caller")
    assert isinstance(refusal.terms, CallerRefused)
    assert (refusal.terms.door, refusal.terms.code) == (door, "invalid-request")
    assert desk.strangers.take_until(END) == []


@pytest.mark.parametrize("door", ["revocation", "introspection"])
async def test_V1_I1_a_stranger_is_counted_and_learns_nothing(
    door: str, desk: Desk, house: House
) -> None:
    """Without its own certificate even the owner of a token is refused: `invalid_client`."""
    issued = await desk.issue()
    journey = desk.revoke() if door == "revocation" else desk.introspect

    with pytest.raises(InvalidClient) as refusal:
        await journey(desk.ask(host="other.example", token=issued.secret))

    assert isinstance(refusal.value, OAuthError)
    (line,) = desk.strangers.take_until(END)
    assert (line.door, line.code, line.count) == (door, "invalid-client", 1)
    assert await house.told("caller") == []
    assert await desk.is_active(issued.secret)


@pytest.mark.parametrize("fault", ["failed", "reply lost"])
async def test_V1_no_revocation_without_the_ledgers_word(
    fault: str, desk: Desk, house: House
) -> None:
    """The statement fails, before or after it was done: the token is as it was."""
    issued = await desk.issue()
    journey = desk.revoke(house.faulty_ledger(EventKind.TOKEN_REVOKED, fault))

    with pytest.raises(DatabaseUnavailable):
        await journey(desk.ask(token=issued.secret))

    assert await desk.is_active(issued.secret)
