"""What a resource server owes any caller: answers they take, and the right order of questions."""

import pytest
from tests.endpoints.stage import JSON, Machine, Stage
from tests.endpoints.wire import send

UNKNOWN_REPORT = "rpt_01hzy6t9x7c3v5n8m2k4p6q8r0"
HTML = ("accept", "text/html")


@pytest.mark.parametrize(
    "accept", ["application/json", "application/json; charset=utf-8", "*/*", None]
)
async def test_S5_happy_flow_json_is_answered(
    accept: str | None, stage: Stage, north: Machine
) -> None:
    """With a charset, with any range, and where nothing is said."""
    headers = [] if accept is None else [("accept", accept)]

    _, answer = await stage.call(north, "GET", "/v1/consents", headers=headers)

    assert answer.status == 200
    assert answer.header("content-type") == "application/json"


async def test_S5_another_wish_is_not_acceptable(stage: Stage, north: Machine) -> None:
    """Signed, as the caller is known, and recorded with a receipt."""
    request, answer = await stage.call(north, "GET", "/v1/consents", headers=[HTML])

    stage.verify(request, answer)
    assert (answer.status, answer.code) == (406, "not-acceptable")
    assert answer.header("creditbridge-receipt")


async def test_S5_evidence_is_no_json(stage: Stage, north: Machine, consent_id: str) -> None:
    """A pack is a ZIP: asked for as one it comes, asked for as JSON it does not."""
    _, report = await stage.ask(north, consent_id)
    await stage.sequencer.run_once()
    path = f"/v1/reports/{report.header('creditbridge-report')}/evidence"

    _, pack = await stage.call(north, "GET", path, headers=[("accept", "application/zip")])
    _, refused = await stage.call(north, "GET", path, headers=[("accept", "application/json")])

    assert (pack.status, pack.header("content-type")) == (200, "application/zip")
    assert (refused.status, refused.code) == (406, "not-acceptable")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", f"/v1/reports/{UNKNOWN_REPORT}"),
        ("GET", f"/v1/reports/{UNKNOWN_REPORT}/evidence"),
        ("GET", "/v1/consents/cns_x"),
        ("POST", "/v1/reports"),
        ("POST", "/v1/consents"),
    ],
)
async def test_S7_a_stranger_is_asked_who_they_are_first(
    method: str, path: str, stage: Stage
) -> None:
    """Whatever else is wrong: the id, the body, the wish for an answer."""
    body = b"{" if method == "POST" else b""

    answer = await send(stage.bank, method, path, headers=[JSON, HTML], body=body)

    assert (answer.status, answer.code) == (401, "token-missing")


async def test_S7_a_scope_is_asked_for_before_anything_is_looked_up(
    stage: Stage, north: Machine
) -> None:
    """A known id and an unknown one are told alike to a token that may read neither."""
    token = await stage.get_token(north, scope="consents")
    headers = [("authorization", f"Bearer {token}")]
    path = f"/v1/reports/{UNKNOWN_REPORT}"

    answer = await send(stage.bank, "GET", path, headers=headers, certificate=north.certificate)

    assert (answer.status, answer.code) == (403, "insufficient-scope")


FORWARDED = [
    ("host", "evil.example"),
    ("forwarded", "for=203.0.113.7;host=evil.example;proto=http"),
    ("x-forwarded-for", "203.0.113.7"),
    ("x-forwarded-host", "evil.example"),
    ("x-forwarded-proto", "http"),
]


async def test_X4_nobody_names_another_address_by_a_header(stage: Stage, north: Machine) -> None:
    """A signature holds over the configured origin; the metadata say it, whatever was forwarded."""
    request, answer = await stage.call(north, "GET", "/v1/consents", headers=FORWARDED)
    path = "/.well-known/oauth-authorization-server"
    told = await send(stage.people, "GET", path, headers=FORWARDED)

    assert answer.status == 200
    stage.verify(request, answer)
    assert told.body == (await send(stage.people, "GET", path)).body
    assert b"evil" not in told.body
