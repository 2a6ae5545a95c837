"""Tests of a door with proxies before it, over real connections (RFC 9440, PROTOCOLS X1 to X3)."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, MutableMapping
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from tests.conftest import Pki
from tests.protocols.chains import IS_AUTHORITY, Issuer, as_field
from typing_extensions import override

from creditbridge.foundation.clock import SystemClock
from creditbridge.protocols.certificate_binding import parse_certificate
from creditbridge.protocols.certificate_chain import ClientAuthorities
from creditbridge.server.doors import Door, OpenDoor, open_door
from creditbridge.server.proxies import HeaderUntrusted, Proxies, load_proxies
from creditbridge.server.tls import DoorMisconfigured, Tls, bank_context

Message = MutableMapping[str, object]


class Clock(SystemClock):
    """A clock that a test moves on."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    @override
    def now(self) -> datetime:
        return super().now() + self.ahead


class Scene:
    """A bank door with one proxy before it; banks come directly too."""

    def __init__(self, pki: Pki) -> None:
        self.pki = pki
        self.clock = Clock()
        self.scopes: list[Message] = []
        self.refusals: list[str] = []
        self.proxy = pki.another("proxies").issue("proxy", client=True)
        self.bank = pki.issue("bank", client=True)
        self.authorities = ClientAuthorities(pki.ca_file.read_bytes())

    @asynccontextmanager
    async def open(self) -> AsyncIterator["Scene"]:
        """Open the door."""
        certificate, key = self.pki.issue("gateway")
        proxies = load_proxies([self.proxy[0]], self.authorities, self.clock)
        context = bank_context(
            certificate_file=certificate,
            key_file=key,
            client_ca_file=self.pki.ca_file,
        )
        self.door: OpenDoor = await open_door(
            Door(
                name="bank",
                app=self.answer,
                host="127.0.0.1",
                port=0,
                tls=proxies.open_to(context),
                refused=self.refusals.append,
                identify=proxies.identify,
            )
        )
        try:
            yield self
        finally:
            self.door.abort()

    async def answer(
        self, scope: Message, receive: Callable[..., object], send: Callable[..., object]
    ) -> None:
        """Keep what the application is told, and answer with nothing."""
        self.scopes.append(scope)
        start = {"type": "http.response.start", "status": 200, "headers": []}
        for message in (start, {"type": "http.response.body", "body": b""}):
            sending = send(message)
            assert asyncio.iscoroutine(sending)
            await sending

    async def ask(self, files: tuple[Path, Path] | None, *lines: str, times: int = 1) -> bytes:
        """Send a request as often as said, over one connection that shows a certificate or none."""
        context = ssl.create_default_context(cafile=self.pki.ca_file)
        if files is not None:
            context.load_cert_chain(*files)
        head = "".join(f"{line}\r\n" for line in ("GET / HTTP/1.1", "Host: a", *lines))
        reader, writer = await asyncio.open_connection(*self.door.address, ssl=context)
        answers = b""
        try:
            for one in range(times):
                last = "Connection: close\r\n" if one == times - 1 else ""
                writer.write(f"{head}{last}\r\n".encode("latin-1"))
                answers += await reader.readuntil(b"\r\n\r\n")
            return answers + await reader.read()
        finally:
            writer.close()

    @property
    def told(self) -> dict[str, object]:
        """What the application was told of the last request's connection."""
        return msgspec.convert(self.scopes[-1]["extensions"], dict[str, dict[str, object]])["tls"]


@pytest.fixture
async def scene(pki: Pki) -> AsyncIterator[Scene]:
    """An open bank door with one proxy before it."""
    async with Scene(pki).open() as scene:
        yield scene


def der_of(files: tuple[Path, Path]) -> bytes:
    """Return the certificate of a pair of files."""
    return x509.load_pem_x509_certificate(files[0].read_bytes()).public_bytes(Encoding.DER)


async def test_X1_the_proxys_word_names_the_bank(scene: Scene) -> None:
    """The certificate that it hands on is that of the request, as if TLS had seen it."""
    field = as_field(der_of(scene.bank))

    answer = await scene.ask(scene.proxy, f"Client-Cert: {field}", "X-A: 1")

    assert answer.startswith(b"HTTP/1.1 200 ")
    assert scene.told["client_certificate"] == der_of(scene.bank)
    assert scene.told["client_cert_chain"] == [scene.bank[0].read_text()]
    assert scene.told["client_cert_error"] is None


