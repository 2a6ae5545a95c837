"""How those are called who were an enterprise's legal representative before."""

import msgspec

from creditbridge.foundation.database import Transaction


class Named(msgspec.Struct, frozen=True, kw_only=True):
    """How a person is called."""

    name: str


LIST_FORMER = """
    SELECT DISTINCT name FROM parties_persons JOIN parties_representatives USING (person_id)
    WHERE uscc = $1 AND role = 'LEGAL_REP' AND end_reason IN ('SUCCESSOR', 'REGISTER') LIMIT 200
"""


async def list_former(tx: Transaction, uscc: str) -> frozenset[str]:
    """Return how those are called after whom another came, up to 200 names."""
    return frozenset(one.name for one in await tx.fetch_rows(Named, LIST_FORMER, uscc))
