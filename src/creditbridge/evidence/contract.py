"""The schema of what an evidence pack and a pins file hold, from the structs.

Write it anew after a change: `python -c "from creditbridge.evidence.contract import *;
write_contract('contracts/evidence-pack.schema.json')"`.
"""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from creditbridge.evidence.model import ExchangeFile, Manifest
from creditbridge.evidence.pins import PinsFile
from creditbridge.ledger.model import Opening, Receipt
from creditbridge.protocols.canonical_json import JsonValue
from creditbridge.protocols.json_schema import DIALECT, pretty, without_null

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
