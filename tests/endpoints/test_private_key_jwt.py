"""A bank's machine proves itself by an assertion: PROTOCOLS A1 to A5, A8 and A9 at the endpoint."""

import asyncio
from base64 import urlsafe_b64encode
from datetime import timedelta

import joserfc.jwk
import joserfc.jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.hashes import SHA256
from tests.endpoints.assertions import (
    JWT_BEARER,
    RSA_PRIVATE,
    Signing,
    ask_token,
    forge,
    onboard_signing,
)
from tests.endpoints.stage import BANK_URL, PEOPLE_URL, Machine, Stage, make_certificate
from tests.endpoints.wire import Answer, send

import creditbridge.access.service as access
from creditbridge.access.model import ClientRequest, InvalidClient
from creditbridge.foundation.database import open_database
from creditbridge.protocols.certificate_binding import parse_certificate, thumbprint_of

SUSPEND_CLIENT = "UPDATE parties_clients SET state = 'SUSPENDED' WHERE client_id = $1"
SUSPEND_BANK = "UPDATE parties_banks SET state = 'SUSPENDED' WHERE bank_id = $1"
END_KEYS = "UPDATE parties_client_keys SET ends_at = now() WHERE client_id = $1"


@pytest.fixture
async def signing(stage: Stage) -> Signing:
    """A machine that signs with ES256."""
    return await onboard_signing(stage, "north")


def require_invalid_client(answer: Answer) -> None:
    """The one answer to whoever is not proven."""
    assert answer.status == 401
    assert answer.json == {"error": "invalid_client", "error_description": InvalidClient.message}
    assert answer.header("cache-control") == "no-store"


@pytest.mark.parametrize("algorithm", ["PS256", "ES256", "EdDSA"])
async def test_A2_an_assertion_of_each_algorithm_buys_a_bound_token(
    stage: Stage, algorithm: str
) -> None:
    """G2: bound to the certificate of the connection, and worthless over another one."""
    machine = await onboard_signing(stage, "north", algorithm=algorithm)

    answer = await ask_token(stage, machine.assert_self(stage), machine.certificate)

    assert answer.status == 200, answer.body
    async with stage.database.transaction() as tx:
        bound = await tx.fetch_value(str, "SELECT thumbprint FROM access_tokens")
    assert bound == thumbprint_of(machine.certificate)
    bearer = [("authorization", f"Bearer {answer.json['access_token']}")]
    for certificate, status in ((machine.certificate, 200), (make_certificate("b.example"), 401)):
        used = await send(
            stage.bank, "GET", "/v1/consents", headers=bearer, certificate=certificate
        )
        assert used.status == status, used.body


async def test_A2_an_assertion_that_another_library_signed_is_accepted(
    stage: Stage,
) -> None:
    """`joserfc` writes PS256 as banks' libraries do, with `typ` JWT."""
    machine = await onboard_signing(stage, "north", algorithm="PS256")
    header = machine.header(typ="JWT")
    key = joserfc.jwk.RSAKey.import_key(RSA_PRIVATE)

    token = joserfc.jwt.encode(header, machine.claims(stage), key, algorithms=["PS256"])

    assert (await ask_token(stage, token, machine.certificate)).status == 200


async def test_A1_the_client_id_beside_an_assertion_is_its_own_ensure_client_id_in_token_endpoint(
    stage: Stage, signing: Signing, south: Machine
) -> None:
    """The same id or none; another client's, known or not, is `invalid_client`."""
    for client_id in (signing.client_id, None):
        assertion = signing.assert_self(stage)
        answer = await ask_token(stage, assertion, signing.certificate, client_id=client_id)
        assert answer.status == 200

    for client_id in (south.client_id, "nobody"):
        assertion = signing.assert_self(stage)
        require_invalid_client(
            await ask_token(stage, assertion, signing.certificate, client_id=client_id)
        )


async def test_A1_two_methods_in_one_request_are_an_invalid_request(
    stage: Stage, signing: Signing
) -> None:
    """An assertion beside a secret."""
    answer = await ask_token(
        stage, signing.assert_self(stage), signing.certificate, client_secret="s"
    )

    assert (answer.status, answer.json["error"]) == (400, "invalid_request")


async def test_A1_only_the_registered_method_counts(stage: Stage, north: Machine) -> None:
    """A client of certificates sends an assertion; one of assertions sends a certificate alone."""
    signing = await onboard_signing(stage, "south")
    header = {"alg": "ES256", "kid": north.key.key.key_id}
    claims = signing.claims(stage, iss=north.client_id, sub=north.client_id)

    by_assertion = await ask_token(
        stage, forge(header, claims, north.key.sign), north.certificate, client_id=north.client_id
    )
    by_certificate = await ask_token(
        stage,
        None,
        signing.certificate,
        client_assertion_type=None,
        client_id=signing.client_id,
    )

    require_invalid_client(by_assertion)
    require_invalid_client(by_certificate)


