"""Tokens that a key must prove at each use (RFC 9449), at the token endpoint and the resource."""

import asyncio
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec
import pytest
from tests.endpoints.stage import BANK_URL, FORM, Machine, Stage, make_key
from tests.endpoints.wire import Answer, send

from creditbridge.foundation.keys import FileKey
from creditbridge.ledger.encoding import to_base64url
from creditbridge.protocols.dpop import hash_token

TOKEN_PATH = "/oauth/token"
RESOURCE = "/v1/consents"
END = datetime.max.replace(tzinfo=UTC)
ALGORITHMS = 'algs="PS256 ES256 EdDSA"'


async def count_entries(stage: Stage) -> int:
    """Return how many entries the ledger holds."""
    async with stage.database.transaction() as tx:
        return await tx.fetch_value(int, "SELECT count(*) FROM ledger_entries") or 0


class Holder:
    """A bank's machine whose tokens are bound to a key."""

    def __init__(self, stage: Stage, machine: Machine) -> None:
        self.stage, self.machine, self.key = stage, machine, make_key()

    def prove(
        self,
        method: str,
        path: str,
        *,
        token: str | None = None,
        key: FileKey | None = None,
        changed: Mapping[str, object] | None = None,
    ) -> str:
        """Make a proof; `changed` claims replace the good ones, or take them out."""
        signer = key or self.key
        header: dict[str, object] = {
            "typ": "dpop+jwt",
            "alg": "ES256",
            "jwk": {
                name: value for name, value in signer.key.to_jwk().items() if name in "kty crv x y"
            },
        }
        claims: dict[str, object] = {
            "jti": secrets.token_urlsafe(16),
            "htm": method,
            "htu": BANK_URL + path,
            "iat": int(self.stage.clock.now().timestamp()),
        }
        if token is not None:
            claims["ath"] = hash_token(token)
        merged = {
            name: value
            for name, value in {**claims, **(changed or {})}.items()
            if value is not None
        }
        parts = [to_base64url(msgspec.json.encode(part)) for part in (header, merged)]
        signed = ".".join(parts)
        return f"{signed}.{to_base64url(signer.sign(signed.encode()))}"

    async def ask(self, *proofs: str, scope: str = "consents") -> Answer:
        """Ask for a token with these proofs."""
        form = f"grant_type=client_credentials&client_id={self.machine.client_id}&scope={scope}"
        return await send(
            self.stage.bank,
            "POST",
            TOKEN_PATH,
            headers=[FORM, *(("dpop", proof) for proof in proofs)],
            body=form.encode(),
            certificate=self.machine.certificate,
        )

    async def get_token(self) -> str:
        """Get a token that is bound to the key."""
        answer = await self.ask(self.prove("POST", TOKEN_PATH))
        assert answer.status == 200, answer.body
        assert answer.json["token_type"] == "DPoP"
        return str(answer.json["access_token"])

    async def use(
        self,
        token: str,
        *proofs: str,
        scheme: str = "DPoP",
        name: str = "dpop",
        path: str = RESOURCE,
    ) -> Answer:
        """Use a token without any certificate: the key alone counts."""
        headers = [("authorization", f"{scheme} {token}"), *((name, proof) for proof in proofs)]
        return await send(self.stage.bank, "GET", path, headers=headers)


@pytest.fixture
async def holder(stage: Stage) -> Holder:
    """A machine registered for DPoP, which need not sign its messages."""
    return Holder(stage, await stage.onboard("north", signs=False, constraint="DPOP"))


async def test_D1_G2_a_token_bound_to_a_key_works_with_its_proof(holder: Holder) -> None:
    """Over any connection; introspection tells the key."""
    token = await holder.get_token()

    answer = await holder.use(token, holder.prove("GET", RESOURCE, token=token))

    assert answer.status == 200, answer.body
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
    answer = await holder.ask()

    assert (answer.status, answer.json["error"]) == (400, "invalid_dpop_proof")
    assert answer.header("cache-control") == "no-store"


async def test_G2_a_client_registered_for_mtls_brings_no_proof(stage: Stage) -> None:
    """Its tokens are bound to its certificate; it learns so, instead of losing its proof."""
    holder = Holder(stage, await stage.onboard("south", signs=False, constraint="MTLS"))

    refused = await holder.ask(holder.prove("POST", TOKEN_PATH))
    bound = await holder.ask()

    assert (refused.status, refused.json["error"]) == (400, "invalid_dpop_proof")
    assert bound.json["token_type"] == "Bearer"


