"""Every item of the protocol checklist has a test named after it, and so has every module.

The checklist lies beside the project and is read where it is; where it is absent nothing is known
of its items, and these tests say so.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
CHECKLIST = TESTS.parent / ".." / "shared" / "PROTOCOLS.md"
# TLS, authorization server, resource server, proxies: what the conformance plans look at.
FIRST, BEHIND = "\n## 1. ", "\n## 5. "

ITEM = re.compile(r"^\| ([A-Z][0-9]+) \|(.*)$", re.MULTILINE)
TEST = re.compile(r"def test_((?:[A-Z][0-9]+_)+)")
MODULE = re.compile(r"[a-z][A-Za-z0-9_]*(?:-[A-Za-z0-9_]+)+")
BRACES = re.compile(r"\{([^}]*)\}")


@pytest.fixture(scope="module")
def items() -> dict[str, str]:
    """The items of the checklist, with the modules of the suite that its last column names."""
    if not CHECKLIST.exists():
        pytest.skip(f"not run: no checklist at {CHECKLIST}")
    text = CHECKLIST.read_text("utf-8")
    part = text[text.index(FIRST) : text.index(BEHIND)]
    return {item: row.rstrip(" |").rpartition(" |")[2] for item, row in ITEM.findall(part)}


@pytest.fixture(scope="module")
def written() -> str:
    """All tests."""
    return "\n".join(path.read_text("utf-8") for path in TESTS.glob("**/test_*.py"))


def expand(text: str) -> Iterator[str]:
    """Yield what a name with alternatives in braces stands for."""
    found = BRACES.search(text)
    if found is None:
        yield text
        return
    for alternative in found[1].split(","):
        yield from expand(text[: found.start()] + alternative.strip() + text[found.end() :])


def test_every_item_has_a_test_named_after_it(items: dict[str, str], written: str) -> None:
    """By its id, as `test_P4_…`."""
    named = {item for ids in TEST.findall(written) for item in ids.split("_")}

    assert items.keys() - named == set()


def test_every_module_of_the_suite_is_named(items: dict[str, str], written: str) -> None:
    """In the name or the docstring of a test, so that who reads the suite finds it here."""
    spelled = written.replace("-", "_").lower()
    modules = {
        module
        for column in items.values()
        for name in re.findall(r"`([^`]+)`", column)
        for module in expand(name)
        if MODULE.fullmatch(module)
    }

    assert len(modules) > len(items) / 2
    assert {
        module for module in modules if module.replace("-", "_").lower() not in spelled
    } == set()


def test_alternatives_in_braces_are_all_meant() -> None:
    """As the checklist writes modules of one family."""
    assert list(expand("a-{b, c}-{d,e}")) == ["a-b-d", "a-b-e", "a-c-d", "a-c-e"]
    assert list(expand("a-b")) == ["a-b"]
