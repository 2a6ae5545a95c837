"""Requests that a client signs (RFC 9101), and answers that the house signs (JARM)."""

import json
from urllib.parse import urlencode

import joserfc.jwk
import joserfc.jwt
import msgspec
import pytest
from tests.endpoints.assertions import JWT_BEARER, Signing, encode, forge, onboard_signing
from tests.endpoints.browser import (
    CALLBACK,
    Browser,
    detail,
    form_of,
    redeem,
    returned,
)
from tests.endpoints.stage import FORM, PEOPLE_URL, Stage
from tests.endpoints.wire import Answer, send

from creditbridge.ledger.encoding import from_base64url

TYPE = "oauth-authz-req+jwt"


class Signer:
    """A machine of a bank that signs what it asks people."""

    def __init__(self, stage: Stage, machine: Signing) -> None:
        self.stage, self.machine = stage, machine

    def claims(self, **changed: object) -> dict[str, object]:
        """Return a good request as an object holds it; None takes a member away."""
        now = int(self.stage.clock.now().timestamp())
        good: dict[str, object] = {
            **form_of(self.machine.client_id),
            "iss": self.machine.client_id,
            "aud": PEOPLE_URL,
            "nbf": now,
            "exp": now + 300,
            **changed,
        }
        return {name: value for name, value in good.items() if value is not None}

    def sign(self, **changed: object) -> str:
        """Return a good object, with members that the test changes."""
        return self.sign_as(TYPE, **changed)

    def sign_as(self, typ: str, **changed: object) -> str:
        """Return an object of another type."""
        return forge(self.machine.header(typ=typ), self.claims(**changed), self.machine.sign)

    async def push(self, token: str | None, **beside: str) -> Answer:
        """Push an object, with other parameters beside it; or those alone."""
        form = {
            "client_id": self.machine.client_id,
            "client_assertion_type": JWT_BEARER,
            "client_assertion": self.machine.assert_self(self.stage),
            **beside,
        }
        if token is not None:
            form["request"] = token
        body = urlencode(form).encode()
        return await send(self.stage.bank, "POST", "/oauth/par", headers=[FORM], body=body)

    async def refused(self, **changed: object) -> object:
        """Return the error of a push with an object that the test changes."""
        answer = await self.push(self.sign(**changed))
        assert answer.status == 400, answer.body
        return answer.json["error"]

    async def address(self, **changed: object) -> str:
        """Push a good object and return where the browser goes with it."""
        answer = await self.push(self.sign(**changed))
        assert answer.status == 201, answer.body
        query = {
            "client_id": self.machine.client_id,
            "request_uri": str(answer.json["request_uri"]),
        }
        return f"/oauth/authorize?{urlencode(query)}"


@pytest.fixture(params=["ES256", "PS256", "EdDSA"])
async def each_signer(request: pytest.FixtureRequest, stage: Stage) -> Signer:
    """A machine that signs with one of the algorithms."""
    return await make_signer(stage, str(request.param))


@pytest.fixture
async def signer(stage: Stage) -> Signer:
    """A machine that signs with PS256."""
    return await make_signer(stage, "PS256")


async def make_signer(stage: Stage, algorithm: str, name: str = "north") -> Signer:
    """Bring in a bank whose machine must sign its requests."""
    machine = await onboard_signing(
        stage,
        name,
        algorithm=algorithm,
        grant_types=["authorization_code", "refresh_token"],
        redirect_uris=[CALLBACK],
        require_signed_request_object=True,
    )
    return Signer(stage, machine)


async def test_J1_ensure_unsigned_request_at_par_endpoint_fails(signer: Signer) -> None:
    """Registered to sign: the same parameters as a form are refused."""
    form = form_of(signer.machine.client_id)

    answer = await signer.push(None, **form)

    assert (answer.status, answer.json["error"]) == (400, "invalid_request")


async def test_J1_a_signed_request_is_asked_of_the_person(
    each_signer: Signer, stage: Stage
) -> None:
    """In each algorithm of the profile; details are an array in the object (RFC 9396)."""
    address = await each_signer.address(authorization_details=[detail(stage)])
    browser = Browser(stage)
    page = await browser.open(address)

    taken = returned(await browser.decide(page, "approve"))

    assert taken.keys() == {"code", "state", "iss"}
    async with stage.database.transaction() as tx:
        assert await tx.fetch_value(str, "SELECT state FROM consents") == "ACTIVE"


