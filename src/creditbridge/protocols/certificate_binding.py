"""Client certificates: who they name and what is bound to them, as in RFC 8705."""

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from ipaddress import ip_address

import msgspec
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from creditbridge.foundation.errors import Malformed, Refused
from creditbridge.protocols.distinguished_name import fold_name

CERTIFICATE_BYTES_MAX = 16_384
MATCHER_CHARACTERS_MAX = 1_024
MATCHES_MAX = 256

# What the library says of bytes that are no certificate, or one of no kind that there is.
BROKEN = (
    ValueError,
    x509.DuplicateExtension,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
)
CLIENT_AUTH = ExtendedKeyUsageOID.CLIENT_AUTH.dotted_string
ANY_USAGE = ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE.dotted_string

# Names that certificates of companies carry beyond those of RFC 4514, section 3.
ATTRIBUTE_NAMES = {
    "emailAddress": NameOID.EMAIL_ADDRESS,
    "organizationIdentifier": NameOID.ORGANIZATION_IDENTIFIER,
    "serialNumber": NameOID.SERIAL_NUMBER,
}


class CertificateMalformed(Malformed):
    """Bytes that are no X.509 certificate."""

    code = "certificate-malformed"
    message = "The client certificate cannot be read."


class CertificateUnfit(Refused):
    """A certificate that may not authenticate a client now."""

    code = "certificate-unfit"
    message = "The client certificate must be for client authentication and within its dates."


class CertificateForeign(CertificateUnfit):
    """A certificate that does not name the client registered."""

    code = "certificate-foreign"
    message = "The client certificate does not name this client."


class MatcherMalformed(Malformed):
    """A registered subject that no certificate could ever match."""

    code = "matcher-malformed"
    message = "The subject must be a distinguished name (RFC 4514), DNS name, URI, IP or e-mail."


class SubjectKind(StrEnum):
    """Where in the certificate the client's registered name stands (section 2.1.2)."""

    SUBJECT_DN = "subject_dn"
    SAN_DNS = "san_dns"
    SAN_URI = "san_uri"
    SAN_IP = "san_ip"
    SAN_EMAIL = "san_email"


class SubjectMatcher(msgspec.Struct, frozen=True, kw_only=True):
    """The one name under which a client's certificates are accepted."""

    kind: SubjectKind
    value: str


class PeerCertificate(msgspec.Struct, frozen=True, kw_only=True):
    """What the house reads of a peer's certificate.

    Its chain was verified: by TLS, or by `certificate_chain` where a proxy handed it on. One that
    `is_self_issued` names itself as its issuer: it has no chain, and stands for the one client that
    registered it (section 2.2).

    `thumbprint` is base64url of SHA-256 over the DER, 43 characters (`x5t#S256`, section 3.1);
    `subject` is RFC 4514 text, for people; usages are dotted object identifiers.
    """

    der: bytes
    thumbprint: str
    subject: str
    san_dns: tuple[str, ...]
    san_uri: tuple[str, ...]
    san_ip: tuple[str, ...]
    san_email: tuple[str, ...]
    not_before: datetime
    not_after: datetime
    extended_key_usages: frozenset[str]
    serial: int
    is_self_issued: bool = False


def thumbprint_of(der: bytes) -> str:
    """Return the certificate thumbprint to which tokens are bound (section 3.1)."""
    return urlsafe_b64encode(hashlib.sha256(der).digest()).rstrip(b"=").decode("ascii")


def parse_certificate(der: bytes) -> PeerCertificate:
    """Return the certificate in the house's words.

    Raises:
        CertificateMalformed: not DER, more than one certificate, or an extension that is broken.
    """
    # Extensions are parsed in full: the size is what bounds the work.
    if len(der) > CERTIFICATE_BYTES_MAX:
        raise CertificateMalformed(detail=f"{len(der)} bytes")
    try:
        loaded = x509.load_der_x509_certificate(der)
        names = _alternative_names(loaded)
        return PeerCertificate(
            der=der,
            thumbprint=thumbprint_of(der),
            subject=loaded.subject.rfc4514_string(),
            san_dns=tuple(names.get_values_for_type(x509.DNSName)),
            san_uri=tuple(names.get_values_for_type(x509.UniformResourceIdentifier)),
            san_ip=tuple(map(str, names.get_values_for_type(x509.IPAddress))),
            san_email=tuple(names.get_values_for_type(x509.RFC822Name)),
            not_before=loaded.not_valid_before_utc,
            not_after=loaded.not_valid_after_utc,
            extended_key_usages=_usages(loaded),
            serial=loaded.serial_number,
            is_self_issued=fold_name(loaded.issuer) == fold_name(loaded.subject),
        )
    except BROKEN as error:
        raise CertificateMalformed(detail=type(error).__name__) from error


