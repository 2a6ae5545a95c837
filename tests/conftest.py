"""What every test may ask for: the vectors of others, and a PostgreSQL of its own.

One embedded PostgreSQL serves a test run and all its xdist workers. The process that began the
run starts a guardian beside itself; when that process ends, however it ends, the guardian stops
the database and deletes its folder. Each test gets a copy of one migrated template.
"""

import asyncio
import fcntl
import io
import logging
import os
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path

import asyncpg
import pytest
import structlog
import uvloop
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from tests.house.house import House, open_house
from tests.waiting import PATIENCE_SECONDS

from creditbridge.foundation.clock import SystemClock
from creditbridge.foundation.database import Database, open_database
from creditbridge.foundation.logging import configure_logging
from creditbridge.server.cluster import Cluster, find_cluster, make_cluster, start_cluster

RUN_VARIABLE = "CREDITBRIDGE_TEST_RUN"
TEMPLATE = "house_template"
MEMORY = Path("/dev/shm")  # noqa: S108 -- a folder of our own is made in it
MEMORY_BYTES_MIN = 4 << 30
GUARDIAN = """
cat > /dev/null
if read -r pid < "$1/postgres/postmaster.pid"; then kill -QUIT "$pid"; fi 2> /dev/null
for attempt in 1 2 3 4 5 6 7 8 9 10; do rm -rf "$1" 2> /dev/null && break; sleep 0.1; done
"""
GUARDIANS: list["subprocess.Popen[bytes]"] = []


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the long figures be asked for; without, a seeded slice of each runs."""
    parser.addoption("--endure", action="store_true", help="the long runs of RELIABILITY (hours)")
    parser.addoption("--browser", action="store_true", help="people's paths in a real Chromium")


def pytest_configure(config: pytest.Config) -> None:
    """Begin a run: name its folder, for the workers too, and set the guardian beside it."""
    config.addinivalue_line("markers", "endure: has long figures; --endure runs them")
    config.addinivalue_line("markers", "browser: needs a Chromium; --browser runs it")
    if RUN_VARIABLE in os.environ:
        return
    folder = tempfile.mkdtemp(prefix="creditbridge-tests-", dir=find_memory())
    os.environ[RUN_VARIABLE] = folder
    command = ["/bin/sh", "-c", GUARDIAN, "guardian", folder]
    # A session of its own: an interrupt at the keyboard ends the run, then the run ends it.
    GUARDIANS.append(
        subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)  # noqa: S603 -- constant
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what needs a browser, unless it was asked for: not every machine has one."""
    if config.getoption("--browser"):
        return
    left_out = [item for item in items if item.get_closest_marker("browser") is not None]
    items[:] = [item for item in items if item not in left_out]
    if left_out:
        config.hook.pytest_deselected(items=left_out)


def find_memory() -> Path | None:
    """Return a folder in memory where the system has one with room, else None.

    Each test drops its database, and on a disk each drop waits for a checkpoint: a quarter of a
    second against a fortieth.
    """
    if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > MEMORY_BYTES_MIN:
        return MEMORY
    return None


def pytest_unconfigure() -> None:
    """End the run: the guardian clears up, and is waited for."""
    while GUARDIANS:
        GUARDIANS.pop().communicate()
        del os.environ[RUN_VARIABLE]


class Pki:
    """A throw-away certificate authority: EC P-256, files as servers and clients want them."""

    def __init__(self, folder: Path, *, name: str = "Test CA") -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.ca_file = folder / "ca.pem"
        usage = x509.BasicConstraints(ca=True, path_length=0)
        self.certificate = self._sign(self.name, self.key.public_key(), [(usage, True)])
        self.ca_file.write_bytes(self.certificate.public_bytes(Encoding.PEM))

    def another(self, name: str) -> "Pki":
        """Return an authority that knows nothing of this one."""
        return Pki(self.folder / name, name=name)

    def issue(
        self, name: str, *, client: bool = False, days: tuple[int, int] = (-1, 30)
    ) -> tuple[Path, Path]:
        """Return the certificate file and the key file of a server at 127.0.0.1, or of a client.

        `days` are those of its beginning and end, from now.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        purpose = ExtendedKeyUsageOID.CLIENT_AUTH if client else ExtendedKeyUsageOID.SERVER_AUTH
        names: list[x509.GeneralName] = [x509.DNSName(name)]
        if not client:
            names.append(x509.IPAddress(ip_address("127.0.0.1")))
        extensions: list[tuple[x509.ExtensionType, bool]] = [
            (x509.BasicConstraints(ca=False, path_length=None), True),
            (x509.ExtendedKeyUsage([purpose]), False),
            (x509.SubjectAlternativeName(names), False),
        ]
        signed = self._sign(subject, key.public_key(), extensions, days=days)
        certificate_file = self.folder / f"{name}.pem"
        key_file = self.folder / f"{name}.key"
        certificate_file.write_bytes(signed.public_bytes(Encoding.PEM))
        key_file.touch(mode=0o600)
        key_file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return certificate_file, key_file

    def _sign(
        self,
        subject: x509.Name,
        key: ec.EllipticCurvePublicKey,
        extensions: list[tuple[x509.ExtensionType, bool]],
        *,
        days: tuple[int, int] = (-1, 30),
    ) -> x509.Certificate:
        now = SystemClock().now()
        builder = x509.CertificateBuilder(
            issuer_name=self.name,
            subject_name=subject,
            public_key=key,
            serial_number=x509.random_serial_number(),
            not_valid_before=now + timedelta(days=days[0]),
            not_valid_after=now + timedelta(days=days[1]),
        )
        identifiers: list[tuple[x509.ExtensionType, bool]] = [
            (x509.SubjectKeyIdentifier.from_public_key(key), False),
            (x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), False),
        ]
        for extension, critical in [*extensions, *identifiers]:
            builder = builder.add_extension(extension, critical=critical)
        return builder.sign(self.key, SHA256())


def pytest_asyncio_loop_factories(
    item: pytest.Item,
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Run what is measured on uvloop on uvloop; all else where sockets are guarded."""
    if Path(__file__).parent / "server" in item.path.parents:
        return {"uvloop": uvloop.new_event_loop}
    return {"asyncio": asyncio.new_event_loop}


