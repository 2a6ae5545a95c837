"""The command: real servers with real TLS, and what it says when it cannot serve."""

import asyncio
import os
import signal
import ssl
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Protocol

import httpx
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from tests.waiting import PATIENCE_SECONDS

from creditbridge.foundation.keys import FileKey, name_key
from creditsandbox.app import Config, ConfigInvalid, load_config, main, serve
from creditsandbox.province.fixed import Outcome, list_fixed

CONFIG = """
[province]
size = 100

[provincial]
port = 0
certificate_file = "server.pem"
private_key_file = "server.key"
client_ca_file = "{client_ca}"
signing_key_file = "platform.key"
message_key_files = ["gateway.pub"]
login_key_files = ["gateway.pub"]
slow_seconds = 0.1

[identity]
port = 0
certificate_file = "server.pem"
private_key_file = "server.key"
signing_key_file = "platform.key"
client_secret_file = "client.secret"
client_key_files = ["gateway.pub"]
redirect_uris = ["https://127.0.0.1:8443/login/callback"]
"""
REPRESENTATIVES = """
[representatives]
port = 0
certificate_file = "server.pem"
private_key_file = "server.key"
portal = "https://127.0.0.1:1"
portal_ca_file = "ca.pem"
issuer = "https://127.0.0.1:2"
issuer_ca_file = "ca.pem"
poll_seconds = 0.1
"""


class Pki(Protocol):
    """What these tests need of the throw-away authority."""

    folder: Path
    ca_file: Path

    def another(self, name: str) -> "Pki":
        """Return an authority that knows nothing of this one."""
        ...

    def issue(self, name: str, *, client: bool = False) -> tuple[Path, Path]:
        """Return the certificate file and the key file."""
        ...


class Gateway(Protocol):
    """What these tests need of the small gateway."""

    async def sign_in(self) -> None:
        """Get a token."""
        ...

    async def ask(self, uscc: str, *, query_id: str | None = None) -> httpx.Response:
        """Send a signed query."""
        ...

    async def find_state(self, query_id: str) -> httpx.Response:
        """Ask whether a query was counted."""
        ...

    def verify(self, answer: httpx.Response) -> dict[str, object]:
        """Return the body of an answer whose signature holds."""
        ...

    def query_id(self) -> str:
        """Return a fresh query id."""
        ...


MakeGateway = Callable[[httpx.AsyncClient, FileKey, FileKey, str], Gateway]


class Running(msgspec.Struct, frozen=True, kw_only=True):
    """A sandbox that serves, with what a gateway needs to reach it."""

    provincial: str
    identity: str
    pki: Pki
    gateway_key: FileKey
    platform_key: FileKey

    def client(self, name: str = "gateway", *, authority: Pki | None = None) -> httpx.AsyncClient:
        """Return a client with a certificate; with none where the name is empty."""
        context = ssl.create_default_context(cafile=self.pki.ca_file)
        if name:
            context.load_cert_chain(*(authority or self.pki).issue(name, client=True))
        return httpx.AsyncClient(verify=context, trust_env=False)


def write_key(folder: Path, name: str) -> FileKey:
    """Write a fresh key pair and return it."""
    private = ec.generate_private_key(ec.SECP256R1())
    path = folder / f"{name}.key"
    path.touch(mode=0o600)
    path.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public = private.public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (folder / f"{name}.pub").write_bytes(pem)
    return FileKey(key=name_key(public), private=private)


@pytest.fixture
def config_file(pki: Pki) -> Path:
    """Return a configuration beside its keys and certificates."""
    pki.issue("server")
    (pki.folder / "client.secret").write_text("a-secret\n", encoding="ascii")
    path = pki.folder / "sandbox.toml"
    path.write_text(CONFIG.format(client_ca=pki.ca_file.name), encoding="utf-8")
    return path


@pytest.fixture
async def running(pki: Pki, config_file: Path) -> AsyncIterator[Running]:
    """Serve both, as the command does, until the test is over."""
    gateway_key = write_key(pki.folder, "gateway")
    platform_key = write_key(pki.folder, "platform")
    announced: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    config = load_config(config_file)
    serving = asyncio.create_task(serve(config, announce=announced.set_result))
    async with asyncio.timeout(PATIENCE_SECONDS):
        ready = msgspec.json.decode(await announced, type=dict[str, str | int])
    assert (ready["event"], ready["entities"]) == ("ready", 100)
    yield Running(
        provincial=str(ready["provincial"]),
        identity=str(ready["identity"]),
        pki=pki,
        gateway_key=gateway_key,
        platform_key=platform_key,
    )
    os.kill(os.getpid(), signal.SIGTERM)
    async with asyncio.timeout(PATIENCE_SECONDS):
        await serving


def uscc_of(outcome: Outcome) -> str:
    """Return the fixed enterprise of an outcome."""
    return next(fixed.uscc for fixed in list_fixed() if fixed.outcome is outcome)


async def test_the_gateway_is_answered_over_mutual_tls(
    running: Running, make_gateway: MakeGateway
) -> None:
    """Token, query, state over TLS 1.3; the cut answer ends inside its body, yet it counts."""
    async with running.client() as client:
        gateway = make_gateway(
            client, running.gateway_key, running.platform_key, running.provincial
        )
        await gateway.sign_in()
        found = await gateway.ask(uscc_of(Outcome.FOUND))
        number = gateway.query_id()
        with pytest.raises(httpx.RemoteProtocolError):
            await gateway.ask(uscc_of(Outcome.CUT), query_id=number)
        state = await gateway.find_state(number)

        assert gateway.verify(found)["uscc"] == uscc_of(Outcome.FOUND)
        assert gateway.verify(state)["state"] == "COUNTED"


