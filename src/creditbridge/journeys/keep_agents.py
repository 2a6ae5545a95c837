"""The legal representative says who else may speak for the enterprise, and how far.

    parties -> login -> ledger -> notices

1. Whoever says so is the legal representative at this very moment: agents never appoint agents.
2. The agent is one whom the identity provider vouched for here; the proof and the limits are kept.
3. Whose authority ends is signed out of it at once, on every node; their address goes with it.
4. The ledger holds the act, and by which entry the legal representative may do it.
5. Everybody who may speak for the enterprise is told.
"""

from typing import Protocol

import msgspec

from creditbridge.foundation.database import Database, Transaction
from creditbridge.journeys.records.news import people_news
from creditbridge.journeys.records.people import appointment_record, ended_record
from creditbridge.journeys.require_voice import VoiceMissing
from creditbridge.ledger.port import Recorder
from creditbridge.login.service import close_sessions_of
from creditbridge.notices.model import NoticeKind, Reader
from creditbridge.notices.port import Herald
from creditbridge.parties.model import Enterprise
from creditbridge.parties.service import (
    appoint_agent,
    end_agent,
    find_enterprise,
    get_person,
    hold_representative,
    note_entry,
)
from creditbridge.parties.voices.model import Appointment, Representative
from creditbridge.parties.voices.rules import require_legal_rep


class Ending(msgspec.Struct, frozen=True, kw_only=True):
    """A legal representative ends the authority of an agent."""

    uscc: str
    person_id: str
    ended_by: str  # A person id.


class Notices(Herald, Protocol):
    """What this journey needs of the notices."""

    async def forget_person(self, tx: Transaction, reader: Reader) -> bool:
        """Erase a person's address."""
        ...


class KeepAgents(msgspec.Struct, frozen=True, kw_only=True):
    """The journey, with the rooms it walks through."""

    database: Database
    ledger: Recorder
    notices: Notices

    async def appoint(self, appointment: Appointment) -> Representative:
        """Walk the steps above with what an agent may do from now on.

        Raises:
            Refused: not the legal representative, or nobody who was ever an agent here.
            AppointmentMalformed: no such appointment can be.
        """
        by, uscc = appointment.appointed_by, appointment.uscc
        async with self.database.transaction() as tx:
            legal_rep, enterprise = await _require_legal_rep(tx, by, uscc)  # 1
            before, after = await appoint_agent(tx, appointment)  # 2
            person = await get_person(tx, after.person_id)
            is_first = before.ended_at is not None or before.appointed_at is None
            record = appointment_record(
                person, enterprise, after, acted=legal_rep.entry, is_first=is_first
            )
            recorded = await self.ledger.record(tx, record)  # 4
            await note_entry(tx, after, recorded.event_id)
            kind = (
                NoticeKind.REPRESENTATIVE_ADDED if is_first else NoticeKind.REPRESENTATIVE_LIMITED
            )
            await self.notices.tell(tx, people_news(kind, uscc))  # 5
        return after

    async def end(self, ending: Ending) -> Representative:
        """Walk the steps above with an end.

        Raises:
            Refused: not the legal representative, or no live agent.
        """
        async with self.database.transaction() as tx:
            legal_rep, enterprise = await _require_legal_rep(tx, ending.ended_by, ending.uscc)  # 1
            ended = await end_agent(tx, person_id=ending.person_id, uscc=ending.uscc)  # 2
            await close_sessions_of(tx, person_id=ended.person_id, uscc=ended.uscc)  # 3
            reader = Reader(person_id=ended.person_id, uscc=ended.uscc)
            await self.notices.forget_person(tx, reader)  # 3
            person = await get_person(tx, ended.person_id)
            record = ended_record(person, enterprise, ended, acted=legal_rep.entry)
            await self.ledger.record(tx, record)  # 4
            news = people_news(NoticeKind.REPRESENTATIVE_ENDED, ending.uscc)
            await self.notices.tell(tx, news)  # 5
        return ended


async def _require_legal_rep(
    tx: Transaction, person_id: str, uscc: str
) -> tuple[Representative, Enterprise]:
    legal_rep = await hold_representative(tx, person_id=person_id, uscc=uscc)
    enterprise = await find_enterprise(tx, uscc)
    if legal_rep is None or enterprise is None:
        raise VoiceMissing
    require_legal_rep(legal_rep)
    return legal_rep, enterprise
