"""The bank's side of consents: ask for one, and follow what became of it."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

import msgspec
from litestar import Response, Router, get, post
from litestar.params import FromPath

from creditbridge.access.authorization import DAYS_MAX, INTERVAL_SECONDS_MAX, PER_DAY_MAX
from creditbridge.access.granted.rules import require_own_token
from creditbridge.consents.acts import ConsentRequest
from creditbridge.consents.answers import ConsentUnknown
from creditbridge.consents.model import ConsentState
from creditbridge.endpoints.answers import JSON_TYPE, Answer, answer_json, answer_signed
from creditbridge.endpoints.consent_list import list_consents
from creditbridge.endpoints.consent_words import DOOR, SCOPE, show_consent
from creditbridge.endpoints.exchange import HttpRequest, header
from creditbridge.endpoints.guards import admitted
from creditbridge.endpoints.house import AtHouse, House
from creditbridge.endpoints.letters_on_paper import (
    DocumentWords,
    LetterWords,
    digest_of,
    letter_of,
)
from creditbridge.endpoints.words import SectionWords, ShortText, UsccText
from creditbridge.journeys.admit_caller import Presented
from creditbridge.parties.model import Bank
from creditbridge.profile.codes import (
    ConsentForm,
    DataClass,
    Product,
    Purpose,
    SubjectRole,
    Until,
)
from creditbridge.protocols.strict_json import decode
from creditbridge.protocols.uscc import parse_uscc

CLIENTS_MAX = 32
POLL_SECONDS = 5


class EnterpriseWords(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whom the bank asks; the name is what the bank knows, and is shown as such."""

    uscc: UsccText
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=128)]


class ConsentBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a bank asks an enterprise to agree to. Instants are RFC 3339, in any offset."""

    enterprise: EnterpriseWords
    authorization_no: ShortText
    purposes: Annotated[list[Purpose], msgspec.Meta(min_length=1, max_length=len(Purpose))]
    sections: SectionWords
    valid_to: Annotated[datetime, msgspec.Meta(tz=True)]
    max_queries: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]
    valid_from: Annotated[datetime, msgspec.Meta(tz=True)] | None = None
    clients: Annotated[list[ShortText], msgspec.Meta(max_length=CLIENTS_MAX)] = []
    business_ref: ShortText | None = None
    data_classes: Annotated[list[DataClass], msgspec.Meta(max_length=len(DataClass))] = []
    products: Annotated[list[Product], msgspec.Meta(max_length=len(Product))] = []
    roles: Annotated[list[SubjectRole], msgspec.Meta(max_length=len(SubjectRole))] = []
    recurring: bool | None = None
    per_day: Annotated[int, msgspec.Meta(ge=1, le=PER_DAY_MAX)] | None = None
    min_interval_seconds: Annotated[int, msgspec.Meta(ge=1, le=INTERVAL_SECONDS_MAX)] | None = None
    retention_days: Annotated[int, msgspec.Meta(ge=1, le=DAYS_MAX)] | None = None
    until: Until = Until.TERM
    form: ConsentForm = ConsentForm.E_SIGN
    document: DocumentWords | None = None
    letter: LetterWords | None = None
    supersedes: ShortText | None = None
    monitoring: bool = False
    lapses_at: Annotated[datetime, msgspec.Meta(tz=True)] | None = None


@post("/v1/consents", status_code=201)
async def create_request(request: HttpRequest, house: AtHouse) -> Response[bytes]:
    """Lodge a request that the enterprise finds in its portal."""
    async with admitted(request, house, door=DOOR, scope=SCOPE) as (presented, caller):
        # A person granted what is under way; a new request is the bank's own act.
        require_own_token(caller.grant_id)
        body = decode(presented.request.body, ConsentBody)
        consent = await house.machines.request_consent(caller, _request_of(body, caller.bank))
        shown = show_consent(consent, now=house.clock.now())
        return answer_json(house, presented, shown, status=201)


def _request_of(body: ConsentBody, bank: Bank) -> ConsentRequest:
    return ConsentRequest(
        bank_id=bank.bank_id,
        # From the register and never from the body: a bank cannot ask in another's name.
        bank_uscc=bank.uscc,
        bank_name=bank.legal_name,
        uscc=parse_uscc(body.enterprise.uscc).value,
        name=body.enterprise.name,
        authorization_no=body.authorization_no,
        purposes=frozenset(body.purposes),
        sections=frozenset(body.sections),
        valid_from=body.valid_from,
        valid_to=body.valid_to,
        max_queries=body.max_queries,
        clients=frozenset(body.clients),
        business_ref=body.business_ref,
        data_classes=frozenset(body.data_classes),
        products=frozenset(body.products),
        roles=frozenset(body.roles),
        recurring=body.recurring,
        per_day=body.per_day,
        min_interval_seconds=body.min_interval_seconds,
        retention_days=body.retention_days,
        until=body.until,
        form=body.form,
        document=digest_of(body.document),
        letter=letter_of(body.letter, body.document),
        supersedes=body.supersedes,
        monitoring=body.monitoring,
        lapses_at=body.lapses_at,
    )


@post("/v1/consents/{consent_id:str}/cancellation", status_code=200)
async def cancel_request(
    consent_id: FromPath[str], request: HttpRequest, house: AtHouse
) -> Response[bytes]:
    """Take back a request of the bank's own that the enterprise has not answered."""
    async with admitted(request, house, door=DOOR, scope=SCOPE) as (presented, caller):
        require_own_token(caller.grant_id)
        consent = await house.machines.cancel_request(caller, consent_id)
        return answer_json(house, presented, show_consent(consent, now=house.clock.now()))


