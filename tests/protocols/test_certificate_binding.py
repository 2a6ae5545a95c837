"""RFC 8705: whom a client certificate names, judged by certificates that `cryptography` makes."""

import hashlib
from base64 import urlsafe_b64decode
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from creditbridge.foundation.errors import Malformed, Refused
from creditbridge.protocols.certificate_binding import (
    CERTIFICATE_BYTES_MAX,
    CertificateForeign,
    CertificateMalformed,
    CertificateUnfit,
    MatcherMalformed,
    PeerCertificate,
    SubjectKind,
    SubjectMatcher,
    parse_certificate,
    require_client_certificate,
    require_match,
    require_matcher,
)

KEY = ec.derive_private_key(7, ec.SECP256R1())
NOW = datetime(2026, 6, 1, tzinfo=UTC)
CLIENT = ExtendedKeyUsageOID.CLIENT_AUTH
SERVER = ExtendedKeyUsageOID.SERVER_AUTH
ANY = ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE
NAME = x509.Name(
    [
        x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"),
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, "示例银行, Ltd"),
        x509.NameAttribute(NameOID.COMMON_NAME, "bank-1"),
    ]
)
NAMES: tuple[x509.GeneralName, ...] = (
    x509.DNSName("client.Bank.example"),
    x509.DNSName("*.bank.example"),
    x509.UniformResourceIdentifier("urn:bank:client:1"),
    x509.IPAddress(ip_address("192.0.2.1")),
    x509.IPAddress(ip_address("2001:db8::1")),
    x509.RFC822Name("Ops@Bank.example"),
    x509.DirectoryName(NAME),
)


def make(
    *,
    subject: x509.Name = NAME,
    names: Sequence[x509.GeneralName] = NAMES,
    usages: Sequence[x509.ObjectIdentifier] = (CLIENT,),
) -> PeerCertificate:
    """A certificate, valid for 30 days around now, read by the house."""
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(NAME)
        .public_key(KEY.public_key())
        .serial_number(4711)
        .not_valid_before(NOW - timedelta(days=10))
        .not_valid_after(NOW + timedelta(days=20))
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    if usages:
        builder = builder.add_extension(x509.ExtendedKeyUsage(usages), critical=False)
    return parse_certificate(builder.sign(KEY, SHA256()).public_bytes(Encoding.DER))


CERTIFICATE = make()


def test_a_certificate_is_read_in_the_houses_words() -> None:
    """Subject, alternative names, dates, usages, serial number."""
    assert CERTIFICATE.subject == r"CN=bank-1,O=示例银行\, Ltd,C=CN"
    assert CERTIFICATE.san_dns == ("client.Bank.example", "*.bank.example")
    assert CERTIFICATE.san_uri == ("urn:bank:client:1",)
    assert CERTIFICATE.san_ip == ("192.0.2.1", "2001:db8::1")
    assert CERTIFICATE.san_email == ("Ops@Bank.example",)
    assert CERTIFICATE.not_before == datetime(2026, 5, 22, tzinfo=UTC)
    assert CERTIFICATE.not_after == datetime(2026, 6, 21, tzinfo=UTC)
    assert CERTIFICATE.extended_key_usages == {"1.3.6.1.5.5.7.3.2"}
    assert CERTIFICATE.serial == 4711


def test_D5_the_thumbprint_is_of_the_der() -> None:
    """Section 3.1: base64url of SHA-256 without padding, 43 characters."""
    digest = hashlib.sha256(CERTIFICATE.der).digest()

    assert urlsafe_b64decode(CERTIFICATE.thumbprint + "=") == digest
    assert len(CERTIFICATE.thumbprint) == 43
    assert make(names=()).thumbprint != CERTIFICATE.thumbprint


def test_a_bare_certificate_has_no_names_and_no_usages() -> None:
    """Absent extensions are empty."""
    bare = make(names=(), usages=())

    assert bare.san_dns == bare.san_uri == bare.san_ip == bare.san_email == ()
    assert bare.extended_key_usages == frozenset()


