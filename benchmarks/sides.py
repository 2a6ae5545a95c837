"""The two sides of the comparison, as the measurement sees them."""

from collections.abc import Awaitable, Callable, Mapping

import msgspec

from benchmarks.load.order import Target

GATEWAY, DATABASE, PLATFORM, GENERATOR = "gateway", "database", "platform", "generator"
SERVING = (GATEWAY, DATABASE, PLATFORM)


def ignore(_is_running: bool) -> None:  # noqa: FBT001 - a callback with one meaning
    """Watch nothing."""


class Side(msgspec.Struct, frozen=True, kw_only=True):
    """A gateway that can be asked for reports, and the process trees that serve it.

    `aim` gives a target with a live token; tokens end sooner than a run does. `watch` is told when
    a measured round begins and ends.
    """

    name: str
    aim: Callable[[], Awaitable[Target]]
    roots: Mapping[str, tuple[int, ...]]
    watch: Callable[[bool], None] = ignore