async def test_J1_ensure_different_state_inside_and_outside_request_object(
    signer: Signer, stage: Stage
) -> None:
    """Only the object counts: what stands beside it, and what is missing in it."""
    answer = await signer.push(
        signer.sign(state="inside"), state="outside", redirect_uri="https://evil.example/"
    )
    bare = await signer.push(signer.sign(state=None), state="outside")
    browser = Browser(stage)
    for pushed, expected in ((answer, "inside"), (bare, None)):
        assert pushed.status == 201, pushed.body
        query = {
            "client_id": signer.machine.client_id,
            "request_uri": str(pushed.json["request_uri"]),
        }
        page = await browser.open(f"/oauth/authorize?{urlencode(query)}&state=outside")
        assert returned(await browser.decide(page, "refuse")).get("state") == expected


async def test_J1_the_bytes_that_the_bank_signed_are_kept(signer: Signer, stage: Stage) -> None:
    """With the consent's request: whoever doubts it later can verify the bank's own signature."""
    address = await signer.address(authorization_details=[detail(stage)])
    browser = Browser(stage)
    await browser.decide(await browser.open(address), "approve")

    async with stage.database.transaction() as tx:
        consent_id = await tx.fetch_value(str, "SELECT consent_id FROM consents")
        entries = await stage.rooms.ledger.openings_for(
            tx, bank_id=signer.machine.bank_id, consent_id=consent_id
        )
    assert entries[0].kind == "consent.requested"
    proof = entries[0].proofs.request
    assert proof is not None
    assert proof.base is not None
    assert proof.signature is not None
    assert proof.key_id == signer.machine.key.key_id
    signer.machine.key.verify(proof.signature, proof.base)


@pytest.mark.parametrize("typ", [TYPE, "JWT", f"application/{TYPE}"])
async def test_J2_types_that_are_tolerated(typ: str, signer: Signer) -> None:
    """The registered one, and what clients wrote before there was one."""
    assert (await signer.push(signer.sign_as(typ))).status == 201


async def test_J2_ensure_request_object_with_multiple_aud_succeeds(signer: Signer) -> None:
    """An array that holds the issuer; `with-nbf-8-seconds-in-the-future-is-accepted`, too."""
    now = int(signer.stage.clock.now().timestamp())

    several = await signer.push(signer.sign(aud=["https://other.example", PEOPLE_URL]))
    early = await signer.push(signer.sign(nbf=now + 8, exp=now + 308))

    assert (several.status, early.status) == (201, 201)


@pytest.mark.parametrize(
    "changed",
    [
        {"aud": "https://other.example"},
        {"aud": f"{PEOPLE_URL}/"},
        {"aud": None},
        {"exp": None},
        {"nbf": None},
        {"iss": None},
        {"iss": "south-jwt"},
        {"client_id": "south-jwt"},
        {"request_uri": "urn:ietf:params:oauth:request_uri:x"},
        {"request": "a.b.c"},
    ],
)
async def test_J2_ensure_request_object_with_a_bad_claim_fails(
    changed: dict[str, object], signer: Signer
) -> None:
    """`with-bad-aud`, `without-exp`, `without-nbf`, `par-authorization-request-containing-…`."""
    assert await signer.refused(**changed) == "invalid_request_object"


@pytest.mark.parametrize(
    ("nbf", "exp"), [(-600, -300), (0, 4_200), (-4_200, 60), (120, 180), (-3_700, -200)]
)
async def test_J2_ensure_request_object_outside_its_hour_fails(
    nbf: int, exp: int, signer: Signer
) -> None:
    """`ensure-expired-request-object-fails`, `with-exp-over-60-fails`, `with-nbf-over-60-fails`."""
    now = int(signer.stage.clock.now().timestamp())

    assert await signer.refused(nbf=now + nbf, exp=now + exp) == "invalid_request_object"


