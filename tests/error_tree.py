"""Every error of the house, whichever modules the tests before this one have loaded."""

from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pkgutil import walk_packages
from typing import TypeVar

import creditbridge
from creditbridge.foundation.errors import CreditbridgeError

Kind = TypeVar("Kind", bound=CreditbridgeError)


def list_errors(kind: type[Kind]) -> list[type[Kind]]:
    """Return an error of the house and all below it; not the command line's, nor a test's own."""
    load_every_module()
    return [one for one in descend(kind) if is_told(one)]


@cache
def load_every_module() -> None:
    """Load the house, once: a class knows only those below it whose modules are loaded."""
    for module in walk_packages(creditbridge.__path__, "creditbridge."):
        if not module.name.endswith("__main__"):
            import_module(module.name)


def descend(kind: type[Kind]) -> Iterator[type[Kind]]:
    """Return a kind, then all below it."""
    yield kind
    for below in kind.__subclasses__():
        yield from descend(below)


def is_told(kind: type[CreditbridgeError]) -> bool:
    """Tell whether a part of the house other than its command line defines an error."""
    room, _, rest = kind.__module__.partition(".")
    return room == "creditbridge" and not rest.startswith("cli.")