async def test_without_a_certificate_of_the_authority_nobody_gets_in(running: Running) -> None:
    """No certificate, and one of another authority: the connection ends, statistics included."""
    stranger = running.pki.another("stranger")
    for client in (running.client(""), running.client("gateway", authority=stranger)):
        async with client:
            with pytest.raises(httpx.TransportError):
                await client.get(f"{running.provincial}/v1/statistics")
    async with running.client() as client:
        assert (await client.get(f"{running.provincial}/v1/statistics")).json()["counted"] == 0


async def test_people_need_no_certificate(running: Running) -> None:
    """The provider speaks TLS to anybody and names itself by its address."""
    async with running.client("") as client:
        described = await client.get(f"{running.identity}/.well-known/openid-configuration")

        assert described.json()["issuer"] == running.identity
        assert "server" not in described.headers


async def test_older_tls_is_refused(running: Running) -> None:
    """TLS 1.2 ends in the handshake."""
    context = ssl.create_default_context(cafile=running.pki.ca_file)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    async with httpx.AsyncClient(verify=context, trust_env=False) as client:
        with pytest.raises(httpx.ConnectError):
            await client.get(f"{running.identity}/jwks.json")


def test_representatives_look_in_beside_their_door(
    pki: Pki, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command says where visits are taken; a portal that is away keeps it from nothing."""
    pki.issue("server")
    path = pki.folder / "representatives.toml"
    path.write_text(REPRESENTATIVES, encoding="utf-8")
    previous = signal.getsignal(signal.SIGALRM)
    signal.signal(signal.SIGALRM, lambda *_: os.kill(os.getpid(), signal.SIGTERM))
    signal.setitimer(signal.ITIMER_REAL, 0.7)

    status = main(["serve", "--config", str(path), "--only", "representatives"])

    signal.signal(signal.SIGALRM, previous)
    ready = msgspec.json.decode(capsys.readouterr().out, type=dict[str, str | int])
    assert status == 0
    assert set(ready) == {"event", "representatives", "entities"}


async def test_one_of_both_can_be_served_alone(pki: Pki, config_file: Path) -> None:
    """Only the provider is bound where only it is asked for; nothing to serve is an error."""
    write_key(pki.folder, "gateway")
    write_key(pki.folder, "platform")
    whole = load_config(config_file)
    none = msgspec.structs.replace(whole, provincial=None, identity=None)

    with pytest.raises(ConfigInvalid):
        await serve(none, announce=print)
    with pytest.raises(ConfigInvalid):
        await serve(msgspec.structs.replace(whole, identity=None), announce=print, only="identity")


def test_paths_start_at_the_files_folder(config_file: Path) -> None:
    """A relative path in the file is one beside the file; an absolute one stays."""
    config = load_config(config_file)

    assert isinstance(config, Config)
    assert config.provincial is not None
    assert config.provincial.certificate_file == config_file.parent / "server.pem"


@pytest.mark.parametrize(
    "content",
    ["[province", "[province]\nsise = 3", "[province]\nsize = 'x'", "[identity]\nport = 1"],
)
def test_a_config_that_is_wrong_is_refused(
    tmp_path: Path, content: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """No TOML, an unknown key, another type, a missing key: exit status 2 and a sentence."""
    path = tmp_path / "sandbox.toml"
    path.write_text(content, encoding="utf-8")

    assert main(["serve", "--config", str(path)]) == 2
    assert "cannot be used" in capsys.readouterr().err


def test_a_file_that_is_missing_is_named(
    config_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without its keys the sandbox does not start, and says which file it wants."""
    assert main(["serve", "--config", str(config_file)]) == 2
    assert "gateway.pub" in capsys.readouterr().err

    write_key(config_file.parent, "gateway")
    assert main(["serve", "--config", str(config_file)]) == 2
    assert "platform.key" in capsys.readouterr().err


def test_serve_runs_until_it_is_told_to_stop(
    config_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command serves, ends by SIGTERM, and exits with 0."""
    write_key(config_file.parent, "gateway")
    write_key(config_file.parent, "platform")
    previous = signal.getsignal(signal.SIGALRM)
    signal.signal(signal.SIGALRM, lambda *_: os.kill(os.getpid(), signal.SIGTERM))
    signal.setitimer(signal.ITIMER_REAL, 0.7)

    status = main(["serve", "--config", str(config_file), "--only", "identity"])

    signal.signal(signal.SIGALRM, previous)
    ready = msgspec.json.decode(capsys.readouterr().out, type=dict[str, str | int])
    assert status == 0
    assert set(ready) == {"event", "identity", "entities"}


def test_inspect_shows_an_enterprise(capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever the day, the same enterprise: its representative, its establishment."""
    assert main(["inspect", "91330100YY0000A13Y"]) == 0

    shown = capsys.readouterr().out
    assert "沈沙澄" in shown
    assert "established 2012-05-18" in shown


def test_inspect_says_when_nobody_is_there(capsys: pytest.CaptureFixture[str]) -> None:
    """An unknown code is exit status 1."""
    assert main(["inspect", "91330100YY0000A21R"]) == 1
    assert "No such entity" in capsys.readouterr().err