def require_client_certificate(certificate: PeerCertificate, *, now: datetime) -> None:
    """Accept a certificate that says it authenticates clients, within its dates.

    TLS libraries accept a leaf without extended key usage as fit for everything; we do not
    (RFC 5280, section 4.2.1.12).

    Raises:
        CertificateUnfit: no clientAuth, anyExtendedKeyUsage, not yet valid, expired.
    """
    usages = certificate.extended_key_usages
    # One that fits everything would let a mail or a server certificate of the same authority speak
    # for a bank.
    if CLIENT_AUTH not in usages or ANY_USAGE in usages:
        raise CertificateUnfit(detail="not for client authentication")
    # Both dates belong to the validity (RFC 5280, section 4.1.2.5).
    if not certificate.not_before <= now <= certificate.not_after:
        raise CertificateUnfit(detail="outside of its dates")


def require_matcher(matcher: SubjectMatcher) -> None:
    """Accept a registration that some certificate could match.

    Raises:
        MatcherMalformed: no distinguished name (RFC 4514), no address, empty or too long.
    """
    if not 0 < len(matcher.value) <= MATCHER_CHARACTERS_MAX:
        raise MatcherMalformed(detail=f"{len(matcher.value)} characters")
    try:
        if matcher.kind is SubjectKind.SUBJECT_DN:
            _parse_name(matcher.value)
        elif matcher.kind is SubjectKind.SAN_IP:
            ip_address(matcher.value)
    except ValueError as error:
        raise MatcherMalformed(detail=f"no {matcher.kind}") from error


# What matched once will match again: nothing but the arguments decides. A mismatch raises and is
# not remembered, so that it takes as long each time, whether or not there is such a client.
@lru_cache(MATCHES_MAX)
def require_match(certificate: PeerCertificate, matcher: SubjectMatcher) -> None:
    """Accept a certificate that carries the registered name, in the registered place.

    Raises:
        CertificateForeign: it does not.
        MatcherMalformed: the registration itself cannot match anything.
    """
    # At each use too: an empty value of an old row must match nobody, never everybody.
    require_matcher(matcher)
    if not MATCHES[matcher.kind](certificate, matcher.value):
        raise CertificateForeign(detail=f"no such {matcher.kind}")


def _is_subject(certificate: PeerCertificate, value: str) -> bool:
    # As sequences of parsed names, not as text: two texts may write one name, and an escape in a
    # text may hide another (section 2.1.2).
    return x509.load_der_x509_certificate(certificate.der).subject == _parse_name(value)


def _has_dns(certificate: PeerCertificate, value: str) -> bool:
    # As written: a wildcard in a certificate is a name like any other.
    return value.lower() in map(str.lower, certificate.san_dns)


def _has_uri(certificate: PeerCertificate, value: str) -> bool:
    # Byte for byte: what a URI's scheme lets be folded is nothing that we could know.
    return value in certificate.san_uri


def _has_ip(certificate: PeerCertificate, value: str) -> bool:
    # As numbers: one IPv6 address has many spellings (RFC 4291, section 2.2).
    return ip_address(value) in map(ip_address, certificate.san_ip)


def _has_email(certificate: PeerCertificate, value: str) -> bool:
    return _fold_host(value) in map(_fold_host, certificate.san_email)


MATCHES: Mapping[SubjectKind, Callable[[PeerCertificate, str], bool]] = {
    SubjectKind.SUBJECT_DN: _is_subject,
    SubjectKind.SAN_DNS: _has_dns,
    SubjectKind.SAN_URI: _has_uri,
    SubjectKind.SAN_IP: _has_ip,
    SubjectKind.SAN_EMAIL: _has_email,
}


def _parse_name(text: str) -> x509.Name:
    return x509.Name.from_rfc4514_string(text, attr_name_overrides=ATTRIBUTE_NAMES)


def _fold_host(address: str) -> str:
    # The part before the sign keeps its case (RFC 5280, section 7.5).
    mailbox, sign, host = address.rpartition("@")
    return mailbox + sign + host.lower()


def _alternative_names(certificate: x509.Certificate) -> x509.SubjectAlternativeName:
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return x509.SubjectAlternativeName([])
    return found.value


def _usages(certificate: x509.Certificate) -> frozenset[str]:
    try:
        found = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    except x509.ExtensionNotFound:
        return frozenset()
    return frozenset(usage.dotted_string for usage in found.value)
