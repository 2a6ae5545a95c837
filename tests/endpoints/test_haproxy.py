"""The recipe of `docs/behind-a-proxy.md`: Debian's HAProxy before the bank door, over real TLS."""

import asyncio
import re
import shutil
import socket
import ssl
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from tests.conftest import Pki
from tests.endpoints.stage import Machine, Stage
from tests.protocols.chains import as_field

from creditbridge.protocols.certificate_chain import ClientAuthorities
from creditbridge.server.doors import Door, open_door
from creditbridge.server.proxies import load_proxies
from creditbridge.server.tls import bank_context
from creditbridge.settings import DoorSettings

PAGE = (Path(__file__).parents[2] / "docs" / "behind-a-proxy.md").read_text("utf-8")
HAPROXY = shutil.which("haproxy") or shutil.which("haproxy", path="/usr/sbin:/usr/local/sbin")
BANK = "core.north.example"
START_SECONDS = 10

pytestmark = pytest.mark.skipif(HAPROXY is None, reason="not run: haproxy is not installed")


class Answer(msgspec.Struct, frozen=True):
    """What came back: the status line and headers, and the body."""

    head: str
    body: bytes

    @property
    def status(self) -> int:
        """The status."""
        return int(self.head.split(" ", 2)[1])

    @property
    def json(self) -> dict[str, object]:
        """The members of the body."""
        return msgspec.json.decode(self.body, type=dict[str, object])


class Site:
    """A gateway's bank door, HAProxy before it, and a bank with a certificate."""

    def __init__(self, stage: Stage, machine: Machine, pki: Pki, folder: Path) -> None:
        self.stage = stage
        self.machine = machine
        self.pki = pki
        self.folder = folder
        self.bank = pki.issue(BANK, client=True)
        self.ports = dict.fromkeys(("gateway", "proxy"), 0)

    @property
    def certificate(self) -> str:
        """The bank's certificate as the header holds it."""
        found = x509.load_pem_x509_certificate(self.bank[0].read_bytes())
        return as_field(found.public_bytes(Encoding.DER))

    @asynccontextmanager
    async def open(self) -> AsyncIterator["Site"]:
        """Open the gateway's door and start HAProxy before it."""
        certificate, key = self.pki.issue("gateway.internal")
        proxy = self.pki.another("proxies").issue("proxy", client=True)
        authorities = ClientAuthorities(self.pki.ca_file.read_bytes())
        proxies = load_proxies([proxy[0]], authorities, self.stage.clock)
        door = await open_door(
            Door(
                name="bank",
                app=self.stage.bank,
                host="127.0.0.1",
                port=0,
                tls=proxies.open_to(
                    bank_context(
                        certificate_file=certificate,
                        key_file=key,
                        client_ca_file=self.pki.ca_file,
                    )
                ),
                identify=proxies.identify,
            )
        )
        self.ports = {"gateway": door.address[1], "proxy": free_port()}
        self._write(proxy)
        process = await self._start()
        try:
            yield self
        finally:
            process.terminate()
            await process.wait()
            door.abort()

    def _write(self, proxy: tuple[Path, Path]) -> None:
        """Put HAProxy's files where its configuration, taken from the page, looks for them."""
        own = self.pki.issue("bank.gateway.example")
        authority = self.pki.ca_file.read_bytes()
        files = {
            "door.pem": b"".join(one.read_bytes() for one in own),
            "proxy-with-key.pem": b"".join(one.read_bytes() for one in proxy),
            "banks.pem": authority,
            "gateway-ca.pem": authority,
        }
        for name, content in files.items():
            (self.folder / name).write_bytes(content)
        written = block_of("haproxy")
        for old, new in {
            "/etc/haproxy/creditbridge": str(self.folder),
            "bind :443": f"bind 127.0.0.1:{self.ports['proxy']}",
            "10.0.0.11:8443": f"127.0.0.1:{self.ports['gateway']}",
            # The second gateway of the page is one that is down.
            "10.0.0.12:8443": f"127.0.0.1:{free_port()}",
        }.items():
            assert old in written
            written = written.replace(old, new)
        (self.folder / "haproxy.cfg").write_text(written)

    async def _start(self) -> Process:
        assert HAPROXY is not None
        config = str(self.folder / "haproxy.cfg")
        check = await asyncio.create_subprocess_exec(
            HAPROXY, "-c", "-f", config, stdout=PIPE, stderr=asyncio.subprocess.STDOUT
        )
        said, _ = await check.communicate()
        # Not a word of warning either.
        assert (check.returncode, b"WARNING" in said) == (0, False), said.decode()
        process = await asyncio.create_subprocess_exec(
            HAPROXY, "-db", "-f", config, stdout=DEVNULL, stderr=DEVNULL
        )
        listens = False
        async with asyncio.timeout(START_SECONDS):
            while not listens:
                listens = await self._is_listening()
        return process

    async def _is_listening(self) -> bool:
        with suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", self.ports["proxy"])
            writer.close()
            return True
        return False

    def tls(self, files: tuple[Path, Path] | None) -> ssl.SSLContext:
        """Return a bank's TLS, with a certificate or none."""
        context = ssl.create_default_context(cafile=self.pki.ca_file)
        if files is not None:
            context.load_cert_chain(*files)
        return context

    async def send(
        self,
        method: str,
        target: str,
        *lines: str,
        body: str = "",
        files: tuple[Path, Path] | None = None,
        port: str = "proxy",
    ) -> Answer:
        """Send one request over a connection of its own."""
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", self.ports[port], ssl=self.tls(files)
        )
        length = [f"Content-Length: {len(body)}"] if body else []
        head = (f"{method} {target} HTTP/1.1", "Host: a", "Connection: close", *length, *lines)
        try:
            writer.write(("\r\n".join(head) + "\r\n\r\n" + body).encode())
            received = await reader.read()
        finally:
            writer.close()
        start, _, rest = received.partition(b"\r\n\r\n")
        return Answer(head=start.decode().lower(), body=rest)

    async def get_token(self, *lines: str, files: tuple[Path, Path] | None) -> Answer:
        """Ask for a token as the bank."""
        return await self.send(
            "POST",
            "/oauth/token",
            "Content-Type: application/x-www-form-urlencoded",
            *lines,
            body=f"grant_type=client_credentials&client_id={self.machine.client_id}",
            files=files,
        )


