"""What an answer says of its caller's limits, as in draft-ietf-httpapi-ratelimit-headers-10."""

from collections.abc import Iterable

import msgspec

POLICY_FIELD = "ratelimit-policy"
LIMIT_FIELD = "ratelimit"
# What a policy may be called: a string that needs no escapes (RFC 9651, section 3.3.3).
POLICY_NAME = r"^[a-z][a-z0-9-]{0,31}\Z"


class Allowance(msgspec.Struct, frozen=True, kw_only=True):
    """What is left to a caller under one policy: `quota` requests in each window.

    `remaining` of them are left for the next `reset_seconds`, at least 1, after which a new window
    may begin. `policy` is a `POLICY_NAME`.
    """

    policy: str
    quota: int
    window_seconds: int
    remaining: int
    reset_seconds: int


def write_policies(allowances: Iterable[Allowance]) -> str:
    """Return the value of `RateLimit-Policy` (section 3)."""
    # Every answer bears it, so it is written and not serialized: names and integers are plain.
    return ", ".join(f'"{one.policy}";q={one.quota};w={one.window_seconds}' for one in allowances)


def write_limits(allowances: Iterable[Allowance]) -> str:
    """Return the value of `RateLimit` (section 4)."""
    return ", ".join(
        f'"{one.policy}";r={one.remaining};t={one.reset_seconds}' for one in allowances
    )
