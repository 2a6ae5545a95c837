"""PROTOCOLS R4 over the real doors: what a bank is licensed for, when it asks and at each use."""

from collections.abc import Mapping

import msgspec
import pytest
from tests.endpoints.browser import CODE_FLOW, Browser, detail, form_of, push
from tests.endpoints.polling import CIBA_MEMBERS, ask, enter
from tests.endpoints.stage import Machine, Stage
from tests.endpoints.wire import Answer

from creditbridge.parties.model import ChangeKind
from creditbridge.protocols.canonical_json import JsonValue, canonicalize

LICENCE: dict[str, JsonValue] = {"purposes": ["PRE_LOAN_REVIEW"], "sections": ["PEN", "REG"]}
OTHER: dict[str, JsonValue] = {"purposes": ["LIMIT_APPROVAL"], "sections": ["PEN", "REG"]}
BEYOND: Mapping[str, dict[str, object]] = {
    "consent-purpose-not-licensed": {"purposes": ["PRE_LOAN_REVIEW", "LIMIT_APPROVAL"]},
    "consent-sections-not-licensed": {"sections": ["REG", "LST"]},
}


@pytest.fixture
async def browsing(stage: Stage) -> Machine:
    """A machine that asks people in a browser."""
    return await stage.onboard("north", signs=False, members=CODE_FLOW)


@pytest.fixture
async def calling(stage: Stage) -> Machine:
    """A machine that asks people without one."""
    return await stage.onboard("north", signs=False, members=CIBA_MEMBERS)


async def decide(stage: Stage, kind: ChangeKind, body: JsonValue) -> Answer:
    """Let two operators decide a change."""
    change = await stage.operate("/changes", stage.propose(canonicalize(body), kind))
    return await stage.operate("/approvals", stage.approve(change))


async def license_bank(
    stage: Stage, machine: Machine, licence: dict[str, JsonValue] | None
) -> None:
    """Let two operators say what a machine's bank may ask."""
    body: JsonValue = {"bank_id": machine.bank_id, "licence": licence}
    decided = await decide(stage, ChangeKind.BANK_LICENCE, body)
    assert decided.status == 201, decided.body


async def pushed(stage: Stage, machine: Machine, **changed: object) -> Answer:
    """Push a request for one consent."""
    details = msgspec.json.encode([detail(stage, **changed)]).decode()
    return await push(stage, machine, form_of(machine.client_id, authorization_details=details))


@pytest.mark.parametrize("code", BEYOND)
async def test_R4_a_request_in_the_browser_is_within_the_licence(
    code: str, stage: Stage, browsing: Machine
) -> None:
    """Before a person sees a page; the description says what is wrong."""
    await license_bank(stage, browsing, LICENCE)

    refused = await pushed(stage, browsing, **BEYOND[code])

    assert (refused.status, refused.json["error"]) == (400, "invalid_authorization_details")
    assert "not licensed" in str(refused.json["error_description"])
    assert (await pushed(stage, browsing)).status == 201


@pytest.mark.parametrize("code", BEYOND)
async def test_R4_a_request_without_a_browser_is_within_the_licence(
    code: str, stage: Stage, calling: Machine
) -> None:
    """As at the push."""
    await enter(Browser(stage))
    await license_bank(stage, calling, LICENCE)

    refused = await ask(
        stage, calling, authorization_details=[detail(stage, **BEYOND[code])], binding_message=None
    )

    assert (refused.status, refused.json["error"]) == (400, "invalid_authorization_details")
    good = await ask(stage, calling, authorization_details=[detail(stage)])
    assert good.status == 200, good.body


@pytest.mark.parametrize("code", BEYOND)
async def test_R4_a_request_that_is_lodged_is_within_the_licence(
    code: str, stage: Stage, north: Machine
) -> None:
    """With a code of its own; nothing is lodged."""
    await license_bank(stage, north, LICENCE)

    body = stage.consent_body(**{**LICENCE, **BEYOND[code]})
    _, refused = await stage.call(north, "POST", "/v1/consents", body=body)

    assert (refused.status, refused.code) == (403, code)
    _, good = await stage.call(north, "POST", "/v1/consents", body=stage.consent_body(**LICENCE))
    assert good.status == 201, good.body


async def test_R4_a_licence_that_was_narrowed_counts_at_the_next_use(
    stage: Stage, north: Machine, consent_id: str
) -> None:
    """A report that was delivered is not delivered again either; no platform is asked."""
    assert (await stage.ask(north, consent_id, sections=["REG"]))[1].status == 200

    await license_bank(stage, north, OTHER)
    _, again = await stage.ask(north, consent_id, sections=["REG"])
    _, other = await stage.ask(north, consent_id, key="key-2", sections=["REG"])

    assert {(one.status, one.code) for one in (again, other)} == {
        (403, "consent-purpose-not-licensed")
    }
    assert other.header("creditbridge-receipt")
    assert len(stage.dialect.queries) == 1
    await license_bank(stage, north, {**LICENCE, "sections": ["PEN"]})
    _, section = await stage.ask(north, consent_id, key="key-2", sections=["REG"])
    assert (section.status, section.code) == (403, "consent-sections-not-licensed")


async def test_R4_the_consent_was_not_touched(
    stage: Stage, north: Machine, consent_id: str
) -> None:
    """It is used again once two operators licensed the bank so; the refusal freed the key."""
    await license_bank(stage, north, OTHER)
    assert (await stage.ask(north, consent_id))[1].status == 403

    await license_bank(stage, north, None)

    assert (await stage.ask(north, consent_id))[1].status == 200


async def test_R4_a_bank_comes_in_with_its_licence(stage: Stage, south: Machine) -> None:
    """Named beside its clients; a second bank is untouched by it."""
    body: dict[str, JsonValue] = {
        "uscc": "91330100YY0000B1X5",
        "legal_name": "north bank",
        "licence": LICENCE,
        "clients": [
            {
                "client_id": "north-core",
                "matcher": {"kind": "san_dns", "value": "core.north.example"},
                "scopes": ["consents"],
                "requires_signature": False,
                "keys": [],
            }
        ],
    }
    onboarded = await decide(stage, ChangeKind.BANK_ONBOARDING, body)

    assert onboarded.status == 201, onboarded.body
    _, theirs = await stage.call(
        south, "POST", "/v1/consents", body=stage.consent_body(purposes=["LIMIT_APPROVAL"])
    )
    assert theirs.status == 201, theirs.body


@pytest.mark.parametrize(
    "licence",
    [
        {**LICENCE, "purposes": []},
        {**LICENCE, "sections": ["REG", "REG"]},
        {**LICENCE, "purposes": ["MARKETING"]},
    ],
)
async def test_R4_a_licence_that_says_nothing_is_not_proposed(
    licence: dict[str, JsonValue], stage: Stage, north: Machine
) -> None:
    """400, before a second operator reads it."""
    body = canonicalize({"bank_id": north.bank_id, "licence": licence})

    refused = await stage.operate("/changes", stage.propose(body, ChangeKind.BANK_LICENCE))

    assert refused.status == 400
