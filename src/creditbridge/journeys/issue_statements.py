"""Each month an enterprise gets a signed statement of who looked at it, zero looks included.

    ledger -> evidence -> ledger -> notices

1. Once a month is over for an hour, enterprises that lack its statement are looked for, and each is
   taken from the month behind its last one, or from that of its first entry.
2. The entries about it are opened, those just before and after the month too.
3. They become a statement, signed by the house: nothing missing, and it adds up.
4. It is kept; of nodes that issue the same one, one keeps it and the others undo everything.
5. The ledger holds its digest.
6. The enterprise is told, once the month is whole.

A month with more entries than a document holds is stated in parts, one after the other, each signed
and recorded for itself. A month that every enterprise has is done: nobody is looked for any more.
"""

import hashlib
from datetime import datetime, timedelta

import msgspec
from msgspec.structs import replace

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
    ENTRIES_MAX,
    Ledger,
    Span,
    StatementDue,
    StatementRow,
    count_entries,
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
    entries_max: int = ENTRIES_MAX

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
        asked = await self._ask(tx, due)  # 1
        begins, ends = bounds_of(asked.month)
        # A further part reads on from where the one before was cut.
        goes_on_from = begins if due.goes_on_from is None else due.goes_on_from
        span = Span(
            begins=goes_on_from - GRACE,
            ends=ends + GRACE,
            behind=0 if due.goes_on_from is None else asked.after,
        )
        found = await open_about(tx, self.ledger, due.uscc, span, entries_max=self.entries_max)  # 2
        asked = replace(asked, is_cut=found.is_cut)
        document = assemble_statement(  # 3
            asked, found.entries, self.signers.current(), now=tx.now
        )
        statement = decode(document, Statement)
        row = StatementRow(
            statement_id=asked.statement_id,
            uscc=due.uscc,
            month=asked.month,
            last=statement.last,
            document=document,
            issued_at=tx.now,
            part=asked.part,
            goes_on_from=_cut_of(statement),
        )
        if not await keep_statement(tx, row):  # 4
            raise AlreadyIssued
        await self.recorder.record(tx, _record(statement, document))  # 5
        if not statement.goes_on:
            news = News(
                kind=NoticeKind.STATEMENT_ISSUED,
                uscc=due.uscc,
                about=asked.month,
                once=asked.month,
            )
            await self.notices.tell(tx, news)  # 6

    async def _ask(self, tx: Transaction, due: StatementDue) -> StatementAsked:
        month, part = due.month, (due.part or 0) + 1
        if month is None or due.goes_on_from is None:
            month, part = month_of(due.first_at) if month is None else next_month(month), 1
        return StatementAsked(
            statement_id=new_id(Kind.STATEMENT, now=tx.now),
            origin=self.origin,
            enterprise=StatementParty(uscc=due.uscc, name=await _name_of(tx, due.uscc)),
            month=month,
            after=due.last or 0,
            part=part,
            log_size=await count_entries(tx),
        )


def _cut_of(statement: Statement) -> datetime | None:
    """Return the instant of the last entry that a part holds, where the month goes on behind it."""
    if not statement.goes_on:
        return None
    return max(line.decided_at for line in (*statement.entries, *statement.outside))


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
            part=statement.part if statement.part > 1 or statement.goes_on else None,
        ),
        enterprise=EnterpriseName(uscc=statement.enterprise.uscc, name=statement.enterprise.name),
        key_ids={"consent": statement.kid},
    )
