"""The profile's part of `contracts/`: its JSON Schema and the code tables, from structs and rows.

Write them anew after a change of either:
`python -c "from creditbridge.profile.contract import *; write_contracts('contracts')"`.
"""

from pathlib import Path

import msgspec

from creditbridge.profile.model import Profile
from creditbridge.profile.tables import CODE_TABLES, CODE_TABLES_VERSION
from creditbridge.profile.tables.row import CodeRow
from creditbridge.protocols.canonical_json import JsonValue
from creditbridge.protocols.json_schema import DIALECT, pretty

PROFILE_SCHEMA_ID = "https://creditbridge.example/contracts/profile.schema.json"


def contract_files() -> dict[str, bytes]:
    """Return what `contracts/` holds of the profile: path in it -> bytes."""
    files = {f"codes/{rows[0].table.lower()}.json": pretty(_table(rows)) for rows in CODE_TABLES}
    return {"profile.schema.json": pretty(profile_schema()), **files}


def profile_schema() -> dict[str, JsonValue]:
    """Return the JSON Schema of a sealed profile."""
    schema: dict[str, JsonValue] = msgspec.json.schema(Profile)
    return {
        "$schema": DIALECT,
        "$id": PROFILE_SCHEMA_ID,
        "title": "The normalized enterprise credit profile, version 1",
        **schema,
    }


def write_contracts(folder: str) -> None:
    """Write the files under the folder."""
    for name, content in contract_files().items():
        path = Path(folder) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def _table(rows: tuple[CodeRow, ...]) -> dict[str, JsonValue]:
    values: JsonValue = msgspec.to_builtins(rows)
    return {"code_tables_version": CODE_TABLES_VERSION, "table": rows[0].table, "rows": values}
