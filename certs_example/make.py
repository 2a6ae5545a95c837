"""A throw-away PKI: bank, gateway, platform, identity provider, mail relay, operators.

    python certs_example/make.py FOLDER [--client NAME …] [--host NAME …] [--organisation NAME]

Five authorities that know nothing of each other, as in production: one for the banks' client
certificates, one for the gateway's doors, one each for the platform, the identity provider and the
mail relay.
Every name says EXAMPLE, and the gateway serves such certificates on loopback only.
"""

import argparse
import ipaddress
import secrets
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

ORGANISATION = "Creditbridge EXAMPLE"
LIFE = timedelta(days=825)
BANKS = {"north": "91330100YY0000B1X5", "south": "91330200YY0000B28A"}
OPERATORS = ("lin", "zhou")
LOOPBACK = ("localhost", "127.0.0.1")
SECRET_BYTES = 32
RSA_BITS = 2_048

PrivateKey = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey


class Authority:
    """A certificate authority that lives as long as this script runs."""

    def __init__(self, folder: Path, name: str, *, organisation: str, hosts: Sequence[str]) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.organisation = organisation
        self.hosts = hosts
        self.name = name_of(f"{organisation} {name} CA", organisation)
        self.certificate = self.sign(self.name, self.key, authority=True)
        write_certificate(folder / "ca" / f"{name}.pem", self.certificate)

    def issue(self, path: Path, common_name: str, *, server: bool) -> None:
        """Write a certificate and its key: a server's for its hosts, or a client's."""
        key = ec.generate_private_key(ec.SECP256R1())
        usage = ExtendedKeyUsageOID.SERVER_AUTH if server else ExtendedKeyUsageOID.CLIENT_AUTH
        certificate = self.sign(name_of(common_name, self.organisation), key, usage=usage)
        write_certificate(path.with_suffix(".pem"), certificate)
        write_private_key(path.with_suffix(".key"), key)

    def sign(
        self,
        subject: x509.Name,
        key: ec.EllipticCurvePrivateKey,
        *,
        authority: bool = False,
        usage: x509.ObjectIdentifier | None = None,
    ) -> x509.Certificate:
        """Return a certificate over a public key."""
        now = datetime.now(UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(minutes=5))
            .not_valid_after(now + LIFE)
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
            .add_extension(key_usage(authority=authority), critical=True)
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
            )
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()),
                critical=False,
            )
        )
        if usage is not None:
            builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        if usage == ExtendedKeyUsageOID.SERVER_AUTH:
            builder = builder.add_extension(names_of(self.hosts), critical=False)
        return builder.sign(self.key, SHA256())


KINDS: dict[str, Callable[[], PrivateKey]] = {
    "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate,
    "PS256": lambda: rsa.generate_private_key(65_537, RSA_BITS),
}


def name_of(common_name: str, organisation: str) -> x509.Name:
    """Return a subject; the organisation gives the example away."""
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def key_usage(*, authority: bool) -> x509.KeyUsage:
    """Return what a key may do: sign certificates, or sign."""
    return x509.KeyUsage(
        digital_signature=not authority,
        key_cert_sign=authority,
        crl_sign=authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def names_of(hosts: Sequence[str]) -> x509.SubjectAlternativeName:
    """Return the only names a server answers to: loopback, and the hosts that were asked for."""
    distinct = dict.fromkeys([*LOOPBACK, *hosts])
    return x509.SubjectAlternativeName([general_name_of(host) for host in distinct])


def general_name_of(host: str) -> x509.GeneralName:
    """Return an address as an address, anything else as a name."""
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def write_certificate(path: Path, certificate: x509.Certificate) -> None:
    """Write a certificate as PEM."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(certificate.public_bytes(Encoding.PEM))


def write_secret(path: Path, content: bytes) -> None:
    """Write what only its owner may read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.chmod(0o600)
    path.write_bytes(content)


def write_private_key(path: Path, key: PrivateKey) -> None:
    """Write a private key as PEM (PKCS #8), readable by its owner only."""
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    write_secret(path, pem)


def write_signing_key(path: Path, kind: str = "ES256") -> None:
    """Write a fresh signing key and, beside it, its public half (`.pub`)."""
    key = KINDS[kind]()
    write_private_key(path.with_suffix(".key"), key)
    pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    path.with_suffix(".pub").write_bytes(pem)


def make(folder: Path, *, clients: Sequence[str], hosts: Sequence[str], organisation: str) -> None:
    """Write the whole PKI below a folder."""
    banks, doors, platform, identity, mail = (
        Authority(folder, name, organisation=organisation, hosts=hosts)
        for name in ("banks", "doors", "platform", "identity", "mail")
    )
    gateway = folder / "gateway"
    doors.issue(gateway / "bank-door", "Bank door EXAMPLE", server=True)
    doors.issue(gateway / "people-door", "People door EXAMPLE", server=True)
    platform.issue(gateway / "platform-client", "Creditbridge gateway EXAMPLE", server=False)
    write_signing_key(gateway / "ledger", "EdDSA")
    for name in ("message", "consent", "seal", "receipt", "login"):
        write_signing_key(gateway / name)
    write_signing_key(gateway / "token", "PS256")
    for name in ("openings", "bodies", "records", "subjects"):
        write_secret(gateway / f"{name}.secret", secrets.token_bytes(SECRET_BYTES))
    for name, uscc in BANKS.items():
        banks.issue(folder / "banks" / name / "client", f"{name} bank {uscc} EXAMPLE", server=False)
        write_signing_key(folder / "banks" / name / "message")
    for client in clients:
        banks.issue(folder / "clients" / client, client, server=False)
    platform.issue(folder / "platform" / "server", "Provincial platform EXAMPLE", server=True)
    write_signing_key(folder / "platform" / "message")
    identity.issue(folder / "identity" / "server", "Identity provider EXAMPLE", server=True)
    write_signing_key(folder / "identity" / "signing")
    mail.issue(folder / "mail" / "server", "Mail relay EXAMPLE", server=True)
    for name in OPERATORS:
        write_signing_key(folder / "operators" / name, "EdDSA")


def main() -> None:
    """Read what is asked for, and make it."""
    parser = argparse.ArgumentParser(description="Write a throw-away PKI.")
    parser.add_argument("folder", type=Path)
    parser.add_argument(
        "--client",
        action="append",
        default=[],
        metavar="NAME",
        help="one more client certificate of the banks' authority, with this common name",
    )
    parser.add_argument(
        "--host",
        action="append",
        default=[],
        metavar="NAME",
        help="a name or an address that the servers answer to, beside loopback",
    )
    parser.add_argument("--organisation", default=ORGANISATION)
    asked = parser.parse_args()
    make(asked.folder, clients=asked.client, hosts=asked.host, organisation=asked.organisation)


if __name__ == "__main__":
    main()