@pytest.mark.parametrize(
    "der",
    [
        b"",
        b"-----BEGIN CERTIFICATE-----",
        CERTIFICATE.der[:-1],
        CERTIFICATE.der + b"\x00",
        CERTIFICATE.der + CERTIFICATE.der,
        bytes(CERTIFICATE_BYTES_MAX + 1),
        CERTIFICATE.der.replace(b"\x55\x1d\x25", b"\x55\x1d\x11"),
    ],
    ids=["empty", "pem", "cut", "longer", "twice", "large", "extension twice"],
)
def test_X2_other_bytes_are_refused(der: bytes) -> None:
    """PEM, bytes after the DER, too many bytes, an extension that stands there twice."""
    with pytest.raises(CertificateMalformed):
        parse_certificate(der)


@pytest.mark.parametrize("usages", [(CLIENT,), (SERVER, CLIENT)], ids=["client", "both"])
def test_T3_a_certificate_for_clients_is_accepted(
    usages: tuple[x509.ObjectIdentifier, ...],
) -> None:
    """Beside another usage too."""
    require_client_certificate(make(usages=usages), now=NOW)


@pytest.mark.parametrize(
    "usages",
    [(), (SERVER,), (ANY,), (CLIENT, ANY)],
    ids=["none", "server", "any", "client and any"],
)
def test_T3_a_certificate_for_something_else_is_refused(
    usages: tuple[x509.ObjectIdentifier, ...],
) -> None:
    """No usage at all, which TLS libraries take for any; another; anyExtendedKeyUsage."""
    with pytest.raises(CertificateUnfit):
        require_client_certificate(make(usages=usages), now=NOW)


@pytest.mark.parametrize("now", [CERTIFICATE.not_before, NOW, CERTIFICATE.not_after], ids=str)
def test_T3_both_dates_belong_to_the_validity(now: datetime) -> None:
    """RFC 5280, section 4.1.2.5."""
    require_client_certificate(CERTIFICATE, now=now)


@pytest.mark.parametrize(
    "now",
    [CERTIFICATE.not_before - timedelta(seconds=1), CERTIFICATE.not_after + timedelta(seconds=1)],
    ids=str,
)
def test_T3_dates_are_checked_at_each_use(now: datetime) -> None:
    """Not yet valid, and expired since the handshake."""
    with pytest.raises(CertificateUnfit):
        require_client_certificate(CERTIFICATE, now=now)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (SubjectKind.SUBJECT_DN, r"CN=bank-1,O=示例银行\, Ltd,C=CN"),
        (SubjectKind.SUBJECT_DN, r"CN=bank\2D1,O=示例银行\2C Ltd,C=CN"),
        (SubjectKind.SAN_DNS, "client.bank.example"),
        (SubjectKind.SAN_DNS, "CLIENT.BANK.EXAMPLE"),
        (SubjectKind.SAN_URI, "urn:bank:client:1"),
        (SubjectKind.SAN_IP, "192.0.2.1"),
        (SubjectKind.SAN_IP, "2001:0DB8:0:0::1"),
        (SubjectKind.SAN_EMAIL, "Ops@bank.EXAMPLE"),
    ],
)
def test_A6_the_registered_name_matches(kind: SubjectKind, value: str) -> None:
    """Names are compared by meaning: parsed RDNs, addresses, hosts without regard to case."""
    require_match(CERTIFICATE, SubjectMatcher(kind=kind, value=value))


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (SubjectKind.SUBJECT_DN, "CN=bank-2,C=CN"),
        (SubjectKind.SUBJECT_DN, r"C=CN,O=示例银行\, Ltd,CN=bank-1"),
        (SubjectKind.SUBJECT_DN, "CN=bank-1"),
        (SubjectKind.SUBJECT_DN, r"CN=bank-1\,O=示例银行\\\, Ltd\,C=CN"),
        (SubjectKind.SUBJECT_DN, r"CN=bank-1+O=示例银行\, Ltd,C=CN"),
        (SubjectKind.SAN_DNS, "other.bank.example"),
        (SubjectKind.SAN_DNS, "client.bank.example."),
        (SubjectKind.SAN_DNS, "urn:bank:client:1"),
        (SubjectKind.SAN_URI, "urn:bank:client:10"),
        (SubjectKind.SAN_URI, "URN:bank:client:1"),
        (SubjectKind.SAN_IP, "192.0.2.10"),
        (SubjectKind.SAN_EMAIL, "ops@bank.example"),
        (SubjectKind.SAN_EMAIL, "bank.example"),
    ],
)
def test_A6_another_name_does_not_match(kind: SubjectKind, value: str) -> None:
    """Order and grouping of RDNs count; a wildcard matches nothing but itself."""
    with pytest.raises(CertificateForeign):
        require_match(CERTIFICATE, SubjectMatcher(kind=kind, value=value))


