"""The authorization server's words, and who stands at the bank door without them."""

import msgspec
import pytest
from tests.endpoints.stage import (
    BANK_URL,
    FORM,
    JSON,
    ORIGIN,
    PEOPLE_URL,
    Machine,
    Stage,
    make_certificate,
)
from tests.endpoints.wire import Answer, send

from creditbridge.protocols.jwk import PRIVATE_MEMBERS

GRANT = b"grant_type=client_credentials&client_id=north-core"


async def ask_token(stage: Stage, body: bytes, certificate: bytes | None) -> Answer:
    """Ask for a token."""
    return await send(
        stage.bank, "POST", "/oauth/token", headers=[FORM], body=body, certificate=certificate
    )


async def test_a_token_answer_is_the_standards(stage: Stage, north: Machine) -> None:
    """RFC 6749, section 5.1: four members, and no cache keeps them."""
    answer = await ask_token(stage, GRANT + b"&scope=reports", north.certificate)

    assert answer.status == 200
    assert answer.json.pop("access_token") != ""
    assert {name: answer.json[name] for name in ("token_type", "expires_in", "scope")} == {
        "token_type": "Bearer",
        "expires_in": 300,
        "scope": "reports",
    }
    assert answer.header("cache-control") == "no-store"
    assert answer.header("content-type") == "application/json"


REFUSED: dict[str, tuple[bytes, int, str]] = {
    "grant": (b"grant_type=password&client_id=north-core", 400, "unsupported_grant_type"),
    "scope": (GRANT + b"&scope=everything", 400, "invalid_scope"),
    "no-grant": (b"client_id=north-core", 400, "invalid_request"),
    "repeated": (GRANT + b"&client_id=north-core", 400, "invalid_request"),
    "unknown": (b"grant_type=client_credentials&client_id=nobody", 401, "invalid_client"),
    "unnamed": (b"grant_type=client_credentials", 401, "invalid_client"),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_a_refusal_is_the_standards(case: str, stage: Stage, north: Machine) -> None:
    """RFC 6749, section 5.2: `invalid_client` is 401, everything else 400."""
    body, status, code = REFUSED[case]

    answer = await ask_token(stage, body, north.certificate)

    assert (answer.status, answer.json["error"]) == (status, code)
    assert set(answer.json) == {"error", "error_description"}
    assert answer.header("cache-control") == "no-store"


async def test_T2_no_certificate_no_token(stage: Stage, north: Machine) -> None:
    """The client id alone proves nothing, and so does another certificate."""
    answers = [
        await ask_token(stage, GRANT, None),
        await ask_token(stage, GRANT, make_certificate("core.other.example")),
    ]

    assert [answer.status for answer in answers] == [401, 401]
    assert {answer.json["error"] for answer in answers} == {"invalid_client"}
    assert north.client_id.encode() not in answers[0].body


async def test_a_token_request_is_a_form(stage: Stage, north: Machine) -> None:
    """JSON is not, and neither is a query."""
    as_json = await send(
        stage.bank,
        "POST",
        "/oauth/token",
        headers=[JSON],
        body=b"{}",
        certificate=north.certificate,
    )
    in_query = await send(
        stage.bank,
        "POST",
        "/oauth/token?client_id=north-core",
        headers=[FORM],
        body=GRANT,
        certificate=north.certificate,
    )

    assert [answer.json["error"] for answer in (as_json, in_query)] == ["invalid_request"] * 2


async def test_M1_the_metadata_is_published(stage: Stage) -> None:
    """RFC 8414, whole and byte by byte with the issuer; clients find every door by it."""
    answer = await send(stage.people, "GET", "/.well-known/oauth-authorization-server")

    assert answer.status == 200
    assert answer.header("content-type") == "application/json"
    assert answer.json == stage.house.described.server()
    assert answer.json["issuer"] == PEOPLE_URL
    assert answer.json["authorization_endpoint"] == f"{PEOPLE_URL}/oauth/authorize"
    assert answer.json["pushed_authorization_request_endpoint"] == f"{BANK_URL}/oauth/par"
    assert answer.json["token_endpoint"] == f"{BANK_URL}/oauth/token"
    assert answer.json["authorization_signing_alg_values_supported"] == ["PS256"]


async def test_K1_the_key_set_holds_public_keys_alone(stage: Stage) -> None:
    """RFC 7517: each with a name, a use and one algorithm; no private member."""
    answer = await send(stage.people, "GET", "/jwks")

    keys = msgspec.convert(answer.json["keys"], list[dict[str, str]])
    signers = stage.rooms.keys
    expected = [signers.message, signers.seal, signers.receipt, signers.login]
    assert signers.token is not None
    listed = [(one.current().key.key_id, "EC", "sig", "ES256") for one in expected]
    listed.append((signers.token.current().key.key_id, "RSA", "sig", "PS256"))
    assert [(key["kid"], key["kty"], key["use"], key["alg"]) for key in keys] == listed
    assert not PRIVATE_MEMBERS & {member for key in keys for member in key}
    assert ORIGIN.encode() not in answer.body
    assert answer.header("cache-control") == "max-age=300"


CALLERS: dict[str, tuple[list[tuple[str, str]], int, str, str | None]] = {
    "no-token": ([], 401, "token-missing", 'Bearer, DPoP algs="PS256 ES256 EdDSA"'),
    "malformed": (
        [("authorization", "Bearer x")],
        401,
        "invalid-token",
        'Bearer error="invalid_token", DPoP algs="PS256 ES256 EdDSA"',
    ),
    "two": ([("authorization", "Bearer x")] * 2, 400, "token-misplaced", None),
}


@pytest.mark.parametrize("case", CALLERS)
async def test_a_stranger_gets_a_challenge(case: str, stage: Stage, north: Machine) -> None:
    """RFC 6750, section 3: without a token the challenge bears no error."""
    headers, status, code, challenge = CALLERS[case]

    answer = await send(
        stage.bank, "GET", "/v1/consents", headers=headers, certificate=north.certificate
    )

    assert (answer.status, answer.code) == (status, code)
    assert answer.list_headers("www-authenticate") == ([challenge] if challenge else [])
    assert answer.header("cache-control") == "no-store"


async def test_a_stolen_token_is_worthless(stage: Stage, north: Machine, south: Machine) -> None:
    """Another bank's certificate, or none: 401 (law 3)."""
    token = await stage.get_token(north)

    for certificate in (south.certificate, None):
        answer = await send(
            stage.bank,
            "GET",
            "/v1/consents",
            headers=[("authorization", f"Bearer {token}")],
            certificate=certificate,
        )
        assert (answer.status, answer.code) == (401, "invalid-token")


async def test_an_unsigned_request_of_a_client_that_signs_is_refused(
    stage: Stage, north: Machine
) -> None:
    """401 with the reason's own code."""
    token = await stage.get_token(north)

    answer = await send(
        stage.bank,
        "GET",
        "/v1/consents",
        headers=[("authorization", f"Bearer {token}")],
        certificate=north.certificate,
    )

    assert (answer.status, answer.code) == (401, "signature-missing")


async def test_a_token_opens_the_doors_of_its_scope(stage: Stage) -> None:
    """403 elsewhere."""
    machine = await stage.onboard("south", signs=False)
    token = await stage.get_token(machine, scope="reports")

    answer = await send(
        stage.bank,
        "GET",
        "/v1/consents",
        headers=[("authorization", f"Bearer {token}")],
        certificate=machine.certificate,
    )

    assert (answer.status, answer.code) == (403, "insufficient-scope")
