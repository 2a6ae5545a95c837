"""What a client learns about a token of its own (RFC 7662, section 2.2)."""

from datetime import datetime

import msgspec

from creditbridge.access.granted.model import Grant
from creditbridge.access.model import Token, format_scopes


class Introspection(msgspec.Struct, frozen=True, kw_only=True):
    """The live token that was asked about, with its grant; None where there is nothing to tell."""

    token: Token | None = None
    grant: Grant | None = None

    def to_answer(self, *, issuer: str, resource: str) -> dict[str, object]:
        """Return the members of the answer; of a token that is not active, nothing else."""
        token = self.token
        # Unknown, expired, revoked, another's: one answer, so that nobody learns which (section
        # 2.2).
        if token is None:
            return {"active": False}
        members: dict[str, object] = {
            "active": True,
            "iss": issuer,
            "aud": resource,
            "client_id": token.client_id,
            "scope": format_scopes(token.scopes),
            "token_type": token.token_type,
            "iat": int(token.issued_at.timestamp()),
            "exp": int(token.expires_at.timestamp()),
            "cnf": token.to_confirmation(),
        }
        if self.grant is None or token.consent_ids is None:
            return members
        details = [one for one in self.grant.details if one.consent_id in token.consent_ids]
        given = {"authorization_details": details} if details else {}
        return {**members, "grant_id": self.grant.grant_id, **given}


def tell_own(token: Token | None, *, client_id: str, now: datetime) -> Introspection:
    """Return what a client may learn: all of its own live token, and nothing of any other."""
    # The row may outlive its end until a purge: the instant decides, not its presence.
    if token is None or token.client_id != client_id or now >= token.expires_at:
        return Introspection()
    return Introspection(token=token)