@post("/v1/consents/{consent_id:str}/business-closure", status_code=200)
async def close_business(
    consent_id: FromPath[str], request: HttpRequest, house: AtHouse
) -> Response[bytes]:
    """Tell the end of the business that a consent names; told again, it changes nothing."""
    async with admitted(request, house, door=DOOR, scope=SCOPE) as (presented, caller):
        require_own_token(caller.grant_id)
        consent = await house.machines.close_business(caller, consent_id)
        return answer_json(house, presented, show_consent(consent, now=house.clock.now()))


@get("/v1/consents/{consent_id:str}")
async def read_consent(
    consent_id: FromPath[str], request: HttpRequest, house: AtHouse
) -> Response[bytes]:
    """Return one of the bank's own consents."""
    async with (
        admitted(request, house, door=DOOR, scope=SCOPE) as (presented, caller),
        house.database.transaction() as tx,
    ):
        # What a token was not granted for is as unknown as another bank's.
        if not caller.may_see(consent_id):
            raise ConsentUnknown
        consent = await house.consents.get_own_consent(
            tx, consent_id=consent_id, bank_id=caller.bank.bank_id
        )
        return _answer_polled(house, request, presented, show_consent(consent, now=tx.now))


def _answer_polled(
    house: House, request: HttpRequest, presented: Presented, shown: Mapping[str, object]
) -> Response[bytes]:
    """Answer so that who asks again and again costs little: 304 where nothing changed."""
    body = msgspec.json.encode(shown)
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers: tuple[tuple[str, str], ...] = (("etag", tag),)
    # Nobody has answered yet: a sooner look brings nothing (RFC 9110, section 10.2.3).
    if shown["state"] == ConsentState.REQUESTED:
        headers = (*headers, ("retry-after", str(POLL_SECONDS)))
    if header(request, "if-none-match") == tag:
        return answer_signed(house, presented, Answer(status=304, headers=headers, body=b""))
    headers = (("content-type", JSON_TYPE), *headers)
    return answer_signed(house, presented, Answer(status=200, headers=headers, body=body))


@get("/v1/consents/{consent_id:str}/receipt")
async def read_receipt(
    consent_id: FromPath[str], request: HttpRequest, house: AtHouse
) -> Response[bytes]:
    """Hand over the signed receipt of one of the bank's own consents, byte for byte."""
    async with admitted(request, house, door=DOOR, scope=SCOPE) as (presented, caller):
        # What a token was not granted for is as unknown as another bank's.
        if not caller.may_see(consent_id):
            raise ConsentUnknown
        receipt = await house.hand_receipt.to_bank(consent_id, bank_id=caller.bank.bank_id)
        answer = Answer(status=200, headers=(("content-type", JSON_TYPE),), body=receipt)
        return answer_signed(house, presented, answer)


router = Router(
    "/",
    route_handlers=[
        create_request,
        cancel_request,
        close_business,
        read_consent,
        read_receipt,
        list_consents,
    ],
)
