"""A department, as records name it."""

import msgspec


class Department(msgspec.Struct, frozen=True, kw_only=True):
    """A department that supplies records and answers for their truth (ZJ 13)."""

    code: str
    uscc: str
    name: str
    mark: str  # how its decisions begin, such as 杭环
    sector: str
    level: str = "CITY"
