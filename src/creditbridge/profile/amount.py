"""Money in a record: a decimal in the currency's own unit, with the unit that the source used."""

from decimal import Decimal

import msgspec

CNY = "CNY"


class Amount(msgspec.Struct, frozen=True, kw_only=True):
    """An amount: for CNY in 元, converted without rounding; `source_unit` is 元 or 万元."""

    value: Decimal
    currency: str
    source_unit: str
