"""The contract's files and the code that speaks after them."""

from pathlib import Path

import msgspec

from creditbridge.platforms.national import schema
from creditbridge.protocols.json_schema import DIALECT, pretty

CONTRACT = Path(__file__).parents[3] / "contracts/platforms/national"
MESSAGES = (
    *(schema.TheirTicket, schema.TheirResult, schema.TheirPage, schema.TheirRefusal),
    *(schema.TheirQueryState, schema.TheirStanding, schema.TheirDisputeRefusal),
    *(schema.TheirSubject, schema.TheirFound, schema.TheirNoRecord),
    *(schema.TheirNotAvailable, schema.TheirFailed),
    *(schema.TheirRegistration, schema.TheirPenalty, schema.TheirListing, schema.TheirEvaluation),
)


def format_messages() -> bytes:
    """Return the schema of all that a platform says, from the structs that read it."""
    _, parts = msgspec.json.schema_components(MESSAGES, ref_template="#/$defs/{name}")
    return pretty(
        {
            "$schema": DIALECT,
            "$id": "https://creditbridge.example/contracts/platforms/national/messages.schema.json",
            "title": "What a national platform says in its envelopes; README.md has the meanings",
            "$defs": parts,
        }
    )


def test_the_schema_is_that_of_the_structs() -> None:
    """Byte for byte: write `format_messages()` anew after a change."""
    assert (CONTRACT / "messages.schema.json").read_bytes() == format_messages()


def test_every_member_of_a_record_is_explained() -> None:
    """No word of theirs stands in the code alone."""
    explained = (CONTRACT / "README.md").read_text("utf-8")
    records = (
        *(schema.TheirRegistration, schema.TheirPenalty, schema.TheirListing),
        *(schema.TheirEvaluation, schema.TheirMeasure, schema.TheirDispute, schema.TheirSubject),
    )

    members = {field.name for kind in records for field in msgspec.structs.fields(kind)}
    assert {name for name in members if f"`{name}`" not in explained} == set()
