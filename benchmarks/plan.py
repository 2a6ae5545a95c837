"""How much is measured. Everything has an end: in count, and in time."""

import msgspec


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """One run. A round asks one side for `reports` reports, or ends after `round_seconds`.

    Tokens are asked for `token_seconds` long instead, by the generator in C.
    The gateway has so many `workers`.
    """

    rounds: int = 5
    reports: int = 600
    warm_up: int = 250
    connections: int = 16
    round_seconds: float = 8.0
    # The log is put in order behind the answers, within a second: that cost belongs to the round.
    settle_seconds: float = 1.2
    idle_seconds: float = 3.0
    enterprises: int = 4
    consents: int = 8
    batches: int = 7
    repeats: int = 150
    endpoint_seconds: float = 3.0
    fixed_connections: int = 8
    workers: int = 1
    # As a bank's gateway has them: commits, and what else is shared, are shared by so many.
    token_connections: int = 32
    token_rounds: int = 5
    token_seconds: float = 3.0
    token_warm_up_seconds: float = 6.0
    # On each of two nodes so many ask under the consent that is withdrawn, and as many beside it.
    withdrawals: int = 100
    silence_callers: int = 4

    @property
    def uses(self) -> int:
        """Uses that each consent must have, with one to spare for the rehearsal."""
        return -(-(self.rounds * self.reports + self.warm_up) // self.consents) + 2


FULL = Plan()
QUICK = Plan(
    rounds=2,
    reports=60,
    warm_up=20,
    connections=8,
    settle_seconds=0.5,
    idle_seconds=0.5,
    enterprises=2,
    consents=2,
    batches=3,
    repeats=20,
    endpoint_seconds=0.5,
    token_rounds=2,
    token_seconds=0.5,
    token_warm_up_seconds=0.5,
    withdrawals=3,
)
