"""The keys that the house signs with: when each was announced, begins, and was retired."""

from datetime import datetime, timedelta

import msgspec

from creditbridge.foundation.database import Transaction
from creditbridge.ledger.announced import HouseKey, NewHouseKey


class Announcement(msgspec.Struct, frozen=True, kw_only=True):
    """What was decided about a key that nobody knew."""

    use_from: datetime
    is_first: bool  # The house begins this purpose with it.


# The first to see a key decides, for every node. A purpose's first key, and one that is needed at
# once, begin now; any other after it was shown for long enough, and behind those before it.
ANNOUNCE = """
    INSERT INTO ledger_house_keys (purpose, key_id, jwk, announced_at, use_from)
    SELECT $1, $2, $3, $4,
        CASE WHEN $6 OR count(*) = 0 THEN $4 ELSE greatest($5, max(use_from)) END
    FROM ledger_house_keys WHERE purpose = $1
    ON CONFLICT DO NOTHING
    RETURNING use_from,
        NOT EXISTS (SELECT FROM ledger_house_keys WHERE purpose = $1) AS is_first
"""


async def announce(tx: Transaction, key: NewHouseKey) -> Announcement | None:
    """Return when a key begins, decided by this call; None where another decided it before."""
    return await tx.fetch_row(
        Announcement,
        ANNOUNCE,
        key.purpose,
        key.key_id,
        key.jwk,
        tx.now,
        max(key.use_from, tx.now),
        key.is_urgent,
    )


NAME_ANNOUNCEMENT = """
    UPDATE ledger_house_keys SET announced_by = $3
    WHERE purpose = $1 AND key_id = $2 AND announced_by IS NULL
"""


async def name_announcement(tx: Transaction, key: NewHouseKey, *, event_id: str) -> None:
    """Keep in mind which event announced a key."""
    await tx.execute(NAME_ANNOUNCEMENT, key.purpose, key.key_id, event_id)


# Once, where a later key of the purpose has been in use for that long.
RETIRE = """
    UPDATE ledger_house_keys AS key SET retired_at = $3
    WHERE purpose = $1 AND key_id = $2 AND retired_at IS NULL AND EXISTS (
        SELECT FROM ledger_house_keys AS later
        WHERE later.purpose = key.purpose AND later.use_from <= $4
            AND (later.use_from, later.announced_at, later.key_id)
                > (key.use_from, key.announced_at, key.key_id))
"""


async def retire(tx: Transaction, key: HouseKey, *, overlap: timedelta) -> bool:
    """Retire a key; False where it is retired already, or no later one is long enough in use."""
    return await tx.execute(RETIRE, key.purpose, key.key_id, tx.now, tx.now - overlap) == 1


NAME_RETIREMENT = """
    UPDATE ledger_house_keys SET retired_by = $3
    WHERE purpose = $1 AND key_id = $2 AND retired_by IS NULL
"""


async def name_retirement(tx: Transaction, key: HouseKey, *, event_id: str) -> None:
    """Keep in mind which event retired a key."""
    await tx.execute(NAME_RETIREMENT, key.purpose, key.key_id, event_id)


# An announcement that has no place yet gets one behind everything that is in the tree.
READ = """
    SELECT purpose, key_id, jwk, use_from, retired_at, retirement.log_index AS to_index,
        CASE WHEN announced_by IS NULL THEN 0 ELSE coalesce(announcement.log_index, size) END
            AS from_index
    FROM ledger_house_keys
        CROSS JOIN ledger_head
        LEFT JOIN ledger_entries AS announcement ON announcement.event_id = announced_by
        LEFT JOIN ledger_entries AS retirement ON retirement.event_id = retired_by
    ORDER BY purpose, ledger_house_keys.use_from, announced_at, key_id
"""


async def read_all(tx: Transaction) -> list[HouseKey]:
    """Return every key there ever was: of each purpose the earliest first."""
    return await tx.fetch_rows(HouseKey, READ)
