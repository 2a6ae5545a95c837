"""The schemas of what an evidence pack, a pins file and a statement hold, from the structs.

Write them anew after a change: `python -c "from creditbridge.evidence.contract import *;
write_contract('contracts/evidence-pack.schema.json');
write_statement_contract('contracts/statement.schema.json')"`.
"""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from creditbridge.evidence.model import ExchangeFile, Manifest
from creditbridge.evidence.pins import PinsFile
from creditbridge.evidence.statements import Statement
from creditbridge.ledger.model import Opening, Receipt
from creditbridge.protocols.canonical_json import JsonValue
from creditbridge.protocols.json_schema import DIALECT, pretty, without_null

STATEMENT_ID = "https://creditbridge.example/contracts/statement.schema.json"
SCHEMA_ID = "https://creditbridge.example/contracts/evidence-pack.schema.json"
FILES: Mapping[str, type[msgspec.Struct]] = {
    "manifest.json": Manifest,
    "entries/<index>/opening.json": Opening,
    "receipt.json": Receipt,
    "queries/<number>/exchange.json": ExchangeFile,
    "pins.json": PinsFile,
}


def pack_schema() -> JsonValue:
    """Return the schema: of the manifest at its root, of every other JSON file by `$defs`."""
    roots, parts = msgspec.json.schema_components(FILES.values(), ref_template="#/$defs/{name}")
    files: JsonValue = {name: root["$ref"] for name, root in zip(FILES, roots, strict=True)}
    return {
        "$schema": DIALECT,
        "$id": SCHEMA_ID,
        "title": "The manifest of an evidence pack, version 1; $defs hold its other JSON files",
        "$ref": "#/$defs/Manifest",
        "x-files": files,
        "$defs": {name: without_null(part) for name, part in parts.items()},
    }


def format_schema() -> bytes:
    """Return the file's bytes."""
    return pretty(pack_schema())


def write_contract(path: str) -> None:
    """Write the schema."""
    Path(path).write_bytes(format_schema())


def format_statement_schema() -> bytes:
    """Return the bytes of the file that describes a statement."""
    root, parts = msgspec.json.schema_components([Statement], ref_template="#/$defs/{name}")
    return pretty(
        {
            "$schema": DIALECT,
            "$id": STATEMENT_ID,
            "title": "A monthly statement of who looked at an enterprise, version 1",
            "$ref": root[0]["$ref"],
            "$defs": {name: without_null(part) for name, part in parts.items()},
        }
    )


def write_statement_contract(path: str) -> None:
    """Write the schema of a statement."""
    Path(path).write_bytes(format_statement_schema())
