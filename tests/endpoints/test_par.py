"""Pushed authorization requests at the bank door (RFC 9126): every fault is refused here."""

import json
from urllib.parse import urlencode

import pytest
from tests.endpoints.assertions import JWT_BEARER, onboard_signing
from tests.endpoints.browser import (
    CALLBACK,
    CHALLENGE,
    CODE_FLOW,
    WITH_QUERY,
    detail,
    form_of,
    push,
)
from tests.endpoints.proofs import Holder
from tests.endpoints.stage import BANK_URL, FORM, PEOPLE_URL, USCC, Machine, Stage
from tests.endpoints.wire import Answer, send

PAR = "/oauth/par"


@pytest.fixture
async def north(stage: Stage) -> Machine:
    """A machine that may ask people."""
    return await stage.onboard("north", signs=False, members=CODE_FLOW)


def refusal_of(answer: Answer) -> object:
    """Return the error of a refusal; like each, it is JSON, kept by nobody, and says why."""
    assert answer.status == (401 if answer.json["error"] == "invalid_client" else 400)
    assert answer.header("content-type") == "application/json"
    assert answer.header("cache-control") == "no-store"
    assert answer.json.keys() == {"error", "error_description"}
    return answer.json["error"]


async def count_pushed(stage: Stage) -> int | None:
    """Return how many requests are kept."""
    async with stage.database.transaction() as tx:
        return await tx.fetch_value(int, "SELECT count(*) FROM access_pushed_requests")


async def test_P1_a_good_request_is_kept_for_ninety_seconds(stage: Stage, north: Machine) -> None:
    """201, `request_uri` and `expires_in`, and nothing that a cache could keep."""
    answer = await push(stage, north, form_of(north.client_id))

    assert answer.status == 201
    assert answer.header("content-type") == "application/json"
    assert answer.header("cache-control") == "no-store"
    assert answer.json.keys() == {"request_uri", "expires_in"}
    assert answer.json["expires_in"] == 90
    assert str(answer.json["request_uri"]).startswith("urn:ietf:params:oauth:request_uri:")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
async def test_P1_par_attempt_invalid_http_method(method: str, stage: Stage) -> None:
    """405, and what is allowed."""
    answer = await send(stage.bank, method, PAR)

    assert answer.status == 405
    assert "POST" in answer.header("allow")


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", b"{}"),
        ("application/x-www-form-urlencoded", b"client_id=north-core&state=%zz"),
        ("application/x-www-form-urlencoded", b"client_id=north-core&state=%00"),
        ("application/x-www-form-urlencoded", b"client_id=north-core&" + b"a=1&" * 70),
    ],
)
async def test_P1_what_is_no_form_is_refused(
    content_type: str, body: bytes, stage: Stage, north: Machine
) -> None:
    """JSON, a broken escape, a control character, too many parameters."""
    answer = await send(
        stage.bank,
        "POST",
        PAR,
        headers=[("content-type", content_type)],
        body=body,
        certificate=north.certificate,
    )

    assert refusal_of(answer) == "invalid_request"


@pytest.mark.parametrize(
    "redirect_uri", [None, "https://evil.example/callback", CALLBACK + "/x", CALLBACK + "?a=b"]
)
async def test_P3_ensure_redirect_uri_in_authorization_request(
    redirect_uri: str | None, stage: Stage, north: Machine
) -> None:
    """Missing or not registered as sent, also `plain-fapi-tolerate-unregistered-redirect-uri`."""
    answer = await push(stage, north, form_of(north.client_id, redirect_uri=redirect_uri))

    assert refusal_of(answer) == "invalid_request"


async def test_P3_a_registered_query_is_part_of_the_address(stage: Stage, north: Machine) -> None:
    """The second client's redirect URI of the conformance suite."""
    assert (
        await push(stage, north, form_of(north.client_id, redirect_uri=WITH_QUERY))
    ).status == 201


@pytest.mark.parametrize(
    ("challenge", "method"), [(None, None), (CHALLENGE, None), (CHALLENGE, "plain"), (None, "S256")]
)
async def test_P4_par_ensure_pkce_required(
    challenge: str | None, method: str | None, stage: Stage, north: Machine
) -> None:
    """Without it, and `par-plain-pkce-rejected`."""
    form = form_of(north.client_id, code_challenge=challenge, code_challenge_method=method)

    assert refusal_of(await push(stage, north, form)) == "invalid_request"


@pytest.mark.parametrize("response_type", ["token", "code id_token", "id_token", "none"])
async def test_P5_ensure_response_type_token_fails(
    response_type: str, stage: Stage, north: Machine
) -> None:
    """Also `ensure-response-type-code-idtoken-fails`: a code alone travels."""
    answer = await push(stage, north, form_of(north.client_id, response_type=response_type))

    assert refusal_of(answer) == "unsupported_response_type"


