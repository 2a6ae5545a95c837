"""Tests of whose client certificates are let in where TLS did not look."""

import random
import warnings
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.utils import CryptographyDeprecationWarning
from cryptography.x509.oid import ExtendedKeyUsageOID
from tests.protocols.chains import FOR_CLIENTS, IS_AUTHORITY, Issuer, PrivateKey, as_field

from creditbridge.foundation.clock import SystemClock
from creditbridge.protocols.certificate_chain import (
    AuthoritiesUnusable,
    CertificateUntrusted,
    ClientAuthorities,
)
from creditbridge.protocols.client_cert_header import (
    ClientCertMalformed,
    PassedCertificate,
    read_passed_certificate,
)

NOW = SystemClock().now()
ROOT = Issuer("root", days=(-1, 60))
BELOW = Issuer("below", above=ROOT)
AUTHORITIES = ClientAuthorities(ROOT.pem)
UNKNOWN = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"x")
NO_SIGNER = x509.KeyUsage(
    digital_signature=True,
    key_cert_sign=False,
    crl_sign=True,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    encipher_only=False,
    decipher_only=False,
)
FOR_SERVERS = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
AT_BANK = x509.NameConstraints([x509.DNSName("bank.example")], None)


def vouch(leaf: x509.Certificate, *chain: Issuer) -> bytes:
    """Return what the authorities vouch for."""
    passed = PassedCertificate(
        leaf=leaf.public_bytes(Encoding.DER), chain=tuple(one.der for one in chain)
    )
    return AUTHORITIES.vouch_for(passed, now=NOW).der


def test_X3_an_authority_vouches_for_what_it_issued() -> None:
    """Directly, or through those below it that the proxy hands on, in any order."""
    deeper = Issuer("deeper", above=BELOW)
    third = Issuer("third", above=deeper)
    deepest = Issuer("deepest", above=third)
    chains = ((), (BELOW,), (BELOW, deeper), (deeper, deepest, BELOW, third))
    for issuer, chain in zip((ROOT, BELOW, deeper, deepest), chains, strict=True):
        leaf = issuer.issue("bank", FOR_CLIENTS)

        assert vouch(leaf, *chain) == leaf.public_bytes(Encoding.DER)


def test_X3_the_word_lasts_as_long_as_the_whole_path() -> None:
    """The latest beginning, the earliest end."""
    brief = Issuer("brief", above=ROOT, days=(-2, 3))
    leaf = brief.issue_der("bank")

    vouched = AUTHORITIES.vouch_for(PassedCertificate(leaf=leaf, chain=(brief.der,)), now=NOW)

    assert vouched.valid_to == brief.certificate.not_valid_after_utc
    assert vouched.valid_from > brief.certificate.not_valid_before_utc
    assert vouched.valid_to - vouched.valid_from == timedelta(days=4)


@pytest.mark.parametrize(
    "key",
    [
        ec.generate_private_key(ec.SECP384R1()),
        ec.generate_private_key(ec.SECP521R1()),
        ed25519.Ed25519PrivateKey.generate(),
        rsa.generate_private_key(65_537, 2_048),
    ],
    ids=["P-384", "P-521", "Ed25519", "RSA 2048"],
)
def test_X3_a_strong_key_is_let_in(key: PrivateKey) -> None:
    """The kinds that TLS 1.3 knows."""
    assert vouch(ROOT.issue("bank", FOR_CLIENTS, key=key))


WEAK = rsa.generate_private_key(65_537, 1_024)  # noqa: S505 - this one is refused
FOREIGN = Issuer("root")
LEAVES = {
    "other authority of that name": FOREIGN.issue("bank", FOR_CLIENTS),
    "unknown authority": Issuer("stranger").issue("bank", FOR_CLIENTS),
    "self-signed": Issuer("bank", FOR_CLIENTS).certificate,
    "authority below not handed on": BELOW.issue("bank", FOR_CLIENTS),
    "expired": ROOT.issue("bank", FOR_CLIENTS, days=(-9, -1)),
    "not yet valid": ROOT.issue("bank", FOR_CLIENTS, days=(1, 9)),
    "an authority's own": BELOW.certificate,
    "the root itself": ROOT.certificate,
    "unknown critical extension": ROOT.issue("bank", FOR_CLIENTS, UNKNOWN),
    "RSA of 1,024 bits": ROOT.issue("bank", key=WEAK),
    "curve of 192 bits": ROOT.issue("bank", key=ec.generate_private_key(ec.SECP192R1())),
}


