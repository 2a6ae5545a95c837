"""Tokens that are asked for at the same time: one commit, and each request its own outcome."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Protocol

import pytest
from tests.journeys.fetching import no_fetch

import creditbridge.access.service as access
from creditbridge.access.model import ClientRequest, InvalidClient, InvalidScope, OAuthError
from creditbridge.access.tokens import digest_secret
from creditbridge.admission.service import Admission
from creditbridge.consents.service import Consents
from creditbridge.foundation.database import Database, DatabaseUnavailable, Transaction
from creditbridge.foundation.errors import CreditbridgeError
from creditbridge.foundation.sharing import SharedTransactions
from creditbridge.journeys.issue_token import IssueToken
from creditbridge.journeys.limit_client import LimitClient
from creditbridge.journeys.prove_client import ProveClient
from creditbridge.journeys.sum_up_strangers import Strangers
from creditbridge.ledger.model import Core, EventKind, Record, Recorded, TokenIssued
from creditbridge.ledger.port import Recorder
from creditbridge.ledger.service import Ledger
from creditbridge.parties.model import Bank
from creditbridge.protocols.certificate_binding import PeerCertificate

FORM = {"grant_type": "client_credentials", "client_id": "north-core", "scope": "reports"}
SUSPEND = "UPDATE parties_banks SET state = 'SUSPENDED' WHERE bank_id = $1"
DIGESTS = "SELECT array_agg(token_digest) FROM access_tokens"
COMMITS = "SELECT count(DISTINCT xmin::text) FROM access_tokens"
COUNT_WAITING = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock'
"""


class Onboarded(Protocol):
    """A bank of `conftest`."""

    bank: Bank
    hosts: tuple[str, str]


class House(Protocol):
    """The house of `conftest`."""

    database: Database
    limit_client: LimitClient
    admission: Admission
    consents: Consents
    ledger: Ledger

    async def told(self, *words: str) -> list[Core]:
        """Return what the ledger holds."""
        ...

    def faulty_database(self, number: int, fault: str) -> Database:
        """Return the database with a fault."""
        ...


class Revocations(Protocol):
    """The revocation lists of `conftest`."""

    def require_unrevoked(self, certificate: PeerCertificate, *, now: datetime) -> None:
        """Accept."""
        ...


class BranchUnwritable:
    """The ledger, which cannot write the tokens of one client: not done, or done and not told."""

    def __init__(self, ledger: Ledger, *, done: bool) -> None:
        self._ledger, self._done = ledger, done

    async def record(self, tx: Transaction, record: Record) -> Recorded:
        return await self._ledger.record(tx, record)

    def put_off(self, tx: Transaction, record: Record) -> None:
        async def fail() -> None:
            if self._done:
                await self._ledger.record(tx, record)
            raise DatabaseUnavailable(detail="the test broke it")

        if isinstance(record.terms, TokenIssued) and record.terms.client == "north-branch":
            tx.put_off(fail)
        else:
            self._ledger.put_off(tx, record)


class Desk:
    """The token endpoint's journey on nodes of the test's choice."""

    def __init__(
        self, house: House, certify: Callable[..., PeerCertificate], revocations: Revocations
    ) -> None:
        self.house, self._certify, self._revocations = house, certify, revocations
        self.strangers = Strangers()

    def open(
        self, *, database: Database | None = None, ledger: Recorder | None = None
    ) -> IssueToken:
        """Open a node."""
        house, recorder = self.house, ledger or self.house.ledger
        prove_client = ProveClient(
            fetch_keys=no_fetch,
            database=database or house.database,
            access=access,
            admission=house.admission,
            ledger=recorder,
            strangers=self.strangers,
            revocations=self._revocations,
            limit_client=house.limit_client,
        )
        return IssueToken(
            prove_client=prove_client,
            access=access,
            consents=house.consents,
            admission=house.admission,
            ledger=recorder,
            together=SharedTransactions(database or house.database, commit_on=OAuthError),
        )

    async def ask(self, node: IssueToken, host: str, **form: str) -> bytes | CreditbridgeError:
        """Return the digest of the token that a machine gets, or its refusal."""
        request = ClientRequest(form={**FORM, **form}, certificate=self._certify(host))
        try:
            return digest_secret((await node(request)).secret)
        except CreditbridgeError as error:
            return error

    async def kept(self) -> set[bytes]:
        """Return the digests of the tokens that are out."""
        async with self.house.database.transaction() as tx:
            return set(await tx.fetch_value(list[bytes], DIGESTS) or [])

    async def count(self, statement: str) -> int:
        """Return what a statement counts."""
        async with self.house.database.transaction() as tx:
            return await tx.fetch_value(int, statement) or 0


@pytest.fixture
def desk(house: House, certify: Callable[..., PeerCertificate], revocations: Revocations) -> Desk:
    """The endpoint over the test's house."""
    return Desk(house, certify, revocations)


