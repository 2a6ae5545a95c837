"""What the authorization server says of itself: as its keys are now, not as they were at the start.

A key that signs tokens may be followed by one of another algorithm; clients learn of it when it is
announced, with the set that it is shown in.
"""

from collections.abc import Mapping

import msgspec

from creditbridge.access.metadata import (
    MetadataValue,
    authorization_server_metadata,
    openid_configuration,
)
from creditbridge.access.model import OPENID
from creditbridge.access.settings import AccessSettings
from creditbridge.settings import Keys, Settings

SCOPES = frozenset({"consents", "grant_management_query", "grant_management_revoke", "reports"})


class Descriptions(msgspec.Struct, frozen=True, kw_only=True):
    """The documents that clients configure themselves by; `serves_openid` where people are told."""

    settings: Settings
    keys: Keys
    serves_openid: bool

    def addresses(self) -> AccessSettings:
        """Return where the authorization server is reached, and what it serves at present."""
        doors, ring = self.settings.doors, self.keys.token
        shown = [] if ring is None else ring.list_shown()
        return AccessSettings(
            issuer=doors.people.url,
            bank_url=doors.bank.url,
            scopes=SCOPES | {OPENID} if self.serves_openid else SCOPES,
            token_algorithms=tuple(sorted({key.algorithm for key in shown})),
        )

    def server(self) -> Mapping[str, MetadataValue]:
        """Return the metadata (RFC 8414)."""
        return authorization_server_metadata(self.addresses())

    def openid(self) -> Mapping[str, MetadataValue] | None:
        """Return the same for OpenID Connect (Discovery 1.0); None where it is not served."""
        return openid_configuration(self.addresses())
