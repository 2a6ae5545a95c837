"""Revocation and introspection at the bank door, in the words of RFC 7009 and RFC 7662."""

from datetime import UTC, datetime

import pytest
from tests.endpoints.stage import BANK_URL, FORM, PEOPLE_URL, Machine, Stage, make_certificate
from tests.endpoints.wire import Answer, send

from creditbridge.protocols.certificate_binding import thumbprint_of

DOORS = {"/oauth/revoke": "revocation", "/oauth/introspect": "introspection"}
PATHS = list(DOORS)
END = datetime.max.replace(tzinfo=UTC)


async def post(
    stage: Stage, path: str, machine: Machine, token: str, *, certificate: bytes | None = None
) -> Answer:
    """Send a form about a token over a machine's connection, or another."""
    form = f"client_id={machine.client_id}&token={token}".encode()
    shown = machine.certificate if certificate is None else certificate
    return await send(stage.bank, "POST", path, headers=[FORM], body=form, certificate=shown)


async def use(stage: Stage, machine: Machine, token: str) -> Answer:
    """Use a token."""
    return await send(
        stage.bank,
        "GET",
        "/v1/consents",
        headers=[("authorization", f"Bearer {token}")],
        certificate=machine.certificate,
    )


async def test_I1_a_client_sees_its_own_token(stage: Stage, north: Machine) -> None:
    """With its audience, its end, and the certificate it is bound to."""
    answer = await post(stage, "/oauth/introspect", north, await stage.get_token(north))

    members = dict(answer.json)
    issued_at, expires_at = members.pop("iat"), members.pop("exp")
    assert answer.status == 200
    assert isinstance(issued_at, int)
    assert expires_at == issued_at + 300
    assert members == {
        "active": True,
        "iss": PEOPLE_URL,
        "aud": BANK_URL,
        "client_id": "north-core",
        "scope": "consents reports",
        "token_type": "Bearer",
        "cnf": {"x5t#S256": thumbprint_of(north.certificate)},
    }
    assert answer.header("cache-control") == "no-store"
    assert answer.header("content-type") == "application/json"


async def test_I1_another_banks_token_looks_like_an_unknown_one(
    stage: Stage, north: Machine, south: Machine
) -> None:
    """The same body, byte for byte."""
    token = await stage.get_token(north)

    foreign = await post(stage, "/oauth/introspect", south, token)
    unknown = await post(stage, "/oauth/introspect", south, "x")

    assert foreign.status == unknown.status == 200
    assert foreign.body == unknown.body == b'{"active":false}'


async def test_V1_a_revoked_token_opens_nothing(stage: Stage) -> None:
    """200, once and again; from then on 401, and introspection says no more than false."""
    machine = await stage.onboard("north", signs=False)
    token = await stage.get_token(machine)
    assert (await use(stage, machine, token)).status == 200

    first = await post(stage, "/oauth/revoke", machine, token)
    again = await post(stage, "/oauth/revoke", machine, token)

    assert (first.status, again.status) == (200, 200)
    assert first.header("cache-control") == "no-store"
    assert (await use(stage, machine, token)).code == "invalid-token"
    told = await post(stage, "/oauth/introspect", machine, token)
    assert told.json == {"active": False}


async def test_V1_another_clients_token_is_not_revoked(stage: Stage, south: Machine) -> None:
    """400 `invalid_grant`, and the token lives."""
    machine = await stage.onboard("north", signs=False)
    token = await stage.get_token(machine)

    answer = await post(stage, "/oauth/revoke", south, token)

    assert (answer.status, answer.json["error"]) == (400, "invalid_grant")
    assert (await use(stage, machine, token)).status == 200


@pytest.mark.parametrize("path", PATHS)
async def test_V1_I1_without_proof_of_the_client_nothing_happens(
    path: str, stage: Stage, north: Machine
) -> None:
    """401 `invalid_client` over another certificate, whoever holds the token."""
    token = await stage.get_token(north)

    answer = await post(
        stage, path, north, token, certificate=make_certificate("core.other.example")
    )

    assert (answer.status, answer.json["error"]) == (401, "invalid_client")
    assert answer.header("cache-control") == "no-store"
    told = await post(stage, "/oauth/introspect", north, token)
    assert told.json["active"] is True


@pytest.mark.parametrize("path", PATHS)
async def test_V1_I1_a_malformed_request_is_invalid(
    path: str, stage: Stage, north: Machine
) -> None:
    """No token, two tokens, a token in the address: 400 `invalid_request`.

    What nobody can read is a stranger's, and counted.
    """
    for target, body in (
        (path, b"client_id=north-core"),
        (path, b"client_id=north-core&token=a&token=b"),
        (f"{path}?token=a", b"client_id=north-core"),
    ):
        answer = await send(
            stage.bank,
            "POST",
            target,
            headers=[FORM],
            body=body,
            certificate=north.certificate,
        )
        assert (answer.status, answer.json["error"]) == (400, "invalid_request")
    (line,) = stage.rooms.strangers.take_until(END)
    assert (line.door, line.code, line.count) == (DOORS[path], "invalid-request", 2)


@pytest.mark.parametrize("path", PATHS)
async def test_V1_I1_only_post_is_answered(path: str, stage: Stage, north: Machine) -> None:
    """A token never stands in an address (RFC 7662, section 2.1)."""
    answer = await send(stage.bank, "GET", path, certificate=north.certificate)

    assert (answer.status, answer.code) == (405, "method-not-allowed")


async def test_M4_the_resource_says_what_it_asks_of_callers(stage: Stage) -> None:
    """RFC 9728, on the door where tokens are used, without a certificate; nowhere else."""
    path = "/.well-known/oauth-protected-resource"

    answer = await send(stage.bank, "GET", path)

    assert answer.status == 200
    assert answer.header("content-type") == "application/json"
    assert answer.json == {
        "resource": BANK_URL,
        "authorization_servers": [PEOPLE_URL],
        "jwks_uri": f"{PEOPLE_URL}/jwks",
        "scopes_supported": [
            "consents",
            "grant_management_query",
            "grant_management_revoke",
            "reports",
        ],
        "bearer_methods_supported": ["header"],
        "tls_client_certificate_bound_access_tokens": True,
        "dpop_signing_alg_values_supported": ["PS256", "ES256", "EdDSA"],
    }
    assert (await send(stage.people, "GET", path)).status == 404
