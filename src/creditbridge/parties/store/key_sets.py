"""The keys that clients publish themselves: who fetches them, and what came."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from creditbridge.foundation.database import Transaction
from creditbridge.parties.model import ClientKey, KeySet

# One of all nodes gets the address; nobody else before `$3`, whatever becomes of it.
BEGIN = """
    UPDATE parties_key_sets SET begun_at = $2
    FROM parties_clients AS client
    WHERE parties_key_sets.client_id = $1 AND client.client_id = $1
        AND (begun_at IS NULL OR begun_at <= $3)
    RETURNING jwks_uri
"""


async def begin(tx: Transaction, client_id: str, *, unless_after: datetime) -> str | None:
    """Return the address to fetch from; None where somebody began later than that."""
    return await tx.fetch_value(str, BEGIN, client_id, tx.now, unless_after)


FIND = "SELECT begun_at, ended_at, fetched_at FROM parties_key_sets WHERE client_id = $1"


async def find(tx: Transaction, client_id: str) -> KeySet | None:
    """Return how the last fetches went; None where the client's keys are registered."""
    return await tx.fetch_row(KeySet, FIND, client_id)


END = """
    UPDATE parties_key_sets
    SET ended_at = $2, fetched_at = CASE WHEN $3 THEN $2 ELSE fetched_at END
    WHERE client_id = $1
"""


async def end(tx: Transaction, client_id: str, *, brought_set: bool) -> None:
    """Keep that the fetch is over, and whether it brought a set."""
    await tx.execute(END, client_id, tx.now, brought_set)


class FailingSet(msgspec.Struct, frozen=True, kw_only=True):
    """A client whose last fetch brought nothing, and when a set last came."""

    client_id: str
    fetched_at: datetime


LIST_FAILING = """
    SELECT client_id, fetched_at FROM parties_key_sets JOIN parties_clients USING (client_id)
    WHERE ended_at > fetched_at AND state = 'ACTIVE' ORDER BY fetched_at LIMIT 1000
"""


async def list_failing(tx: Transaction) -> list[FailingSet]:
    """Return the active clients whose set could not be fetched anew."""
    return await tx.fetch_rows(FailingSet, LIST_FAILING)


class Thumbprint(msgspec.Struct, frozen=True, kw_only=True):
    """The name of a key's material (RFC 7638)."""

    thumbprint: str


# A key that another client has or had proves nothing about this one; one that was registered, or
# whose name alone changed, stays as it is. What comes back counts again.
ADD_KEYS = """
    INSERT INTO parties_client_keys AS known
        (key_id, client_id, thumbprint, jwk, registered_at, is_fetched)
    SELECT key_id, $1, thumbprint, jwk, $2, true
    FROM unnest($3::text[], $4::text[], $5::bytea[]) AS new (key_id, thumbprint, jwk)
    ON CONFLICT (thumbprint) DO UPDATE SET ends_at = NULL, key_id = EXCLUDED.key_id,
        jwk = EXCLUDED.jwk
    WHERE known.client_id = $1 AND known.is_fetched
        AND (known.ends_at IS NOT NULL OR known.jwk <> EXCLUDED.jwk)
    RETURNING thumbprint
"""


async def add_keys(
    tx: Transaction, client_id: str, keys: Sequence[tuple[ClientKey, str]]
) -> frozenset[str]:
    """Keep keys of a set, each with its thumbprint; return those that are new or came back."""
    rows = await tx.fetch_rows(
        Thumbprint,
        ADD_KEYS,
        client_id,
        tx.now,
        [key.key_id for key, _ in keys],
        [thumbprint for _, thumbprint in keys],
        [key.jwk for key, _ in keys],
    )
    return frozenset(row.thumbprint for row in rows)


END_KEYS = """
    UPDATE parties_client_keys SET ends_at = $2
    WHERE client_id = $1 AND is_fetched AND ends_at IS NULL AND thumbprint <> ALL ($3::text[])
    RETURNING thumbprint
"""


async def end_keys(tx: Transaction, client_id: str, *, kept: Sequence[str]) -> frozenset[str]:
    """End what is no more in the set; the rows stay, as pins verify what was signed before."""
    rows = await tx.fetch_rows(Thumbprint, END_KEYS, client_id, tx.now, list(kept))
    return frozenset(row.thumbprint for row in rows)