async def test_X1_the_fields_of_the_proxy_go_no_further(scene: Scene) -> None:
    """The application sees the request as its sender wrote it."""
    field = as_field(der_of(scene.bank))

    await scene.ask(scene.proxy, f"cLiEnT-cErT: {field}", f"Client-Cert-Chain: {field}", "X-A: 1")

    assert scene.scopes[-1]["headers"] == [
        (b"host", b"a"),
        (b"x-a", b"1"),
        (b"connection", b"close"),
    ]


async def test_X1_each_request_of_a_proxy_is_its_own_clients(scene: Scene) -> None:
    """A proxy's connection carries the requests of many banks, and of those without any."""
    other = scene.pki.issue("other", client=True)

    for sent in (scene.bank, other, None, scene.bank):
        lines = [] if sent is None else [f"Client-Cert: {as_field(der_of(sent))}"]
        await scene.ask(scene.proxy, *lines, times=2)

        assert scene.told["client_certificate"] == (None if sent is None else der_of(sent))


async def test_X1_the_proxys_own_certificate_is_nobodys(scene: Scene) -> None:
    """Without a word of a client there is none, whatever the connection shows."""
    await scene.ask(scene.proxy)

    assert scene.told["client_certificate"] is None
    assert scene.told["client_cert_chain"] == []


@pytest.mark.parametrize("name", ["Client-Cert", "client-cert", "CLIENT-CERT-CHAIN"])
@pytest.mark.parametrize("who", ["bank", "nobody"])
async def test_X1_the_field_on_a_direct_connection_is_refused(
    scene: Scene, who: str, name: str
) -> None:
    """In any letter case, of a bank and of a stranger; it is counted."""
    files = scene.bank if who == "bank" else None

    answer = await scene.ask(files, f"{name}: {as_field(der_of(scene.bank))}")

    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b'"code":"untrusted-header"' in answer
    assert scene.refusals == ["untrusted-header"]
    assert scene.scopes == []


async def test_X1_a_bank_comes_directly_as_well(scene: Scene) -> None:
    """A door with proxies still believes its own eyes."""
    await scene.ask(scene.bank)

    assert scene.told["client_certificate"] == der_of(scene.bank)


async def test_X1_what_the_proxys_authority_issues_opens_nothing(scene: Scene) -> None:
    """The one certificate is believed, not who made it."""
    sibling = Pki(scene.pki.folder / "again", name="proxies").issue("sibling", client=True)

    answered = b""
    with suppress(ssl.SSLError, ConnectionError, asyncio.IncompleteReadError):
        answered = await scene.ask(sibling)

    assert (answered, scene.scopes) == (b"", [])


async def test_X1_a_proxy_past_its_dates_is_none(scene: Scene) -> None:
    """Its open connections prove nothing any more: neither a client nor itself."""
    scene.clock.ahead = timedelta(days=31)

    answer = await scene.ask(scene.proxy, f"Client-Cert: {as_field(der_of(scene.bank))}")
    await scene.ask(scene.proxy)

    assert b'"code":"untrusted-header"' in answer
    assert scene.told["client_certificate"] is None


@pytest.mark.parametrize(
    "lines",
    [
        ["Client-Cert: :AA==:"],
        ["Client-Cert:"],
        ["Client-Cert: -----BEGIN CERTIFICATE-----"],
        ["Client-Cert-Chain: {field}"],
        ["Client-Cert: {field}, {field}"],
        ["Client-Cert: {field};a"],
        ["Client-Cert: {field}", "Client-Cert-Chain: :AA==:"],
        ["Client-Cert: \xff"],
    ],
    ids=lambda lines: " ".join(lines)[:40],
)
async def test_X2_another_shape_is_refused(scene: Scene, lines: list[str]) -> None:
    """Even of a proxy that is known."""
    field = as_field(der_of(scene.bank))

    answer = await scene.ask(scene.proxy, *(line.format(field=field) for line in lines))

    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b'"code":"client-cert-malformed"' in answer
    assert scene.refusals == ["client-cert-malformed"]


@pytest.mark.parametrize("second", ["Client-Cert", "CLIENT-CERT", "client-cert"])
async def test_X2_two_fields_are_refused(scene: Scene, second: str) -> None:
    """In whatever letters: a proxy that left the client's own in is no good."""
    field = as_field(der_of(scene.bank))

    answer = await scene.ask(scene.proxy, f"Client-Cert: {field}", f"{second}: {field}")

    assert answer.startswith(b"HTTP/1.1 400 ")
    assert scene.scopes == []


