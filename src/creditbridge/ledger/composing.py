"""How a record becomes an entry. Pure: salts, numbers and the instant are arguments."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from creditbridge.foundation.errors import CreditbridgeError
from creditbridge.ledger.catalogue import CATALOGUE, ReferenceKind
from creditbridge.ledger.encoding import encode, to_base64url
from creditbridge.ledger.model import (
    BankName,
    ConsentName,
    Core,
    EnterpriseName,
    Name,
    Opening,
    Record,
    ReportTerms,
    Terms,
)
from creditbridge.ledger.rules import commit, salted_digest


class RecordUnfit(CreditbridgeError):
    """A journey recorded what the catalogue of events does not foresee: a fault of ours."""

    code = "record-unfit"


class Salts(msgspec.Struct, frozen=True, kw_only=True):
    """Random values used once, 32 bytes each."""

    entry: bytes
    personal: bytes
    digests: Mapping[str, bytes]


class Numbers(msgspec.Struct, frozen=True, kw_only=True):
    """The references and counters that one record was given."""

    references: Mapping[ReferenceKind, str]
    bank_seq: int | None = None
    subject_seq: int | None = None
    consent_seq: int | None = None
    consent_prev: bytes | None = None


class Prepared(msgspec.Struct, frozen=True, kw_only=True):
    """A record as the ledger keeps it: `opening` names no index yet."""

    core: Core
    commitment: bytes
    opening: Opening
    personal: bytes | None  # The bytes of the personal part; its salt is `Salts.personal`.


def require_fit(record: Record) -> None:
    """Accept a record that its kind's row in the catalogue foresees.

    Raises:
        RecordUnfit: terms of another kind, a name too few or too many, a digest of another kind.
    """
    row = CATALOGUE[record.kind]
    # The very type: a kind that inherits from another has other members under the same core.
    if type(record.terms) is not row.terms:
        raise RecordUnfit(detail=f"{record.kind} with {type(record.terms).__name__}")
    named = frozenset(names_of(record))
    if not row.names <= named <= row.names | row.may_name:
        raise RecordUnfit(detail=f"{record.kind} names {', '.join(sorted(named)) or 'nobody'}")
    if record.request_id not in {None, report_of(record.terms)}:
        raise RecordUnfit(detail=f"{record.kind} under another report's id")
    if not frozenset(record.digests) <= row.digests:
        raise RecordUnfit(detail=f"{record.kind} digests {', '.join(sorted(record.digests))}")


def names_of(record: Record) -> dict[ReferenceKind, Name]:
    """Return whom a record names, in the order in which counters are taken."""
    names: dict[ReferenceKind, Name | None] = {
        ReferenceKind.BANK: record.bank,
        ReferenceKind.ENTERPRISE: record.enterprise,
        ReferenceKind.CONSENT: _consent_name(record.consent_id),
        ReferenceKind.PERSON: record.person,
    }
    return {kind: name for kind, name in names.items() if name is not None}


def report_of(terms: Terms) -> str | None:
    """Return the report that an entry belongs to, if any."""
    return terms.report_id if isinstance(terms, ReportTerms) else None


def subject_of(name: Name) -> str:
    """Return the id behind a name: what a reference stands for."""
    if isinstance(name, BankName):
        return name.bank_id
    if isinstance(name, EnterpriseName):
        return name.uscc
    return name.consent_id if isinstance(name, ConsentName) else name.person_id


def prepare(
    record: Record, numbers: Numbers, salts: Salts, *, event_id: str, decided_at: datetime
) -> Prepared:
    """Return the entry that a record becomes."""
    names = {numbers.references[kind]: name for kind, name in names_of(record).items()}
    personal = encode(names) if names else None
    prev = numbers.consent_prev
    core = Core(
        v=1,
        kind=record.kind,
        event_id=event_id,
        decided_at=decided_at,
        rule=record.rule,
        rule_version=record.rule_version,
        terms=record.terms,
        digests={
            name: to_base64url(salted_digest(salts.digests[name], raw))
            for name, raw in record.digests.items()
        },
        key_ids=dict(record.key_ids),
        bank=numbers.references.get(ReferenceKind.BANK),
        enterprise=numbers.references.get(ReferenceKind.ENTERPRISE),
        consent=numbers.references.get(ReferenceKind.CONSENT),
        person=numbers.references.get(ReferenceKind.PERSON),
        bank_seq=numbers.bank_seq,
        subject_seq=numbers.subject_seq,
        consent_seq=numbers.consent_seq,
        consent_prev=None if prev is None else to_base64url(prev),
        personal=(
            None if personal is None else to_base64url(salted_digest(salts.personal, personal))
        ),
    )
    raw = encode(core)
    opening = Opening(
        salt=to_base64url(salts.entry),
        core=to_base64url(raw),
        digest_salts={name: to_base64url(salts.digests[name]) for name in record.digests},
    )
    return Prepared(
        core=core, commitment=commit(salts.entry, raw), opening=opening, personal=personal
    )


def _consent_name(consent_id: str | None) -> ConsentName | None:
    return None if consent_id is None else ConsentName(consent_id=consent_id)
