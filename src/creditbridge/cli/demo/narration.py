"""How the demo speaks: chapters, lines with a tick, and a summary a person enjoys reading."""

import sys
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager

WIDTH = 78
GREEN, RED, BOLD, DIM, RESET = "\x1b[32m", "\x1b[31m", "\x1b[1m", "\x1b[2m", "\x1b[0m"


class StoryBroken(Exception):
    """A step of the story did not hold; the demo ends with status 1."""


class Narrator:
    """Prints the story as it happens; colours only where a terminal shows them."""

    def __init__(self) -> None:
        # In a file or a pipe the codes would stand as letters.
        self._colours = sys.stdout.isatty()
        self._chapter = 0
        self._began = time.monotonic()

    def open(self) -> None:
        """Print the title."""
        print(self._paint(BOLD, "Creditbridge: one look, consented, signed and evidenced"))

    def stay(self, lines: Sequence[tuple[str, str]]) -> None:
        """Print where everything runs, for a person who goes on by hand."""
        print("   Everything stays up. Press Ctrl-C to end.")
        for name, value in lines:
            print(f"   {self._paint(DIM, name.ljust(16))}  {value}")

    @contextmanager
    def chapter(self, title: str) -> Generator[None]:
        """Open a numbered chapter and say at its end how long it took."""
        self._chapter += 1
        began = time.monotonic()
        print(f"\n{self._paint(BOLD, f'{self._chapter}. {title}')}", flush=True)
        yield
        print(self._paint(DIM, f"   {time.monotonic() - began:.1f} s"), flush=True)

    def tell(self, text: str) -> None:
        """Print one line of the story."""
        print(f"   {text}", flush=True)

    def hold(self, text: str, *, where: bool, otherwise: str = "") -> None:
        """Tick a statement, or stop the story.

        Raises:
            StoryBroken: the statement does not hold.
        """
        if not where:
            print(f"   {self._paint(RED, '✗')} {text}", flush=True)
            raise StoryBroken(otherwise or text)
        print(f"   {self._paint(GREEN, '✓')} {text}", flush=True)

    def summarize(self, rows: list[tuple[str, str]]) -> None:
        """Print the summary."""
        name_width = max(len(name) for name, _ in rows)
        print(f"\n{'─' * WIDTH}")
        for name, value in rows:
            print(f"   {self._paint(DIM, name.ljust(name_width))}  {value}")
        print("─" * WIDTH)
        seconds = time.monotonic() - self._began
        print(self._paint(BOLD, f"   Every step held. {seconds:.1f} s.\n"), flush=True)

    def _paint(self, colour: str, text: str) -> str:
        return f"{colour}{text}{RESET}" if self._colours else text
