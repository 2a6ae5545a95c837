"""The bank's side of consents over its door."""

from datetime import timedelta

import msgspec
import pytest
from tests.endpoints.stage import ENTERPRISE, USCC, Machine, Stage

from creditbridge.consents.policy import Policy
from creditbridge.ledger.encoding import to_base64url
from creditbridge.profile.codes import Purpose
from creditbridge.protocols.canonical_json import canonicalize


class Shown(msgspec.Struct, forbid_unknown_fields=True):
    """A policy as `/v1/policy` shows it."""

    policy: Policy
    signature: str
    key_id: str


UNKNOWN_CONSENT = "cns_01hzy6t9x7c3v5n8m2k4p6q8r0"


async def test_a_request_is_lodged(stage: Stage, north: Machine) -> None:
    """201 with the consent as the bank sees it, signed and bound."""
    request, answer = await stage.call(
        north, "POST", "/v1/consents", body=stage.consent_body(business_ref="LOAN-1")
    )

    assert answer.status == 201
    stage.verify(request, answer)
    assert answer.json["state"] == "REQUESTED"
    assert answer.json["enterprise"] == {"uscc": USCC, "name": ENTERPRISE}
    assert answer.json["sections"] == ["PEN", "REG"]
    assert answer.json["business_ref"] == "LOAN-1"
    assert answer.json["used"] == 0


async def test_a_bank_follows_its_consent(stage: Stage, north: Machine, consent_id: str) -> None:
    """By id and in the list: the state that the enterprise gave it, and the uses taken."""
    await stage.ask(north, consent_id)

    request, one = await stage.call(north, "GET", f"/v1/consents/{consent_id}")
    _, listed = await stage.call(north, "GET", "/v1/consents")

    stage.verify(request, one)
    assert (one.json["state"], one.json["used"], one.json["version"]) == ("ACTIVE", 1, 2)
    assert listed.json["consents"] == [one.json]


async def test_S6_another_banks_consent_looks_like_none(
    stage: Stage, south: Machine, consent_id: str
) -> None:
    """404 alike for a foreign consent, an unknown one, and what is no id (PROTOCOLS, S6)."""
    ids = [consent_id, UNKNOWN_CONSENT, "cns_x", "%00", "..%2F..%2Fetc"]

    answers = [(await stage.call(south, "GET", f"/v1/consents/{one}"))[1] for one in ids]

    assert {answer.status for answer in answers} == {404}
    assert {answer.code for answer in answers[:3]} == {"consent-unknown"}
    assert len({answer.json["detail"] for answer in answers[:3]}) == 1
    _, listed = await stage.call(south, "GET", "/v1/consents")
    assert listed.json == {"consents": []}


REFUSED: dict[str, tuple[dict[str, object], int, str]] = {
    "purpose": ({"purposes": ["KEY_PERSON_REVIEW"]}, 403, "consent-purpose-not-allowed"),
    "sections": ({"sections": ["PSN"]}, 403, "consent-sections-not-allowed"),
    "term": ({"valid_to": "2036-01-01T00:00:00Z"}, 403, "consent-term-not-allowed"),
    "queries": ({"max_queries": 1_001}, 403, "consent-queries-not-allowed"),
    "business": ({"purposes": ["POST_LOAN"]}, 403, "consent-business-missing"),
    "no-zone": ({"valid_to": "2026-12-01T00:00:00"}, 400, "json-malformed"),
    "no-purpose": ({"purposes": []}, 400, "json-malformed"),
    "no-use": ({"max_queries": 0}, 400, "json-malformed"),
    "long-name": ({"enterprise": {"uscc": USCC, "name": "x" * 129}}, 400, "json-malformed"),
    "control": ({"authorization_no": "A\u0007"}, 400, "consent-request-malformed"),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_a_request_over_a_ceiling_is_refused(case: str, stage: Stage, north: Machine) -> None:
    """One stable code per ceiling; what does not parse is a 400."""
    changed, status, code = REFUSED[case]

    _, answer = await stage.call(north, "POST", "/v1/consents", body=stage.consent_body(**changed))

    assert (answer.status, answer.code) == (status, code)


async def test_an_authorization_number_is_used_once(stage: Stage, north: Machine) -> None:
    """The second request under it is refused."""
    body = stage.consent_body(authorization_no="SQ-X")
    await stage.call(north, "POST", "/v1/consents", body=body)

    _, answer = await stage.call(north, "POST", "/v1/consents", body=body)

    assert (answer.status, answer.code) == (403, "consent-authorization-taken")


async def test_instants_come_in_any_offset_and_go_out_in_utc(stage: Stage, north: Machine) -> None:
    """RFC 3339: eight in Beijing is midnight here."""
    day = (stage.clock.now() + timedelta(days=2)).date()

    _, answer = await stage.call(
        north,
        "POST",
        "/v1/consents",
        body=stage.consent_body(valid_to=f"{day}T08:00:00+08:00"),
    )

    assert answer.json["valid_to"] == f"{day}T00:00:00Z"


async def test_a_request_is_taken_back(stage: Stage, north: Machine, south: Machine) -> None:
    """By its own bank and once; to another bank it is as unknown as none (PROTOCOLS, S6)."""
    _, lodged = await stage.call(north, "POST", "/v1/consents", body=stage.consent_body())
    path = f"/v1/consents/{lodged.json['consent_id']}/cancellation"

    _, foreign = await stage.call(south, "POST", path)
    request, ended = await stage.call(north, "POST", path)
    _, again = await stage.call(north, "POST", path)

    assert (foreign.status, foreign.code) == (404, "consent-unknown")
    stage.verify(request, ended)
    assert (ended.status, ended.json["state"]) == (200, "LAPSED")
    assert (again.status, again.code) == (403, "consent-transition-impossible")


async def test_a_bank_sees_every_ceiling(stage: Stage, north: Machine) -> None:
    """The policy as it was signed: its canonical JSON are the bytes under the signature."""
    policies = stage.house.consents.policies
    async with stage.house.database.transaction() as tx:
        signed = await policies.open_first(tx)

    request, answer = await stage.call(north, "GET", "/v1/policy")

    stage.verify(request, answer)
    (shown,) = msgspec.convert(answer.json["policies"], list[Shown])
    assert signed is not None
    assert canonicalize(msgspec.to_builtins(shown.policy)) == signed.policy
    assert shown.signature == to_base64url(signed.signature)
    assert shown.key_id == signed.key_id
    assert shown.policy.purposes[Purpose.POST_LOAN].queries_max == 1_000