def test_A6_a_wildcard_certificate_is_a_name_like_any_other() -> None:
    """Registered as it is written."""
    require_match(CERTIFICATE, SubjectMatcher(kind=SubjectKind.SAN_DNS, value="*.bank.example"))


def test_A6_names_of_companies_may_be_registered() -> None:
    """`organizationIdentifier`, `serialNumber`, `emailAddress`, several attributes in one RDN."""
    subject = x509.Name(
        [
            x509.RelativeDistinguishedName(
                [
                    x509.NameAttribute(NameOID.COMMON_NAME, "a"),
                    x509.NameAttribute(NameOID.SERIAL_NUMBER, "7"),
                ]
            ),
            x509.RelativeDistinguishedName(
                [x509.NameAttribute(NameOID.ORGANIZATION_IDENTIFIER, "NTRCN-1")]
            ),
        ]
    )
    certificate = make(subject=subject)

    for text in ("organizationIdentifier=NTRCN-1,serialNumber=7+CN=a", certificate.subject):
        require_match(certificate, SubjectMatcher(kind=SubjectKind.SUBJECT_DN, value=text))


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (SubjectKind.SUBJECT_DN, ""),
        (SubjectKind.SUBJECT_DN, "bank-1"),
        (SubjectKind.SUBJECT_DN, "nonsense=1"),
        (SubjectKind.SUBJECT_DN, "CN=bank-1,,C=CN"),
        (SubjectKind.SAN_IP, "192.0.2.0/24"),
        (SubjectKind.SAN_IP, "192.0.2.256"),
        (SubjectKind.SAN_DNS, ""),
        (SubjectKind.SAN_DNS, "a" * 1025),
    ],
)
def test_A6_a_registration_that_can_match_nothing_is_refused(kind: SubjectKind, value: str) -> None:
    """At onboarding, and again at use."""
    matcher = SubjectMatcher(kind=kind, value=value)

    with pytest.raises(MatcherMalformed):
        require_matcher(matcher)
    with pytest.raises(MatcherMalformed):
        require_match(CERTIFICATE, matcher)


def test_refusals_have_their_places_in_the_tree() -> None:
    """A certificate that does not fit is refused; bytes and registrations must be changed."""
    assert issubclass(CertificateForeign, CertificateUnfit)
    assert issubclass(CertificateUnfit, Refused)
    assert issubclass(CertificateMalformed, Malformed)
    assert issubclass(MatcherMalformed, Malformed)


def test_a_certificate_of_an_unknown_version_cannot_be_read() -> None:
    """The library says so in an error of its own kind."""
    # The version of the certificate: [0] INTEGER 2 (RFC 5280, section 4.1.2.1).
    altered = CERTIFICATE.der.replace(b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x09", 1)

    with pytest.raises(CertificateMalformed):
        parse_certificate(altered)
