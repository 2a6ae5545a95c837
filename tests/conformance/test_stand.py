"""`serve --conformance` and `conformance-config`: what the suite begins with holds before it."""

import asyncio
from collections.abc import Callable
from fnmatch import fnmatchcase
from pathlib import Path
from urllib.parse import parse_qsl

import msgspec
import pytest
from tests.conformance.configured import (
    VERIFIER,
    Client,
    Configuration,
    Credentials,
    Pem,
    first_of,
    second_of,
)
from tests.conformance.scripted import Visit, play
from tests.conformance.stand import RunningStand
from tests.waiting import PATIENCE_SECONDS

from creditbridge.cli.conformance.cast import VARIANTS, Asking, Constraint, Proof
from creditbridge.cli.demo.browser import Page
from creditsandbox.province.fixed import Temper, list_acting

pytestmark = pytest.mark.xdist_group("conformance")

GRANT_CIBA = "urn:openid:params:grant-type:ciba"


@pytest.mark.parametrize("client_of", [first_of, second_of])
@pytest.mark.parametrize(
    "name", sorted(name for name, one in VARIANTS.items() if one.asking is not Asking.CIBA)
)
def test_each_client_gets_a_token_and_reads_the_resource(
    name: str,
    client_of: Callable[[Configuration], tuple[Credentials, Pem]],
    stand: RunningStand,
    tmp_path: Path,
) -> None:
    """With what the configuration says and nothing else; no signature, no idempotency key."""
    configuration = stand.read_configuration(name)
    credentials, pem = client_of(configuration)
    client = Client(configuration, credentials, pem, folder=tmp_path, authority=stand.authority)
    asserts = VARIANTS[name].proof is Proof.PRIVATE_KEY_JWT
    proves = VARIANTS[name].constraint is Constraint.DPOP

    asked = client.ask_token(proves=proves, **(client.sign_assertion() if asserts else {}))
    token = msgspec.json.decode(asked.body, type=dict[str, object])
    answer = client.read_resource(str(token["access_token"]), proves=proves)

    assert asked.status == 200
    assert answer.status == 200
    assert dict(answer.headers)["content-type"] == "application/json"
    assert msgspec.json.decode(answer.body) == {"consents": []}


@pytest.fixture
def client(stand: RunningStand, tmp_path: Path) -> Client:
    """The first client that authenticates by its certificate and signs nothing."""
    configuration = stand.read_configuration("mtls+mtls")
    credentials, pem = first_of(configuration)
    return Client(configuration, credentials, pem, folder=tmp_path, authority=stand.authority)


def script_of(client: Client, module: str | None = None) -> list[Visit]:
    """Return what the suite's browser does, in a module or in all others."""
    if module is None:
        return client.configuration.browser
    return client.configuration.override[f"fapi2-security-profile-final-{module}"].browser


def answer_in(page: Page, stand: RunningStand) -> dict[str, str]:
    """Return the parameters with which a browser was led back to the suite."""
    address, _, query = page.url.partition("?")
    assert address == stand.redirect_uri
    return dict(parse_qsl(query))


@pytest.mark.parametrize("rich", [False, True])
def test_the_suites_browser_approves(*, rich: bool, client: Client, stand: RunningStand) -> None:
    """It finds the log-in, then the button; the code that it brings back buys tokens (Z3)."""
    (visit,) = script_of(client)
    details = [client.configuration.resource.rich_authorization_request]
    asked = {"authorization_details": msgspec.json.encode(details).decode()} if rich else {}
    address = client.push(redirect_uri=stand.redirect_uri, state="s-1", **asked)

    answer = answer_in(play(stand.open_browser(), address, visit.tasks), stand)
    code = {
        "grant_type": "authorization_code",
        "code": answer["code"],
        "redirect_uri": stand.redirect_uri,
        "code_verifier": VERIFIER,
    }
    exchanged = client.post("token_endpoint", code)

    tokens = msgspec.json.decode(exchanged.body, type=dict[str, object])
    assert fnmatchcase(address, visit.match)
    assert answer.keys() == {"code", "state", "iss"}
    assert exchanged.status == 200
    assert client.read_resource(str(tokens["access_token"])).status == 200
    assert "refresh_token" in tokens
    assert ("authorization_details" in tokens) is rich


