"""Every look that was taken or tried under a consent, for the enterprise that gave it."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import msgspec

from creditbridge.foundation.database import Transaction
from creditbridge.ledger.encoding import to_base64url
from creditbridge.ledger.model import EventKind, Opened, PersonName
from creditbridge.ledger.rules import open_entry, read_names
from creditbridge.ledger.service.intake import Ledger
from creditbridge.ledger.store import looks as store
from creditbridge.ledger.terms.base import Terms
from creditbridge.ledger.terms.consents import ConsentCountersigned, ConsentTurned
from creditbridge.ledger.terms.reports import ReportFailed, ReportIntended

IN_PROGRESS = "IN_PROGRESS"
SHOWN = ("consent.", "document.")


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """One look: `outcome` is that of its intent, or IN_PROGRESS; `commitment` is base64url.

    `code` is that of the error, where the look failed.
    """

    event_id: str
    report_id: str
    decided_at: datetime
    outcome: str
    sections: frozenset[str]
    commitment: str
    bank_seq: int
    code: str = ""


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """One turn in a consent's life; `person` is None where nobody did it, or is erased.

    `word` is `held` where it was paused because the legal representative changed, `confirmed` where
    the new one gave their word, else empty.
    """

    kind: EventKind
    decided_at: datetime
    person: PersonName | None = None
    word: str = ""


class Story(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a consent: its looks, newest first, and its turns, oldest first."""

    looks: tuple[Look, ...]
    turns: tuple[Turn, ...]


async def tell_consent(tx: Transaction, ledger: Ledger, *, consent_id: str, bank_id: str) -> Story:
    """Return the looks and the turns of a consent.

    From the ledger and not from the table of consents: what is shown is what can be proven.
    """
    outcomes = {row.event_id: row.outcome for row in await store.read_looks(tx, consent_id)}
    chain = await ledger.openings_for(tx, bank_id=bank_id, consent_id=consent_id)
    failed = await ledger.openings_for(
        tx, bank_id=bank_id, consent_id=consent_id, kinds=(EventKind.REPORT_FAILED,)
    )
    codes = dict(map(_code_of, failed))
    looks = [
        look
        for link in reversed(chain)
        if (look := _look_of(link, outcomes=outcomes, codes=codes)) is not None
    ]
    turns = [_turn_of(link) for link in chain if link.kind.startswith(SHOWN)]
    return Story(looks=tuple(looks), turns=tuple(turns))


def _look_of(
    link: Opened, *, outcomes: Mapping[str, str | None], codes: Mapping[str, str]
) -> Look | None:
    if link.kind is not EventKind.REPORT_INTENDED:
        return None
    core, _ = open_entry(link.opening)
    if not isinstance(core.terms, ReportIntended):
        return None
    return Look(
        event_id=link.event_id,
        report_id=core.terms.report_id,
        decided_at=core.decided_at,
        outcome=outcomes.get(link.event_id) or IN_PROGRESS,
        sections=core.terms.sections,
        commitment=to_base64url(link.commitment),
        bank_seq=core.bank_seq or 0,
        code=codes.get(core.terms.report_id, ""),
    )


def _turn_of(link: Opened) -> Turn:
    core, _ = open_entry(link.opening)
    name = read_names(link.opening).get(core.person or "")
    person = name if isinstance(name, PersonName) else None
    return Turn(
        kind=link.kind, decided_at=core.decided_at, person=person, word=_word_of(core.terms)
    )


def _word_of(terms: Terms) -> str:
    match terms:
        case ConsentTurned(reason=str()):
            return "held"
        # One of several approvals is never enough by itself.
        case ConsentCountersigned(needed=1):
            return "confirmed"
        case _:
            return ""


def _code_of(link: Opened) -> tuple[str, str]:
    core, _ = open_entry(link.opening)
    terms = core.terms
    return (terms.report_id, terms.code) if isinstance(terms, ReportFailed) else ("", "")


async def find_last_looks(tx: Transaction, consent_ids: Sequence[str]) -> Mapping[str, datetime]:
    """Return when each consent was looked under last; those never looked under are absent."""
    rows = await store.read_last_looks(tx, consent_ids)
    return {row.consent_id: row.last_at for row in rows}


async def list_deliveries(
    tx: Transaction, *, first: int, end: int, usccs: Collection[str]
) -> list[store.Delivered]:
    """Return the deliveries about these enterprises, by index from `first` to before `end`."""
    return await store.read_deliveries(tx, first=first, end=end, usccs=sorted(usccs))


async def was_delivered(tx: Transaction, *, report_id: str, uscc: str) -> bool:
    """Tell whether a report about this very enterprise was delivered to a bank."""
    return await store.was_delivered(tx, report_id=report_id, uscc=uscc)