AUDIENCES: dict[str, object] = {
    "par-test-array-as-audience-fails": [PEOPLE_URL],
    "par-test-array-as-audience-fails, two": [PEOPLE_URL, BANK_URL],
    "par-test-par-endpoint-url-as-audience-fails": f"{BANK_URL}/oauth/par",
    "par-test-token-endpoint-url-as-audience-fails": f"{BANK_URL}/oauth/token",
    "ensure-client-assertion-with-wrong-aud-fails": "https://other.example",
    "the bank door": BANK_URL,
    "a slash more": f"{PEOPLE_URL}/",
    "upper case": PEOPLE_URL.upper(),
    "a prefix": PEOPLE_URL[:-1],
    "empty": "",
    "none": None,
}


@pytest.mark.parametrize("module", AUDIENCES)
async def test_A2_any_other_audience_is_refused(
    stage: Stage, signing: Signing, module: str
) -> None:
    """The issuer, byte for byte, as one string."""
    assertion = signing.assert_self(stage, aud=AUDIENCES[module])

    require_invalid_client(await ask_token(stage, assertion, signing.certificate))


async def test_A3_ensure_client_assertion_in_token_endpoint(stage: Stage, signing: Signing) -> None:
    """No assertion, no type of it, another type, and nothing of either."""
    assertion = signing.assert_self(stage)
    answers = [
        await ask_token(stage, None, signing.certificate, client_id=signing.client_id),
        await ask_token(stage, assertion, signing.certificate, client_assertion_type=None),
        await ask_token(stage, assertion, signing.certificate, client_assertion_type="jwt-bearer"),
        await ask_token(stage, None, signing.certificate, client_assertion_type=None),
    ]

    for answer in answers[:3]:
        require_invalid_client(answer)
    assert (answers[3].status, answers[3].json["error"]) == (401, "invalid_client")
    # Nothing of it was spent.
    assert (await ask_token(stage, assertion, signing.certificate)).status == 200


async def test_A3_ensure_client_assertion_with_no_sub_fails(stage: Stage, signing: Signing) -> None:
    """Also where `client_id` names the client."""
    assertion = signing.assert_self(stage, sub=None)

    require_invalid_client(
        await ask_token(stage, assertion, signing.certificate, client_id=signing.client_id)
    )


async def test_A3_ensure_client_assertion_with_exp_is_5_minutes_in_past_fails(
    stage: Stage, signing: Signing
) -> None:
    """Whenever it was issued."""
    now = int(stage.clock.now().timestamp())
    assertion = signing.assert_self(stage, iat=now - 360, exp=now - 300)

    require_invalid_client(await ask_token(stage, assertion, signing.certificate))


async def test_A3_ensure_signed_client_assertion_with_RS256_fails(stage: Stage) -> None:
    """The registered RSA key signs by the other scheme: exactly `invalid_client`."""
    machine = await onboard_signing(stage, "north", algorithm="PS256")
    assertion = forge(
        machine.header(alg="RS256"),
        machine.claims(stage),
        lambda message: RSA_PRIVATE.sign(message, padding.PKCS1v15(), SHA256()),
    )

    require_invalid_client(await ask_token(stage, assertion, machine.certificate))


async def test_A4_par_ensure_jwt_client_assertions_nbf_8_seconds_in_the_future_is_accepted(
    stage: Stage, signing: Signing
) -> None:
    """`iat` as well."""
    now = int(stage.clock.now().timestamp())
    for changes in ({"nbf": now + 8}, {"iat": now + 8}, {"iat": now + 8, "nbf": now + 8}):
        assertion = signing.assert_self(stage, **changes)
        assert (await ask_token(stage, assertion, signing.certificate)).status == 200


async def test_A4_par_ensure_jwt_client_assertions_nbf_over_60_seconds_in_the_future_fails(
    stage: Stage, signing: Signing
) -> None:
    """`iat` as well."""
    now = int(stage.clock.now().timestamp())
    for changes in ({"nbf": now + 65}, {"iat": now + 65}):
        assertion = signing.assert_self(stage, **changes)
        require_invalid_client(await ask_token(stage, assertion, signing.certificate))


async def test_A5_a_jti_is_spent_once_per_client(stage: Stage, signing: Signing) -> None:
    """The same assertion, another with the same `jti`; another client's is another."""
    south = await onboard_signing(stage, "south")
    assertion = signing.assert_self(stage, jti="one")

    first = await ask_token(stage, assertion, signing.certificate)
    again = await ask_token(stage, assertion, signing.certificate)
    another = await ask_token(stage, signing.assert_self(stage, jti="one"), signing.certificate)
    others = await ask_token(stage, south.assert_self(stage, jti="one"), south.certificate)

    assert (first.status, others.status) == (200, 200)
    require_invalid_client(again)
    require_invalid_client(another)
    async with stage.database.transaction() as tx:
        kept = await tx.fetch_value(
            bool, "SELECT bool_and(expires_at > now() + interval '60 s') FROM admission_nonces"
        )
    assert kept is True


async def test_A5_a_jti_stays_spent_where_the_grant_is_refused(
    stage: Stage, signing: Signing
) -> None:
    """The refusal commits, and with it the use."""
    assertion = signing.assert_self(stage)

    refused = await ask_token(stage, assertion, signing.certificate, scope="everything")

    assert (refused.status, refused.json["error"]) == (400, "invalid_scope")
    require_invalid_client(await ask_token(stage, assertion, signing.certificate))


