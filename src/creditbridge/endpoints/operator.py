"""The operators' words, on the operations door: loopback only, each act signed by its operator."""

from typing import Annotated

import msgspec
from litestar import Response, Router, get, post
from litestar.params import FromPath
from msgspec.structs import replace

from creditbridge.endpoints.exchange import HttpRequest
from creditbridge.endpoints.house import AtHouse
from creditbridge.endpoints.keys import list_keys
from creditbridge.endpoints.letters_on_paper import (
    confirm_document,
    list_documents,
    read_document,
)
from creditbridge.endpoints.pins import encode_pins, list_pins, pin_of
from creditbridge.endpoints.registry import list_clients, show_applied, suspend
from creditbridge.endpoints.words import require_id
from creditbridge.foundation.errors import Malformed
from creditbridge.foundation.ids import Kind, is_id
from creditbridge.ledger.encoding import from_base64url, to_base64url
from creditbridge.ledger.house_keys import list_house_keys
from creditbridge.parties.acts import ApprovalAct, ProposalAct, SignedApproval, SignedProposal
from creditbridge.parties.model import Change, Operator, OperatorEnrolment
from creditbridge.parties.rules import ChangeUnknown, digest_change
from creditbridge.parties.service import get_change, list_message_keys
from creditbridge.protocols.jwk import parse_jwk
from creditbridge.protocols.strict_json import decode

Signature = Annotated[str, msgspec.Meta(max_length=86)]
FIRST_OPERATORS = 2
NO_STORE = {"cache-control": "no-store"}


class OperatorsMiscounted(Malformed):
    """The house is opened by two persons, no more and no fewer."""

    code = "operators-miscounted"
    message = "Name exactly two persons, each with a public key."


class EnrolmentBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A person who is to become an operator, with the public JWK (RFC 7517) of their key."""

    person_name: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    key: dict[str, str]


class OpeningBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The first two operators."""

    operators: list[EnrolmentBody]


class ProposalBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A signed proposal; `body` is the change's canonical JSON, base64url."""

    act: ProposalAct
    body: str
    signature: Signature


class ApprovalBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A signed approval."""

    act: ApprovalAct
    signature: Signature


@post("/operators", status_code=201)
async def open_house(request: HttpRequest, house: AtHouse) -> Response[bytes]:
    """Enrol the first two operators, once for ever."""
    body = decode(await request.body(), OpeningBody)
    if len(body.operators) != FIRST_OPERATORS:
        raise OperatorsMiscounted
    first, second = (
        OperatorEnrolment(person_name=one.person_name, key=parse_jwk(one.key))
        for one in body.operators
    )
    operators = await house.operators.open_house((first, second))
    return _answer({"operators": [_show_operator(operator) for operator in operators]})


@post("/changes", status_code=201)
async def propose(request: HttpRequest, house: AtHouse) -> Response[bytes]:
    """Keep what one operator proposes."""
    body = decode(await request.body(), ProposalBody)
    proposal = SignedProposal(
        act=body.act,
        body=from_base64url(body.body),
        signature=from_base64url(body.signature),
    )
    return _answer(_show_change(await house.operators.decide_change.propose(proposal)))


@get("/changes/{change_id:str}")
async def read_change(change_id: FromPath[str], house: AtHouse) -> Response[bytes]:
    """Show a change to the operator who is to approve it."""
    if not is_id(Kind.CHANGE, change_id):
        raise ChangeUnknown
    async with house.database.transaction() as tx:
        change = await get_change(tx, change_id)
    return _answer(_show_change(change))


@post("/approvals", status_code=201)
async def approve(request: HttpRequest, house: AtHouse) -> Response[bytes]:
    """Put a change in force that a second operator approves."""
    body = decode(await request.body(), ApprovalBody)
    approval = SignedApproval(act=body.act, signature=from_base64url(body.signature))
    return _answer(show_applied(await house.operators.decide_change.approve(approval)))


@get("/pins/{bank_id:str}")
async def read_pins(bank_id: FromPath[str], house: AtHouse) -> Response[bytes]:
    """Return what a bank's verifier believes: the house's public keys, and the bank's own."""
    async with house.database.transaction() as tx:
        keys = await list_message_keys(tx, require_id(Kind.BANK, bank_id))
        pins = list_pins(house.pinned, await list_house_keys(tx))
    pins = replace(pins, bank_keys=tuple(pin_of(key) for key in keys))
    return Response(encode_pins(pins), media_type="application/json", headers=NO_STORE)


@get("/ledger/check")
async def check_ledger(house: AtHouse) -> Response[bytes]:
    """Check the whole ledger and replay it; 409 where something does not fit."""
    checked = await house.operators.check_ledger()
    return Response(
        msgspec.json.encode(checked),
        # A status of its own, so that a cron job without a parser still notices.
        status_code=409 if checked.violations or checked.breaches else 200,
        media_type="application/json",
        headers=NO_STORE,
    )


def _show_operator(operator: Operator) -> dict[str, str]:
    return {
        "operator_id": operator.operator_id,
        "person_name": operator.person_name,
        "key_id": operator.key_id,
    }


def _show_change(change: Change) -> dict[str, object]:
    return {
        "change_id": change.change_id,
        "kind": change.kind,
        "body": to_base64url(change.body),
        "proposed_by": change.proposed_by,
        "expires_at": change.expires_at,
        "digest": digest_change(change),
    }


def _answer(members: object) -> Response[bytes]:
    return Response(
        msgspec.json.encode(members),
        media_type="application/json",
        headers=NO_STORE,
    )


router = Router(
    "/",
    route_handlers=[
        *(open_house, propose, read_change, approve),
        *(suspend, list_clients),
        *(list_documents, read_document, confirm_document),
        *(read_pins, list_keys, check_ledger),
    ],
)