@pytest.fixture(scope="session")
def vectors() -> Path:
    """The folder of test vectors that others wrote, read where they lie."""
    beside = Path(__file__).parents[1] / ".." / "shared" / "vectors"
    folder = Path(os.environ.get("CREDITBRIDGE_VECTORS", beside)).resolve()
    if not folder.is_dir():
        pytest.skip(f"not run: no vectors at {folder}")
    return folder


@pytest.fixture(scope="session")
def cluster() -> Cluster:
    """The run's PostgreSQL, started by whichever worker asks first, with its template migrated."""
    folder = Path(os.environ[RUN_VARIABLE])
    with locked(folder / "tests.lock"):
        if not (folder / "ready").exists():
            made = make_cluster(folder)
            start_cluster(made)
            run_aside(migrate_template(made))
            (folder / "ready").touch()
    return find_cluster(folder)


@pytest.fixture(scope="session")
def house() -> Iterator[House]:
    """The whole house as processes, started by the first test of the group that asks for it."""
    with open_house(Path(os.environ[RUN_VARIABLE])) as house:
        yield house


@pytest.fixture(scope="module")
def own_house() -> Iterator[House]:
    """Another whole house, for tests after which it is no more as it was."""
    with open_house(Path(os.environ[RUN_VARIABLE])) as house:
        yield house


@pytest.fixture(scope="session")
def endures(request: pytest.FixtureRequest) -> bool:
    """Whether the long figures were asked for."""
    return bool(request.config.getoption("--endure"))


@pytest.fixture(autouse=True)
def _log_as_before() -> Iterator[None]:
    """Whatever a test does to the process's one log, the next test finds it untouched."""
    root, ours = logging.getLogger(), structlog.get_config()
    handlers, level, raises = root.handlers[:], root.level, logging.raiseExceptions
    yield
    structlog.configure(**ours)
    root.handlers[:], root.level, logging.raiseExceptions = handlers, level, raises


@pytest.fixture(autouse=True)
def _patient_database(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine racers stand in line for longer than a caller would."""
    for name in ("ACQUIRE_SECONDS", "LOCK_SECONDS", "STATEMENT_SECONDS"):
        monkeypatch.setattr(f"creditbridge.foundation.database.{name}", int(PATIENCE_SECONDS))


@pytest.fixture
def log_lines() -> io.StringIO:
    """What the house logs during a test, an event per line."""
    stream = io.StringIO()
    configure_logging(stream=stream)
    return stream


@pytest.fixture
def pki(tmp_path: Path) -> Pki:
    """A certificate authority that is this test's alone; several may be made side by side."""
    return Pki(tmp_path / "pki")


@pytest.fixture
async def database_url(cluster: Cluster) -> AsyncIterator[str]:
    """The address of a migrated database that is this test's alone."""
    name = f"test_{uuid.uuid4().hex}"
    await administer(cluster, f"CREATE DATABASE {name} TEMPLATE {TEMPLATE} STRATEGY FILE_COPY")
    yield cluster.url_of(name)
    await administer(cluster, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """A migrated database that is this test's alone, open."""
    database = await open_database(database_url, connections_max=8)
    yield database
    await database.close()


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a file lock, against the other workers."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


async def administer(cluster: Cluster, statement: str) -> None:
    """Run one statement outside any test's database."""
    connection = await asyncpg.connect(cluster.url)
    await connection.execute(statement)
    await connection.close()


async def migrate_template(cluster: Cluster) -> None:
    """Make the template: an empty database, migrated once."""
    await administer(cluster, f"CREATE DATABASE {TEMPLATE}")
    database = await open_database(cluster.url_of(TEMPLATE), connections_max=1)
    await database.close()


def run_aside(work: Awaitable[None]) -> None:
    """Run a coroutine to its end where no loop runs yet."""

    async def run() -> None:
        await work

    with asyncio.Runner() as runner:
        runner.run(run())
