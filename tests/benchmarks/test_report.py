"""The printed page: what stands in it, and what it never says."""

from pathlib import Path

import msgspec
import pytest
from benchmarks.endpoints import Endpoint
from benchmarks.fixed import LoadReport, compile_generator
from benchmarks.load.order import Tally
from benchmarks.memory import Memory
from benchmarks.page import WIDTH
from benchmarks.parts import Part
from benchmarks.plan import QUICK
from benchmarks.report import Findings, ReportFindings, write_page
from benchmarks.rounds import Round
from benchmarks.sampler import Profile, write_profile
from benchmarks.tokens.rounds import TokenFindings, TokenRound


def make_round(gateway: float, *, failed: int = 0) -> Round:
    """A round of 100 delivered reports, and some that failed."""
    statuses = {200: 100, 503: failed} if failed else {200: 100}
    return Round(
        cpu_seconds={"gateway": gateway, "database": 0.1, "platform": 0.05, "generator": 0.01},
        tally=Tally(
            seconds=2.0,
            statuses=statuses,
            latency_p50=0.01,
            latency_p99=0.03,
            first_failure="503: overloaded" if failed else "",
        ),
    )


def make_findings(*, failed: int = 0) -> Findings:
    """Two rounds of each side, and no tokens."""
    reports = ReportFindings(
        rounds={
            "creditbridge": [make_round(0.1, failed=failed), make_round(0.3)],
            "naive composition": [make_round(0.5), make_round(0.3)],
        },
        idle={"gateway": 1.0, "database": 0.5, "platform": 0.0},
        parts=[
            Part(name="raw", gateway=20.0, times=0),
            Part(name="recorded", gateway=500.0, database=400.0),
        ],
        endpoints=[
            Endpoint(
                name="GET /x", gateway=300.0, database=50.0, generator=30.0, rate=9.0, failed=0
            )
        ],
    )
    return Findings(
        reports=reports, tokens=None, load_missing="", cores=2, load_before=0.5, seconds=10.0
    )


def make_token_round(server: float, database: float, *, recorded: int = 1_000) -> TokenRound:
    """A round of 1,000 tokens that cost so many CPU seconds."""
    load = LoadReport(n=1_000, secs=2.0, p50=1.0, p99=2.0, non2xx=0, fail=0, gen_cpu=0.01)
    spent = {"gateway": server, "database": database}
    return TokenRound(cpu_seconds=spent, load=load, recorded=recorded)


def make_token_findings(*, recorded: int = 1_000) -> Findings:
    """Our tokens cost 200 µs and 100 µs of the database, theirs 600 µs."""
    ours, theirs = make_token_round(0.2, 0.1, recorded=recorded), make_token_round(0.6, 0.0)
    tokens = TokenFindings(
        peer="oidc-provider 9 on Node.js 20",
        missing="",
        warm_ups={"creditbridge": ours, "node": theirs},
        rounds={"creditbridge": [ours], "node": [theirs]},
        memory={
            "creditbridge": [
                Memory(proportional=61_200_000, private=50_000_000),
                Memory(proportional=50_000_000, private=40_000_000),
            ],
            "node": [],
        },
    )
    return Findings(
        reports=None, tokens=tokens, load_missing="", cores=2, load_before=0.5, seconds=10.0
    )


def test_a_row_shows_medians_and_below_them_the_spread() -> None:
    """1,000 and 3,000 microseconds: 2,000 in the middle, twice that for the naive side."""
    lines = write_page(QUICK, make_findings(), colours=False).splitlines()

    row = next(number for number, line in enumerate(lines) if line.startswith("creditbridge  "))
    assert lines[row].split() == ["creditbridge", "2,000", "1,000", "500", "3,500"]
    assert lines[row + 1].split()[0] == "1,000..3,000"
    assert next(line for line in lines if "naive /" in line).split()[3] == "2.00"


def test_what_is_contained_in_another_part_is_not_added_twice() -> None:
    """Raw signatures stand beside the sum, not in it."""
    lines = write_page(QUICK, make_findings(), colours=False).splitlines()

    total = next(line for line in lines if line.startswith("sum of"))
    assert total.split()[-2:] == ["500", "400"]


def test_failures_are_counted_and_shown() -> None:
    """Whoever reads the page sees how many failed, and how the first one did."""
    page = write_page(QUICK, make_findings(failed=3), colours=False)

    assert "203 / 3" in page
    assert "503: overloaded" in page


def test_the_page_fits_a_terminal_and_has_no_colours_in_a_file() -> None:
    """No line is wider than the rule, no escape code goes into a pipe."""
    for findings in (make_findings(), make_token_findings()):
        page = write_page(QUICK, findings, colours=False)

        assert max(map(len, page.splitlines())) <= WIDTH
        assert "\x1b" not in page


def test_tokens_are_compared_by_the_server_alone_and_with_its_database() -> None:
    """5,000 and 3,333 tokens per CPU-second beside 1,667: three times, and twice."""
    lines = write_page(QUICK, make_token_findings(), colours=False).splitlines()

    begin = next(number for number, line in enumerate(lines) if line.startswith("Tokens per CPU"))
    assert lines[begin + 2].split() == ["creditbridge", "5,000", "3,333"]
    assert lines[begin + 3].split() == ["node", "1,667", "3.00", "1,667", "2.00"]


def test_a_token_without_its_record_is_a_failure() -> None:
    """What the log gained is counted; fewer records than tokens make the run fail."""
    findings = make_token_findings(recorded=998)

    assert findings.tokens is not None
    assert findings.tokens.failed == 2


def test_the_share_of_each_worker_is_shown() -> None:
    """Proportional memory, in millions of bytes."""
    page = write_page(QUICK, make_token_findings(), colours=False)

    assert "61.2, 50.0" in page


def test_without_a_compiler_the_reason_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What needs the generator in C is left out, and the page says why."""
    monkeypatch.setenv("PATH", "")

    load, reason = compile_generator(tmp_path)
    findings = msgspec.structs.replace(make_findings(), load_missing=reason)

    assert (load, reason) == (None, "gcc is not installed")
    assert reason in write_page(QUICK, findings, colours=False)


def test_the_profile_leaves_out_what_is_rare() -> None:
    """A function that was found in one look of a thousand is not worth a line."""
    profile = Profile(looks=1_000, tops={"a": 10}, found={"a": 500, "b": 1})

    assert write_profile(profile, 10).splitlines()[1:] == ["    50.0%     1.0%  a"]