def block_of(language: str) -> str:
    """Return the one block of a language that the page has."""
    (block,) = re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    return str(block)


def free_port() -> int:
    """Return a port of loopback that nobody listens at."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        return int(bound.getsockname()[1])


@pytest.fixture
async def site(stage: Stage, pki: Pki, tmp_path: Path) -> AsyncIterator[Site]:
    """HAProxy before the bank door, as the page says."""
    machine = await stage.onboard("north", signs=False)
    async with Site(stage, machine, pki, tmp_path).open() as site:
        yield site


def test_the_gateways_part_of_the_recipe_is_a_bank_door() -> None:
    """Every key of the example exists, and the proxies are among them."""
    decoded = msgspec.toml.decode(block_of("toml"), type=dict[str, dict[str, object]])

    door = msgspec.convert(
        decoded["doors"]["bank"], DoorSettings, dec_hook=lambda kind, value: kind(value)
    )

    assert door.proxies == (Path("certs/proxy.pem"),)


async def test_X1_a_token_is_bound_to_the_banks_certificate_through_the_proxy(site: Site) -> None:
    """It opens a resource over the same certificate, by whatever connection, and over no other."""
    issued = await site.get_token(files=site.bank)
    bearer = f"Authorization: Bearer {issued.json['access_token']}"
    other = site.pki.issue("other", client=True)

    through = await site.send("GET", "/v1/consents", bearer, files=site.bank)
    direct = await site.send("GET", "/v1/consents", bearer, files=site.bank, port="gateway")
    anothers = await site.send("GET", "/v1/consents", bearer, files=other)
    nobodys = await site.send("GET", "/v1/consents", bearer)

    assert issued.status == 200
    assert (through.status, direct.status) == (200, 200)
    assert (anothers.status, anothers.json["code"]) == (401, "invalid-token")
    assert (nobodys.status, nobodys.json["code"]) == (401, "invalid-token")


@pytest.mark.parametrize("name", ["Client-Cert", "client-cert", "CLIENT-CERT"])
async def test_X2_the_proxy_strips_what_a_client_forges(site: Site, name: str) -> None:
    """With another bank's certificate, or none, the word of the client is worth nothing."""
    forged = f"{name}: {site.certificate}"
    other = site.pki.issue("other", client=True)

    as_other = await site.get_token(forged, f"Client-Cert-Chain: {site.certificate}", files=other)
    as_nobody = await site.get_token(forged, files=None)
    as_itself = await site.get_token("Client-Cert: :AA==:", forged, files=site.bank)

    assert (as_other.status, as_other.json["error"]) == (401, "invalid_client")
    assert (as_nobody.status, as_nobody.json["error"]) == (401, "invalid_client")
    assert as_itself.status == 200


async def test_X1_the_header_on_a_direct_connection_is_refused(site: Site) -> None:
    """Beside the proxy, at the gateway's own address, with a good certificate of a bank."""
    refused = await site.send(
        "GET",
        "/v1/consents",
        f"Client-Cert: {site.certificate}",
        files=site.pki.issue("other", client=True),
        port="gateway",
    )

    assert (refused.status, refused.json["code"]) == (400, "untrusted-header")


async def test_T3_the_proxy_ends_a_strangers_handshake(site: Site) -> None:
    """A certificate of another authority gets no answer there either."""
    stranger = site.pki.another("strangers").issue(BANK, client=True)

    answered = b""
    with suppress(ssl.SSLError, ConnectionError, IndexError):
        answered = (await site.get_token(files=stranger)).body

    assert answered == b""


async def test_T1_the_proxy_speaks_tls_1_3_and_resumes_nothing(site: Site) -> None:
    """As the gateway's own door does."""
    old = site.tls(site.bank)
    old.maximum_version = ssl.TLSVersion.TLSv1_2

    with pytest.raises((ssl.SSLError, ConnectionError)):
        await asyncio.open_connection("127.0.0.1", site.ports["proxy"], ssl=old)
    context = site.tls(site.bank)
    session, reused = await asyncio.to_thread(shake_hands, site, context, None)
    _, again = await asyncio.to_thread(shake_hands, site, context, session)

    assert (reused, again) == (False, False)


def shake_hands(
    site: Site, context: ssl.SSLContext, session: ssl.SSLSession | None
) -> tuple[ssl.SSLSession | None, bool]:
    """Ask once over a blocking socket; return the session, and whether the given one was taken."""
    with (
        socket.create_connection(("127.0.0.1", site.ports["proxy"]), timeout=5) as raw,
        context.wrap_socket(raw, server_hostname="127.0.0.1", session=session) as tls,
    ):
        tls.sendall(b"GET /v1/consents HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        # Tickets, if there were any, would come before the answer.
        assert tls.recv(4_096).startswith(b"HTTP/1.1 401")
        return tls.session, bool(tls.session_reused)
