"""Schemas as the contracts print them."""

from creditbridge.protocols.canonical_json import JsonValue
from creditbridge.protocols.json_schema import pretty, without_null

TEXT: JsonValue = {"type": "string"}
NULL: JsonValue = {"type": "null"}
NUMBER: JsonValue = {"type": "integer"}


def test_an_optional_member_may_be_absent_and_is_never_null() -> None:
    """Also below other members and in lists; what a choice offers besides stays a choice."""
    schema: JsonValue = {
        "title": "Pin",
        "properties": {
            "a": {"anyOf": [TEXT, NULL], "default": None},
            "b": {"anyOf": [TEXT, {"anyOf": [NUMBER, NULL]}, NULL]},
            "c": {"prefixItems": [{"anyOf": [NUMBER, NULL]}]},
        },
    }

    assert without_null(schema) == {
        "properties": {
            "a": TEXT,
            "b": {"anyOf": [TEXT, NUMBER]},
            "c": {"prefixItems": [NUMBER]},
        }
    }


def test_a_choice_without_null_stays_as_it_is() -> None:
    """With what says how to choose."""
    choice: JsonValue = {"anyOf": [TEXT, NUMBER], "discriminator": {"propertyName": "is"}}

    assert without_null(choice) == choice


def test_a_contract_is_printed_for_people() -> None:
    """Indented by two, members in their order, a line feed at the end."""
    assert pretty({"b": [1], "a": None}) == b'{\n  "b": [\n    1\n  ],\n  "a": null\n}\n'
