"""An enterprise has another legal representative, or has one no longer: its consents wait for word.

    parties -> consents -> login -> ledger -> notices

1. Somebody's right to be it has ended: as the identity provider named another, or the same person
   in another role; or, by the register's word, it ends here, once, whoever brings the word.
2. Every consent that rests on their word is paused until the new one confirms it: no use and no
   delivery from here on. What they said to requests that still wait falls.
3. They are signed out of the enterprise on every node, and their passkeys end with the last
   enterprise that they spoke for. Who goes on as an agent stays signed in.
4. The ledger holds that their right ended, that the legal representative is another, and each pause
   as a link of its consent's chain.
5. The enterprise is told, and they are told once, by the last letter that they get from it.
6. Every node is told: what it is asking a platform under these consents ends at once.

Agents stay: a power of attorney is the enterprise's, and the new legal representative may end it.
What an agent approved rests on the agent's word, and goes on.
"""

from typing import Protocol

import msgspec

from creditbridge.consents.model import Consent
from creditbridge.foundation.database import Database, Transaction
from creditbridge.journeys.records.consents import held_record
from creditbridge.journeys.records.credentials import EndReason, end_record, name_owner
from creditbridge.journeys.records.news import consent_news, people_news
from creditbridge.journeys.records.people import Source, ended_record, succession_record
from creditbridge.journeys.under_way import tell_nodes
from creditbridge.ledger.port import Recorder
from creditbridge.login.passkeys.model import Passkey
from creditbridge.login.service import close_sessions_of
from creditbridge.notices.model import News, NoticeKind, Reader
from creditbridge.notices.port import Herald
from creditbridge.parties.model import Enterprise
from creditbridge.parties.service import (
    end_head,
    find_enterprise,
    find_succeeded,
    get_person,
    is_head_succeeded,
    list_enterprises_of,
)
from creditbridge.parties.voices.model import Representative
from creditbridge.parties.voices.succession import RegisterWord
from creditbridge.platforms.model import SubjectAnswer


class Confirmations(Protocol):
    """What this journey needs of the consents."""

    async def await_confirmations(
        self, tx: Transaction, *, uscc: str, person_id: str, days: int
    ) -> list[Consent]:
        """Pause what rests on a person's word."""
        ...

    async def drop_approvals(self, tx: Transaction, *, uscc: str, person_id: str) -> int:
        """Let a person's approvals of requests that wait fall."""
        ...


class Passkeys(Protocol):
    """What this journey needs of the passkeys."""

    async def end_all(self, tx: Transaction, person_id: str) -> list[Passkey]:
        """End every passkey of a person."""
        ...


class Notices(Herald, Protocol):
    """What this journey needs of the notices."""

    async def part(self, tx: Transaction, reader: Reader, news: News) -> None:
        """Tell a person the last thing."""
        ...


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """Whose right to be the legal representative ended, by whose word, and who came after them."""

    enterprise: Enterprise
    ended: Representative
    successor: Representative | None = None
    word: RegisterWord | None = None

    @property
    def stays(self) -> bool:
        """Whether the person goes on as an agent of the enterprise."""
        after = self.successor
        return after is not None and after.person_id == self.ended.person_id


class FollowRepresentative(msgspec.Struct, frozen=True, kw_only=True):
    """The journey, with the rooms it walks through; `confirm_days` is how long is waited."""

    database: Database
    confirmations: Confirmations
    passkeys: Passkeys
    ledger: Recorder
    notices: Notices
    confirm_days: int

    async def hear_register(self, subject: SubjectAnswer) -> bool:
        """Walk the steps above by a verified answer; tell whether it changed anything.

        The usual answer, which names who is on file, costs one look and locks nothing.
        """
        if (named := subject.legal_rep) is None:
            return False
        word = RegisterWord(name=named.name, as_of=named.as_of, since=named.since)
        async with self.database.transaction(reads_now=False) as tx:
            if not await is_head_succeeded(tx, subject.uscc, word):
                return False
        async with self.database.transaction() as tx:
            ended = await end_head(tx, subject.uscc, word)  # 1
            enterprise = await find_enterprise(tx, subject.uscc)
            if ended is None or enterprise is None:
                return False
            await self._follow(tx, Change(enterprise=enterprise, ended=ended, word=word))
        return True

    async def hear_provider(self, tx: Transaction, successor: Representative) -> bool:
        """Walk the steps above as a right began; tell whether another one ended with that."""
        ended = await find_succeeded(tx, successor)  # 1
        enterprise = await find_enterprise(tx, successor.uscc)
        if ended is None or enterprise is None:
            return False
        change = Change(enterprise=enterprise, ended=ended, successor=successor)
        await self._follow(tx, change)
        return True

    async def _follow(self, tx: Transaction, change: Change) -> None:
        uscc, person_id = change.enterprise.uscc, change.ended.person_id
        paused = await self.confirmations.await_confirmations(  # 2
            tx, uscc=uscc, person_id=person_id, days=self.confirm_days
        )
        await self.confirmations.drop_approvals(tx, uscc=uscc, person_id=person_id)  # 2
        passkeys = list[Passkey]()
        if not change.stays:
            await close_sessions_of(tx, person_id=person_id, uscc=uscc)  # 3
            if not await list_enterprises_of(tx, person_id):
                passkeys = await self.passkeys.end_all(tx, person_id)  # 3
        await self._record(tx, change, paused, passkeys)  # 4
        await self._tell(tx, change, paused)  # 5
        for consent in paused:
            await tell_nodes(tx, consent.consent_id)  # 6

    async def _record(
        self, tx: Transaction, change: Change, paused: list[Consent], passkeys: list[Passkey]
    ) -> None:
        person = await get_person(tx, change.ended.person_id)
        # Whoever goes on as an agent has a new entry; that one says it all.
        if not change.stays:
            record = ended_record(person, change.enterprise, change.ended, acted=None)
            await self.ledger.record(tx, record)
        await self.ledger.record(
            tx,
            succession_record(
                change.enterprise,
                change.ended,
                Source.IDENTITY if change.word is None else Source.REGISTER,
                successor=None if change.stays else change.successor,
                as_of=None if change.word is None else change.word.as_of,
            ),
        )
        for consent in paused:
            await self.ledger.record(tx, held_record(consent))
        for passkey in passkeys:
            record = end_record(passkey, name_owner(person), EndReason.AUTHORITY)
            await self.ledger.record(tx, record)

    async def _tell(self, tx: Transaction, change: Change, paused: list[Consent]) -> None:
        uscc = change.enterprise.uscc
        news = people_news(NoticeKind.LEGAL_REPRESENTATIVE_CHANGED, uscc)
        if not change.stays:
            reader = Reader(person_id=change.ended.person_id, uscc=uscc)
            # Before the others are told: from here on no letter but this one goes to them.
            await self.notices.part(tx, reader, news)
        await self.notices.tell(tx, news)
        for consent in paused:
            await self.notices.tell(tx, consent_news(NoticeKind.CONSENT_UNCONFIRMED, consent))
