"""A grant's story in the ledger, and how a consent reads in one."""

from enum import StrEnum

from msgspec.structs import replace

from creditbridge.access.authorization import DetailEnterprise
from creditbridge.access.granted.model import Grant, GrantedDetail
from creditbridge.consents.model import Consent
from creditbridge.journeys.records.reports import name_bank, name_enterprise
from creditbridge.ledger.model import (
    BankName,
    EnterpriseName,
    EventKind,
    GrantMade,
    GrantRevoked,
    PersonName,
    Record,
)

RULE = "grant-standing"
RULE_VERSION = "1"


class GrantEnd(StrEnum):
    """Why a grant ended before its time; the value is the ledger's word."""

    CLIENT = "client-revoked"
    CODE = "code-reused"
    CONSENT = "consent-withdrawn"
    SUPERSEDED = "consent-superseded"
    BUSINESS = "business-closed"
    UNCONFIRMED = "representative-unconfirmed"


def granted_detail(consent: Consent) -> GrantedDetail:
    """Return a consent as it was given, in the words of `authorization_details`."""
    return GrantedDetail(
        type="credit_report",
        consent_id=consent.consent_id,
        enterprise=DetailEnterprise(uscc=consent.uscc, name=consent.name),
        purposes=tuple(sorted(consent.purposes)),
        sections=tuple(sorted(consent.sections)),
        valid_from=consent.valid_from,
        valid_to=consent.valid_to,
        max_queries=consent.max_queries,
        clients=tuple(sorted(consent.clients)),
        business_ref=consent.business_ref,
        authorization_no=consent.authorization_no,
        data_classes=tuple(sorted(consent.data_classes)),
        products=tuple(sorted(consent.products)),
        roles=tuple(sorted(consent.roles)),
        recurring=consent.recurring,
        per_day=consent.per_day,
        min_interval_seconds=consent.min_interval_seconds,
        retention_days=consent.retention_days,
        until=consent.until,
        supersedes=consent.supersedes,
        monitoring=consent.monitoring,
    )


def made_records(
    grant: Grant, *, bank: BankName, enterprise: EnterpriseName, person: PersonName
) -> list[Record]:
    """Return the records of a new grant: one for each consent that it rests on, or one."""
    terms = GrantMade(
        grant_id=grant.grant_id,
        client=grant.client_id,
        scope=grant.scopes,
        expires_at=grant.expires_at,
    )
    return [
        Record(
            kind=EventKind.GRANT_MADE,
            rule=RULE,
            rule_version=RULE_VERSION,
            terms=terms,
            bank=bank,
            enterprise=enterprise,
            consent_id=consent_id,
            person=person,
        )
        for consent_id in grant.consent_ids or (None,)
    ]


def revoked_record(grant: Grant, reason: GrantEnd, *, bank: BankName) -> Record:
    """Return the record that a grant ended before its time."""
    return Record(
        kind=EventKind.GRANT_REVOKED,
        rule=RULE,
        rule_version=RULE_VERSION,
        terms=GrantRevoked(grant_id=grant.grant_id, client=grant.client_id, reason=reason),
        bank=bank,
    )


def ended_grant_record(
    grant: Grant, reason: GrantEnd, consent: Consent, person: PersonName | None = None
) -> Record:
    """Return the record that a grant ended with a consent that it rested on."""
    return replace(
        revoked_record(grant, reason, bank=name_bank(consent)),
        enterprise=name_enterprise(consent),
        consent_id=consent.consent_id,
        person=person,
    )
