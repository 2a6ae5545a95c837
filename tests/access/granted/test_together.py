"""Uses and ends of grants, all at once: they wait for each other, and never in a circle."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from functools import partial

from tests.access.granted.bench import CONSENT_ID, Bench

from creditbridge.access import service
from creditbridge.access.granted.model import IssuedToken
from creditbridge.access.model import OAuthError

ROUNDS = 2
OTHER_ID = "cns_0" + "2" * 25


async def test_no_use_and_no_end_of_a_grant_is_ever_turned_away_by_the_database(
    bench: Bench,
) -> None:
    """A deadlock would be a `DatabaseUnavailable`; what ends is gone, whoever was first."""
    chance = random.Random(7)  # noqa: S311 -- shuffles a test

    for _ in range(ROUNDS):
        details = (bench.detail(), bench.detail(consent_id=OTHER_ID))
        codes = [await bench.issue_code(details) for _ in range(3)]
        tokens = [await bench.obtain(bench.redemption(code)) for code in codes[:2]]
        acts = [act for _ in range(2) for act in _list_acts(bench, tokens)]
        acts += [partial(bench.obtain, bench.redemption(code)) for code in codes]
        chance.shuffle(acts)
        async with asyncio.TaskGroup() as group:
            for act in acts:
                group.create_task(_try(act))

        for table in ("access_grants", "access_codes", "access_refresh_tokens", "access_tokens"):
            assert await bench.count(table) == 0


def _list_acts(bench: Bench, tokens: list[IssuedToken]) -> list[Callable[[], Awaitable[object]]]:
    """Return uses and ends of these grants, among them the end of all."""

    async def withdraw(consent_id: str) -> None:
        async with bench.database.transaction() as tx:
            await service.revoke_grants(tx, consent_id)

    async def suspend() -> None:
        async with bench.database.transaction() as tx:
            await service.revoke_tokens(tx, bank_id=bench.client.bank_id)

    async def purge() -> None:
        async with bench.database.transaction() as tx:
            await service.purge(tx)

    async def revoke(secret: str) -> None:
        request = bench.request({"token": secret})
        async with bench.database.transaction() as tx:
            client = await service.authenticate_client(tx, request, bench.admission)
            await service.revoke_token(tx, request, client)

    async def give_back(grant_id: str) -> None:
        async with bench.database.transaction() as tx:
            await service.revoke_grant(tx, grant_id, client_id=bench.client.client_id)

    first, second = tokens
    return [
        lambda: withdraw(CONSENT_ID),
        lambda: withdraw(OTHER_ID),
        suspend,
        purge,
        lambda: revoke(str(first.refresh_token)),
        lambda: revoke(second.secret),
        lambda: give_back(str(second.token.grant_id)),
        lambda: bench.obtain(bench.refreshment(first)),
        lambda: bench.obtain(bench.refreshment(second)),
    ]


async def _try(act: Callable[[], Awaitable[object]]) -> None:
    """Do it, or be refused: by a rule, and by nothing else."""
    try:
        await act()
    except OAuthError:
        return
