"""The unavoidable parts of a report, each measured alone, with the keys and bytes of a real one.

Processor time of this process, the median of several batches. What a part contains is not added
twice: raw signatures stand by themselves, and only the parts with a number per report add up.
"""

import statistics
import time
from collections.abc import Callable

import msgspec

from benchmarks.plan import Plan
from creditbridge.cli.demo.bank import Exchange
from creditbridge.cli.demo.layout import Layout
from creditbridge.foundation.clock import SystemClock
from creditbridge.foundation.keys import FileKey, load_file_key
from creditbridge.profile.model import Profile, ProfileDraft
from creditbridge.profile.seal import seal_profile
from creditbridge.protocols.canonical_json import canonicalize
from creditbridge.protocols.http_signatures import (
    BANK_REQUEST,
    BANK_RESPONSE,
    PLATFORM_ANSWER,
    PLATFORM_QUERY,
    Request,
    Response,
    sign_request,
    sign_response,
    verify_request,
    verify_response,
)
from creditbridge.protocols.strict_json import parse

NONCE = "nonce-0123456789abcdef"
MICROSECONDS = 1_000_000


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """One part: microseconds of CPU once, and how often a report needs it; 0 is for comparison."""

    name: str
    gateway: float
    database: float = 0.0
    times: int = 1


class Samples:
    """A real report's request and answer, and a query and its answer of the usual size."""

    def __init__(self, layout: Layout, exchange: Exchange) -> None:
        pki = layout.pki
        self.bank = load_file_key(pki / "banks/north/message.key")
        self.message = load_file_key(pki / "gateway/message.key")
        self.seal = load_file_key(pki / "gateway/seal.key")
        self.platform = load_file_key(pki / "platform/message.key")
        self.request = exchange.request
        kept = {"content-type", "creditbridge-receipt", "x-fapi-interaction-id"}
        headers = tuple(each for each in exchange.answer.headers if each[0] in kept)
        self.answer = Response(status=200, headers=headers, body=exchange.answer.body)
        profile = msgspec.json.decode(exchange.answer.body, type=Profile)
        names = ProfileDraft.__struct_fields__
        self.draft = ProfileDraft(**{name: getattr(profile, name) for name in names})
        self.query = Request(
            method="POST",
            target_uri=f"https://127.0.0.1:{layout.platform_port}/v1/queries",
            headers=(
                ("accept", "application/json"),
                ("authorization", "Bearer " + "t" * 43),
                ("content-type", "application/json"),
                ("creditbridge-query-id", "qry_" + "0" * 26),
                ("creditbridge-consent", ":" + "QUJD" * 120 + ":"),
            ),
            body=b'{"purpose":"PRE_LOAN_REVIEW","sections":["EVA","LST","PEN","REG"]}',
        )


def measure_parts(plan: Plan, layout: Layout, exchange: Exchange) -> list[Part]:
    """Return the parts that need no database, in the order of the journey."""
    samples = Samples(layout, exchange)

    def timed(name: str, act: Callable[[], object], *, times: int = 1) -> Part:
        return Part(name=name, gateway=_time(act, plan), times=times)

    return [
        *_raw(samples, timed),
        *_messages(samples, timed),
        *_profile(samples, timed),
    ]


def _raw(samples: Samples, timed: Callable[..., Part]) -> list[Part]:
    message, key = bytes(1_000), samples.message
    signature = key.sign(message)
    return [
        timed(f"{key.key.algorithm} signature, raw", lambda: key.sign(message), times=0),
        timed(
            f"{key.key.algorithm} verification, raw",
            lambda: key.key.verify(signature, message),
            times=0,
        ),
    ]


def _messages(samples: Samples, timed: Callable[..., Part]) -> list[Part]:
    clock = SystemClock()
    now = clock.now()
    created = int(now.timestamp())
    bare = ("content-digest", "signature-input", "signature")
    headers = tuple(each for each in samples.request.headers if each[0] not in bare)
    request = msgspec.structs.replace(samples.request, headers=headers)
    asked = _signed(request, samples.bank, created)
    query_headers = sign_request(
        samples.query, PLATFORM_QUERY, samples.message, created=created, nonce=NONCE
    )
    query = msgspec.structs.replace(samples.query, headers=samples.query.headers + query_headers)
    json_type = (("content-type", "application/json"),)
    plain = Response(status=200, headers=json_type, body=samples.answer.body)
    answer = msgspec.structs.replace(
        plain,
        headers=json_type
        + sign_response(plain, query, PLATFORM_ANSWER, samples.platform, created=created),
    )
    bank_keys = {samples.bank.key.key_id: samples.bank.key}
    platform_keys = {samples.platform.key.key_id: samples.platform.key}
    return [
        timed(
            "bank's request verified",
            lambda: verify_request(asked, BANK_REQUEST, bank_keys.get, now=now),
        ),
        timed(
            "query signed",
            lambda: sign_request(
                samples.query, PLATFORM_QUERY, samples.message, created=created, nonce=NONCE
            ),
        ),
        timed(
            "platform's answer verified",
            lambda: verify_response(
                answer, query, PLATFORM_ANSWER, platform_keys.get, now=clock.now()
            ),
        ),
        timed(
            "answer signed",
            lambda: sign_response(
                samples.answer, asked, BANK_RESPONSE, samples.message, created=created
            ),
        ),
    ]


def _profile(samples: Samples, timed: Callable[..., Part]) -> list[Part]:
    size = f"{len(samples.answer.body) / 1_000:.1f} kB"
    builtins = msgspec.to_builtins(samples.draft, str_keys=True)
    return [
        timed(f"JSON of {size} parsed strictly", lambda: parse(samples.answer.body)),
        timed(f"canonical JSON of {size}, alone", lambda: canonicalize(builtins), times=0),
        timed("profile sealed", lambda: seal_profile(samples.draft, samples.seal)),
    ]


def _signed(request: Request, key: FileKey, created: int) -> Request:
    added = sign_request(request, BANK_REQUEST, key, created=created, nonce=NONCE)
    return msgspec.structs.replace(request, headers=request.headers + added)


def _time(act: Callable[[], object], plan: Plan) -> float:
    act()
    batches = list[float]()
    for _ in range(plan.batches):
        began = time.process_time()
        for _ in range(plan.repeats):
            act()
        batches.append((time.process_time() - began) / plan.repeats)
    return MICROSECONDS * statistics.median(batches)
