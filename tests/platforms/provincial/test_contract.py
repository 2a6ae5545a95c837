"""The contract, its examples and our schema say the same."""

import json
from pathlib import Path
from typing import TypeAlias

import msgspec
import pytest
import yaml
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from creditbridge.platforms.provincial.mapping import SECTIONS
from creditbridge.platforms.provincial.readers import READERS
from creditbridge.platforms.provincial.schema import (
    TheirDimension,
    TheirDispute,
    TheirDisputeRefusal,
    TheirEnvelope,
    TheirEvaluation,
    TheirIndustry,
    TheirKeyPerson,
    TheirListing,
    TheirMatch,
    TheirMeasure,
    TheirMoney,
    TheirPenalty,
    TheirQueryState,
    TheirRefusal,
    TheirRegistration,
    TheirSection,
    TheirStanding,
    TheirSubject,
    TheirSupplier,
    TheirToken,
)
from creditbridge.platforms.provincial.schema.departments import (
    TheirAbnormality,
    TheirDefaulter,
    TheirInsuredMonth,
    TheirLicence,
    TheirTaxArrears,
    TheirTaxGrade,
    TheirTaxNonNormal,
    TheirTaxPayment,
    TheirUnfulfilled,
)
from creditbridge.profile.codes import SectionCode
from creditbridge.protocols.strict_json import decode

Schema: TypeAlias = dict[str, object]
KINDS: dict[str, tuple[str, type[msgspec.Struct] | None]] = {
    "query": ("Query", None),
    "grant": ("Grant", None),
    "grant_persons": ("Grant", None),
    "answer_found": ("Answer", TheirEnvelope),
    "answer_persons": ("Answer", TheirEnvelope),
    "answer_nothing_adverse": ("Answer", TheirEnvelope),
    "answer_source_failed": ("Answer", TheirEnvelope),
    "refusal_subject_unknown": ("Refusal", TheirRefusal),
    "refusal_grant": ("Refusal", TheirRefusal),
    "query_state": ("QueryState", TheirQueryState),
    "token_answer": ("TokenAnswer", TheirToken),
    "objection": ("Objection", None),
    "standing_accepted": ("Standing", TheirStanding),
    "standing_answered": ("Standing", TheirStanding),
    "refusal_dispute_unknown": ("DisputeRefusal", TheirDisputeRefusal),
}
STRUCTS: dict[str, type[msgspec.Struct]] = {
    "Subject": TheirSubject,
    "Answer": TheirEnvelope,
    "Refusal": TheirRefusal,
    "QueryState": TheirQueryState,
    "Standing": TheirStanding,
    "DisputeRefusal": TheirDisputeRefusal,
    "TokenAnswer": TheirToken,
    "Money": TheirMoney,
    "Supplier": TheirSupplier,
    "Dispute": TheirDispute,
    "Match": TheirMatch,
    "Industry": TheirIndustry,
    "Measure": TheirMeasure,
    "Dimension": TheirDimension,
    "RegRecord": TheirRegistration,
    "PenRecord": TheirPenalty,
    "LstRecord": TheirListing,
    "EvaRecord": TheirEvaluation,
    "PsnRecord": TheirKeyPerson,
    "LicRecord": TheirLicence,
    "AbnRecord": TheirAbnormality,
    "JudDefaulterRecord": TheirDefaulter,
    "JudUnfulfilledRecord": TheirUnfulfilled,
    "TaxGradeRecord": TheirTaxGrade,
    "TaxArrearsRecord": TheirTaxArrears,
    "TaxNonNormalRecord": TheirTaxNonNormal,
    "TaxPaidRecord": TheirTaxPayment,
    "SocRecord": TheirInsuredMonth,
}


@pytest.fixture
def messages(contract: Path) -> Schema:
    """The JSON Schemas."""
    schema: Schema = json.loads((contract / "messages.schema.json").read_bytes())
    return schema


def test_every_example_has_its_kind(contract: Path) -> None:
    """No example is left untested."""
    assert {path.stem for path in (contract / "examples").iterdir()} == set(KINDS)


@pytest.mark.parametrize("name", list(KINDS))
def test_an_example_is_valid_and_read_by_our_schema(
    contract: Path, messages: Schema, name: str
) -> None:
    """Against the JSON Schema, and by the structs of the dialect."""
    raw = (contract / "examples" / f"{name}.json").read_bytes()
    definition, kind = KINDS[name]

    Draft202012Validator({**messages, "$ref": f"#/$defs/{definition}"}).validate(json.loads(raw))
    if kind is not None:
        assert isinstance(decode(raw, kind), kind)


@pytest.mark.parametrize("name", [name for name in KINDS if name.startswith("answer")])
def test_every_section_of_an_example_is_read(contract: Path, name: str) -> None:
    """Each record by the struct of its section."""
    envelope = decode((contract / "examples" / f"{name}.json").read_bytes(), TheirEnvelope)

    for code, raw in envelope.sections.items():
        section: TheirSection = msgspec.json.decode(raw, type=TheirSection)
        for record in getattr(section, "records", ()):
            read, _ = READERS[SectionCode(code)](record, lambda number: number)
            assert read.record_id == read.source.source_record_id


@pytest.mark.parametrize("name", list(STRUCTS))
def test_a_struct_has_the_members_of_its_definition(messages: Schema, name: str) -> None:
    """The same names, and the same of them required."""
    definitions = messages["$defs"]
    assert isinstance(definitions, dict)
    fields = msgspec.structs.fields(STRUCTS[name])
    # What tells the kinds of one section apart is a tag of the struct, no field of it.
    tag = {STRUCTS[name].__struct_config__.tag_field} - {None}

    assert {each.encode_name for each in fields} | tag == set(definitions[name]["properties"])
    assert {each.encode_name for each in fields if each.required} | tag == set(
        definitions[name]["required"]
    )


def test_the_sections_of_the_contract_are_those_that_are_read(messages: Schema) -> None:
    """In the list of codes, and in the answer."""
    definitions = messages["$defs"]
    assert isinstance(definitions, dict)

    assert set(definitions["SectionCode"]["enum"]) == SECTIONS
    assert set(definitions["Answer"]["properties"]["sections"]["properties"]) == SECTIONS
    assert definitions["Query"]["properties"]["sections"]["maxItems"] == len(SECTIONS)


def test_the_schemas_and_the_openapi_document_are_well_formed(
    contract: Path, messages: Schema
) -> None:
    """By others' validators."""
    Draft202012Validator.check_schema(messages)
    document = contract / "openapi.yaml"
    validate(yaml.safe_load(document.read_text("utf-8")), base_uri=document.as_uri())
