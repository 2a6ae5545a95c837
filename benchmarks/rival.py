"""The naive side: a PostgreSQL of its own with the same settings, the naive gateway before it."""

import asyncio
import hashlib
import secrets
from base64 import urlsafe_b64encode
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import asyncpg
import msgspec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import load_pem_x509_certificate

from benchmarks.crew import Crew, postmaster_of
from benchmarks.house import SANDBOX
from benchmarks.load.messages import PURPOSE, SECTIONS
from benchmarks.load.order import Target
from benchmarks.naive.settings import NaiveSettings
from benchmarks.plan import Plan
from benchmarks.sides import DATABASE, GATEWAY, PLATFORM, Side
from creditbridge.cli.demo.layout import Layout
from creditbridge.cli.demo.processes import free_ports
from creditbridge.foundation.clock import SystemClock
from creditbridge.server.cluster import Cluster, make_cluster, start_cluster, stop_cluster

MODULE = "benchmarks.naive"
START_SECONDS = 20.0
POLL_SECONDS = 0.1
LIFE = timedelta(days=1)
INSERT_CALLER = "INSERT INTO tokens VALUES ($1, $2, $3, $4)"
SCHEMA = (Path(__file__).parent / "naive/schema.sql").read_text()
INSERT_CONSENT = "INSERT INTO consents VALUES ($1, $2, $3, $4, $5, $6, $7)"


def read_thumbprint(file: Path) -> str:
    """Return the thumbprint of a certificate file (RFC 8705, section 3.1)."""
    certificate = load_pem_x509_certificate(file.read_bytes())
    digest = hashlib.sha256(certificate.public_bytes(Encoding.DER)).digest()
    return urlsafe_b64encode(digest).rstrip(b"=").decode()


class Rival:
    """The naive gateway, set up beside the house: same platform, same bank, same enterprises."""

    def __init__(self, layout: Layout, crew: Crew, plan: Plan, like: Target) -> None:
        self._layout = layout
        self._crew = crew
        self._plan = plan
        token = f"nvt_{secrets.token_urlsafe(32)}"
        self._target = msgspec.structs.replace(
            like, name="naive", port=free_ports(1)[0], token=token
        )
        self._folder = layout.folder / "naive"
        self.cluster: Cluster | None = None

    async def open(self, clusters: ExitStack) -> Cluster:
        """Start the database and the gateway, and return the cluster, which `clusters` stops.

        Raises:
            DatabaseNotStarted: PostgreSQL refused.
            StoryBroken: the gateway ended.
        """
        cluster = make_cluster(self._folder)
        clusters.callback(stop_cluster, cluster)
        start_cluster(cluster)
        await self._fill(cluster.url)
        settings = self._layout.folder / "naive.json"
        settings.write_bytes(msgspec.json.encode(self._settings(cluster.url)))
        self._crew.start(MODULE, str(settings))
        await self._wait()
        return cluster

    def side(self) -> Side:
        """Return this side, as the measurement sees it."""
        roots = {
            GATEWAY: (self._crew.process_of(MODULE),),
            DATABASE: (postmaster_of(self._folder),),
            PLATFORM: (self._crew.process_of(SANDBOX),),
        }
        return Side(name="naive composition", aim=self._aim, roots=roots)

    async def _aim(self) -> Target:
        return self._target

    async def _fill(self, url: str) -> None:
        target, ends_at = self._target, SystemClock().now() + LIFE
        thumbprint = read_thumbprint(Path(target.certificate_file))
        token_hash = hashlib.sha256(target.token.encode()).digest()
        connection = await asyncpg.connect(url)
        try:
            await connection.execute(SCHEMA)
            await connection.execute(INSERT_CALLER, token_hash, "north", thumbprint, ends_at)
            await connection.executemany(
                INSERT_CONSENT,
                [
                    (ask.consent_id, "north", ask.uscc, PURPOSE, SECTIONS, ends_at, self._plan.uses)
                    for ask in target.asks
                ],
            )
        finally:
            await connection.close()

    def _settings(self, url: str) -> NaiveSettings:
        pki, layout = self._layout.pki, self._layout
        return NaiveSettings(
            port=self._target.port,
            database_url=url,
            certificate=str(pki / "gateway/bank-door.pem"),
            key=str(pki / "gateway/bank-door.key"),
            client_authority=str(pki / "ca/banks.pem"),
            platform_url=f"https://127.0.0.1:{layout.platform_port}",
            platform_authority=str(pki / "ca/platform.pem"),
            platform_certificate=str(pki / "gateway/platform-client.pem"),
            platform_certificate_key=str(pki / "gateway/platform-client.key"),
            platform_client_id="creditbridge",
            platform_id="provincial",
            message_key=str(pki / "gateway/message.key"),
            platform_key=str(pki / "platform/message.pub"),
            platform_key_id="provincial-1",
            bank_key=str(pki / "banks/north/message.pub"),
        )

    async def _wait(self) -> None:
        async with asyncio.timeout(START_SECONDS):
            while True:
                self._crew.require_running()
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", self._target.port)
                except OSError:
                    await asyncio.sleep(POLL_SECONDS)
                else:
                    writer.close()
                    return
