"""Certificate revocation lists: which serials a client authority took back, as in RFC 5280."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import msgspec
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512

from creditbridge.foundation.errors import Untrusted
from creditbridge.protocols.certificate_binding import CertificateUnfit, PeerCertificate
from creditbridge.protocols.distinguished_name import fold_name

LIST_BYTES_MAX = 8_388_608
PEM_MARK = b"-----BEGIN X509 CRL-----"
# An authority's clock may be ahead of ours, as a client's may (PROTOCOLS, section 0).
SKEW = timedelta(seconds=60)
HASHES = (SHA256, SHA384, SHA512)
# What may be critical, because it is obeyed here; whatever else is critical changes what a list
# says, and must not be passed over (section 5.2).
OBEYED = (x509.AuthorityKeyIdentifier, x509.CRLNumber)
ENTRY_OBEYED = (x509.CRLReason, x509.InvalidityDate)
# What the library says of bytes that are no list, or one of a kind that nobody should sign.
BROKEN = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
)
# Lists of a part of what was revoked, critical or not: what they leave out would seem good.
PARTIAL = (x509.DeltaCRLIndicator, x509.IssuingDistributionPoint)


class RevocationListRejected(Untrusted):
    """A revocation list that cannot be believed."""

    code = "revocation-list-rejected"
    message = "The revocation list is not a whole, current list signed by a client authority."


class CertificateRevoked(CertificateUnfit):
    """The authority took the certificate back."""

    code = "certificate-revoked"
    message = "The client certificate has been revoked."


class RevocationUnknown(CertificateUnfit):
    """Nothing current says whether the authority took the certificate back."""

    code = "revocation-unknown"
    message = "Whether the client certificate has been revoked cannot be told at present."


class RevocationList(msgspec.Struct, frozen=True, kw_only=True):
    """A list whose signature was verified: of this authority, good before `next_update`."""

    issuer: str  # As `fold_name` writes it.
    serials: frozenset[int]
    this_update: datetime
    next_update: datetime


def load_authorities(pem: bytes) -> tuple[x509.Certificate, ...]:
    """Return the certificates of a PEM file.

    Raises:
        RevocationListRejected: there is none, or one is broken.
    """
    try:
        return tuple(x509.load_pem_x509_certificates(pem))
    except ValueError as error:
        raise RevocationListRejected(detail="no authority's certificate") from error


def read_revocation_list(
    raw: bytes, authorities: Sequence[x509.Certificate], *, now: datetime
) -> RevocationList:
    """Return a list, PEM or DER, that one of the authorities signed.

    One past its next update is returned too: `require_unrevoked` then fails closed for its
    authority, which would otherwise be unknown.

    Raises:
        RevocationListRejected: over 8 MiB, malformed, another issuer, a wrong or weak signature, an
            unknown critical extension, a partial list, one of the future or without an end.
    """
    if len(raw) > LIST_BYTES_MAX:
        raise RevocationListRejected(detail="over 8 MiB")
    try:
        found = _load(raw)
        _require_extensions(found.extensions, OBEYED)
        _require_issuer(found, authorities)
        next_update = _require_dates(found, now=now)
        serials = frozenset(_list_serials(found))
    except BROKEN as error:
        raise RevocationListRejected(detail=type(error).__name__) from error
    return RevocationList(
        issuer=fold_name(found.issuer),
        serials=serials,
        this_update=found.last_update_utc,
        next_update=next_update,
    )


def require_unrevoked(
    certificate: PeerCertificate, lists: Iterable[RevocationList], *, now: datetime
) -> None:
    """Accept a certificate that no list of its authority names.

    An authority without a list is not asked. Two lists of one name, as while an authority changes
    its key, must both be current and silent.

    Raises:
        CertificateRevoked: a list names it, be it an old one.
        RevocationUnknown: a list of its authority is past its next update.
    """
    held = tuple(lists)
    if not held:
        return
    issuer = fold_name(x509.load_der_x509_certificate(certificate.der).issuer)
    own = [one for one in held if one.issuer == issuer]
    if any(certificate.serial in one.serials for one in own):
        raise CertificateRevoked(detail=f"serial {certificate.serial:x}")
    # Fail closed for this authority alone: what it took back meanwhile is not known (section 6.3).
    if any(now >= one.next_update for one in own):
        raise RevocationUnknown(detail="the list is past its next update")


def _load(raw: bytes) -> x509.CertificateRevocationList:
    if PEM_MARK not in raw:
        return x509.load_der_x509_crl(raw)
    # Of two in one file a reader takes the first, and the second would seem to count.
    if raw.count(PEM_MARK) > 1:
        raise RevocationListRejected(detail="several lists in one file")
    return x509.load_pem_x509_crl(raw)


def _require_extensions(
    extensions: x509.Extensions, obeyed: tuple[type[x509.ExtensionType], ...]
) -> None:
    for extension in extensions:
        if isinstance(extension.value, PARTIAL):
            raise RevocationListRejected(detail="a partial list")
        if extension.critical and not isinstance(extension.value, obeyed):
            raise RevocationListRejected(detail=f"critical {extension.oid.dotted_string}")


def _require_issuer(
    found: x509.CertificateRevocationList, authorities: Sequence[x509.Certificate]
) -> None:
    issuer = fold_name(found.issuer)
    named = [one for one in authorities if fold_name(one.subject) == issuer]
    if not named:
        raise RevocationListRejected(detail="no client authority has this issuer's name")
    # Ed25519 names no hash of its own (RFC 8410).
    hashed = found.signature_hash_algorithm
    if hashed is not None and not isinstance(hashed, HASHES):
        raise RevocationListRejected(detail=f"signed over {hashed.name}")
    if not any(_may_sign(one) and _has_signed(one, found) for one in named):
        raise RevocationListRejected(detail="no client authority's signature")


def _may_sign(authority: x509.Certificate) -> bool:
    # Where a key says what it is for, lists must be among it (section 6.3.3, step f).
    try:
        usage = authority.extensions.get_extension_for_class(x509.KeyUsage)
    except x509.ExtensionNotFound:
        return True
    return usage.value.crl_sign


def _has_signed(authority: x509.Certificate, found: x509.CertificateRevocationList) -> bool:
    key = authority.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey | rsa.RSAPublicKey):
        return False
    return found.is_signature_valid(key)


def _require_dates(found: x509.CertificateRevocationList, *, now: datetime) -> datetime:
    # Without an end a list would be good for ever (section 5.1.2.5 wants one).
    if (next_update := found.next_update_utc) is None:
        raise RevocationListRejected(detail="no next update")
    if found.last_update_utc > now + SKEW:
        raise RevocationListRejected(detail="issued in the future")
    return next_update


def _list_serials(found: x509.CertificateRevocationList) -> Iterable[int]:
    for entry in found:
        # An entry may name another issuer, or change what it means, in a critical extension only.
        _require_extensions(entry.extensions, ENTRY_OBEYED)
        yield entry.serial_number
