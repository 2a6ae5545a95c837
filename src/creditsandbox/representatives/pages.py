"""A page of the portal, as far as a representative reads it: forms, links, states."""

import re
from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from urllib.parse import urljoin

import msgspec
from typing_extensions import override

Attributes = Mapping[str, str]

TICK = "see_"  # How the portal names the box of a section.
BOXES = frozenset({"checkbox", "radio"})
_CARD = re.compile(r"\bcard-([a-z]+)\b")
_STATE = re.compile(r"\bstate-([A-Z]+)\b")
_LOOK = re.compile(r"\blook-([A-Z_]+)\b")
_TURN = re.compile(r"\bturn-([a-z]+)\b")
_RULE = re.compile(r"\brule-([0-9]+)\b")


class PageUnfit(Exception):
    """The page does not hold what it was opened for."""


class Form(msgspec.Struct, kw_only=True):
    """A form: where it goes, what it sends as it stands, its buttons by id, its choices by name."""

    action: str
    fields: dict[str, str] = {}
    buttons: dict[str, tuple[str, str]] = {}
    choices: dict[str, list[str]] = {}

    def press(self, button: str) -> dict[str, str]:
        """Return what is sent when a button is pressed."""
        name, value = self.buttons[button]
        return {**self.fields, **({name: value} if name else {})}


class Page(msgspec.Struct, kw_only=True):
    """One page; `state` is the first that it shows, which is that of the consent it is about."""

    url: str
    status: int
    forms: list[Form] = []
    cards: list[tuple[str, str]] = []
    state: str = ""
    looks: list[str] = []
    turns: list[str] = []
    rules: list[str] = []
    links: list[str] = []

    def find_form(self, button: str) -> Form | None:
        """Return the form that holds a button of this id."""
        return next((form for form in self.forms if button in form.buttons), None)

    def get_form(self, button: str) -> Form:
        """Return the form that holds a button of this id.

        Raises:
            PageUnfit: there is none.
        """
        form = self.find_form(button)
        if form is None:
            raise PageUnfit(button)
        return form

    def list_cards(self, part: str) -> Iterator[str]:
        """Yield the addresses of the consents in one part of the list, as they stand there."""
        return (address for found, address in self.cards if found == part)


def read_page(url: str, status: int, html: str) -> Page:
    """Return what a representative reads of a page."""
    page = Page(url=url, status=status)
    reader = _Reader(page)
    reader.feed(html)
    reader.close()
    return page


class _Reader(HTMLParser):
    """Notes what the page holds, element by element."""

    def __init__(self, page: Page) -> None:
        super().__init__()
        self._page = page
        self._form: Form | None = None
        self._card = ""
        self._select = ""

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note one element."""
        named = {name: value or "" for name, value in attrs}
        self._note_state(named.get("class", ""))
        if tag == "form":
            self._form = Form(action=urljoin(self._page.url, named.get("action", "")))
            self._page.forms.append(self._form)
        elif tag == "a":
            self._note_link(urljoin(self._page.url, named.get("href", "")))
        elif self._form is not None:
            self._note_control(self._form, tag, named)

    @override
    def handle_endtag(self, tag: str) -> None:
        """Leave a form, a choice or a card."""
        if tag == "form":
            self._form = None
        elif tag == "select":
            self._select = ""
        elif tag == "li":
            self._card = ""

    def _note_link(self, address: str) -> None:
        self._page.links.append(address)
        if self._card:
            self._page.cards.append((self._card, address))

    def _note_state(self, classes: str) -> None:
        if (card := _CARD.search(classes)) is not None and "card" in classes.split():
            self._card = card[1]
        if (state := _STATE.search(classes)) is not None:
            self._page.state = self._page.state or state[1]
        if (look := _LOOK.search(classes)) is not None:
            self._page.looks.append(look[1])
        if (turn := _TURN.search(classes)) is not None:
            self._page.turns.append(turn[1])
        if (rule := _RULE.search(classes)) is not None:
            self._page.rules.append(rule[1])

    def _note_control(self, form: Form, tag: str, named: Attributes) -> None:
        name = named.get("name", "")
        if tag == "button":
            form.buttons[named.get("id", "")] = (name, named.get("value", ""))
        elif tag == "select":
            self._select = name
            form.choices[name] = []
        elif tag == "option":
            self._note_option(form, named)
        elif tag == "input" and name and _is_sent(named):
            # What browsers send for a box that is ticked and says nothing else (HTML, 4.10.5.1).
            form.fields[name] = named.get("value", "on" if named.get("type") in BOXES else "")

    def _note_option(self, form: Form, named: Attributes) -> None:
        options, value = form.choices[self._select], named.get("value", "")
        options.append(value)
        # The first one is sent where none is marked, as browsers do.
        if len(options) == 1 or "selected" in named:
            form.fields[self._select] = value


def _is_sent(named: Attributes) -> bool:
    return named.get("type") not in BOXES or "checked" in named
