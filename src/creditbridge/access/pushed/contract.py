"""The JSON Schema of `authorization_details`, as `contracts/authorization-details.schema.json`."""

import msgspec

from creditbridge.access.pushed.details import DETAILS_MAX, Details

SCHEMA_ID = "https://creditbridge.example/contracts/authorization-details.schema.json"
DIALECT = "https://json-schema.org/draft/2020-12/schema"


def details_schema() -> dict[str, object]:
    """Return the schema, generated from the struct that requests are read into."""
    (array,), definitions = msgspec.json.schema_components([Details], ref_template="#/$defs/{name}")
    return {
        "$schema": DIALECT,
        "$id": SCHEMA_ID,
        "title": "authorization_details of type credit_report (RFC 9396)",
        **array,
        "minItems": 1,
        "maxItems": DETAILS_MAX,
        "$defs": definitions,
    }


def format_schema(schema: dict[str, object]) -> str:
    """Return a schema as it stands in a file: indented by two, with a final line feed."""
    return msgspec.json.format(msgspec.json.encode(schema), indent=2).decode("utf-8") + "\n"
