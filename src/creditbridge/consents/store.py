"""The table of consents, statement by statement.

`*` is every field of `Consent`; a column that a newer version of the house added is passed over.
"""

from datetime import datetime

from creditbridge.consents.acts import ConsentFilter
from creditbridge.consents.frequency import day_of, uses_kept
from creditbridge.consents.model import Consent
from creditbridge.foundation.database import Transaction

IS_NUMBER_TAKEN = """
    SELECT EXISTS (SELECT FROM consents WHERE bank_id = $1 AND authorization_no = $2)
"""


async def is_number_taken(tx: Transaction, *, bank_id: str, authorization_no: str) -> bool:
    """Tell whether a bank has used a number of its own before."""
    return await tx.fetch_value(bool, IS_NUMBER_TAKEN, bank_id, authorization_no) is True


# One request per number of the bank's, and per scan: of N with the same one is lodged.
ADD_CONSENT = """
    INSERT INTO consents (consent_id, version, state, bank_id, bank_uscc, bank_name, clients, uscc,
        name, authorization_no, purposes, sections, valid_from, valid_to, max_queries, business_ref,
        artefact, artefact_signature, artefact_key_id, requested_at, lapses_at, rule, rule_version,
        data_classes, products, roles, recurring, per_day, min_interval_seconds, retention_days,
        until, form, document, supersedes, monitoring, subject_person, letter)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19,
        $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37)
    ON CONFLICT DO NOTHING
"""


async def add_consent(tx: Transaction, consent: Consent) -> bool:
    """Tell whether the request is lodged; False where its number or its scan was used before."""
    added = await tx.execute(
        ADD_CONSENT,
        consent.consent_id,
        consent.version,
        consent.state,
        consent.bank_id,
        consent.bank_uscc,
        consent.bank_name,
        sorted(consent.clients),
        consent.uscc,
        consent.name,
        consent.authorization_no,
        sorted(consent.purposes),
        sorted(consent.sections),
        consent.valid_from,
        consent.valid_to,
        consent.max_queries,
        consent.business_ref,
        consent.artefact,
        consent.artefact_signature,
        consent.artefact_key_id,
        consent.requested_at,
        consent.lapses_at,
        consent.rule,
        consent.rule_version,
        *_extent_columns(consent),
    )
    return added == 1


def _extent_columns(consent: Consent) -> tuple[object, ...]:
    document = consent.document
    return (
        sorted(consent.data_classes),
        sorted(consent.products),
        sorted(consent.roles),
        consent.recurring,
        consent.per_day,
        consent.min_interval_seconds,
        consent.retention_days,
        consent.until,
        consent.form,
        None if document is None else [document.sha256, document.sm3, document.locator],
        consent.supersedes,
        consent.monitoring,
        consent.subject_person,
        consent.letter,
    )


FIND_CONSENT = "SELECT * FROM consents WHERE consent_id = $1"


async def find_consent(tx: Transaction, consent_id: str) -> Consent | None:
    """Return a consent, whoever's."""
    return await tx.fetch_row(Consent, FIND_CONSENT, consent_id)


FIND_OF_BANK = "SELECT * FROM consents WHERE consent_id = $1 AND bank_id = $2"


async def find_of_bank(tx: Transaction, *, consent_id: str, bank_id: str) -> Consent | None:
    """Return a bank's own consent."""
    return await tx.fetch_row(Consent, FIND_OF_BANK, consent_id, bank_id)


FIND_OF_ENTERPRISE = "SELECT * FROM consents WHERE consent_id = $1 AND uscc = $2"


async def find_of_enterprise(tx: Transaction, *, consent_id: str, uscc: str) -> Consent | None:
    """Return a consent that an enterprise was asked for."""
    return await tx.fetch_row(Consent, FIND_OF_ENTERPRISE, consent_id, uscc)


# Ids begin with their millisecond: the order of ids is the order of requests.
# The state as it is shown: time and uses end a consent without a stored transition.
LIST_OF_BANK = """
    SELECT * FROM consents WHERE bank_id = $1 AND ($2::text IS NULL OR consent_id < $2)
        AND ($3::text[] IS NULL OR consent_id = ANY ($3)) AND ($4::text IS NULL OR uscc = $4)
        AND ($5::text IS NULL OR $5 = CASE
            WHEN state = 'REQUESTED' AND lapses_at <= $6 THEN 'LAPSED'
            WHEN state IN ('ACTIVE', 'PAUSED') AND valid_to <= $6 THEN 'EXPIRED'
            WHEN state IN ('ACTIVE', 'PAUSED') AND used >= max_queries THEN 'EXHAUSTED'
            ELSE state END)
    ORDER BY consent_id DESC LIMIT $7
"""


