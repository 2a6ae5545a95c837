"""Self-signed certificates at the bank door, over real handshakes (RFC 8705, 2.2; PROTOCOLS A7)."""

import asyncio
import io
import ssl
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Protocol

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from tests.protocols.self_signing import (
    FOR_CLIENTS,
    NO_AUTHORITY,
    PrivateKey,
    SelfMade,
    self_sign,
)
from tests.waiting import eventually

from creditbridge.foundation.database import DatabaseUnavailable
from creditbridge.protocols.certificate_binding import thumbprint_of
from creditbridge.server.own_certificates import OwnCertificates
from creditbridge.server.tls import DoorMisconfigured, bank_context

WORD = b"in"


class Pki(Protocol):
    """What these tests need of the authority."""

    folder: Path
    ca_file: Path

    def issue(self, name: str, *, client: bool = False) -> tuple[Path, Path]: ...


class FakeRegistry:
    """The registry as the door reads it; `failure` is raised instead, once."""

    def __init__(self, *certificates: SelfMade) -> None:
        self.certificates = [one.der for one in certificates]
        self.failure: Exception | None = None
        self.asked: list[frozenset[str]] = []

    async def read(self, known: Collection[str]) -> Mapping[str, bytes | None]:
        self.asked.append(frozenset(known))
        if self.failure is not None:
            failure, self.failure = self.failure, None
            raise failure
        held = {thumbprint_of(der): der for der in self.certificates}
        return {name: None if name in known else der for name, der in held.items()}


class Door:
    """A bank door's TLS over a registry, and those who come to it."""

    def __init__(self, pki: Pki, registry: FakeRegistry) -> None:
        self.pki = pki
        self.files = pki.issue("gateway")
        self.own = OwnCertificates(self.make, pki.ca_file, registry.read)

    def make(self) -> ssl.SSLContext:
        """Return a context of the client authorities."""
        certificate, key = self.files
        return bank_context(
            certificate_file=certificate, key_file=key, client_ca_file=self.pki.ca_file
        )

    async def lets_in(self, pem: bytes) -> bool:
        """Tell whether a connection that shows this certificate comes through."""
        file = self.pki.folder / "client.pem"
        file.write_bytes(pem)
        client = ssl.create_default_context(cafile=self.pki.ca_file)
        client.load_cert_chain(file)
        async with self._listening() as address:
            # By then the client has finished its handshake: it sees an alert, a reset, or the end.
            with suppress(ssl.SSLError, ConnectionError):
                reader, writer = await asyncio.open_connection(*address, ssl=client)
                word = await reader.read()
                writer.close()
                return word == WORD
        return False

    @asynccontextmanager
    async def _listening(self) -> AsyncIterator[tuple[str, int]]:
        async def answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            tls: object = writer.get_extra_info("ssl_object")
            assert isinstance(tls, ssl.SSLObject)
            writer.write(WORD if tls.getpeercert(binary_form=True) else b"nobody")
            writer.close()

        server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=self.own.context)
        async with server:
            yield server.sockets[0].getsockname()


@pytest.mark.parametrize(
    "private",
    [
        ec.generate_private_key(ec.SECP256R1()),
        ed25519.Ed25519PrivateKey.generate(),
        rsa.generate_private_key(65537, 2048),
    ],
    ids=["EC", "Ed25519", "RSA"],
)
async def test_A7_a_registered_certificate_opens_the_door(pki: Pki, private: PrivateKey) -> None:
    """Of each kind of key, from the look on; one that nobody registered ends the handshake."""
    mine, other = self_sign(private=private), self_sign()
    door = Door(pki, FakeRegistry(mine))
    early = await door.lets_in(mine.pem)

    await door.own.look()

    assert not early
    assert await door.lets_in(mine.pem)
    assert not await door.lets_in(other.pem)


async def test_A7_what_is_taken_back_opens_nothing(pki: Pki) -> None:
    """From the next look on; the others stay, and whoever has an authority's certificate."""
    first, second = self_sign(), self_sign()
    registry = FakeRegistry(first, second)
    door = Door(pki, registry)
    await door.own.look()
    before = [await door.lets_in(one.pem) for one in (first, second)]

    registry.certificates = [second.der]
    await door.own.look()

    certificate, key = pki.issue("bank", client=True)
    assert before == [True, True]
    assert not await door.lets_in(first.pem)
    assert await door.lets_in(second.pem)
    assert await door.lets_in(certificate.read_bytes() + key.read_bytes())
    assert registry.asked[-1] == {thumbprint_of(one.der) for one in (first, second)}