def test_Z5_user_rejects_authentication(client: Client, stand: RunningStand) -> None:
    """The script of this module presses the other button."""
    (visit,) = script_of(client, "user-rejects-authentication")
    address = client.push(redirect_uri=stand.redirect_uri, state="s-2")

    answer = answer_in(play(stand.open_browser(), address, visit.tasks), stand)

    assert (answer["error"], answer["state"]) == ("access_denied", "s-2")


def test_Z2_par_attempt_reuse_request_uri(client: Client, stand: RunningStand) -> None:
    """The first visit completes it; the second one sees the error page that the suite keeps."""
    first, second = script_of(client, "par-attempt-reuse-request_uri")
    address, browser = client.push(redirect_uri=stand.redirect_uri), stand.open_browser()

    answer = answer_in(play(browser, address, first.tasks), stand)
    page = play(browser, address, second.tasks)

    assert (first.match_limit, second.match_limit) == (1, None)
    assert "code" in answer
    assert page.status == 400


def test_Z2_par_ensure_reused_request_uri_prior_to_auth_completion_succeeds(
    client: Client, stand: RunningStand
) -> None:
    """Who only looked at the log-in may come again."""
    first, second = script_of(
        client, "par-ensure-reused-request-uri-prior-to-auth-completion-succeeds"
    )
    address, browser = client.push(redirect_uri=stand.redirect_uri), stand.open_browser()

    play(browser, address, first.tasks)
    answer = answer_in(play(browser, address, second.tasks), stand)

    assert "code" in answer


@pytest.mark.parametrize(
    "module",
    [
        "par-attempt-to-use-expired-request_uri",
        "par-attempt-to-use-request_uri-for-different-client",
        "ensure-unsigned-authorization-request-without-using-par-fails",
    ],
)
def test_Z1_Z2_a_request_that_is_not_there_shows_the_error_page(
    module: str, client: Client, stand: RunningStand
) -> None:
    """With the code where the script of the module looks for it."""
    (visit,) = script_of(client, module)

    page = play(stand.open_browser(), client.address("urn:nobody:knows"), visit.tasks)

    assert page.status == 400


def test_with_openid_the_suite_is_told_another_document_and_scope(stand: RunningStand) -> None:
    """And the same clients: one set of them serves both."""
    plain = stand.read_configuration("mtls+mtls")
    openid = stand.read_configuration("mtls+mtls", "--openid")

    assert plain.server.discovery_url.endswith("/.well-known/oauth-authorization-server")
    assert openid.server.discovery_url.endswith("/.well-known/openid-configuration")
    assert (plain.client.scope, openid.client.scope) == (
        "consents reports",
        "openid consents reports",
    )
    assert plain.client.jwks == openid.client.jwks


@pytest.fixture
def decoupled(stand: RunningStand, tmp_path: Path) -> Client:
    """The first client that asks people without a browser."""
    configuration = stand.read_configuration("private_key_jwt+mtls+ciba")
    credentials, pem = second_of(configuration)
    return Client(configuration, credentials, pem, folder=tmp_path, authority=stand.authority)


@pytest.mark.parametrize(
    ("action", "status", "told"), [("allow", 200, "id_token"), ("deny", 400, "error")]
)
def test_C4_user_rejects_authentication_or_approves(
    action: str, status: int, told: str, decoupled: Client, stand: RunningStand
) -> None:
    """The approver signs in and presses the button; the next poll tells (C1, C2, C3)."""
    asked = decoupled.ask_without_browser()
    request = msgspec.json.decode(asked.body, type=dict[str, str | int])
    auth_req_id = str(request["auth_req_id"])
    template = decoupled.configuration.automated_ciba_approval_url

    decided = stand.decide(template.format(auth_req_id=auth_req_id, action=action))
    poll = {"grant_type": GRANT_CIBA, "auth_req_id": auth_req_id}
    answer = decoupled.post("token_endpoint", {**poll, **decoupled.sign_assertion()})

    assert asked.status == 200
    assert decided == (200, {"decided": 1})
    assert answer.status == status
    assert told in msgspec.json.decode(answer.body, type=dict[str, object])


