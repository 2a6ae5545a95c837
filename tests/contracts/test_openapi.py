"""The contract of the doors and the code say the same."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TypeAlias
from urllib.parse import urlsplit

import jsonschema
import msgspec
import pytest
from openapi_spec_validator import validate
from tests.endpoints.stage import Machine, Stage
from tests.endpoints.teller import Teller
from tests.endpoints.wire import Answer, Application, send
from tests.error_tree import list_errors

from creditbridge.access.pushed.model import PushedAnswer
from creditbridge.endpoints.consents import ConsentBody
from creditbridge.endpoints.letters_on_paper import ConfirmationBody
from creditbridge.endpoints.operator import ApprovalBody, OpeningBody, ProposalBody
from creditbridge.endpoints.person_consents import PersonConsentBody
from creditbridge.endpoints.problems import INTERNAL, PLAIN, status_of
from creditbridge.endpoints.reports import ReportBody
from creditbridge.evidence.pins import PinsFile
from creditbridge.foundation.errors import (
    CreditbridgeError,
    Malformed,
    Refused,
    Unavailable,
    Untrusted,
)
from creditbridge.journeys.check_ledger import Checked
from creditbridge.ledger.model import Receipt
from creditbridge.ledger.service import ReportStory
from creditbridge.protocols.problem import Problem
from creditbridge.server.heads import RequestRefused

Contract: TypeAlias = Mapping[str, object]
Methods: TypeAlias = Mapping[str, object]

STRUCTS = (
    PushedAnswer,
    ReportBody,
    ConsentBody,
    PersonConsentBody,
    OpeningBody,
    ProposalBody,
    ApprovalBody,
    ConfirmationBody,
    Problem,
    PinsFile,
    Checked,
    Receipt,
    ReportStory,
)
# For browsers: pages, and what they link to.
PAGES = ("/portal/", "/static/", "/oauth/authorize/")
# What no door answers, by reason.
NEVER_TOLD: Mapping[str, frozenset[str]] = {
    "a kind, not a leaf": frozenset(
        {
            "refused",
            "untrusted",
            "unavailable",
            "consent-inactive",
            "voice-refused",
            "agent-limited",
            "consent-approver-unfit",
        }
    ),
    "told in the words of OAuth": frozenset(
        {
            "invalid-request",
            "invalid-client",
            "invalid-scope",
            "token-foreign",
            "unsupported-grant-type",
            "invalid-grant",
            "code-reused",
            "unauthorized-client",
            "access-denied",
            "approvals-missing",
            "authorization-details-invalid",
            "authorization-request-invalid",
            "enterprise-foreign",
            "request-object-invalid",
            "request-uri-invalid",
            "response-type-unsupported",
            "authorization-pending",
            "backchannel-request-invalid",
            "binding-message-invalid",
            "hint-unknown",
            "login-required",
            "request-expired",
            "request-refused",
            "slow-down",
        }
    ),
    "told as another error by whoever calls": frozenset(
        {
            "certificate-foreign",
            "change-unapproved",
            "dpop-proof-rejected",
            "answer-seal-broken",
            "http-answer-unfit",
            "address-unreadable",
            "approval-statement-malformed",
            "http-too-large",
            "http-unavailable",
            "mail-refused",
            "mail-unavailable",
            "passkey-malformed",
            "sm2-cipher-malformed",
            "sm2-envelope-broken",
            "sm2-message-malformed",
            "sm2-message-stale",
            "sm4-seal-broken",
            "structured-field-malformed",
            "tile-unknown",
            "token-rejected",
            "verifier-mismatch",
        }
    ),
    "told at the start, in the log or at readiness": frozenset(
        {"key-id-repeated", "ledger-head-moved", "ledger-rolled-back", "revocation-list-rejected"}
    ),
    "told by the offline verifier": frozenset(
        {
            "checkpoint-invalid",
            "law-broken",
            "note-invalid",
            "note-key-invalid",
            "outside-tree",
            "pack-archive-broken",
            "pack-broken",
            "pack-untrue",
            "pins-malformed",
            "proof-file-invalid",
            "proof-invalid",
            "seal-invalid",
            "tile-invalid",
        }
    ),
    "a defect of ours where it happens": frozenset({"amount-malformed", "json-not-representable"}),
}


def members(value: object) -> Mapping[str, object]:
    """Return a member of the contract that is an object."""
    return msgspec.convert(value, dict[str, object])


def status_told(kind: type[CreditbridgeError]) -> int:
    """Return the HTTP status of an error, without making one."""
    if issubclass(kind, RequestRefused):
        return kind.status
    return status_of(kind.__new__(kind))


def routes_of(app: Application) -> dict[str, set[str]]:
    """Return the addresses of a door with their methods, in lower case."""
    # The framework stands behind whatever answers before it.
    inner: object = app
    while inner is not None and not hasattr(inner, "routes"):
        inner = getattr(inner, "app", None)
    routes = getattr(inner, "routes", [])
    return {
        route.path_format: {method.lower() for method in route.methods} - {"options"}
        for route in routes
        if route.path_format != "/" and not route.path_format.startswith(PAGES)
    }


def require_fit(contract: Contract, name: str, answer: Answer) -> None:
    """Accept a body that fits a schema of the contract."""
    schema = {"$ref": f"#/components/schemas/{name}", "components": contract["components"]}
    jsonschema.Draft202012Validator(schema).validate(answer.json)


def test_the_contract_is_openapi(contract: Contract) -> None:
    """Valid by the standard's own schema (OpenAPI 3.1)."""
    folder = Path(__file__).parents[2] / "contracts"

    validate(contract, base_uri=(folder / "openapi.yaml").as_uri())