def issue_by(issuer: SelfMade) -> bytes:
    """Return a client's certificate under an issuer, with it behind, and the client's key."""
    key = ec.generate_private_key(ec.SECP256R1())
    above = issuer.certificate
    builder = x509.CertificateBuilder(
        issuer_name=above.subject,
        subject_name=x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "victim")]),
        public_key=key.public_key(),
        serial_number=x509.random_serial_number(),
        not_valid_before=above.not_valid_before_utc,
        not_valid_after=above.not_valid_after_utc,
    )
    for extension, critical in (NO_AUTHORITY, FOR_CLIENTS):
        builder = builder.add_extension(extension, critical=critical)
    signed = builder.sign(issuer.private, SHA256())
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return private + signed.public_bytes(Encoding.PEM) + above.public_bytes(Encoding.PEM)


async def test_A7_a_registered_certificate_vouches_for_no_other(pki: Pki) -> None:
    """What it issued, under any name, ends the handshake."""
    mine = self_sign()
    door = Door(pki, FakeRegistry(mine))
    await door.own.look()

    assert await door.lets_in(mine.pem)
    assert not await door.lets_in(issue_by(mine))


async def test_A7_an_ended_certificate_ends_the_handshake(pki: Pki) -> None:
    """Its dates count though it has no chain."""
    old, early = self_sign(days=(-9, -1)), self_sign(days=(1, 9))
    door = Door(pki, FakeRegistry(old, early))
    await door.own.look()

    assert not await door.lets_in(old.pem)
    assert not await door.lets_in(early.pem)


async def test_A7_a_row_that_registration_would_refuse_opens_nothing(
    pki: Pki, log_lines: io.StringIO
) -> None:
    """An issuer, and one under the name of a client authority: skipped, told once, others count."""
    authority = x509.load_pem_x509_certificate(pki.ca_file.read_bytes())
    usage = (x509.BasicConstraints(ca=True, path_length=None), True)
    issuer, named = self_sign(extensions=[usage, FOR_CLIENTS]), self_sign(authority.subject)
    mine, registry = self_sign(), FakeRegistry(issuer, named)
    door = Door(pki, registry)
    await door.own.look()
    registry.certificates.append(mine.der)
    await door.own.look()

    certificate, key = pki.issue("bank", client=True)
    assert not await door.lets_in(issuer.pem)
    assert not await door.lets_in(issue_by(issuer))
    assert not await door.lets_in(named.pem)
    assert await door.lets_in(certificate.read_bytes() + key.read_bytes())
    assert await door.lets_in(mine.pem)
    assert log_lines.getvalue().count('"certificates.unfit"') == 2


async def test_A7_the_door_follows_the_registry(
    pki: Pki, log_lines: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the background; a registry that cannot be read for a moment changes nothing."""
    for name in ("LOOK_SECONDS", "RETRY_SECONDS"):
        monkeypatch.setattr(f"creditbridge.server.own_certificates.{name}", 0.01)
    first, second = self_sign(), self_sign()
    registry = FakeRegistry(first)
    door = Door(pki, registry)
    await door.own.look()

    registry.failure = DatabaseUnavailable()
    watching = asyncio.create_task(door.own.watch())
    await eventually(lambda: "certificates.not_read" in log_lines.getvalue())
    kept = await door.lets_in(first.pem)
    registry.certificates.append(second.der)
    both = {thumbprint_of(one.der) for one in (first, second)}
    await eventually(lambda: registry.asked[-1] == both)
    watching.cancel()

    assert kept
    assert await door.lets_in(second.pem)


def test_a_door_without_authorities_is_misconfigured(pki: Pki) -> None:
    """An absent file, and one without a certificate."""
    registry = FakeRegistry()
    door = Door(pki, registry)
    (pki.folder / "words.pem").write_text("no certificate")

    for name in ("absent.pem", "words.pem"):
        with pytest.raises(DoorMisconfigured):
            OwnCertificates(door.make, pki.folder / name, registry.read)
