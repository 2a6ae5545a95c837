"""The suite's scripted browser, played: a script of the configuration on the real pages."""

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase

import msgspec

from creditbridge.cli.demo.browser import Browser, Page


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """What is done on one page, whose address must match the pattern."""

    task: str
    match: str
    commands: list[list[str | int]] = []


class Visit(msgspec.Struct, frozen=True, kw_only=True, rename="kebab"):
    """The tasks of a visit to an address; `match_limit` is how many visits it is for."""

    match: str
    tasks: list[Task]
    match_limit: int | None = None


def play(browser: Browser, url: str, tasks: Iterable[Task]) -> Page:
    """Open an address, do the tasks, and return where that led."""
    page = browser.open(url)
    for task in tasks:
        # The suite's patterns know `*` alone, so that what else they hold means itself.
        pattern = re.sub(r"([\[?])", r"[\1]", task.match)
        assert fnmatchcase(page.url, pattern), (task.task, page.url)
        page = _do(browser, page, task)
    return page


def _do(browser: Browser, page: Page, task: Task) -> Page:
    typed = dict[str, str]()
    for command in task.commands:
        match command:
            case ["text", "id", str(element), str(text)]:
                typed[_name_of(page, element)] = text
            case ["click", "id", str(element)]:
                page = browser.submit(page, element, **typed)
            case ["wait", "id", str(element), int(), str(text), "update-image-placeholder"]:
                assert re.search(text, _text_of(page, element)), page.text
            case _:
                # The suite's own page, where it waits for its own script.
                assert command[:3] == ["wait", "id", "submission_complete"]
    return page


def _name_of(page: Page, element: str) -> str:
    found = re.search(rf'<input id="{element}" name="([a-z_]+)"', page.text)
    assert found is not None, element
    return found[1]


def _text_of(page: Page, element: str) -> str:
    found = re.search(rf'id="{element}"[^>]*>([^<]*)<', page.text)
    assert found is not None, element
    return found[1]
