"""Who may speak for which enterprise, how far, and who may no longer."""

import msgspec

from creditbridge.foundation.database import Transaction
from creditbridge.parties.model import Enrolment
from creditbridge.parties.voices.model import Appointment, EndReason, Representative

PEOPLE_MAX = 200

FIND_REPRESENTATIVE = """
    SELECT * FROM parties_representatives WHERE person_id = $1 AND uscc = $2 AND ended_at IS NULL
"""


async def find_representative(
    tx: Transaction, *, person_id: str, uscc: str
) -> Representative | None:
    """Return the live right of a person to speak for an enterprise."""
    return await tx.fetch_row(Representative, FIND_REPRESENTATIVE, person_id, uscc)


LIST_ENTERPRISES = """
    SELECT uscc FROM parties_representatives
    WHERE person_id = $1 AND ended_at IS NULL ORDER BY uscc LIMIT 200
"""


class Spoken(msgspec.Struct, frozen=True, kw_only=True):
    """An enterprise that a person speaks for."""

    uscc: str


async def list_enterprises(tx: Transaction, person_id: str) -> list[str]:
    """Return the codes of the enterprises that a person speaks for."""
    return [one.uscc for one in await tx.fetch_rows(Spoken, LIST_ENTERPRISES, person_id)]


FIND_PROOF = """
    SELECT proof_digest FROM parties_representatives
    WHERE person_id = $1 AND uscc = $2 AND ended_at IS NULL
"""


async def find_proof(tx: Transaction, *, person_id: str, uscc: str) -> bytes | None:
    """Return the digest of what proved a person's live right to speak for an enterprise."""
    return await tx.fetch_value(bytes, FIND_PROOF, person_id, uscc)


FIND_LAST = """
    SELECT * FROM parties_representatives WHERE person_id = $1 AND uscc = $2
    ORDER BY enrolled_at DESC, ended_at DESC NULLS FIRST LIMIT 1
"""


async def find_last_representative(
    tx: Transaction, *, person_id: str, uscc: str
) -> Representative | None:
    """Return the latest right of a person to speak for an enterprise, an ended one too."""
    return await tx.fetch_row(Representative, FIND_LAST, person_id, uscc)


# One row per person: the live right, else the last one.
LIST_REPRESENTATIVES = """
    SELECT * FROM (
        SELECT DISTINCT ON (person_id) * FROM parties_representatives WHERE uscc = $1
        ORDER BY person_id, enrolled_at DESC, ended_at DESC NULLS FIRST
    ) AS latest ORDER BY enrolled_at LIMIT $2
"""


async def list_representatives(tx: Transaction, uscc: str) -> list[Representative]:
    """Return the latest right of each person who ever spoke for an enterprise, up to 200."""
    return await tx.fetch_rows(Representative, LIST_REPRESENTATIVES, uscc, PEOPLE_MAX)


# Shared: approvals go on beside each other, and who ends or limits a right waits for them.
HOLD_REPRESENTATIVES = """
    SELECT * FROM parties_representatives WHERE uscc = $1 AND ended_at IS NULL
    ORDER BY person_id FOR SHARE
"""


async def hold_representatives(tx: Transaction, uscc: str) -> list[Representative]:
    """Return who may speak for an enterprise; whoever would change that waits."""
    return await tx.fetch_rows(Representative, HOLD_REPRESENTATIVES, uscc)


# One statement ends what was and begins what is: the person's own former right, and as a legal
# representative comes in, that of whoever was it. The index on live ones holds it once more.
ADD_REPRESENTATIVE = """
    WITH ended AS (
        UPDATE parties_representatives
        SET ended_at = $5, end_reason = CASE WHEN person_id = $1 THEN 'ROLE' ELSE 'SUCCESSOR' END
        WHERE uscc = $2 AND ended_at IS NULL
            AND (person_id = $1 OR (role = 'LEGAL_REP' AND $3::text = 'LEGAL_REP'))
        RETURNING person_id, role
    )
    INSERT INTO parties_representatives
        (person_id, uscc, role, proof_digest, enrolled_at, vouched_at, office_since, succeeds)
    SELECT $1, $2, $3::text, $4, $5, $5, $6, max(person_id) FILTER (WHERE role = 'LEGAL_REP')
    FROM ended
    RETURNING *
"""


async def add_representative(
    tx: Transaction, person_id: str, enrolment: Enrolment
) -> Representative:
    """Keep the right of a person to speak for an enterprise, with the digest of its proof.

    The caller holds the enterprise's row: two who come in at once follow each other.
    """
    row = (person_id, enrolment.uscc, enrolment.role, enrolment.proof_digest, tx.now)
    (added,) = await tx.fetch_rows(Representative, ADD_REPRESENTATIVE, *row, enrolment.office_since)
    return added


