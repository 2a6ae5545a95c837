"""The desk's commands: look, advance, switch faults, decide, read the feed."""

from datetime import date
from pathlib import Path

import msgspec
import pytest

from creditsandbox.app import main
from creditsandbox.desk import Portrait
from creditsandbox.province.fixed import Outcome
from creditsandbox.province.population import Province
from creditsandbox.province.portrait import pad
from creditsandbox.province.state import Act, Fault, State, StateFile
from creditsandbox.province.withdrawals import FeedEvent

FOUND = "91330100YY0000A13Y"
NOBODY = "91330100YY0000A21R"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Return a configuration of a small province that serves nothing."""
    path = tmp_path / "sandbox.toml"
    path.write_text("[province]\nsize = 200\n", encoding="utf-8")
    return path


@pytest.fixture
def state_file(config: Path) -> StateFile:
    """Return the state file that stands beside the configuration."""
    return StateFile(config.with_suffix(".state.json"))


def test_advance_moves_the_day_and_comes_back(
    config: Path, state_file: StateFile, capsys: pytest.CaptureFixture[str]
) -> None:
    """Thirty days, then five more, then none: the machine's own day."""
    for argument, ahead in (("30", 30), ("5", 35), ("-40", -5)):
        assert main(["advance", "--config", str(config), "--", argument]) == 0
        assert state_file.read().ahead_days == ahead
        assert f'"ahead_days":{ahead}' in capsys.readouterr().out

    assert main(["advance", "--config", str(config)]) == 0
    assert state_file.read() == State()


def test_advance_to_a_day(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The province's day is that day, and who looks afterwards looks on it."""
    assert main(["advance", "--config", str(config), "--to", "2028-02-29"]) == 0
    assert '"day":"2028-02-29"' in capsys.readouterr().out

    assert main(["inspect", FOUND, "--config", str(config), "--json"]) == 0
    shown = msgspec.json.decode(capsys.readouterr().out, type=Portrait)

    assert shown.on in {date(2028, 2, 29), date(2028, 3, 1)}  # Midnight may pass in between.


def test_too_far_a_day_is_refused(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A hundred years ahead: status 2, with the limit."""
    assert main(["advance", "--config", str(config), "36500"]) == 2
    assert "3650 days" in capsys.readouterr().err


def test_faults_are_switched_on_and_off(
    config: Path, state_file: StateFile, capsys: pytest.CaptureFixture[str]
) -> None:
    """For one and for everybody; off for one, then off for all."""
    for arguments in (["DOWN"], ["CUT", "--uscc", FOUND], ["SLOW"]):
        assert main(["fault", *arguments, "--config", str(config)]) == 0
    own, everybody = Fault(uscc=FOUND, outcome=Outcome.CUT), Fault(uscc="*", outcome=Outcome.SLOW)
    assert state_file.read().faults == (own, everybody)

    assert main(["fault", "OFF", "--uscc", FOUND, "--config", str(config)]) == 0
    assert state_file.read().faults == (everybody,)

    assert main(["fault", "OFF", "--config", str(config)]) == 0
    assert state_file.read().faults == ()
    assert capsys.readouterr().out.endswith('{"faults":[]}\n')


def test_a_decision_is_kept_and_told(
    config: Path, state_file: StateFile, capsys: pytest.CaptureFixture[str]
) -> None:
    """A penalty is repaired by hand: in the state, in the portrait, and in the feed."""
    main(["advance", "--to", "2026-11-21", "--config", str(config)])
    capsys.readouterr()
    number = "杭环罚〔2026〕120号"

    assert main(["decide", "REPAIR", FOUND, number, "--config", str(config)]) == 0
    act = msgspec.json.decode(capsys.readouterr().out, type=Act)
    assert state_file.read().acts == (act,)

    main(["inspect", FOUND, "--config", str(config)])
    assert f"{number}  GENERAL  FINAL  150000 元, repaired {act.on}" in capsys.readouterr().out
    main(["changes", "--after", "20261121-000000", "--config", str(config)])
    lines = capsys.readouterr().out.splitlines()
    events = [msgspec.json.decode(line, type=FeedEvent) for line in lines]
    assert [event.number for event in events if event.uscc == FOUND] == [number]


def test_a_decision_that_the_rules_forbid_is_refused(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Repairing a serious matter within its year: status 2, and why."""
    main(["advance", "--to", "2026-11-21", "--config", str(config)])

    assert main(["decide", "REPAIR", FOUND, "杭税罚〔2026〕300号", "--config", str(config)]) == 2
    assert "TOO_EARLY" in capsys.readouterr().err
    assert main(["decide", "REPAIR", NOBODY, "1", "--config", str(config)]) == 1


def test_the_portrait_says_which_record_took_which_point(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Dimensions, items with their index, and each record with its points and day."""
    assert main(["inspect", FOUND, "--on", "2026-11-21"]) == 0
    text = capsys.readouterr().out

    assert "SBX-2026.1: 605 of 1000, MEDIUM" in text
    assert "-90   杭税罚〔2026〕300号, since 2026-01-05" in text
    assert "严重失信主体名单           0 of 180  C-LST-01" in text
    assert "supervision level C 加强, every 6 months" in text


def test_the_portrait_for_programs_holds_the_whole_file(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """`--json` is one line: the file, the evaluation with contributions, duties, level, rewards."""
    assert main(["inspect", FOUND, "--on", "2026-11-21", "--json"]) == 0
    shown = msgspec.json.decode(capsys.readouterr().out, type=Portrait)

    assert shown.enterprise.entity.uscc == FOUND
    assert shown.evaluation is not None
    assert shown.evaluation.score == sum(row.points for row in shown.evaluation.contributions)
    assert shown.supervision.level == "C"
    assert shown.duties


def test_every_portrait_can_be_drawn(capsys: pytest.CaptureFixture[str], config: Path) -> None:
    """Branches, owners, changes, overdue duties and red lists have their lines."""
    for uscc in Province(size=200).list_codes():
        assert main(["inspect", uscc, "--on", "2026-11-21", "--config", str(config)]) == 0
    text = capsys.readouterr().out

    for word in ("branch of", "  branch 9", "owner ", "->", "ESCALATED", "trustworthy", "abnormal"):
        assert word in text


def test_overdue_deliveries_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    """A head line with their number, then one line each with department and days."""
    assert main(["duties", "--on", "2026-11-21"]) == 0
    head, *lines = capsys.readouterr().out.splitlines()

    assert head == f"{len(lines)} deliveries overdue on 2026-11-21"
    assert all("days ago" in line for line in lines)


def test_chinese_takes_two_columns() -> None:
    """Padded texts are as wide in a terminal, whatever their script."""
    assert pad("欠税", 8) == "欠税    "
    assert pad("tax", 8) == "tax     "
    assert pad("失信名单", 4) == "失信名单 "
