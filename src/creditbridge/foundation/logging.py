"""The log: one JSON object per line on standard error, an event and its parts.

    log = get_logger("ledger")
    log.info("report.delivered", bank=bank_id, record=record_id)

An event is one of our own words; values go through `redaction`. What libraries write to the
standard library's logging comes out in the same form, without its arguments. An exception is told
by its type, our own `code` and `detail`, and the places it passed; never by its message or by
anybody's arguments.
"""

import logging
import sys
from collections.abc import Generator, Mapping, MutableMapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from traceback import walk_tb
from types import MappingProxyType, TracebackType
from typing import Protocol, TextIO, TypeGuard

import msgspec
import structlog
from typing_extensions import override

from creditbridge.foundation.clock import Clock, SystemClock
from creditbridge.foundation.errors import CreditbridgeError
from creditbridge.foundation.redaction import redact, redact_text

FRAMES_MAX = 12
CAUSES_MAX = 4
LEVELS: Mapping[str, int] = {"debug": 10, "info": 20, "warning": 30, "error": 40}
# Libraries speak up only where somebody should look.
LIBRARY_LEVEL = logging.WARNING


class Logger(Protocol):
    """What a room needs of a log; `exc_info` is the exception to tell of."""

    def debug(self, event: str, /, **parts: object) -> None:
        """Log for whoever is looking for a fault."""
        ...

    def info(self, event: str, /, **parts: object) -> None:
        """Log what happened as it should."""
        ...

    def warning(self, event: str, /, **parts: object) -> None:
        """Log what somebody should look at."""
        ...

    def error(self, event: str, /, **parts: object) -> None:
        """Log what failed."""
        ...

    def exception(self, event: str, /, **parts: object) -> None:
        """Log what failed, with the exception being handled."""
        ...


def configure_logging(
    *, level: str = "info", stream: TextIO | None = None, clock: Clock | None = None
) -> None:
    """Set the log up for this process; a second call replaces the first.

    `level` is debug, info, warning or error; `stream` is standard error unless a test says else.
    """
    times = _Times(clock or SystemClock())
    structlog.configure(
        processors=[
            add_bound,
            structlog.processors.add_log_level,
            times,
            tell_exception,
            redact_event,
            encode_event,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        logger_factory=LineFactory(stream),
        # A logger is made at import, before anybody has configured anything.
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(handlers=[LibraryHandler()], level=LIBRARY_LEVEL, force=True)
    logging.raiseExceptions = False


def get_logger(room: str) -> Logger:
    """Return the log of a room."""
    logger: Logger = structlog.get_logger(room=room)
    return logger


@contextmanager
def bind_log(**parts: object) -> Generator[None]:
    """Add parts, such as `interaction` and `trace`, to every event inside the block."""
    bound = _bound.set({**_bound.get(), **parts})
    try:
        yield
    finally:
        _bound.reset(bound)


Event = MutableMapping[str, object]
# One variable for all parts: each exchange binds some, and most log nothing.
_bound: ContextVar[Mapping[str, object]] = ContextVar("bound", default=MappingProxyType({}))


def add_bound(_logger: object, _method: str, event: Event) -> Event:
    """Add what `bind_log` bound; a part that the event names itself stays."""
    return {**_bound.get(), **event}


class _Times:
    """Puts the instant in front of every event."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def __call__(self, _logger: object, _method: str, event: Event) -> Event:
        return {"at": self._clock.now().isoformat(timespec="microseconds"), **event}


def tell_exception(_logger: object, _method: str, event: Event) -> Event:
    """Replace `exc_info` by what may be told of the exception."""
    found = event.pop("exc_info", None)
    if found is True:
        found = sys.exc_info()[1]
    if isinstance(found, BaseException):
        event["exception"] = list(_tell_causes(found))
    return event


def redact_event(_logger: object, _method: str, event: Event) -> Event:
    """Let every part through the two nets of `redaction`."""
    return {name: redact(name, value) for name, value in event.items()}


def encode_event(_logger: object, _method: str, event: Event) -> str:
    """Return the line, without its end."""
    return msgspec.json.encode(event).decode("utf-8")


def _tell_causes(error: BaseException) -> Generator[Mapping[str, object]]:
    current: BaseException | None = error
    # Causes can form a ring.
    for _ in range(CAUSES_MAX):
        if current is None:
            return
        yield _tell(current)
        current = current.__cause__ or current.__context__


def _tell(error: BaseException) -> Mapping[str, object]:
    told: dict[str, object] = {"type": type(error).__qualname__}
    # Only ours: the message of a foreign error may hold the row, the URL or the key at fault.
    if isinstance(error, CreditbridgeError):
        told |= {"code": error.code, "detail": error.detail}
    if isinstance(error, OSError) and error.errno is not None:
        told["errno"] = error.errno
    if _is_group(error):
        told["errors"] = [type(inner).__qualname__ for inner in error.exceptions]
    return told | {"frames": " < ".join(_tell_frames(error.__traceback__))}


def _is_group(error: BaseException) -> TypeGuard[BaseExceptionGroup[BaseException]]:
    return isinstance(error, BaseExceptionGroup)


def _tell_frames(traceback: TracebackType | None) -> list[str]:
    places = [
        f"{Path(frame.f_code.co_filename).stem}.{frame.f_code.co_name}:{line}"
        for frame, line in walk_tb(traceback)
    ]
    return places[::-1][:FRAMES_MAX]


class LibraryHandler(logging.Handler):
    """What libraries log, as events of ours: the template of the message, never its arguments."""

    @override
    def emit(self, record: logging.LogRecord) -> None:
        """Log one record."""
        # asyncio appends the repr of tasks and exceptions, line by line, to what happened.
        said = redact_text(str(record.msg).partition("\n")[0])
        logger = get_logger(record.name)
        tell = logger.error if record.levelno >= logging.ERROR else logger.warning
        error = record.exc_info[1] if record.exc_info else None
        tell("library.message", said=said, exc_info=error)


class LineFactory:
    """Makes the writers of lines; asks for standard error each time, as tests replace it."""

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream

    def __call__(self, *_arguments: object) -> "LineWriter":
        """Return a writer; structlog asks for one per logger."""
        return LineWriter(self._stream or sys.stderr)


class LineWriter:
    """Writes whole lines. A log that cannot be written stops no request."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, line: str) -> None:
        """Write one line in one call, so that the lines of several processes do not mix."""
        try:
            self._stream.write(f"{line}\n")
            self._stream.flush()
        except (OSError, ValueError):
            return

    debug = info = warning = error = critical = write
