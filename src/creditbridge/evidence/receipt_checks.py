"""Checks of a consent receipt: it says what the artefact says, and the ledger promised its events.

What is no check here: that the ledger kept its promise. For that there are packs.
"""

from itertools import pairwise

from creditbridge.consents.artefact import verify_artefact
from creditbridge.consents.model import ConsentArtefact, ConsentState
from creditbridge.evidence.binary import read_binary
from creditbridge.evidence.consent_receipts import (
    ConsentReceipt,
    PartyRole,
    ReceiptEvent,
    processing_of,
)
from creditbridge.evidence.model import PackUntrue
from creditbridge.evidence.pins import Pin, Pins
from creditbridge.foundation.keys import PublicKey
from creditbridge.ledger.rules import verify_receipt
from creditbridge.protocols.jwk import parse_jwk

# Time and uses end a consent without an event.
_WITHOUT_EVENT = frozenset({ConsentState.EXPIRED, ConsentState.EXHAUSTED})
_GIVING = frozenset({"consent.approved", "document.confirmed"})
_GIVEN = frozenset({ConsentState.ACTIVE, ConsentState.PAUSED})


def check_consent(receipt: ConsentReceipt, pins: Pins) -> str:
    """Check that the house signed the artefact, and that the receipt says the same.

    Raises:
        PackUntrue: an unknown key, or a member that is not as in the artefact.
        SignatureInvalid: the artefact or its signature was changed.
    """
    signed = receipt.artefact
    key = _find_key(pins.file.consent_keys, signed.kid)
    if key is None:
        raise PackUntrue(detail=f"no pinned key {signed.kid}")
    artefact = verify_artefact(read_binary(signed.document), read_binary(signed.signature), key)
    said = processing_of(
        artefact,
        withdrawal_method=receipt.processing.withdrawal_method,
        notice=receipt.processing.privacy_notice,
    )
    if receipt.processing != said:
        raise PackUntrue(detail="the processing is not what the artefact says")
    _require_parties(receipt, artefact)
    return f"{', '.join(artefact.purposes)}: {', '.join(artefact.sections)}"


def check_events(receipt: ConsentReceipt, pins: Pins) -> str:
    """Check that the ledger promised to hold each event, and that they lead to the state.

    Raises:
        PackUntrue: out of order, another event's promise, no approval, another state.
        SignatureInvalid: no promise, or not by a pinned key.
    """
    for one, following in pairwise(receipt.events):
        if one.consent_seq >= following.consent_seq or one.event_time > following.event_time:
            raise PackUntrue(detail=f"event {following.event_id} is out of order")
    for event in receipt.events:
        _require_promised(event, receipt.header.origin, pins)
    given = {event.event_type for event in receipt.events if event.event_state in _GIVEN}
    if given.isdisjoint(_GIVING):
        raise PackUntrue(detail="nobody gave this consent")
    states = [event.event_state for event in receipt.events if event.event_state is not None]
    _require_state(receipt.header.record_state, states[-1])
    return f"{len(receipt.events)} events, {receipt.header.record_state}"


def _require_parties(receipt: ConsentReceipt, artefact: ConsentArtefact) -> None:
    header, grantor, grantee = receipt.header, artefact.grantor, artefact.grantee
    parties = {party.party_role: (party.party_id, party.party_name) for party in receipt.parties}
    if (
        parties.get(PartyRole.GRANTOR) != (grantor.uscc, grantor.name)
        or parties.get(PartyRole.CONTROLLER) != (grantee.uscc, grantee.legal_name)
        or len(parties) != len(receipt.parties)
    ):
        raise PackUntrue(detail="the parties are not those of the artefact")
    named = (header.record_id, header.grantor_id, header.authorization_no, header.subject_person)
    if named != (
        artefact.consent_id,
        grantor.uscc,
        artefact.authorization_no,
        artefact.subject_person,
    ):
        raise PackUntrue(detail="the header is of another consent")


def _require_promised(event: ReceiptEvent, origin: str, pins: Pins) -> None:
    promise = verify_receipt(
        read_binary(event.ledger_receipt),
        lambda key_id: _find_key(pins.file.receipt_keys, key_id),
    )
    promised = (promise.origin, promise.commitment, promise.decided_at)
    if promised != (origin, event.commitment, event.event_time):
        raise PackUntrue(detail=f"the promise is not of event {event.event_id}")


def _require_state(shown: ConsentState, reached: ConsentState) -> None:
    if shown != reached and not (reached in _GIVEN and shown in _WITHOUT_EVENT):
        raise PackUntrue(detail=f"{shown}, where the events lead to {reached}")


def _find_key(pins: tuple[Pin, ...], key_id: str) -> PublicKey | None:
    # Whatever the index: a receipt holds none, and old ones must stay readable after a rotation.
    found = [pin for pin in pins if pin.kid == key_id]
    return parse_jwk({**found[0].jwk, "kid": key_id}) if found else None
