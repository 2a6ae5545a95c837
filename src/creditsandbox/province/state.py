"""What the tester changed: the province's day, decisions taken by hand, faults switched on.

The rest of the province follows from its seed. This is all that does not, in one small file that
every process of a sandbox reads, so that platforms and commands agree.
"""

import os
from datetime import date, datetime, timedelta
from enum import StrEnum
from pathlib import Path

import msgspec

from creditbridge.foundation.errors import CreditbridgeError
from creditsandbox.province.fixed import Outcome, find_outcome
from creditsandbox.province.tables import CHINA

ACTS_MAX = 10_000
FAULTS_MAX = 1_000
AHEAD_DAYS_MAX = 3_650
STATE_BYTES_MAX = 4_000_000
EVERYBODY = "*"
# What may be switched on: how an answer is spoilt, not what is on file.
SWITCHES = frozenset(
    {
        Outcome.SLOW,
        Outcome.DOWN,
        Outcome.CUT,
        Outcome.WRONG_SIGNATURE,
        Outcome.OTHER_ENTERPRISE,
        Outcome.REPLAYED,
        Outcome.SECTION_FAILED,
        Outcome.NOT_FOUND,
    }
)


class StateUnusable(CreditbridgeError):
    """The file of the tester's changes cannot be read, or a change goes beyond its limits."""

    code = "state-unusable"
    message = "The province's state cannot be used."


class ActKind(StrEnum):
    """A decision about one record."""

    REPAIR = "REPAIR"
    REVOKE = "REVOKE"
    REMOVE = "REMOVE"
    CORRECT = "CORRECT"


class Act(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A decision taken by hand on a day of the province."""

    kind: ActKind
    uscc: str
    section: str
    number: str
    on: date


class Fault(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is wrong with every answer about an enterprise, or about everybody (`*`)."""

    uscc: str
    outcome: Outcome


class State(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything that the tester changed; the acts in the order of their taking."""

    ahead_days: int = 0
    acts: tuple[Act, ...] = ()
    faults: tuple[Fault, ...] = ()

    def day_of(self, now: datetime) -> date:
        """Return the province's day: that of China, moved ahead or back by the tester."""
        return now.astimezone(CHINA).date() + timedelta(days=self.ahead_days)

    def outcome_of(self, uscc: str) -> Outcome | None:
        """Return what happens to answers about an enterprise; what is switched comes first."""
        own = {fault.uscc: fault.outcome for fault in self.faults}
        fixed = find_outcome(uscc)
        # Who stands for a fault keeps it when another one is switched on for everybody.
        kept = fixed if fixed in SWITCHES else None
        return own.get(uscc) or kept or own.get(EVERYBODY) or fixed


AS_DRAWN = State()


def require_bounds(state: State) -> State:
    """Accept a state within its limits.

    Raises:
        StateUnusable: too far a day, too many acts or faults, or a fault that is no switch.
    """
    if abs(state.ahead_days) > AHEAD_DAYS_MAX:
        raise StateUnusable(detail=f"at most {AHEAD_DAYS_MAX} days ahead or back")
    if len(state.acts) > ACTS_MAX or len(state.faults) > FAULTS_MAX:
        raise StateUnusable(detail=f"at most {ACTS_MAX} decisions and {FAULTS_MAX} faults")
    if not {fault.outcome for fault in state.faults} <= SWITCHES:
        raise StateUnusable(detail="an outcome that cannot be switched on")
    return state


class StateFile:
    """The file, read again when it has changed; an absent one is the province as it was drawn."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._seen: tuple[int, int, int] | None = None
        self._state = AS_DRAWN

    def read(self) -> State:
        """Return the state as the file has it now; costs one look at its date.

        Raises:
            StateUnusable: not its JSON, or beyond its limits.
        """
        try:
            found = self.path.stat()
        except FileNotFoundError:
            self._seen, self._state = None, AS_DRAWN
            return self._state
        seen = (found.st_mtime_ns, found.st_size, found.st_ino)
        if seen != self._seen:
            self._state = self._load()
            self._seen = seen
        return self._state

    def write(self, state: State) -> None:
        """Put another state in place of the file, whole or not at all.

        Raises:
            StateUnusable: beyond its limits.
        """
        encoded = msgspec.json.format(msgspec.json.encode(require_bounds(state)))
        beside = self.path.with_name(f".{self.path.name}.{os.getpid()}")
        beside.write_bytes(encoded + b"\n")
        beside.replace(self.path)

    def _load(self) -> State:
        content = self.path.read_bytes()
        if len(content) > STATE_BYTES_MAX:
            raise StateUnusable(detail=f"more than {STATE_BYTES_MAX} bytes")
        try:
            return require_bounds(msgspec.json.decode(content, type=State))
        except msgspec.DecodeError as error:
            raise StateUnusable(detail=str(error)) from error