async def test_J2_ensure_request_object_with_invalid_signature_fails(signer: Signer) -> None:
    """Also `signature-algorithm-is-not-none`, `with-RS256-fails`, another key, another kid."""
    machine = signer.machine
    good = signer.sign()
    claims = signer.claims()
    tokens = [
        good[:-8] + "AAAAAAAA",
        good.rpartition(".")[0] + ".",
        forge({"alg": "none", "typ": TYPE}, claims, lambda _: b""),
        forge({"alg": "none", "typ": TYPE}, claims, lambda _: b"x"),
        forge(machine.header(typ=TYPE, alg="RS256"), claims, machine.sign),
        forge(machine.header(typ=TYPE, kid="unknown"), claims, machine.sign),
        forge(machine.header(typ="dpop+jwt"), claims, machine.sign),
        forge(machine.header(typ=TYPE, crit=["exp"]), claims, machine.sign),
        forge(machine.header(typ=TYPE, b64=False), claims, machine.sign),
        "not a token",
        encode(b"{}"),
    ]

    for token in tokens:
        answer = await signer.push(token)
        assert (answer.status, answer.json["error"]) == (400, "invalid_request_object"), token


async def test_J2_ensure_matching_key_in_authorization_request(stage: Stage) -> None:
    """Another bank's machine signed it: its key is none of this client's."""
    north, south = await make_signer(stage, "ES256"), await make_signer(stage, "ES256", "south")
    token = forge(south.machine.header(typ=TYPE), north.claims(), south.machine.sign)

    answer = await north.push(token)

    assert (answer.status, answer.json["error"]) == (400, "invalid_request_object")


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"redirect_uri": None}, "invalid_request"),
        ({"redirect_uri": "https://evil.example/"}, "invalid_request"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"response_type": "code id_token"}, "unsupported_response_type"),
        ({"scope": "payments"}, "invalid_scope"),
        ({"scope": 7}, "invalid_scope"),
        ({"authorization_details": {}}, "invalid_authorization_details"),
        ({"authorization_details": [{"type": "x"}]}, "invalid_authorization_details"),
    ],
)
async def test_P3_ensure_request_object_without_redirect_uri_fails(
    changed: dict[str, object], error: str, signer: Signer
) -> None:
    """What an object asks is held to the same rules as a form; each fault in the same word."""
    assert await signer.refused(**changed) == error


async def test_J3_a_signed_answer_is_the_only_parameter(signer: Signer, stage: Stage) -> None:
    """`response`, and inside it code, state, issuer, client and a minute; a judge verifies it."""
    browser = Browser(stage)
    page = await browser.open(await signer.address(response_mode="jwt"))

    answer = await browser.decide(page, "approve")

    taken = returned(answer)
    assert taken.keys() == {"response"}
    claims = await verify(stage, taken["response"])
    assert claims.keys() == {"iss", "aud", "exp", "code", "state"}
    assert (claims["iss"], claims["aud"]) == (PEOPLE_URL, signer.machine.client_id)
    now = stage.clock.now().timestamp()
    assert now + 50 < msgspec.convert(claims["exp"], int) <= now + 60
    proof = {
        "client_assertion_type": JWT_BEARER,
        "client_assertion": signer.machine.assert_self(stage),
    }
    token = await redeem(stage, signer.machine, str(claims["code"]), **proof)
    assert token.status == 200, token.body


async def test_J3_a_signed_refusal_is_the_only_parameter(signer: Signer, stage: Stage) -> None:
    """An error travels as an answer does; without a state there is none inside."""
    browser = Browser(stage)
    page = await browser.open(await signer.address(response_mode="jwt", state=None))

    taken = returned(await browser.decide(page, "refuse"))

    assert taken.keys() == {"response"}
    claims = await verify(stage, taken["response"])
    assert claims.keys() == {"iss", "aud", "exp", "error", "error_description"}
    assert claims["error"] == "access_denied"


async def test_J3_an_error_page_is_not_signed(signer: Signer, stage: Stage) -> None:
    """Where the client is not trusted yet there is nobody to sign for."""
    await signer.address(response_mode="jwt")
    query = urlencode({"client_id": signer.machine.client_id, "request_uri": "x"})

    answer = await Browser(stage).get(f"/oauth/authorize?{query}")

    assert answer.status == 400
    assert answer.list_headers("location") == []


async def verify(stage: Stage, token: str) -> dict[str, object]:
    """Return the claims of a signed answer, by a published key and another library."""
    published = await send(stage.people, "GET", "/jwks")
    keys = msgspec.convert(published.json["keys"], list[dict[str, str | list[str]]])
    head = json.loads(from_base64url(token.partition(".")[0]))
    (found,) = (key for key in keys if key["kid"] == head["kid"])
    read = joserfc.jwt.decode(token, joserfc.jwk.RSAKey.import_key(found), algorithms=["PS256"])
    assert read.header == {"alg": "PS256", "kid": found["kid"], "typ": "JWT"}
    return dict(read.claims)
