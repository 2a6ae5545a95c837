"""The benchmark's processes: the demo's, whose ids can be asked for."""

from pathlib import Path

from creditbridge.cli.demo.processes import Processes
from creditbridge.foundation.errors import Unavailable
from creditbridge.server.cluster import find_cluster, find_postmaster


class ProcessUnknown(Unavailable):
    """A process that should run does not."""

    code = "process-unknown"
    message = "A process of the benchmark is not there."


class Crew(Processes):
    """Every process that the benchmark started; leaving the block stops them, and no other."""

    def process_of(self, module: str) -> int:
        """Return the id of the process that runs a module.

        Raises:
            ProcessUnknown: no such process was started.
        """
        for name, process in self._running:
            if name == module:
                return process.pid
        raise ProcessUnknown(detail=module)


def postmaster_of(folder: Path) -> int:
    """Return the id of the PostgreSQL whose cluster lies in this folder.

    Raises:
        ProcessUnknown: it does not run.
    """
    process = find_postmaster(find_cluster(folder))
    if process is None:
        raise ProcessUnknown(detail=f"no PostgreSQL in {folder}")
    return process
