"""Passkeys, signings and recoveries as they lie in the database."""

from creditbridge.foundation.database import Transaction
from creditbridge.login.passkeys.model import Passkey, PasskeyState, Recovery, Signing

ROWS_MAX = 200
PURGE_ROWS_MAX = 1_000

ADD_PASSKEY = """
    INSERT INTO login_passkeys (passkey_id, person_id, credential_id, credential_digest, public_key,
        name, device_bound, counter, state, enrolled_at, approves_from, enrolled_event)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
    ON CONFLICT (credential_digest) DO NOTHING
"""


async def add_passkey(tx: Transaction, passkey: Passkey) -> bool:
    """Keep a new passkey; False where the credential is anybody's already."""
    return (
        await tx.execute(
            ADD_PASSKEY,
            passkey.passkey_id,
            passkey.person_id,
            passkey.credential_id,
            passkey.credential_digest,
            passkey.public_key,
            passkey.name,
            passkey.device_bound,
            passkey.counter,
            passkey.state,
            passkey.enrolled_at,
            passkey.approves_from,
            passkey.enrolled_event,
        )
        == 1
    )


LIST_PASSKEYS = """
    SELECT * FROM login_passkeys WHERE person_id = $1 ORDER BY passkey_id LIMIT $2
"""


async def list_passkeys(tx: Transaction, person_id: str) -> list[Passkey]:
    """Return a person's passkeys, ended ones too, the oldest first."""
    return await tx.fetch_rows(Passkey, LIST_PASSKEYS, person_id, ROWS_MAX)


# Locked: of two assertions at once, the second one sees the counter that the first one left.
LOCK_PASSKEY = "SELECT * FROM login_passkeys WHERE credential_digest = $1 FOR UPDATE"


async def lock_passkey(tx: Transaction, credential_digest: bytes) -> Passkey | None:
    """Return a passkey that nobody else uses or ends until this transaction does."""
    return await tx.fetch_row(Passkey, LOCK_PASSKEY, credential_digest)


# An approval that is being written waits for no other, and an ending waits for it.
HOLD_PASSKEY = """
    SELECT * FROM login_passkeys WHERE passkey_id = $1 AND state = 'ACTIVE' FOR SHARE
"""


async def hold_passkey(tx: Transaction, passkey_id: str) -> Passkey | None:
    """Return a live passkey whose ending waits for this transaction."""
    return await tx.fetch_row(Passkey, HOLD_PASSKEY, passkey_id)


USE_PASSKEY = """
    UPDATE login_passkeys SET counter = $2, used_at = $3
    WHERE passkey_id = $1 AND state = 'ACTIVE'
"""


async def use_passkey(tx: Transaction, passkey_id: str, *, counter: int) -> None:
    """Keep the counter of a use."""
    await tx.execute(USE_PASSKEY, passkey_id, counter, tx.now)


# One way only: nothing makes an ended passkey live again.
END_PASSKEY = """
    UPDATE login_passkeys SET state = $3, ended_at = $4
    WHERE passkey_id = $1 AND person_id = $2 AND state = 'ACTIVE' RETURNING *
"""


async def end_passkey(
    tx: Transaction, *, passkey_id: str, person_id: str, state: PasskeyState
) -> Passkey | None:
    """End or suspend a person's live passkey and return it; None where there is none."""
    return await tx.fetch_row(Passkey, END_PASSKEY, passkey_id, person_id, state, tx.now)


LAPSE_PASSKEYS = """
    UPDATE login_passkeys SET state = 'ENDED', ended_at = $2, lapsed = true
    WHERE person_id = $1 AND state = 'ACTIVE' RETURNING *
"""


async def lapse_passkeys(tx: Transaction, person_id: str) -> list[Passkey]:
    """End every live passkey of a person with their last authority, and return them."""
    return await tx.fetch_rows(Passkey, LAPSE_PASSKEYS, person_id, tx.now)


# The page that was opened last is the one that counts: one open try for each thing to be signed.
ASK = """
    INSERT INTO login_signings (signing_id, session_digest, subject, kind, person_id, uscc, signed,
        made_at, expires_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
    ON CONFLICT (session_digest, subject) DO UPDATE SET signing_id = excluded.signing_id,
        kind = excluded.kind, person_id = excluded.person_id, uscc = excluded.uscc,
        signed = excluded.signed, made_at = excluded.made_at, expires_at = excluded.expires_at
"""


async def ask(tx: Transaction, signing: Signing, session_digest: bytes) -> None:
    """Keep what a page asks for, in the place of what it asked before."""
    await tx.execute(
        ASK,
        signing.signing_id,
        session_digest,
        signing.subject,
        signing.kind,
        signing.person_id,
        signing.uscc,
        signing.signed,
        signing.made_at,
        signing.expires_at,
    )


# Spent by being taken, expired or not: of two answers to one page, one gets the row.
TAKE_SIGNING = """
    DELETE FROM login_signings WHERE signing_id = $1 AND session_digest = $2
    RETURNING signing_id, subject, kind, person_id, uscc, signed, made_at, expires_at
"""


async def take_signing(tx: Transaction, signing_id: str, session_digest: bytes) -> Signing | None:
    """Spend a signing of this session; None where there is none."""
    return await tx.fetch_row(Signing, TAKE_SIGNING, signing_id, session_digest)


OPEN_RECOVERY = """
    INSERT INTO login_recoveries (person_id, change_id, opened_at, expires_at)
    VALUES ($1, $2, $3, $4)
    ON CONFLICT (person_id) DO UPDATE SET change_id = excluded.change_id,
        opened_at = excluded.opened_at, expires_at = excluded.expires_at
"""


async def open_recovery(tx: Transaction, recovery: Recovery) -> None:
    """Open the way for one new passkey of a person."""
    await tx.execute(
        OPEN_RECOVERY,
        recovery.person_id,
        recovery.change_id,
        recovery.opened_at,
        recovery.expires_at,
    )


FIND_RECOVERY = "SELECT * FROM login_recoveries WHERE person_id = $1"


async def find_recovery(tx: Transaction, person_id: str) -> Recovery | None:
    """Return what was opened for a person and not used, expired or not."""
    return await tx.fetch_row(Recovery, FIND_RECOVERY, person_id)


TAKE_RECOVERY = "DELETE FROM login_recoveries WHERE person_id = $1 RETURNING *"


async def take_recovery(tx: Transaction, person_id: str) -> Recovery | None:
    """Use what was opened for a person; of two enrolments at once, one gets it."""
    return await tx.fetch_row(Recovery, TAKE_RECOVERY, person_id)


# Two enrolments of one person follow each other: each sees what the other left.
SERIALIZE = "SELECT pg_advisory_xact_lock(hashtextextended('login_passkeys ' || $1, 0))"


async def serialize_enrolments(tx: Transaction, person_id: str) -> None:
    """Wait until no other enrolment of this person is under way."""
    await tx.execute(SERIALIZE, person_id)


PURGE_SIGNINGS = """
    DELETE FROM login_signings WHERE signing_id IN (
        SELECT signing_id FROM login_signings WHERE expires_at <= $1
        ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED
    )
"""


async def purge(tx: Transaction) -> int:
    """Delete up to 1,000 signings that nobody answered in time; return how many."""
    return await tx.execute(PURGE_SIGNINGS, tx.now, PURGE_ROWS_MAX)
