"""People of an enterprise: a legal representative, and agents whom that one appoints."""

from datetime import datetime, timedelta

from msgspec.structs import replace

from creditbridge.foundation.database import Database, Transaction
from creditbridge.journeys.keep_agents import KeepAgents
from creditbridge.ledger.port import Recorder
from creditbridge.notices.model import News, Reader
from creditbridge.parties.model import Enrolment, Role
from creditbridge.parties.service import enrol_person
from creditbridge.parties.voices.model import (
    Appointment,
    Document,
    DocumentKind,
    Limits,
    Representative,
)
from creditbridge.profile.codes import Purpose, SectionCode

USCC = "91330100YY0000A13Y"
ENTERPRISE_NAME = "示例晴川机械有限公司"


class FakeNotices:
    """Keeps what was told; `failure` is raised instead."""

    def __init__(self) -> None:
        self.told: list[News] = []
        self.forgotten: list[Reader] = []
        self.failure: Exception | None = None

    async def tell(self, tx: Transaction, news: News) -> bool:
        if self.failure is not None:
            raise self.failure
        self.told.append(news)
        return True

    async def forget_person(self, tx: Transaction, reader: Reader) -> bool:
        self.forgotten.append(reader)
        return True


def enrolment_of(
    number: int, *, role: Role = Role.AGENT, uscc: str = USCC, account: str | None = None
) -> Enrolment:
    """What the provider says of the natural person of this number; `account` is one of theirs."""
    return Enrolment(
        issuer="https://id.example",
        subject=account or f"sub-{number}",
        person_key=bytes([number] * 32),
        name=f"示例{number}",
        uscc=uscc,
        enterprise_name=ENTERPRISE_NAME,
        role=role,
        proof_digest=bytes(32),
    )


async def enrol(
    database: Database, number: int, *, role: Role = Role.AGENT, uscc: str = USCC
) -> str:
    """Enrol the natural person of this number and return their id."""
    async with database.transaction() as tx:
        representative, _ = await enrol_person(tx, enrolment_of(number, role=role, uscc=uscc))
    return representative.person_id


def appointment_of(person_id: str, *, by: str, now: datetime, **changed: object) -> Appointment:
    """REG and PEN before a loan, thirty days and three uses at most, for sixty days."""
    limits = Limits(
        may_approve=True,
        purposes=frozenset({Purpose.PRE_LOAN_REVIEW}),
        sections=frozenset({SectionCode.REG, SectionCode.PEN}),
        days_max=31,
        queries_max=3,
        ends_at=now + timedelta(days=60),
    )
    return Appointment(
        uscc=USCC,
        person_id=person_id,
        appointed_by=by,
        document=Document(
            kind=DocumentKind.POWER_OF_ATTORNEY,
            digest=bytes([7] * 32),
            issuer="示例公证处",
            valid_until=now + timedelta(days=90),
        ),
        limits=replace(limits, **changed),
    )


async def appoint(
    database: Database, ledger: Recorder, person_id: str, *, by: str, **changed: object
) -> Representative:
    """Let an agent approve what `appointment_of` says."""
    journey = KeepAgents(database=database, ledger=ledger, notices=FakeNotices())
    async with database.transaction() as tx:
        now = tx.now
    return await journey.appoint(appointment_of(person_id, by=by, now=now, **changed))
