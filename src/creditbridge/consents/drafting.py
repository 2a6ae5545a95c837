"""What a request for a consent becomes when it is lodged, before it is signed. Pure."""

from datetime import datetime

from creditbridge.consents.acts import ConsentRequest
from creditbridge.consents.ceilings import Term
from creditbridge.consents.letter import encode_letter
from creditbridge.consents.model import Consent, ConsentState
from creditbridge.consents.policy import Ceilings
from creditbridge.foundation.ids import Kind, new_id
from creditbridge.profile.classes import classes_of


def draft_request(
    request: ConsentRequest, term: Term, ceilings: Ceilings, *, now: datetime
) -> Consent:
    """Return a request with the term that it was accepted for, within the ceilings of its form."""
    return Consent(
        consent_id=request.consent_id or new_id(Kind.CONSENT, now=now),
        version=1,
        state=ConsentState.REQUESTED,
        bank_id=request.bank_id,
        clients=request.clients,
        uscc=request.uscc,
        purposes=request.purposes,
        sections=request.sections,
        valid_from=term.valid_from,
        valid_to=term.valid_to,
        max_queries=request.max_queries,
        used=0,
        business_ref=request.business_ref,
        business_closed_at=None,
        authorization_no=request.authorization_no,
        bank_uscc=request.bank_uscc,
        bank_name=request.bank_name,
        name=request.name,
        requested_at=now,
        lapses_at=term.lapses_at,
        rule=ceilings.rule,
        rule_version=ceilings.rule_version,
        # Said even where the bank left them out: both sides sign what is opened.
        data_classes=request.data_classes or classes_of(request.sections) & ceilings.data_classes,
        products=request.products,
        roles=request.roles,
        recurring=term.recurring,
        per_day=request.per_day,
        min_interval_seconds=request.min_interval_seconds,
        retention_days=term.retention_days,
        until=request.until,
        form=request.form,
        document=request.document,
        letter=None if request.letter is None else encode_letter(request.letter),
        supersedes=request.supersedes,
        monitoring=request.monitoring,
        subject_person=request.subject_person,
    )