FIND_HEAD = """
    SELECT * FROM parties_representatives
    WHERE uscc = $1 AND role = 'LEGAL_REP' AND ended_at IS NULL
"""


async def find_head(tx: Transaction, uscc: str) -> Representative | None:
    """Return the live right of an enterprise's legal representative; there is one at most."""
    return await tx.fetch_row(Representative, FIND_HEAD, uscc)


FIND_LAST_HEAD = """
    SELECT * FROM parties_representatives
    WHERE person_id = $1 AND uscc = $2 AND role = 'LEGAL_REP'
    ORDER BY enrolled_at DESC, ended_at DESC NULLS FIRST LIMIT 1
"""


async def find_last_head(tx: Transaction, *, person_id: str, uscc: str) -> Representative | None:
    """Return the latest right of a person as the legal representative, an ended one too."""
    return await tx.fetch_row(Representative, FIND_LAST_HEAD, person_id, uscc)


VOUCH = """
    UPDATE parties_representatives
    SET vouched_at = $3, office_since = coalesce($4, office_since)
    WHERE person_id = $1 AND uscc = $2 AND ended_at IS NULL
"""


async def vouch(tx: Transaction, person_id: str, enrolment: Enrolment) -> None:
    """Keep that the identity provider named a person once more."""
    await tx.execute(VOUCH, person_id, enrolment.uscc, tx.now, enrolment.office_since)


# Exclusive of an end, and shared with others: who acts in this right does so before it ends.
HOLD_REPRESENTATIVE = """
    SELECT * FROM parties_representatives
    WHERE person_id = $1 AND uscc = $2 AND ended_at IS NULL FOR SHARE
"""


async def hold_representative(
    tx: Transaction, *, person_id: str, uscc: str
) -> Representative | None:
    """Return the live right of a person, which does not end before this transaction does."""
    return await tx.fetch_row(Representative, HOLD_REPRESENTATIVE, person_id, uscc)


RESTORE_REPRESENTATIVE = """
    INSERT INTO parties_representatives (person_id, uscc, role, proof_digest, enrolled_at)
    SELECT person_id, uscc, role, proof_digest, $3 FROM parties_representatives
    WHERE person_id = $1 AND uscc = $2 ORDER BY enrolled_at DESC, ended_at DESC LIMIT 1
"""


async def restore_representative(tx: Transaction, *, person_id: str, uscc: str) -> None:
    """Begin anew the right of a person whose last one ended."""
    await tx.execute(RESTORE_REPRESENTATIVE, person_id, uscc, tx.now)


APPOINT = """
    UPDATE parties_representatives
    SET may_approve = $3, purposes = $4, sections = $5, days_max = $6, queries_max = $7,
        ends_at = $8, document_kind = $9, document_digest = $10, document_issuer = $11,
        document_valid_until = $12, appointed_by = $13, appointed_at = $14
    WHERE person_id = $1 AND uscc = $2 AND role = 'AGENT' AND ended_at IS NULL
    RETURNING *
"""


async def appoint(tx: Transaction, appointment: Appointment) -> Representative | None:
    """Keep what an agent may do from now on; None where there is no such live agent."""
    limits, document = appointment.limits, appointment.document
    return await tx.fetch_row(
        Representative,
        APPOINT,
        appointment.person_id,
        appointment.uscc,
        limits.may_approve,
        sorted(limits.purposes),
        sorted(limits.sections),
        limits.days_max,
        limits.queries_max,
        limits.ends_at,
        document.kind,
        document.digest,
        document.issuer,
        document.valid_until,
        appointment.appointed_by,
        tx.now,
    )


NOTE_ENTRY = """
    UPDATE parties_representatives SET entry = $3
    WHERE person_id = $1 AND uscc = $2 AND ended_at IS NULL
"""


async def note_entry(tx: Transaction, *, person_id: str, uscc: str, entry: str) -> None:
    """Keep by which entry of the ledger a live right is known."""
    await tx.execute(NOTE_ENTRY, person_id, uscc, entry)


# Never deleted: who spoke for an enterprise last year must be found next year.
END_REPRESENTATIVE = """
    UPDATE parties_representatives SET ended_at = $3, end_reason = $4
    WHERE person_id = $1 AND uscc = $2 AND ended_at IS NULL
    RETURNING *
"""


async def end_representative(
    tx: Transaction, *, person_id: str, uscc: str, reason: EndReason
) -> Representative | None:
    """End the live right of a person to speak for an enterprise; None where there is none."""
    return await tx.fetch_row(Representative, END_REPRESENTATIVE, person_id, uscc, tx.now, reason)
