"""Tests of the log: its form, and what never gets into it."""

import asyncio
import io
import logging
from datetime import UTC, datetime

import msgspec
import pytest

from creditbridge.foundation.errors import Refused, Unavailable
from creditbridge.foundation.logging import LineWriter, bind_log, configure_logging, get_logger

CANARIES = ["cbt_canary0123456789", "91350100M000100Y43", "110101199003070010", "王小明"]


class FixedClock:
    """Stands at one instant."""

    def now(self) -> datetime:
        return datetime(2026, 3, 1, 8, 30, tzinfo=UTC)

    def monotonic(self) -> float:
        return 0.0


@pytest.fixture
def lines() -> io.StringIO:
    """What the log holds after a test, at one instant."""
    stream = io.StringIO()
    configure_logging(stream=stream, clock=FixedClock())
    return stream


def events(lines: io.StringIO) -> list[dict[str, object]]:
    """Return what was logged, a JSON object per line."""
    return [
        msgspec.json.decode(line, type=dict[str, object]) for line in lines.getvalue().splitlines()
    ]


def test_an_event_is_one_line_of_json(lines: io.StringIO) -> None:
    """Instant, level, room, event and parts."""
    get_logger("ledger").info("report.delivered", bank="bnk_1", rows=3)

    assert events(lines) == [
        {
            "at": "2026-03-01T08:30:00.000000+00:00",
            "level": "info",
            "room": "ledger",
            "event": "report.delivered",
            "bank": "bnk_1",
            "rows": 3,
        }
    ]


def test_levels_are_told_and_the_low_ones_left_out(lines: io.StringIO) -> None:
    """At level info, debug is silent."""
    log = get_logger("house")
    log.debug("a")
    log.warning("b")
    log.error("c")

    assert [(line["level"], line["event"]) for line in events(lines)] == [
        ("warning", "b"),
        ("error", "c"),
    ]


async def test_bound_parts_reach_events_of_the_block_and_its_tasks_only(lines: io.StringIO) -> None:
    """Interaction and trace ids are bound once per request; requests do not mix."""

    async def request(number: int) -> None:
        with bind_log(interaction=f"i{number}"):
            await asyncio.sleep(0)
            get_logger("door").info("request")

    async with asyncio.TaskGroup() as group:
        group.create_task(request(1))
        group.create_task(request(2))
    get_logger("door").info("after")

    assert [line.get("interaction") for line in events(lines)] == ["i1", "i2", None]


@pytest.mark.parametrize("canary", CANARIES)
def test_canaries_never_reach_the_log(lines: io.StringIO, canary: str) -> None:
    """Planted as value, in a key, nested, in an exception's message, detail and arguments."""
    log = get_logger("access")

    def fail(argument: str) -> None:
        message = f"cannot use {argument}"
        raise ValueError(message)

    nested = {"list": [canary], canary: 1}
    log.info(canary, part=canary, nested=nested, raw=canary.encode())
    try:
        fail(canary)
    except ValueError:
        log.exception("failed")
    log.error("failed", exc_info=Refused(canary, detail=f"about {canary}"))
    logging.getLogger("library").error("took %s", canary)
    logging.getLogger("library").error("template %s", canary, exc_info=KeyError(canary))

    assert canary not in lines.getvalue()
    assert len(events(lines)) == 5


def test_line_breaks_and_terminal_codes_stay_inside_one_line(lines: io.StringIO) -> None:
    """Nobody can forge a second line or paint the officer's terminal."""
    get_logger("door").info("odd", path='x\r\n{"event":"forged"}\x1b[2J\x00')

    assert len(lines.getvalue().splitlines()) == 1
    assert "\x1b" not in lines.getvalue()


def test_an_exception_is_told_with_its_causes_and_places(lines: io.StringIO) -> None:
    """Types, our code and detail, an errno, and where it passed; no message."""

    def break_wire() -> None:
        raise ConnectionResetError(104, "said the peer")

    def ask() -> None:
        try:
            break_wire()
        except OSError as error:
            raise Unavailable(detail="the platform hung up") from error

    try:
        ask()
    except Unavailable:
        get_logger("platforms").exception("query.failed")

    told = msgspec.convert(events(lines)[0]["exception"], list[dict[str, object]])
    assert [(cause["type"], cause.get("code"), cause.get("detail")) for cause in told] == [
        ("Unavailable", "unavailable", "the platform hung up"),
        ("ConnectionResetError", None, None),
    ]
    assert told[1]["errno"] == 104
    assert str(told[1]["frames"]).startswith("test_logging.break_wire:")
    assert "said the peer" not in lines.getvalue()


def test_a_group_of_exceptions_names_its_members_and_a_chain_has_an_end(lines: io.StringIO) -> None:
    """What a TaskGroup raises is told too; at most four causes."""
    error: Exception = ExceptionGroup("several", [ValueError("a"), KeyError("b")])
    for _ in range(6):
        outer = RuntimeError()
        outer.__cause__ = error
        error = outer
    get_logger("server").error("ended", exc_info=ExceptionGroup("x", [OSError("no errno")]))
    get_logger("server").error("ended", exc_info=error)

    first, second = events(lines)
    assert first["exception"] == [{"type": "ExceptionGroup", "errors": ["OSError"], "frames": ""}]
    assert len(msgspec.convert(second["exception"], list[object])) == 4


def test_exc_info_that_is_no_exception_is_dropped(lines: io.StringIO) -> None:
    """`exc_info=True` outside an except block tells nothing."""
    get_logger("server").error("ended", exc_info=True)

    assert "exception" not in events(lines)[0]


def test_libraries_speak_in_our_form_without_their_arguments(lines: io.StringIO) -> None:
    """The first line of the template, at warning and above."""
    log = logging.getLogger("uvicorn.error")
    log.info("chatter")
    log.warning("client %s said\nsecond line", "no")

    (line,) = events(lines)
    assert (line["level"], line["room"], line["event"], line["said"]) == (
        "warning",
        "uvicorn.error",
        "library.message",
        "client %s said",
    )


@pytest.mark.usefixtures("lines")
def test_without_a_stream_the_log_goes_to_standard_error(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """As a service manager expects."""
    configure_logging()
    get_logger("house").info("started")

    assert '"event":"started"' in capsys.readouterr().err


def test_a_log_that_cannot_be_written_stops_nobody() -> None:
    """A closed pipe is no reason to refuse a bank."""
    stream = io.StringIO()
    stream.close()

    LineWriter(stream).info("unheard")
