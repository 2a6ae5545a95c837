"""How long admission keeps what it keeps."""

from typing import Annotated

import msgspec

SEALING_KEY_BYTES = 32


class AdmissionSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Times of idempotency keys; the body is encrypted and lives minutes at most (law 9)."""

    body_minutes: Annotated[int, msgspec.Meta(ge=1, le=10)] = 10
    decision_hours: Annotated[int, msgspec.Meta(ge=24, le=168)] = 24
    flight_seconds: Annotated[int, msgspec.Meta(ge=5, le=600)] = 60
