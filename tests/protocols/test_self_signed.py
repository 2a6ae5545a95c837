"""Which self-signed certificates can stand for a client (RFC 8705, section 2.2; PROTOCOLS A7)."""

import hashlib
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.hazmat.primitives.hashes import SHA224, SHA256, SHA384
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from tests.protocols.predictable_rsa import make_predictable_key
from tests.protocols.self_signing import (
    FOR_CLIENTS,
    NO_AUTHORITY,
    PrivateKey,
    SelfMade,
    name_of,
    self_sign,
)

from creditbridge.foundation.clock import SystemClock
from creditbridge.protocols.certificate_binding import parse_certificate
from creditbridge.protocols.jwk import KeyMalformed, PrivateMemberFound
from creditbridge.protocols.self_signed import SelfSignedUnfit, read_registered, read_self_signed

CLIENT_ID = "north-lending"
RSA = rsa.generate_private_key(65537, 2048)
WEAK = rsa.generate_private_key(65537, 1024)  # noqa: S505 -- to be refused


def usage_of(**uses: bool) -> x509.KeyUsage:
    """Return what a key may do: nothing but this."""
    names = (
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "key_cert_sign",
        "crl_sign",
        "encipher_only",
        "decipher_only",
    )
    return x509.KeyUsage(**{name: uses.get(name, False) for name in names})


@pytest.mark.parametrize(
    "private",
    [ec.generate_private_key(ec.SECP256R1()), ed25519.Ed25519PrivateKey.generate(), RSA],
    ids=["EC", "Ed25519", "RSA"],
)
def test_A7_a_certificate_in_its_keys_jwk_is_read(private: PrivateKey) -> None:
    """The kinds of key that TLS 1.3 and the house know; what stands in `x5c` is what is kept."""
    made = self_sign(private=private)

    found = read_registered(made.jwk, client_id=CLIENT_ID)

    assert found.certificate == parse_certificate(made.der)
    assert found.certificate.is_self_issued
    assert {**found.to_jwk(), "kid": ""} == {**made.jwk, "kid": ""}
    assert read_registered(found.to_jwk(), client_id=CLIENT_ID) == found


def test_A7_what_a_certificate_may_say_besides() -> None:
    """Other parts of its name, names beside it, signatures as its use, a longer hash."""
    spoken = usage_of(digital_signature=True, key_agreement=True)
    names = x509.SubjectAlternativeName([x509.DNSName("lending.bank.example")])
    made = self_sign(
        extensions=[NO_AUTHORITY, FOR_CLIENTS, (spoken, True), (names, True)], hashed=SHA384()
    )
    digest = hashlib.sha256(made.der).digest()
    thumbprint = urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")

    found = read_registered({**made.jwk, "x5t#S256": thumbprint}, client_id=CLIENT_ID)

    assert found.certificate.thumbprint == thumbprint


def issued() -> SelfMade:
    """A certificate that another key signed under its subject's own name."""
    made, other = self_sign(), ec.generate_private_key(ec.SECP256R1())
    found, now = made.certificate, SystemClock().now()
    builder = x509.CertificateBuilder(
        found.issuer, found.subject, found.public_key(), 1, now, found.not_valid_after_utc
    )
    for extension in found.extensions:
        builder = builder.add_extension(extension.value, critical=extension.critical)
    return SelfMade(certificate=builder.sign(other, SHA256()), private=made.private)


