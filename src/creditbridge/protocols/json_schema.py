"""The schemas in `contracts/`, as JSON Schema 2020-12 writes them."""

from collections.abc import Mapping

import msgspec

from creditbridge.protocols.canonical_json import JsonValue

DIALECT = "https://json-schema.org/draft/2020-12/schema"
NULL: JsonValue = {"type": "null"}


def without_null(schema: JsonValue) -> JsonValue:
    """Return a schema whose optional members may be absent, and are never null; untitled."""
    if isinstance(schema, list | tuple):
        return [without_null(part) for part in schema]
    if not isinstance(schema, Mapping):
        return schema
    return _take_null({name: without_null(schema[name]) for name in schema if name != "title"})


def _take_null(schema: dict[str, JsonValue]) -> JsonValue:
    alternatives = schema.get("anyOf")
    if not isinstance(alternatives, list) or NULL not in alternatives:
        return schema
    real = [part for part in alternatives if part != NULL]
    return real[0] if len(real) == 1 else {"anyOf": real}


def pretty(value: JsonValue) -> bytes:
    """Return JSON for people: indented by two, with a line feed at its end."""
    return msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n"