async def list_of_bank(
    tx: Transaction, bank_id: str, wanted: ConsentFilter, *, rows_max: int
) -> list[Consent]:
    """Return a bank's consents that the filter lets through, newest first."""
    only = None if wanted.consent_ids is None else sorted(wanted.consent_ids)
    return await tx.fetch_rows(
        Consent,
        LIST_OF_BANK,
        bank_id,
        wanted.before,
        only,
        wanted.uscc,
        wanted.state,
        tx.now,
        rows_max,
    )


# By id and not by offset: a request lodged meanwhile moves nothing from page to page.
LIST_OF_ENTERPRISE = """
    SELECT * FROM consents WHERE uscc = $1 AND ($2::text IS NULL OR consent_id < $2)
    ORDER BY consent_id DESC LIMIT $3
"""


async def list_of_enterprise(
    tx: Transaction, uscc: str, *, before: str | None, rows_max: int
) -> list[Consent]:
    """Return the consents that an enterprise was asked for, newest first."""
    return await tx.fetch_rows(Consent, LIST_OF_ENTERPRISE, uscc, before, rows_max)


# Only the bank's own row is locked: nobody can hold up what is not theirs. The wait for it may be
# long; MATERIALIZED, so that the instant is the one after it.
LOCK_OF_BANK = """
    WITH locked AS MATERIALIZED (
        SELECT * FROM consents WHERE consent_id = $1 AND bank_id = $2 FOR UPDATE
    )
    SELECT *, house_now() FROM locked
"""


async def lock_of_bank(tx: Transaction, *, consent_id: str, bank_id: str) -> Consent | None:
    """Return a bank's own consent, which stays as it is until this transaction ends.

    `tx.now` is an instant under the lock.
    """
    return await tx.fetch_row_now(Consent, LOCK_OF_BANK, consent_id, bank_id)


# Shared among deliveries, and in the way of a withdrawal until they are durable (law 8).
HOLD_OF_BANK = """
    WITH held AS MATERIALIZED (
        SELECT * FROM consents WHERE consent_id = $1 AND bank_id = $2 FOR SHARE
    )
    SELECT *, house_now() FROM held
"""


async def hold_of_bank(tx: Transaction, *, consent_id: str, bank_id: str) -> Consent | None:
    """Return a bank's own consent; whoever would change it waits, whoever holds it too does not.

    `tx.now` is an instant under the lock.
    """
    return await tx.fetch_row_now(Consent, HOLD_OF_BANK, consent_id, bank_id)


LOCK_OF_ENTERPRISE = "SELECT * FROM consents WHERE consent_id = $1 AND uscc = $2 FOR UPDATE"


async def lock_of_enterprise(tx: Transaction, *, consent_id: str, uscc: str) -> Consent | None:
    """Return an enterprise's own consent, which stays as it is until this transaction ends."""
    return await tx.fetch_row(Consent, LOCK_OF_ENTERPRISE, consent_id, uscc)


# Rows that another node works on are passed over: nobody waits, nobody lapses one twice.
LOCK_OVERDUE = """
    SELECT * FROM consents WHERE state = 'REQUESTED' AND lapses_at <= $1
    ORDER BY lapses_at LIMIT $2 FOR UPDATE SKIP LOCKED
"""


async def lock_overdue(tx: Transaction, *, rows_max: int) -> list[Consent]:
    """Return requests that nobody answered in time and no other node works on."""
    return await tx.fetch_rows(Consent, LOCK_OVERDUE, tx.now, rows_max)


LIST_LAPSING = """
    SELECT * FROM consents WHERE state = 'REQUESTED' AND form <> 'PAPER_SCAN'
        AND lapses_at > $1 AND lapses_at <= $2
        AND ($3::timestamptz IS NULL OR (lapses_at, consent_id) > ($3, $4))
    ORDER BY lapses_at, consent_id LIMIT $5
"""


