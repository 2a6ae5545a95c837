"""The sandbox's national platform behind the transport's seam, and a hand that spoils answers."""

from collections.abc import Callable
from typing import TypeAlias
from urllib.parse import urlsplit

import pytest
from msgspec.structs import replace
from tests.platforms.conftest import NOW, HandClock
from tests.sm2 import make_sm2_key

from creditbridge.foundation.http import HttpRequest, HttpResponse, HttpUnavailable
from creditbridge.foundation.ids import Kind, new_id
from creditbridge.platforms.model import PlatformQuery
from creditbridge.platforms.national.keys import SuiteKeys
from creditbridge.platforms.national.query import NationalPlatform
from creditbridge.platforms.settings import PlatformSettings
from creditbridge.platforms.transport import Transport
from creditbridge.profile.codes import Purpose, SectionCode
from creditbridge.protocols.sm2_keys import open_sm2
from creditsandbox.dialects.national.platform import Manner, Platform
from creditsandbox.dialects.national.settings import make_impostor
from creditsandbox.dialects.national.signing import Received, Suite
from creditsandbox.province.fixed import Outcome, list_fixed
from creditsandbox.province.population import Province

LIBRARY = open_sm2()
OURS = make_sm2_key(1_000_003, LIBRARY)
OUR_READER = make_sm2_key(1_000_033, LIBRARY)
THEIRS = make_sm2_key(2_000_003, LIBRARY, key_id="national-1")
THEIR_READER = make_sm2_key(2_000_029, LIBRARY)
SECTIONS = frozenset({SectionCode.REG, SectionCode.PEN, SectionCode.LST, SectionCode.EVA})
BASE_URL = "https://national.example"
RECORD_KEY = b"k" * 32

Spoil: TypeAlias = Callable[[HttpResponse], HttpResponse]


class Line:
    """The way to the platform: each request may be lost, or its answer lost or spoilt, by plan."""

    def __init__(self, platform: Platform, clock: HandClock) -> None:
        self.platform = platform
        self.clock = clock
        self.plan: dict[int, str | Spoil] = {}
        self.sent: list[HttpRequest] = []
        self.said: list[HttpResponse] = []

    async def send(self, request: HttpRequest, *, timeout_seconds: float) -> HttpResponse:
        assert timeout_seconds > 0
        step = self.plan.get(len(self.sent))
        self.sent.append(request)
        if step == "refused":
            raise HttpUnavailable(sent=False, detail="connection refused")
        url = urlsplit(request.url)
        received = Received(
            method=request.method,
            path=url.path,
            query=url.query,
            headers=dict(request.headers),
            body=request.body,
        )
        reply = self.platform.serve(received, now=self.clock.now())
        response = HttpResponse(status=reply.status, headers=reply.headers, body=reply.body)
        self.said.append(response)
        if step == "lost":
            raise HttpUnavailable(sent=True, detail="connection reset")
        if isinstance(step, str):
            headers = (("retry-after", "1"),) if step in ("429", "503") else ()
            return HttpResponse(status=int(step), headers=headers, body=b"")
        return response if step is None else step(response)


def make_platform(manner: Manner, province: Province) -> Platform:
    """Return the sandbox's platform, with keys made by hand."""
    return Platform(
        province=province,
        platform_id="national",
        suite=Suite(
            app_id="creditbridge",
            signer=THEIRS,
            reader=THEIR_READER,
            gateway_keys={OURS.key.key_id: OURS.key},
            gateway_reader=OUR_READER.key,
        ),
        impostor=make_impostor(THEIRS),
        manner=manner,
    )


@pytest.fixture(scope="session")
def province() -> Province:
    """The fixed enterprises, and a few others."""
    return Province(size=50)


@pytest.fixture
def clock() -> HandClock:
    """A clock that moves when somebody moves it."""
    return HandClock()


@pytest.fixture
def line(clock: HandClock, province: Province) -> Line:
    """The way to a platform that is ready at the second poll, one record to a page."""
    return Line(make_platform(Manner(ready_seconds=0.1, page_records=1), province), clock)


@pytest.fixture
def gateway(
    line: Line, clock: HandClock, settings_of: Callable[[], PlatformSettings]
) -> NationalPlatform:
    """The gateway's side."""
    return open_gateway(line, clock, settings_of())


def open_gateway(line: Line, clock: HandClock, settings: PlatformSettings) -> NationalPlatform:
    """Return the gateway's side of a line."""
    return NationalPlatform(
        settings,
        Transport(settings, line, clock, sleep=clock.sleep),
        keys=SuiteKeys(
            signer=OURS,
            reader=OUR_READER,
            platform=THEIR_READER.key,
            answer_keys={"national-1": THEIRS.key},
        ),
        clock=clock,
        record_key=RECORD_KEY,
        sleep=clock.sleep,
    )


@pytest.fixture
def settings_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], PlatformSettings]:
    """Gives the settings of the platform; its files are not read here."""
    folder = tmp_path_factory.mktemp("keys")

    def make() -> PlatformSettings:
        return PlatformSettings(
            platform_id="national",
            dialect="national",
            base_url=BASE_URL,
            client_id="creditbridge",
            answer_keys={},
            ca_file=folder / "ca.pem",
            client_certificate_file=folder / "client.pem",
            client_key_file=folder / "client.key",
        )

    return make


def uscc_of(outcome: Outcome) -> str:
    """Return the code of the fixed enterprise of an outcome."""
    return next(each.uscc for each in list_fixed() if each.outcome is outcome)


def query_about(outcome: Outcome, clock: HandClock, **changes: object) -> PlatformQuery:
    """Return a query about a fixed enterprise, under a new id."""
    query = PlatformQuery(
        query_id=new_id(Kind.QUERY, now=clock.now()),
        uscc=uscc_of(outcome),
        sections=SECTIONS,
        purpose=Purpose.PRE_LOAN_REVIEW,
        consent_digest="ab" * 32,
        expires_at=NOW.replace(minute=1),
    )
    return replace(query, **changes)
