"""Authorization codes on a real database: who may bring one, once, and what a second time ends."""

import asyncio
import hashlib
from datetime import timedelta

import msgspec
import pytest
from msgspec.structs import replace
from tests.access.granted.bench import Bench

from creditbridge.access import service
from creditbridge.access.granted.model import (
    CodeReused,
    InvalidGrant,
    IssuedToken,
    UnauthorizedClient,
)
from creditbridge.access.model import (
    Binding,
    InvalidDpopProof,
    InvalidRequest,
    OAuthError,
    TokenInvalid,
)
from creditbridge.access.pushed.model import DetailsInvalid
from creditbridge.foundation.database import Database, open_database

RACERS = 8
SUSPEND = "UPDATE parties_banks SET state = 'SUSPENDED'"


def without(form: dict[str, str], name: str) -> dict[str, str]:
    """Return a form without one parameter."""
    return {known: value for known, value in form.items() if known != name}


async def test_G3_a_code_brings_what_the_person_granted(bench: Bench) -> None:
    """Token, refresh token, details with their consents, the grant's id (N1)."""
    detail = bench.detail()
    code = await bench.issue_code((detail,))

    issued = await bench.obtain(bench.redemption(code))

    answer = issued.to_answer()
    assert answer["grant_id"] == code.grant.grant_id
    assert answer["authorization_details"] == (detail,)
    assert (answer["scope"], answer["expires_in"]) == ("reports", 300)
    assert str(answer["refresh_token"]).startswith("cbr_")
    token = await bench.use(issued)
    assert token.grant_id == code.grant.grant_id
    assert token.consent_ids == frozenset({detail.consent_id})


async def test_only_digests_of_code_and_refresh_token_are_kept(bench: Bench) -> None:
    """256 random bits each; the secrets stand nowhere."""
    code = await bench.issue_code()
    issued = await bench.obtain(bench.redemption(code))

    async with bench.database.transaction() as tx:
        kept = await tx.fetch_value(bytes, "SELECT code_digest FROM access_codes")
        refresh = await tx.fetch_value(bytes, "SELECT token_digest FROM access_refresh_tokens")
    assert len(code.secret) == len(str(issued.refresh_token)) == 47
    assert kept == hashlib.sha256(code.secret.encode()).digest()
    assert refresh == hashlib.sha256(str(issued.refresh_token).encode()).digest()


async def test_a_grant_without_consents_gives_its_scopes_alone(bench: Bench) -> None:
    """Its token reaches no consent at all, and ends with the day."""
    code = await bench.issue_code((), scopes="consents")

    issued = await bench.obtain(bench.redemption(code))

    assert "authorization_details" not in issued.to_answer()
    assert (await bench.use(issued)).consent_ids == frozenset()
    assert code.grant.expires_at - code.grant.made_at == timedelta(days=1)


async def test_a_token_ends_with_its_grant(bench: Bench) -> None:
    """The first consent to end ends the grant; 300 s are the most."""
    short = bench.detail(days=100 / 86_400)
    code = await bench.issue_code((bench.detail(consent_id="cns_0" + "2" * 25), short))

    issued = await bench.obtain(bench.redemption(code))

    assert code.grant.expires_at == short.valid_to
    assert issued.token.expires_at == short.valid_to
    assert 90 <= int(str(issued.to_answer()["expires_in"])) <= 100


async def test_a_client_that_may_not_refresh_gets_no_refresh_token(bench: Bench) -> None:
    """Only what it is registered for."""
    async with bench.database.transaction() as tx:
        await tx.execute("UPDATE parties_clients SET grant_types = '{authorization_code}'")

    issued = await bench.obtain(bench.redemption(await bench.issue_code()))

    assert "refresh_token" not in issued.to_answer()
    assert await bench.count("access_refresh_tokens") == 0


@pytest.mark.parametrize("missing", ["code", "redirect_uri"])
async def test_G9_a_redemption_without_its_parameters_is_an_invalid_request(
    bench: Bench, missing: str
) -> None:
    """And the code can still be brought as it should be."""
    form = bench.redemption(await bench.issue_code())

    with pytest.raises(InvalidRequest):
        await bench.obtain(without(form, missing))
    await bench.obtain(form)


@pytest.mark.parametrize(
    "changed",
    [
        {"code_verifier": "w" * 43},
        {"code_verifier": ""},
        {"redirect_uri": "https://bank.example/callback"},
        {"code": "cba_" + "A" * 43},
        {"code": "not ours é"},
    ],
)
async def test_G3_a_try_that_does_not_fit_spends_nothing(
    bench: Bench, changed: dict[str, str]
) -> None:
    """`ensure-pkce-code-verifier-required`, `incorrect-pkce-code-verifier-rejected`.

    Who stole a code without its verifier cannot end the flow of the one it was meant for.
    """
    form = bench.redemption(await bench.issue_code())
    tried = {**form, **changed}

    with pytest.raises(InvalidGrant):
        await bench.obtain({name: value for name, value in tried.items() if value})
    assert (await bench.obtain(form)).refresh_token is not None


async def test_G3_another_clients_try_neither_gets_nor_ends_anything(bench: Bench) -> None:
    """`ensure-authorization-code-is-bound-to-client`, before and after the code was spent."""
    form = bench.redemption(await bench.issue_code())

    with pytest.raises(InvalidGrant):
        await bench.obtain(form, client_id="jiangtao-branch")
    issued = await bench.obtain(form)
    with pytest.raises(InvalidGrant) as refusal:
        await bench.obtain(form, client_id="jiangtao-branch")

    assert not isinstance(refusal.value, CodeReused)
    await bench.use(issued)


