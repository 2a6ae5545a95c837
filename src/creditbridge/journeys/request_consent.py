"""A bank asks an enterprise for a consent.

    parties -> consents -> ledger -> notices

1. The request is within the bank's licence and keeps the ceilings of its purposes; it is lodged for
   the enterprise to find, with as many approvals to come as the enterprise set. A letter on paper
   waits for operators instead (`confirm_document`).
2. The ledger holds it as the first link of the consent's chain.
3. The enterprise is told.
"""

from typing import Protocol

import msgspec

from creditbridge.consents.acts import ConsentRequest
from creditbridge.consents.approvals.service import expect_approvals
from creditbridge.consents.model import Consent
from creditbridge.consents.paper.model import PaperNotEnough
from creditbridge.foundation.database import Database, Transaction
from creditbridge.journeys.admit_caller import Caller
from creditbridge.journeys.approving_circle import reach_of
from creditbridge.journeys.records.consents import request_record
from creditbridge.journeys.records.news import consent_news
from creditbridge.ledger.port import Recorder
from creditbridge.notices.model import NoticeKind
from creditbridge.notices.port import Herald
from creditbridge.parties.licence import list_forms, require_form, require_licensed
from creditbridge.parties.service import find_approval_rules
from creditbridge.parties.voices.quorum import count_needed
from creditbridge.profile.codes import ConsentForm


class Consents(Protocol):
    """What this journey needs of the consents."""

    async def request_consent(self, tx: Transaction, request: ConsentRequest) -> Consent:
        """Lodge a request that keeps every ceiling."""
        ...


class RequestConsent(msgspec.Struct, frozen=True, kw_only=True):
    """The journey, with the rooms it walks through."""

    database: Database
    consents: Consents
    ledger: Recorder
    notices: Herald

    async def __call__(self, caller: Caller, request: ConsentRequest) -> Consent:
        """Walk the steps above, in order.

        Raises:
            Refused: beyond the licence or a ceiling; the bank's authorization number or the scan is
                taken; a letter where the enterprise asks for several approvals.
            Malformed: no purpose, no section, unprintable text.
        """
        require_licensed(caller.bank, purposes=request.purposes, sections=request.sections)  # 1
        require_form(request.form, list_forms(caller.bank))  # 1
        async with self.database.transaction() as tx:
            lodged = await self.consents.request_consent(tx, request)  # 1
            rules = await find_approval_rules(tx, request.uscc)
            needed = count_needed(rules, reach_of(lodged))
            is_paper = request.form is ConsentForm.PAPER_SCAN
            if is_paper and needed > 1:
                raise PaperNotEnough
            consent = await expect_approvals(tx, lodged, needed)  # 1
            await self.ledger.record(tx, request_record(caller, consent))  # 2
            kind = NoticeKind.DOCUMENT_LODGED if is_paper else NoticeKind.CONSENT_REQUESTED
            await self.notices.tell(tx, consent_news(kind, consent))  # 3
        return consent
