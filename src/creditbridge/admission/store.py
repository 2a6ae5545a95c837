"""The tables of admission: what is decided once is one atomic statement."""

from datetime import datetime, timedelta

from creditbridge.admission.model import KeyName, Lease, Outcome, TakenKey
from creditbridge.admission.settings import LimitPolicy
from creditbridge.foundation.database import Transaction

# Of N takers one inserts the row; the others wait for its commit, and hold no lock on it then:
# a taker that locked the key while it waits for the ledger would meet a delivery that holds the
# ledger and waits for the key.
TAKE_KEY = """
    INSERT INTO admission_keys
        (client_id, route, key, fingerprint, state, reference, taken_at, deadline_at)
    VALUES ($1, $2, $3, $4, 'IN_FLIGHT', $5, $6, $7)
    ON CONFLICT (client_id, route, key) DO NOTHING
"""

# A decided key whose time is over may be taken anew; one in flight never, however old: what became
# of its request must be found out first.
FORGET_KEY = """
    DELETE FROM admission_keys
    WHERE client_id = $1 AND route = $2 AND key = $3 AND state = 'DECIDED' AND forget_at <= $4
"""


async def take_key(
    tx: Transaction, name: KeyName, fingerprint: bytes, *, reference: str, deadline_at: datetime
) -> bool:
    """Tell whether the key is this caller's now."""
    scope = (name.client_id, name.route, name.key)
    row = (*scope, fingerprint, reference, tx.now, deadline_at)
    if await tx.execute(TAKE_KEY, *row) == 1:
        return True
    # Only now: nearly every key is new, and then one statement is all.
    if await tx.execute(FORGET_KEY, *scope, tx.now) == 0:
        return False
    return await tx.execute(TAKE_KEY, *row) == 1


FIND_KEY = """
    SELECT client_id, route, key, fingerprint, state, reference, taken_at, deadline_at, event_id,
        receipt, sealed, body_until
    FROM admission_keys WHERE client_id = $1 AND route = $2 AND key = $3
"""


async def find_key(tx: Transaction, name: KeyName) -> TakenKey | None:
    """Return a key that was taken."""
    return await tx.fetch_row(TakenKey, FIND_KEY, name.client_id, name.route, name.key)


FIND_IN_FLIGHT = """
    SELECT client_id, route, key, fingerprint, state, reference, taken_at, deadline_at, event_id,
        receipt, sealed, body_until
    FROM admission_keys WHERE reference = $1 AND reference <> '' AND state = 'IN_FLIGHT'
    LIMIT 1
"""


async def find_in_flight(tx: Transaction, reference: str) -> TakenKey | None:
    """Return the key in flight that was taken for a report."""
    return await tx.fetch_row(TakenKey, FIND_IN_FLIGHT, reference)


# The first outcome stays: a node that comes back late finds the key decided.
KEEP_OUTCOME = """
    UPDATE admission_keys
    SET state = 'DECIDED', decided_at = $4, event_id = $5, receipt = $6, sealed = $7,
        body_until = $8, forget_at = $9
    WHERE client_id = $1 AND route = $2 AND key = $3 AND state = 'IN_FLIGHT'
"""


async def keep_outcome(
    tx: Transaction, name: KeyName, outcome: Outcome, sealed: bytes, *, times: tuple[timedelta, ...]
) -> bool:
    """Tell whether the outcome is kept; `times` are the lives of the body and of the decision."""
    body_life, decision_life = times
    kept = await tx.execute(
        KEEP_OUTCOME,
        name.client_id,
        name.route,
        name.key,
        tx.now,
        outcome.event_id,
        outcome.receipt,
        sealed,
        tx.now + body_life,
        tx.now + decision_life,
    )
    return kept == 1


# Only in flight: an outcome that somebody may have seen is never taken back.
RELEASE_KEY = """
    DELETE FROM admission_keys
    WHERE client_id = $1 AND route = $2 AND key = $3 AND state = 'IN_FLIGHT'
"""


async def release_key(tx: Transaction, name: KeyName) -> bool:
    """Tell whether the key was in flight; it is free now."""
    return await tx.execute(RELEASE_KEY, name.client_id, name.route, name.key) == 1


# Another node's rows are passed over: two of them never settle one request.
LOCK_OVERDUE = """
    SELECT client_id, route, key, fingerprint, state, reference, taken_at, deadline_at, event_id,
        receipt, sealed, body_until
    FROM admission_keys WHERE state = 'IN_FLIGHT' AND deadline_at <= $1
    ORDER BY deadline_at LIMIT $2 FOR UPDATE SKIP LOCKED
"""


async def lock_overdue(tx: Transaction, *, rows_max: int) -> list[TakenKey]:
    """Return keys in flight past their deadline, oldest first, that no other node works on."""
    return await tx.fetch_rows(TakenKey, LOCK_OVERDUE, tx.now, rows_max)


# One statement: the row goes in if it is new, or if the nonce before it has run out.
TAKE_NONCE = """
    INSERT INTO admission_nonces AS kept (key_id, digest, expires_at) VALUES ($1, $2, $3)
    ON CONFLICT (key_id, digest) DO UPDATE SET expires_at = excluded.expires_at
    WHERE kept.expires_at <= $4
"""


async def take_nonce(tx: Transaction, *, key_id: str, digest: bytes, expires_at: datetime) -> bool:
    """Tell whether the nonce is spent now for the first time."""
    return await tx.execute(TAKE_NONCE, key_id, digest, expires_at, tx.now) == 1


CLAIM_BUSINESS_ID = """
    INSERT INTO admission_business_ids (bank_id, business_id, fingerprint, claimed_at)
    VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING
"""

