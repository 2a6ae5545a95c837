"""What the terms of every kind of entry share."""

import msgspec


class Terms(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The terms of one entry; each kind has its own struct below."""
