"""The token endpoint's grants with a person behind them, and the grants themselves, over HTTP."""

from collections.abc import Mapping

import msgspec
import pytest
from tests.endpoints.browser import (
    CODE_FLOW,
    Browser,
    detail,
    push_details,
    redeem,
    returned,
)
from tests.endpoints.stage import Machine, Stage, make_certificate
from tests.endpoints.teller import Teller
from tests.endpoints.wire import Answer, send

from creditbridge.parties.model import ChangeKind
from creditbridge.protocols.canonical_json import canonicalize

UNKNOWN_GRANT = "grt_01hzy6t9x7c3v5n8m2k4p6q8r0"


@pytest.fixture
async def teller(stage: Stage, north: Machine) -> Teller:
    """The first bank's machine."""
    teller = Teller(stage, north)
    await teller.allow()
    return teller


async def test_G3_the_token_answer_says_what_was_granted(teller: Teller, consent_id: str) -> None:
    """RFC 6749, section 5.1; RFC 9396, section 7: with the consent that a report will name."""
    answer = await teller.redeem(await teller.make_code(consent_id))

    members = answer.json
    assert answer.status == 200
    assert answer.header("cache-control") == "no-store"
    assert members.keys() == {
        *("access_token", "token_type", "expires_in", "scope"),
        *("refresh_token", "authorization_details", "grant_id"),
    }
    (detail,) = msgspec.convert(members["authorization_details"], list[dict[str, object]])
    assert (detail["type"], detail["consent_id"]) == ("credit_report", consent_id)
    assert (detail["sections"], detail["max_queries"]) == (["PEN", "REG"], 3)
    assert members["expires_in"] == 300


async def test_the_whole_way_from_code_to_report_and_its_refresh(
    teller: Teller, consent_id: str
) -> None:
    """A report under the consent of the grant; the next with a token that was refreshed."""
    tokens = (await teller.redeem(await teller.make_code(consent_id))).json
    refreshed = await teller.refresh(tokens)

    for number, token in enumerate((tokens["access_token"], refreshed.json["access_token"])):
        _, report = await teller.call(
            token,
            "POST",
            "/v1/reports",
            body=teller.stage.report_body(consent_id),
            headers=[("idempotency-key", f"key-{number}")],
        )
        assert report.status == 200, report.body
    assert "refresh_token" not in refreshed.json


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ({"code_verifier": "w" * 43}, 400, "invalid_grant"),
        ({"redirect_uri": "https://bank.example/"}, 400, "invalid_grant"),
        ({"code": "cba_x"}, 400, "invalid_grant"),
        ({"code": ""}, 400, "invalid_request"),
        ({"authorization_details": "[]"}, 400, "invalid_authorization_details"),
        ({"grant_type": "implicit"}, 400, "unsupported_grant_type"),
    ],
)
async def test_G3_G9_a_bad_redemption_is_answered_in_the_words_of_oauth(
    teller: Teller, consent_id: str, form: dict[str, str], status: int, error: str
) -> None:
    """JSON, `no-store`, a description; and the code is as good as before."""
    code = await teller.make_code(consent_id)

    answer = await teller.redeem(code, form)

    assert (answer.status, answer.json["error"]) == (status, error)
    assert answer.json.keys() == {"error", "error_description"}
    assert answer.header("cache-control") == "no-store"
    assert (await teller.redeem(code)).status == 200


async def test_G5_a_reused_code_ends_the_token_at_the_resource(
    teller: Teller, consent_id: str
) -> None:
    """`attempt-reuse-authorization-code-after-one-second`: 401 from the next request on."""
    code = await teller.make_code(consent_id)
    token = (await teller.redeem(code)).json["access_token"]
    assert (await teller.call(token, "GET", "/v1/consents"))[1].status == 200

    again = await teller.redeem(code)

    assert (again.status, again.json["error"]) == (400, "invalid_grant")
    assert (await teller.call(token, "GET", "/v1/consents"))[1].code == "invalid-token"


