"""The JSON Schemas of what the consent key signs: enterprises' consents, persons', the policy."""

import msgspec

from creditbridge.consents.model import ConsentArtefact
from creditbridge.consents.persons.model import PersonArtefact
from creditbridge.consents.policy import Policy

SCHEMA_ID = "https://creditbridge.example/contracts/consent.schema.json"
DIALECT = "https://json-schema.org/draft/2020-12/schema"


def artefact_schema() -> dict[str, object]:
    """Return the schema, generated from the struct that is signed."""
    return {
        "$schema": DIALECT,
        "$id": SCHEMA_ID,
        "title": "Consent artefact, version 1",
        **msgspec.json.schema(ConsentArtefact),
    }


def policy_schema() -> dict[str, object]:
    """Return the schema of a policy, generated from the struct that is signed."""
    return {
        "$schema": DIALECT,
        "$id": "https://creditbridge.example/contracts/consent-policy.schema.json",
        "title": "Consent policy, version 1",
        **msgspec.json.schema(Policy),
    }


def person_schema() -> dict[str, object]:
    """Return the schema of what the house signs for a natural person's own consent."""
    return {
        "$schema": DIALECT,
        "$id": "https://creditbridge.example/contracts/person-consent.schema.json",
        "title": "Artefact of a natural person's own consent, version 1",
        **msgspec.json.schema(PersonArtefact),
    }


def format_schema(schema: dict[str, object]) -> str:
    """Return a schema as it stands in a file: indented by two, with a final line feed."""
    return msgspec.json.format(msgspec.json.encode(schema), indent=2).decode("utf-8") + "\n"
