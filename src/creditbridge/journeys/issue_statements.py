"""Each month an enterprise gets a signed statement of who looked at it, zero looks included.

    ledger -> evidence -> ledger -> notices

1. Once a month is over for an hour, enterprises that lack its statement are looked for, and each is
   taken from the month behind its last one, or from that of its first entry.
2. The entries about it are opened, those just before and after the month too.
3. They become a statement, signed by the house: nothing missing, and it adds up.
4. It is kept; of nodes that issue the same one, one keeps it and the others undo everything.
5. The ledger holds its digest.
6. The enterprise is told.
"""

import hashlib
from datetime import timedelta

import msgspec

from creditbridge.evidence.statements import (
    Statement,
    StatementAsked,
    StatementParty,
    assemble_statement,
    bounds_of,
    month_of,
    next_month,
)
from creditbridge.foundation.database import Database, Transaction
from creditbridge.foundation.errors import CreditbridgeError
from creditbridge.foundation.ids import Kind, new_id
from creditbridge.foundation.keys import Signers
from creditbridge.ledger.encoding import to_base64url
from creditbridge.ledger.model import EnterpriseName, EventKind, Record, StatementIssued
from creditbridge.ledger.port import Recorder
from creditbridge.ledger.service import (
    Ledger,
    StatementDue,
    StatementRow,
    keep_statement,
    list_due_statements,
    open_about,
)
from creditbridge.notices.model import News, NoticeKind
from creditbridge.notices.port import Herald
from creditbridge.parties.service import find_enterprise
from creditbridge.protocols.strict_json import decode

RULE = "monthly-statement"
RULE_VERSION = "1"
# No transaction lasts nearly as long: what was decided in the month is there by then, and what
# commits around its end is within as much of it.
GRACE = timedelta(hours=1)


class AlreadyIssued(CreditbridgeError):
    """Another node issued this statement: what was done here is undone."""

    code = "statement-issued-already"


class IssueStatements(msgspec.Struct, frozen=True, kw_only=True):
    """The journey, with the rooms it walks through; `origin` names the log."""

    database: Database
    ledger: Ledger
    recorder: Recorder
    notices: Herald
    signers: Signers
    origin: str

    async def __call__(self) -> int:
        """Walk the steps above once, a month per enterprise; return how many were issued."""
        async with self.database.transaction() as tx:
            current = month_of(tx.now - GRACE)
            begins, _ = bounds_of(current)
            month = month_of(begins - timedelta(days=1))
            due = await list_due_statements(tx, before=begins, month=month)  # 1
        return sum([await self._try(one) for one in due])

    async def _try(self, due: StatementDue) -> bool:
        try:
            async with self.database.transaction() as tx:
                await self._issue(tx, due)
        except AlreadyIssued:
            return False
        return True

    async def _issue(self, tx: Transaction, due: StatementDue) -> None:
        month = month_of(due.first_at) if due.month is None else next_month(due.month)  # 1
        begins, ends = bounds_of(month)
        opened = await open_about(  # 2
            tx, self.ledger, due.uscc, begins=begins - GRACE, ends=ends + GRACE
        )
        name = await _name_of(tx, due.uscc)
        asked = StatementAsked(
            statement_id=new_id(Kind.STATEMENT, now=tx.now),
            origin=self.origin,
            enterprise=StatementParty(uscc=due.uscc, name=name),
            month=month,
            after=due.last or 0,
        )
        document = assemble_statement(  # 3
            asked, opened, self.signers.current(), now=tx.now
        )
        statement = decode(document, Statement)
        row = StatementRow(
            statement_id=asked.statement_id,
            uscc=due.uscc,
            month=month,
            last=statement.last,
            document=document,
            issued_at=tx.now,
        )
        if not await keep_statement(tx, row):  # 4
            raise AlreadyIssued
        await self.recorder.record(tx, _record(statement, document))  # 5
        await self.notices.tell(  # 6
            tx, News(kind=NoticeKind.STATEMENT_ISSUED, uscc=due.uscc, about=month, once=month)
        )


async def _name_of(tx: Transaction, uscc: str) -> str:
    enterprise = await find_enterprise(tx, uscc)
    # Asked about, and nobody ever signed in for it: there is no name that a trusted source gave.
    return "" if enterprise is None else enterprise.name


def _record(statement: Statement, document: bytes) -> Record:
    return Record(
        kind=EventKind.STATEMENT_ISSUED,
        rule=RULE,
        rule_version=RULE_VERSION,
        terms=StatementIssued(
            statement_id=statement.statement_id,
            month=statement.month,
            after=statement.after,
            last=statement.last,
            looks=statement.counts.looks,
            statement_digest=to_base64url(hashlib.sha256(document).digest()),
        ),
        enterprise=EnterpriseName(uscc=statement.enterprise.uscc, name=statement.enterprise.name),
        key_ids={"consent": statement.kid},
    )
