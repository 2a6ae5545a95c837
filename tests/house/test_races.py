"""Races over two nodes: what must happen once happens once."""

import asyncio
import secrets
from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

import pytest
from msgspec.structs import replace
from tests.house.house import House
from tests.house.machine import Machine
from tests.house.telling import outcome

from creditbridge.cli.demo.bank import Exchange
from creditbridge.protocols.http_signatures import Request

pytestmark = [pytest.mark.xdist_group("house"), pytest.mark.endure]

SIGNED = frozenset({"signature", "signature-input", "content-digest"})
BUSY, BUSY_MAX = 503, 20
RACERS = 200
CALLERS = 50
ROUNDS_MAX = 1_000


@pytest.fixture
def rounds(endures: bool) -> int:  # noqa: FBT001 -- a fixture
    """How often each race is run: RELIABILITY, promise 8."""
    return ROUNDS_MAX if endures else 1


async def test_of_two_hundred_racers_one_takes_the_last_use(house: House, rounds: int) -> None:
    """Over two nodes exactly one is delivered; everybody else is told that none is left."""
    for _ in range(rounds):
        given = await house.give_consent("found", max_queries=1)
        before = await house.count_queries(given.uscc)
        async with both_nodes(house) as nodes:
            token = await nodes[0].fetch_token("reports")
            starters = [
                (bank, bank.sign(bank.report(given.consent_id, given.uscc, token=token)))
                for bank, _ in zip(alternately(nodes), range(RACERS), strict=False)
            ]
            answers = await race(starters)

        assert Counter(outcome(answer) for answer in answers) == {
            (200, ""): 1,
            (403, "consent-exhausted"): RACERS - 1,
        }
        assert await house.count_queries(given.uscc) == before + 1


async def test_one_idempotency_key_is_one_query(house: House, rounds: int) -> None:
    """Fifty callers with one key on two nodes: one query, one use, one answer for all of them."""
    for _ in range(rounds):
        given = await house.give_consent("clean")
        before = await house.count_queries(given.uscc)
        key = secrets.token_urlsafe(16)
        async with both_nodes(house) as nodes:
            token = await nodes[0].fetch_token()
            starters = [
                (bank, bank.sign(bank.report(given.consent_id, given.uscc, token=token, key=key)))
                for bank, _ in zip(alternately(nodes), range(CALLERS), strict=False)
            ]
            answers = await race(starters)
            late = await nodes[1].ask(given.consent_id, given.uscc, token=token, key=key)
            shown = await nodes[0].get(f"/v1/consents/{given.consent_id}", token=token)

        assert {outcome(answer) for answer in answers} <= {
            (200, ""),
            (409, "idempotency-in-flight"),
        }
        delivered = [one for one in (*answers, late) if one.status == 200]
        assert len({one.answer.body for one in delivered}) == 1
        assert len({one.header("creditbridge-report") for one in delivered}) == 1
        first = [one for one in delivered if "idempotency-replayed" not in dict(one.answer.headers)]
        assert len(first) == 1
        assert await house.count_queries(given.uscc) == before + 1
        assert shown.json()["used"] == 1


async def test_one_nonce_opens_once(house: House, rounds: int) -> None:
    """The same signed bytes sent fifty times at once to two nodes come in once."""
    for _ in range(rounds):
        given = await house.give_consent("found")
        async with both_nodes(house) as nodes:
            token = await nodes[0].fetch_token("reports")
            signed = nodes[0].sign(nodes[0].report(given.consent_id, given.uscc, token=token))
            starters = [
                (bank, signed) for bank, _ in zip(alternately(nodes), range(CALLERS), strict=False)
            ]
            answers = await race(starters)

        assert Counter(outcome(answer) for answer in answers) == {
            (200, ""): 1,
            (401, "signature-replayed"): CALLERS - 1,
        }


async def test_one_business_id_is_one_query(house: House, rounds: int) -> None:
    """Two clients of a bank race with one business id under keys of their own: one is asked."""
    for _ in range(rounds):
        given = await house.give_consent("clean")
        before = await house.count_queries(given.uscc)
        business_id = secrets.token_hex(8)
        async with house.machine() as first, house.machine("north-second", node=1) as second:
            tokens = {one: await one.fetch_token("reports") for one in (first, second)}
            starters = [
                (
                    one,
                    one.sign(
                        one.report(
                            given.consent_id,
                            given.uscc,
                            token=tokens[one],
                            members={"business_id": business_id},
                        )
                    ),
                )
                for one in [first, second] * 10
            ]
            answers = await race(starters)

        assert Counter(outcome(answer) for answer in answers) == {
            (200, ""): 1,
            (409, "business-id-taken"): 19,
        }
        assert await house.count_queries(given.uscc) == before + 1


@asynccontextmanager
async def both_nodes(house: House) -> AsyncGenerator[tuple[Machine, Machine]]:
    """Lend a machine at each node, with a connection for each racer."""
    async with (
        house.machine(node=0, connections=RACERS) as first,
        house.machine(node=1, connections=RACERS) as second,
    ):
        yield first, second


def alternately(nodes: Sequence[Machine]) -> "list[Machine]":
    """Return the nodes in turn, as often as there are racers."""
    return [*nodes] * RACERS


def without_signature(request: Request) -> Request:
    """Return a request as it was before it was signed."""
    headers = [pair for pair in request.headers if pair[0] not in SIGNED]
    return replace(request, headers=tuple(headers))


async def race(starters: Sequence[tuple[Machine, Request]]) -> list[Exchange]:
    """Send all at once: nobody starts before everybody is ready."""
    barrier = asyncio.Barrier(len(starters))

    async def run(machine: Machine, request: Request) -> Exchange:
        await barrier.wait()
        answer = await machine.send(request)
        for _ in range(BUSY_MAX):
            # A house that is busy decided nothing: the same request comes again, signed anew.
            if answer.status != BUSY:
                break
            answer = await machine.send(machine.sign(without_signature(request)))
        return answer

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(run(machine, request)) for machine, request in starters]
    return [task.result() for task in tasks]
