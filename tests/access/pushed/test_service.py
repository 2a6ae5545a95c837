"""A pushed request in the database: opened by whoever follows the link, decided once."""

import asyncio
from datetime import timedelta

import pytest

from creditbridge.access.authorization import AuthorizationRequest
from creditbridge.access.pushed import service
from creditbridge.access.pushed.model import (
    OPENED_LIFE,
    PUSHED_LIFE,
    OpenedRequest,
    PushedRequest,
    RequestUriInvalid,
    Sent,
)
from creditbridge.foundation.database import Database, Transaction, open_database

CLIENT = "north-web"
PUSHED = PushedRequest(
    request=AuthorizationRequest(
        client_id=CLIENT,
        bank_id="bnk_1",
        redirect_uri="https://bank.example/callback",
        scopes=frozenset({"reports", "consents"}),
        code_challenge="c" * 43,
        state="s" * 1024,
    ),
    sent=Sent(body=b"{}", base=b"a.b", signature=bytes(64), key_id="k"),
    consent_ids=("cns_1",),
)
SECOND = timedelta(seconds=1)


async def push(database: Database) -> str:
    """Keep the request and return its address."""
    async with database.transaction() as tx:
        return (await service.keep_request(tx, PUSHED)).request_uri


async def open_it(
    database: Database, request_uri: str, *, client_id: str = CLIENT
) -> OpenedRequest:
    """Open a request."""
    async with database.transaction() as tx:
        return await service.open_request(tx, client_id=client_id, request_uri=request_uri)


async def spend_it(
    database: Database, request_uri: str, *, client_id: str = CLIENT
) -> OpenedRequest:
    """Decide a request."""
    async with database.transaction() as tx:
        return await service.spend_request(tx, client_id=client_id, request_uri=request_uri)


async def wait(database: Database, time: timedelta) -> None:
    """Let the database's instant pass."""
    async with database.transaction() as tx:
        later = tx.now + time
    await database.raise_floor(later)


async def count(tx: Transaction) -> int | None:
    """Return how many requests are kept."""
    return await tx.fetch_value(int, "SELECT count(*) FROM access_pushed_requests")


async def test_P1_a_request_gets_an_address_of_its_own(database: Database) -> None:
    """256 random bits under the registered name, for 90 s; the address itself is kept nowhere."""
    async with database.transaction() as tx:
        first, second = [await service.keep_request(tx, PUSHED) for _ in range(2)]
        row = await tx.fetch_row(dict[str, object], "SELECT * FROM access_pushed_requests LIMIT 1")

    assert first.expires_in == 90
    assert first.request_uri != second.request_uri
    secret = first.request_uri.removeprefix("urn:ietf:params:oauth:request_uri:")
    assert len(secret) == 43
    assert secret not in str(row)


async def test_Z2_a_request_is_opened_as_it_was_pushed(database: Database) -> None:
    """Whole, with the instant of the first opening, and 15 minutes from there."""
    request_uri = await push(database)

    opened = await open_it(database, request_uri)

    assert opened.pushed == PUSHED
    assert opened.expires_at - opened.opened_at == OPENED_LIFE


async def test_Z2_a_second_visit_before_the_decision_finds_the_same(database: Database) -> None:
    """`par-ensure-reused-request-uri-prior-to-auth-completion-succeeds`, up to the last second."""
    request_uri = await push(database)
    await wait(database, PUSHED_LIFE - SECOND)
    opened = await open_it(database, request_uri)
    await wait(database, OPENED_LIFE - SECOND)

    assert await open_it(database, request_uri) == opened
    assert await spend_it(database, request_uri) == opened


async def test_Z2_an_expired_request_opens_nothing(database: Database) -> None:
    """`par-attempt-to-use-expired-request_uri`: 90 s unopened, 15 minutes undecided."""
    unopened, undecided = await push(database), await push(database)
    await open_it(database, undecided)
    await wait(database, PUSHED_LIFE)

    with pytest.raises(RequestUriInvalid):
        await open_it(database, unopened)
    await open_it(database, undecided)
    await wait(database, OPENED_LIFE)
    with pytest.raises(RequestUriInvalid):
        await open_it(database, undecided)
    with pytest.raises(RequestUriInvalid):
        await spend_it(database, undecided)


async def test_Z2_a_request_is_its_clients_alone(database: Database) -> None:
    """`par-attempt-to-use-request_uri-for-different-client`: not opened, not spent."""
    request_uri = await push(database)

    with pytest.raises(RequestUriInvalid):
        await open_it(database, request_uri, client_id="south-web")
    await open_it(database, request_uri)
    with pytest.raises(RequestUriInvalid):
        await spend_it(database, request_uri, client_id="south-web")
    await spend_it(database, request_uri)


async def test_Z2_a_request_that_nobody_opened_is_not_decided(database: Database) -> None:
    """No answer to what nobody has read."""
    request_uri = await push(database)

    with pytest.raises(RequestUriInvalid):
        await spend_it(database, request_uri)


@pytest.mark.parametrize(
    ("client_id", "request_uri"),
    [
        (CLIENT, "urn:ietf:params:oauth:request_uri:" + "A" * 43),
        (CLIENT, "urn:ietf:params:oauth:request_uri:" + "A" * 42),
        (CLIENT, "https://bank.example/request.jwt"),
        (CLIENT, ""),
        (CLIENT, "urn:ietf:params:oauth:request_uri:" + "\x00" * 43),
        ("\x00", "urn:ietf:params:oauth:request_uri:" + "A" * 43),
        ("", "urn:ietf:params:oauth:request_uri:" + "A" * 43),
    ],
)
async def test_Z2_what_was_never_pushed_opens_nothing(
    database: Database, client_id: str, request_uri: str
) -> None:
    """Unknown ones, and texts that are no address or no client at all."""
    with pytest.raises(RequestUriInvalid):
        await open_it(database, request_uri, client_id=client_id)


async def test_Z2_of_many_decisions_one_counts(database: Database, database_url: str) -> None:
    """`par-attempt-reuse-request_uri`, by twelve at once on two nodes."""
    other = await open_database(database_url, connections_max=4)
    request_uri = await push(database)
    await open_it(database, request_uri)

    async def race(node: Database) -> bool:
        try:
            await spend_it(node, request_uri)
        except RequestUriInvalid:
            return False
        return True

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(race(node)) for node in (database, other) * 6]
    await other.close()

    assert sum(task.result() for task in tasks) == 1


async def test_Z2_a_decision_that_fails_spends_nothing(database: Database) -> None:
    """It is spent with its transaction."""
    request_uri = await push(database)
    await open_it(database, request_uri)

    with pytest.raises(ZeroDivisionError):
        async with database.transaction() as tx:
            await service.spend_request(tx, client_id=CLIENT, request_uri=request_uri)
            _ = 1 // 0
    await spend_it(database, request_uri)


async def test_expired_requests_are_purged(database: Database) -> None:
    """Those that still wait stay."""
    await push(database)
    waiting = await push(database)
    await open_it(database, waiting)
    await wait(database, PUSHED_LIFE)

    async with database.transaction() as tx:
        assert await service.purge(tx) == 1
        assert await count(tx) == 1