async def test_A5_of_200_racers_over_two_nodes_one_wins(
    stage: Stage, signing: Signing, database_url: str
) -> None:
    """Two pools, one database, one assertion: one token."""
    other = await open_database(database_url, connections_max=8)
    request = ClientRequest(
        form={
            "client_assertion": signing.assert_self(stage),
            "client_assertion_type": JWT_BEARER,
        },
        certificate=parse_certificate(signing.certificate),
        issuer=PEOPLE_URL,
    )
    gate = asyncio.Event()

    async def try_once(number: int) -> bool:
        database = (stage.database, other)[number % 2]
        await gate.wait()
        try:
            async with database.transaction() as tx:
                await access.authenticate_client(tx, request, stage.rooms.admission)
        except InvalidClient:
            return False
        return True

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(try_once(number)) for number in range(200)]
        gate.set()
    await other.close()

    assert sum(task.result() for task in tasks) == 1


async def test_G2_without_a_certificate_there_is_nothing_to_bind_a_token_to(
    stage: Stage, signing: Signing
) -> None:
    """ensure-holder-of-key-required: 401; who proved itself learns why, and its proof is spent."""
    assertion = signing.assert_self(stage)
    unknown = signing.assert_self(stage, iss="nobody", sub="nobody")

    known = await ask_token(stage, assertion, None)
    again = await ask_token(stage, assertion, signing.certificate)

    assert (known.status, known.json["error"]) == (401, "invalid_client")
    assert "client certificate" in str(known.json["error_description"])
    require_invalid_client(again)
    require_invalid_client(await ask_token(stage, unknown, None))


async def test_A8_the_unknown_the_suspended_and_the_mismatched_get_one_answer(
    stage: Stage, signing: Signing
) -> None:
    """Client in between disabled, bank suspended, key ended, never known: body for body."""
    south = await onboard_signing(stage, "south")
    by_other_key = forge(signing.header(kid=south.key.key_id), signing.claims(stage), south.sign)
    answers = [await ask_token(stage, by_other_key, signing.certificate)]
    unknown = signing.assert_self(stage, iss="nobody", sub="nobody")
    answers.append(await ask_token(stage, unknown, signing.certificate))
    for statement, argument in (
        (SUSPEND_CLIENT, signing.client_id),
        (SUSPEND_BANK, south.bank_id),
    ):
        async with stage.database.transaction() as tx:
            await tx.execute(statement, argument)
    answers.append(await ask_token(stage, signing.assert_self(stage), signing.certificate))
    answers.append(await ask_token(stage, south.assert_self(stage), south.certificate))

    for answer in answers:
        require_invalid_client(answer)
    assert len({answer.body for answer in answers}) == 1


async def test_K3_an_ended_key_signs_no_assertion(stage: Stage, signing: Signing) -> None:
    """Live keys alone are looked at."""
    async with stage.database.transaction() as tx:
        await tx.execute(END_KEYS, signing.client_id)

    require_invalid_client(await ask_token(stage, signing.assert_self(stage), signing.certificate))


@pytest.mark.parametrize(
    "method", ["client_secret_post", "client_secret_basic", "client_secret_jwt"]
)
async def test_A9_a_shared_secret_is_invalid_client(
    stage: Stage, signing: Signing, method: str
) -> None:
    """Whatever carries it."""
    plain = urlsafe_b64encode(f"{signing.client_id}:s".encode()).decode()
    if method == "client_secret_jwt":
        token = forge(signing.header(alg="HS256"), signing.claims(stage), lambda _: bytes(32))
        answer = await ask_token(stage, token, signing.certificate)
    elif method == "client_secret_post":
        answer = await ask_token(
            stage,
            None,
            signing.certificate,
            client_assertion_type=None,
            client_id=signing.client_id,
            client_secret="s",
        )
    else:
        answer = await send(
            stage.bank,
            "POST",
            "/oauth/token",
            headers=[
                ("content-type", "application/x-www-form-urlencoded"),
                ("authorization", f"Basic {plain}"),
            ],
            body=b"grant_type=client_credentials",
            certificate=signing.certificate,
        )

    assert (answer.status, answer.json["error"]) == (401, "invalid_client")


async def test_A9_the_password_grant_is_unsupported(stage: Stage, signing: Signing) -> None:
    """For a client that has proven itself."""
    answer = await ask_token(
        stage, signing.assert_self(stage), signing.certificate, grant_type="password"
    )

    assert (answer.status, answer.json["error"]) == (400, "unsupported_grant_type")


async def test_law_1_a_refused_assertion_is_a_strangers_refusal(
    stage: Stage, signing: Signing
) -> None:
    """Counted per minute, door and rule; nothing of it is kept."""
    await ask_token(
        stage, signing.assert_self(stage, aud="https://other.example"), signing.certificate
    )

    (line,) = stage.rooms.strangers.take_until(stage.clock.now() + timedelta(minutes=1))
    assert (line.door, line.code, line.count) == ("token", "invalid-client", 1)
