"""The bank's reports: ask for one, and download what proves it."""

import msgspec
from litestar import Response, Router, get, post
from litestar.params import FromPath

from creditbridge.admission.rules import fingerprint_of, parse_key
from creditbridge.consents.model import Asked
from creditbridge.endpoints.answers import Answer, answer_json, answer_outcome, answer_signed
from creditbridge.endpoints.exchange import HttpRequest, header
from creditbridge.endpoints.guards import admitted
from creditbridge.endpoints.house import AtHouse
from creditbridge.endpoints.words import ConsentId, SectionWords, ShortText, UsccText, require_id
from creditbridge.foundation.ids import Kind
from creditbridge.journeys.deliver_report import ReportRequest
from creditbridge.ledger.service import get_report
from creditbridge.parties.licence import list_forms
from creditbridge.profile.codes import Product, Purpose, SubjectRole
from creditbridge.protocols.strict_json import decode
from creditbridge.protocols.uscc import parse_uscc

DOOR = "reports"
SCOPE = "reports"
PACK_TYPE = "application/zip"


class ReportBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a bank asks. `operator_id` names the member of staff who looks (CRR 22)."""

    consent_id: ConsentId
    enterprise: UsccText
    purpose: Purpose
    sections: SectionWords
    operator_id: ShortText
    business_ref: ShortText | None = None
    product: Product | None = None  # Needed where the consent names products.
    role: SubjectRole | None = None  # Needed where the consent names roles.
    person_purpose: Purpose | None = None  # Of the personal table: for whom persons consented.
    business_id: ShortText | None = None  # The bank's own, unique per bank: one look, ever.


@post("/v1/reports", status_code=200)
async def create_report(request: HttpRequest, house: AtHouse) -> Response[bytes]:
    """Deliver one report under one consent."""
    # Before anything else: the span that a bank measures begins here.
    received_at = house.clock.now()
    # Before the body is decoded: a stranger learns nothing of its members, not even that they are
    # wrong.
    async with admitted(request, house, door=DOOR, scope=SCOPE) as (presented, caller):
        key = parse_key(header(request, "idempotency-key"))
        body = decode(presented.request.body, ReportBody)
        outcome = await house.machines.deliver_report(
            ReportRequest(
                caller=caller,
                asked=Asked(
                    bank_id=caller.bank.bank_id,
                    client_id=caller.client_id,
                    uscc=parse_uscc(body.enterprise).value,
                    consent_id=body.consent_id,
                    purpose=body.purpose,
                    sections=frozenset(body.sections),
                    business_ref=body.business_ref,
                    product=body.product,
                    role=body.role,
                    person_purpose=body.person_purpose,
                    forms=list_forms(caller.bank),
                ),
                idempotency_key=key,
                # Of the bytes as received: two spellings of one wish are two requests.
                fingerprint=fingerprint_of(
                    presented.request.method, presented.request.target_uri, presented.request.body
                ),
                business_id=body.business_id,
                traceparent=request.scope["state"]["traceparent"],
                received_at=received_at,
            )
        )
        return answer_outcome(house, presented, outcome)


@get("/v1/reports/{report_id:str}")
async def read_report(
    report_id: FromPath[str], request: HttpRequest, house: AtHouse
) -> Response[bytes]:
    """Say how one of the bank's own reports ended, a refused one too."""
    async with (
        admitted(request, house, door=DOOR, scope=SCOPE) as (presented, caller),
        house.database.transaction() as tx,
    ):
        story = await get_report(
            tx,
            house.ledger,
            report_id=require_id(Kind.REPORT, report_id),
            bank_id=caller.bank.bank_id,
            consent_ids=caller.consent_ids,
        )
        return answer_json(house, presented, story)


@get("/v1/reports/{report_id:str}/evidence")
async def read_evidence(
    report_id: FromPath[str], request: HttpRequest, house: AtHouse
) -> Response[bytes]:
    """Hand over the evidence pack of one of the bank's own reports, a refused one too."""
    async with admitted(request, house, door=DOOR, scope=SCOPE, produces=PACK_TYPE) as (
        presented,
        caller,
    ):
        pack = await house.machines.prove_record(caller, require_id(Kind.REPORT, report_id))
        disposition = f'attachment; filename="{report_id}.zip"'
        headers = (("content-type", PACK_TYPE), ("content-disposition", disposition))
        return answer_signed(house, presented, Answer(status=200, headers=headers, body=pack))


router = Router("/", route_handlers=[create_report, read_report, read_evidence])
