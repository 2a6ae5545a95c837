"""The one way in which a client proves itself, whichever endpoint of the server it came to."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

import pytest
from tests.journeys.fetching import no_fetch

import creditbridge.access.service as access
from creditbridge.access.model import ClientRequest, InvalidClient, InvalidScope, OAuthError
from creditbridge.admission.service import Admission
from creditbridge.foundation.database import Database
from creditbridge.foundation.errors import CreditbridgeError
from creditbridge.journeys.limit_client import LimitClient
from creditbridge.journeys.prove_client import ProveClient
from creditbridge.journeys.records.clients import Refusal, refused_token_record
from creditbridge.journeys.sum_up_overruns import FULL_MAX, Overruns
from creditbridge.journeys.sum_up_strangers import Strangers
from creditbridge.ledger.model import CallerRefused, Core, Record, TokenRefused
from creditbridge.ledger.service import Ledger
from creditbridge.protocols.certificate_binding import PeerCertificate
from creditbridge.protocols.revocation_list import CertificateRevoked

END = datetime.max.replace(tzinfo=UTC)
DOOR = "par"


class Onboarded(Protocol):
    """A bank of `conftest`."""

    hosts: tuple[str, str]
    client_ids: tuple[str, str]


class House(Protocol):
    """The house of `conftest`."""

    database: Database
    limit_client: LimitClient
    overruns: Overruns
    ledger: Ledger
    admission: Admission

    async def told(self, *words: str) -> list[Core]:
        """Return what the ledger holds."""
        ...


class Revocations(Protocol):
    """The revocation lists of `conftest`."""

    refusal: CreditbridgeError | None

    def require_unrevoked(self, certificate: PeerCertificate, *, now: datetime) -> None:
        """Accept, or raise what the test said."""
        ...


async def enter(prove_client: ProveClient, request: ClientRequest) -> str:
    """Return the id of the client that is let through."""
    async with prove_client(request, door=DOOR) as (_, client):
        return client.registration.client.client_id


@pytest.fixture
def strangers() -> Strangers:
    """The counts of this process."""
    return Strangers()


@pytest.fixture
def prove_client(house: House, strangers: Strangers, revocations: Revocations) -> ProveClient:
    """The journey."""
    return ProveClient(
        fetch_keys=no_fetch,
        database=house.database,
        access=access,
        admission=house.admission,
        ledger=house.ledger,
        strangers=strangers,
        revocations=revocations,
        limit_client=house.limit_client,
    )


@pytest.fixture
def request_of_north(north: Onboarded, certify: Callable[..., PeerCertificate]) -> ClientRequest:
    """A request of the first bank's first machine."""
    return ClientRequest(
        form={"client_id": north.client_ids[0]}, certificate=certify(north.hosts[0])
    )


async def test_the_journey_that_goes_on_shares_the_transaction(
    prove_client: ProveClient, request_of_north: ClientRequest, house: House
) -> None:
    """What it writes holds when it ends; a client that is let through leaves nothing else."""
    async with prove_client(request_of_north, door=DOOR) as (tx, _):
        await tx.execute("UPDATE parties_banks SET legal_name = 'North'")

    assert await enter(prove_client, request_of_north) == "north-core"
    async with house.database.transaction() as tx:
        names = await tx.fetch_rows(dict[str, str], "SELECT legal_name FROM parties_banks")
    assert names == [{"legal_name": "North"}]
    assert await house.told("caller", "token") == []


async def test_what_the_journey_that_goes_on_refuses_is_recorded_under_its_door(
    prove_client: ProveClient, request_of_north: ClientRequest, house: House, strangers: Strangers
) -> None:
    """A refusal in the words of OAuth is an outcome: it commits, with what was written before."""
    with pytest.raises(InvalidScope):
        async with prove_client(request_of_north, door=DOOR) as (tx, _):
            await tx.execute("UPDATE parties_banks SET legal_name = 'North'")
            raise InvalidScope

    (record,) = await house.told("caller")
    assert isinstance(record.terms, CallerRefused)
    assert (record.terms.client, record.terms.door, record.terms.code) == (
        "north-core",
        DOOR,
        "invalid-scope",
    )
    async with house.database.transaction() as tx:
        count = "SELECT count(*) FROM parties_banks WHERE legal_name = 'North'"
        assert await tx.fetch_value(int, count) == 1
    assert strangers.take_until(END) == []


