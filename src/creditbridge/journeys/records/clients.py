"""What a client's dealings with the authorization server leave in the ledger."""

import msgspec

from creditbridge.access.granted.model import RefreshToken
from creditbridge.access.model import Authenticated, Binding, Token
from creditbridge.ledger.model import (
    BankName,
    CallerRefused,
    EventKind,
    Record,
    Terms,
    TokenIssued,
    TokenRefused,
    TokenRevoked,
)

CLIENT_RULE = "client-proof"
GRANT_RULE = "token-grant"
OWN_RULE = "own-tokens"
RULE_VERSION = "1"


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """A client that proved who it is was refused: at which endpoint, and by which rule.

    `grant_id` is that of the code or refresh token that it brought, where one is known.
    """

    client: Authenticated
    door: str
    code: str
    grant_id: str | None = None


def refusal_record(refusal: Refusal) -> Record:
    """Return the record that a client that proved who it is was turned away."""
    terms = CallerRefused(
        client=refusal.client.registration.client.client_id, door=refusal.door, code=refusal.code
    )
    return _record(EventKind.CALLER_REFUSED, refusal.client, terms, rule=CLIENT_RULE)


def refused_token_record(refusal: Refusal) -> Record:
    """Return the record that a known client did not get a token."""
    terms = TokenRefused(
        client=refusal.client.registration.client.client_id,
        code=refusal.code,
        grant_id=refusal.grant_id,
    )
    return _record(EventKind.TOKEN_REFUSED, refusal.client, terms, rule=GRANT_RULE)


def issue_record(client: Authenticated, token: Token) -> Record:
    """Return the record that a client holds a token."""
    terms = TokenIssued(
        client=token.client_id,
        scope=token.scopes,
        thumbprint=token.thumbprint,
        proof_key=token.proof_key,
        expires_at=token.expires_at,
        grant_id=token.grant_id,
    )
    return _record(EventKind.TOKEN_ISSUED, client, terms, rule=GRANT_RULE)


def revocation_record(client: Authenticated, token: Token | RefreshToken) -> Record:
    """Return the record that a client took its token back."""
    binding = token if isinstance(token, Token) else Binding()
    terms = TokenRevoked(
        client=token.client_id,
        scope=token.scopes,
        thumbprint=binding.thumbprint,
        proof_key=binding.proof_key,
        expires_at=token.expires_at,
        grant_id=token.grant_id,
    )
    return _record(EventKind.TOKEN_REVOKED, client, terms, rule=OWN_RULE)


def _record(kind: EventKind, client: Authenticated, terms: Terms, *, rule: str) -> Record:
    return Record(
        kind=kind, rule=rule, rule_version=RULE_VERSION, terms=terms, bank=name_bank(client)
    )


def name_bank(client: Authenticated) -> BankName:
    """Return how the ledger names the bank of a client."""
    bank = client.registration.bank
    return BankName(bank_id=bank.bank_id, uscc=bank.uscc, legal_name=bank.legal_name)