UNFIT: dict[str, Callable[[], bytes]] = {
    "no certificate": lambda: b"certificate",
    "no constraints": lambda: self_sign(extensions=[FOR_CLIENTS]).der,
    "CA:TRUE": lambda: (
        self_sign(extensions=[(x509.BasicConstraints(ca=True, path_length=0), True)]).der
    ),
    "signs certificates": lambda: (
        self_sign(
            extensions=[
                NO_AUTHORITY,
                FOR_CLIENTS,
                (usage_of(digital_signature=True, key_cert_sign=True), True),
            ]
        ).der
    ),
    "signs lists": lambda: (
        self_sign(
            extensions=[
                NO_AUTHORITY,
                FOR_CLIENTS,
                (usage_of(digital_signature=True, crl_sign=True), False),
            ]
        ).der
    ),
    "agrees on keys only": lambda: (
        self_sign(extensions=[NO_AUTHORITY, FOR_CLIENTS, (usage_of(key_agreement=True), True)]).der
    ),
    "no purpose": lambda: self_sign(extensions=[NO_AUTHORITY]).der,
    "for servers": lambda: (
        self_sign(
            extensions=[
                NO_AUTHORITY,
                (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False),
            ]
        ).der
    ),
    "for everything": lambda: (
        self_sign(
            extensions=[
                NO_AUTHORITY,
                (
                    x509.ExtendedKeyUsage(
                        [
                            ExtendedKeyUsageOID.CLIENT_AUTH,
                            ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,
                        ]
                    ),
                    False,
                ),
            ]
        ).der
    ),
    "an unknown critical extension": lambda: (
        self_sign(
            extensions=[
                NO_AUTHORITY,
                FOR_CLIENTS,
                (x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00"), True),
            ]
        ).der
    ),
    "a short hash": lambda: self_sign(hashed=SHA224()).der,
    "P-384": lambda: self_sign(private=ec.generate_private_key(ec.SECP384R1())).der,
    "RSA 1024": lambda: self_sign(private=WEAK).der,
    "RSA, predictable primes": lambda: self_sign(private=make_predictable_key()).der,
    "RSA 2048, exponent 3": lambda: self_sign(private=rsa.generate_private_key(3, 2048)).der,
    "signed by another": lambda: issued().der,
}


@pytest.mark.parametrize("name", UNFIT)
def test_A7_an_unfit_certificate_is_refused(name: str) -> None:
    """What could issue others, TLS would not take, or nobody should."""
    with pytest.raises(SelfSignedUnfit):
        read_self_signed(UNFIT[name]())


def test_A7_a_key_of_another_kind_is_refused() -> None:
    """DSA signs no handshake of TLS 1.3."""
    key, made = dsa.generate_private_key(2048), self_sign()
    found = made.certificate
    builder = x509.CertificateBuilder(
        found.issuer,
        found.subject,
        key.public_key(),
        1,
        found.not_valid_before_utc,
        found.not_valid_after_utc,
    )
    for extension in found.extensions:
        builder = builder.add_extension(extension.value, critical=extension.critical)
    signed = builder.sign(key, SHA256())

    with pytest.raises(SelfSignedUnfit):
        read_self_signed(signed.public_bytes(Encoding.DER))


def test_A7_an_old_certificate_is_refused() -> None:
    """Version 1 has no constraints, and passes for an issuer with some libraries."""
    der = self_sign().der
    # Two sequences of two bytes of length each; the version, first in the inner one, left out.
    outer, inner = (int.from_bytes(der[at : at + 2]) - 5 for at in (2, 6))
    old = b"\x30\x82" + outer.to_bytes(2) + b"\x30\x82" + inner.to_bytes(2) + der[13:]
    assert x509.load_der_x509_certificate(old).version is x509.Version.v1

    with pytest.raises(SelfSignedUnfit):
        read_self_signed(old)


@pytest.mark.parametrize(
    "subject",
    [
        name_of("south-lending"),
        name_of(),
        name_of(CLIENT_ID, CLIENT_ID),
        name_of(CLIENT_ID.upper()),
        x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, CLIENT_ID)]),
    ],
    ids=["another's", "none", "twice", "other case", "elsewhere"],
)
def test_A7_a_certificate_is_named_after_its_client(subject: x509.Name) -> None:
    """Under the name of an authority it would stand in the way of that authority's chains."""
    with pytest.raises(SelfSignedUnfit):
        read_registered(self_sign(subject).jwk, client_id=CLIENT_ID)


SPOILT: dict[str, Callable[[SelfMade], dict[str, object]]] = {
    "no x5c": lambda _: {"x5c": None},
    "an empty x5c": lambda _: {"x5c": []},
    "a chain": lambda made: {"x5c": [b64encode(made.der).decode()] * 2},
    "a text": lambda made: {"x5c": b64encode(made.der).decode()},
    "base64url": lambda made: {"x5c": [urlsafe_b64encode(made.der + b"\xff" * 3).decode()]},
    "a line feed": lambda made: {"x5c": [b64encode(made.der).decode() + "\n"]},
    "too long": lambda _: {"x5c": ["A" * 30_000]},
    "stray bits": lambda _: {"x5c": ["AB=="]},
    "another key": lambda _: {"x": urlsafe_b64encode(bytes(31) + b"1").decode()[:43]},
    "another's certificate": lambda _: {"x5c": [b64encode(self_sign().der).decode()]},
    "another's thumbprint": lambda _: {"x5t#S256": "A" * 43},
}


@pytest.mark.parametrize("name", SPOILT)
def test_A7_a_jwk_with_something_else_in_it_is_refused(name: str) -> None:
    """One certificate, in its one spelling, of the key beside it."""
    made = self_sign()

    with pytest.raises((SelfSignedUnfit, KeyMalformed)):
        read_registered({**made.jwk, **SPOILT[name](made)}, client_id=CLIENT_ID)


def test_A7_a_private_jwk_is_told_to_its_owner() -> None:
    """Before anything else: the key is lost."""
    with pytest.raises(PrivateMemberFound):
        read_registered({**self_sign().jwk, "d": "x"}, client_id=CLIENT_ID)