async def test_G7_without_the_clients_proof_a_refresh_token_is_worth_nothing(
    teller: Teller, consent_id: str
) -> None:
    """`refresh-token`: `invalid_client`, whoever holds it."""
    tokens = (await teller.redeem(await teller.make_code(consent_id))).json

    answer = await teller.refresh(tokens, certificate=make_certificate("core.other.example"))

    assert (answer.status, answer.json["error"]) == (401, "invalid_client")


@pytest.mark.parametrize("grant_type", ["authorization_code", "refresh_token"])
async def test_a_client_without_the_registration_is_unauthorized(
    stage: Stage, south: Machine, grant_type: str
) -> None:
    """RFC 6749, section 5.2: 400 `unauthorized_client`."""
    answer = await Teller(stage, south).ask(
        {"grant_type": grant_type, "code": "c", "refresh_token": "r"}
    )

    assert (answer.status, answer.json["error"]) == (400, "unauthorized_client")


async def test_S3_a_token_of_a_grant_opens_the_consents_of_its_grant(
    teller: Teller, stage: Stage, north: Machine
) -> None:
    """Reports, consents and their list; another consent and an unknown one look alike."""
    own, other = await stage.give_consent(north), await stage.give_consent(north)
    token = (await teller.redeem(await teller.make_code(own))).json["access_token"]
    unknown = "cns_01hzy6t9x7c3v5n8m2k4p6q8r0"

    refused = [
        (
            await teller.call(
                token,
                "POST",
                "/v1/reports",
                body=stage.report_body(consent_id),
                headers=[("idempotency-key", "k")],
            )
        )[1]
        for consent_id in (other, unknown)
    ]
    hidden = [
        (await teller.call(token, "GET", f"/v1/consents/{one}"))[1] for one in (other, unknown)
    ]
    _, shown = await teller.call(token, "GET", f"/v1/consents/{own}")
    _, listed = await teller.call(token, "GET", "/v1/consents")
    _, lodged = await teller.call(token, "POST", "/v1/consents", body=stage.consent_body())

    assert {(answer.status, answer.code) for answer in refused} == {(403, "insufficient-scope")}
    assert len({answer.json["detail"] for answer in refused}) == 1
    assert {(answer.status, answer.code) for answer in hidden} == {(404, "consent-unknown")}
    assert listed.json == {"consents": [shown.json]}
    assert (lodged.status, lodged.code) == (403, "insufficient-scope")
    assert stage.dialect.queries == []


async def test_S3_a_token_of_a_grant_without_consents_lists_none(teller: Teller) -> None:
    """200 with an empty list: what the conformance suite reads as the protected resource."""
    token = (await teller.redeem(await teller.make_code())).json["access_token"]

    _, listed = await teller.call(token, "GET", "/v1/consents")

    assert (listed.status, listed.json) == (200, {"consents": []})


async def test_S6_a_report_under_another_consent_is_absent(
    teller: Teller, stage: Stage, north: Machine
) -> None:
    """Its story and its evidence, as for another bank."""
    own, other = await stage.give_consent(north), await stage.give_consent(north)
    token = (await teller.redeem(await teller.make_code(own))).json["access_token"]
    reports = [
        (await stage.ask(north, consent_id, key=consent_id))[1].header("creditbridge-report")
        for consent_id in (own, other)
    ]

    seen = [(await teller.call(token, "GET", f"/v1/reports/{one}"))[1] for one in reports]
    _, evidence = await teller.call(token, "GET", f"/v1/reports/{reports[1]}/evidence")

    assert [answer.status for answer in seen] == [200, 404]
    assert evidence.code == seen[1].code == "not-found"


