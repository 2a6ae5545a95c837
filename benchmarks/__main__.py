"""`python -m benchmarks [--tokens | --silence] [--quick] [--workers N] [--profile]`: what we cost.

1. The demo's sandbox and gateway start; a bank is onboarded.
2. Reports, not with `--tokens`: enterprises consent, the naive composition starts beside the
   gateway on a PostgreSQL of its own, one report is looked at, rounds alternate; then the parts
   alone, then the fixed requests.
3. Tokens: node-oidc-provider starts beside the gateway where it is installed, rounds alternate.
4. Silence: all of that is stopped, two nodes start, enterprises withdraw while both work.
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
from msgspec.structs import replace

from benchmarks.crew import Crew
from benchmarks.endpoints import measure_endpoints
from benchmarks.fixed import FixedLoad, compile_generator
from benchmarks.house import PROFILE_NAME, House
from benchmarks.load.driver import Generator
from benchmarks.parts import measure_parts
from benchmarks.plan import FULL, QUICK, Plan
from benchmarks.recording import measure_recording
from benchmarks.report import Findings, ReportFindings, write_page
from benchmarks.rival import Rival
from benchmarks.rounds import measure_idle, run_rounds
from benchmarks.sampler import Profile, write_profile
from benchmarks.silence.rounds import measure_silence
from benchmarks.tokens.peer import TokenFormat, find_peer, start_peer
from benchmarks.tokens.rounds import TokenFindings, run_token_rounds
from benchmarks.tokens.side import our_side
from creditbridge.cli.demo.layout import Layout, lay_out
from creditbridge.cli.demo.narration import StoryBroken
from creditbridge.foundation.clock import SystemClock
from creditbridge.foundation.errors import CreditbridgeError

RECIPE = Path(__file__).parents[1] / "certs_example" / "make.py"
PROFILE_LINES = 120
# The clients' quotas are part of what a request costs; one is never reached here.
WIDE_LIMITS = """
[[admission.policies]]
name = "bank"
quota = 10000000
window_seconds = 60
"""


def tell(line: str) -> None:
    """Say what happens now, on a line that the next one replaces where a terminal can."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[K{line}")
    else:
        sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


class Bench(msgspec.Struct, frozen=True, kw_only=True):
    """What every measurement of one run is given."""

    plan: Plan
    layout: Layout
    crew: Crew
    clusters: ExitStack