async def test_G4_an_expired_code_is_refused(bench: Bench) -> None:
    """`ensure-token-endpoint-fails-with-expired-auth-code`: after 30 s."""
    code = await bench.issue_code()
    await bench.wait(timedelta(seconds=30))

    with pytest.raises(InvalidGrant):
        await bench.obtain(bench.redemption(code))
    assert await bench.count("access_tokens") == 0


async def test_G5_a_second_use_ends_all_that_the_first_gave(bench: Bench) -> None:
    """`attempt-reuse-authorization-code-after-one-second`: tokens, refresh token, grant.

    It is also what a client meets whose first answer was lost: it asks its person again.
    """
    code = await bench.issue_code()
    first = await bench.obtain(bench.redemption(code))

    with pytest.raises(CodeReused) as refusal:
        await bench.obtain(bench.redemption(code))

    assert refusal.value.grant.grant_id == code.grant.grant_id
    assert refusal.value.to_answer() == InvalidGrant().to_answer()
    with pytest.raises(TokenInvalid):
        await bench.use(first)
    with pytest.raises(InvalidGrant):
        await bench.obtain(bench.refreshment(first))
    with pytest.raises(InvalidGrant) as third:
        await bench.obtain(bench.redemption(code))
    assert not isinstance(third.value, CodeReused)


async def test_G5_a_spent_code_that_comes_back_much_later_is_still_known(bench: Bench) -> None:
    """A spent code is kept as long as its grant, whatever is purged."""
    code = await bench.issue_code()
    first = await bench.obtain(bench.redemption(code))
    await bench.wait(timedelta(days=1))
    async with bench.database.transaction() as tx:
        await service.purge(tx)

    with pytest.raises(CodeReused):
        await bench.obtain(bench.redemption(code))
    with pytest.raises(InvalidGrant):
        await bench.obtain(bench.refreshment(first))


async def test_G5_of_racers_over_two_nodes_one_gets_a_token_that_the_others_end(
    bench: Bench, database_url: str
) -> None:
    """One statement decides; the losers' tries are uses as well, and nothing is left."""
    form = bench.redemption(await bench.issue_code())
    other = await open_database(database_url)

    async def bring(database: Database) -> IssuedToken | OAuthError:
        try:
            return await bench.over(database).obtain(form)
        except OAuthError as refusal:
            return refusal

    try:
        async with asyncio.TaskGroup() as group:
            tries = [
                group.create_task(bring(database))
                for _ in range(RACERS)
                for database in (bench.database, other)
            ]
    finally:
        await other.close()
    ends = [one.result() for one in tries]
    won = [end for end in ends if isinstance(end, IssuedToken)]
    assert len(won) == 1
    assert sum(isinstance(end, CodeReused) for end in ends) == 1
    assert sum(isinstance(end, InvalidGrant) for end in ends) == 2 * RACERS - 1
    with pytest.raises(TokenInvalid):
        await bench.use(won[0])


async def test_G6_a_code_bound_to_a_key_wants_that_key(bench: Bench) -> None:
    """`ensure-token-endpoint-fails-with-mismatched-dpop-proof-jkt`; the try spends nothing."""
    form = bench.redemption(await bench.issue_code(proof_key="k" * 43))

    for binding in (Binding(proof_key="o" * 43), None):
        with pytest.raises(InvalidDpopProof):
            await bench.obtain(form, binding=binding)
    issued = await bench.obtain(form, binding=Binding(proof_key="k" * 43))
    assert issued.token.token_type == "DPoP"


async def test_R3_a_redemption_may_ask_for_some_of_the_details(bench: Bench) -> None:
    """And for nothing else; what was not granted spends nothing."""
    first, second = bench.detail(), bench.detail(consent_id="cns_0" + "2" * 25)
    form = bench.redemption(await bench.issue_code((first, second)))
    asked = msgspec.json.encode([second]).decode()
    widened = msgspec.json.encode([replace(second, max_queries=9)]).decode()

    with pytest.raises(DetailsInvalid):
        await bench.obtain({**form, "authorization_details": widened})
    issued = await bench.obtain({**form, "authorization_details": asked})

    assert issued.token.consent_ids == frozenset({second.consent_id})
    assert issued.to_answer()["authorization_details"] == (second,)


async def test_G1_a_token_in_the_clients_own_name_names_no_consents(bench: Bench) -> None:
    """Neither refresh token, details nor grant; details that are asked for are refused."""
    form = {"grant_type": "client_credentials"}
    issued = await bench.obtain(form)

    assert issued.to_answer().keys() == {"access_token", "token_type", "expires_in", "scope"}
    assert (await bench.use(issued)).consent_ids is None
    with pytest.raises(DetailsInvalid):
        await bench.obtain({**form, "authorization_details": "[]"})


async def test_a_client_that_was_shut_out_meanwhile_gets_no_code(bench: Bench) -> None:
    """The person decided while two operators were faster."""
    async with bench.database.transaction() as tx:
        await tx.execute(SUSPEND)

    with pytest.raises(UnauthorizedClient):
        await bench.issue_code()
    assert await bench.count("access_grants") == 0
