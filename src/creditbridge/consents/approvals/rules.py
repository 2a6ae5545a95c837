"""Which approvals count. Pure: who may approve is an argument, as of the instant of the last."""

import hashlib
from collections.abc import Iterable
from datetime import datetime

from creditbridge.consents.acts import Approval
from creditbridge.consents.approvals.model import Circle, Countersignature
from creditbridge.consents.artefact import artefact_of, encode_artefact
from creditbridge.consents.model import Consent


def digest_artefact(consent: Consent) -> bytes:
    """Return the SHA-256 of the artefact that a consent of this extent has, 32 bytes."""
    return hashlib.sha256(encode_artefact(artefact_of(consent))).digest()


def countersign(approval: Approval, proposed: Consent, *, now: datetime) -> Countersignature:
    """Return a person's yes to a consent as it would be given."""
    return Countersignature(
        consent_id=approval.consent_id,
        version=approval.version,
        person_id=approval.person_id,
        role=approval.role,
        artefact_digest=digest_artefact(proposed),
        template_id=approval.template_id,
        template_version=approval.template_version,
        text_digest=approval.text_digest,
        approved_at=now,
    )


def select_counted(
    approvals: Iterable[Countersignature], proposed: Consent, circle: Circle
) -> tuple[Countersignature, ...]:
    """Return the approvals that count towards a consent as it would be given, one per person.

    An approval of another artefact does not count, nor does one of somebody who by now may not give
    it any more: what counts is decided at the instant of the last one.
    """
    digest = digest_artefact(proposed)
    counted = {
        one.person_id: one
        for one in approvals
        if one.artefact_digest == digest and circle.may_approve(one.person_id, proposed)
    }
    return tuple(sorted(counted.values(), key=lambda one: (one.approved_at, one.person_id)))
