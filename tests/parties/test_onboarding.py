"""What may bring a bank into the house."""

from collections.abc import Callable

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from msgspec.structs import replace

from creditbridge.foundation.errors import Malformed
from creditbridge.foundation.keys import FileKey
from creditbridge.foundation.rsa_keys import RsaKey
from creditbridge.parties.model import (
    AssertionAlgorithm,
    BankOnboarding,
    ClientOnboarding,
    SenderConstraint,
)
from creditbridge.parties.onboarding import (
    AuthenticationUnfit,
    KeysMisplaced,
    OnboardingMalformed,
    OnboardingRepeats,
    is_client_id,
    list_keys,
    method_of,
    read_onboarding,
)
from creditbridge.protocols.canonical_json import canonicalize
from creditbridge.protocols.certificate_binding import SubjectKind, SubjectMatcher
from creditbridge.protocols.jwk import PrivateMemberFound


def encode(onboarding: BankOnboarding) -> bytes:
    """Return the canonical body."""
    return canonicalize(msgspec.to_builtins(onboarding))


def test_a_whole_bank_is_read_as_it_was_written(onboarding: BankOnboarding) -> None:
    """Canonical bytes of a good bank come back as that bank."""
    assert read_onboarding(encode(onboarding)) == onboarding


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'{"clients"', b'{ "clients"'),
        (b'"kind":"san_dns"', b'"kind":"san_dns","san_uri":"urn:x"'),
        (b'"kind":"san_dns",', b""),
        (b'"legal_name"', b'"extra":1,"legal_name"'),
        (b"91330104YY0000A13Q", b"91330104YY0000A13A"),
        (b"91330104YY0000A13Q", b"91330104yy0000a13q"),
        (b'"Example Bank"', b'""'),
        (b'"Example Bank"', b'" Example"'),
        (b'"Example Bank"', '"Ex\u202eample"'.encode()),
        (b'"san_dns"', b'"san_ip"'),
        (b"loans.bank.example", b""),
        (b"loans.bank.example", "loans\u200b.example".encode()),
    ],
)
def test_a_body_with_a_fault_is_refused(body: bytes, old: bytes, new: bytes) -> None:
    """Other spelling, two matchers or none, unknown members, a wrong code, names that hide."""
    assert old in body

    with pytest.raises(Malformed):
        read_onboarding(body.replace(old, new))


@pytest.mark.parametrize(
    "edit",
    [
        {"client_id": "Loans"},
        {"client_id": "a"},
        {"client_id": "a\x00bc"},
        {"scopes": ()},
        {"scopes": ("reports", "no blanks")},
        {"keys": ()},
        {"keys": ({"kty": "EC"},)},
    ],
)
def test_a_client_with_a_fault_is_refused(
    onboarding: BankOnboarding, edit: dict[str, object]
) -> None:
    """An id or scope of another shape, no scope, no key where it must sign, a broken key."""
    client: ClientOnboarding = replace(onboarding.clients[0], **edit)

    with pytest.raises(Malformed):
        read_onboarding(encode(replace(onboarding, clients=(client,))))


def test_too_many_keys_or_clients_are_refused(
    onboarding: BankOnboarding, new_key: Callable[[], FileKey]
) -> None:
    """Nine keys, no client, thirty-three clients, a body of more than 64 kB."""
    many_keys = replace(onboarding.clients[0], keys=tuple(new_key().key.to_jwk() for _ in range(9)))
    for clients in ((many_keys,), (), (onboarding.clients[1],) * 33):
        with pytest.raises(OnboardingMalformed):
            read_onboarding(encode(replace(onboarding, clients=clients)))
    with pytest.raises(OnboardingMalformed):
        read_onboarding(b" " * 65_537)


def test_a_private_key_is_refused(onboarding: BankOnboarding) -> None:
    """K1: whoever sends a private member must make a new key."""
    (jwk,) = onboarding.clients[0].keys
    client = replace(onboarding.clients[0], keys=({**jwk, "d": "x"},))

    with pytest.raises(PrivateMemberFound):
        read_onboarding(encode(replace(onboarding, clients=(client,))))


def test_a_key_name_that_does_not_print_is_refused(onboarding: BankOnboarding) -> None:
    """A zero byte in a key id never reaches the database."""
    (jwk,) = onboarding.clients[0].keys
    client = replace(onboarding.clients[0], keys=({**jwk, "kid": "a\x00"},))

    with pytest.raises(OnboardingMalformed):
        read_onboarding(encode(replace(onboarding, clients=(client,))))


