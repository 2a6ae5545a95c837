"""Every journey opens with its map: the steps of its docstring are the steps of its body."""

import io
import re
import tokenize
from importlib.util import find_spec
from pathlib import Path

import pytest

SPEC = find_spec("creditbridge.journeys")
FOLDER = Path(SPEC.origin or "").parent if SPEC is not None else Path()
STEP = re.compile(r"^(\d+)\. ", re.MULTILINE)
MARK = re.compile(r"#\s(\d+(?:,\s\d+)*)")
# Not journeys: they have no numbered steps, and so no marks either.
PLAIN = {
    "__init__.py",
    "answered_consents.py",
    "approver_signature.py",
    "approving_circle.py",
    "asked_consents.py",
    "report_ports.py",
    "report_query.py",
    "require_voice.py",
    "superseding.py",
    "under_way.py",
}


def steps_of(source: str) -> list[int]:
    """Return the numbers of the steps in a module's docstring, in order."""
    docstring = source.split('"""')[1]
    return [int(number) for number in STEP.findall(docstring)]


def marks_of(source: str) -> list[int]:
    """Return the numbers in the body's comments, in the order of the lines."""
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    comments = [token.string for token in tokens if token.type == tokenize.COMMENT]
    found = [mark[1] for comment in comments if (mark := MARK.fullmatch(comment))]
    return [int(number) for group in found for number in group.split(",")]


def list_journeys() -> list[str]:
    """Return the names of the journeys' files."""
    return sorted(path.name for path in FOLDER.glob("*.py") if path.name not in PLAIN)


@pytest.mark.parametrize("name", list_journeys())
def test_the_steps_are_numbered_from_one(name: str) -> None:
    """The map counts 1, 2, 3 without a gap."""
    steps = steps_of((FOLDER / name).read_text())

    assert steps
    assert steps == list(range(1, len(steps) + 1))


@pytest.mark.parametrize("name", list_journeys())
def test_the_body_walks_the_steps_of_the_map(name: str) -> None:
    """Each number above stands beside the lines that do it, and no other number does."""
    source = (FOLDER / name).read_text()

    assert set(marks_of(source)) == set(steps_of(source))


@pytest.mark.parametrize("name", sorted(PLAIN))
def test_what_is_no_journey_has_no_marks(name: str) -> None:
    """A mark without a map would mislead."""
    assert marks_of((FOLDER / name).read_text()) == []


def test_there_is_a_journey_for_each_story() -> None:
    """The files are found, so that the tests above are not empty."""
    assert {"deliver_report.py", "admit_caller.py", "withdraw_consent.py"} <= set(list_journeys())
