"""`python -m benchmarks [--quick] [--profile] [--folder FOLDER]`: what one report costs.

1. The demo's sandbox and gateway start; a bank is onboarded, enterprises consent.
2. The naive composition starts beside them, on a PostgreSQL of its own with the same settings.
3. One report of each side is asked for and looked at before anything is measured.
4. Rounds alternate; then the parts alone, then the fixed requests.
5. The page is printed; everything that was started here is stopped.

With `--profile` the gateway is looked at every few milliseconds of its CPU, and what was found is
printed below.
"""

import argparse
import asyncio
import os
import shutil
import sys
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path

import msgspec
import uvloop

from benchmarks.crew import Crew
from benchmarks.endpoints import measure_endpoints
from benchmarks.house import PROFILE_NAME, House
from benchmarks.load.driver import Generator
from benchmarks.parts import measure_parts
from benchmarks.plan import FULL, QUICK, Plan
from benchmarks.recording import measure_recording
from benchmarks.report import Findings, write_page
from benchmarks.rival import Rival
from benchmarks.rounds import measure_idle, run_rounds
from benchmarks.sampler import Profile, write_profile
from creditbridge.cli.demo.layout import Layout, lay_out
from creditbridge.cli.demo.narration import StoryBroken
from creditbridge.foundation.clock import SystemClock
from creditbridge.foundation.errors import CreditbridgeError

RECIPE = Path(__file__).parents[1] / "certs_example" / "make.py"
PROFILE_LINES = 120


def tell(line: str) -> None:
    """Say what happens now, on a line that the next one replaces where a terminal can."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[K{line}")
    else:
        sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def read_arguments() -> argparse.Namespace:
    """Return what was asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--quick", action="store_true", help="about 20 seconds, for tests")
    parser.add_argument("--profile", action="store_true", help="show where its CPU goes")
    parser.add_argument("--folder", type=Path, default=Path("var/bench"), help="made anew")
    return parser.parse_args()


async def measure(
    plan: Plan, layout: Layout, crew: Crew, clusters: ExitStack, *, profile: bool
) -> Findings:
    """Walk the steps above.

    Raises:
        StoryBroken, CreditbridgeError: something did not start, or did not answer.
    """
    monotonic = SystemClock().monotonic
    began, load_before = monotonic(), os.getloadavg()[0]
    async with AsyncExitStack() as stack:
        tell("the sandbox, the gateway, a bank, consents")
        house = House(layout, crew, plan, profile=profile)  # 1
        await house.open(stack)
        rival = Rival(layout, crew, plan, house.target(""))  # 2
        cluster = await rival.open(clusters)
        exchange = await house.rehearse()  # 3
        ours, naive = house.side(), rival.side()
        idle = await measure_idle(plan, ours)
        with Generator() as generator:
            rounds = await run_rounds(plan, (ours, naive), generator, tell)  # 4
        tell("the parts, each alone")
        parts = measure_parts(plan, layout, exchange)
        parts += await measure_recording(plan, layout, cluster)
        tell("fixed requests")
        endpoints, missing = measure_endpoints(plan, layout, ours)
        return Findings(
            rounds=rounds,
            idle=idle,
            parts=parts,
            endpoints=endpoints,
            endpoints_missing=missing,
            cores=os.cpu_count() or 1,
            load_before=load_before,
            seconds=monotonic() - began,
        )


def main() -> int:
    """Measure and print; 0 where every report was delivered, 1 where something was not."""
    arguments = read_arguments()
    if not Path("/proc/self/stat").exists():
        sys.stderr.write("Not run: CPU per process is read from /proc, which only Linux has.\n")
        return 1
    plan = QUICK if arguments.quick else FULL
    folder = make_folder(arguments.folder)
    try:
        findings = measure_in(folder, plan, profile=arguments.profile)
    except (StoryBroken, CreditbridgeError) as broken:
        detail = getattr(broken, "detail", "")
        sys.stderr.write(f"\nThe benchmark broke off: {broken} {detail}\nLogs: {folder}\n")
        return 1
    finally:
        if sys.stderr.isatty():
            sys.stderr.write("\r\x1b[K")
    sys.stdout.write(write_page(plan, findings, colours=sys.stdout.isatty()))
    if arguments.profile:
        profile = msgspec.json.decode((folder / PROFILE_NAME).read_bytes(), type=Profile)
        sys.stdout.write("\n" + write_profile(profile, PROFILE_LINES))
    shutil.rmtree(folder)
    failed = sum(each.tally.failed for rounds in findings.rounds.values() for each in rounds)
    return 1 if failed else 0


def make_folder(folder: Path) -> Path:
    """Return an empty folder; what an earlier run left there is gone."""
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    return folder.resolve()


def measure_in(folder: Path, plan: Plan, *, profile: bool) -> Findings:
    """Measure in a folder; everything that was started is stopped, the databases last.

    Raises:
        StoryBroken, CreditbridgeError: something did not start, or did not answer.
    """
    tell("a throw-away PKI")
    layout = lay_out(folder, RECIPE)
    # The parts are measured on the loop that the gateway runs on.
    with (
        ExitStack() as clusters,
        Crew(folder) as crew,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        return runner.run(measure(plan, layout, crew, clusters, profile=profile))


if __name__ == "__main__":
    raise SystemExit(main())
