"""How a consent receipt is made: from the consent's artefact, and its turns in the ledger."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from types import MappingProxyType

import msgspec
from msgspec.structs import replace

from creditbridge.consents.artefact import read_artefact
from creditbridge.consents.model import Consent, ConsentArtefact, ConsentState
from creditbridge.consents.rules import state_at
from creditbridge.evidence.binary import write_binary
from creditbridge.evidence.consent_receipts import (
    SCHEMA_VERSION,
    ConsentReceipt,
    PartyRole,
    ReceiptArtefact,
    ReceiptEvent,
    ReceiptHeader,
    ReceiptNotice,
    ReceiptParty,
    encode_receipt,
    processing_of,
    receipt_message,
)
from creditbridge.foundation.errors import Refused
from creditbridge.foundation.keys import Signer
from creditbridge.ledger.model import (
    ConsentEnded,
    Core,
    DocumentConfirmed,
    EventKind,
    Opened,
)
from creditbridge.ledger.rules import open_entry

AUTHORITY_ID = "authority"
# What a kind leads to; an end says its state itself, and other kinds change none.
STATES: Mapping[str, ConsentState] = MappingProxyType(
    {
        "consent.requested": ConsentState.REQUESTED,
        "consent.approved": ConsentState.ACTIVE,
        "consent.paused": ConsentState.PAUSED,
        "consent.resumed": ConsentState.ACTIVE,
    }
)
BY_CONTROLLER = frozenset({"consent.requested", "consent.cancelled"})


class ConsentNotGiven(Refused):
    """A request that is open, refused or lapsed: nothing was given, so nothing is receipted."""

    code = "consent-not-given"
    message = "This consent was never given, so there is no receipt of it."


class ReceiptHouse(msgspec.Struct, frozen=True, kw_only=True):
    """What the house says of itself in every receipt; contacts in the operator's own words."""

    origin: str
    people_url: str
    operator: str | None = None
    complaints: str | None = None
    regulator: str | None = None


class ReceiptAsked(msgspec.Struct, frozen=True, kw_only=True):
    """Of which consent a receipt is made, and under which id."""

    receipt_id: str
    consent: Consent
    log_size: int | None = None


def assemble_consent_receipt(
    asked: ReceiptAsked,
    turns: Iterable[Opened],
    house: ReceiptHouse,
    signer: Signer,
    *,
    now: datetime,
) -> bytes:
    """Return the signed receipt of a consent, with its turns as the ledger opened them, in order.

    Raises:
        ConsentNotGiven: nobody ever said yes.
    """
    consent = asked.consent
    artefact = read_artefact(consent.artefact)
    events = tuple(_event_of(turn, artefact, house) for turn in turns)
    if ConsentState.ACTIVE not in {event.event_state for event in events}:
        raise ConsentNotGiven
    # As the events leave it and not as the row stands: one may have moved between two reads.
    reached = [event.event_state for event in events if event.event_state is not None][-1]
    state = state_at(replace(consent, state=reached), now=now)
    receipt = ConsentReceipt(
        v=1,
        type="consent-receipt",
        header=_header_of(asked, state, house, now=now),
        parties=parties_of(artefact, house),
        processing=processing_of(
            artefact,
            withdrawal_method=f"{house.people_url}/portal/consents/{consent.consent_id}/withdrawal",
            notice=_notice_of(consent),
        ),
        events=events,
        artefact=ReceiptArtefact(
            document=write_binary(consent.artefact),
            kid=consent.artefact_key_id,
            signature=write_binary(consent.artefact_signature),
        ),
        kid=signer.key.key_id,
    )
    signature = signer.sign(receipt_message(receipt))
    return encode_receipt(replace(receipt, signature=write_binary(signature)))


def parties_of(artefact: ConsentArtefact, house: ReceiptHouse) -> tuple[ReceiptParty, ...]:
    """Return who takes part: the enterprise, the bank, the gateway, and who supervises if said."""
    parties = (
        ReceiptParty(
            party_id=artefact.grantor.uscc,
            party_role=PartyRole.GRANTOR,
            party_name=artefact.grantor.name,
        ),
        ReceiptParty(
            party_id=artefact.grantee.uscc,
            party_role=PartyRole.CONTROLLER,
            party_name=artefact.grantee.legal_name,
        ),
        ReceiptParty(
            party_id=house.origin,
            party_role=PartyRole.PROCESSOR,
            contact=house.operator or "",
            complaints=house.complaints or "",
        ),
    )
    if house.regulator is None:
        return parties
    authority = ReceiptParty(
        party_id=AUTHORITY_ID, party_role=PartyRole.AUTHORITY, contact=house.regulator
    )
    return (*parties, authority)


def _header_of(
    asked: ReceiptAsked, state: ConsentState, house: ReceiptHouse, *, now: datetime
) -> ReceiptHeader:
    consent = asked.consent
    return ReceiptHeader(
        schema_version=SCHEMA_VERSION,
        receipt_id=asked.receipt_id,
        record_id=consent.consent_id,
        record_state=state,
        grantor_id=consent.uscc,
        origin=house.origin,
        issued_at=now,
        authorization_no=consent.authorization_no,
        subject_person=consent.subject_person,
        log_size=asked.log_size,
    )


def _notice_of(consent: Consent) -> ReceiptNotice | None:
    if consent.template_id is None or consent.text_digest is None:
        return None
    return ReceiptNotice(
        template_id=consent.template_id,
        template_version=consent.template_version or "",
        text_digest=write_binary(consent.text_digest),
    )


def _event_of(turn: Opened, artefact: ConsentArtefact, house: ReceiptHouse) -> ReceiptEvent:
    core, _ = open_entry(turn.opening)
    return ReceiptEvent(
        event_id=turn.event_id,
        event_type=turn.kind,
        event_time=core.decided_at,
        entity_id=_entity_of(core, artefact, house),
        consent_seq=core.consent_seq or 0,
        commitment=write_binary(turn.commitment),
        ledger_receipt=write_binary(turn.receipt),
        event_state=_state_of(core),
    )


def _entity_of(core: Core, artefact: ConsentArtefact, house: ReceiptHouse) -> str:
    # The party and never the person: names of people stay in openings, where they can be erased.
    if core.person is not None and core.kind != EventKind.DOCUMENT_CONFIRMED:
        return artefact.grantor.uscc
    return artefact.grantee.uscc if core.kind in BY_CONTROLLER else house.origin


def _state_of(core: Core) -> ConsentState | None:
    if isinstance(core.terms, ConsentEnded | DocumentConfirmed):
        return ConsentState(core.terms.state)
    return STATES.get(core.kind)
