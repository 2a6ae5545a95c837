"""The embedded PostgreSQL's data folder: made once, started, stopped, never by two at a time.

    folder/postgres   the data, with checksums, owned by the unprivileged user
    folder/run        the socket, behind 0700; that folder is the only authentication
    folder/*.lock     who supervises, who uses (see `embedded`)

Blocking, as PostgreSQL's programs are: call from a thread.
"""

import hashlib
import os
import shlex
import shutil
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import msgspec

from creditbridge.server.programs import (
    PROGRAM_SECONDS_MAX,
    DatabaseNotStarted,
    make_private,
    open_way,
    program_path,
    run_program,
)

DATABASE_NAME = "creditbridge"
SOCKET_PATH_BYTES_MAX = 100  # Linux takes 107, macOS 103.
SOCKET_NAME = ".s.PGSQL.5432"

SETTINGS: Mapping[str, str] = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "password_encryption": "scram-sha-256",
    # Acknowledged is durable (RELIABILITY, promise 2).
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    # The log may hold no row: neither statements, nor the values that a DETAIL line repeats.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    # A week of logs, each day over the one of the week before.
    "logging_collector": "on",
    "log_directory": "log",
    "log_filename": "postgresql-%a.log",
    "log_rotation_age": "1d",
    "log_rotation_size": "0",
    "log_truncate_on_rotation": "on",
}


class Cluster(msgspec.Struct, frozen=True, kw_only=True):
    """A data folder that exists, and where its socket lies."""

    folder: Path
    sockets: Path

    @property
    def data(self) -> Path:
        """The data directory in PostgreSQL's own sense."""
        return self.folder / "postgres"

    @property
    def url(self) -> str:
        """The address of the house's database, over the socket."""
        return self.url_of(DATABASE_NAME)

    def url_of(self, database: str) -> str:
        """Return the address of any database of this cluster."""
        return f"postgresql://{DATABASE_NAME}@/{database}?host={quote(str(self.sockets), safe='')}"


def make_cluster(folder: Path) -> Cluster:
    """Return the cluster of a folder, made on the first call. Call under the supervisor's lock.

    As root the way to the folder and to the programs is opened for traversal (`o+x`, no more).

    Raises:
        DatabaseNotStarted: no programs for this platform, no such user, or no place to write.
    """
    folder = folder.resolve()
    folder.mkdir(mode=0o711, parents=True, exist_ok=True)
    if os.geteuid() == 0:
        open_way(folder)
        open_way(program_path("postgres"))
    cluster = find_cluster(folder)
    make_private(cluster.sockets)
    if not (cluster.data / "PG_VERSION").exists():
        _initialize(cluster)
    return cluster


def find_cluster(folder: Path) -> Cluster:
    """Return where a folder's cluster lies, made or not."""
    folder = folder.resolve()
    sockets = folder / "run"
    if len(os.fsencode(sockets / SOCKET_NAME)) > SOCKET_PATH_BYTES_MAX:
        name = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
        sockets = Path(tempfile.gettempdir()) / f"creditbridge-{name}"
    return Cluster(folder=folder, sockets=sockets)


def start_cluster(cluster: Cluster) -> None:
    """Start the database; it takes connections when this returns. Nothing to do where it runs.

    Raises:
        DatabaseNotStarted: PostgreSQL refused; for a moment after a kill, its orphans still hold
            the shared memory, so a caller tries again.
    """
    if find_postmaster(cluster) is not None:
        return
    # A number in the file that is no postmaster any more, but another process or one that nobody
    # reaped, would make PostgreSQL refuse for ever, as happens in containers.
    (cluster.data / "postmaster.pid").unlink(missing_ok=True)
    options = {**SETTINGS, "unix_socket_directories": str(cluster.sockets)}
    line = " ".join(f"-c {shlex.quote(f'{name}={value}')}" for name, value in options.items())
    log = cluster.data / "start.log"
    seconds = str(PROGRAM_SECONDS_MAX)
    run_program(
        "pg_ctl", "start", "-w", "-t", seconds, "-D", cluster.data, "-l", log, "-o", line, log=log
    )


def stop_cluster(cluster: Cluster) -> None:
    """Stop the database, ending open transactions; nothing to do where it does not run.

    Raises:
        DatabaseNotStarted: it would not stop in time.
    """
    if find_postmaster(cluster) is None:
        return
    try:
        seconds = str(PROGRAM_SECONDS_MAX)
        run_program("pg_ctl", "stop", "-w", "-t", seconds, "-m", "fast", "-D", cluster.data)
    except DatabaseNotStarted:
        # Killed by somebody else in this very moment is stopped as well.
        if find_postmaster(cluster) is not None:
            raise


def find_postmaster(cluster: Cluster) -> int | None:
    """Return the process id of the running postmaster, or None."""
    try:
        text = (cluster.data / "postmaster.pid").read_text(encoding="utf-8")
        process = int(text.partition("\n")[0])
    except (OSError, ValueError):
        return None
    return process if _is_postmaster(process) else None


def is_taking_connections(cluster: Cluster) -> bool:
    """Tell whether the database runs and is past its start and its recovery."""
    if find_postmaster(cluster) is None:
        return False
    try:
        lines = (cluster.data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
    except OSError:
        return False
    return lines[-1].strip() == "ready"


def _is_postmaster(process: int) -> bool:
    with suppress(PermissionError):  # It lives, under another user.
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return False
    if sys.platform != "linux":
        return True
    try:
        # `1234 (postgres) S …`, proc(5): Z and X are dead already.
        name, _, rest = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").partition(")")
    except OSError:
        return False
    return name.endswith("(postgres") and rest.split()[0] not in {"Z", "X"}


def _initialize(cluster: Cluster) -> None:
    # Made beside and renamed, so that a kill half-way leaves nothing that looks complete.
    fresh = cluster.folder / "postgres.new"
    shutil.rmtree(fresh, ignore_errors=True)
    make_private(fresh)
    run_program(
        "initdb",
        f"--pgdata={fresh}",
        f"--username={DATABASE_NAME}",
        "--auth=trust",
        "--encoding=UTF8",
        "--locale=C",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--data-checksums",
    )
    single = ("postgres", "--single", "-D", fresh, "postgres")
    run_program(*single, statements=f"CREATE DATABASE {DATABASE_NAME}\n")
    fresh.rename(cluster.data)
