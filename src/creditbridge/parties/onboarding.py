"""What may bring a bank into the house: the body of a change, checked whole. Pure."""

import re
from collections.abc import Sequence
from itertools import chain

import msgspec

from creditbridge.foundation.errors import Malformed, Refused
from creditbridge.foundation.rsa_keys import RsaKey
from creditbridge.parties.code_flow import require_code_flow
from creditbridge.parties.licence import require_licence
from creditbridge.parties.model import (
    AUTHORIZATION_CODE,
    CIBA,
    AuthenticationMethod,
    BankOnboarding,
    ClientOnboarding,
    SenderConstraint,
)
from creditbridge.protocols.canonical_json import canonicalize
from creditbridge.protocols.certificate_binding import SubjectMatcher, require_matcher
from creditbridge.protocols.rsa_jwk import JoseKey, parse_jose_jwk, thumbprint_of
from creditbridge.protocols.self_signed import SelfSigned, read_registered
from creditbridge.protocols.strict_json import decode
from creditbridge.protocols.uscc import parse_uscc

BODY_BYTES_MAX = 65_536
NAME_CHARACTERS_MAX = 128
ADDRESS_CHARACTERS_MAX = 512
CLIENTS_MAX = 32
KEYS_MAX = 8

_SCOPE = re.compile(r"[a-z][a-z0-9_.:-]{0,63}")
# In the one spelling that is sent: no user, whose password would stand in the ledger; no fragment,
# under which one address could be registered twice.
_ADDRESS = re.compile(
    r"https://(?:[a-z0-9-]+\.)*[a-z0-9-]+(?::[1-9][0-9]{0,4})?/[A-Za-z0-9._~!$&'()*+,;=:@%/?-]*"
)
_CLIENT_ID = re.compile(r"[a-z0-9][a-z0-9_.-]{2,63}")


class OnboardingMalformed(Malformed):
    """The body of an onboarding cannot become a bank."""

    code = "onboarding-malformed"
    message = (
        "A bank needs a valid USCC, a name, and 1 to 32 clients, each with an id, one way to prove "
        "itself, at least one scope, at most 8 keys, and a key if it must sign; canonical JSON."
    )


class AuthenticationUnfit(OnboardingMalformed):
    """A client whose members do not fit the way in which it is to prove itself."""

    code = "onboarding-authentication"
    message = (
        "tls_client_auth takes one certificate subject, self_signed_tls_client_auth 1 to 8 "
        "certificates instead, private_key_jwt assertion algorithms, each once and with a key for "
        "it; a key that nothing of these uses is refused."
    )


