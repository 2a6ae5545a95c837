"""Answers to one fixed request that is not the main job: `/checkpoint`."""

import msgspec

from benchmarks.accounting import read_cpu
from benchmarks.fixed import FixedLoad, FixedRequest
from benchmarks.plan import Plan
from benchmarks.rounds import MICROSECONDS
from benchmarks.sides import DATABASE, GATEWAY, Side
from creditbridge.cli.demo.layout import Layout


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of request, and what an answer cost in microseconds of CPU."""

    name: str
    gateway: float
    database: float
    generator: float
    rate: float
    failed: int


def measure_endpoints(
    plan: Plan, layout: Layout, side: Side, load: FixedLoad | None
) -> list[Endpoint]:
    """Return what the fixed requests cost; none without a generator."""
    if load is None:
        return []
    checkpoint = FixedRequest(
        port=layout.people_port, path="/checkpoint", authority_file=layout.pki / "ca/doors.pem"
    )
    return [_measure("GET /checkpoint", checkpoint, plan, side, load)]


def _measure(name: str, request: FixedRequest, plan: Plan, side: Side, load: FixedLoad) -> Endpoint:
    before = read_cpu(side.roots)
    told = load.ask(request, connections=plan.fixed_connections, seconds=plan.endpoint_seconds)
    spent = read_cpu(side.roots).since(before)
    answered = max(told.answered, 1)
    return Endpoint(
        name=name,
        gateway=MICROSECONDS * spent[GATEWAY] / answered,
        database=MICROSECONDS * spent[DATABASE] / answered,
        generator=MICROSECONDS * told.cpu_seconds / answered,
        rate=told.answered / told.secs,
        failed=told.failed,
    )
