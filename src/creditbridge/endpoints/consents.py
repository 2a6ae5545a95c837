"""The bank's side of consents: ask for one, and follow what became of it."""

from datetime import datetime
from typing import Annotated

import msgspec
from litestar import Response, Router, get, post
from litestar.params import FromPath

from creditbridge.access.granted.rules import require_own_token
from creditbridge.consents.acts import ConsentRequest
from creditbridge.consents.answers import ConsentUnknown
from creditbridge.consents.model import Consent
from creditbridge.consents.rules import state_at
from creditbridge.endpoints.answers import answer_json
from creditbridge.endpoints.exchange import HttpRequest
from creditbridge.endpoints.guards import admitted
from creditbridge.endpoints.house import AtHouse
from creditbridge.endpoints.words import SectionWords, ShortText, UsccText
from creditbridge.profile.codes import Purpose
from creditbridge.protocols.strict_json import decode
from creditbridge.protocols.uscc import parse_uscc

DOOR = "consents"
SCOPE = "consents"
CLIENTS_MAX = 32
PAGE_ROWS = 50


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


@post("/v1/consents", status_code=201)
async def create_request(request: HttpRequest, house: AtHouse) -> Response[bytes]:
    """Lodge a request that the enterprise finds in its portal."""
    async with admitted(request, house, door=DOOR, scope=SCOPE) as (presented, caller):
        # A person granted what is under way; a new request is the bank's own act.
        require_own_token(caller.grant_id)
        body = decode(presented.request.body, ConsentBody)
        consent = await house.request_consent(
            caller,
            ConsentRequest(
                bank_id=caller.bank.bank_id,
                # From the register and never from the body: a bank cannot ask in another's name.
                bank_uscc=caller.bank.uscc,
                bank_name=caller.bank.legal_name,
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
            ),
        )
        shown = show_consent(consent, now=house.clock.now())
        return answer_json(house, presented, shown, status=201)


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
        return answer_json(house, presented, show_consent(consent, now=tx.now))


@get("/v1/consents")
async def list_consents(request: HttpRequest, house: AtHouse) -> Response[bytes]:
    """Return the bank's own consents, newest first."""
    async with (
        admitted(request, house, door=DOOR, scope=SCOPE) as (presented, caller),
        house.database.transaction() as tx,
    ):
        consents = await house.consents.list_for_bank(
            tx, caller.bank.bank_id, consent_ids=caller.consent_ids, rows_max=PAGE_ROWS
        )
        shown = [show_consent(consent, now=tx.now) for consent in consents]
        return answer_json(house, presented, {"consents": shown})


def show_consent(consent: Consent, *, now: datetime) -> dict[str, object]:
    """Return a consent as the bank sees it."""
    return {
        "consent_id": consent.consent_id,
        "authorization_no": consent.authorization_no,
        "state": state_at(consent, now=now),
        "enterprise": {"uscc": consent.uscc, "name": consent.name},
        "purposes": sorted(consent.purposes),
        "sections": sorted(consent.sections),
        "valid_from": consent.valid_from,
        "valid_to": consent.valid_to,
        "max_queries": consent.max_queries,
        "used": consent.used,
        "clients": sorted(consent.clients),
        "business_ref": consent.business_ref,
        "version": consent.version,
    }


router = Router("/", route_handlers=[create_request, read_consent, list_consents])
