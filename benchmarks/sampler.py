"""`python -m benchmarks.sampler FILE MODULE WORDS...`: run a module and see where its CPU goes.

Each few milliseconds of processor time the stack is looked at, through coroutines as well. A
function's share is that of the looks that found it anywhere in the stack; `self` counts those
that found it on top. The cost of looking is a few per cent: figures stay comparable.
"""

import runpy
import signal
import sys
from collections import Counter
from pathlib import Path
from types import FrameType

import msgspec

INTERVAL_SECONDS = 0.002
WATCH, REST = signal.SIGUSR1, signal.SIGUSR2
# What is below every request tells nothing.
SHARE_MIN = 0.012


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """How often the process was looked at, and who was found: on top, and anywhere."""

    looks: int
    tops: dict[str, int]
    found: dict[str, int]


class Sampler:
    """Looks at the main thread's stack when the timer rings; WATCH and REST switch it."""

    def __init__(self) -> None:
        self._looks = 0
        self._tops = Counter[str]()
        self._found = Counter[str]()

    def stand_by(self) -> None:
        """Obey the two signals from now on."""
        signal.signal(signal.SIGPROF, self._look)
        signal.signal(WATCH, lambda _number, _frame: self._ring(INTERVAL_SECONDS))
        signal.signal(REST, lambda _number, _frame: self._ring(0))

    def stop(self) -> Profile:
        """Look no more, and return what was seen."""
        self._ring(0)
        return Profile(looks=self._looks, tops=dict(self._tops), found=dict(self._found))

    def _ring(self, seconds: float) -> None:
        signal.setitimer(signal.ITIMER_PROF, seconds, seconds)

    def _look(self, _number: int, frame: FrameType | None) -> None:
        self._looks += 1
        seen = set[str]()
        top = True
        while frame is not None:
            name = _name(frame)
            if top:
                self._tops[name] += 1
                top = False
            seen.add(name)
            frame = frame.f_back
        self._found.update(seen)


def write_profile(profile: Profile, lines: int) -> str:
    """Return the functions that were found most, by their share of the processor time."""
    looks = max(profile.looks, 1)
    shown = [f"{'anywhere':>9}{'on top':>9}  where the gateway's CPU goes"]
    ranked = sorted(profile.found.items(), key=lambda each: -each[1])
    for name, count in ranked[:lines]:
        if count < SHARE_MIN * looks:
            break
        top = profile.tops.get(name, 0)
        shown.append(f"{count / looks:>9.1%}{top / looks:>9.1%}  {name}")
    return "\n".join(shown) + "\n"


def _name(frame: FrameType) -> str:
    code = frame.f_code
    path = code.co_filename
    for mark in ("/site-packages/", "/src/", "/lib/"):
        path = path.rpartition(mark)[2]
    return f"{path}:{code.co_qualname}"


def main() -> None:
    """Run the module under the sampler."""
    file, module, *words = sys.argv[1:]
    sys.argv = [module, *words]
    sampler = Sampler()
    sampler.stand_by()
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    finally:
        Path(file).write_bytes(msgspec.json.encode(sampler.stop()))


if __name__ == "__main__":
    main()
