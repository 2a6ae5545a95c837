"""Answers to one fixed request: `/oauth/token` and `/checkpoint`, asked by the C generator.

`mload.c` sends the same bytes again and again, which a signed report forbids, and costs a tenth of
what a generator in Python does. It is compiled when it is needed, and left out where it cannot be.
"""

import shutil
import subprocess
import tempfile
from pathlib import Path

import msgspec

from benchmarks.accounting import read_cpu
from benchmarks.plan import Plan
from benchmarks.rounds import MICROSECONDS
from benchmarks.sides import DATABASE, GATEWAY, Side
from creditbridge.cli.demo.layout import Layout

SOURCE = Path(__file__).parent / "mload.c"
COMPILE_SECONDS = 60
CONNECTIONS = "8"
FORM = "grant_type=client_credentials&client_id=north-lending&scope=reports"


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of request, and what an answer cost in microseconds of CPU."""

    name: str
    gateway: float
    database: float
    generator: float
    rate: float
    failed: int


class LoadReport(msgspec.Struct, frozen=True, kw_only=True):
    """What mload prints, as far as it is used here; `gen_cpu` is its CPU per second."""

    n: int
    secs: float
    non2xx: int
    fail: int
    gen_cpu: float


def compile_generator(folder: Path) -> tuple[Path | None, str]:
    """Return the compiled generator, or None and the reason why there is none."""
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
    return program, ""


def measure_endpoints(plan: Plan, layout: Layout, side: Side) -> tuple[list[Endpoint], str]:
    """Return what the fixed requests cost, or none and the reason."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        program, reason = compile_generator(folder)
        if program is None:
            return [], reason
        form = folder / "form"
        form.write_text(FORM)
        bank = layout.pki / "banks/north"
        doors = ("-A", str(layout.pki / "ca/doors.pem"))
        certificate = ("-E", str(bank / "client.pem"), "-K", str(bank / "client.key"))
        token = (
            *("-p", str(layout.bank_port), *doors, *certificate, "-u", "/oauth/token"),
            *("-b", str(form), "-H", "content-type: application/x-www-form-urlencoded"),
        )
        checkpoint = ("-p", str(layout.people_port), *doors, "-u", "/checkpoint")
        return [
            _measure("POST /oauth/token", [str(program), *token], plan, side),
            _measure("GET /checkpoint", [str(program), *checkpoint], plan, side),
        ], ""


def _measure(name: str, command: list[str], plan: Plan, side: Side) -> Endpoint:
    seconds = str(plan.endpoint_seconds)
    before = read_cpu(side.roots)
    done = subprocess.run(  # noqa: S603 - our own program, no shell
        [*command, "-c", CONNECTIONS, "-t", seconds],
        capture_output=True,
        timeout=COMPILE_SECONDS,
        check=True,
    )
    spent = read_cpu(side.roots).since(before)
    told = msgspec.json.decode(done.stdout, type=LoadReport)
    answered = max(told.n - told.non2xx, 1)
    return Endpoint(
        name=name,
        gateway=MICROSECONDS * spent[GATEWAY] / answered,
        database=MICROSECONDS * spent[DATABASE] / answered,
        generator=MICROSECONDS * told.gen_cpu * told.secs / max(told.n, 1),
        rate=(told.n - told.non2xx) / told.secs,
        failed=told.non2xx + told.fail,
    )
