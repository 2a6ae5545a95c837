"""Certificates that clients sign themselves, whatever they say, and the JWKs that name them."""

from base64 import b64encode
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TypeAlias

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.hashes import SHA224, SHA256, SHA384
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from creditbridge.foundation.clock import SystemClock
from creditbridge.foundation.keys import name_key
from creditbridge.foundation.rsa_keys import RsaKey

PrivateKey: TypeAlias = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey
Extension: TypeAlias = tuple[x509.ExtensionType, bool]

NO_AUTHORITY = (x509.BasicConstraints(ca=False, path_length=None), True)
FOR_CLIENTS = (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), False)


class SelfMade(msgspec.Struct, frozen=True, kw_only=True):
    """A certificate with the key that signed it."""

    certificate: x509.Certificate
    private: PrivateKey

    @property
    def der(self) -> bytes:
        """The certificate's bytes."""
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def pem(self) -> bytes:
        """Key and certificate, as TLS libraries load them from one file."""
        key = self.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return key + self.certificate.public_bytes(Encoding.PEM)

    @property
    def jwk(self) -> dict[str, str | list[str]]:
        """The public JWK with the certificate in its `x5c` (RFC 7517, section 4.7)."""
        material = self.private.public_key()
        key = (
            RsaKey(key_id="tls", material=material)
            if isinstance(material, rsa.RSAPublicKey)
            else name_key(material)
        )
        return {**key.to_jwk(), "x5c": [b64encode(self.der).decode("ascii")]}


def name_of(*common_names: str) -> x509.Name:
    """Return a subject of an organisation and these common names."""
    parts = [x509.NameAttribute(NameOID.COMMON_NAME, name) for name in common_names]
    return x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Bank"), *parts])


def self_sign(
    subject: x509.Name | str = "north-lending",
    *,
    private: PrivateKey | None = None,
    extensions: Sequence[Extension] = (NO_AUTHORITY, FOR_CLIENTS),
    now: datetime | None = None,
    days: tuple[int, int] = (-1, 30),
    hashed: SHA224 | SHA256 | SHA384 | None = None,
) -> SelfMade:
    """Return a certificate under its own name, signed with its own key; `days` are from now."""
    key = private or ec.generate_private_key(ec.SECP256R1())
    name = name_of(subject) if isinstance(subject, str) else subject
    began = SystemClock().now() if now is None else now
    builder = x509.CertificateBuilder(
        issuer_name=name,
        subject_name=name,
        public_key=key.public_key(),
        serial_number=x509.random_serial_number(),
        not_valid_before=began + timedelta(days=days[0]),
        not_valid_after=began + timedelta(days=days[1]),
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical=critical)
    algorithm = None if isinstance(key, ed25519.Ed25519PrivateKey) else hashed or SHA256()
    return SelfMade(certificate=builder.sign(key, algorithm), private=key)
