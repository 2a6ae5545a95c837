"""What letters on paper leave in the ledger, and what is told of them."""

import msgspec
from msgspec.structs import asdict, replace

from creditbridge.consents.model import Consent, ConsentEvent, ConsentState
from creditbridge.consents.paper.model import Confirmed
from creditbridge.consents.paper.rules import (
    CONFIRMATION_RULE,
    CONFIRMATION_RULE_VERSION,
    digest_lodged,
)
from creditbridge.journeys.records.consents import end_record, extent_of
from creditbridge.journeys.records.operators import name_operator
from creditbridge.journeys.records.reports import name_bank, name_enterprise
from creditbridge.ledger.encoding import to_base64url
from creditbridge.ledger.model import (
    ActProof,
    ArtefactProof,
    ConsentEnded,
    DigestName,
    DocumentConfirmed,
    EventKind,
    PersonName,
    Proofs,
    Record,
)
from creditbridge.parties.acts import SignedConfirmation
from creditbridge.parties.model import Operator
from creditbridge.parties.rules import encode_act, read_key
from creditbridge.protocols.canonical_json import canonicalize

SCAN = "SCAN"


def confirmed_record(
    confirmed: Confirmed, operator: Operator, confirmation: SignedConfirmation
) -> Record:
    """Return the record of one operator's word on a scan, with the act as it was signed."""
    consent = confirmed.consent
    terms = DocumentConfirmed(
        **asdict(extent_of(consent)),
        state=consent.state,
        assurance=SCAN,
        artefact_digest=to_base64url(digest_lodged(consent)),
        given=confirmed.given,
        needed=confirmed.needed,
        key_id=operator.key_id,
        signature=to_base64url(confirmation.signature),
    )
    record = Record(
        kind=EventKind.DOCUMENT_CONFIRMED,
        rule=CONFIRMATION_RULE,
        rule_version=CONFIRMATION_RULE_VERSION,
        terms=terms,
        bank=name_bank(consent),
        enterprise=name_enterprise(consent),
        consent_id=consent.consent_id,
        person=name_operator(operator),
        digests={DigestName.ACT: encode_act(confirmation.act)},
        proofs=Proofs(act=_signed(operator, confirmation)),
    )
    # What the house signed is the consent's own, and there is none before the last of them.
    return record if consent.state is ConsentState.REQUESTED else _given(record, consent)


def _given(record: Record, consent: Consent) -> Record:
    artefact = ArtefactProof(
        artefact=consent.artefact,
        signature=consent.artefact_signature,
        key_id=consent.artefact_key_id,
    )
    return replace(
        record,
        digests={**record.digests, DigestName.ARTEFACT: consent.artefact},
        key_ids={"consent": consent.artefact_key_id},
        proofs=replace(record.proofs, artefact=artefact),
    )


def _signed(operator: Operator, confirmation: SignedConfirmation) -> ActProof:
    """Return what the operator's signature is over, and the key that it is by."""
    jwk = canonicalize(msgspec.to_builtins(read_key(operator.jwk).to_jwk()))
    return ActProof(act=encode_act(confirmation.act), key=jwk)


def disowned_record(event: ConsentEvent, consent: Consent, person: PersonName) -> Record:
    """Return the record that an enterprise said of a letter that it is not its own."""
    terms = ConsentEnded(version=consent.version, state=consent.state, reason=consent.reason)
    return replace(end_record(EventKind(event), consent, person), terms=terms)