@pytest.mark.parametrize("name", ["Client-Cert", "client-cert-chain"])
async def test_X2_over_16_kB_is_refused(scene: Scene, name: str) -> None:
    """As a wrong field, not as too large a head."""
    answer = await scene.ask(scene.proxy, f"{name}: {as_field(bytes(13_000))}")

    assert answer.startswith(b"HTTP/1.1 400 ")


async def test_X3_a_certificate_that_nobody_vouches_for_is_told_as_an_error(scene: Scene) -> None:
    """The application refuses it in its caller's words."""
    field = as_field(Issuer("Test CA").issue_der("bank"))

    await scene.ask(scene.proxy, f"Client-Cert: {field}")

    assert scene.told["client_certificate"] is None
    assert scene.told["client_cert_error"] == "certificate-untrusted"


async def test_X3_a_chain_is_followed(scene: Scene) -> None:
    """To an authority that is ours, through one that only the bank sent."""
    root = Issuer("root")
    below = Issuer("below", IS_AUTHORITY, above=root)
    proxy = parse_certificate(der_of(scene.proxy))
    proxies = Proxies([proxy], ClientAuthorities(root.pem), scene.clock)
    leaf = below.issue_der("bank")
    fields = {b"client-cert": as_field(leaf).encode()}
    connection: Tls = {"client_certificate": proxy.der}

    alone = proxies.identify(connection, fields)
    followed = proxies.identify(
        connection, fields | {b"client-cert-chain": as_field(below.der).encode()}
    )

    assert alone is not None
    assert followed is not None
    assert alone["client_cert_error"] == "certificate-untrusted"
    assert followed["client_certificate"] == leaf


async def test_X3_a_word_is_kept_until_the_path_ends(scene: Scene) -> None:
    """What was looked at once is believed again, within its dates and no longer."""
    proxy_key, proxy_issuer = ec.generate_private_key(ec.SECP256R1()), Issuer("proxies")
    proxy = parse_certificate(
        proxy_issuer.issue("proxy", *PROXY_EXTENSIONS, key=proxy_key, days=(-1, 300)).public_bytes(
            Encoding.DER
        )
    )
    proxies = Proxies([proxy], scene.authorities, scene.clock)
    fields = {b"client-cert": as_field(der_of(scene.bank)).encode()}
    connection: Tls = {"client_certificate": proxy.der}

    def errors() -> object:
        identity = proxies.identify(connection, fields)
        assert identity is not None
        return identity["client_cert_error"]

    assert [errors(), errors()] == [None, None]
    scene.clock.ahead = timedelta(days=31)
    assert errors() == "certificate-untrusted"


async def test_what_is_kept_has_a_limit(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of many certificates the ones that came last are remembered."""
    monkeypatch.setattr("creditbridge.server.proxies.VOUCHED_MAX", 2)
    for number in range(4):
        files = scene.pki.issue(f"bank-{number}", client=True)

        await scene.ask(scene.proxy, f"Client-Cert: {as_field(der_of(files))}")

        assert scene.told["client_certificate"] == der_of(files)


def test_X1_a_plain_door_believes_no_field(pki: Pki) -> None:
    """Without TLS nobody is known, a proxy neither."""
    proxies = Proxies([], ClientAuthorities(pki.ca_file.read_bytes()), SystemClock())

    assert proxies.identify(None, {}) is None
    with pytest.raises(HeaderUntrusted):
        proxies.identify(None, {b"client-cert": b":AA==:"})


PROXY_EXTENSIONS = (
    x509.BasicConstraints(ca=False, path_length=None),
    x509.ExtendedKeyUsage([x509.ObjectIdentifier("1.3.6.1.5.5.7.3.2")]),
)
ISSUER = Issuer("proxies")
OWN = ISSUER.issue("proxy", *PROXY_EXTENSIONS).public_bytes(Encoding.PEM)
UNFIT = {
    "absent": None,
    "empty": b"",
    "no certificate": b"proxy",
    "with its authority": OWN + ISSUER.pem,
    "an authority": ISSUER.pem,
    "silent about it": ISSUER.issue("x", PROXY_EXTENSIONS[1]).public_bytes(Encoding.PEM),
}


@pytest.mark.parametrize("content", UNFIT.values(), ids=UNFIT.keys())
def test_an_unfit_certificate_of_a_proxy_refuses_the_start(pki: Pki, content: bytes | None) -> None:
    """None, several, or one that others could be issued under."""
    file = pki.folder / "proxy.pem"
    if content is not None:
        file.write_bytes(content)
    authorities = ClientAuthorities(pki.ca_file.read_bytes())

    with pytest.raises(DoorMisconfigured) as caught:
        load_proxies([file], authorities, SystemClock())

    assert str(file) in caught.value.detail
