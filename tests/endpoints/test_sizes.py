"""No parameter is larger than somebody meant it to be (PROTOCOLS, section 0), at any endpoint.

Each is sent far too long, by a client that is known. It is refused in the standard's word for it,
or made anew where it only names something; nothing of it is sent back, and nothing answers 500.
"""

from urllib.parse import urlencode

import pytest
from tests.endpoints.browser import CODE_FLOW, form_of
from tests.endpoints.stage import FORM, Machine, Stage
from tests.endpoints.wire import Answer, send

from creditbridge.access.metadata import AUTHORIZATION_PATH

LONG = "a" * 40_000
CREDENTIALS = {"grant_type": "client_credentials"}
CODE = {"grant_type": "authorization_code", "code": "c", "redirect_uri": "https://a.example/"}
REFRESH = {"grant_type": "refresh_token", "refresh_token": "r"}
TOKEN = {"token": "t"}
OAUTH = {
    "token: grant_type": ("/oauth/token", CREDENTIALS, "grant_type", 400, "invalid_request"),
    "token: client_id": ("/oauth/token", CREDENTIALS, "client_id", 401, "invalid_client"),
    "token: scope": ("/oauth/token", CREDENTIALS, "scope", 400, "invalid_scope"),
    "token: assertion": ("/oauth/token", CREDENTIALS, "client_assertion", 401, "invalid_client"),
    "token: secret": ("/oauth/token", CREDENTIALS, "client_secret", 400, "invalid_request"),
    "token: unknown": ("/oauth/token", CREDENTIALS, "unknown", 400, "invalid_request"),
    "token: code": ("/oauth/token", CODE, "code", 400, "invalid_request"),
    "token: verifier": ("/oauth/token", CODE, "code_verifier", 400, "invalid_grant"),
    "token: redirect": ("/oauth/token", CODE, "redirect_uri", 400, "invalid_request"),
    "token: refresh": ("/oauth/token", REFRESH, "refresh_token", 400, "invalid_request"),
    "revocation: token": ("/oauth/revoke", TOKEN, "token", 400, "invalid_request"),
    "revocation: hint": ("/oauth/revoke", TOKEN, "token_type_hint", 400, "invalid_request"),
    "introspection: token": ("/oauth/introspect", TOKEN, "token", 400, "invalid_request"),
}
# A complete request, with one parameter changed.
PUSHED = {
    "response_type": "invalid_request",
    "redirect_uri": "invalid_request",
    "response_mode": "invalid_request",
    "code_challenge": "invalid_request",
    "code_challenge_method": "invalid_request",
    "scope": "invalid_scope",
    "state": "invalid_request",
    "nonce": "invalid_request",
    "prompt": "invalid_request",
    "dpop_jkt": "invalid_request",
    "request_uri": "invalid_request",
    "request": "invalid_request_object",
    "authorization_details": "invalid_authorization_details",
    "grant_id": "invalid_request",
    "grant_management_action": "invalid_request",
    "client_assertion": "invalid_client",
    "unknown": "invalid_request",
}
# Texts of 1,024 bytes are kept whole, and not one byte more.
EDGES = [("a", 1_024), ("ä", 512), ("杭", 341), ("😀", 256)]
# With both of a signature's headers; without, a request of this machine is an unsigned one.
SIGNED = {"signature-input": 'a=("@method");tag="fapi-2-request"', "signature": "a=:AA==:"}
HEADERS = {
    "authorization": (f"Bearer {LONG[:16_000]}", 401, "invalid-token"),
    "idempotency-key": ("k" * 256, 400, "idempotency-key-malformed"),
    "signature-input": ('a=("@method"' + ' "@method"' * 1_000 + ")", 401, "signature-malformed"),
    "signature": (f"a=:{LONG[:12_000]}:", 401, "signature-malformed"),
}


@pytest.fixture
async def bank(stage: Stage) -> Machine:
    """A machine that may ask people."""
    return await stage.onboard("north", signs=False, members=CODE_FLOW)


async def post(stage: Stage, machine: Machine, path: str, form: dict[str, str]) -> Answer:
    """Send a form as the machine."""
    body = urlencode({"client_id": machine.client_id, **form}).encode()
    return await send(
        stage.bank, "POST", path, headers=[FORM], body=body, certificate=machine.certificate
    )


def require_silent(answer: Answer) -> None:
    """Accept an answer that sends nothing back of what was too long."""
    assert LONG[:64].encode() not in answer.body
    assert len(answer.body) < 1_024
    assert all(LONG[:64] not in value for _, value in answer.headers)


@pytest.mark.parametrize(
    ("path", "form", "name", "status", "error"), OAUTH.values(), ids=OAUTH.keys()
)
async def test_a_parameter_that_is_too_long_is_refused(
    stage: Stage, bank: Machine, path: str, form: dict[str, str], name: str, status: int, error: str
) -> None:
    """At every endpoint where clients prove themselves."""
    answer = await post(stage, bank, path, {**form, name: LONG})

    assert (answer.status, answer.json["error"]) == (status, error)
    require_silent(answer)


@pytest.mark.parametrize(("name", "error"), PUSHED.items(), ids=PUSHED.keys())
async def test_a_pushed_parameter_that_is_too_long_is_refused(
    stage: Stage, bank: Machine, name: str, error: str
) -> None:
    """Before a person sees a page."""
    answer = await post(stage, bank, "/oauth/par", {**form_of(bank.client_id), name: LONG})

    assert (answer.status, answer.json["error"]) == (
        401 if error == "invalid_client" else 400,
        error,
    )
    require_silent(answer)


