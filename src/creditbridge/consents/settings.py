"""How long a consent waits for a person."""

from typing import Annotated

import msgspec

CONFIRM_DAYS = 30


class ConsentSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`confirm_days` is how long a new legal representative may take to confirm what stands."""

    confirm_days: Annotated[int, msgspec.Meta(ge=1, le=365)] = CONFIRM_DAYS
