"""Certificates that the example PKI has not: a second authority that the bank door accepts too."""

from datetime import timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from creditbridge.foundation.clock import SystemClock

ORGANISATION = "Creditbridge EXAMPLE"


def name_of(common_name: str) -> x509.Name:
    """Return a subject as the example PKI writes them."""
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, ORGANISATION),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def subject_of(common_name: str) -> str:
    """Return the subject as a client is registered with it (RFC 4514)."""
    return f"CN={common_name},O={ORGANISATION},C=CN"


def write_key(path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    """Write a private key that its owner alone may read, and its public half beside it."""
    path.touch(mode=0o600)
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    path.with_suffix(".pub").write_bytes(public)


class Authority:
    """A certificate authority of its own."""

    def __init__(self, common_name: str) -> None:
        self.name = name_of(common_name)
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.pem = self._sign(self.name, self.key, None, days=(-1, 30)).public_bytes(Encoding.PEM)

    def issue(
        self,
        folder: Path,
        common_name: str,
        *,
        server: bool = False,
        days: tuple[int, int] = (-1, 30),
    ) -> None:
        """Write `client.pem` and `client.key` into a folder, made on the way, and a message key."""
        folder.mkdir(parents=True)
        key = ec.generate_private_key(ec.SECP256R1())
        usage = ExtendedKeyUsageOID.SERVER_AUTH if server else ExtendedKeyUsageOID.CLIENT_AUTH
        certificate = self._sign(name_of(common_name), key, usage, days=days)
        (folder / "client.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
        write_key(folder / "client.key", key)
        write_key(folder / "message.key", ec.generate_private_key(ec.SECP256R1()))

    def _sign(
        self,
        subject: x509.Name,
        key: ec.EllipticCurvePrivateKey,
        usage: x509.ObjectIdentifier | None,
        *,
        days: tuple[int, int],
    ) -> x509.Certificate:
        now, public, issuer = SystemClock().now(), key.public_key(), self.key.public_key()
        extensions: list[tuple[x509.ExtensionType, bool]] = [
            (x509.BasicConstraints(ca=usage is None, path_length=None), True),
            (x509.SubjectKeyIdentifier.from_public_key(public), False),
            (x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer), False),
        ]
        if usage is not None:
            extensions.append((x509.ExtendedKeyUsage([usage]), False))
        builder = x509.CertificateBuilder(
            issuer_name=self.name,
            subject_name=subject,
            public_key=public,
            serial_number=x509.random_serial_number(),
            not_valid_before=now + timedelta(days=days[0]),
            not_valid_after=now + timedelta(days=days[1]),
        )
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical=critical)
        return builder.sign(self.key, SHA256())
