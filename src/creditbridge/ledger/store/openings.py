"""Openings as they lie in the database: sealed, and found by what they are about."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from creditbridge.foundation.database import Transaction
from creditbridge.ledger.model import ReferenceKind

OPENINGS_MAX = 10_000


class OpeningRow(msgspec.Struct, frozen=True, kw_only=True):
    """One entry with everything that opens it: a row of the view `ledger_opened`."""

    event_id: str
    commitment: bytes
    decided_at: datetime
    log_index: int | None
    kind: str | None  # None: the opening is gone, which no rule of the house allows.
    bank: str | None
    enterprise: str | None
    consent: str | None
    person: str | None
    request_id: str | None
    key_id: str | None
    opening: bytes | None
    proofs: bytes | None
    receipt: bytes | None
    sealed: bytes | None
    erased_by: str | None
    personal_key_id: str | None
    wrapped: bytes | None


# By the reader in the same statement: what is another bank's takes no longer than what is nowhere.
FIND_BY_REQUEST = """
    SELECT * FROM ledger_opened
    WHERE request_id = $1 AND bank = (
        SELECT reference FROM ledger_references WHERE kind = 'bank' AND subject = $2)
    ORDER BY log_index NULLS LAST, intake_no LIMIT $3
"""


async def find_by_request(tx: Transaction, request_id: str, *, bank_id: str) -> list[OpeningRow]:
    """Return what was recorded for a bank under a report's id, in the log's order."""
    return await tx.fetch_rows(OpeningRow, FIND_BY_REQUEST, request_id, bank_id, OPENINGS_MAX)


FIND_BY_CONSENT = """
    SELECT * FROM ledger_opened
    WHERE consent = (
        SELECT reference FROM ledger_references WHERE kind = 'consent' AND subject = $1)
        AND bank = (SELECT reference FROM ledger_references WHERE kind = 'bank' AND subject = $2)
        AND kind = ANY($3::text[])
    ORDER BY log_index NULLS LAST, intake_no LIMIT $4
"""


async def find_by_consent(
    tx: Transaction, consent_id: str, *, bank_id: str, kinds: Sequence[str]
) -> list[OpeningRow]:
    """Return a bank's entries of these kinds about a consent, in the log's order."""
    return await tx.fetch_rows(
        OpeningRow, FIND_BY_CONSENT, consent_id, bank_id, list(kinds), OPENINGS_MAX
    )


# Up to the last approval: what became of these people afterwards is none of the bank's affair.
FIND_VOICES = """
    SELECT * FROM ledger_opened
    WHERE kind IN ('person.enrolled', 'representative.limited', 'representative.ended')
        AND (person, enterprise) IN (
            SELECT person, enterprise FROM ledger_openings WHERE event_id = ANY($1::text[]))
        AND intake_no < (
            SELECT max(intake_no) FROM ledger_opened WHERE event_id = ANY($1::text[]))
    ORDER BY log_index NULLS LAST, intake_no LIMIT $2
"""


async def find_voices(tx: Transaction, approvals: Sequence[str]) -> list[OpeningRow]:
    """Return how those who approved in these events came to speak for the enterprise."""
    return await tx.fetch_rows(OpeningRow, FIND_VOICES, list(approvals), OPENINGS_MAX)


# Before the last approval: how many people had to approve stands in the last that has rules.
FIND_RULES = """
    SELECT * FROM ledger_opened
    WHERE kind = 'enterprise.changed' AND enterprise IN (
            SELECT enterprise FROM ledger_openings WHERE event_id = ANY($1::text[]))
        AND intake_no < (
            SELECT max(intake_no) FROM ledger_opened WHERE event_id = ANY($1::text[]))
    ORDER BY intake_no DESC LIMIT $2
"""


async def find_rules(tx: Transaction, approvals: Sequence[str]) -> list[OpeningRow]:
    """Return how the enterprise's word changed, the last change first."""
    return await tx.fetch_rows(OpeningRow, FIND_RULES, list(approvals), OPENINGS_MAX)


FIND_EVENTS = "SELECT * FROM ledger_opened WHERE event_id = ANY($1::text[]) LIMIT $2"


async def find_events(tx: Transaction, event_ids: Sequence[str]) -> list[OpeningRow]:
    """Return the entries of these events."""
    return await tx.fetch_rows(OpeningRow, FIND_EVENTS, list(event_ids), OPENINGS_MAX)


