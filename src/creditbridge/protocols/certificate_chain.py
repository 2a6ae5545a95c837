"""Which client authority vouches for a certificate that TLS did not see, as in RFC 5280.

Paths are built and signatures checked by the library `cryptography`; its web profile is not ours,
so what a certificate must say of itself stands here. It knows no revocation lists, and its verifier
of clients asks a leaf neither for its purpose nor for the strength of its key.
"""

from datetime import datetime

import msgspec
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID
from cryptography.x509.verification import (
    Criticality,
    ExtensionPolicy,
    Policy,
    PolicyBuilder,
    Store,
    VerificationError,
)

from creditbridge.foundation.errors import CreditbridgeError
from creditbridge.protocols.certificate_binding import CertificateUnfit
from creditbridge.protocols.client_cert_header import PassedCertificate

# Leaf, up to four certificates that a proxy hands on, and the authority itself.
DEPTH_MAX = 5
RSA_BITS_MIN = 2_048
CURVES = (ec.SECP256R1, ec.SECP384R1, ec.SECP521R1)
# What an authority may be restricted to, and still certify clients (section 4.2.1.12).
CLIENT_USAGES = frozenset(
    {ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE}
)


class CertificateUntrusted(CertificateUnfit):
    """No client authority vouches for the certificate."""

    code = "certificate-untrusted"
    message = "The client certificate was not issued by a client authority of this gateway."


class AuthoritiesUnusable(CreditbridgeError):
    """The file of the client authorities holds none."""

    code = "authorities-unusable"
    message = "The client authorities must be X.509 certificates in PEM; start is refused."


class VouchedCertificate(msgspec.Struct, frozen=True, kw_only=True):
    """A certificate for which a client authority vouches while every one in its path is valid."""

    der: bytes
    valid_from: datetime
    valid_to: datetime


class ClientAuthorities:
    """The authorities whose client certificates are let in."""

    def __init__(self, pem: bytes) -> None:
        """Read them.

        Raises:
            AuthoritiesUnusable: there is none, or one is broken.
        """
        try:
            self._store = Store(x509.load_pem_x509_certificates(pem))
        except ValueError as error:
            raise AuthoritiesUnusable(detail="no authority's certificate") from error

    def vouch_for(self, passed: PassedCertificate, *, now: datetime) -> VouchedCertificate:
        """Return the certificate that one of the authorities, or one below it, issued.

        Its purpose is left to `require_client_certificate`, its revocation to `require_unrevoked`,
        as for those that TLS has seen.

        Raises:
            CertificateUntrusted: no path, or one that is broken anywhere.
        """
        leaf = x509.load_der_x509_certificate(passed.leaf)
        chain = [x509.load_der_x509_certificate(one) for one in passed.chain]
        verifier = (
            PolicyBuilder()
            .store(self._store)
            .time(now)
            .max_chain_depth(DEPTH_MAX)
            .extension_policies(ca_policy=AUTHORITY, ee_policy=LEAF)
            .build_client_verifier()
        )
        try:
            _require_key(leaf)
            path = verifier.verify(leaf, chain).chain
        except (VerificationError, UnsupportedAlgorithm, ValueError) as error:
            raise CertificateUntrusted(detail=str(error)) from error
        return VouchedCertificate(
            der=passed.leaf,
            valid_from=max(one.not_valid_before_utc for one in path),
            valid_to=min(one.not_valid_after_utc for one in path),
        )


def _require_key(leaf: x509.Certificate) -> None:
    # The library looks at the keys of authorities alone.
    key = leaf.public_key()
    is_strong = (
        isinstance(key, ed25519.Ed25519PublicKey)
        or (isinstance(key, rsa.RSAPublicKey) and key.key_size >= RSA_BITS_MIN)
        or (isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, CURVES))
    )
    if not is_strong:
        message = "a key that is too weak"
        raise ValueError(message)


def _require_signer(
    _policy: Policy, _certificate: x509.Certificate, usage: x509.KeyUsage | None
) -> None:
    # Where a key says what it is for, certificates must be among it (section 4.2.1.3).
    if usage is not None and not usage.key_cert_sign:
        message = "a key that may not sign certificates"
        raise ValueError(message)


def _require_clients(
    _policy: Policy, _certificate: x509.Certificate, usages: x509.ExtendedKeyUsage | None
) -> None:
    # An authority for servers must not make a client.
    if usages is not None and CLIENT_USAGES.isdisjoint(usages):
        message = "an authority for other purposes"
        raise ValueError(message)


def _require_end(
    _policy: Policy, _certificate: x509.Certificate, constraints: x509.BasicConstraints | None
) -> None:
    # Whoever signs for others does not speak for itself.
    if constraints is not None and constraints.ca:
        message = "an authority's own certificate"
        raise ValueError(message)


# That an authority's constraints call it one, and how long a path may be, the library checks.
AUTHORITY = (
    ExtensionPolicy.permit_all()
    .require_present(x509.BasicConstraints, Criticality.AGNOSTIC, None)
    .may_be_present(x509.KeyUsage, Criticality.AGNOSTIC, _require_signer)
    .may_be_present(x509.ExtendedKeyUsage, Criticality.AGNOSTIC, _require_clients)
)
LEAF = ExtensionPolicy.permit_all().may_be_present(
    x509.BasicConstraints, Criticality.AGNOSTIC, _require_end
)
