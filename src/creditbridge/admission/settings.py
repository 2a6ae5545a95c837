"""How long admission keeps what it keeps, and how much a client may ask."""

from typing import Annotated

import msgspec

from creditbridge.protocols.rate_limit_fields import POLICY_NAME

SEALING_KEY_BYTES = 32
POLICIES_MAX = 8


class LimitPolicy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """At most `quota` requests in a window, over all nodes.

    The window begins with the first request after the one before it ended.
    """

    name: Annotated[str, msgspec.Meta(pattern=POLICY_NAME)]
    quota: Annotated[int, msgspec.Meta(ge=1, le=10_000_000)]
    window_seconds: Annotated[int, msgspec.Meta(ge=1, le=86_400)]


class AdmissionSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Times of idempotency keys; the body is encrypted and lives minutes at most (law 9).

    `policies` all hold for each client; where there is none, nobody is limited. `per_enterprise`
    holds for the reports that one bank takes about one enterprise, whichever client asks.
    """

    body_minutes: Annotated[int, msgspec.Meta(ge=1, le=10)] = 10
    decision_hours: Annotated[int, msgspec.Meta(ge=24, le=168)] = 24
    flight_seconds: Annotated[int, msgspec.Meta(ge=5, le=600)] = 60
    policies: Annotated[tuple[LimitPolicy, ...], msgspec.Meta(max_length=POLICIES_MAX)] = (
        LimitPolicy(name="bank", quota=600, window_seconds=60),
    )
    per_enterprise: LimitPolicy | None = None
