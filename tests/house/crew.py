"""Processes of the house under test: started, killed, stopped by their own id, none left behind."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.waiting import PATIENCE_SECONDS
from typing_extensions import override

from creditbridge.cli.operations import DoorUnavailable, call, call_json
from creditbridge.server.cluster import Cluster, find_cluster, find_postmaster

STOP_SECONDS = PATIENCE_SECONDS
POLL_SECONDS = 0.05
# Ends the sandbox should the test run itself be killed: its input ends with the run.
GUARDIAN = 'cat > /dev/null; kill "$1"'


def wait_until(happened: Callable[[], bool]) -> None:
    """Wait for a condition that can only be seen from outside.

    Raises:
        TimeoutError: it did not come true in time.
    """
    end = time.monotonic() + PATIENCE_SECONDS
    while not happened():
        if time.monotonic() > end:
            raise TimeoutError(happened.__qualname__)
        time.sleep(POLL_SECONDS)


class Started:
    """One process whose output goes to a file of its own, over all its lives."""

    def __init__(self, log: Path, *words: str) -> None:
        self.log = log
        self._words = words
        self._lifeline = os.pipe()
        self.process = self._start()

    def _start(self) -> "subprocess.Popen[bytes]":
        reading, _ = self._lifeline
        words = [word.format(lifeline=reading) for word in self._words]
        with self.log.open("ab") as output:
            return subprocess.Popen(
                [sys.executable, "-m", *words],
                stdout=output,
                stderr=subprocess.STDOUT,
                pass_fds=(reading,),
            )

    @property
    def is_running(self) -> bool:
        """Whether the process lives."""
        return self.process.poll() is None

    def require_running(self) -> None:
        """Fail with the last lines of the log where the process ended unasked."""
        assert self.is_running, "\n".join(self.log.read_text().splitlines()[-20:])

    def kill(self) -> None:
        """Kill it at once, as a power cut would."""
        self.process.kill()
        self.process.wait()

    def terminate(self) -> None:
        """Ask it to end, and return at once."""
        self.process.send_signal(signal.SIGTERM)

    def wait(self) -> int:
        """Return its exit status when it has ended."""
        return self.process.wait(STOP_SECONDS)

    def start_again(self) -> None:
        """Start it anew; it must have ended."""
        self.process = self._start()

    def close(self) -> None:
        """End it, whatever it takes."""
        if self.is_running:
            self.terminate()
            try:
                self.wait()
            except subprocess.TimeoutExpired:
                self.kill()
        for descriptor in self._lifeline:
            os.close(descriptor)


class Node(Started):
    """A gateway process."""

    def __init__(
        self, config: Path, *, bank_port: int, people_port: int, operations_port: int
    ) -> None:
        self.bank_url = f"https://127.0.0.1:{bank_port}"
        self.people_url = f"https://127.0.0.1:{people_port}"
        self.bank_port = bank_port
        self.operations_port = operations_port
        # The lifeline drains it, and with the last node the database, should the run be killed.
        super().__init__(
            config.with_suffix(".log"),
            *("creditbridge", "serve", "--config", str(config), "--lifeline", "{lifeline}"),
        )

    def read(self, path: str) -> Mapping[str, object]:
        """Return what the operations door answers."""
        return call_json(self.operations_port, "GET", path)

    def is_ready(self) -> bool:
        """Tell whether work may come."""
        self.require_running()
        try:
            status, _ = call(self.operations_port, "GET", "/readyz")
        except DoorUnavailable:
            return False
        return status == 200

    def is_answering(self) -> bool:
        """Tell whether the operations door is open."""
        self.require_running()
        try:
            call(self.operations_port, "GET", "/livez")
        except DoorUnavailable:
            return False
        return True


class Sandbox(Started):
    """The platform and the identity provider."""

    def __init__(self, config: Path) -> None:
        words = ("creditsandbox.app", "serve", "--config", str(config))
        super().__init__(config.with_suffix(".log"), *words)
        self._guardian = subprocess.Popen(
            ["/bin/sh", "-c", GUARDIAN, "guardian", str(self.process.pid)],
            stdin=subprocess.PIPE,
            start_new_session=True,
        )

    def is_listening(self) -> bool:
        """Tell whether it said so."""
        self.require_running()
        return '"ready"' in self.log.read_text()

    @override
    def close(self) -> None:
        """End it, and what watches over it."""
        self._guardian.kill()
        self._guardian.communicate()
        super().close()


class EmbeddedCluster:
    """The PostgreSQL that the nodes share."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def cluster(self) -> Cluster:
        """Where it lies."""
        return find_cluster(self._folder)

    @property
    def url(self) -> str:
        """How a database administrator reaches it."""
        return self.cluster.url

    def kill(self) -> int:
        """Kill the postmaster at once and return the id that it had."""
        process = find_postmaster(self.cluster)
        assert process is not None, "no postmaster runs"
        os.kill(process, signal.SIGKILL)
        return process

    def is_reborn(self, killed: int) -> bool:
        """Tell whether another postmaster runs than the one that was killed."""
        return find_postmaster(self.cluster) not in {None, killed}
