"""Tokens that a key must prove at each use (RFC 9449), at the token endpoint and the resource."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeAlias

import pytest
from tests.endpoints.proofs import (
    RESOURCE,
    TOKEN_PATH,
    Holder,
    Members,
    public_jwk,
    rsa_jwk,
    sign_rs256,
)
from tests.endpoints.stage import BANK_URL, FORM, Stage, make_key
from tests.endpoints.wire import Answer, send

from creditbridge.protocols.dpop import hash_token

END = datetime.max.replace(tzinfo=UTC)
ALGORITHMS = 'algs="PS256 ES256 EdDSA"'


async def count_entries(stage: Stage) -> int:
    """Return how many entries the ledger holds."""
    async with stage.database.transaction() as tx:
        return await tx.fetch_value(int, "SELECT count(*) FROM ledger_entries") or 0


def require_refused_at_the_token_endpoint(answer: Answer) -> None:
    """The words of RFC 9449, section 5."""
    assert (answer.status, answer.json["error"]) == (400, "invalid_dpop_proof")
    assert answer.header("cache-control") == "no-store"


def require_refused_at_the_resource(answer: Answer) -> None:
    """The challenge of RFC 9449, section 7.1."""
    assert (answer.status, answer.code) == (401, "invalid-dpop-proof")
    challenge = f'DPoP error="invalid_dpop_proof", {ALGORITHMS}'
    assert answer.header("www-authenticate") == challenge
    assert answer.header("cache-control") == "no-store"


@pytest.fixture
async def holder(stage: Stage) -> Holder:
    """A machine registered for DPoP, which need not sign its messages."""
    return Holder(stage, await stage.onboard("north", signs=False, constraint="DPOP"))


async def test_D1_G2_a_token_bound_to_a_key_works_with_its_proof(holder: Holder) -> None:
    """Over any connection; introspection tells the key."""
    token = await holder.get_token()

    answer = await holder.use(token, holder.prove("GET", RESOURCE, token=token))

    assert answer.status == 200, answer.body
    assert answer.list_headers("dpop-nonce") == []
    form = f"client_id={holder.machine.client_id}&token={token}".encode()
    told = await send(
        holder.stage.bank,
        "POST",
        "/oauth/introspect",
        headers=[FORM],
        body=form,
        certificate=holder.machine.certificate,
    )
    assert (told.json["token_type"], told.json["cnf"]) == ("DPoP", {"jkt": holder.key.key.key_id})


async def test_G2_a_client_registered_for_dpop_gets_nothing_unbound(holder: Holder) -> None:
    """Without a proof there is no token, not even one bound to its certificate."""
    require_refused_at_the_token_endpoint(await holder.ask())


async def test_G2_a_client_registered_for_mtls_brings_no_proof(stage: Stage) -> None:
    """Its tokens are bound to its certificate; it learns so, instead of losing its proof."""
    holder = Holder(stage, await stage.onboard("south", signs=False, constraint="MTLS"))

    refused = await holder.ask(holder.prove("POST", TOKEN_PATH))
    bound = await holder.ask()

    require_refused_at_the_token_endpoint(refused)
    assert bound.json["token_type"] == "Bearer"


# Of a holder and the path that is asked for: what to change in header and claims of a good proof.
Change: TypeAlias = Callable[[Holder, str], tuple[Members, Members]]
MUST_PASS: dict[str, Change] = {
    "htu-with-query": lambda _, path: ({}, {"htu": f"{BANK_URL}{path}?limit=1"}),
    "htu-with-fragment": lambda _, path: ({}, {"htu": f"{BANK_URL}{path}#top"}),
    "htu-upper-case-scheme-and-host": lambda _, path: ({}, {"htu": BANK_URL.upper() + path}),
    "extra-members": lambda *_: ({"kid": "k", "x": {"y": 1}}, {"extra": [1], "nonce": "n"}),
    "nbf-and-exp": lambda holder, _: ({}, {"nbf": holder.second, "exp": holder.second + 300}),
    "iat-10-seconds-before": lambda holder, _: ({}, {"iat": holder.second - 10}),
    "iat-10-seconds-after": lambda holder, _: ({}, {"iat": holder.second + 10}),
}


@pytest.mark.parametrize("case", MUST_PASS)
async def test_D2_dpop_negative_tests_what_must_pass_at_the_token_endpoint(
    case: str, holder: Holder
) -> None:
    """Also `check-dpop-proof-nbf-exp`, `ensure-dpopproof-with-iat-10seconds-*-succeeds`."""
    header, claims = MUST_PASS[case](holder, TOKEN_PATH)

    answer = await holder.ask(holder.prove("POST", TOKEN_PATH, header=header, claims=claims))

    assert answer.status == 200, answer.body


@pytest.mark.parametrize("case", MUST_PASS)
async def test_D2_dpop_negative_tests_what_must_pass_at_the_resource(
    case: str, holder: Holder
) -> None:
    """The same; the request's own query does not count either."""
    token = await holder.get_token()
    header, claims = MUST_PASS[case](holder, RESOURCE)
    proof = holder.prove("GET", RESOURCE, token=token, header=header, claims=claims)

    assert (await holder.use(token, proof, path=f"{RESOURCE}?limit=5")).status == 200


