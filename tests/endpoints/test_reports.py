"""The bank's reports over its door: signed answers, stable errors, and hostile bodies."""

import io
import zipfile
from pathlib import Path

import msgspec
import pytest
from tests.endpoints.stage import Machine, Stage
from tests.endpoints.wire import send

from creditbridge.foundation.errors import CreditbridgeError
from creditbridge.platforms.model import (
    AnswerRejected,
    DeadlineExceeded,
    EnterpriseUnknown,
    PlatformUnavailable,
)
from creditbridge.profile.seal import verify_seal

INTERACTION = "6e2b1c0e-9f5c-4f2f-8f35-0d8f3a5f8f11"
UNKNOWN_REPORT = "rpt_01hzy6t9x7c3v5n8m2k4p6q8r0"
UNKNOWN_CONSENT = "cns_01hzy6t9x7c3v5n8m2k4p6q8r0"


async def test_a_report_is_delivered_signed_and_bound(
    stage: Stage, north: Machine, consent_id: str
) -> None:
    """The answer's signature covers it, its receipt and the very request; the body is sealed."""
    request, answer = await stage.ask(north, consent_id)

    assert answer.status == 200
    verified = stage.verify(request, answer)
    assert b'"creditbridge-receipt"' in verified.base
    assert b'"signature";req;key="sig1"' in verified.base
    seal = stage.rooms.keys.seal.current().key
    profile = verify_seal(answer.body, {seal.key_id: seal}.get)
    assert profile.consent_id == consent_id
    assert answer.header("cache-control") == "no-store"
    assert answer.header("content-type") == "application/json"
    assert answer.header("creditbridge-report").startswith("rpt_")


async def test_a_repetition_gets_the_same_bytes(
    stage: Stage, north: Machine, consent_id: str
) -> None:
    """It says that it is one, is signed for its own request, and asks no platform."""
    _, first = await stage.ask(north, consent_id)
    request, second = await stage.ask(north, consent_id)

    assert (second.status, second.body) == (first.status, first.body)
    assert second.header("idempotency-replayed") == "?1"
    assert second.header("creditbridge-receipt") == first.header("creditbridge-receipt")
    stage.verify(request, second)
    assert len(stage.dialect.queries) == 1


async def test_the_interaction_id_is_echoed_or_made(
    stage: Stage, north: Machine, consent_id: str
) -> None:
    """A UUID comes back, on errors too; anything else is replaced by a new one (PROTOCOLS, E8)."""
    body = stage.report_body(consent_id)
    asked = [("idempotency-key", "k"), ("x-fapi-interaction-id", INTERACTION)]
    odd = [("idempotency-key", "k2"), ("x-fapi-interaction-id", "<script>")]

    _, answer = await stage.call(north, "POST", "/v1/reports", body=body, headers=asked)
    _, refused = await stage.call(north, "POST", "/v1/reports", body=b"{}", headers=asked)
    _, other = await stage.call(north, "POST", "/v1/reports", body=body, headers=odd)

    assert answer.header("x-fapi-interaction-id") == INTERACTION
    assert refused.header("x-fapi-interaction-id") == INTERACTION
    assert refused.json["interaction_id"] == INTERACTION
    assert len(other.header("x-fapi-interaction-id")) == 36
    assert other.header("x-fapi-interaction-id") != INTERACTION


async def test_the_trace_goes_upstream(stage: Stage, north: Machine, consent_id: str) -> None:
    """A well-formed trace is continued with a span of our own; another one is not (E9)."""
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    for key, sent in (("k1", f"00-{trace}-00f067aa0ba902b7-01"), ("k2", f"00-{'0' * 32}-1-01")):
        await stage.call(
            north,
            "POST",
            "/v1/reports",
            body=stage.report_body(consent_id),
            headers=[("idempotency-key", key), ("traceparent", sent)],
        )

    first, second = (query.traceparent or "" for query in stage.dialect.queries)
    assert first[3:35] == trace
    assert first != f"00-{trace}-00f067aa0ba902b7-01"
    assert second[3:35] not in {trace, "0" * 32}


