"""Who may say yes for an enterprise at one instant, and how many of them must."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import msgspec

from creditbridge.consents.approvals.model import ApproverAsked
from creditbridge.consents.model import Consent
from creditbridge.foundation.database import Transaction
from creditbridge.foundation.errors import Refused
from creditbridge.journeys.require_voice import VoiceMissing
from creditbridge.parties.service import (
    find_approval_rules,
    hold_representatives,
    list_representatives,
)
from creditbridge.parties.voices.model import Reach, Representative
from creditbridge.parties.voices.quorum import ApprovalRule, count_needed
from creditbridge.parties.voices.rules import require_within

DAY = timedelta(days=1)


class ApprovingCircle(msgspec.Struct, frozen=True, kw_only=True):
    """Who speaks for an enterprise as of `now`; `bank_people` speak for the bank that asks."""

    voices: Mapping[str, Representative]
    bank_people: frozenset[str]
    rules: tuple[ApprovalRule, ...]
    now: datetime

    def count_needed(self, consent: Consent) -> int:
        """Return how many distinct people must approve a consent of this extent, 1 or more."""
        return count_needed(self.rules, reach_of(consent))

    def may_approve(self, person_id: str, consent: Consent) -> bool:
        """Tell whether a person may approve a consent of this extent."""
        try:
            self.require_approver(person_id, consent)
        except Refused:
            return False
        return True

    def require_approver(self, person_id: str, consent: Consent) -> None:
        """Accept a person who may approve a consent of this extent.

        Raises:
            VoiceMissing: they may not speak for the enterprise.
            ApproverAsked: they speak for the bank that asks.
            VoiceRefused: an agent, beyond a limit that the refusal names.
        """
        representative = self.voices.get(person_id)
        if representative is None:
            raise VoiceMissing
        if person_id in self.bank_people:
            raise ApproverAsked
        require_within(representative, reach_of(consent), now=self.now)


async def read_circle(tx: Transaction, *, uscc: str, bank_uscc: str) -> ApprovingCircle:
    """Return who may approve for an enterprise what a bank asks, and hold that until `tx` ends.

    Called before the consent is locked: in this order everybody locks them.
    """
    held = await hold_representatives(tx, uscc)
    bank = await list_representatives(tx, bank_uscc)
    return ApprovingCircle(
        voices={one.person_id: one for one in held},
        bank_people=frozenset(one.person_id for one in bank if one.ended_at is None),
        rules=await find_approval_rules(tx, uscc),
        now=tx.now,
    )


def reach_of(consent: Consent) -> Reach:
    """Return how far a consent goes."""
    term = consent.valid_to - consent.valid_from
    return Reach(
        purposes=consent.purposes,
        sections=consent.sections,
        # Begun days count: a limit of thirty days does not cover thirty and an hour.
        days=-(-term // DAY),
        queries=consent.max_queries,
    )