class KeysMisplaced(OnboardingMalformed):
    """Registered keys beside an address where others are published, or no address at all."""

    code = "onboarding-key-address"
    message = (
        "A client's keys are registered, or published by itself at an https address (`jwks_uri`, "
        "as it is sent, at most 512 characters): never both."
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
    if onboarding.licence is not msgspec.UNSET:
        require_licence(onboarding.licence)
    for client in onboarding.clients:
        require_client(client)
    require_own(onboarding.clients)
    return onboarding


def method_of(client: ClientOnboarding) -> AuthenticationMethod:
    """Return how the client is to prove itself; `tls_client_auth` where it does not say."""
    method = client.authentication
    return "tls_client_auth" if isinstance(method, msgspec.UnsetType) else method


def constraint_of(client: ClientOnboarding) -> SenderConstraint:
    """Return what the client's tokens are to be bound to; `MTLS` where it does not say."""
    constraint = client.sender_constraint
    return SenderConstraint.MTLS if isinstance(constraint, msgspec.UnsetType) else constraint


def list_keys(client: ClientOnboarding) -> tuple[JoseKey, ...]:
    """Return a client's public keys, each named by its `kid` or else by its thumbprint (RFC 7638).

    Raises:
        KeyMalformed: no public JWK (RFC 7517) of a kind that signs messages or assertions.
    """
    return tuple(map(parse_jose_jwk, client.keys))


def require_client(client: ClientOnboarding) -> None:
    """Accept a client that can be registered.

    Raises:
        Malformed: a wrong id, scope, matcher or key.
    """
    if not is_client_id(client.client_id):
        raise OnboardingMalformed(detail="a client's id")
    if not client.scopes or not all(map(_SCOPE.fullmatch, client.scopes)):
        raise OnboardingMalformed(detail="scopes")
    _require_keys(client)
    _require_authentication(client)
    require_code_flow(client)


def list_certificates(client: ClientOnboarding) -> tuple[SelfSigned, ...]:
    """Return the certificates that a client signed itself, each out of its JWK's `x5c`.

    Raises:
        KeyMalformed, SelfSignedUnfit: no public JWK, or a certificate that cannot stand for it.
    """
    return tuple(read_registered(jwk, client_id=client.client_id) for jwk in client.certificates)


def _require_authentication(client: ClientOnboarding) -> None:
    proofs = {
        "tls_client_auth": client.matcher is not None,
        "self_signed_tls_client_auth": bool(client.certificates),
        "private_key_jwt": bool(client.assertion_algorithms),
    }
    # Another one beside it would be a second way in that nobody watches.
    if [name for name, is_there in proofs.items() if is_there] != [method_of(client)]:
        raise AuthenticationUnfit
    if len(client.certificates) > KEYS_MAX:
        raise AuthenticationUnfit(detail="too many certificates")
    list_certificates(client)
    if client.matcher is not None:
        require_subject(client.matcher)
    _require_assertions(client)


def _require_assertions(client: ClientOnboarding) -> None:
    algorithms = client.assertion_algorithms
    if len(set(algorithms)) != len(algorithms):
        raise AuthenticationUnfit(detail="an algorithm twice")
    # What a client publishes is not known yet, and changes.
    known = {key.algorithm for key in list_keys(client)}
    if client.jwks_uri is None and not set(algorithms) <= known:
        raise AuthenticationUnfit(detail="an algorithm without a key")


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
    if client.jwks_uri is not None:
        _require_key_address(client.jwks_uri, client)
        return
    keys = list_keys(client)
    rsa = [key for key in keys if isinstance(key, RsaKey)]
    # Without a key nothing that the client sends could ever be verified (RFC 9421, section 3.2);
    # an RSA key verifies no message (PROTOCOLS H2).
    if client.requires_signature and len(rsa) == len(keys):
        raise OnboardingMalformed(detail="no key to verify signatures with")
    if not all(key.key_id.isprintable() for key in keys):
        raise OnboardingMalformed(detail="a key id that does not print")
    _require_used(client, rsa)


def _require_key_address(address: str, client: ClientOnboarding) -> None:
    """Accept an https address where a client publishes its keys in place of registered ones."""
    if client.keys or len(address) > ADDRESS_CHARACTERS_MAX or not _ADDRESS.fullmatch(address):
        raise KeysMisplaced


def _require_used(client: ClientOnboarding, rsa: Sequence[RsaKey]) -> None:
    # It may sign what it asks people (RFC 9101), however it proves itself and they are reached.
    if not {AUTHORIZATION_CODE, CIBA}.isdisjoint(client.grant_types):
        return
    # A key that nothing uses is one that nobody misses when it is stolen.
    if rsa and rsa[0].algorithm not in client.assertion_algorithms:
        raise AuthenticationUnfit(detail="an RSA key that nothing uses")


def require_own(clients: Sequence[ClientOnboarding]) -> None:
    """Accept clients that share nothing.

    Raises:
        OnboardingRepeats: an id, a subject or a key twice.
    """
    keys = list(chain.from_iterable(map(list_keys, clients)))
    own = chain.from_iterable(map(list_certificates, clients))
    _require_distinct([client.client_id for client in clients])
    # Keys that two clients publish together prove nothing about either.
    _require_distinct([client.jwks_uri for client in clients if client.jwks_uri is not None])
    # One certificate must name one client, or a token could be asked for in the other's name.
    _require_distinct([client.matcher for client in clients if client.matcher is not None])
    _require_distinct([key.key_id for key in keys])
    # One key under two names is one key (RFC 7638 sees the material alone).
    _require_distinct([*map(thumbprint_of, keys), *(one.key_thumbprint for one in own)])


def _require_distinct(names: Sequence[object]) -> None:
    if len(set(names)) != len(names):
        raise OnboardingRepeats


def _is_name(text: str) -> bool:
    # `isprintable` refuses control and invisible characters, which an officer's screen would obey.
    return 0 < len(text) <= NAME_CHARACTERS_MAX and text.isprintable() and text == text.strip()
