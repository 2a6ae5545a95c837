"""The example records of the contract, for tests to change."""

import json
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

Record = dict[str, object]


@pytest.fixture
def example(contract: Path) -> Callable[[str], Record]:
    """Gives the example record of a section, as plain values."""

    def read(code: str) -> Record:
        answer = json.loads((contract / "examples/answer_found.json").read_bytes())
        record: Record = answer["sections"][code]["records"][0]
        return record

    return read


@pytest.fixture
def raw_sections(contract: Path) -> Callable[[str], dict[str, msgspec.Raw]]:
    """Gives the sections of an example answer, unparsed."""

    def read(name: str) -> dict[str, msgspec.Raw]:
        answer = json.loads((contract / "examples" / f"{name}.json").read_bytes())
        return {code: raw_of(section) for code, section in answer["sections"].items()}

    return read


def raw_of(value: object) -> msgspec.Raw:
    """A value as it would stand in a body."""
    return msgspec.Raw(json.dumps(value, ensure_ascii=False).encode())
