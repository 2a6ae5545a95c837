"""What ends a grant: its consent, its client, its bank, its time; and that nothing outlives it."""

import asyncio
from datetime import timedelta

import pytest
from tests.access.granted.bench import CONSENT_ID, Bench

from creditbridge.access import service
from creditbridge.access.granted.model import Grant, InvalidGrant, IssuedToken
from creditbridge.access.model import TokenInvalid
from creditbridge.foundation.database import open_database

OTHER_ID = "cns_0" + "2" * 25
CHILDREN = ("access_codes", "access_refresh_tokens", "access_tokens")
ADVISORY = """
    SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))
"""


async def redeem(bench: Bench, *consent_ids: str) -> IssuedToken:
    """Grant these consents and bring the code."""
    details = tuple(bench.detail(consent_id=consent_id) for consent_id in consent_ids)
    return await bench.obtain(bench.redemption(await bench.issue_code(details)))


async def end_consent(bench: Bench, consent_id: str = CONSENT_ID) -> list[Grant]:
    """End what rests on a consent, as its withdrawal does."""
    async with bench.database.transaction() as tx:
        return await service.revoke_grants(tx, consent_id)


async def test_N3_a_withdrawn_consent_ends_every_grant_that_names_it(bench: Bench) -> None:
    """Tokens, refresh tokens and codes that nobody brought yet; other grants live on."""
    ended = [await redeem(bench, CONSENT_ID), await redeem(bench, OTHER_ID, CONSENT_ID)]
    code = await bench.issue_code()
    live = await redeem(bench, OTHER_ID)

    grants = await end_consent(bench)

    assert {grant.grant_id for grant in grants} == {
        *(one.token.grant_id for one in ended),
        code.grant.grant_id,
    }
    for one in ended:
        with pytest.raises(TokenInvalid):
            await bench.use(one)
        with pytest.raises(InvalidGrant):
            await bench.obtain(bench.refreshment(one))
    with pytest.raises(InvalidGrant):
        await bench.obtain(bench.redemption(code))
    await bench.use(await bench.obtain(bench.refreshment(live)))
    assert await end_consent(bench) == []


async def test_two_withdrawals_that_share_grants_do_not_stand_in_each_others_way(
    bench: Bench,
) -> None:
    """Each grant is ended by one of them, whatever the order they came in."""
    for _ in range(6):
        await redeem(bench, CONSENT_ID, OTHER_ID)

    async with asyncio.TaskGroup() as group:
        ends = [
            group.create_task(end_consent(bench, consent_id))
            for _ in range(4)
            for consent_id in (CONSENT_ID, OTHER_ID)
        ]

    assert sum(len(end.result()) for end in ends) == 6
    assert await bench.count("access_grants") == 0


async def test_T3_a_bank_that_is_shut_out_loses_codes_refresh_tokens_and_grants(
    bench: Bench,
) -> None:
    """With its access tokens, of grants and of its own; the count is that of access tokens."""
    await redeem(bench, CONSENT_ID)
    await bench.obtain({"grant_type": "client_credentials"})
    await bench.issue_code()

    async with bench.database.transaction() as tx:
        assert await service.revoke_tokens(tx, bank_id=bench.client.bank_id) == 2

    for table in ("access_grants", *CHILDREN):
        assert await bench.count(table) == 0


async def test_a_client_that_ends_takes_its_own_grants_along(bench: Bench) -> None:
    """Another client of the bank keeps what it has."""
    await redeem(bench, CONSENT_ID)

    async with bench.database.transaction() as tx:
        branch = "jiangtao-branch"
        await service.revoke_tokens(tx, bank_id=bench.client.bank_id, client_id=branch)
    assert await bench.count("access_grants") == 1
    async with bench.database.transaction() as tx:
        await service.revoke_tokens(
            tx, bank_id=bench.client.bank_id, client_id=bench.client.client_id
        )
    assert await bench.count("access_grants") == 0


