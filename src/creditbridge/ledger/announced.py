"""A key of the house, as the ledger announced it, and one that is to be announced."""

from datetime import datetime

import msgspec


class HouseKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key that the house signs or signed with, and its place in the log.

    `from_index` is that of its announcement, `to_index` that of its retirement, once it has one.
    """

    purpose: str
    key_id: str  # JWK thumbprint (RFC 7638).
    jwk: bytes  # The public JWK (RFC 7517), as JSON.
    use_from: datetime
    from_index: int
    retired_at: datetime | None = None
    to_index: int | None = None


class NewHouseKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key that is to be announced; an urgent one begins at once, as nothing else can sign."""

    purpose: str
    key_id: str
    algorithm: str
    jwk: bytes
    use_from: datetime
    is_urgent: bool = False