FAILURES: dict[str, tuple[CreditbridgeError, int, str]] = {
    "unavailable": (PlatformUnavailable(sent=True), 503, "platform-unavailable"),
    "deadline": (DeadlineExceeded(sent=True), 504, "platform-deadline"),
    "rejected": (AnswerRejected(), 502, "platform-answer-rejected"),
    "unknown": (EnterpriseUnknown(), 404, "enterprise-unknown"),
}


@pytest.mark.parametrize("case", FAILURES)
async def test_a_failure_is_a_problem_and_is_told_again(
    case: str, stage: Stage, north: Machine, consent_id: str
) -> None:
    """Status and code are stable; the repetition tells the same, without a second query."""
    failure, status, code = FAILURES[case]
    stage.dialect.failure = failure

    _, first = await stage.ask(north, consent_id)
    _, again = await stage.ask(north, consent_id)

    for answer in (first, again):
        assert (answer.status, answer.code) == (status, code)
        assert answer.list_headers("retry-after") == (["1"] if status in {503, 504} else [])
        assert str(answer.json["instance"]).startswith("rpt_")
    assert len(stage.dialect.queries) == 1


async def test_the_fourth_reading_of_three_is_refused(
    stage: Stage, north: Machine, consent_id: str
) -> None:
    """403 with one code of its own; the report id of the refusal is its instance."""
    for number in range(3):
        assert (await stage.ask(north, consent_id, key=f"k{number}"))[1].status == 200

    _, refused = await stage.ask(north, consent_id, key="k3")

    assert (refused.status, refused.code) == (403, "consent-exhausted")
    assert str(refused.json["instance"]).startswith("rpt_")
    assert refused.header("cache-control") == "no-store"


async def test_S3_another_banks_consent_looks_like_none(
    stage: Stage, south: Machine, consent_id: str
) -> None:
    """The same status, code and words as for an id that names nothing (fault 65)."""
    _, foreign = await stage.ask(south, consent_id)
    _, unknown = await stage.ask(south, UNKNOWN_CONSENT)

    assert foreign.status == unknown.status == 403
    own = {"instance", "interaction_id"}
    first, second = (
        {name: value for name, value in answer.json.items() if name not in own}
        for answer in (foreign, unknown)
    )
    assert first == second
    assert first["code"] == "consent-missing"


KEYS: dict[str, tuple[list[tuple[str, str]], int, str]] = {
    "absent": ([], 400, "idempotency-key-missing"),
    "empty": ([("idempotency-key", "")], 400, "idempotency-key-malformed"),
    "long": ([("idempotency-key", "k" * 256)], 400, "idempotency-key-malformed"),
    "twice": ([("idempotency-key", "a"), ("idempotency-key", "b")], 401, "signature-malformed"),
}


@pytest.mark.parametrize("case", KEYS)
async def test_a_report_needs_one_idempotency_key(
    case: str, stage: Stage, north: Machine, consent_id: str
) -> None:
    """1 to 255 characters (PROTOCOLS, E2), and once, as every signed field."""
    headers, status, code = KEYS[case]

    _, answer = await stage.call(
        north, "POST", "/v1/reports", body=stage.report_body(consent_id), headers=headers
    )

    assert (answer.status, answer.code) == (status, code)


async def test_another_body_under_a_key_is_refused(
    stage: Stage, north: Machine, consent_id: str
) -> None:
    """422: the key belongs to another request."""
    await stage.ask(north, consent_id)

    _, answer = await stage.ask(north, consent_id, sections=["PEN"])

    assert (answer.status, answer.code) == (422, "idempotency-key-reused")


async def test_one_business_request_is_one_query(
    stage: Stage, north: Machine, consent_id: str
) -> None:
    """409 under another key: the bank has asked this once (fault 76)."""
    await stage.ask(north, consent_id, key="k1", business_id="loan-1")

    _, answer = await stage.ask(north, consent_id, key="k2", business_id="loan-1")

    assert (answer.status, answer.code) == (409, "business-id-taken")
    assert len(stage.dialect.queries) == 1