@pytest.mark.parametrize("door", ["bank", "people", "operations"])
async def test_every_route_is_in_the_contract(door: str, contract: Contract, stage: Stage) -> None:
    """Address by address and method by method, at each door."""
    doors = {"bank": stage.bank, "people": stage.people, "operations": stage.operations}
    ports = {"bank": 8443, "people": 8444, "operations": 8480}
    described = {
        path: set(members(methods)) - {"servers"}
        for path, methods in members(contract["paths"]).items()
        if port_of(methods) == ports[door]
    }

    assert described == routes_of(doors[door])


def port_of(methods: object) -> int | None:
    """Return the port of the door that an address of the contract is at."""
    (server,) = msgspec.convert(members(methods)["servers"], list[dict[str, str]])
    return urlsplit(server["url"]).port


def test_every_problem_code_is_in_the_contract(contract: Contract) -> None:
    """With its status and words: all errors of the house, but those that no door tells."""
    never = frozenset[str]().union(*NEVER_TOLD.values())
    told = {
        kind.code: {"status": status_told(kind), "detail": kind.message}
        for base in (Refused, Malformed, Untrusted, Unavailable)
        for kind in reversed(list_errors(base))
        if kind.code not in never
    }
    plain = {code: {"status": status, "detail": words} for status, (code, words) in PLAIN.items()}
    documented = {
        code: msgspec.convert(entry, dict[str, int | str])
        for code, entry in members(contract["x-problem-codes"]).items()
    }

    told = {**plain, **told, INTERNAL[0]: {"status": 500, "detail": INTERNAL[1]}}
    assert documented.keys() - told.keys() == {"overloaded"}
    assert told.keys() - documented.keys() == set()
    assert {code: documented[code]["status"] for code in told} == {
        code: entry["status"] for code, entry in told.items()
    }
    assert all(documented[code]["detail"] for code in documented)


def test_what_no_door_tells_exists(contract: Contract) -> None:
    """The exceptions are of errors that there are, and none of them is documented after all."""
    known = {
        kind.code
        for base in (Refused, Malformed, Untrusted, Unavailable)
        for kind in list_errors(base)
    }
    never = frozenset[str]().union(*NEVER_TOLD.values())

    assert never <= known
    assert not never & members(contract["x-problem-codes"]).keys()


