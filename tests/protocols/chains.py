"""Certificates with whatever in them, and the authorities that issue them."""

from base64 import b64encode
from datetime import timedelta
from typing import TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from creditbridge.foundation.clock import SystemClock

PrivateKey: TypeAlias = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey
IS_AUTHORITY = x509.BasicConstraints(ca=True, path_length=None)
FOR_CLIENTS = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])


def new_key() -> ec.EllipticCurvePrivateKey:
    """Return a fresh key."""
    return ec.generate_private_key(ec.SECP256R1())


class Issuer:
    """An authority by its own word, or by another's."""

    def __init__(
        self,
        name: str,
        *extensions: x509.ExtensionType,
        above: "Issuer | None" = None,
        days: tuple[int, int] = (-1, 30),
    ) -> None:
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.key = new_key()
        self.certificate = (above or self).issue(
            name, *(extensions or (IS_AUTHORITY,)), key=self.key, days=days
        )

    @property
    def der(self) -> bytes:
        """The authority's own certificate."""
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def pem(self) -> bytes:
        """The same, as files hold it."""
        return self.certificate.public_bytes(Encoding.PEM)

    def issue(
        self,
        name: str,
        *extensions: x509.ExtensionType,
        key: PrivateKey | None = None,
        days: tuple[int, int] = (-1, 30),
    ) -> x509.Certificate:
        """Return a certificate, its days from now; every extension is critical."""
        now = SystemClock().now()
        builder = x509.CertificateBuilder(
            issuer_name=self.name,
            subject_name=x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]),
            public_key=(key or new_key()).public_key(),
            serial_number=x509.random_serial_number(),
            not_valid_before=now + timedelta(days=days[0]),
            not_valid_after=now + timedelta(days=days[1]),
        )
        for extension in extensions:
            builder = builder.add_extension(extension, critical=True)
        return builder.sign(self.key, SHA256())

    def issue_der(self, name: str, *extensions: x509.ExtensionType) -> bytes:
        """Return a client's certificate, DER."""
        return self.issue(name, *(extensions or (FOR_CLIENTS,))).public_bytes(Encoding.DER)


def as_field(*certificates: bytes) -> str:
    """Return byte sequences as a proxy writes them (RFC 9651, section 3.3.5)."""
    return ", ".join(f":{b64encode(one).decode()}:" for one in certificates)
