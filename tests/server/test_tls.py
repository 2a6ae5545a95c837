"""Tests of TLS at the doors, over real connections."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, MutableMapping
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509 import (
    CertificateBuilder,
    ExtendedKeyUsage,
    Name,
    NameAttribute,
    load_pem_x509_certificate,
    random_serial_number,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from tests.waiting import PATIENCE_SECONDS

from creditbridge.foundation.clock import SystemClock
from creditbridge.server.doors import Door, OpenDoor, open_door
from creditbridge.server.tls import DoorMisconfigured, bank_context, people_context, require_place

Message = MutableMapping[str, object]


class Pki(Protocol):
    """What these tests need of the authority."""

    folder: Path
    ca_file: Path

    def another(self, name: str) -> "Pki": ...

    def issue(
        self, name: str, *, client: bool = False, days: tuple[int, int] = (-1, 30)
    ) -> tuple[Path, Path]: ...


class Mirror:
    """Answers with a few words about the connection; keeps the extension."""

    def __init__(self) -> None:
        self.seen: list[dict[str, object]] = []

    async def __call__(
        self, scope: Message, receive: Callable[..., object], send: Callable[..., object]
    ) -> None:
        extensions = msgspec.convert(scope["extensions"], dict[str, dict[str, object]])
        self.seen.append(extensions["tls"])
        start = {"type": "http.response.start", "status": 200, "headers": []}
        for message in (start, {"type": "http.response.body", "body": b""}):
            sending = send(message)
            assert asyncio.iscoroutine(sending)
            await sending


@asynccontextmanager
async def opened(context: ssl.SSLContext) -> AsyncIterator[tuple[OpenDoor, Mirror]]:
    """Open a door with this TLS."""
    mirror = Mirror()
    door = await open_door(Door(name="banks", app=mirror, host="127.0.0.1", port=0, tls=context))
    try:
        yield door, mirror
    finally:
        door.abort()


def server_files(pki: Pki) -> dict[str, Path]:
    """Return the files of a gateway's certificate."""
    certificate, key = pki.issue("gateway")
    return {"certificate_file": certificate, "key_file": key}


def trusting(pki: Pki) -> ssl.SSLContext:
    """Return a client's TLS that trusts the authority."""
    return ssl.create_default_context(cafile=pki.ca_file)


def self_sign(path: Path) -> Path:
    """Write a client's self-signed certificate and its key into one file."""
    key, now = ec.generate_private_key(ec.SECP256R1()), SystemClock().now()
    name = Name([NameAttribute(NameOID.COMMON_NAME, "bank")])
    usage = ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])
    builder = CertificateBuilder(
        issuer_name=name,
        subject_name=name,
        public_key=key.public_key(),
        serial_number=random_serial_number(),
        not_valid_before=now - timedelta(days=1),
        not_valid_after=now + timedelta(days=30),
    )
    signed = builder.add_extension(usage, critical=False).sign(key, SHA256())
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(private + signed.public_bytes(Encoding.PEM))
    return path