BODIES: dict[str, tuple[dict[str, object], str]] = {
    "unknown-member": ({"extra": 1}, ""),
    "purpose": ({"purpose": "CURIOSITY"}, "/purpose"),
    "section": ({"sections": ["REG", "XYZ"]}, "/sections/1"),
    "no-section": ({"sections": []}, "/sections"),
    "number": ({"operator_id": 7}, "/operator_id"),
}


@pytest.mark.parametrize("case", BODIES)
async def test_a_body_that_does_not_fit_names_the_place(
    case: str, stage: Stage, north: Machine, consent_id: str
) -> None:
    """400 with a JSON pointer (RFC 6901), and nothing of what was sent."""
    changed, pointer = BODIES[case]

    body = stage.report_body(consent_id, **changed)
    _, answer = await stage.call(
        north, "POST", "/v1/reports", body=body, headers=[("idempotency-key", "k")]
    )

    assert answer.status == 400
    if pointer:
        (fault,) = msgspec.convert(answer.json["errors"], list[dict[str, str]])
        assert fault["pointer"] == pointer
    assert b"CURIOSITY" not in answer.body
    assert b"XYZ" not in answer.body


async def test_a_code_that_is_none_is_refused(
    stage: Stage, north: Machine, consent_id: str
) -> None:
    """A USCC with a wrong check character."""
    _, answer = await stage.ask(north, consent_id, enterprise="91330100YY0000A13Z")

    assert answer.status == 400
    assert b"A13Z" not in answer.body


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "application/json+x", "application/xml"],
)
async def test_another_media_type_is_not_read(
    content_type: str, stage: Stage, north: Machine, consent_id: str
) -> None:
    """415 before anything is decoded."""
    _, answer = await stage.call(
        north,
        "POST",
        "/v1/reports",
        body=stage.report_body(consent_id),
        headers=[("content-type", content_type), ("idempotency-key", "k")],
    )

    assert (answer.status, answer.code) == (415, "content-type-unsupported")


async def test_hostile_json_is_a_400_and_never_more(
    stage: Stage, north: Machine, vectors: Path
) -> None:
    """Every hundredth body that JSONTestSuite says must be refused, and the worst of them."""
    folder = vectors / "json" / "test_parsing"
    names = sorted(path.name for path in folder.glob("n_*.json"))
    worst = {"n_structure_100000_opening_arrays.json", "n_structure_open_array_object.json"}
    chosen = sorted({*names[::20], *(worst & set(names))})
    # The body limit is the answer to what is larger than it.
    bodies = [(folder / name).read_bytes() for name in chosen]
    bodies += [b'{"consent_id":"a","consent_id":"b"}', b'{"a":"\\ud800"}', b"1" * 400, b"\xff\xfe"]

    for number, body in enumerate(one for one in bodies if one):
        _, answer = await stage.call(
            north,
            "POST",
            "/v1/reports",
            body=body,
            headers=[("idempotency-key", f"k{number}")],
        )
        assert answer.status in {400, 413}, body[:80]
        assert answer.header("content-type") == "application/problem+json"
    assert stage.dialect.queries == []


async def test_a_body_over_the_limit_is_refused(stage: Stage, north: Machine) -> None:
    """413 for 64 kB and one byte."""
    _, answer = await stage.call(
        north,
        "POST",
        "/v1/reports",
        body=b" " * 65_537,
        headers=[("idempotency-key", "k")],
    )

    assert (answer.status, answer.code) == (413, "body-too-large")


