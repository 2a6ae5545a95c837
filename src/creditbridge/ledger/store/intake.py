"""Intake: references and counters taken, an entry written with what opens it."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from creditbridge.foundation.database import Transaction
from creditbridge.ledger.model import ReferenceKind


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """A reference that a record needs; `step` is 1 where its counter moves."""

    kind: ReferenceKind
    subject: str
    reference: str  # Taken where there is none yet.
    step: int


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """A reference, its counter after the step, and the commitment before it in its chain."""

    kind: ReferenceKind
    reference: str
    entries: int
    last_commitment: bytes | None


class EntryRow(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that one record writes."""

    event_id: str
    commitment: bytes
    decided_at: datetime
    kind: str
    bank: str | None
    enterprise: str | None
    consent: str | None
    person: str | None
    request_id: str | None
    key_id: str
    opening: bytes
    proofs: bytes | None
    receipt: bytes
    sealed: bytes | None
    wrapped: bytes | None
    chained: bool


# Rows are taken in the order given, the same for every record: two writers cannot deadlock. A row
# stays locked until the caller's commit, which is what keeps its counter without gaps.
TAKE_REFERENCES = """
    INSERT INTO ledger_references AS kept (kind, subject, reference, entries)
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[])
    ON CONFLICT (kind, subject) DO UPDATE SET entries = kept.entries + EXCLUDED.entries
    RETURNING kind, reference, entries, last_commitment
"""


async def take_references(tx: Transaction, wanted: Sequence[Wanted]) -> list[Taken]:
    """Return a reference for each that is wanted, its counter moved by its step."""
    return await tx.fetch_rows(
        Taken,
        TAKE_REFERENCES,
        [str(one.kind) for one in wanted],
        [one.subject for one in wanted],
        [one.reference for one in wanted],
        [one.step for one in wanted],
    )


# One round trip; the foreign keys are checked at its end.
WRITE_ENTRY = """
    WITH entry AS (
        INSERT INTO ledger_entries (event_id, commitment, decided_at) VALUES ($1, $2, $3)
    ), opening AS (
        INSERT INTO ledger_openings (event_id, kind, bank, enterprise, consent, person, request_id,
            key_id, opening, proofs, receipt)
        VALUES ($1, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
    ), personal AS (
        INSERT INTO ledger_personal (event_id, sealed)
        SELECT $1, $14 WHERE $14::bytea IS NOT NULL
    ), personal_key AS (
        INSERT INTO ledger_personal_keys (event_id, key_id, wrapped)
        SELECT $1, $10, $15 WHERE $15::bytea IS NOT NULL
    )
    UPDATE ledger_references SET last_commitment = $2
    WHERE $16 AND kind = 'consent' AND reference = $7
"""


async def write_entry(tx: Transaction, row: EntryRow) -> None:
    """Write an entry, what opens it, and the end of its consent's chain."""
    await tx.execute(
        WRITE_ENTRY,
        row.event_id,
        row.commitment,
        row.decided_at,
        row.kind,
        row.bank,
        row.enterprise,
        row.consent,
        row.person,
        row.request_id,
        row.key_id,
        row.opening,
        row.proofs,
        row.receipt,
        row.sealed,
        row.wrapped,
        row.chained,
    )