def test_clients_of_one_bank_share_nothing(onboarding: BankOnboarding) -> None:
    """Each client has its own id, subject and key: what one signed is never another's."""
    first, second = onboarding.clients
    (jwk,) = first.keys
    same_id = replace(second, client_id=first.client_id)
    same_subject = replace(second, matcher=first.matcher)
    same_key = replace(second, keys=({**jwk, "kid": "another"},))
    same_key_id = replace(second, keys=({**jwk, "kid": "one"}, {**jwk, "kid": "one"}))

    for other in (same_id, same_subject, same_key, same_key_id):
        with pytest.raises(OnboardingRepeats):
            read_onboarding(encode(replace(onboarding, clients=(first, other))))


def test_keys_come_with_their_names(onboarding: BankOnboarding) -> None:
    """A `kid` names a key; without one the thumbprint does (RFC 7638)."""
    client = onboarding.clients[0]
    (jwk,) = client.keys
    unnamed = {name: value for name, value in jwk.items() if name != "kid"}

    (named,) = list_keys(replace(client, keys=({**jwk, "kid": "loans-1"},)))
    (thumb,) = list_keys(replace(client, keys=(unnamed,)))

    assert named.key_id == "loans-1"
    assert thumb.key_id == jwk["kid"]


@pytest.mark.parametrize(
    ("text", "good"),
    [("loans", True), ("cli_01.a-b", True), ("lo", False), ("-loans", False), ("a" * 65, False)],
)
def test_a_client_id_has_a_plain_shape(text: str, *, good: bool) -> None:
    """Three to sixty-four lower-case letters, digits and `_ . -`."""
    assert is_client_id(text) is good


def test_a_subject_of_another_kind_is_another_subject(onboarding: BankOnboarding) -> None:
    """The same text as DNS name and as URI names two subjects."""
    first, second = onboarding.clients
    assert first.matcher is not None
    uri = SubjectMatcher(kind=SubjectKind.SAN_URI, value=first.matcher.value)
    both = replace(onboarding, clients=(first, replace(second, matcher=uri)))

    assert read_onboarding(encode(both)).clients[1].matcher is not None


ADDRESS = "https://keys.bank.example/lending.json"


def test_K3_a_client_may_publish_its_keys_instead(onboarding: BankOnboarding) -> None:
    """With either method, and where it must sign; nothing else of it changes."""
    published = replace(onboarding.clients[0], keys=(), jwks_uri=ADDRESS)
    asserting = replace(
        published,
        authentication="private_key_jwt",
        matcher=None,
        assertion_algorithms=(PS256, ES256),
    )

    for client in (published, asserting):
        read = read_onboarding(encode(replace(onboarding, clients=(client,))))
        assert read.clients == (client,)


@pytest.mark.parametrize(
    "address",
    [
        *("", "keys.bank.example", "http://keys.bank.example/", "https://", "https:///x"),
        *("https://keys.bank.example", "https://KEYS.bank.example/", "https://a@bank.example/"),
        *("https://bank.example/#x", "https://bank.example/ x", "https://bank.example/é"),
        *("https://bank.example:0/", "https://bank.example:999999/", "https://[::1]/x"),
        "https://bank.example/" + "x" * 512,
    ],
)
def test_K3_keys_stand_at_one_https_address_as_it_is_sent(
    address: str, onboarding: BankOnboarding
) -> None:
    """No user, no fragment, no other spelling."""
    client = replace(onboarding.clients[0], keys=(), jwks_uri=address)

    with pytest.raises(KeysMisplaced):
        read_onboarding(encode(replace(onboarding, clients=(client,))))


def test_K3_keys_are_registered_or_published(onboarding: BankOnboarding) -> None:
    """Never both, and never at one address for two."""
    first, second = onboarding.clients
    with pytest.raises(KeysMisplaced):
        read_onboarding(encode(replace(onboarding, clients=(replace(first, jwks_uri=ADDRESS),))))
    shared = tuple(replace(client, keys=(), jwks_uri=ADDRESS) for client in (first, second))
    with pytest.raises(OnboardingRepeats):
        read_onboarding(encode(replace(onboarding, clients=shared)))


def rsa_jwk(key_id: str = "rsa") -> dict[str, str]:
    """A public RSA key for PS256."""
    key = RsaKey(key_id=key_id, material=RSA_PRIVATE.public_key())
    return key.to_jwk()


RSA_PRIVATE = rsa.generate_private_key(65537, 2048)
PS256, ES256 = AssertionAlgorithm.PS256, AssertionAlgorithm.ES256


@pytest.fixture
def asserting(onboarding: BankOnboarding) -> ClientOnboarding:
    """A client that proves itself by assertions, and signs messages with another key."""
    return replace(
        onboarding.clients[0],
        authentication="private_key_jwt",
        matcher=None,
        assertion_algorithms=(PS256,),
        keys=(rsa_jwk(), *onboarding.clients[0].keys),
    )


