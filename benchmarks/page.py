"""The page that is printed: lines of a fixed width, medians with their spread."""

import statistics
from collections.abc import Iterable

WIDTH = 92
CELL_WIDTH = 15
BOLD, DIM, RESET = "\x1b[1m", "\x1b[2m", "\x1b[0m"


class Page:
    """Lines of a fixed width; bold and dim only where a terminal shows them."""

    def __init__(self, *, colours: bool) -> None:
        self._colours = colours
        self._lines = list[str]()

    @property
    def text(self) -> str:
        """What was written so far."""
        return "\n".join(self._lines) + "\n"

    def write(self, line: str = "", style: str = "") -> None:
        """Write one line."""
        shown = f"{style}{line}{RESET}" if style and self._colours and line else line
        self._lines.append(shown.rstrip())

    def head(self, title: str, *cells: str) -> None:
        """Begin a table."""
        self.write()
        self.write(_row(title, cells), BOLD)
        self.write("─" * WIDTH, DIM)

    def row(self, name: str, *cells: str, style: str = "") -> None:
        """Write one row of a table."""
        self.write(_row(name, cells), style)


def spread(values: Iterable[float]) -> str:
    """Return the least and the greatest value."""
    ordered = sorted(values)
    return f"{ordered[0]:,.0f}..{ordered[-1]:,.0f}"


def median(values: Iterable[float]) -> str:
    """Return the median, in whole numbers."""
    return f"{statistics.median(values):,.0f}"


def _row(name: str, cells: Iterable[str]) -> str:
    shown = [cell.rjust(CELL_WIDTH) for cell in cells]
    return name.ljust(WIDTH - CELL_WIDTH * len(shown)) + "".join(shown)
