"""Refresh tokens on a real database: whose they are, what they give, and what ends them."""

import asyncio
from datetime import timedelta

import msgspec
import pytest
from msgspec.structs import replace
from tests.access.granted.bench import CONSENT_ID, Bench

from creditbridge.access import service
from creditbridge.access.granted.model import InvalidGrant, IssuedToken
from creditbridge.access.model import (
    Authenticated,
    Binding,
    ClientRequest,
    InvalidClient,
    InvalidRequest,
    InvalidScope,
    TokenInvalid,
)
from creditbridge.access.pushed.model import DetailsInvalid
from creditbridge.access.revocation import TokenForeign
from creditbridge.foundation.database import Transaction

WAITS = """
    SELECT EXISTS (SELECT FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock')
"""


@pytest.fixture
async def issued(bench: Bench) -> IssuedToken:
    """What the redeemed code of a grant with two scopes brought."""
    return await bench.obtain(bench.redemption(await bench.issue_code(scopes="consents reports")))


async def name_token(
    bench: Bench, tx: Transaction, secret: str | None
) -> tuple[ClientRequest, Authenticated]:
    """Return a request of the client about one of its tokens, authenticated."""
    request = bench.request({"token": str(secret)})
    return request, await service.authenticate_client(tx, request, bench.admission)


async def revoke(bench: Bench, secret: str | None) -> object:
    """Take a token back, as its client."""
    async with bench.database.transaction() as tx:
        return await service.revoke_token(tx, *await name_token(bench, tx, secret))


async def test_G7_a_refresh_token_gives_new_access_tokens_and_stays(
    bench: Bench, issued: IssuedToken
) -> None:
    """`refresh-token`: not rotated, so that a lost answer loses nothing."""
    again = [await bench.obtain(bench.refreshment(issued)) for _ in range(2)]

    for one in again:
        answer = one.to_answer()
        assert "refresh_token" not in answer
        assert answer["grant_id"] == issued.token.grant_id
        assert answer["authorization_details"] == issued.details
        assert answer["scope"] == "consents reports"
        await bench.use(one)
    await bench.use(issued)
    assert len({one.secret for one in again}) == 2


async def test_G7_a_renewed_certificate_refreshes_and_binds_the_new_token(
    bench: Bench, issued: IssuedToken
) -> None:
    """The refresh token is the client's, the access token that of what this request has shown."""
    renewed = bench.certify("gateway.bank.example")

    fresh = await bench.obtain(bench.refreshment(issued), certificate=renewed)

    assert fresh.token.thumbprint == renewed.thumbprint
    await bench.use(fresh, renewed)
    keyed = await bench.obtain(bench.refreshment(issued), binding=Binding(proof_key="k" * 43))
    assert (keyed.token.proof_key, keyed.token.thumbprint) == ("k" * 43, None)


async def test_G7_another_client_gets_nothing_by_a_refresh_token(
    bench: Bench, issued: IssuedToken
) -> None:
    """Of the same bank too; and what it tried harms nobody."""
    with pytest.raises(InvalidGrant):
        await bench.obtain(bench.refreshment(issued), client_id="jiangtao-branch")
    with pytest.raises(InvalidClient):
        await bench.obtain(bench.refreshment(issued), certificate=bench.certify("b.example"))

    await bench.obtain(bench.refreshment(issued))


@pytest.mark.parametrize("secret", ["cbr_" + "A" * 43, "é", "cba_", "cbt_" + "A" * 43])
async def test_G7_an_unknown_refresh_token_is_an_invalid_grant(bench: Bench, secret: str) -> None:
    """An access token is none either."""
    with pytest.raises(InvalidGrant):
        await bench.obtain(bench.refreshment(secret))


async def test_G9_a_refresh_without_its_token_is_an_invalid_request(bench: Bench) -> None:
    """The parameter is named in the answer."""
    with pytest.raises(InvalidRequest, match="refresh_token"):
        await bench.obtain({"grant_type": "refresh_token"})


async def test_G7_a_refresh_token_ends_with_its_grant(bench: Bench, issued: IssuedToken) -> None:
    """As long as the consent, and not an instant longer."""
    await bench.wait(timedelta(days=20))

    with pytest.raises(InvalidGrant):
        await bench.obtain(bench.refreshment(issued))


async def test_R3_a_refresh_may_narrow_and_never_widens(bench: Bench, issued: IssuedToken) -> None:
    """Less for one token; the next may have all of it again (RFC 6749, section 6)."""
    narrow = await bench.obtain(bench.refreshment(issued, scope="consents"))
    with pytest.raises(InvalidScope):
        await bench.obtain(bench.refreshment(issued, scope="consents grant_management_revoke"))
    whole = await bench.obtain(bench.refreshment(issued))

    assert narrow.token.scopes == {"consents"}
    assert whole.token.scopes == {"consents", "reports"}