async def test_N2_a_client_reads_its_grant(teller: Teller, stage: Stage, consent_id: str) -> None:
    """Grant Management, section 6.4: scopes, details, instants; and where each consent stands."""
    tokens = (await teller.redeem(await teller.make_code(consent_id))).json
    own = await stage.get_token(teller.machine, scope="grant_management_query")

    request, answer = await teller.call(own, "GET", f"/grants/{tokens['grant_id']}")

    assert answer.status == 200
    stage.verify(request, answer)
    assert answer.header("cache-control") == "no-store"
    assert answer.json.keys() == {"scopes", "authorization_details", "created_at", "expires_at"}
    assert answer.json["scopes"] == [{"scope": "consents reports"}]
    granted = msgspec.convert(tokens["authorization_details"], list[dict[str, object]])
    status = {"consent_state": "ACTIVE", "consent_approvals": {"given": 1, "needed": 1}}
    assert answer.json["authorization_details"] == [{**granted[0], **status}]
    made, ends = answer.json["created_at"], answer.json["expires_at"]
    assert isinstance(made, int)
    assert isinstance(ends, int)
    assert 0 < ends - made <= 30 * 86_400


async def test_N2_a_grant_is_given_back(teller: Teller, stage: Stage, consent_id: str) -> None:
    """204 without a body, with the ledger's receipt; its tokens are gone, its consent stands."""
    tokens = (await teller.redeem(await teller.make_code(consent_id))).json
    own = await stage.get_token(teller.machine)
    target = f"/grants/{tokens['grant_id']}"
    revoker = await stage.get_token(teller.machine, scope="grant_management_revoke")
    reader = await stage.get_token(teller.machine, scope="grant_management_query")

    request, answer = await teller.call(revoker, "DELETE", target)

    assert (answer.status, answer.body) == (204, b"")
    assert answer.header("creditbridge-receipt")
    assert not answer.list_headers("content-length")
    stage.verify(request, answer)
    refreshed = await teller.refresh(tokens)
    assert (refreshed.status, refreshed.json["error"]) == (400, "invalid_grant")
    used = (await teller.call(tokens["access_token"], "GET", "/v1/consents"))[1]
    assert used.code == "invalid-token"
    for token, method in ((revoker, "DELETE"), (reader, "GET")):
        gone = (await teller.call(token, method, target))[1]
        assert (gone.status, gone.code) == (404, "not-found")
    _, consent = await teller.call(own, "GET", f"/v1/consents/{consent_id}")
    assert consent.json["state"] == "ACTIVE"


@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_N2_a_foreign_and_an_unknown_grant_look_alike(
    teller: Teller, stage: Stage, south: Machine, consent_id: str, method: str
) -> None:
    """404 with the same body; what is no id at all too."""
    tokens = (await teller.redeem(await teller.make_code(consent_id))).json
    stranger = Teller(stage, south)
    await stranger.allow()
    token = await stage.get_token(south, scope="grant_management_query grant_management_revoke")

    answers = [
        (await stranger.call(token, method, f"/grants/{grant_id}"))[1]
        for grant_id in (tokens["grant_id"], UNKNOWN_GRANT, "grt_x")
    ]

    assert {(answer.status, answer.code) for answer in answers} == {(404, "not-found")}
    assert len({answer.json["detail"] for answer in answers}) == 1


@pytest.mark.parametrize(
    ("method", "scope"), [("GET", "grant_management_revoke"), ("DELETE", "grant_management_query")]
)
async def test_N2_each_act_on_a_grant_takes_its_own_scope(
    teller: Teller, stage: Stage, consent_id: str, method: str, scope: str
) -> None:
    """403 `insufficient_scope`; without a token 401."""
    tokens = (await teller.redeem(await teller.make_code(consent_id))).json
    token = await stage.get_token(teller.machine, scope=scope)

    _, answer = await teller.call(token, method, f"/grants/{tokens['grant_id']}")
    bare = await send(stage.bank, method, f"/grants/{tokens['grant_id']}")

    assert (answer.status, answer.code) == (403, "insufficient-scope")
    assert (bare.status, bare.code) == (401, "token-missing")


