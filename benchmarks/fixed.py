"""A request that may be sent again and again, byte for byte, by the generator in C.

`mload.c` costs a tenth of what a generator in Python does. It is compiled when it is needed; where
that cannot be, the reason is told and what needs it is not measured.
"""

import shutil
import subprocess
from pathlib import Path

import msgspec

SOURCE = Path(__file__).parent / "mload.c"
COMPILE_SECONDS = 60
ASK_SECONDS_MAX = 60


class FixedRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One request to a door of this machine; without a body a GET, else a form is posted."""

    port: int
    path: str
    authority_file: Path
    certificate_file: Path | None = None
    key_file: Path | None = None
    body_file: Path | None = None

    def arguments(self) -> list[str]:
        """Return what mload is told."""
        words = ["-p", str(self.port), "-u", self.path, "-A", str(self.authority_file)]
        if self.certificate_file is not None:
            words += ["-E", str(self.certificate_file), "-K", str(self.key_file)]
        if self.body_file is not None:
            words += ["-b", str(self.body_file)]
            words += ["-H", "content-type: application/x-www-form-urlencoded"]
        return words


class LoadReport(msgspec.Struct, frozen=True, kw_only=True):
    """What mload prints: answers, seconds, milliseconds of latency, its own CPU per second.

    `fail` counts connections that broke; answers that are not of the 200s are within `n`.
    """

    n: int
    secs: float
    p50: float
    p99: float
    non2xx: int
    fail: int
    gen_cpu: float

    @property
    def answered(self) -> int:
        """Answers of the 200s."""
        return self.n - self.non2xx

    @property
    def failed(self) -> int:
        """Everything else."""
        return self.non2xx + self.fail

    @property
    def cpu_seconds(self) -> float:
        """What the generator itself spent."""
        return self.gen_cpu * self.secs


class FixedLoad:
    """The compiled generator."""

    def __init__(self, program: Path) -> None:
        self._program = program

    def ask(self, request: FixedRequest, *, connections: int, seconds: float) -> LoadReport:
        """Ask for so long over so many keep-alive connections; blocks until that is done."""
        rhythm = ("-c", str(connections), "-t", str(seconds))
        done = subprocess.run(  # noqa: S603 - our own program, no shell
            [str(self._program), *request.arguments(), *rhythm],
            capture_output=True,
            timeout=ASK_SECONDS_MAX,
            check=True,
        )
        return msgspec.json.decode(done.stdout, type=LoadReport)


def compile_generator(folder: Path) -> tuple[FixedLoad | None, str]:
    """Return the generator, compiled into a folder; or None and the reason why there is none."""
    compiler = shutil.which("gcc")
    if compiler is None:
        return None, "gcc is not installed"
    program = folder / "mload"
    done = subprocess.run(  # noqa: S603 - our own source, no shell
        [compiler, "-O2", "-w", "-o", str(program), str(SOURCE), "-lssl", "-lcrypto"],
        capture_output=True,
        text=True,
        timeout=COMPILE_SECONDS,
        check=False,
    )
    if done.returncode != 0:
        return None, "gcc could not compile mload.c (are OpenSSL's headers there?)"
    return FixedLoad(program), ""