# Whatever these persons gave this bank here, and took back: that what is named stood must show.
FIND_PERSONS = """
    SELECT * FROM ledger_opened
    WHERE kind IN ('person.consented', 'person.withdrawn')
        AND (bank, enterprise, person) IN (
            SELECT bank, enterprise, person FROM ledger_openings
            WHERE event_id = ANY($1::text[]))
    ORDER BY log_index NULLS LAST, intake_no LIMIT $2
"""


async def find_persons(tx: Transaction, consented: Sequence[str]) -> list[OpeningRow]:
    """Return what the persons who consented in these events gave that bank, and took back."""
    return await tx.fetch_rows(OpeningRow, FIND_PERSONS, list(consented), OPENINGS_MAX)


FIND_OPERATORS = """
    SELECT * FROM ledger_opened WHERE kind = 'operator.enrolled'
        AND person IN (SELECT person FROM ledger_openings WHERE event_id = ANY($1::text[]))
    ORDER BY log_index NULLS LAST, intake_no LIMIT $2
"""


async def find_operators(tx: Transaction, confirmations: Sequence[str]) -> list[OpeningRow]:
    """Return how the operators came to be who confirmed letters in these events."""
    return await tx.fetch_rows(OpeningRow, FIND_OPERATORS, list(confirmations), OPENINGS_MAX)


FIND_POLICIES = """
    SELECT * FROM ledger_opened WHERE kind = 'policy.changed'
    ORDER BY log_index NULLS LAST, intake_no LIMIT $1
"""


async def find_policies(tx: Transaction) -> list[OpeningRow]:
    """Return the entries of the house's policies, in the log's order."""
    return await tx.fetch_rows(OpeningRow, FIND_POLICIES, OPENINGS_MAX)


# Every passkey of the person, and its end: that it had not ended must show.
FIND_CREDENTIALS = """
    SELECT * FROM ledger_opened
    WHERE kind IN ('credential.enrolled', 'credential.ended', 'credential.suspended')
        AND person IN (SELECT person FROM ledger_openings WHERE event_id = ANY($1::text[]))
    ORDER BY log_index NULLS LAST, intake_no LIMIT $2
"""


async def find_credentials(tx: Transaction, approvals: Sequence[str]) -> list[OpeningRow]:
    """Return how the passkeys of whoever approved in these events began and ended."""
    return await tx.fetch_rows(OpeningRow, FIND_CREDENTIALS, list(approvals), OPENINGS_MAX)


FIND_REFERENCE = "SELECT reference FROM ledger_references WHERE kind = $1 AND subject = $2"


async def find_reference(tx: Transaction, *, kind: ReferenceKind, subject: str) -> str | None:
    """Return the random reference of somebody; None where nothing was ever recorded."""
    return await tx.fetch_value(str, FIND_REFERENCE, str(kind), subject)


READ_RANGE = """
    SELECT * FROM ledger_opened WHERE log_index >= $1 AND log_index < $2 ORDER BY log_index
"""


async def read_range(tx: Transaction, *, first: int, end: int) -> list[OpeningRow]:
    """Return the entries of the log from `first` to before `end`."""
    return await tx.fetch_rows(OpeningRow, READ_RANGE, first, end)


READ_BEHIND = """
    SELECT * FROM ledger_opened
    WHERE log_index IS NULL OR log_index >= $1 ORDER BY log_index NULLS LAST, intake_no LIMIT $2
"""


async def read_behind(tx: Transaction, *, first: int, rows_max: int) -> list[OpeningRow]:
    """Return the entries from an index on, and those that have none yet, in the order to come."""
    return await tx.fetch_rows(OpeningRow, READ_BEHIND, first, rows_max)


class Reference(msgspec.Struct, frozen=True, kw_only=True):
    """A random reference with whom it stands for, and its counter as intake left it."""

    kind: ReferenceKind
    subject: str
    reference: str
    entries: int
    last_commitment: bytes | None


READ_REFERENCES = """
    SELECT kind, subject, reference, entries, last_commitment FROM ledger_references
    WHERE reference > $1 ORDER BY reference LIMIT $2
"""


async def read_references(tx: Transaction, *, after: str, rows_max: int) -> list[Reference]:
    """Return the next references, in their own order."""
    return await tx.fetch_rows(Reference, READ_REFERENCES, after, rows_max)


ERASE_PERSONAL = """
    WITH gone AS (DELETE FROM ledger_personal_keys WHERE event_id = $1)
    UPDATE ledger_personal SET sealed = NULL, erased_by = $2
    WHERE event_id = $1 AND sealed IS NOT NULL
"""


async def erase_personal(tx: Transaction, event_id: str, *, erased_by: str) -> bool:
    """Delete the names of one entry with their key; False where there are none to delete."""
    return await tx.execute(ERASE_PERSONAL, event_id, erased_by) == 1
