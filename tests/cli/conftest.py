"""A door on loopback that answers what the test says, and a configuration that would start."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from typing_extensions import override

SIGNING = ("receipt", "message", "consent", "seal", "login")
SECRETS = ("openings", "bodies", "records")
CONFIGURATION = """\
[doors.bank]
port = 0
url = "https://bank.gateway.example"
certificate = "door.pem"
key = "door.key"
client_authority = "banks.pem"

[doors.people]
port = 0
url = "https://gateway.example"
certificate = "door.pem"
key = "door.key"

[doors.operations]
port = 0

[keys]
ledger = "ledger.key"
receipt = "receipt.key"
message = "message.key"
consent = "consent.key"
seal = "seal.key"
login = "login.key"
openings = "openings.secret"
bodies = "bodies.secret"
records = "records.secret"

[database]
folder = "database"

[ledger]
origin = "gateway.example/log"

[identity]
issuer = "https://id.example"
authority = "identity.pem"
client_id = "creditbridge"

[[platforms]]
platform_id = "provincial"
base_url = "https://platform.example"
client_id = "creditbridge"
ca_file = "platform.pem"
client_certificate_file = "client.pem"
client_key_file = "client.key"
answer_keys = { "provincial-1" = "message.pub" }
"""


class FakeDoor:
    """Answers every request with `status` and `body`, and remembers what was asked."""

    def __init__(self) -> None:
        self.status = 200
        self.body: object = {}
        self.asked: list[tuple[str, str, bytes]] = []
        self.port = 0

    @property
    def last(self) -> dict[str, object]:
        """The members of the last body that was sent."""
        return msgspec.json.decode(self.asked[-1][2], type=dict[str, object])


class Handler(BaseHTTPRequestHandler):
    """One request at the fake door."""

    door: ClassVar[FakeDoor]

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def _answer(self) -> None:
        length = int(self.headers.get("content-length") or 0)
        self.door.asked.append((self.command, self.path, self.rfile.read(length)))
        known = self.door.body
        body = known if isinstance(known, bytes) else msgspec.json.encode(known)
        self.send_response(self.door.status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    @override
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def door() -> Iterator[FakeDoor]:
    """The operations door, as the command line reaches it."""
    door = FakeDoor()
    handler = type("DoorHandler", (Handler,), {"door": door})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    door.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield door
    server.shutdown()
    thread.join()
    server.server_close()


def write_key(path: Path, key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey) -> None:
    """Write a private key that its owner alone may read, and its public half beside it."""
    path.touch(mode=0o600)
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    path.with_suffix(".pub").write_bytes(public)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a configuration that would start, and its keys."""
    write_key(tmp_path / "ledger.key", ed25519.Ed25519PrivateKey.generate())
    for name in SIGNING:
        write_key(tmp_path / f"{name}.key", ec.generate_private_key(ec.SECP256R1()))
    for name in SECRETS:
        secret = tmp_path / f"{name}.secret"
        secret.touch(mode=0o600)
        secret.write_bytes(bytes(range(32)))
    (tmp_path / "creditbridge.toml").write_text(CONFIGURATION)
    return tmp_path
