"""Keys that a client publishes itself: fetched once, kept for all nodes, for a day."""

import asyncio
import io
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Protocol

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from tests.publisher import ADDRESS, Publisher

from creditbridge.foundation.database import Database
from creditbridge.foundation.errors import Refused
from creditbridge.foundation.keys import FileKey, PublicKey, name_key
from creditbridge.foundation.rsa_keys import RsaKey, thumbprint_of
from creditbridge.journeys.fetch_keys import FetchKeys
from creditbridge.ledger.model import Core
from creditbridge.ledger.service import Ledger
from creditbridge.ledger.terms.registry import ClientKeysFetched
from creditbridge.parties import service as parties
from creditbridge.parties.key_sets import KeySetDue
from creditbridge.parties.model import (
    AssertionAlgorithm,
    Bank,
    BankOnboarding,
    ClientOnboarding,
    Registration,
)
from creditbridge.parties.rules import find_assertion_key, find_key, require_key_set
from creditbridge.protocols.canonical_json import canonicalize

CLIENT = "north-published"
PS256, ES256 = AssertionAlgorithm.PS256, AssertionAlgorithm.ES256
SECOND = timedelta(seconds=1)
DAY = timedelta(hours=24)
RSA_PUBLIC = rsa.generate_private_key(65537, 2048).public_key()
Decide = Callable[[bytes], Awaitable[Bank]]


class House(Protocol):
    """The house of `conftest`."""

    database: Database
    ledger: Ledger

    async def told(self, *words: str) -> list[Core]:
        """Return what the ledger holds."""
        ...

    async def wait(self, time: timedelta) -> None:
        """Let the database's instant pass."""
        ...


class Onboarded(Protocol):
    """A bank of `conftest`, with the key that its first client signs with."""

    bank: Bank
    key: FileKey


class Client:
    """The client as two nodes know it, and the server that publishes its keys."""

    def __init__(self, house: House, bank: Bank) -> None:
        self.house = house
        self.bank = bank
        self.publisher = Publisher()
        self.first, self.second = self.node(), self.node()

    def node(self) -> FetchKeys:
        """Return the journey as another process walks it."""
        return FetchKeys(
            database=self.house.database,
            ledger=self.house.ledger,
            open_http=self.publisher.open_http,
        )

    async def read(self) -> Registration | None:
        """Return what any node knows of the client now."""
        async with self.house.database.transaction() as tx:
            return await parties.find_client(tx, CLIENT)

    async def is_due(self, key_id: str) -> bool:
        """Tell whether a decision about this name asks for a fetch first."""
        async with self.house.database.transaction() as tx:
            registration = await parties.find_client(tx, CLIENT)
            try:
                require_key_set(registration, key_id, now=tx.now)
            except KeySetDue as due:
                return due.client_id == CLIENT
        return False

    async def knows(self, *keys: PublicKey) -> bool:
        """Tell whether exactly these keys verify the client's messages."""
        registration = await self.read()
        assert registration is not None
        found = {key.key_id for key in registration.keys}
        assert all(find_key(registration, name) is not None for name in found)
        return found == {key.key_id for key in keys}

    async def fetched(self) -> list[ClientKeysFetched]:
        """Return what the ledger tells of it."""
        told = [core.terms for core in await self.house.told("client")]
        return [terms for terms in told if isinstance(terms, ClientKeysFetched)]


def make_key(number: int, key_id: str | None = None) -> PublicKey:
    """A key for messages."""
    private = ec.derive_private_key(number, ec.SECP256R1())
    return name_key(private.public_key(), key_id=key_id)


OLD, NEW = make_key(7), make_key(8)


@pytest.fixture
async def client(house: House, decide: Decide) -> Client:
    """A client whose keys stand at an address, with nothing fetched yet."""
    onboarding = BankOnboarding(
        uscc="91330104YY0000A13Q",
        legal_name="north bank",
        clients=(
            ClientOnboarding(
                client_id=CLIENT,
                authentication="private_key_jwt",
                assertion_algorithms=(PS256, ES256),
                scopes=("reports",),
                requires_signature=True,
                keys=(),
                jwks_uri=ADDRESS,
            ),
        ),
    )
    client = Client(house, await decide(canonicalize(msgspec.to_builtins(onboarding))))
    client.publisher.keys = [OLD]
    return client