@pytest.mark.parametrize(("character", "count"), EDGES)
@pytest.mark.parametrize("name", ["state", "nonce"])
async def test_Z3_texts_of_1024_bytes_are_kept_and_longer_ones_refused(
    stage: Stage, bank: Machine, name: str, character: str, count: int
) -> None:
    """Counted in UTF-8, however the form spells them."""
    kept = await post(
        stage, bank, "/oauth/par", {**form_of(bank.client_id), name: character * count}
    )
    refused = await post(
        stage, bank, "/oauth/par", {**form_of(bank.client_id), name: character * count + "bb"}
    )

    assert kept.status == 201
    assert (refused.status, refused.json["error"]) == (400, "invalid_request")


async def test_a_name_that_is_too_long_is_refused(stage: Stage, bank: Machine) -> None:
    """Whatever it names: nothing that is called so has a meaning here."""
    answer = await post(stage, bank, "/oauth/token", {LONG: ""})

    assert (answer.status, answer.json["error"]) == (400, "invalid_request")
    require_silent(answer)


async def test_D3_a_proof_that_is_too_long_is_refused(stage: Stage, bank: Machine) -> None:
    """Where a token is asked for."""
    form = urlencode({"client_id": bank.client_id, "grant_type": "client_credentials"})
    answer = await send(
        stage.bank,
        "POST",
        "/oauth/token",
        headers=[FORM, ("dpop", LONG[:16_000])],
        body=form.encode(),
        certificate=bank.certificate,
    )

    assert (answer.status, answer.json["error"]) == (400, "invalid_dpop_proof")
    require_silent(answer)


async def test_P9_a_form_over_64_kB_is_refused(stage: Stage, bank: Machine) -> None:
    """413, at whichever endpoint, and whoever sends it."""
    for path in ("/oauth/token", "/oauth/par", "/oauth/revoke", "/oauth/introspect"):
        answer = await post(stage, bank, path, {"unknown": "a" * 66_000})

        assert (answer.status, answer.code) == (413, "body-too-large")


async def test_P7_over_64_parameters_are_refused(stage: Stage, bank: Machine) -> None:
    """However short they are."""
    answer = await post(stage, bank, "/oauth/token", {f"p{number}": "" for number in range(64)})

    assert (answer.status, answer.json["error"]) == (400, "invalid_request")


@pytest.mark.parametrize(
    ("name", "value", "status", "code"),
    [(name, *rest) for name, rest in HEADERS.items()],
    ids=HEADERS.keys(),
)
async def test_a_header_that_is_too_long_is_refused(
    stage: Stage, bank: Machine, name: str, value: str, status: int, code: str
) -> None:
    """As the one that it claims to be, and nothing is looked up for it."""
    token = await stage.get_token(bank, scope="reports")
    headers = {
        "authorization": f"Bearer {token}",
        "content-type": "application/json",
        "idempotency-key": '"k"',
        **(SIGNED if name in SIGNED else {}),
        name: value,
    }

    answer = await send(
        stage.bank,
        "POST",
        "/v1/reports",
        headers=list(headers.items()),
        body=b"{}",
        certificate=bank.certificate,
    )

    assert (answer.status, answer.code) == (status, code)
    require_silent(answer)


@pytest.mark.parametrize("name", ["x-fapi-interaction-id", "traceparent"])
async def test_E8_a_name_that_is_too_long_is_replaced(
    stage: Stage, bank: Machine, name: str
) -> None:
    """What only names the exchange is made anew, and refuses nothing."""
    token = await stage.get_token(bank)
    headers = [("authorization", f"Bearer {token}"), (name, LONG[:16_000])]

    answer = await send(
        stage.bank, "GET", "/v1/consents", headers=headers, certificate=bank.certificate
    )

    assert answer.status == 200
    assert len(answer.header("x-fapi-interaction-id")) == 36


@pytest.mark.parametrize(
    "target",
    [
        f"/v1/reports/{LONG[:8_000]}",
        f"/v1/reports/{LONG[:8_000]}/evidence",
        f"/v1/consents/{LONG[:8_000]}",
        f"/grants/{LONG[:8_000]}",
    ],
    ids=["report", "evidence", "consent", "grant"],
)
async def test_an_id_that_is_too_long_names_nothing(
    stage: Stage, bank: Machine, target: str
) -> None:
    """As any id of nothing."""
    token = await stage.get_token(bank, scope="reports consents")
    answer = await send(
        stage.bank,
        "GET",
        target,
        headers=[("authorization", f"Bearer {token}")],
        certificate=bank.certificate,
    )

    assert answer.status in {403, 404}
    require_silent(answer)


@pytest.mark.parametrize("name", ["client_id", "request_uri"])
async def test_Z2_the_authorization_endpoint_looks_up_nothing_of_that_length(
    stage: Stage, name: str
) -> None:
    """A page of ours, and no redirect."""
    query = urlencode({"client_id": "a", "request_uri": "b", name: LONG[:8_000]})

    answer = await send(stage.people, "GET", f"{AUTHORIZATION_PATH}?{query}")

    assert answer.status == 400
    assert answer.list_headers("location") == []