@pytest.mark.parametrize("scheme", ["DPoP", "dpop", "DPOP"])
async def test_D2_access_token_type_header_case_sensitivity(scheme: str, holder: Holder) -> None:
    """The scheme word may be in any case (RFC 9110, section 11.1)."""
    token = await holder.get_token()

    answer = await holder.use(token, holder.prove("GET", RESOURCE, token=token), scheme=scheme)

    assert answer.status == 200


def drop_from_header(name: str) -> Change:
    """Leave a member of the header out."""
    return lambda *_: ({name: None}, {})


def drop_claim(name: str) -> Change:
    """Leave a claim out."""
    return lambda *_: ({}, {name: None})


MUST_FAIL: dict[str, Change] = {
    **{f"no-{name}": drop_from_header(name) for name in ("typ", "alg", "jwk")},
    **{f"no-{name}": drop_claim(name) for name in ("jti", "htm", "htu", "iat")},
    "typ": lambda *_: ({"typ": "JWT"}, {}),
    "alg-none": lambda *_: ({"alg": "none"}, {}),
    "alg-HS256": lambda *_: ({"alg": "HS256"}, {}),
    "alg-of-another-key": lambda *_: ({"alg": "EdDSA"}, {}),
    "jwk-private": lambda holder, _: ({"jwk": {**public_jwk(holder.key), "d": "A" * 43}}, {}),
    "jwk-of-another-key": lambda *_: ({"jwk": public_jwk(make_key())}, {}),
    "htm": lambda *_: ({}, {"htm": "PUT"}),
    "htu-path": lambda *_: ({}, {"htu": f"{BANK_URL}/v1/reports"}),
    "htu-host": lambda _, path: ({}, {"htu": f"https://other.example:8443{path}"}),
    "htu-port": lambda _, path: ({}, {"htu": f"https://bank.gateway.example{path}"}),
    "iat-one-hour-before": lambda holder, _: ({}, {"iat": holder.second - 3600}),
    "iat-one-hour-after": lambda holder, _: ({}, {"iat": holder.second + 3600}),
}


@pytest.mark.parametrize("case", MUST_FAIL)
async def test_D3_dpop_negative_tests_what_must_fail_at_the_token_endpoint(
    case: str, holder: Holder
) -> None:
    """400 `invalid_dpop_proof`; a good proof works afterwards."""
    header, claims = MUST_FAIL[case](holder, TOKEN_PATH)

    refused = await holder.ask(holder.prove("POST", TOKEN_PATH, header=header, claims=claims))

    require_refused_at_the_token_endpoint(refused)
    await holder.get_token()


MUST_FAIL_AT_RESOURCE: dict[str, Change] = {
    **MUST_FAIL,
    "no-ath": drop_claim("ath"),
    "ath": lambda *_: ({}, {"ath": hash_token("cbt_" + "A" * 43)}),
}


@pytest.mark.parametrize("case", MUST_FAIL_AT_RESOURCE)
async def test_D3_dpop_negative_tests_what_must_fail_at_the_resource(
    case: str, holder: Holder
) -> None:
    """401 with the challenge; the same token works afterwards."""
    token = await holder.get_token()
    header, claims = MUST_FAIL_AT_RESOURCE[case](holder, RESOURCE)
    proof = holder.prove("GET", RESOURCE, token=token, header=header, claims=claims)

    refused = await holder.use(token, proof)

    require_refused_at_the_resource(refused)
    good = holder.prove("GET", RESOURCE, token=token)
    assert (await holder.use(token, good)).status == 200


async def test_D3_dpop_negative_tests_RS256_at_both(holder: Holder) -> None:
    """The signature holds, and is none that FAPI 2.0 allows (section 5.4.1)."""
    token = await holder.get_token()
    header = {"alg": "RS256", "jwk": rsa_jwk()}
    at_endpoint = holder.prove("POST", TOKEN_PATH, header=header, sign=sign_rs256)
    at_resource = holder.prove("GET", RESOURCE, token=token, header=header, sign=sign_rs256)

    require_refused_at_the_token_endpoint(await holder.ask(at_endpoint))
    require_refused_at_the_resource(await holder.use(token, at_resource))


async def test_D3_dpop_negative_tests_invalid_signature_at_both(holder: Holder) -> None:
    """The right length and other bytes; no token at all in place of a proof."""
    token = await holder.get_token()
    at_endpoint = holder.prove("POST", TOKEN_PATH, sign=lambda _: bytes(64))
    at_resource = holder.prove("GET", RESOURCE, token=token, sign=lambda _: bytes(64))

    for proof in (at_endpoint, "x"):
        require_refused_at_the_token_endpoint(await holder.ask(proof))
    for proof in (at_resource, "x"):
        require_refused_at_the_resource(await holder.use(token, proof))


