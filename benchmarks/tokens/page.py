"""The tables about tokens. The ratios are those of the figures above them, and no verdict."""

import statistics
from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter
from typing import TypeAlias

from benchmarks.memory import MEGABYTE
from benchmarks.page import BOLD, DIM, Page, median, spread
from benchmarks.plan import Plan
from benchmarks.tokens.rounds import TokenFindings, TokenRound

PER_SECOND = 1_000_000
Read: TypeAlias = Callable[[TokenRound], float]
SERVER: Read = attrgetter("server")
TOGETHER: Read = attrgetter("together")
READS: Sequence[Read] = (SERVER, attrgetter("database"), TOGETHER, attrgetter("generator"))


def write_tokens(page: Page, plan: Plan, tokens: TokenFindings) -> None:
    """Write what a token costs here and there, the ratios, and what is for information."""
    page.write()
    page.write("What one token costs", BOLD)
    page.write()
    page.write(
        "client_credentials with tls_client_auth, certificate-bound tokens, over "
        f"{plan.token_connections} keep-alive"
    )
    page.write(
        f"mutual-TLS connections; {plan.token_rounds} rounds of {plan.token_seconds:g} s a side, "
        f"in turn, after {plan.token_warm_up_seconds:g} s to warm up."
    )
    page.write("Median, then min..max.")
    page.write("Ours with its durable ledger record; theirs in memory, with no database.")
    beside = tokens.peer or f"not measured, {tokens.missing}"
    page.write(f"node-oidc-provider: {beside}")
    _costs(page, tokens)
    _ratios(page, tokens.rounds)
    _information(page, tokens)


def _costs(page: Page, tokens: TokenFindings) -> None:
    page.head("CPU per token, µs", "server", "its database", "together", "generator")
    for name, rounds in tokens.rounds.items():
        columns = [[read(each) for each in rounds] for read in READS]
        page.row(name, *map(median, columns))
        page.row("", *map(spread, columns), style=DIM)
        first = tokens.warm_ups[name]
        page.row("  while warming up", *(f"{read(first):,.0f}" for read in READS), style=DIM)


def _ratios(page: Page, rounds: Mapping[str, Sequence[TokenRound]]) -> None:
    page.head("Tokens per CPU-second", "server", "ours / theirs", "together", "ours / theirs")
    found = {
        name: [_per_second(each, read) for read in (SERVER, TOGETHER)]
        for name, each in rounds.items()
    }
    ours = next(iter(found.values()))
    for name, theirs in found.items():
        cells = list[str]()
        for own, other in zip(ours, theirs, strict=True):
            against = "" if theirs is ours else f"{own / other:.2f}"
            cells += [f"{other:,.0f}", against]
        page.row(name, *cells)


def _per_second(rounds: Sequence[TokenRound], read: Read) -> float:
    cost = statistics.median(map(read, rounds))
    return PER_SECOND / cost if cost else 0.0


def _information(page: Page, tokens: TokenFindings) -> None:
    page.head("For information", "tokens/s", "p50 / p99 ms", "sent / failed", "MB a worker")
    for name, rounds in tokens.rounds.items():
        loads = [each.load for each in rounds]
        fast = statistics.median(each.p50 for each in loads)
        slow = statistics.median(each.p99 for each in loads)
        sent, failed = sum(each.n for each in loads), sum(each.failed for each in loads)
        page.row(
            name,
            median(each.answered / each.secs for each in loads),
            f"{fast:.1f} / {slow:.1f}",
            f"{sent:,} / {failed:,}",
            ", ".join(f"{each.proportional / MEGABYTE:.1f}" for each in tokens.memory[name]),
        )
    ours = next(iter(tokens.rounds.values()))
    answered, recorded = sum(one.load.answered for one in ours), sum(one.recorded for one in ours)
    page.write(
        f"creditbridge: {answered:,} tokens, {recorded:,} records in the published log behind them",
        DIM,
    )
    page.write("MB: proportional memory (PSS) after the load of each process that answers", DIM)