async def test_a_defect_of_ours_is_told_without_its_cause(
    stage: Stage, north: Machine, consent_id: str
) -> None:
    """500 with the interaction id; neither the exception's words nor its kind are in the body."""
    stage.dialect.failure = RuntimeError("SELECT secret FROM /etc/passwd")

    _, answer = await stage.ask(north, consent_id)

    assert (answer.status, answer.code) == (500, "internal-error")
    assert b"secret" not in answer.body
    assert b"RuntimeError" not in answer.body
    assert answer.json["interaction_id"] == answer.header("x-fapi-interaction-id")


async def test_a_pack_is_handed_over_signed(stage: Stage, north: Machine, consent_id: str) -> None:
    """A ZIP with a name, bound to the request for it."""
    _, report = await stage.ask(north, consent_id)
    report_id = report.header("creditbridge-report")
    _, early = await stage.call(north, "GET", f"/v1/reports/{report_id}/evidence")
    await stage.sequencer.run_once()

    request, pack = await stage.call(north, "GET", f"/v1/reports/{report_id}/evidence")

    assert early.status == 503
    assert pack.status == 200
    stage.verify(request, pack)
    assert pack.header("content-type") == "application/zip"
    assert pack.header("content-disposition") == f'attachment; filename="{report_id}.zip"'
    with zipfile.ZipFile(io.BytesIO(pack.body)) as archive:
        assert "manifest.json" in archive.namelist()


async def test_a_bank_reads_how_its_report_ended(
    stage: Stage, north: Machine, south: Machine, consent_id: str
) -> None:
    """Delivered, or refused with its code; another bank's and an unknown one are not there."""
    _, report = await stage.ask(north, consent_id)
    _, refusal = await stage.ask(north, UNKNOWN_CONSENT, key="key-2")
    delivered = report.header("creditbridge-report")

    request, told = await stage.call(north, "GET", f"/v1/reports/{delivered}")
    _, refused = await stage.call(north, "GET", f"/v1/reports/{refusal.json['instance']}")
    _, foreign = await stage.call(south, "GET", f"/v1/reports/{delivered}")
    _, unknown = await stage.call(north, "GET", f"/v1/reports/{UNKNOWN_REPORT}")

    stage.verify(request, told)
    assert (told.json["report_id"], told.json["state"]) == (delivered, "DELIVERED")
    assert (refused.json["state"], refused.json["code"]) == ("REFUSED", "consent-missing")
    assert [(one.status, one.code) for one in (foreign, unknown)] == [(404, "not-found")] * 2


async def test_S6_another_banks_pack_looks_like_none(
    stage: Stage, north: Machine, south: Machine, consent_id: str
) -> None:
    """404 alike for a foreign report, an unknown one, and what is no id (PROTOCOLS, S6)."""
    _, report = await stage.ask(north, consent_id)
    await stage.sequencer.run_once()
    ids = [report.header("creditbridge-report"), UNKNOWN_REPORT, "rpt_x"]

    answers = [(await stage.call(south, "GET", f"/v1/reports/{one}/evidence"))[1] for one in ids]

    assert {(answer.status, answer.code) for answer in answers} == {(404, "not-found")}
    assert len({answer.json["detail"] for answer in answers}) == 1


async def test_errors_are_signed_once_the_caller_is_known(
    stage: Stage, north: Machine, consent_id: str
) -> None:
    """A refusal, a malformed body and a defect of ours bind the gateway too (PROTOCOLS, H10)."""
    stage.dialect.failure = RuntimeError("a defect")
    exchanges = [
        await stage.ask(north, UNKNOWN_CONSENT),
        await stage.ask(north, consent_id, key="k2", sections=[]),
        await stage.ask(north, consent_id, key="k3"),
    ]

    assert [answer.status for _, answer in exchanges] == [403, 400, 500]
    for request, answer in exchanges:
        stage.verify(request, answer)
        assert answer.header("cache-control") == "no-store"


async def test_a_stranger_gets_no_signature(stage: Stage, north: Machine) -> None:
    """Nobody is known yet, so nothing is signed."""
    answer = await send(stage.bank, "GET", "/v1/consents", certificate=north.certificate)

    assert answer.status == 401
    assert answer.list_headers("signature") == []