@pytest.mark.parametrize(("action", "status"), [("allow", 404), ("", 400), ("grant", 400)])
def test_the_approver_says_where_there_is_nothing_to_decide(
    action: str, status: int, decoupled: Client, stand: RunningStand
) -> None:
    """No request waits, or the action is none of the suite's."""
    template = decoupled.configuration.automated_ciba_approval_url

    assert stand.decide(template.format(auth_req_id="x", action=action)) == (
        status,
        {"decided": 0},
    )


def test_no_two_clients_share_a_key_or_a_certificate(stand: RunningStand) -> None:
    """Or the suite could not show that what belongs to one is refused to the other."""
    found = [stand.read_configuration(name) for name in VARIANTS]

    keys = [
        one.jwks["keys"][0].get("n") or one.jwks["keys"][0]["x"]
        for each in found
        for one in (each.client, each.client2)
    ]
    certificates = [one.cert for each in found for one in (each.mtls, each.mtls2)]

    assert len(set(keys)) == len(keys)
    assert len(set(certificates)) == len(certificates)


def acting(temper: Temper) -> str:
    """Return the enterprise whose representative is of this temper."""
    return next(one.uscc for one in list_acting() if one.temper is temper)


@pytest.mark.parametrize(
    ("temper", "told"),
    [(Temper.APPROVES, "code"), (Temper.APPROVES_LESS, "code"), (Temper.REFUSES, "error")],
)
def test_a_representative_walks_the_redirect_flow_alone(
    temper: Temper, told: str, client: Client, stand: RunningStand
) -> None:
    """Pushed, visited, led back: the code that comes buys tokens, and nobody clicked."""
    details = dict(client.configuration.resource.rich_authorization_request)
    details["enterprise"] = {"uscc": acting(temper), "name": "自动应答（沙盒）有限公司"}
    asked = {"authorization_details": msgspec.json.encode([details]).decode()}
    address = client.push(redirect_uri=stand.redirect_uri, state="s-v", **asked)

    led = stand.visit(acting(temper), address)

    where, _, query = str(led["location"]).partition("?")
    answer = dict(parse_qsl(query))
    assert where == stand.redirect_uri
    assert (answer["state"], told in answer) == ("s-v", True)
    if told == "code":
        code = {
            "grant_type": "authorization_code",
            "code": answer["code"],
            "redirect_uri": stand.redirect_uri,
            "code_verifier": VERIFIER,
        }
        assert client.post("token_endpoint", code).status == 200


async def test_a_representative_answers_a_machine_that_polls(decoupled: Client) -> None:
    """Asked without a browser by its code alone; the bank polls, and gets its tokens."""
    asked = decoupled.ask_without_browser(acting(Temper.APPROVES))
    request = msgspec.json.decode(asked.body, type=dict[str, str | int])
    poll = {"grant_type": GRANT_CIBA, "auth_req_id": str(request["auth_req_id"])}

    answer = decoupled.post("token_endpoint", {**poll, **decoupled.sign_assertion()})
    async with asyncio.timeout(PATIENCE_SECONDS):
        while answer.status != 200:
            told = msgspec.json.decode(answer.body, type=dict[str, str])
            assert told["error"] in {"authorization_pending", "slow_down"}
            await asyncio.sleep(int(request.get("interval", 5)))
            answer = decoupled.post("token_endpoint", {**poll, **decoupled.sign_assertion()})

    assert "access_token" in msgspec.json.decode(answer.body, type=dict[str, object])
