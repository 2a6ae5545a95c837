"""What a bank's machine is told of the person who said yes (OpenID Connect Core 1.0).

A pseudonym, and when they proved who they are; their name is the enterprise's affair.
"""

from datetime import datetime

import msgspec

from creditbridge.access.granted.model import Authentication
from creditbridge.parties.model import Client
from creditbridge.protocols.id_token import LIFE, IdToken, derive_subject, sign_id_token
from creditbridge.protocols.jws import TokenSigners


class IdTokens(msgspec.Struct, frozen=True, kw_only=True):
    """Writes the ID tokens of this house; `secret` is 32 bytes, the same on all nodes."""

    issuer: str
    signer: TokenSigners
    secret: bytes

    def write(self, authentication: Authentication, client: Client, *, now: datetime) -> str:
        """Return the ID token that tells a client of a person, good for five minutes from `now`."""
        authenticated_at = authentication.authenticated_at
        claims = IdToken(
            iss=self.issuer,
            # A bank is one sector: its machines may join what they know, and two banks may not.
            sub=derive_subject(self.secret, sector=client.bank_id, person=authentication.person_id),
            aud=client.client_id,
            exp=int((now + LIFE).timestamp()),
            iat=int(now.timestamp()),
            auth_time=None if authenticated_at is None else int(authenticated_at.timestamp()),
            nonce=authentication.nonce,
        )
        return sign_id_token(claims, self.signer.current())