def read_arguments() -> argparse.Namespace:
    """Return what was asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    alone = parser.add_mutually_exclusive_group()
    alone.add_argument("--tokens", action="store_true", help="the tokens alone")
    alone.add_argument("--silence", action="store_true", help="the click to silence alone")
    parser.add_argument("--quick", action="store_true", help="about 20 seconds, for tests")
    parser.add_argument("--workers", type=int, default=1, help="of the gateway; 1")
    parser.add_argument("--profile", action="store_true", help="show where its CPU goes")
    parser.add_argument("--folder", type=Path, default=Path("var/bench"), help="made anew")
    return parser.parse_args()


async def measure(bench: Bench, *, profile: bool, only_tokens: bool) -> Findings:
    """Walk the steps above.

    Raises:
        StoryBroken, CreditbridgeError: something did not start, or did not answer.
    """
    load, missing = compile_generator(bench.layout.folder)
    async with AsyncExitStack() as stack:
        tell("the sandbox, the gateway, a bank")
        house = House(bench.layout, bench.crew, bench.plan, profile=profile)  # 1
        await house.open(stack)
        reports = None if only_tokens else await measure_reports(bench, house, load)  # 2
        tokens = None if load is None else await measure_tokens(bench, house, load)  # 3
        return Findings(reports=reports, tokens=tokens, load_missing=missing)


async def measure_reports(bench: Bench, house: House, load: FixedLoad | None) -> ReportFindings:
    """Return what a report costs, beside the naive composition.

    Raises:
        StoryBroken, CreditbridgeError: something did not start, or did not answer.
    """
    plan, layout = bench.plan, bench.layout
    tell("consents, and the naive composition")
    await house.give_consents()
    rival = Rival(layout, bench.crew, plan, house.target(""))
    cluster = await rival.open(bench.clusters)
    exchange = await house.rehearse()
    ours, naive = house.side(), rival.side()
    idle = await measure_idle(plan, ours)
    with Generator() as generator:
        rounds = await run_rounds(plan, (ours, naive), generator, tell)
    tell("the parts, each alone")
    parts = measure_parts(plan, layout, exchange)
    parts += await measure_recording(plan, layout, cluster)
    tell("fixed requests")
    endpoints = measure_endpoints(plan, layout, ours, load)
    return ReportFindings(rounds=rounds, idle=idle, parts=parts, endpoints=endpoints)


async def measure_tokens(bench: Bench, house: House, load: FixedLoad) -> TokenFindings:
    """Return what a token costs, beside node-oidc-provider where that is installed.

    Raises:
        CreditbridgeError: something did not start, or the log was not put in order.
    """
    layout, (peer, missing) = bench.layout, find_peer()
    async with AsyncExitStack() as stack:
        http = layout.open_http(layout.people_url, "doors")
        stack.push_async_callback(http.close)
        sides = [our_side(layout, house.side(), http, workers=bench.plan.workers)]
        if peer:
            sides += [await start_peer(layout, tokens, stack) for tokens in TokenFormat]
        warm_ups, rounds, memory = await run_token_rounds(bench.plan, sides, load, tell)
        return TokenFindings(
            peer=peer, missing=missing, warm_ups=warm_ups, rounds=rounds, memory=memory
        )


def main() -> int:
    """Measure and print; 0 where every report and token came, 1 where something did not."""
    arguments = read_arguments()
    if not Path("/proc/self/stat").exists():
        sys.stderr.write("Not run: CPU per process is read from /proc, which only Linux has.\n")
        return 1
    plan = replace(QUICK if arguments.quick else FULL, workers=arguments.workers)
    folder = make_folder(arguments.folder)
    try:
        findings = measure_all(folder, plan, arguments)
    except (StoryBroken, CreditbridgeError) as broken:
        detail = getattr(broken, "detail", "")
        sys.stderr.write(f"\nThe benchmark broke off: {broken} {detail}\nLogs: {folder}\n")
        return 1
    finally:
        if sys.stderr.isatty():
            sys.stderr.write("\r\x1b[K")
    sys.stdout.write(write_page(plan, findings, colours=sys.stdout.isatty()))
    if arguments.profile and not arguments.silence:
        profile = msgspec.json.decode((folder / PROFILE_NAME).read_bytes(), type=Profile)
        sys.stdout.write("\n" + write_profile(profile, PROFILE_LINES))
    shutil.rmtree(folder)
    return 1 if count_failed(findings) else 0


def count_failed(findings: Findings) -> int:
    """Return how many requests of all sides brought nothing, or what they should not."""
    reports = {} if findings.reports is None else findings.reports.rounds
    failed = sum(each.tally.failed for rounds in reports.values() for each in rounds)
    failed += 0 if findings.silence is None else findings.silence.failed
    return failed + (0 if findings.tokens is None else findings.tokens.failed)


def make_folder(folder: Path) -> Path:
    """Return an empty folder; what an earlier run left there is gone."""
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    return folder.resolve()


def measure_all(folder: Path, plan: Plan, arguments: argparse.Namespace) -> Findings:
    """Measure what was asked for, one after the other, so that none is in the way of another.

    Raises:
        StoryBroken, CreditbridgeError: something did not start, or did not answer.
    """
    monotonic = SystemClock().monotonic
    began, load_before = monotonic(), os.getloadavg()[0]
    findings = Findings()
    if not arguments.silence:
        only_tokens = arguments.tokens
        findings = measure_in(folder, plan, profile=arguments.profile, only_tokens=only_tokens)
    if not arguments.tokens:
        findings = replace(findings, silence=measure_silence(folder, plan, tell))
    return replace(
        findings,
        cores=os.cpu_count() or 1,
        load_before=load_before,
        seconds=monotonic() - began,
    )


def measure_in(folder: Path, plan: Plan, *, profile: bool, only_tokens: bool) -> Findings:
    """Measure in a folder; everything that was started is stopped, the databases last.

    Raises:
        StoryBroken, CreditbridgeError: something did not start, or did not answer.
    """
    tell("a throw-away PKI")
    layout = lay_out(folder, RECIPE, settings=WIDE_LIMITS)
    config = folder / "creditbridge.toml"
    config.write_text(f"workers = {plan.workers}\n{config.read_text()}")
    # The parts are measured on the loop that the gateway runs on.
    with (
        ExitStack() as clusters,
        Crew(folder) as crew,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        bench = Bench(plan=plan, layout=layout, crew=crew, clusters=clusters)
        return runner.run(measure(bench, profile=profile, only_tokens=only_tokens))


if __name__ == "__main__":
    raise SystemExit(main())