FIND_BUSINESS_ID = """
    SELECT fingerprint FROM admission_business_ids WHERE bank_id = $1 AND business_id = $2
"""


async def claim_business_id(
    tx: Transaction, *, bank_id: str, business_id: str, fingerprint: bytes
) -> bytes | None:
    """Return None where the id is the caller's now, else the fingerprint it was claimed with."""
    row = (bank_id, business_id, fingerprint, tx.now)
    if await tx.execute(CLAIM_BUSINESS_ID, *row) == 1:
        return None
    # Freed between the two statements: claimed is claimed, and the bank asks again.
    return await tx.fetch_value(bytes, FIND_BUSINESS_ID, bank_id, business_id) or b""


RELEASE_BUSINESS_ID = """
    DELETE FROM admission_business_ids WHERE bank_id = $1 AND business_id = $2
"""


async def release_business_id(tx: Transaction, *, bank_id: str, business_id: str) -> None:
    """Free a business request id."""
    await tx.execute(RELEASE_BUSINESS_ID, bank_id, business_id)


# Of all nodes that ask, each gets a part of what is left, and together never more: the row is
# locked while its numbers are read and moved. The instant may be from before a wait for that lock;
# then the window that another began meanwhile ends later, and is this one's too. $3 is the quota,
# $4 the window's length, $5 how many wait, $6 the largest share.
TAKE_LEASE = """
    INSERT INTO admission_windows AS kept (client_id, policy, ends_at, taken, granted)
    SELECT $1, $2, house_now() + $4, share, share
    FROM (SELECT admission_share($3, $5, $6) AS share) AS first
    ON CONFLICT (client_id, policy) DO UPDATE SET (ends_at, taken, granted) = (
        SELECT excluded.ends_at, excluded.taken, excluded.granted
        WHERE kept.ends_at <= excluded.ends_at - $4
        UNION ALL
        SELECT kept.ends_at, kept.taken + share, share
        FROM (SELECT admission_share($3 - kept.taken, $5, $6) AS share) AS next
        WHERE kept.ends_at > excluded.ends_at - $4
    )
    WHERE kept.ends_at <= excluded.ends_at - $4 OR kept.taken < $3
    RETURNING ends_at, granted, greatest($3 - taken, 0) AS unspent
"""

# Of a quota that is all taken only the end of its window is of interest.
FIND_END = """
    SELECT coalesce(max(ends_at), house_now()) AS ends_at, 0 AS granted, 0 AS unspent
    FROM admission_windows WHERE client_id = $1 AND policy = $2
"""


async def take_lease(
    tx: Transaction, client_id: str, policy: LimitPolicy, *, waiting: int, share_max: int
) -> Lease:
    """Return what this node may spend of a client's quota; a lease of nothing where all is taken.

    `waiting` requests want a permit at once; no lease is larger than they and `share_max`.
    """
    window = timedelta(seconds=policy.window_seconds)
    row = (client_id, policy.name, policy.quota, window, waiting, share_max)
    leases = await tx.fetch_rows(Lease, TAKE_LEASE, *row) or await tx.fetch_rows(
        Lease, FIND_END, client_id, policy.name
    )
    return leases[0]


# A bank's look at an enterprise has a window of its own, beside those of clients: no client id
# holds a slash.
def _look_of(bank_id: str, uscc: str) -> str:
    return f"{bank_id}/{uscc}"


async def take_look(tx: Transaction, *, bank_id: str, uscc: str, policy: LimitPolicy) -> Lease:
    """Return a lease of one look at an enterprise, or of nothing where all are taken."""
    return await take_lease(tx, _look_of(bank_id, uscc), policy, waiting=1, share_max=1)


# By `ctid` and in pages: a purge of a million rows must not hold locks that deliveries wait for.
DROP_BODIES = """
    UPDATE admission_keys SET sealed = NULL, body_until = NULL
    WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM admission_keys WHERE sealed IS NOT NULL AND body_until <= $1
        LIMIT $2 FOR UPDATE SKIP LOCKED))
"""

DROP_KEYS = """
    DELETE FROM admission_keys
    WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM admission_keys WHERE state = 'DECIDED' AND forget_at <= $1
        LIMIT $2 FOR UPDATE SKIP LOCKED))
"""

# Those of clients stay: there are as many as clients and policies.
DROP_LOOKS = """
    DELETE FROM admission_windows
    WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM admission_windows WHERE ends_at <= $1 AND client_id LIKE '%/%'
        LIMIT $2 FOR UPDATE SKIP LOCKED))
"""

DROP_NONCES = """
    DELETE FROM admission_nonces
    WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM admission_nonces WHERE expires_at <= $1
        LIMIT $2 FOR UPDATE SKIP LOCKED))
"""


async def drop_bodies(tx: Transaction, *, rows_max: int) -> int:
    """Forget bodies past their minutes and return how many."""
    return await tx.execute(DROP_BODIES, tx.now, rows_max)


async def drop_keys(tx: Transaction, *, rows_max: int) -> int:
    """Forget decisions past their day and return how many."""
    return await tx.execute(DROP_KEYS, tx.now, rows_max)


async def drop_looks(tx: Transaction, *, rows_max: int) -> int:
    """Forget looks at enterprises whose window has ended and return how many windows."""
    return await tx.execute(DROP_LOOKS, tx.now, rows_max)


async def drop_nonces(tx: Transaction, *, rows_max: int) -> int:
    """Forget nonces that no longer matter and return how many."""
    return await tx.execute(DROP_NONCES, tx.now, rows_max)