async def test_D3_dpop_negative_tests_at_the_token_endpoint(holder: Holder) -> None:
    """400 `invalid_dpop_proof` in each case: two, stale, other target, other method, again."""
    good = holder.prove("POST", TOKEN_PATH)
    now = int(holder.stage.clock.now().timestamp())
    refused = [
        await holder.ask(good, good),
        await holder.ask("x"),
        await holder.ask(holder.prove("POST", TOKEN_PATH, changed={"iat": now - 3600})),
        await holder.ask(holder.prove("POST", TOKEN_PATH, changed={"iat": now + 3600})),
        await holder.ask(holder.prove("POST", RESOURCE)),
        await holder.ask(holder.prove("GET", TOKEN_PATH)),
    ]
    assert (await holder.ask(good)).status == 200

    refused.append(await holder.ask(good))

    assert {(answer.status, answer.json["error"]) for answer in refused} == {
        (400, "invalid_dpop_proof")
    }


async def test_D3_a_proof_is_spent_even_where_the_grant_is_refused(holder: Holder) -> None:
    """One proof, one request, whatever came of it."""
    proof = holder.prove("POST", TOKEN_PATH)

    first = await holder.ask(proof, scope="everything")
    second = await holder.ask(proof)

    assert [first.json["error"], second.json["error"]] == ["invalid_scope", "invalid_dpop_proof"]


@pytest.mark.parametrize("scheme", ["DPoP", "dpop", "DPOP"])
async def test_D2_access_token_type_header_case_sensitivity(scheme: str, holder: Holder) -> None:
    """The scheme word may be in any case (RFC 9110, section 11.1)."""
    token = await holder.get_token()

    answer = await holder.use(token, holder.prove("GET", RESOURCE, token=token), scheme=scheme)

    assert answer.status == 200


async def test_D2_dpop_negative_tests_what_must_pass_at_the_resource(holder: Holder) -> None:
    """`htu` with a query, in capitals; the request's own query; `nbf` and `exp`; iat 10 s off."""
    token, now = await holder.get_token(), int(holder.stage.clock.now().timestamp())
    upper = BANK_URL.upper() + RESOURCE
    changes: list[dict[str, object]] = [
        {"htu": f"{BANK_URL}{RESOURCE}?limit=1#top"},
        {"htu": upper},
        {"nbf": now, "exp": now + 300},
        {"iat": now - 10},
        {"iat": now + 10},
        {"extra": "member"},
    ]

    for changed in changes:
        proof = holder.prove("GET", RESOURCE, token=token, changed=changed)
        assert (await holder.use(token, proof, path=f"{RESOURCE}?limit=5")).status == 200, changed


async def test_D3_dpop_negative_tests_at_the_resource(holder: Holder) -> None:
    """401 with the challenge of RFC 9449, section 7.1; the same token works afterwards."""
    token, now = await holder.get_token(), int(holder.stage.clock.now().timestamp())
    good = holder.prove("GET", RESOURCE, token=token)
    changes: list[dict[str, object]] = [
        *(dict[str, object]({name: None}) for name in ("jti", "htm", "htu", "iat", "ath")),
        {"htm": "PUT"},
        {"htu": BANK_URL + "/v1/reports"},
        {"ath": hash_token("cbt_" + "A" * 43)},
        {"iat": now + 3600},
        {"iat": now - 3600},
    ]
    refused = [
        await holder.use(token, holder.prove("GET", RESOURCE, token=token, changed=changed))
        for changed in changes
    ]
    refused += [await holder.use(token), await holder.use(token, good, good)]
    assert (await holder.use(token, good)).status == 200

    refused.append(await holder.use(token, good))

    for answer in refused:
        assert (answer.status, answer.code) == (401, "invalid-dpop-proof")
        challenge = f'DPoP error="invalid_dpop_proof", {ALGORITHMS}'
        assert answer.header("www-authenticate") == challenge
        assert answer.header("cache-control") == "no-store"


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
    assert answer.header("www-authenticate") == f'Bearer error="invalid_token", DPoP {ALGORITHMS}'


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


async def test_D3_one_proof_used_by_many_at_once_counts_once(holder: Holder) -> None:
    """PostgreSQL decides, so that it holds for any number of nodes."""
    token = await holder.get_token()
    proof = holder.prove("GET", RESOURCE, token=token)

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(holder.use(token, proof)) for _ in range(4)]

    assert sorted(task.result().status for task in tasks) == [200, 401, 401, 401]
