"""The ledger's part of `contracts/` and `docs/`: its schemas and its catalogue, from the structs.

Write them anew after a change: `python -c "from creditbridge.ledger.contract import *;
write_contracts('.')"` in the project's folder.
"""

from inspect import getdoc
from pathlib import Path

import msgspec

from creditbridge.ledger.model import (
    CATALOGUE,
    Core,
    EventKind,
    Name,
    Opening,
    Receipt,
)
from creditbridge.protocols.canonical_json import JsonValue
from creditbridge.protocols.json_schema import DIALECT, pretty, without_null

BASE = "https://creditbridge.example/contracts/ledger/"
EVENTS_PAGE = "docs/ledger-events.md"
MARK = "<!-- From here on: made from src/creditbridge/ledger/catalogue.py and terms/. -->\n"


def contract_files() -> dict[str, bytes]:
    """Return the files under `contracts/ledger/` by name."""
    return {
        "core.schema.json": pretty(core_schema()),
        "personal.schema.json": pretty(_schema_of("personal", dict[str, Name])),
        "opening.schema.json": pretty(_schema_of("opening", Opening)),
        "receipt.schema.json": pretty(_schema_of("receipt", Receipt)),
        "events.json": pretty({"v": 1, "events": [_event(kind) for kind in EventKind]}),
    }


def core_schema() -> JsonValue:
    """Return the schema of a core: one alternative for each kind, with its own terms."""
    kinds = [(kind, row.terms) for kind, row in CATALOGUE.items()]
    every = [Core, *dict.fromkeys(terms for _, terms in kinds)]
    _, parts = msgspec.json.schema_components(every, ref_template="#/$defs/{name}")
    definitions = {name: without_null(part) for name, part in parts.items() if name != "Terms"}
    core = definitions.pop("Core")
    if not isinstance(core, dict):  # pragma: no cover -- a struct's schema is an object
        raise TypeError
    alternatives: list[JsonValue] = [
        {
            "properties": {
                "kind": {"const": str(kind)},
                "terms": {"$ref": f"#/$defs/{terms.__name__}"},
            }
        }
        for kind, terms in kinds
    ]
    members = core["properties"]
    plain = {**members, "terms": {"type": "object"}} if isinstance(members, dict) else members
    return {
        "$schema": DIALECT,
        "$id": f"{BASE}core.schema.json",
        **core,
        "properties": plain,
        "oneOf": alternatives,
        "$defs": definitions,
    }


def describe_events() -> str:
    """Return the catalogue for people: one section for each kind, in Markdown."""
    return "\n".join(_describe(kind) for kind in EventKind)


def write_contracts(folder: str) -> None:
    """Write schemas, catalogue, and the generated half of the page, under the project's folder."""
    for name, content in contract_files().items():
        path = Path(folder) / "contracts" / "ledger" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    page = Path(folder) / EVENTS_PAGE
    head, _, _ = page.read_text(encoding="utf-8").partition(MARK)
    page.write_text(head + MARK + "\n" + describe_events(), encoding="utf-8")


def _schema_of(name: str, kind: object) -> JsonValue:
    schema = without_null(msgspec.json.schema(kind, ref_template="#/$defs/{name}"))
    members = schema if isinstance(schema, dict) else {}
    return {"$schema": DIALECT, "$id": f"{BASE}{name}.schema.json", **members}


def _event(kind: EventKind) -> JsonValue:
    row = CATALOGUE[kind]
    return {
        "kind": str(kind),
        "says": _sentence(kind),
        "terms": f"core.schema.json#/$defs/{row.terms.__name__}",
        "names": sorted(row.names),
        "may_name": sorted(row.may_name),
        "digests": sorted(row.digests),
        "chained": row.chained,
    }


def _describe(kind: EventKind) -> str:
    row = CATALOGUE[kind]
    names = [*sorted(row.names), *(f"{name} (where known)" for name in sorted(row.may_name))]
    members = (f"`{name}`" for name in sorted(row.terms.__struct_fields__))
    lines = [
        f"### {kind}",
        "",
        _sentence(kind),
        "",
        f"- names: {', '.join(names) or 'nobody'}",
        f"- terms: {', '.join(members)}",
        f"- salted digests: {', '.join(sorted(row.digests)) or 'none'}",
    ]
    if row.chained:
        lines.append("- a link of the consent's chain")
    return "\n".join([*lines, ""])


def _sentence(kind: EventKind) -> str:
    return (getdoc(CATALOGUE[kind].terms) or "").partition("\n")[0]
