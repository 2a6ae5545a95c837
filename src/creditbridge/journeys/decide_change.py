"""Two operators change the registry, the policy, or open the way to a new passkey.

    parties -> access -> consents -> login -> ledger -> notices

1. The proposer's signed act names the change: its kind, and a body that could take effect.
2. The proposal is in the ledger before anybody is asked to approve it.
3. A second person signs exactly this change, within a day.
4. The change is in force.
5. Tokens that must not outlive it are gone.
6. Approval and change are in the ledger, in the commit that puts it in force.
7. Who speaks for an enterprise is told where one of them may get a new passkey.
"""

from typing import Protocol

import msgspec

from creditbridge.consents.policy import SignedPolicy
from creditbridge.foundation.database import Database, Transaction
from creditbridge.journeys.records.credentials import (
    EndReason,
    end_record,
    name_owner,
    recovery_record,
)
from creditbridge.journeys.records.news import people_news
from creditbridge.journeys.records.operators import RULE, approval_record, proposal_record
from creditbridge.journeys.records.policies import policy_record
from creditbridge.journeys.records.registry import Outcome, change_record
from creditbridge.ledger.model import Record
from creditbridge.ledger.port import Recorder
from creditbridge.login.passkeys.model import Passkey
from creditbridge.notices.model import NoticeKind
from creditbridge.notices.port import Herald
from creditbridge.parties.acts import SignedApproval, SignedProposal
from creditbridge.parties.changes import consent_policy
from creditbridge.parties.model import Applied, Change, ChangeKind, Person
from creditbridge.parties.service import (
    apply_change,
    approve_change,
    get_operator,
    list_enterprises_of,
    propose_change,
)
from creditbridge.profile.consent_policy import PolicyWords


class Access(Protocol):
    """What this journey needs of the authorization server."""

    async def revoke_tokens(
        self, tx: Transaction, *, bank_id: str, client_id: str | None = None
    ) -> int:
        """Revoke the tokens of a bank or of one client; return how many."""
        ...


class Policies(Protocol):
    """What this journey needs of the consents' policies."""

    async def change(
        self, tx: Transaction, words: PolicyWords, *, change_id: str | None
    ) -> SignedPolicy:
        """Sign and keep another policy, which binds after its notice."""
        ...


class Recoveries(Protocol):
    """What this journey needs of the passkeys."""

    cooling_hours: int

    async def recover(self, tx: Transaction, *, person_id: str, change_id: str) -> list[Passkey]:
        """End every passkey of a person, open the way for one new; return those that ended."""
        ...


class DecideChange(msgspec.Struct, frozen=True, kw_only=True):
    """The journey, with the rooms it walks through."""

    database: Database
    access: Access
    policies: Policies
    passkeys: Recoveries
    ledger: Recorder
    notices: Herald

    async def propose(self, proposal: SignedProposal) -> Change:
        """Walk steps 1 and 2.

        Raises:
            Refused: no such operator, a stale act.
            SignatureInvalid: not this operator's signature.
            Malformed: a body that could not take effect.
        """
        async with self.database.transaction() as tx:
            change = await propose_change(tx, proposal)  # 1
            operator = await get_operator(tx, change.proposed_by)
            await self.ledger.record(tx, proposal_record(change, operator))  # 2
        return change

    async def approve(self, approval: SignedApproval) -> Applied:
        """Walk steps 3 to 6.

        Raises:
            Refused: the same person, an expired, altered or decided change, a clash.
            SignatureInvalid: not this operator's signature.
        """
        async with self.database.transaction() as tx:
            change = await approve_change(tx, approval)  # 3
            operator = await get_operator(tx, approval.act.operator_id)
            applied = await apply_change(tx, change.change_id)  # 4
            # Before the ledger's counters are taken: a token that is being issued holds those of
            # its bank later than the lock that this waits for.
            outcome = await self._revoke(tx, Outcome(change=change, applied=applied))  # 5
            await self.ledger.record(tx, approval_record(change, operator))  # 6
            for record in await self._list_records(tx, outcome):
                await self.ledger.record(tx, record)  # 6
            await self._tell(tx, applied)  # 7
        return applied

    async def _list_records(self, tx: Transaction, outcome: Outcome) -> list[Record]:
        change, person = outcome.change, outcome.applied.person
        if person is not None:
            return await self._recover(tx, person, change.change_id)
        if change.kind is not ChangeKind.CONSENT_POLICY:
            return [change_record(outcome)]
        words = consent_policy.read(change.body)
        signed = await self.policies.change(tx, words, change_id=change.change_id)
        return [policy_record(signed, rule=RULE)]

    async def _recover(self, tx: Transaction, person: Person, change_id: str) -> list[Record]:
        ended = await self.passkeys.recover(tx, person_id=person.person_id, change_id=change_id)
        name = name_owner(person)
        return [
            *(end_record(one, name, EndReason.RECOVERY) for one in ended),
            recovery_record(
                ended, name, change_id=change_id, cooling_hours=self.passkeys.cooling_hours
            ),
        ]

    async def _tell(self, tx: Transaction, applied: Applied) -> None:
        if applied.person is None:
            return
        for uscc in await list_enterprises_of(tx, applied.person.person_id):
            await self.notices.tell(tx, people_news(NoticeKind.CREDENTIAL_RECOVERED, uscc))

    async def _revoke(self, tx: Transaction, outcome: Outcome) -> Outcome:
        applied = outcome.applied
        if applied.client is None or not applied.ends_tokens:
            return outcome
        revoked = await self.access.revoke_tokens(
            tx, bank_id=applied.bank.bank_id, client_id=applied.client.client_id
        )
        return msgspec.structs.replace(outcome, tokens_revoked=revoked)
