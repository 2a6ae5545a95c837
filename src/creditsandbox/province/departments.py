"""The departments of the province, one of each kind in each city."""

from functools import cache

from creditsandbox.province.authorities import Department
from creditsandbox.province.identifiers import complete_uscc
from creditsandbox.province.tables import DEPARTMENTS, DIVISIONS

_ROWS = {row.code: (number, row) for number, row in enumerate(DEPARTMENTS.departments)}
_CITIES = {city.code: city.name for city in DIVISIONS.cities}


@cache
def get_department(code: str, *, city: str) -> Department:
    """Return the department of a kind in a city (four digits), a government organ with a USCC."""
    number, row = _ROWS[code]
    # An organ of government (prefix 11) at the city's own division, `33xx00`.
    return Department(
        code=code,
        uscc=complete_uscc("11", division=f"{city}00", body=f"YY000D{number:02d}"),
        name=f"{_CITIES[city]}市{row.name}",
        mark=f"{_CITIES[city][0]}{row.mark}",
        sector=row.sector,
    )