async def test_K3_keys_are_fetched_when_they_are_needed(client: Client) -> None:
    """Kept for every node and every restart; the ledger and the bank's pins hold them."""
    assert await client.is_due(OLD.key_id)

    await client.first(CLIENT)

    assert client.publisher.requests == [f"GET {ADDRESS}"]
    assert await client.knows(OLD)
    assert not await client.is_due(OLD.key_id)
    assert await client.fetched() == [
        ClientKeysFetched(client=CLIENT, added=frozenset({thumbprint_of(OLD)}), ended=frozenset())
    ]
    async with client.house.database.transaction() as tx:
        pinned = await parties.list_message_keys(tx, client.bank.bank_id)
    assert pinned == [OLD]


async def test_K2_of_many_callers_on_two_nodes_one_fetches(client: Client) -> None:
    """The others wait for what comes: nobody is refused for coming a moment too early."""
    client.publisher.gate.clear()

    async with asyncio.TaskGroup() as group:
        callers = [group.create_task(node(CLIENT)) for node in (client.first, client.second) * 10]
        await client.publisher.reached.wait()
        assert await client.is_due(OLD.key_id)
        assert not any(caller.done() for caller in callers)
        client.publisher.gate.set()

    assert len(client.publisher.requests) == 1
    assert await client.knows(OLD)
    assert client.first.running == {}


async def test_a_caller_that_gives_up_ends_nothing_for_others(client: Client) -> None:
    """The fetch goes on, and serves who comes next."""
    client.publisher.gate.clear()
    impatient = asyncio.ensure_future(client.first(CLIENT))
    await client.publisher.reached.wait()

    impatient.cancel()
    with pytest.raises(asyncio.CancelledError):
        await impatient
    client.publisher.gate.set()
    await client.first(CLIENT)

    assert len(client.publisher.requests) == 1
    assert await client.knows(OLD)


async def test_K2_an_unknown_name_is_asked_for_once_in_thirty_seconds(client: Client) -> None:
    """Then what is there decides; after thirty seconds the next key may have come."""
    await client.first(CLIENT)
    client.publisher.keys = [NEW, OLD]
    assert not await client.is_due(NEW.key_id)

    await client.second(CLIENT)
    assert len(client.publisher.requests) == 1
    await client.house.wait(timedelta(seconds=30))
    assert await client.is_due(NEW.key_id)
    assert not await client.is_due(OLD.key_id)
    await client.second(CLIENT)

    assert await client.knows(OLD, NEW)


async def test_a_set_is_looked_at_anew_after_five_minutes(client: Client) -> None:
    """What left it ends at once, and counts again should it come back."""
    await client.first(CLIENT)
    await client.house.wait(timedelta(minutes=5) - SECOND)
    assert not await client.is_due(OLD.key_id)
    await client.house.wait(SECOND)
    assert await client.is_due(OLD.key_id)

    client.publisher.keys = [NEW]
    await client.first(CLIENT)
    assert await client.knows(NEW)
    client.publisher.keys = [NEW, OLD]
    await client.house.wait(timedelta(minutes=5))
    await client.first(CLIENT)

    assert await client.knows(NEW, OLD)
    old, new = (frozenset({thumbprint_of(key)}) for key in (OLD, NEW))
    assert [(told.added, told.ended) for told in await client.fetched()] == [
        *((old, frozenset()), (new, old)),
        (old, frozenset()),
    ]
    await client.house.wait(timedelta(minutes=5))
    await client.first(CLIENT)
    assert len(await client.fetched()) == 3


