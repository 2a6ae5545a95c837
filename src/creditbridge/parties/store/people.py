"""Enterprises, and the natural persons whom the house knows."""

from creditbridge.foundation.database import Transaction
from creditbridge.parties.model import Enrolment, Enterprise, Person

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


# Whoever came in before persons had keys is known by their account once more, and never again.
NAME_PERSON = """
    UPDATE parties_persons SET person_key = $3
    WHERE issuer = $1 AND subject = $2 AND person_key IS NULL
        AND NOT EXISTS (SELECT FROM parties_persons WHERE person_key = $3)
"""
# Without a target: the account of another person is in the way as much as the person themselves.
ADD_PERSON = """
    INSERT INTO parties_persons (person_id, issuer, subject, name, person_key)
    VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING
"""
# The row stays locked until the transaction ends: two sign-ins of one person follow each other,
# through whichever accounts.
KEEP_NAME = """
    UPDATE parties_persons SET name = $2 WHERE person_key = $1
    RETURNING person_id, issuer, subject, name
"""


async def keep_person(tx: Transaction, made: str, enrolment: Enrolment) -> Person | None:
    """Keep a natural person and return them, under the id they had if they were known.

    `made` is the id of a new one. None where the account is known as another person's.
    """
    account, key = (enrolment.issuer, enrolment.subject), enrolment.person_key
    await tx.execute(NAME_PERSON, *account, key)
    await tx.execute(ADD_PERSON, made, *account, enrolment.name, key)
    return await tx.fetch_row(Person, KEEP_NAME, key, enrolment.name)
