"""What the benchmark and its generator tell each other: one line of JSON each."""

from collections.abc import Mapping

import msgspec


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """One consent that may be used, and the enterprise that gave it."""

    consent_id: str
    uscc: str


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """Where reports are asked for, as whom, about whom."""

    name: str
    port: int
    authority_file: str
    certificate_file: str
    key_file: str
    message_key_file: str
    token: str
    asks: tuple[Ask, ...]


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """One round: so many reports over so many connections, at most so long."""

    target: Target
    reports: int
    connections: int
    seconds_max: float


class Tally(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a round. Status 0 is a connection that broke; latencies in seconds."""

    seconds: float
    statuses: Mapping[int, int]
    latency_p50: float
    latency_p99: float
    first_failure: str = ""

    @property
    def answered(self) -> int:
        """Reports that were delivered: answers of the 200s."""
        return sum(count for status, count in self.statuses.items() if status // 100 == 2)  # noqa: PLR2004 - HTTP's own class

    @property
    def failed(self) -> int:
        """Everything else that was sent."""
        return sum(self.statuses.values()) - self.answered
