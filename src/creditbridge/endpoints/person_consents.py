"""The bank's side of natural persons' own consents: ask for one, and follow what became of it."""

from datetime import datetime
from typing import Annotated

import msgspec
from litestar import Response, Router, get, post
from litestar.params import FromPath

from creditbridge.access.granted.rules import require_own_token
from creditbridge.consents.persons.model import PersonConsent, PersonRequest
from creditbridge.consents.persons.rules import state_at
from creditbridge.consents.persons.service import get_of_bank
from creditbridge.endpoints.answers import answer_json
from creditbridge.endpoints.consent_words import DOOR, SCOPE
from creditbridge.endpoints.consents import EnterpriseWords
from creditbridge.endpoints.exchange import HttpRequest
from creditbridge.endpoints.guards import admitted
from creditbridge.endpoints.house import AtHouse
from creditbridge.endpoints.words import SectionWords, ShortText
from creditbridge.parties.model import Bank
from creditbridge.profile.codes import KeyPosition, Purpose
from creditbridge.protocols.strict_json import decode
from creditbridge.protocols.uscc import parse_uscc


class PersonConsentBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a bank asks of whoever holds a position; nobody's name, nobody's number."""

    enterprise: EnterpriseWords
    authorization_no: ShortText
    purposes: Annotated[list[Purpose], msgspec.Meta(min_length=1, max_length=len(Purpose))]
    sections: SectionWords
    valid_to: Annotated[datetime, msgspec.Meta(tz=True)]
    position: KeyPosition = KeyPosition.LEGAL_REP


@post("/v1/person-consents", status_code=201)
async def create_request(request: HttpRequest, house: AtHouse) -> Response[bytes]:
    """Lodge a request that the person finds among their own consents."""
    async with admitted(request, house, door=DOOR, scope=SCOPE) as (presented, caller):
        # A person granted what is under way; a new request is the bank's own act.
        require_own_token(caller.grant_id)
        body = decode(presented.request.body, PersonConsentBody)
        consent = await house.machines.ask_key_person(caller, _request_of(body, caller.bank))
        shown = show_person_consent(consent, now=house.clock.now())
        return answer_json(house, presented, shown, status=201)


@get("/v1/person-consents/{person_consent_id:str}")
async def read_person_consent(
    person_consent_id: FromPath[str], request: HttpRequest, house: AtHouse
) -> Response[bytes]:
    """Return one of the bank's own."""
    async with (
        admitted(request, house, door=DOOR, scope=SCOPE) as (presented, caller),
        house.database.transaction() as tx,
    ):
        require_own_token(caller.grant_id)
        consent = await get_of_bank(
            tx, person_consent_id=person_consent_id, bank_id=caller.bank.bank_id
        )
        return answer_json(house, presented, show_person_consent(consent, now=tx.now))


def show_person_consent(consent: PersonConsent, *, now: datetime) -> dict[str, object]:
    """Return a person's consent as the bank sees it: whoever answered is not named."""
    return {
        "person_consent_id": consent.person_consent_id,
        "authorization_no": consent.authorization_no,
        "state": state_at(consent, now=now),
        "enterprise": {"uscc": consent.uscc, "name": consent.name},
        "position": consent.position,
        "purposes": sorted(consent.purposes),
        "sections": sorted(consent.sections),
        "requested_at": consent.requested_at,
        "answer_by": consent.lapses_at,
        "valid_from": consent.decided_at if consent.artefact is not None else None,
        "valid_to": consent.valid_to,
        "ended_at": consent.ended_at,
        "version": consent.version,
    }


def _request_of(body: PersonConsentBody, bank: Bank) -> PersonRequest:
    return PersonRequest(
        bank_id=bank.bank_id,
        # From the register and never from the body: a bank cannot ask in another's name.
        bank_uscc=bank.uscc,
        bank_name=bank.legal_name,
        uscc=parse_uscc(body.enterprise.uscc).value,
        name=body.enterprise.name,
        position=body.position,
        purposes=frozenset(body.purposes),
        sections=frozenset(body.sections),
        authorization_no=body.authorization_no,
        valid_to=body.valid_to,
    )


router = Router("/", route_handlers=[create_request, read_person_consent])