async def test_a_journey_may_have_a_record_of_its_own_for_refusals(
    prove_client: ProveClient, request_of_north: ClientRequest, house: House
) -> None:
    """The token endpoint has one since before there were other endpoints."""
    told = list[Refusal]()

    def record(refusal: Refusal) -> Record:
        told.append(refusal)
        return refused_token_record(refusal)

    with pytest.raises(InvalidScope):
        async with prove_client(request_of_north, door=DOOR, record=record):
            raise InvalidScope

    (core,) = await house.told("token", "caller")
    assert isinstance(core.terms, TokenRefused)
    assert [(refusal.door, refusal.code) for refusal in told] == [(DOOR, "invalid-scope")]


async def test_a_defect_of_the_journey_that_goes_on_leaves_nothing(
    prove_client: ProveClient, request_of_north: ClientRequest, house: House
) -> None:
    """What is no refusal undoes all of it."""
    with pytest.raises(KeyError):
        async with prove_client(request_of_north, door=DOOR) as (tx, _):
            await tx.execute("UPDATE parties_banks SET legal_name = 'North'")
            raise KeyError

    async with house.database.transaction() as tx:
        count = "SELECT count(*) FROM parties_banks WHERE legal_name = 'North'"
        assert await tx.fetch_value(int, count) == 0
    assert await house.told("caller", "token") == []


async def test_T3_a_revoked_certificate_goes_no_further(
    prove_client: ProveClient,
    request_of_north: ClientRequest,
    house: House,
    revocations: Revocations,
) -> None:
    """`invalid_client` in the text of any other; the ledger holds why, under the client's name."""
    revocations.refusal = CertificateRevoked()

    with pytest.raises(InvalidClient) as refused:
        await enter(prove_client, request_of_north)

    assert refused.value.to_answer() == InvalidClient().to_answer()
    (record,) = await house.told("caller")
    assert isinstance(record.terms, CallerRefused)
    assert (record.terms.door, record.terms.code) == (DOOR, "certificate-revoked")


async def test_T3_a_revoked_certificate_that_comes_on_and_on_is_counted(
    prove_client: ProveClient,
    request_of_north: ClientRequest,
    house: House,
    revocations: Revocations,
) -> None:
    """A few are in the ledger, the others in the sum of the minute: it fills no ten-year log."""
    revocations.refusal = CertificateRevoked()
    async with house.database.transaction() as tx:
        now = tx.now
    # A floor ahead of the clock stands still: all come within one minute.
    await house.database.raise_floor(now + timedelta(days=1))

    for _ in range(FULL_MAX + 2):
        with pytest.raises(InvalidClient):
            await enter(prove_client, request_of_north)

    assert len(await house.told("caller")) == FULL_MAX
    (counted,) = house.overruns.take_until(END)
    assert (counted.line.door, counted.line.policy) == (DOOR, "certificate-revoked")
    assert counted.count == 2


async def test_a_stranger_is_counted_under_the_door_and_not_recorded(
    prove_client: ProveClient,
    north: Onboarded,
    certify: Callable[..., PeerCertificate],
    house: House,
    strangers: Strangers,
) -> None:
    """Nobody may fill a ten-year log."""
    request = ClientRequest(
        form={"client_id": north.client_ids[0]}, certificate=certify("other.example")
    )

    with pytest.raises(OAuthError):
        await enter(prove_client, request)

    (line,) = strangers.take_until(END)
    assert (line.door, line.code, line.count) == (DOOR, "invalid-client", 1)
    assert await house.told("caller") == []