async def list_lapsing(
    tx: Transaction, *, before: datetime, after: Consent | None, rows_max: int
) -> list[Consent]:
    """Return a page of open requests that lapse before an instant, the soonest first.

    Without letters on paper, which an operator answers and no enterprise.
    """
    lapses_at, consent_id = (None, None) if after is None else (after.lapses_at, after.consent_id)
    return await tx.fetch_rows(
        Consent, LIST_LAPSING, tx.now, before, lapses_at, consent_id, rows_max
    )


# A transition is made from the version that the rule saw, and from no other.
MOVE_CONSENT = """
    UPDATE consents
    SET version = $3, state = $4, sections = $5, artefact = $6, artefact_signature = $7,
        artefact_key_id = $8, decided_at = $9, signer_person_id = $10, signer_role = $11,
        template_id = $12, template_version = $13, text_digest = $14, ended_at = $15,
        withdrawn_by = $16, reason = $17, valid_to = $18, max_queries = $19
    WHERE consent_id = $1 AND version = $2
"""


async def move_consent(tx: Transaction, after: Consent, *, from_version: int) -> bool:
    """Tell whether the consent is now as given; False where another moved it first."""
    moved = await tx.execute(
        MOVE_CONSENT,
        after.consent_id,
        from_version,
        after.version,
        after.state,
        sorted(after.sections),
        after.artefact,
        after.artefact_signature,
        after.artefact_key_id,
        after.decided_at,
        after.signer_person_id,
        after.signer_role,
        after.template_id,
        after.template_version,
        after.text_digest,
        after.ended_at,
        after.withdrawn_by,
        after.reason,
        after.valid_to,
        after.max_queries,
    )
    return moved == 1


# The use is taken only while the consent is the one the rule saw: each transition raises `version`,
# a use does not. Of N callers for the last use, of the term or of the day, one gets the row: the
# guards are the rule's own lines (`is_used_up`, `next_use_at`), asked of the row as it is then.
TAKE_USE = """
    UPDATE consents
    SET used = used + 1,
        recent_uses = (recent_uses || $3::timestamptz)
            [greatest(1, cardinality(recent_uses) + 2 - $5::int):]
    WHERE consent_id = $1 AND version = $2 AND used < least(max_queries, $6::int)
        AND (recurring OR used = 0)
        AND (min_interval_seconds IS NULL OR last_used_at IS NULL
            OR last_used_at + make_interval(secs => min_interval_seconds) <= $3)
        AND ($7::int IS NULL
            OR (SELECT count(*) FROM unnest(recent_uses) AS use WHERE use >= $4) < $7)
    RETURNING used
"""


async def take_use(tx: Transaction, within: Consent) -> int | None:
    """Return the number of the use taken at `tx.now`.

    `within` is what the policy leaves of the consent. None when the consent changed, none is left,
    or it is too soon.
    """
    return await tx.fetch_value(
        int,
        TAKE_USE,
        within.consent_id,
        within.version,
        tx.now,
        day_of(tx.now),
        uses_kept(within.per_day),
        within.max_queries,
        within.per_day,
    )


# Beside the row, once per consent: an index on `used` would be paid for by every use.
MARK_USED_UP = "INSERT INTO consents_used_up VALUES ($1) ON CONFLICT DO NOTHING"


async def mark_used_up(tx: Transaction, consent_id: str) -> None:
    """Note that the last use of a consent was taken."""
    await tx.execute(MARK_USED_UP, consent_id)


# Once per intent is the caller's to see to; the guard keeps the count from going below zero.
GIVE_BACK_USE = """
    UPDATE consents
    SET used = used - 1,
        recent_uses = CASE WHEN $2 = ANY (recent_uses)
            THEN recent_uses[:array_position(recent_uses, $2::timestamptz) - 1]
                || recent_uses[array_position(recent_uses, $2::timestamptz) + 1:]
            ELSE recent_uses END
    WHERE consent_id = $1 AND used > 0
"""


async def give_back_use(tx: Transaction, consent_id: str, *, taken_at: datetime | None) -> bool:
    """Tell whether there was a use to give back; the one of that instant counts no longer."""
    return await tx.execute(GIVE_BACK_USE, consent_id, taken_at) == 1
