"""An enterprise says how many of its people must approve what.

    parties -> ledger -> notices

1. Whoever proposes it, or agrees to it, may approve for the enterprise at this very moment.
2. As many as now must approve agree, each once, the legal representative among them; then it holds.
3. The ledger holds it once it holds, and who agreed.
4. Everybody who may speak for the enterprise is told.
"""

import msgspec

from creditbridge.foundation.database import Database, Transaction
from creditbridge.journeys.records.news import people_news
from creditbridge.journeys.records.people import rules_record
from creditbridge.journeys.require_voice import VoiceMissing
from creditbridge.ledger.port import Recorder
from creditbridge.notices.model import NoticeKind
from creditbridge.notices.port import Herald
from creditbridge.parties.service import (
    Agreement,
    agree_to_rules,
    find_enterprise,
    find_representative,
    get_person,
    propose_rules,
)
from creditbridge.parties.voices.model import Representative, VoiceUnappointed
from creditbridge.parties.voices.quorum import ApprovalRule
from creditbridge.parties.voices.rules import is_approver


class ChangeApprovals(msgspec.Struct, frozen=True, kw_only=True):
    """The journey, with the rooms it walks through."""

    database: Database
    ledger: Recorder
    notices: Herald

    async def propose(
        self, rules: tuple[ApprovalRule, ...], *, person_id: str, uscc: str
    ) -> Agreement:
        """Walk the steps above with other rules; who proposes them agrees to them.

        Raises:
            Refused: the person may not approve, or too few people could keep the rules.
            RulesMalformed: no rules.
        """
        async with self.database.transaction() as tx:
            person = await _require_approver(tx, person_id, uscc)  # 1
            agreement = await propose_rules(tx, rules, person)  # 2
            await self._conclude(tx, agreement, person)  # 3, 4
        return agreement

    async def agree(self, change_id: str, *, person_id: str, uscc: str) -> Agreement:
        """Walk the steps above with an agreement to what somebody else proposed.

        Raises:
            Refused: the person may not approve, agreed before, or there is no such change.
        """
        async with self.database.transaction() as tx:
            person = await _require_approver(tx, person_id, uscc)  # 1
            agreement = await agree_to_rules(tx, change_id, person)  # 2
            await self._conclude(tx, agreement, person)  # 3, 4
        return agreement

    async def _conclude(self, tx: Transaction, agreement: Agreement, last: Representative) -> None:
        enterprise = await find_enterprise(tx, last.uscc)
        if not agreement.holds or enterprise is None:
            return
        person = await get_person(tx, last.person_id)
        record = rules_record(person, enterprise, last, agreement)
        await self.ledger.record(tx, record)  # 3
        news = people_news(NoticeKind.APPROVALS_CHANGED, last.uscc)
        await self.notices.tell(tx, news)  # 4


async def _require_approver(tx: Transaction, person_id: str, uscc: str) -> Representative:
    found = await find_representative(tx, person_id=person_id, uscc=uscc)
    if found is None:
        raise VoiceMissing
    if not is_approver(found, now=tx.now):
        raise VoiceUnappointed
    return found
