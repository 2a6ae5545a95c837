"""The rows of natural persons' consents, and of the reports that rested on them."""

from collections.abc import Sequence

from creditbridge.consents.persons.model import PersonConsent, PersonUse
from creditbridge.foundation.database import Transaction

ADD = """
    INSERT INTO consents_persons (person_consent_id, version, state, bank_id, bank_uscc, bank_name,
        uscc, name, position, purposes, sections, authorization_no, requested_at, lapses_at,
        valid_to)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
    ON CONFLICT (bank_id, authorization_no) DO NOTHING
"""


async def add(tx: Transaction, consent: PersonConsent) -> bool:
    """Lodge a request; False where the bank has used its number before."""
    added = await tx.execute(
        ADD,
        consent.person_consent_id,
        consent.version,
        consent.state,
        consent.bank_id,
        consent.bank_uscc,
        consent.bank_name,
        consent.uscc,
        consent.name,
        consent.position,
        sorted(consent.purposes),
        sorted(consent.sections),
        consent.authorization_no,
        consent.requested_at,
        consent.lapses_at,
        consent.valid_to,
    )
    return added == 1


NOTE_ASKED = "UPDATE consents_persons SET asked = $2 WHERE person_consent_id = $1"
NOTE_ENTRY = "UPDATE consents_persons SET entry = $2 WHERE person_consent_id = $1"


async def note_asked(tx: Transaction, person_consent_id: str, entry: str) -> None:
    """Keep by which entry of the ledger a request is known."""
    await tx.execute(NOTE_ASKED, person_consent_id, entry)


async def note_entry(tx: Transaction, person_consent_id: str, entry: str) -> None:
    """Keep by which entry of the ledger a given consent is known."""
    await tx.execute(NOTE_ENTRY, person_consent_id, entry)


FIND_OF_BANK = "SELECT * FROM consents_persons WHERE person_consent_id = $1 AND bank_id = $2"


async def find_of_bank(
    tx: Transaction, *, person_consent_id: str, bank_id: str
) -> PersonConsent | None:
    """Return a bank's own."""
    return await tx.fetch_row(PersonConsent, FIND_OF_BANK, person_consent_id, bank_id)


# One's own wherever it was given; a request, for whoever holds the position in this enterprise.
FIND_OF_PERSON = """
    SELECT * FROM consents_persons WHERE person_consent_id = $1
        AND (person_id = $2 OR (person_id IS NULL AND uscc = $3 AND position = ANY ($4::text[])))
"""


async def find_of_person(
    tx: Transaction, person_consent_id: str, *, person_id: str, uscc: str, positions: Sequence[str]
) -> PersonConsent | None:
    """Return what a person may see and answer."""
    return await tx.fetch_row(
        PersonConsent, FIND_OF_PERSON, person_consent_id, person_id, uscc, list(positions)
    )


LOCK_OF_PERSON = """
    WITH locked AS MATERIALIZED (
        SELECT * FROM consents_persons WHERE person_consent_id = $1
            AND (person_id = $2
                OR (person_id IS NULL AND uscc = $3 AND position = ANY ($4::text[])))
        FOR UPDATE
    )
    SELECT *, house_now() FROM locked
"""


async def lock_of_person(
    tx: Transaction, person_consent_id: str, *, person_id: str, uscc: str, positions: Sequence[str]
) -> PersonConsent | None:
    """Return the same, which stays as it is until this transaction ends.

    `tx.now` is an instant under the lock.
    """
    return await tx.fetch_row_now(
        PersonConsent, LOCK_OF_PERSON, person_consent_id, person_id, uscc, list(positions)
    )


LIST_OF_PERSON = """
    SELECT * FROM consents_persons
    WHERE person_id = $1 OR (person_id IS NULL AND uscc = $2 AND position = ANY ($3::text[]))
    ORDER BY person_consent_id DESC LIMIT $4
"""


