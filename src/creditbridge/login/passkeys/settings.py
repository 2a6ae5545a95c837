"""For whom passkeys are made, and how long a recovered one waits."""

from typing import Annotated
from urllib.parse import urlsplit

import msgspec

from creditbridge.login.passkeys.model import Demand
from creditbridge.protocols.webauthn_assertion import RelyingParty

NAME = "Creditbridge"
COOLING_HOURS = 24


class PasskeySettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What approvals need, and for whom passkeys are made.

    Without RP id and origins it is the host and the origin of the people's door.

    A passkey belongs to one RP id for ever: another one makes all that there are useless.
    `recovery_cooling_hours` is how long a passkey that replaced a lost one may not approve yet.
    """

    demand: Demand = Demand.NONE
    rp_id: str | None = None
    origins: tuple[str, ...] = ()
    recovery_cooling_hours: Annotated[int, msgspec.Meta(ge=0, le=720)] = COOLING_HOURS


def relying_party(settings: PasskeySettings, people_url: str) -> RelyingParty:
    """Return for whom passkeys sign: as configured, else the people's door."""
    parts = urlsplit(people_url)
    # The serialized origin (RFC 6454, section 6.2): scheme, host, and a port that is not usual.
    origin = f"https://{parts.netloc.removesuffix(':443')}"
    return RelyingParty(
        rp_id=settings.rp_id or parts.hostname or "", origins=settings.origins or (origin,)
    )
