"""A monthly statement: every entry about an enterprise, signed, and how it is verified.

Months are those of Asia/Shanghai, which has had one offset since 1991. What was decided in a month
belongs to it, whenever it was numbered. The numbers (`subject_seq`) have no gaps, so a look that
was left out shows: in the statement, or against the next one.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta, timezone
from itertools import count as count_from
from typing import Annotated, Literal

import msgspec
from msgspec.structs import replace

from creditbridge.evidence.binary import write_binary
from creditbridge.evidence.model import PackUntrue
from creditbridge.foundation.keys import Signer
from creditbridge.ledger.model import (
    BankName,
    ConsentName,
    Core,
    EventKind,
    Name,
    Opened,
    ReportIntended,
    ReportTerms,
)
from creditbridge.ledger.rules import open_entry, read_names
from creditbridge.protocols.canonical_json import canonicalize

STATEMENT_DOMAIN = b"creditbridge-statement-v1\x00"
SHANGHAI = timezone(timedelta(hours=8))
_MONTH = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")


class StatementParty(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An enterprise or a bank, as the ledger names it."""

    uscc: str
    name: str


class StatementLine(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """One entry about the enterprise; `commitment` is what the public log holds of it."""

    subject_seq: Annotated[int, msgspec.Meta(ge=1)]
    event_id: str
    # The ledger's word, and no closed set: a verifier of today reads the kinds of tomorrow.
    kind: Annotated[str, msgspec.Meta(pattern=r"^[a-z_]+\.[a-z_]+$")]
    decided_at: datetime
    commitment: str
    bank: StatementParty | None = None
    consent_id: str | None = None
    report_id: str | None = None
    purpose: str | None = None
    sections: tuple[str, ...] = ()


class BankLooks(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How often a bank got a report."""

    bank: StatementParty
    looks: int


class StatementCounts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the lines add up to: reports delivered, queries that went out, refusals."""

    looks: int
    queries: int
    refusals: int
    by_bank: tuple[BankLooks, ...]
    by_purpose: dict[str, int]  # Queries by purpose.


# Signed, and kept ten years: add members with a default, never rename; another meaning is `v` 2.
class Statement(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """A month of an enterprise; its bytes are its canonical JSON (RFC 8785).

    Every number behind `after` up to `last` stands in `entries`, or in `outside` where it was
    decided in another month. A line of `entries` up to `after` was numbered before the month began,
    and stands in `outside` of an earlier statement. A month with more entries than one document
    holds goes on in a further part, which begins behind the `last` of the one before.
    """

    v: Literal[1]
    type: Literal["statement"]
    statement_id: str
    origin: str
    enterprise: StatementParty
    month: Annotated[str, msgspec.Meta(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])$")]
    issued_at: datetime
    after: Annotated[int, msgspec.Meta(ge=0)]
    last: Annotated[int, msgspec.Meta(ge=0)]
    entries: tuple[StatementLine, ...]
    outside: tuple[StatementLine, ...]
    counts: StatementCounts
    kid: str
    part: Annotated[int, msgspec.Meta(ge=1)] = 1
    goes_on: bool = False  # In another part; its counts are its own.
    # How many entries the log had at the issue; absent in statements from before it was said.
    log_size: Annotated[int, msgspec.Meta(ge=0)] | None = None
    signature: str | None = None  # base64url; absent only in the bytes that are signed.


class StatementAsked(msgspec.Struct, frozen=True, kw_only=True):
    """Whose statement is made, of which month, and where the one before ended.

    With `is_cut` there are more entries than those that are given.
    """

    statement_id: str
    origin: str
    enterprise: StatementParty
    month: str
    after: int
    part: int = 1
    is_cut: bool = False
    log_size: int | None = None


def month_of(instant: datetime) -> str:
    """Return the month of an instant, as `2026-11`."""
    return instant.astimezone(SHANGHAI).strftime("%Y-%m")


def bounds_of(month: str) -> tuple[datetime, datetime]:
    """Return when a month begins, and when the next one does.

    Raises:
        ValueError: no month.
    """
    found = _MONTH.fullmatch(month)
    if found is None:
        raise ValueError(month)
    year, number = int(found[1]), int(found[2])
    begins = datetime(year, number, 1, tzinfo=SHANGHAI)
    ends = datetime(year + number // 12, number % 12 + 1, 1, tzinfo=SHANGHAI)
    return begins.astimezone(UTC), ends.astimezone(UTC)


def next_month(month: str) -> str:
    """Return the month behind a month."""
    return month_of(bounds_of(month)[1])


def assemble_statement(
    asked: StatementAsked, opened: Iterable[Opened], signer: Signer, *, now: datetime
) -> bytes:
    """Return a signed statement over entries about the enterprise, those of neighbours too."""
    begins, ends = bounds_of(asked.month)
    lines = sorted(filter(None, map(_line_of, opened)), key=lambda line: line.subject_seq)
    if asked.is_cut:
        # Up to the first number that was not read: what was read behind it is the next part's.
        numbers = frozenset(line.subject_seq for line in lines)
        end = next(number for number in count_from(asked.after + 1) if number not in numbers)
        lines = [line for line in lines if line.subject_seq < end]
    entries = tuple(line for line in lines if begins <= line.decided_at < ends)
    last = max([asked.after, *(line.subject_seq for line in entries)])
    within = range(asked.after + 1, last + 1)
    outside = tuple(line for line in lines if line not in entries and line.subject_seq in within)
    statement = Statement(
        v=1,
        type="statement",
        statement_id=asked.statement_id,
        origin=asked.origin,
        enterprise=asked.enterprise,
        month=asked.month,
        issued_at=now,
        after=asked.after,
        last=last,
        entries=entries,
        outside=outside,
        counts=count(entries),
        kid=signer.key.key_id,
        part=asked.part,
        goes_on=asked.is_cut,
        log_size=asked.log_size,
    )
    # What would not verify is never signed.
    require_whole(statement)
    signature = signer.sign(STATEMENT_DOMAIN + encode_statement(statement))
    return encode_statement(replace(statement, signature=write_binary(signature)))


def encode_statement(statement: Statement) -> bytes:
    """Return canonical bytes (RFC 8785)."""
    return canonicalize(msgspec.to_builtins(statement))


def count(entries: Sequence[StatementLine]) -> StatementCounts:
    """Return what lines add up to."""
    looks = Counter(
        (line.bank.uscc, line.bank.name)
        for line in entries
        if line.kind == EventKind.REPORT_DELIVERED and line.bank is not None
    )
    kinds = Counter[str](line.kind for line in entries)
    purposes = Counter(
        line.purpose or "" for line in entries if line.kind == EventKind.REPORT_INTENDED
    )
    return StatementCounts(
        looks=kinds[EventKind.REPORT_DELIVERED],
        queries=kinds[EventKind.REPORT_INTENDED],
        refusals=kinds[EventKind.REPORT_REFUSED],
        by_bank=tuple(
            BankLooks(bank=StatementParty(uscc=uscc, name=name), looks=number)
            for (uscc, name), number in sorted(looks.items())
        ),
        by_purpose=dict(sorted(purposes.items())),
    )


def require_whole(statement: Statement) -> None:
    """Accept a statement in which nothing is missing, and that adds up.

    Raises:
        PackUntrue: a number that is missing or twice there, an entry of another month, a count that
            is not that of the lines.
    """
    begins, ends = bounds_of(statement.month)
    for line in statement.entries:
        if not begins <= line.decided_at < ends:
            raise PackUntrue(detail=f"entry {line.subject_seq} is of another month")
    for line in statement.outside:
        if begins <= line.decided_at < ends:
            raise PackUntrue(detail=f"entry {line.subject_seq} is of this month, and not counted")
    numbers = sorted(line.subject_seq for line in (*statement.entries, *statement.outside))
    # Only a month's first part holds what was numbered before it: the others go on exactly.
    expected = [number for number in numbers if number <= statement.after and statement.part == 1]
    expected += range(statement.after + 1, statement.last + 1)
    if numbers != expected or len(set(numbers)) != len(numbers):
        raise PackUntrue(detail=f"the entries {statement.after + 1} to {statement.last} have gaps")
    if statement.goes_on and statement.last == statement.after:
        raise PackUntrue(detail="a part that goes on and holds nothing")
    if statement.counts != count(statement.entries):
        raise PackUntrue(detail="the counts are not those of the entries")


def _line_of(opened: Opened) -> StatementLine | None:
    core, _ = open_entry(opened.opening)
    if core.subject_seq is None:
        return None
    names = read_names(opened.opening)
    consent = _name_of(names, core.consent)
    terms = core.terms
    return StatementLine(
        subject_seq=core.subject_seq,
        event_id=core.event_id,
        kind=core.kind,
        decided_at=core.decided_at,
        commitment=write_binary(opened.commitment),
        bank=_bank_of(names, core),
        consent_id=consent.consent_id if isinstance(consent, ConsentName) else None,
        report_id=terms.report_id if isinstance(terms, ReportTerms) else None,
        purpose=terms.purpose if isinstance(terms, ReportIntended) else None,
        sections=tuple(sorted(terms.sections)) if isinstance(terms, ReportIntended) else (),
    )


def _bank_of(names: dict[str, Name], core: Core) -> StatementParty | None:
    bank = _name_of(names, core.bank)
    if not isinstance(bank, BankName):
        return None
    return StatementParty(uscc=bank.uscc, name=bank.legal_name)


def _name_of(names: dict[str, Name], reference: str | None) -> Name | None:
    return None if reference is None else names.get(reference)
