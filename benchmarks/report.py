"""The printed page: medians with their spread, no target and no verdict."""

import statistics
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib.metadata import version

import msgspec

from benchmarks.endpoints import Endpoint
from benchmarks.page import BOLD, DIM, WIDTH, Page, median, spread
from benchmarks.parts import Part
from benchmarks.plan import Plan
from benchmarks.rounds import Round
from benchmarks.sides import GENERATOR, SERVING
from benchmarks.silence.page import write_silence
from benchmarks.silence.rounds import SilenceFindings
from benchmarks.tokens.page import write_tokens
from benchmarks.tokens.rounds import TokenFindings

MILLISECONDS = 1_000
TIMES = {0: "contained", 1: "once", 2: "twice"}


class ReportFindings(msgspec.Struct, frozen=True, kw_only=True):
    """What was measured of reports, and of the fixed requests beside them."""

    rounds: Mapping[str, Sequence[Round]]
    idle: Mapping[str, float]
    parts: Sequence[Part]
    endpoints: Sequence[Endpoint]


class Findings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that one run measured; `load_missing` says why no fixed request was asked."""

    reports: ReportFindings | None = None
    tokens: TokenFindings | None = None
    silence: SilenceFindings | None = None
    load_missing: str = ""
    cores: int = 1
    load_before: float = 0.0
    seconds: float = 0.0


def write_page(plan: Plan, findings: Findings, *, colours: bool) -> str:
    """Return the page."""
    page = Page(colours=colours)
    page.write()
    title = f"creditbridge {version('creditbridge')}"
    page.write(f"{title.ljust(WIDTH - 10)}{findings.cores:>4} cores", BOLD)
    if findings.reports is not None:
        _open(page, plan)
        _costs(page, findings.reports)
        _information(page, findings.reports)
        _parts(page, findings.reports.parts)
        _endpoints(page, findings.reports)
    if findings.tokens is not None:
        write_tokens(page, plan, findings.tokens)
    if findings.silence is not None:
        write_silence(page, plan, findings.silence)
    if findings.load_missing:
        page.write()
        page.write(f"not measured, tokens and fixed requests: {findings.load_missing}")
    page.write()
    load = f"load average of the machine before it: {findings.load_before:.1f}"
    page.write(f"{findings.seconds:.0f} s in all; {load}", DIM)
    return page.text


def _open(page: Page, plan: Plan) -> None:
    page.write()
    page.write("What one report costs", BOLD)
    page.write()
    page.write(
        f"POST /v1/reports: signed requests over {plan.connections} keep-alive mutual-TLS "
        f"connections,"
    )
    page.write(
        f"{plan.consents} consents of {plan.enterprises} enterprises; {plan.rounds} rounds of "
        f"{plan.reports:,} reports a side, in turn,"
    )
    page.write(
        f"after {plan.warm_up} to warm up. Same platform, same settings of PostgreSQL. "
        "Median, then min..max."
    )


def _costs(page: Page, findings: ReportFindings) -> None:
    page.head("CPU per report, µs", *SERVING, "together")
    for name, rounds in findings.rounds.items():
        columns = [[each.cost(role) for each in rounds] for role in SERVING]
        columns.append([each.total for each in rounds])
        page.row(name, *map(median, columns))
        page.row("", *map(spread, columns), style=DIM)
    ours, naive = findings.rounds.values()
    page.row("naive / creditbridge", *_ratios(ours, naive))


def _ratios(ours: Sequence[Round], naive: Sequence[Round]) -> list[str]:
    reads: list[Callable[[Round], float]] = [partial(_cost, role) for role in SERVING]
    reads.append(lambda each: each.total)
    shown = list[str]()
    for read in reads:
        own, theirs = (statistics.median(map(read, rounds)) for rounds in (ours, naive))
        shown.append(f"{theirs / own:.2f}" if own else "-")
    return shown


def _cost(role: str, each: Round) -> float:
    return each.cost(role)


def _information(page: Page, findings: ReportFindings) -> None:
    page.head("For information", "reports/s", "p50 / p99 ms", "sent / failed", "generator µs")
    for name, rounds in findings.rounds.items():
        tallies = [each.tally for each in rounds]
        fast = MILLISECONDS * statistics.median(each.latency_p50 for each in tallies)
        slow = MILLISECONDS * statistics.median(each.latency_p99 for each in tallies)
        sent = sum(sum(each.statuses.values()) for each in tallies)
        failed = sum(each.failed for each in tallies)
        page.row(
            name,
            median(each.rate for each in rounds),
            f"{fast:.0f} / {slow:.0f}",
            f"{sent:,} / {failed:,}",
            median(each.cost(GENERATOR) for each in rounds),
        )
        for told in sorted({each.first_failure for each in tallies if each.first_failure}):
            page.write(f"  failed: {told[: WIDTH - 10]}")
    idle = ", ".join(f"{role} {findings.idle[role]:.1f}" for role in SERVING)
    page.write(f"creditbridge unasked, ms of CPU per second: {idle}", DIM)


def _parts(page: Page, parts: Sequence[Part]) -> None:
    page.head("Unavoidable parts, each alone, µs", "per report", "gateway", "database")
    for part in parts:
        times = TIMES.get(part.times, f"{part.times} times")
        database = f"{part.database:,.0f}" if part.database else ""
        style = "" if part.times else DIM
        page.row(part.name, times, f"{part.gateway:,.1f}", database, style=style)
    page.row(
        "sum of the unavoidable parts",
        "",
        f"{sum(part.times * part.gateway for part in parts):,.0f}",
        f"{sum(part.times * part.database for part in parts):,.0f}",
        style=BOLD,
    )


def _endpoints(page: Page, findings: ReportFindings) -> None:
    cells = ("gateway µs", "database µs", "generator µs", "answers/s", "failed")
    page.head("One fixed request", *cells)
    for each in findings.endpoints:
        costs = (each.gateway, each.database, each.generator, each.rate)
        page.row(each.name, *(f"{cost:,.0f}" for cost in costs), f"{each.failed:,}")