async def test_a_code_that_is_made_at_the_instant_of_a_suspension_ends_with_it(
    bench: Bench,
) -> None:
    """The suspension waits for the person's yes that has begun, and finds its grant."""

    async def suspend() -> None:
        async with bench.database.transaction() as tx:
            await service.revoke_tokens(tx, bank_id=bench.client.bank_id)

    async with asyncio.TaskGroup() as group, bench.database.transaction() as tx:
        await bench.issue_code_in(tx)
        group.create_task(suspend())
        await bench.until(ADVISORY)

    assert await bench.count("access_grants") == 0


async def test_N2_a_client_reads_and_ends_its_own_grants_alone(bench: Bench) -> None:
    """Another client's, an unknown and an ended one are absent alike."""
    issued = await redeem(bench, CONSENT_ID)
    grant_id, own = str(issued.token.grant_id), bench.client.client_id

    async with bench.database.transaction() as tx:
        found = await service.find_grant(tx, grant_id, client_id=own)
        assert await service.find_grant(tx, grant_id, client_id="jiangtao-branch") is None
        assert await service.find_grant(tx, "grt_", client_id=own) is None
        assert await service.revoke_grant(tx, grant_id, client_id="jiangtao-branch") is None
        assert await service.revoke_grant(tx, "grt_", client_id=own) is None
        assert await service.revoke_grant(tx, grant_id, client_id=own) == found
        assert await service.revoke_grant(tx, grant_id, client_id=own) is None
        assert await service.find_grant(tx, grant_id, client_id=own) is None

    assert found is not None
    assert found.details == issued.details
    with pytest.raises(TokenInvalid):
        await bench.use(issued)
    for table in CHILDREN:
        assert await bench.count(table) == 0


async def test_N2_of_racers_over_two_nodes_one_ends_a_grant(
    bench: Bench, database_url: str
) -> None:
    """One record of it, and one receipt."""
    issued = await redeem(bench, CONSENT_ID)
    grant_id, own = str(issued.token.grant_id), bench.client.client_id
    other = await open_database(database_url)

    async def end(node: Bench) -> Grant | None:
        async with node.database.transaction() as tx:
            return await service.revoke_grant(tx, grant_id, client_id=own)

    try:
        async with asyncio.TaskGroup() as group:
            nodes = [bench, bench.over(other)] * 4
            tries = [group.create_task(end(node)) for node in nodes]
    finally:
        await other.close()
    assert sum(one.result() is not None for one in tries) == 1


async def test_what_has_run_out_is_purged_and_what_stands_is_not(bench: Bench) -> None:
    """Grants past their end, and those whose code nobody brought in time; a spent code stays."""
    short = bench.detail(days=1)
    await bench.obtain(bench.redemption(await bench.issue_code((short,))))
    await bench.issue_code()
    live = await redeem(bench, OTHER_ID)

    async with bench.database.transaction() as tx:
        assert await service.purge(tx) == 0
    await bench.wait(timedelta(minutes=10))
    async with bench.database.transaction() as tx:
        # The code that nobody brought, and two access tokens.
        assert await service.purge(tx) == 3
    assert await bench.count("access_codes") == 2
    await bench.wait(timedelta(days=1))
    async with bench.database.transaction() as tx:
        assert await service.purge(tx) == 1
        assert await service.purge(tx) == 0

    await bench.obtain(bench.refreshment(live))
    assert await bench.count("access_grants") == 1


async def test_a_code_that_is_brought_at_this_instant_is_not_purged(bench: Bench) -> None:
    """The purge passes over the grant that somebody holds, and sees the code as spent then."""
    code = await bench.issue_code()
    await bench.wait(timedelta(seconds=29))
    request = bench.request(bench.redemption(code))

    async with bench.database.transaction() as tx:
        issued = await bench.obtain_in(tx, request)
        await bench.wait(timedelta(seconds=2))
        async with bench.database.transaction() as purging:
            assert await service.purge(purging) == 0

    await bench.use(issued)
