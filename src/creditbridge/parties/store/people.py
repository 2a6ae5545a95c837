"""Enterprises, persons, and who may speak for whom."""

from creditbridge.foundation.database import Transaction
from creditbridge.parties.model import Enrolment, Enterprise, Person, Representative

FIND_ENTERPRISE = "SELECT enterprise_id, uscc, name FROM parties_enterprises WHERE uscc = $1"


async def find_enterprise(tx: Transaction, uscc: str) -> Enterprise | None:
    """Return an enterprise by its code in normal form."""
    return await tx.fetch_row(Enterprise, FIND_ENTERPRISE, uscc)


# The name may change, the id never: consents and the ledger stand on it.
KEEP_ENTERPRISE = """
    INSERT INTO parties_enterprises (enterprise_id, uscc, name, kept_at) VALUES ($1, $2, $3, $4)
    ON CONFLICT (uscc) DO UPDATE SET name = excluded.name
    RETURNING enterprise_id, uscc, name
"""


async def keep_enterprise(tx: Transaction, enterprise: Enterprise) -> Enterprise:
    """Keep an enterprise and return it, under the id it had if it was known."""
    row = (enterprise.enterprise_id, enterprise.uscc, enterprise.name, tx.now)
    (kept,) = await tx.fetch_rows(Enterprise, KEEP_ENTERPRISE, *row)
    return kept


FIND_PERSON = "SELECT person_id, issuer, subject, name FROM parties_persons WHERE person_id = $1"


async def find_person(tx: Transaction, person_id: str) -> Person | None:
    """Return a person."""
    return await tx.fetch_row(Person, FIND_PERSON, person_id)


# The row stays locked until the transaction ends: two sign-ins of one person follow each other.
KEEP_PERSON = """
    INSERT INTO parties_persons (person_id, issuer, subject, name) VALUES ($1, $2, $3, $4)
    ON CONFLICT (issuer, subject) DO UPDATE SET name = excluded.name
    RETURNING person_id, issuer, subject, name
"""


async def keep_person(tx: Transaction, person: Person) -> Person:
    """Keep a person and return them, under the id they had if they were known."""
    row = (person.person_id, person.issuer, person.subject, person.name)
    (kept,) = await tx.fetch_rows(Person, KEEP_PERSON, *row)
    return kept


FIND_REPRESENTATIVE = """
    SELECT person_id, uscc, role, enrolled_at, ended_at FROM parties_representatives
    WHERE person_id = $1 AND uscc = $2 AND ended_at IS NULL
"""


async def find_representative(
    tx: Transaction, *, person_id: str, uscc: str
) -> Representative | None:
    """Return the live right of a person to speak for an enterprise."""
    return await tx.fetch_row(Representative, FIND_REPRESENTATIVE, person_id, uscc)


FIND_PROOF = """
    SELECT proof_digest FROM parties_representatives
    WHERE person_id = $1 AND uscc = $2 AND ended_at IS NULL
"""


async def find_proof(tx: Transaction, *, person_id: str, uscc: str) -> bytes | None:
    """Return the digest of what proved a person's live right to speak for an enterprise."""
    return await tx.fetch_value(bytes, FIND_PROOF, person_id, uscc)


ADD_REPRESENTATIVE = """
    INSERT INTO parties_representatives (person_id, uscc, role, proof_digest, enrolled_at)
    VALUES ($1, $2, $3, $4, $5)
    RETURNING person_id, uscc, role, enrolled_at, ended_at
"""


async def add_representative(
    tx: Transaction, person: Person, enrolment: Enrolment
) -> Representative:
    """Keep the right of a person to speak for an enterprise, with the digest of its proof."""
    row = (person.person_id, enrolment.uscc, enrolment.role, enrolment.proof_digest, tx.now)
    (added,) = await tx.fetch_rows(Representative, ADD_REPRESENTATIVE, *row)
    return added


# Never deleted: who spoke for an enterprise last year must be found next year.
END_REPRESENTATIVE = """
    UPDATE parties_representatives SET ended_at = $3
    WHERE person_id = $1 AND uscc = $2 AND ended_at IS NULL
"""


async def end_representative(tx: Transaction, *, person_id: str, uscc: str) -> None:
    """End the live right of a person to speak for an enterprise."""
    await tx.execute(END_REPRESENTATIVE, person_id, uscc, tx.now)