async def ask(door: OpenDoor, context: ssl.SSLContext) -> tuple[str, ssl.SSLObject]:
    """Send one GET and return the status line, empty where none came, and the TLS."""
    reader, writer = await asyncio.open_connection(*door.address, ssl=context)
    try:
        writer.write(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        line = await reader.readline()
        await reader.read()
        ssl_object: object = writer.get_extra_info("ssl_object")
        assert isinstance(ssl_object, ssl.SSLObject)
        return line.decode().strip(), ssl_object
    finally:
        writer.close()


async def test_the_bank_door_hands_the_peers_certificate_on(pki: Pki) -> None:
    """As DER and as PEM, in the TLS extension of ASGI."""
    certificate_file, key_file = pki.issue("bank", client=True)
    client = trusting(pki)
    client.load_cert_chain(certificate_file, key_file)
    context = bank_context(**server_files(pki), client_ca_file=pki.ca_file)

    async with opened(context) as (door, mirror):
        status, _ = await ask(door, client)

    shown = load_pem_x509_certificate(certificate_file.read_bytes())
    assert status == "HTTP/1.1 200 OK"
    assert mirror.seen[0]["client_certificate"] == shown.public_bytes(Encoding.DER)
    assert mirror.seen[0]["client_cert_chain"] == [certificate_file.read_text()]
    assert mirror.seen[0]["tls_version"] == 0x0304


async def test_T2_the_bank_door_lets_a_caller_without_certificate_in(pki: Pki) -> None:
    """The application answers it, so that the answer is a clean 401 (PROTOCOLS T2)."""
    context = bank_context(**server_files(pki), client_ca_file=pki.ca_file)

    async with opened(context) as (door, mirror):
        status, _ = await ask(door, trusting(pki))

    assert status == "HTTP/1.1 200 OK"
    assert mirror.seen[0]["client_certificate"] is None
    assert mirror.seen[0]["client_cert_chain"] == []


async def test_A7_a_self_signed_certificate_ends_the_handshake(pki: Pki) -> None:
    """Unless somebody registered it: `test_own_certificates` (decision 50)."""
    client = trusting(pki)
    client.load_cert_chain(self_sign(pki.folder / "self.pem"))
    context = bank_context(**server_files(pki), client_ca_file=pki.ca_file)

    async with opened(context) as (door, mirror):
        answered = ""
        with suppress(ssl.SSLError, ConnectionError):
            answered, _ = await ask(door, client)

    assert (answered, mirror.seen) == ("", [])


@pytest.mark.parametrize("fault", ["other authority", "expired", "server certificate"])
async def test_T3_the_bank_door_ends_the_handshake_of_an_unfit_certificate(
    pki: Pki, fault: str
) -> None:
    """Another CA's, an expired one, one for servers: an alert, no answer (PROTOCOLS T3)."""
    if fault == "other authority":
        files = pki.another("other").issue("bank", client=True)
    elif fault == "expired":
        files = pki.issue("bank", client=True, days=(-9, -1))
    else:
        files = pki.issue("bank")
    client = trusting(pki)
    client.load_cert_chain(*files)
    context = bank_context(**server_files(pki), client_ca_file=pki.ca_file)

    async with opened(context) as (door, mirror):
        # By then the client has finished its handshake: it sees an alert, a reset, or just the end.
        answered = ""
        with suppress(ssl.SSLError, ConnectionError):
            answered, _ = await ask(door, client)

    assert (answered, mirror.seen) == ("", [])


async def test_the_peoples_door_asks_for_no_certificate(pki: Pki) -> None:
    """A browser is not bothered with a choice of certificates."""
    certificate_file, key_file = pki.issue("bank", client=True)
    client = trusting(pki)
    client.load_cert_chain(certificate_file, key_file)

    async with opened(people_context(**server_files(pki))) as (door, mirror):
        await ask(door, client)

    assert mirror.seen[0]["client_certificate"] is None


async def test_T1_T3_only_tls_1_3_is_spoken_and_no_session_is_kept(pki: Pki) -> None:
    """1.2 ends in an alert; there is no ticket that could outlive a revoked certificate."""
    old = trusting(pki)
    old.maximum_version = ssl.TLSVersion.TLSv1_2

    async with opened(people_context(**server_files(pki))) as (door, _):
        with pytest.raises((ssl.SSLError, ConnectionError)):
            await ask(door, old)
        _, connection = await ask(door, trusting(pki))

    assert connection.version() == "TLSv1.3"
    assert connection.selected_alpn_protocol() is None
    assert connection.session is None or not connection.session.has_ticket


async def test_a_malformed_request_over_tls_gets_its_problem(pki: Pki) -> None:
    """TLS cannot be closed by halves; the answer arrives all the same."""
    async with opened(people_context(**server_files(pki))) as (door, _):
        reader, writer = await asyncio.open_connection(*door.address, ssl=trusting(pki))
        writer.write(b"GET / HTTP/1.0\r\n\r\n")
        answer = await reader.read()
        writer.close()

    assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert b'"code":"request-malformed"' in answer


async def test_a_handshake_has_a_deadline(pki: Pki, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever connects and says nothing is closed."""
    monkeypatch.setattr("creditbridge.server.doors.HANDSHAKE_SECONDS", 0.2)
    async with opened(people_context(**server_files(pki))) as (door, _):
        reader, writer = await asyncio.open_connection(*door.address)
        async with asyncio.timeout(PATIENCE_SECONDS):
            assert await reader.read() == b""
        writer.close()


def test_a_key_that_others_may_read_is_refused(pki: Pki) -> None:
    """The start names the file."""
    files = server_files(pki)
    files["key_file"].chmod(0o640)

    with pytest.raises(DoorMisconfigured) as caught:
        people_context(**files)

    assert str(files["key_file"]) in caught.value.detail


@pytest.mark.parametrize("fault", ["absent", "not a key", "another key", "encrypted"])
def test_an_unfit_key_is_refused(pki: Pki, fault: str) -> None:
    """Without asking anybody for a password."""
    files = server_files(pki)
    key_file = files["key_file"]
    if fault == "absent":
        key_file.unlink()
    elif fault == "not a key":
        key_file.write_bytes(b"x")
    elif fault == "another key":
        files["key_file"] = pki.issue("other")[1]
    else:
        key = load_pem_private_key(key_file.read_bytes(), password=None)
        encryption = BestAvailableEncryption(b"secret")
        key_file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption))

    with pytest.raises(DoorMisconfigured):
        people_context(**files)


@pytest.mark.parametrize("content", [None, b"", b"no certificate"])
def test_an_unfit_client_authority_is_refused(pki: Pki, content: bytes | None) -> None:
    """A bank door that trusts nobody, or everybody, is not opened."""
    ca_file = pki.folder / "clients.pem"
    if content is not None:
        ca_file.write_bytes(content)

    with pytest.raises(DoorMisconfigured):
        bank_context(**server_files(pki), client_ca_file=ca_file)


@pytest.mark.parametrize(
    ("organisation", "host", "may_stand"),
    [
        ("Creditbridge EXAMPLE", "127.0.0.1", True),
        ("Creditbridge EXAMPLE", "localhost", True),
        ("Creditbridge EXAMPLE", "192.0.2.1", False),
        ("Creditbridge EXAMPLE", "gateway.example", False),
        ("A bank of its own", "192.0.2.1", True),
    ],
)
def test_an_example_certificate_stands_on_loopback_alone(
    tmp_path: Path, organisation: str, host: str, *, may_stand: bool
) -> None:
    """What the recipe makes is thrown away, and must never meet a stranger."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation)])
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(begin)
        .not_valid_after(begin + timedelta(days=1))
        .sign(key, SHA256())
    )
    file = tmp_path / "door.pem"
    file.write_bytes(certificate.public_bytes(Encoding.PEM))

    if may_stand:
        require_place(file, host=host)
        return
    with pytest.raises(DoorMisconfigured):
        require_place(file, host=host)


def test_a_door_without_a_certificate_is_misconfigured(tmp_path: Path) -> None:
    """An absent file and one that holds no certificate are told alike."""
    (tmp_path / "words.pem").write_text("no certificate")

    for name in ("absent.pem", "words.pem"):
        with pytest.raises(DoorMisconfigured):
            require_place(tmp_path / name, host="127.0.0.1")
