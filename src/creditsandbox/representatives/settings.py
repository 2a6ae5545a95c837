"""What the representatives must be told: the portal, the provider, how often they look."""

from pathlib import Path
from typing import Annotated

import msgspec


class RepresentativesSettings(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True
):
    """The `[representatives]` table of the configuration file.

    Paths are as the file's folder sees them; `portal` and `issuer` are addresses without a path,
    and the page of `port` takes visits, which are made for a bank that was sent to a browser.
    """

    host: str = "127.0.0.1"
    port: int = 9446
    certificate_file: Path
    private_key_file: Path
    portal: str
    portal_ca_file: Path
    issuer: str
    issuer_ca_file: Path
    poll_seconds: Annotated[float, msgspec.Meta(ge=0.05)] = 2.0
    pause_seconds: float = 20.0