async def test_D3_dpop_negative_tests_no_proof_and_two_at_both(holder: Holder) -> None:
    """Two are refused also where both are good."""
    token = await holder.get_token()
    at_endpoint = [holder.prove("POST", TOKEN_PATH) for _ in range(2)]
    at_resource = [holder.prove("GET", RESOURCE, token=token) for _ in range(2)]

    for proofs in ([], at_endpoint):
        require_refused_at_the_token_endpoint(await holder.ask(*proofs))
    for proofs in ([], at_resource):
        require_refused_at_the_resource(await holder.use(token, *proofs))


async def test_D3_dpop_negative_tests_the_same_jti_again_at_both(holder: Holder) -> None:
    """Each proof counts once; that of the one place is none at the other."""
    token, asked = await holder.get_token(), holder.prove("POST", TOKEN_PATH)
    used = holder.prove("GET", RESOURCE, token=token)
    assert (await holder.ask(asked)).status == 200
    assert (await holder.use(token, used)).status == 200

    require_refused_at_the_token_endpoint(await holder.ask(asked))
    require_refused_at_the_resource(await holder.use(token, used))


async def test_D3_a_proof_is_spent_even_where_the_grant_is_refused(holder: Holder) -> None:
    """One proof, one request, whatever came of it."""
    proof = holder.prove("POST", TOKEN_PATH)

    first = await holder.ask(proof, scope="everything")
    second = await holder.ask(proof)

    assert [first.json["error"], second.json["error"]] == ["invalid_scope", "invalid_dpop_proof"]


async def test_D3_dpop_negative_tests_a_different_key(holder: Holder) -> None:
    """A good proof of a key that the token is not bound to: `invalid_token`."""
    token = await holder.get_token()

    answer = await holder.use(token, holder.prove("GET", RESOURCE, token=token, key=make_key()))

    assert (answer.status, answer.code) == (401, "invalid-token")
    assert answer.header("www-authenticate") == f'DPoP error="invalid_token", {ALGORITHMS}'


@pytest.mark.parametrize("proven", [False, True])
async def test_D3_dpop_negative_tests_a_bound_token_as_bearer(
    holder: Holder, *, proven: bool
) -> None:
    """Refused with a proof and without one, also over the client's own certificate."""
    token = await holder.get_token()
    proofs = [("dpop", holder.prove("GET", RESOURCE, token=token))] if proven else []

    answer = await send(
        holder.stage.bank,
        "GET",
        RESOURCE,
        headers=[("authorization", f"Bearer {token}"), *proofs],
        certificate=holder.machine.certificate,
    )

    assert (answer.status, answer.code) == (401, "invalid-token")
    challenge = f'Bearer error="invalid_token", DPoP {ALGORITHMS}'
    assert answer.header("www-authenticate") == challenge


async def test_D3_a_certificate_bound_token_is_none_of_a_key(stage: Stage) -> None:
    """Whoever steals it cannot turn it into one that their own key proves."""
    machine = await stage.onboard("south", signs=False)
    token, thief = await stage.get_token(machine), Holder(stage, machine)

    answer = await thief.use(token, thief.prove("GET", RESOURCE, token=token))

    assert (answer.status, answer.code) == (401, "invalid-token")


async def test_D3_refusals_of_a_real_token_are_in_the_ledger(holder: Holder) -> None:
    """Whose it is can be told, and is (law 1); at the token endpoint likewise."""
    token = await holder.get_token()
    before = await count_entries(holder.stage)

    assert (await holder.use(token)).status == 401
    assert (await holder.ask()).status == 400

    assert await count_entries(holder.stage) == before + 2
    assert holder.stage.rooms.strangers.take_until(END) == []


@pytest.mark.parametrize("place", ["token endpoint", "resource"])
async def test_D3_one_proof_used_by_many_at_once_counts_once(place: str, holder: Holder) -> None:
    """PostgreSQL decides, so that it holds for any number of nodes."""
    token, asked = await holder.get_token(), holder.prove("POST", TOKEN_PATH)
    used = holder.prove("GET", RESOURCE, token=token)

    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(
                holder.ask(asked) if place == "token endpoint" else holder.use(token, used)
            )
            for _ in range(4)
        ]

    refused = 400 if place == "token endpoint" else 401
    assert sorted(task.result().status for task in tasks) == [200, *[refused] * 3]


async def test_D1_a_signed_message_covers_its_proof(stage: Stage) -> None:
    """A bank that signs its requests signs the header too (RFC 9421); without, it is incomplete."""
    machine = await stage.onboard("north", constraint="DPOP")
    holder = Holder(stage, machine)
    token = await holder.get_token()
    proof = holder.prove("GET", RESOURCE, token=token)
    headers = (("authorization", f"DPoP {token}"), ("dpop", proof))

    _, signed = await stage.send_signed(machine, "GET", RESOURCE, headers=headers)
    stripped = await holder.use(token, holder.prove("GET", RESOURCE, token=token))

    assert signed.status == 200, signed.body
    assert stripped.code == "signature-missing"
    assert stripped.header("www-authenticate") == f'DPoP error="invalid_token", {ALGORITHMS}'