async def test_R3_a_refresh_never_widens_the_details(bench: Bench, issued: IssuedToken) -> None:
    """Another consent, or more uses of the same."""
    (detail,) = issued.details
    for asked in ([replace(detail, max_queries=4)], [detail, bench.detail(consent_id="cns_x")]):
        details = msgspec.json.encode(asked).decode()
        with pytest.raises(DetailsInvalid):
            await bench.obtain(bench.refreshment(issued, authorization_details=details))


async def test_V1_a_revoked_refresh_token_takes_its_access_tokens_along(
    bench: Bench, issued: IssuedToken
) -> None:
    """At once; the grant stays for its client to look at, and tokens of others live on."""
    fresh = await bench.obtain(bench.refreshment(issued))
    other = await bench.obtain(bench.redemption(await bench.issue_code()))

    first = await revoke(bench, issued.refresh_token)
    second = await revoke(bench, issued.refresh_token)

    assert first is not None
    assert second is None
    for one in (issued, fresh):
        with pytest.raises(TokenInvalid):
            await bench.use(one)
    with pytest.raises(InvalidGrant):
        await bench.obtain(bench.refreshment(issued))
    await bench.use(other)
    async with bench.database.transaction() as tx:
        grant_id = str(issued.token.grant_id)
        assert await service.find_grant(tx, grant_id, client_id=bench.client.client_id)


async def test_V1_a_revoked_access_token_leaves_its_refresh_token(
    bench: Bench, issued: IssuedToken
) -> None:
    """RFC 7009, section 2.1 leaves that to us: the client gives back one token."""
    assert await revoke(bench, issued.secret) == issued.token

    with pytest.raises(TokenInvalid):
        await bench.use(issued)
    await bench.use(await bench.obtain(bench.refreshment(issued)))


async def test_V1_another_clients_refresh_token_is_not_revoked(
    bench: Bench, issued: IssuedToken
) -> None:
    """`invalid_grant`, and it lives on; an expired one is as unknown as one that never was."""
    request = bench.request({"token": str(issued.refresh_token)}, client_id="jiangtao-branch")

    with pytest.raises(TokenForeign):
        async with bench.database.transaction() as tx:
            branch = await service.authenticate_client(tx, request, bench.admission)
            await service.revoke_token(tx, request, branch)
    await bench.obtain(bench.refreshment(issued))
    await bench.wait(timedelta(days=20))
    assert await revoke(bench, issued.refresh_token) is None


async def test_I1_a_token_of_a_grant_is_told_with_what_was_granted(
    bench: Bench, issued: IssuedToken
) -> None:
    """`authorization_details` and `grant_id`; a refresh token is told as any that is not active."""
    async with bench.database.transaction() as tx:
        told = await service.introspect_token(tx, *await name_token(bench, tx, issued.secret))
        other = await service.introspect_token(
            tx, *await name_token(bench, tx, issued.refresh_token)
        )

    answer = told.to_answer(issuer="https://as.example", resource="https://rs.example")
    assert answer["grant_id"] == issued.token.grant_id
    assert answer["authorization_details"] == list(issued.details)
    assert other.to_answer(issuer="https://as.example", resource="https://rs.example") == {
        "active": False
    }


async def test_I1_a_token_of_a_grant_without_consents_is_told_without_details(
    bench: Bench,
) -> None:
    """The member is absent, and never an empty array."""
    issued = await bench.obtain(bench.redemption(await bench.issue_code((), scopes="consents")))

    async with bench.database.transaction() as tx:
        told = await service.introspect_token(tx, *await name_token(bench, tx, issued.secret))

    answer = told.to_answer(issuer="https://as.example", resource="https://rs.example")
    assert answer["grant_id"] == issued.token.grant_id
    assert "authorization_details" not in answer


@pytest.mark.parametrize("end", ["consent", "refresh token"])
async def test_what_is_refreshed_at_the_instant_of_the_end_ends_too(
    bench: Bench, issued: IssuedToken, end: str
) -> None:
    """The end waits for the refresh that has begun, and finds what it gave."""

    async def finish() -> None:
        if end == "refresh token":
            await revoke(bench, issued.refresh_token)
            return
        async with bench.database.transaction() as tx:
            assert len(await service.revoke_grants(tx, CONSENT_ID)) == 1

    request = bench.request(bench.refreshment(issued))
    async with asyncio.TaskGroup() as group, bench.database.transaction() as tx:
        fresh = await bench.obtain_in(tx, request)
        group.create_task(finish())
        await bench.until(WAITS)

    with pytest.raises(TokenInvalid):
        await bench.use(fresh)
    assert await bench.count("access_tokens") == 0