async def test_P6_par_authorization_request_containing_request_uri_form_param(
    stage: Stage, north: Machine
) -> None:
    """One of our own that is still open, too."""
    pushed = await push(stage, north, form_of(north.client_id))
    own = str(pushed.json["request_uri"])

    for request_uri in (own, "https://north.example/request.jwt"):
        answer = await push(stage, north, form_of(north.client_id, request_uri=request_uri))
        assert refusal_of(answer) == "invalid_request"


async def test_P7_a_repeated_parameter_is_refused(stage: Stage, north: Machine) -> None:
    """However its name is spelt."""
    for again in ("state=t", "st%61te=t", "client_id=north-core"):
        answer = await send(
            stage.bank,
            "POST",
            PAR,
            headers=[FORM],
            body=f"{urlencode(form_of(north.client_id))}&{again}".encode(),
            certificate=north.certificate,
        )
        assert refusal_of(answer) == "invalid_request"


@pytest.mark.parametrize("scope", ["payments", "reports openid", "reports reports payments"])
async def test_P7_an_unknown_scope_is_refused(scope: str, stage: Stage, north: Machine) -> None:
    """`openid` is one as long as nothing here speaks OpenID Connect."""
    assert (
        refusal_of(await push(stage, north, form_of(north.client_id, scope=scope)))
        == "invalid_scope"
    )


async def test_P9_a_request_over_64_kB_is_refused(stage: Stage, north: Machine) -> None:
    """413, before anything is read."""
    assert (await push(stage, north, form_of(north.client_id, state="s" * 65_536))).status == 413


@pytest.mark.parametrize("name", ["state", "nonce"])
async def test_Z3_ensure_authorization_request_with_long_state(
    name: str, stage: Stage, north: Machine
) -> None:
    """1024 bytes are taken, one more is not; so is `-with-long-nonce`."""
    taken = await push(stage, north, form_of(north.client_id, **{name: "s" * 1024}))
    refused = await push(stage, north, form_of(north.client_id, **{name: "s" * 1025}))

    assert taken.status == 201
    assert refusal_of(refused) == "invalid_request"


async def test_A1_a_client_id_of_another_client_is_refused(
    stage: Stage, north: Machine, south: Machine
) -> None:
    """The form names whom the certificate does not prove; nothing is kept."""
    answer = await push(stage, north, form_of(south.client_id))

    assert refusal_of(answer) == "invalid_client"
    assert await count_pushed(stage) == 0


async def test_A6_a_push_without_any_proof_is_refused(stage: Stage, north: Machine) -> None:
    """No certificate, no assertion: a stranger, who is counted."""
    answer = await send(
        stage.bank, "POST", PAR, headers=[FORM], body=urlencode(form_of(north.client_id)).encode()
    )

    assert refusal_of(answer) == "invalid_client"


async def test_A2_an_assertion_is_meant_for_the_issuer(stage: Stage) -> None:
    """`par-test-{array-as,par-endpoint-url-as,token-endpoint-url-as}-audience-fails`."""
    signing = await onboard_signing(
        stage, "north", grant_types=["authorization_code"], redirect_uris=[CALLBACK]
    )

    async def ask(aud: object) -> Answer:
        form = {
            **form_of(signing.client_id),
            "client_assertion_type": JWT_BEARER,
            "client_assertion": signing.assert_self(stage, aud=aud),
        }
        body = urlencode(form).encode()
        return await send(stage.bank, "POST", PAR, headers=[FORM], body=body)

    assert (await ask(PEOPLE_URL)).status == 201
    for aud in ([PEOPLE_URL], f"{BANK_URL}/oauth/par", f"{BANK_URL}/oauth/token"):
        assert refusal_of(await ask(aud)) == "invalid_client"


async def test_P3_a_client_without_the_code_flow_asks_nobody(stage: Stage, south: Machine) -> None:
    """`unauthorized_client`: its registration says client credentials, and nothing else."""
    answer = await push(stage, south, form_of(south.client_id))

    assert refusal_of(answer) == "unauthorized_client"
    assert await count_pushed(stage) == 0


@pytest.mark.parametrize(
    "details",
    [
        "{}",
        "[]",
        '[{"type":"payment"}]',
        "not json",
    ],
)
async def test_R1_what_is_no_credit_report_is_refused(
    details: str, stage: Stage, north: Machine
) -> None:
    """Not an array, none at all, another type, no JSON."""
    answer = await push(stage, north, form_of(north.client_id, authorization_details=details))

    assert refusal_of(answer) == "invalid_authorization_details"