UNFIT: dict[str, tuple[int, bytes | None]] = {
    "down": (503, None),
    "redirect": (302, None),
    "no JSON": (200, b"<html>"),
    "no set": (200, b'{"key":[]}'),
    "101 keys": (200, msgspec.json.encode({"keys": [OLD.to_jwk()] * 101})),
    "over 64 KiB": (200, b'{"keys":[],"padding":"' + b"x" * 65_536 + b'"}'),
}


@pytest.mark.parametrize("case", UNFIT)
async def test_K3_a_fetch_that_fails_leaves_the_last_good_set_for_a_day(
    case: str, client: Client, log_lines: io.StringIO
) -> None:
    """Down, elsewhere, unreadable, too many, too large: then nothing of the client verifies."""
    await client.first(CLIENT)
    client.publisher.status, client.publisher.body = UNFIT[case]
    await client.house.wait(DAY - SECOND)
    assert await client.is_due(OLD.key_id)

    await client.first(CLIENT)

    assert '"client_keys.not_fetched"' in log_lines.getvalue()
    assert len(client.publisher.requests) == 2
    assert await client.knows(OLD)
    assert not await client.is_due(OLD.key_id)
    await client.house.wait(SECOND)
    assert await client.knows()
    await client.house.wait(timedelta(seconds=30))
    client.publisher.status, client.publisher.body = 200, None
    await client.first(CLIENT)
    assert await client.knows(OLD)


async def test_a_node_that_died_over_a_fetch_is_not_waited_for(client: Client) -> None:
    """Seven seconds later what is there decides, thirty seconds later somebody tries again."""
    async with client.house.database.transaction() as tx:
        assert await parties.begin_fetch(tx, CLIENT) == ADDRESS
    assert await client.is_due(OLD.key_id)

    await client.house.wait(timedelta(seconds=7))
    assert not await client.is_due(OLD.key_id)
    await client.first(CLIENT)
    assert client.publisher.requests == []
    await client.house.wait(timedelta(seconds=23))
    await client.first(CLIENT)

    assert await client.knows(OLD)


async def test_K3_of_one_name_the_algorithm_chooses(client: Client) -> None:
    """RSA signs assertions, P-256 messages too; what nothing uses is not kept."""
    both = make_key(9, key_id="one")
    client.publisher.keys = [RsaKey(key_id="one", material=RSA_PUBLIC), both]

    await client.first(CLIENT)

    registration = await client.read()
    assert find_assertion_key(registration, "one", "ES256") == both
    found = find_assertion_key(registration, "one", "PS256")
    assert isinstance(found, RsaKey)
    assert registration is not None
    assert find_key(registration, "one") == both


async def test_a_key_of_another_client_is_not_taken(client: Client, south: Onboarded) -> None:
    """Whoever holds it would prove to be either."""
    theirs = make_key(7, key_id="renamed")
    client.publisher.keys = [south.key.key, OLD]

    await client.first(CLIENT)

    assert await client.knows(OLD)
    client.publisher.keys = [theirs]
    await client.house.wait(timedelta(minutes=5))
    await client.first(CLIENT)
    # Its own key under another name is its own key.
    assert await client.knows(theirs)


async def test_one_address_is_one_clients(client: Client, decide: Decide) -> None:
    """What two clients publish together proves nothing about either."""
    body = canonicalize(
        {
            "uscc": "91330106589876549K",
            "legal_name": "south bank",
            "clients": [
                {
                    "client_id": "south-published",
                    "matcher": {"kind": "san_dns", "value": "core.south.example"},
                    "scopes": ["reports"],
                    "requires_signature": True,
                    "keys": [],
                    "jwks_uri": ADDRESS,
                }
            ],
        }
    )

    with pytest.raises(Refused):
        await decide(body)


async def test_nobodys_keys_are_not_fetched(client: Client, south: Onboarded) -> None:
    """Of an unknown client, and of one whose keys are registered."""
    for client_id in ("nobody", "south-core"):
        await client.first(client_id)

    assert client.publisher.requests == []
    async with client.house.database.transaction() as tx:
        assert await parties.keep_keys(tx, "nobody", [OLD]) is None
