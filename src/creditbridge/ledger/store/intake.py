"""Intake: references and counters taken, an entry written with what opens it."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from creditbridge.foundation.database import Transaction
from creditbridge.ledger.model import ReferenceKind


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """A reference that records need; `step` is by how much they move its counter."""

    kind: ReferenceKind
    subject: str
    reference: str  # Taken where there is none yet.
    step: int


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """A reference, its counter after the step, and the commitment before it in its chain."""

    kind: ReferenceKind
    subject: str
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
    receipt: bytes | None
    sealed: bytes | None
    wrapped: bytes | None
    chained: bool


# Rows are taken in the order given, the same for every record: two writers cannot deadlock. A row
# stays locked until the caller's commit, which is what keeps its counter without gaps.
TAKE_REFERENCES = """
    INSERT INTO ledger_references AS kept (kind, subject, reference, entries)
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[])
    ON CONFLICT (kind, subject) DO UPDATE SET entries = kept.entries + EXCLUDED.entries
    RETURNING kind, subject, reference, entries, last_commitment
"""


async def take_references(tx: Transaction, wanted: Sequence[Wanted]) -> list[Taken]:
    """Return a reference for each that is wanted, its counter moved by its step; each named once.

    They are taken by kind, in the order of the kinds, and then by subject.
    """
    order = list(ReferenceKind)
    in_order = sorted(wanted, key=lambda one: (order.index(one.kind), one.subject))
    return await tx.fetch_rows(
        Taken,
        TAKE_REFERENCES,
        [str(one.kind) for one in in_order],
        [one.subject for one in in_order],
        [one.reference for one in in_order],
        [one.step for one in in_order],
    )


# One round trip for however many; the foreign keys are checked at its end. Entries get their
# intake numbers in the order given, which is that of their counters.
WRITE_ENTRIES = """
    WITH given AS MATERIALIZED (
        SELECT * FROM unnest($1::text[], $2::bytea[], $3::timestamptz[], $4::text[], $5::text[],
            $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::bytea[], $12::bytea[],
            $13::bytea[], $14::bytea[], $15::bytea[], $16::boolean[]) WITH ORDINALITY
        AS given (event_id, commitment, decided_at, kind, bank, enterprise, consent, person,
            request_id, key_id, opening, proofs, receipt, sealed, wrapped, chained, place)
    ), entry AS (
        INSERT INTO ledger_entries (event_id, commitment, decided_at)
        SELECT event_id, commitment, decided_at FROM given ORDER BY place
    ), opening AS (
        INSERT INTO ledger_openings (event_id, kind, bank, enterprise, consent, person, request_id,
            key_id, opening, proofs, receipt)
        SELECT event_id, kind, bank, enterprise, consent, person, request_id, key_id, opening,
            proofs, receipt
        FROM given
    ), personal AS (
        INSERT INTO ledger_personal (event_id, sealed)
        SELECT event_id, sealed FROM given WHERE sealed IS NOT NULL
    ), personal_key AS (
        INSERT INTO ledger_personal_keys (event_id, key_id, wrapped)
        SELECT event_id, key_id, wrapped FROM given WHERE wrapped IS NOT NULL
    )
    UPDATE ledger_references SET last_commitment = latest.commitment
    FROM (
        SELECT DISTINCT ON (consent) consent, commitment FROM given
        WHERE chained ORDER BY consent, place DESC
    ) AS latest
    WHERE ledger_references.kind = 'consent' AND reference = latest.consent
"""


async def write_entries(tx: Transaction, rows: Sequence[EntryRow]) -> None:
    """Write entries, what opens them, and the ends of their consents' chains, in this order."""
    columns = zip(*map(msgspec.structs.astuple, rows), strict=True)
    await tx.execute(WRITE_ENTRIES, *map(list, columns))