async def list_of_person(
    tx: Transaction, *, person_id: str, uscc: str, positions: Sequence[str], rows_max: int
) -> list[PersonConsent]:
    """Return what a person is asked for and has answered, newest first."""
    return await tx.fetch_rows(
        PersonConsent, LIST_OF_PERSON, person_id, uscc, list(positions), rows_max
    )


MOVE = """
    UPDATE consents_persons SET version = $3, state = $4, person_id = $5, sections = $6,
        decided_at = $7, ended_at = $8, template_id = $9, template_version = $10,
        text_digest = $11, artefact = $12, artefact_signature = $13, artefact_key_id = $14
    WHERE person_consent_id = $1 AND version = $2
"""


async def move(tx: Transaction, after: PersonConsent) -> bool:
    """Keep what became of a consent; False where another moved it first."""
    moved = await tx.execute(
        MOVE,
        after.person_consent_id,
        after.version - 1,
        after.version,
        after.state,
        after.person_id,
        sorted(after.sections),
        after.decided_at,
        after.ended_at,
        after.template_id,
        after.template_version,
        after.text_digest,
        after.artefact,
        after.artefact_signature,
        after.artefact_key_id,
    )
    return moved == 1


# Shared among reports, and in the way of a withdrawal until they are durable (law 8).
HOLD_LIVE = """
    WITH held AS MATERIALIZED (
        SELECT * FROM consents_persons WHERE bank_id = $1 AND uscc = $2 AND state = 'ACTIVE'
        ORDER BY person_consent_id FOR SHARE
    )
    SELECT *, house_now() FROM held
"""


async def hold_live(tx: Transaction, *, bank_id: str, uscc: str) -> list[PersonConsent]:
    """Return what persons gave a bank in an enterprise's context; `tx.now` is under the locks."""
    return await tx.fetch_rows_now(PersonConsent, HOLD_LIVE, bank_id, uscc)


HOLD = """
    WITH held AS MATERIALIZED (
        SELECT * FROM consents_persons WHERE person_consent_id = ANY ($1::text[])
        ORDER BY person_consent_id FOR SHARE
    )
    SELECT *, house_now() FROM held
"""


async def hold(tx: Transaction, person_consent_ids: Sequence[str]) -> list[PersonConsent]:
    """Return these consents; whoever would change them waits. `tx.now` is under the locks."""
    return await tx.fetch_rows_now(PersonConsent, HOLD, list(person_consent_ids))


NOTE_USES = """
    INSERT INTO consents_person_uses (report_id, person_consent_id, taken_at)
    SELECT $1, person_consent_id, $3 FROM unnest($2::text[]) AS person_consent_id
"""


async def note_uses(tx: Transaction, report_id: str, person_consent_ids: Sequence[str]) -> None:
    """Keep on whose consents a report rests."""
    await tx.execute(NOTE_USES, report_id, list(person_consent_ids), tx.now)


LIST_USES = """
    SELECT report_id, taken_at FROM consents_person_uses WHERE person_consent_id = $1
    ORDER BY taken_at DESC LIMIT $2
"""


async def list_uses(tx: Transaction, person_consent_id: str, *, rows_max: int) -> list[PersonUse]:
    """Return the newest looks that rested on a consent."""
    return await tx.fetch_rows(PersonUse, LIST_USES, person_consent_id, rows_max)


HOLD_USED = """
    WITH held AS MATERIALIZED (
        SELECT consents_persons.* FROM consents_persons
        JOIN consents_person_uses USING (person_consent_id) WHERE report_id = $1
        ORDER BY person_consent_id FOR SHARE OF consents_persons
    )
    SELECT *, house_now() FROM held
"""


async def hold_used(tx: Transaction, report_id: str) -> list[PersonConsent]:
    """Return the consents that a report rests on; `tx.now` is under the locks."""
    return await tx.fetch_rows_now(PersonConsent, HOLD_USED, report_id)
