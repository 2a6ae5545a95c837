"""Whom people turn to, as the operator says it."""

import msgspec


class ContactPoints(msgspec.Struct, frozen=True, kw_only=True):
    """Plain text in the operator's own words; what is not given is not shown."""

    operator: str | None
    complaints: str | None
    regulator: str | None