@pytest.mark.parametrize(
    "changed",
    [
        {"max_queries": 1_001},
        {"purposes": ["KEY_PERSON_REVIEW"]},
        {"purposes": ["POST_LOAN"]},
        {"sections": ["PSN"]},
        {"valid_to": "2020-01-01T00:00:00Z"},
        {"valid_to": "9999-12-31T23:59:59-14:00"},
        {"valid_from": "2020-01-01T00:00:00Z"},
        {"valid_from": "9999-12-31T23:00:00-14:00", "valid_to": "9999-12-31T23:59:00-14:00"},
        {"authorization_no": "a\u202eb"},
    ],
)
async def test_R2_a_request_over_a_ceiling_is_refused(
    changed: dict[str, object], stage: Stage, north: Machine
) -> None:
    """Before a person sees a page; the description says which."""
    details = json.dumps([detail(stage), detail(stage, **changed)])

    answer = await push(stage, north, form_of(north.client_id, authorization_details=details))

    assert refusal_of(answer) == "invalid_authorization_details"
    assert await count_pushed(stage) == 0


async def test_R2_a_number_that_was_used_before_is_refused(stage: Stage, north: Machine) -> None:
    """A bank's own number names one consent; without one the house gives it another each time."""
    await stage.call(north, "POST", "/v1/consents", body=stage.consent_body(authorization_no="A-1"))
    taken = json.dumps([detail(stage, authorization_no="A-1")])
    free = json.dumps([detail(stage, authorization_no="A-2")])

    refused = await push(stage, north, form_of(north.client_id, authorization_details=taken))
    kept = await push(stage, north, form_of(north.client_id, authorization_details=free))

    assert refusal_of(refused) == "invalid_authorization_details"
    assert kept.status == 201


async def test_R1_details_of_two_enterprises_are_refused(stage: Stage, north: Machine) -> None:
    """One person could not decide on both."""
    other = {"uscc": "91330106589876549K", "name": "Other Works"}
    details = json.dumps([detail(stage), detail(stage, enterprise=other)])

    answer = await push(stage, north, form_of(north.client_id, authorization_details=details))

    assert refusal_of(answer) == "invalid_authorization_details"
    assert USCC not in str(answer.json)


async def test_P8_a_proof_at_par_binds_the_code(stage: Stage) -> None:
    """`ensure-dpopproof-at-par-endpoint-binding-success`: alone, or with its own thumbprint.

    The thumbprint alone is `ensure-dpop-auth-code-binding-success`.
    """
    machine = await stage.onboard("north", signs=False, constraint="DPOP", members=CODE_FLOW)
    holder = Holder(stage, machine)
    thumbprint = holder.key.key.key_id

    for form in (
        form_of(machine.client_id),
        form_of(machine.client_id, dpop_jkt=thumbprint),
    ):
        answer = await push(stage, machine, form, headers=(("dpop", holder.prove("POST", PAR)),))
        assert answer.status == 201, answer.body
    alone = await push(stage, machine, form_of(machine.client_id, dpop_jkt=thumbprint))
    assert alone.status == 201


async def test_P8_ensure_mismatched_dpop_jkt_fails(stage: Stage) -> None:
    """Two keys for one code, a proof of another address, a proof twice."""
    machine = await stage.onboard("north", signs=False, constraint="DPOP", members=CODE_FLOW)
    holder = Holder(stage, machine)
    form = form_of(machine.client_id)
    good = holder.prove("POST", PAR)
    await push(stage, machine, form, headers=(("dpop", good),))

    mismatched = {**form, "dpop_jkt": CHALLENGE}
    for sent, proofs in (
        (mismatched, (holder.prove("POST", PAR),)),
        (form, (holder.prove("POST", "/oauth/token"),)),
        (form, (good,)),
        (form, (holder.prove("POST", PAR), holder.prove("POST", PAR))),
    ):
        headers = tuple(("dpop", proof) for proof in proofs)
        assert refusal_of(await push(stage, machine, sent, headers=headers)) == "invalid_dpop_proof"


async def test_P8_a_key_is_of_no_use_to_a_client_of_certificates(
    stage: Stage, north: Machine
) -> None:
    """It learns so at once, and not when its code is refused."""
    holder = Holder(stage, north)

    proven = await push(
        stage,
        north,
        form_of(north.client_id),
        headers=(("dpop", holder.prove("POST", PAR)),),
    )
    named = await push(stage, north, form_of(north.client_id, dpop_jkt=CHALLENGE))

    assert refusal_of(proven) == "invalid_dpop_proof"
    assert refusal_of(named) == "invalid_request"


async def test_A8_a_suspended_bank_pushes_nothing(stage: Stage, north: Machine) -> None:
    """As a client that nobody knows."""
    await stage.operate("/suspensions", stage.suspend(north.bank_id))

    assert refusal_of(await push(stage, north, form_of(north.client_id))) == "invalid_client"
