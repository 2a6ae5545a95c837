"""What may bring a bank into the house: the body of a change, checked whole. Pure."""

import re
from collections.abc import Sequence

import msgspec

from creditbridge.foundation.errors import Malformed, Refused
from creditbridge.foundation.keys import PublicKey, thumbprint
from creditbridge.parties.model import BankOnboarding, ClientOnboarding
from creditbridge.protocols.canonical_json import canonicalize
from creditbridge.protocols.certificate_binding import SubjectMatcher, require_matcher
from creditbridge.protocols.jwk import parse_jwk
from creditbridge.protocols.strict_json import decode
from creditbridge.protocols.uscc import parse_uscc

BODY_BYTES_MAX = 65_536
NAME_CHARACTERS_MAX = 128
CLIENTS_MAX = 32
KEYS_MAX = 8

_SCOPE = re.compile(r"[a-z][a-z0-9_.:-]{0,63}")
_CLIENT_ID = re.compile(r"[a-z0-9][a-z0-9_.-]{2,63}")


class OnboardingMalformed(Malformed):
    """The body of an onboarding cannot become a bank."""

    code = "onboarding-malformed"
    message = (
        "A bank needs a valid USCC, a name, and 1 to 32 clients, each with an id, one certificate "
        "subject, at least one scope, at most 8 keys, and a key if it must sign; canonical JSON."
    )


class OnboardingRepeats(OnboardingMalformed):
    """Two clients of one onboarding share an id, a certificate subject or a key."""

    code = "onboarding-repeats"
    message = "Each client needs an id, a certificate subject and keys of its own."


class OnboardingClash(Refused):
    """A code, client id, certificate subject or key belongs to another bank or client."""

    code = "onboarding-clash"
    message = "The bank, a client id, a certificate subject or a key is registered already."


def is_client_id(text: str) -> bool:
    """Tell whether a text has the shape of a client id: 3 to 64 of `a-z 0-9 _ . -`."""
    return _CLIENT_ID.fullmatch(text) is not None


def read_onboarding(body: bytes) -> BankOnboarding:
    """Return the bank that the body of a change brings in.

    The body of a change of another kind has other members, and so is never read as an onboarding.

    Raises:
        Malformed: not canonical JSON (RFC 8785), an unknown member, a wrong USCC, id, scope,
            matcher or key, or one of them twice.
    """
    # Kept in the ledger for ten years: what two people sign must stay readable for people.
    if len(body) > BODY_BYTES_MAX:
        raise OnboardingMalformed(detail=f"{len(body)} bytes")
    onboarding = decode(body, BankOnboarding)
    # What an operator signs is what is read: no other spelling, and no member that is passed over.
    if canonicalize(msgspec.to_builtins(onboarding)) != body:
        raise OnboardingMalformed(detail="not canonical, or with unknown members")
    # Any other spelling would make a second bank of the same code.
    if parse_uscc(onboarding.uscc).value != onboarding.uscc:
        raise OnboardingMalformed(detail="a USCC that is not in its normal form")
    if not _is_name(onboarding.legal_name) or not 0 < len(onboarding.clients) <= CLIENTS_MAX:
        raise OnboardingMalformed
    for client in onboarding.clients:
        require_client(client)
    require_own(onboarding.clients)
    return onboarding


def list_keys(client: ClientOnboarding) -> tuple[PublicKey, ...]:
    """Return a client's public keys, each named by its `kid` or else by its thumbprint (RFC 7638).

    Raises:
        KeyMalformed: no public JWK (RFC 7517) of a kind that signs messages.
    """
    return tuple(map(parse_jwk, client.keys))


def require_client(client: ClientOnboarding) -> None:
    """Accept a client that can be registered.

    Raises:
        Malformed: a wrong id, scope, matcher or key.
    """
    if not is_client_id(client.client_id):
        raise OnboardingMalformed(detail="a client's id")
    if not client.scopes or not all(map(_SCOPE.fullmatch, client.scopes)):
        raise OnboardingMalformed(detail="scopes")
    require_subject(client.matcher)
    _require_keys(client)


def require_subject(matcher: SubjectMatcher) -> None:
    """Accept a certificate subject that can be registered.

    Raises:
        Malformed: no certificate could match it, or it does not print.
    """
    require_matcher(matcher)
    # PostgreSQL takes no zero byte, and an officer's terminal would obey an escape.
    if not matcher.value.isprintable():
        raise OnboardingMalformed(detail="a subject that does not print")


def _require_keys(client: ClientOnboarding) -> None:
    if len(client.keys) > KEYS_MAX:
        raise OnboardingMalformed(detail="too many keys")
    # Without a key nothing that the client sends could ever be verified (RFC 9421, section 3.2).
    if client.requires_signature and not client.keys:
        raise OnboardingMalformed(detail="no key to verify signatures with")
    if not all(key.key_id.isprintable() for key in list_keys(client)):
        raise OnboardingMalformed(detail="a key id that does not print")


def require_own(clients: Sequence[ClientOnboarding]) -> None:
    """Accept clients that share nothing.

    Raises:
        OnboardingRepeats: an id, a subject or a key twice.
    """
    keys = [key for client in clients for key in list_keys(client)]
    _require_distinct([client.client_id for client in clients])
    # One certificate must name one client, or a token could be asked for in the other's name.
    _require_distinct([client.matcher for client in clients])
    _require_distinct([key.key_id for key in keys])
    # One key under two names is one key (RFC 7638 sees the material alone).
    _require_distinct([thumbprint(key.material) for key in keys])


def _require_distinct(names: Sequence[object]) -> None:
    if len(set(names)) != len(names):
        raise OnboardingRepeats


def _is_name(text: str) -> bool:
    # `isprintable` refuses control and invisible characters, which an officer's screen would obey.
    return 0 < len(text) <= NAME_CHARACTERS_MAX and text.isprintable() and text == text.strip()