async def ask_at_once(
    asked: Sequence[Awaitable[bytes | CreditbridgeError]],
) -> list[bytes | CreditbridgeError]:
    """Return how requests end that come at the same time, in the order in which they came."""
    tasks = [asyncio.ensure_future(one) for one in asked]
    return [await task for task in tasks]


async def test_tokens_asked_for_at_once_share_a_commit(desk: Desk, north: Onboarded) -> None:
    """Nine that come in one moment: each token is kept, and each has its own record."""
    node = desk.open()

    ended = await ask_at_once([desk.ask(node, north.hosts[0]) for _ in range(9)])

    assert {one for one in ended if isinstance(one, bytes)} == await desk.kept()
    assert len(await desk.kept()) == 9
    assert await desk.count(COMMITS) == 1
    records = await desk.house.told("token")
    numbers = [core.bank_seq or 0 for core in records]
    assert numbers == list(range(numbers[0], numbers[0] + 9))


async def test_each_member_has_its_own_outcome(desk: Desk, north: Onboarded) -> None:
    """A refused neighbour has its record, a stranger is counted, and nobody else is held up."""
    node, host = desk.open(), north.hosts[0]

    first, refused, stranger, last = await ask_at_once(
        [
            desk.ask(node, host),
            desk.ask(node, host, scope="everything"),
            desk.ask(node, "core.nobody.example"),
            desk.ask(node, host),
        ]
    )

    assert isinstance(refused, InvalidScope)
    assert isinstance(stranger, InvalidClient)
    assert {first, last} == await desk.kept()
    assert sorted(core.kind for core in await desk.house.told("token")) == [
        EventKind.TOKEN_ISSUED,
        EventKind.TOKEN_ISSUED,
        EventKind.TOKEN_REFUSED,
    ]


@pytest.mark.parametrize("done", [False, True])
async def test_a_record_that_cannot_be_written_costs_its_own_token_alone(
    desk: Desk, north: Onboarded, *, done: bool
) -> None:
    """Failed, or done and not told: no token for that one, and every neighbour has its own."""
    node = desk.open(ledger=BranchUnwritable(desk.house.ledger, done=done))
    core, branch = north.hosts

    first, second, broken, last = await ask_at_once(
        [
            desk.ask(node, core),
            desk.ask(node, core),
            desk.ask(node, branch, client_id="north-branch"),
            desk.ask(node, core),
        ]
    )

    assert isinstance(broken, DatabaseUnavailable)
    assert {first, second, last} == await desk.kept()
    assert len(await desk.house.told("token")) == 3


@pytest.mark.parametrize(("fault", "kept"), [("failed", 0), ("reply lost", 3)])
async def test_after_a_lost_commit_nobody_has_a_token(
    desk: Desk, north: Onboarded, fault: str, kept: int
) -> None:
    """The group's commit failed, or was done and not told: an error to each, and no second try."""
    node, host = desk.open(database=desk.house.faulty_database(1, fault)), north.hosts[0]

    ended = await ask_at_once([desk.ask(node, host) for _ in range(3)])

    assert [type(one) for one in ended] == [DatabaseUnavailable] * 3
    assert len(await desk.kept()) == len(await desk.house.told("token")) == kept


async def test_racers_over_two_nodes_are_numbered_without_a_gap(
    desk: Desk, north: Onboarded, south: Onboarded
) -> None:
    """Two banks, two nodes: each token has one record, and a bank's records stand in order."""
    nodes = [desk.open(), desk.open()]
    banks = [(north, "north-core"), (south, "south-core")]

    ended = await ask_at_once(
        [
            desk.ask(nodes[number % 2], bank.hosts[0], client_id=client_id)
            for number in range(32)
            for bank, client_id in (banks[number // 2 % 2],)
        ]
    )

    assert {one for one in ended if isinstance(one, bytes)} == await desk.kept()
    assert len(await desk.kept()) == 32
    records = await desk.house.told("token")
    for bank in {core.bank for core in records}:
        numbers = [core.bank_seq or 0 for core in records if core.bank == bank]
        assert numbers == list(range(numbers[0], numbers[0] + 16))


async def test_a_suspension_ends_what_a_group_would_have_issued(
    desk: Desk, north: Onboarded
) -> None:
    """It commits while the group waits for the issuers' lock: nobody of the group gets a token."""
    node, host, database = desk.open(), north.hosts[0], desk.house.database

    async with database.transaction() as tx:
        await access.revoke_tokens(tx, bank_id=north.bank.bank_id)
        await tx.execute(SUSPEND, north.bank.bank_id)
        tasks = [asyncio.create_task(desk.ask(node, host)) for _ in range(5)]
        # Each look in a transaction of its own: within one, the view stands still.
        while not await desk.count(COUNT_WAITING):
            pass
    ended = [await task for task in tasks]

    assert [type(one) for one in ended] == [InvalidClient] * 5
    assert await desk.kept() == set()
    assert await desk.house.told("token") == []
