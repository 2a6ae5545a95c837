"""The published schema of pack and pins says what the structs say."""

import json
from pathlib import Path

import msgspec
from jsonschema import Draft202012Validator

from creditbridge.evidence.archive import unpack_files
from creditbridge.evidence.contract import FILES, format_schema, write_contract
from creditbridge.evidence.pins import PinsFile

CONTRACT = Path(__file__).parents[2] / "contracts" / "evidence-pack.schema.json"


def validator_of(name: str) -> Draft202012Validator:
    """Return the validator of one kind of file."""
    schema = json.loads(CONTRACT.read_text("utf-8"))
    return Draft202012Validator({**schema, "$ref": schema["x-files"][name]})


def test_the_contract_is_generated(tmp_path: Path) -> None:
    """Byte for byte; after a change run `write_contract`."""
    write_contract(str(tmp_path / "schema.json"))

    assert CONTRACT.read_bytes() == format_schema()
    assert (tmp_path / "schema.json").read_bytes() == format_schema()


def test_the_contract_is_a_schema() -> None:
    """It follows the 2020-12 dialect that it names."""
    Draft202012Validator.check_schema(json.loads(CONTRACT.read_text("utf-8")))


def test_packs_and_pins_follow_the_contract(pack: bytes, pins_file: PinsFile) -> None:
    """Every JSON file of a pack but the artefact and the grant, which have schemas of their own."""
    files = unpack_files(pack)
    shown = {
        "manifest.json": files["manifest.json"],
        "entries/<index>/opening.json": files["entries/000000000303/opening.json"],
        "receipt.json": files["receipt.json"],
        "queries/<number>/exchange.json": files["queries/01/exchange.json"],
        "pins.json": msgspec.json.encode(pins_file),
    }

    assert shown.keys() == FILES.keys()
    for name, content in shown.items():
        document = {k: v for k, v in json.loads(content).items() if v is not None}
        assert list(validator_of(name).iter_errors(document)) == [], name
        assert list(validator_of(name).iter_errors({**document, "more": 1})) != []