async def test_N2_a_token_of_a_grant_opens_that_grant_alone(
    teller: Teller, consent_id: str
) -> None:
    """As certified clients ask: with the token that the code brought."""
    scope = "reports grant_management_query grant_management_revoke"
    first, second = [
        (await teller.redeem(await teller.make_code(consent_id, scope=scope))).json
        for _ in range(2)
    ]

    _, own = await teller.call(first["access_token"], "GET", f"/grants/{first['grant_id']}")
    _, other = await teller.call(first["access_token"], "GET", f"/grants/{second['grant_id']}")
    _, ended = await teller.call(first["access_token"], "DELETE", f"/grants/{first['grant_id']}")
    _, gone = await teller.call(first["access_token"], "GET", f"/grants/{first['grant_id']}")

    assert (own.status, other.status, ended.status) == (200, 404, 204)
    assert gone.code == "invalid-token"


async def test_V1_I1_a_refresh_token_at_the_endpoints_of_tokens(
    teller: Teller, consent_id: str
) -> None:
    """Revoked with its access tokens; introspection tells of the grant, and of no refresh token."""
    tokens = (await teller.redeem(await teller.make_code(consent_id))).json

    async def post(path: str, name: str) -> Answer:
        return await teller.post(path, {"token": str(tokens[name])})

    told = await post("/oauth/introspect", "access_token")
    assert told.json["grant_id"] == tokens["grant_id"]
    assert told.json["authorization_details"] == tokens["authorization_details"]
    assert (await post("/oauth/introspect", "refresh_token")).json == {"active": False}
    assert (await post("/oauth/revoke", "refresh_token")).status == 200
    assert (await post("/oauth/introspect", "access_token")).json == {"active": False}


async def ask_person(stage: Stage, machine: Machine) -> tuple[dict[str, object], str]:
    """Let the representative say yes in the browser; return the tokens and the consent's id."""
    browser = Browser(stage)
    page = await browser.open(await push_details(stage, machine, detail(stage)))
    code = returned(await browser.decide(page, "approve"))["code"]
    answer = await redeem(stage, machine, code)
    assert answer.status == 200, answer.body
    (granted,) = msgspec.convert(answer.json["authorization_details"], list[dict[str, object]])
    return answer.json, str(granted["consent_id"])


async def require_ended(teller: Teller, tokens: Mapping[str, object]) -> None:
    """Accept that nothing is left of what a code brought."""
    _, used = await teller.call(tokens["access_token"], "GET", "/v1/consents")
    refreshed = await teller.refresh(tokens)
    assert (used.status, used.code) == (401, "invalid-token")
    assert refreshed.status in {400, 401}
    assert refreshed.json["error"] in {"invalid_grant", "invalid_client"}


async def test_G7_a_withdrawal_in_the_portal_is_the_end_of_what_the_browser_brought(
    stage: Stage,
) -> None:
    """From push to withdrawal as people and machines do it; the next request is 401."""
    machine = await stage.onboard("north", signs=False, members=CODE_FLOW)
    teller = Teller(stage, machine)
    tokens, consent_id = await ask_person(stage, machine)
    _, listed = await teller.call(await stage.get_token(machine), "GET", "/v1/consents")

    answer = await stage.visit(
        await stage.sign_in(), f"/portal/consents/{consent_id}/withdrawal", form={}
    )

    assert answer.status == 303
    assert len(msgspec.convert(listed.json["consents"], list[object])) == 1
    await require_ended(teller, tokens)


async def test_T3_a_suspended_bank_has_no_grant_left_when_it_comes_back(stage: Stage) -> None:
    """`invalid_client` while it is out; once two operators let it in, `invalid_grant`."""
    machine = await stage.onboard("north", signs=False, members=CODE_FLOW)
    teller = Teller(stage, machine)
    tokens, _ = await ask_person(stage, machine)

    suspended = await stage.operate("/suspensions", stage.suspend(machine.bank_id))
    await require_ended(teller, tokens)
    body = canonicalize({"bank_id": machine.bank_id})
    change = await stage.operate("/changes", stage.propose(body, ChangeKind.BANK_RESUMPTION))
    resumed = await stage.operate("/approvals", stage.approve(change))

    assert (suspended.status, resumed.status) == (201, 201)
    await require_ended(teller, tokens)
