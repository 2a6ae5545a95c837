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

SCHEMA_ID = "https://creditbridge.example/contracts/evidence-pack.schema.json"
DIALECT = "https://json-schema.org/draft/2020-12/schema"
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
        "$defs": {name: _without_null(part) for name, part in parts.items()},
    }


def format_schema() -> bytes:
    """Return the file's bytes."""
    return msgspec.json.format(msgspec.json.encode(pack_schema()), indent=2) + b"\n"


def write_contract(path: str) -> None:
    """Write the schema."""
    Path(path).write_bytes(format_schema())


def _without_null(schema: JsonValue) -> JsonValue:
    """Return a schema whose optional members may be absent, and are never null."""
    if isinstance(schema, list | tuple):
        return [_without_null(part) for part in schema]
    if not isinstance(schema, Mapping):
        return schema
    alternatives = schema.get("anyOf")
    if isinstance(alternatives, list) and {"type": "null"} in alternatives:
        return _without_null(next(part for part in alternatives if part != {"type": "null"}))
    return {name: _without_null(part) for name, part in schema.items()}