def test_the_schemas_of_bodies_are_those_of_the_code(contract: Contract) -> None:
    """Member by member, with bounds, enums and what is required."""
    _, schemas = msgspec.json.schema_components(STRUCTS, ref_template="#/components/schemas/{name}")
    documented = members(members(contract["components"])["schemas"])
    expected = msgspec.json.decode(msgspec.json.encode(schemas), type=dict[str, object])

    assert {name: documented[name] for name in expected} == expected


def test_the_examples_fit_their_schemas(contract: Contract) -> None:
    """Every example of a body that has a schema in the contract."""
    checked = 0
    for content in find_contents(contract["paths"]):
        for described in map(members, content.values()):
            if "example" not in described:
                continue
            schema = {**members(described["schema"]), "components": contract["components"]}
            jsonschema.Draft202012Validator(schema).validate(described["example"])
            checked += 1
    assert checked >= 8


def find_contents(value: object) -> Iterator[Mapping[str, object]]:
    """Return every `content` below a value."""
    if isinstance(value, list):
        for one in value:
            yield from find_contents(one)
    if isinstance(value, dict):
        for name, one in members(value).items():
            if name == "content":
                yield members(one)
            else:
                yield from find_contents(one)


async def test_the_banks_answers_fit_the_contract(
    contract: Contract, stage: Stage, north: Machine
) -> None:
    """A consent from its request to its reading, and a refusal."""
    consent_id = await stage.give_consent(north)
    _, lodged = await stage.call(north, "POST", "/v1/consents", body=stage.consent_body())
    _, listed = await stage.call(north, "GET", "/v1/consents")
    _, one = await stage.call(north, "GET", f"/v1/consents/{consent_id}")
    _, refused = await stage.ask(north, consent_id, sections=["EVA"])
    _, unfit = await stage.ask(north, consent_id, sections=[])

    require_fit(contract, "Consent", lodged)
    require_fit(contract, "ConsentList", listed)
    require_fit(contract, "Consent", one)
    require_fit(contract, "Problem", refused)
    require_fit(contract, "Problem", unfit)


async def test_the_answers_about_a_grant_fit_the_contract(
    contract: Contract, stage: Stage, north: Machine
) -> None:
    """The tokens that a code brings, what introspection says of one, and the grant's status."""
    teller = Teller(stage, north)
    await teller.allow()
    tokens = await teller.redeem(await teller.make_code(await stage.give_consent(north)))
    own = await stage.get_token(north, scope="grant_management_query")
    _, status = await teller.call(own, "GET", f"/grants/{tokens.json['grant_id']}")
    told = await teller.post("/oauth/introspect", {"token": str(tokens.json["access_token"])})

    require_fit(contract, "TokenAnswer", tokens)
    require_fit(contract, "GrantStatus", status)
    require_fit(contract, "Introspection", told)


async def test_the_public_answers_fit_the_contract(contract: Contract, stage: Stage) -> None:
    """Metadata, keys, health."""
    metadata = await send(stage.people, "GET", "/.well-known/oauth-authorization-server")
    keys = await send(stage.people, "GET", "/jwks")
    alive = await send(stage.operations, "GET", "/livez")
    ready = await send(stage.operations, "GET", "/readyz")

    require_fit(contract, "Metadata", metadata)
    require_fit(contract, "KeySet", keys)
    require_fit(contract, "Alive", alive)
    require_fit(contract, "Ready", ready)


async def test_the_operators_answers_fit_the_contract(
    contract: Contract, stage: Stage, north: Machine
) -> None:
    """Pins and the check of the ledger; changes and banks come by in `onboard`."""
    await stage.sequencer.run_once()
    pins = await send(stage.operations, "GET", f"/pins/{north.bank_id}")
    keys = await send(stage.operations, "GET", "/keys")
    endings = await send(stage.operations, "GET", "/health/endings")
    checked = await send(stage.operations, "GET", "/ledger/check")

    require_fit(contract, "PinsFile", pins)
    require_fit(contract, "HouseKeys", keys)
    require_fit(contract, "Endings", endings)
    require_fit(contract, "Checked", checked)
