"""The published contracts of the ledger say what the structs say."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from creditbridge.ledger.composing import Numbers, Salts, prepare
from creditbridge.ledger.contract import MARK, contract_files, describe_events, write_contracts
from creditbridge.ledger.encoding import encode
from creditbridge.ledger.model import CATALOGUE, Core, EventKind, Record, ReferenceKind

PROJECT = Path(__file__).parents[2]
FOLDER = PROJECT / "contracts" / "ledger"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(("name", "content"), contract_files().items())
def test_each_file_is_generated(name: str, content: bytes) -> None:
    """Byte for byte; after a change run `write_contracts`."""
    assert (FOLDER / name).read_bytes() == content


def test_the_folder_holds_nothing_else() -> None:
    """A file that nothing generates would go stale."""
    assert {path.name for path in FOLDER.iterdir()} == set(contract_files())


def test_the_page_for_people_is_generated_from_its_mark_on() -> None:
    """The catalogue in words and the catalogue in code are one."""
    _, mark, tail = (PROJECT / "docs" / "ledger-events.md").read_text("utf-8").partition(MARK)

    assert mark == MARK
    assert tail.strip() == describe_events().strip()


def test_events_contract_and_enum_are_equal() -> None:
    """Every kind has one row, every row one kind, in the same order."""
    events = json.loads((FOLDER / "events.json").read_text("utf-8"))["events"]

    assert [event["kind"] for event in events] == [str(kind) for kind in EventKind]
    assert set(CATALOGUE) == set(EventKind)
    assert {event["kind"] for event in events if event["chained"]} == {
        "consent.requested",
        "consent.countersigned",
        "consent.approved",
        "document.confirmed",
        "consent.refused",
        "consent.withdrawn",
        "consent.silenced",
        "consent.lapsed",
        "consent.cancelled",
        "consent.paused",
        "consent.resumed",
        "consent.expired",
        "consent.exhausted",
        "consent.superseded",
        "business.closed",
        "use.returned",
        "report.intended",
    }


def test_every_schema_is_one() -> None:
    """Each follows the 2020-12 dialect that it names."""
    for path in FOLDER.glob("*.schema.json"):
        Draft202012Validator.check_schema(json.loads(path.read_text("utf-8")))


def test_cores_follow_their_schema(story: list[Record]) -> None:
    """What intake writes down is what the contract promises; another kind's terms are not."""
    schema = json.loads((FOLDER / "core.schema.json").read_text("utf-8"))
    validator = Draft202012Validator(schema)

    for record in story:
        core = json.loads(encode(prepared_core(record)))
        assert list(validator.iter_errors(core)) == []
        assert list(validator.iter_errors({**core, "kind": "pack.assembled"})) != []
        assert list(validator.iter_errors({**core, "more": 1})) != []


def prepared_core(record: Record) -> Core:
    """Return the core that a record becomes."""
    salts = Salts(
        entry=bytes(32), personal=bytes(32), digests=dict.fromkeys(record.digests, bytes(32))
    )
    numbers = Numbers(references={kind: str(kind) for kind in ReferenceKind})
    return prepare(record, numbers, salts, event_id="evt_1", decided_at=NOON).core


def test_contracts_are_written_where_they_are_compared(tmp_path: Path) -> None:
    """Schemas, catalogue, and the page behind its mark; what people wrote before it stays."""
    page = tmp_path / "docs" / "ledger-events.md"
    page.parent.mkdir()
    page.write_text(f"What people wrote.\n{MARK}stale", "utf-8")

    write_contracts(str(tmp_path))

    written = {path.name: path.read_bytes() for path in (tmp_path / "contracts/ledger").iterdir()}
    assert written == contract_files()
    assert page.read_text("utf-8") == f"What people wrote.\n{MARK}\n{describe_events()}"
