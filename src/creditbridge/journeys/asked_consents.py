"""What an authorization request asks for, in the consents' words."""

from datetime import datetime

from msgspec.structs import replace

from creditbridge.access.authorization import ReportDetail
from creditbridge.access.backchannel.model import SentRequest
from creditbridge.access.pushed.model import PushedRequest
from creditbridge.consents.acts import ConsentRequest
from creditbridge.parties.model import Bank


def list_asked(pushed: PushedRequest | SentRequest, bank: Bank) -> tuple[ConsentRequest, ...]:
    """Return the consents that a request asks for, each under the id that it will have."""
    details = zip(pushed.request.details, pushed.consent_ids, strict=True)
    return tuple(_request_of(detail, consent_id, bank) for detail, consent_id in details)


def begin_in_time(asked: ConsentRequest, *, now: datetime) -> ConsentRequest:
    """Return a request that begins at once where its beginning passed while a person read it."""
    if asked.valid_from is None or asked.valid_from > now:
        return asked
    return replace(asked, valid_from=None)


def numbered_by_house(asked: ConsentRequest) -> bool:
    """Tell whether the bank gave a consent no number of its own."""
    return asked.authorization_no == asked.consent_id


def _request_of(detail: ReportDetail, consent_id: str, bank: Bank) -> ConsentRequest:
    return ConsentRequest(
        consent_id=consent_id,
        bank_id=bank.bank_id,
        # From the register and never from the request: a bank cannot ask in another's name.
        bank_uscc=bank.uscc,
        bank_name=bank.legal_name,
        uscc=detail.enterprise.uscc,
        name=detail.enterprise.name,
        # A number that the bank did not give is one that it has never used.
        authorization_no=detail.authorization_no or consent_id,
        purposes=frozenset(detail.purposes),
        sections=frozenset(detail.sections),
        valid_from=detail.valid_from,
        valid_to=detail.valid_to,
        max_queries=detail.max_queries,
        clients=frozenset(detail.clients),
        business_ref=detail.business_ref,
        data_classes=frozenset(detail.data_classes),
        products=frozenset(detail.products),
        roles=frozenset(detail.roles),
        recurring=detail.recurring,
        per_day=detail.per_day,
        min_interval_seconds=detail.min_interval_seconds,
        retention_days=detail.retention_days,
        until=detail.until,
        supersedes=detail.supersedes,
        monitoring=detail.monitoring,
    )
