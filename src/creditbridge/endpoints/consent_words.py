"""A consent in the words of the bank door."""

from datetime import datetime

from creditbridge.consents.model import Consent
from creditbridge.consents.rules import state_at
from creditbridge.endpoints.letters_on_paper import show_document

DOOR = "consents"
SCOPE = "consents"


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
        # Of one and the same artefact, by distinct people (PROTOCOLS Z10, C6).
        "approvals": {"given": consent.approvals_given, "needed": consent.approvals_needed},
        "business_closed_at": consent.business_closed_at,
        "version": consent.version,
        **_shown_extent(consent),
    }


def _shown_extent(consent: Consent) -> dict[str, object]:
    return {
        "data_classes": sorted(consent.data_classes),
        "products": sorted(consent.products),
        "roles": sorted(consent.roles),
        "recurring": consent.recurring,
        "per_day": consent.per_day,
        "min_interval_seconds": consent.min_interval_seconds,
        "retention_days": consent.retention_days,
        "until": consent.until,
        **show_document(consent),
        "supersedes": consent.supersedes,
        "monitoring": consent.monitoring,
        "last_used_at": consent.last_used_at,
    }