def test_a_client_of_assertions_is_read_as_it_was_written(
    onboarding: BankOnboarding, asserting: ClientOnboarding
) -> None:
    """Beside one of certificates, with an RSA key and one for messages."""
    bank = replace(onboarding, clients=(asserting, onboarding.clients[1]))

    read = read_onboarding(encode(bank))

    assert read == bank
    assert [method_of(client) for client in read.clients] == ["private_key_jwt", "tls_client_auth"]
    assert [key.algorithm for key in list_keys(read.clients[0])] == ["PS256", "ES256"]


def test_the_method_of_certificates_may_be_named_or_left_out(onboarding: BankOnboarding) -> None:
    """Both bodies are canonical, and mean one thing."""
    named = replace(onboarding.clients[1], authentication="tls_client_auth")

    read = read_onboarding(encode(replace(onboarding, clients=(named,))))

    assert method_of(read.clients[0]) == method_of(onboarding.clients[1]) == "tls_client_auth"


def test_A6_A9_a_client_proves_itself_in_exactly_one_way(
    onboarding: BankOnboarding, asserting: ClientOnboarding
) -> None:
    """Zero or two ways, an algorithm twice or without a key, a key that nothing uses."""
    tls = onboarding.clients[0]
    unfit = (
        replace(asserting, matcher=tls.matcher),
        replace(asserting, assertion_algorithms=()),
        replace(asserting, assertion_algorithms=(PS256, PS256)),
        replace(asserting, assertion_algorithms=(PS256, AssertionAlgorithm.ED25519)),
        replace(asserting, assertion_algorithms=(ES256,)),
        replace(asserting, keys=tls.keys),
        replace(tls, matcher=None),
        replace(tls, assertion_algorithms=(ES256,)),
        replace(tls, keys=(*tls.keys, rsa_jwk())),
    )

    for client in unfit:
        with pytest.raises(AuthenticationUnfit):
            read_onboarding(encode(replace(onboarding, clients=(client,))))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"private_key_jwt"', b'"client_secret_jwt"'),
        (b'"private_key_jwt"', b'"none"'),
        (b'"private_key_jwt"', b"null"),
        (b'["PS256"]', b'["RS256"]'),
        (b'["PS256"]', b'["none"]'),
        (b'["PS256"]', b'"PS256"'),
    ],
)
def test_A9_no_other_method_or_algorithm_is_registered(
    onboarding: BankOnboarding, asserting: ClientOnboarding, old: bytes, new: bytes
) -> None:
    """The sets are closed."""
    body = encode(replace(onboarding, clients=(asserting,)))
    assert old in body

    with pytest.raises(Malformed):
        read_onboarding(body.replace(old, new))


def test_H2_a_client_that_signs_messages_needs_another_key_than_rsa(
    onboarding: BankOnboarding, asserting: ClientOnboarding
) -> None:
    """An RSA key verifies assertions alone."""
    rsa_only = replace(asserting, keys=(rsa_jwk(),))

    with pytest.raises(OnboardingMalformed):
        read_onboarding(encode(replace(onboarding, clients=(rsa_only,))))
    silent = replace(rsa_only, requires_signature=False)
    assert read_onboarding(encode(replace(onboarding, clients=(silent,)))).clients == (silent,)


def test_clients_share_no_rsa_key(onboarding: BankOnboarding, asserting: ClientOnboarding) -> None:
    """Under whatever name: the thumbprint sees the material alone (RFC 7638)."""
    other = replace(
        asserting, client_id="other", keys=(rsa_jwk("another"),), requires_signature=False
    )

    with pytest.raises(OnboardingRepeats):
        read_onboarding(encode(replace(onboarding, clients=(asserting, other))))


@pytest.mark.parametrize("constraint", [msgspec.UNSET, *SenderConstraint])
def test_what_a_clients_tokens_are_bound_to_is_read_as_it_was_written(
    onboarding: BankOnboarding, constraint: SenderConstraint | msgspec.UnsetType
) -> None:
    """Named or left out: the bytes that were signed say the same when they are read back."""
    clients = tuple(replace(client, sender_constraint=constraint) for client in onboarding.clients)
    bank = replace(onboarding, clients=clients)

    assert read_onboarding(encode(bank)) == bank


def test_tokens_are_bound_to_one_of_two_things(onboarding: BankOnboarding) -> None:
    """`NONE` is no third one."""
    clients = tuple(
        replace(client, sender_constraint=SenderConstraint.DPOP) for client in onboarding.clients
    )
    body = encode(replace(onboarding, clients=clients))

    with pytest.raises(Malformed):
        read_onboarding(body.replace(b'"sender_constraint":"DPOP"', b'"sender_constraint":"NONE"'))