@pytest.mark.parametrize("leaf", LEAVES.values(), ids=LEAVES.keys())
def test_X3_a_leaf_that_nobody_vouches_for_is_refused(leaf: x509.Certificate) -> None:
    """As TLS would have refused it, had it seen it."""
    with pytest.raises(CertificateUntrusted):
        vouch(leaf)


ISSUERS = {
    "no authority": Issuer("x", FOR_CLIENTS, above=ROOT),
    "leaf by its word": Issuer("x", x509.BasicConstraints(ca=False, path_length=None), above=ROOT),
    "key for other things": Issuer("x", IS_AUTHORITY, NO_SIGNER, above=ROOT),
    "for servers": Issuer("x", IS_AUTHORITY, FOR_SERVERS, above=ROOT),
    "expired": Issuer("x", above=ROOT, days=(-9, -1)),
    "unknown critical extension": Issuer("x", IS_AUTHORITY, UNKNOWN, above=ROOT),
    "other names": Issuer("x", IS_AUTHORITY, AT_BANK, above=ROOT),
    "unknown root": Issuer("x", above=FOREIGN),
}


@pytest.mark.parametrize("issuer", ISSUERS.values(), ids=ISSUERS.keys())
def test_X3_a_broken_path_is_refused(issuer: Issuer) -> None:
    """Every certificate on the way must say that it may stand there."""
    names = x509.SubjectAlternativeName([x509.DNSName("bank.other.example")])
    leaf = issuer.issue("bank", FOR_CLIENTS, names)

    with pytest.raises(CertificateUntrusted):
        vouch(leaf, issuer)


def test_X3_an_authority_may_be_bound_to_clients_and_names() -> None:
    """Restrictions that the leaf keeps do not harm."""
    issuer = Issuer("x", IS_AUTHORITY, FOR_CLIENTS, AT_BANK, above=ROOT)
    names = x509.SubjectAlternativeName([x509.DNSName("core.bank.example")])

    assert vouch(issuer.issue("bank", FOR_CLIENTS, names), issuer)


def test_X3_a_path_has_its_length() -> None:
    """An authority that may not have others below it has none."""
    last = Issuer("last", x509.BasicConstraints(ca=True, path_length=0), above=ROOT)
    beyond = Issuer("beyond", above=last)

    with pytest.raises(CertificateUntrusted):
        vouch(beyond.issue("bank", FOR_CLIENTS), last, beyond)


def test_X3_a_hostile_chain_ends() -> None:
    """Many authorities of one name that certify each other: the library gives up in time."""
    rings = [Issuer("ring") for _ in range(4)]

    with pytest.raises(CertificateUntrusted):
        vouch(rings[0].issue("bank", FOR_CLIENTS), *rings)


def test_X3_altered_bytes_never_pass_and_never_break() -> None:
    """Any bit of what is signed in leaf or issuer: refused, and nothing but refused."""
    leaf, seeded = BELOW.issue("bank", FOR_CLIENTS), random.Random(9440)  # noqa: S311 - repeatable
    for _ in range(2_000):
        changed = seeded.choice((leaf, BELOW.certificate))
        parts = [bytearray(one.public_bytes(Encoding.DER)) for one in (leaf, BELOW.certificate)]
        part = parts[0 if changed is leaf else 1]
        signed = changed.tbs_certificate_bytes
        place = part.index(signed) + seeded.randrange(len(signed))
        part[place] ^= 1 << seeded.randrange(8)

        with warnings.catch_warnings(), pytest.raises((ClientCertMalformed, CertificateUntrusted)):
            # Some become serial numbers that a later version will not read.
            warnings.simplefilter("ignore", CryptographyDeprecationWarning)
            passed = read_passed_certificate(as_field(bytes(parts[0])), as_field(bytes(parts[1])))
            AUTHORITIES.vouch_for(passed, now=NOW)


@pytest.mark.parametrize("pem", [b"", b"no certificate", ROOT.pem[:200]])
def test_authorities_that_cannot_be_read_are_refused(pem: bytes) -> None:
    """A start that nobody could vouch in is no start."""
    with pytest.raises(AuthoritiesUnusable):
        ClientAuthorities(pem)
