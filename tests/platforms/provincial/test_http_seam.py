"""The same over the real HTTP client, with respx in the network's place."""

from typing import Protocol

import httpx
import pytest
import respx
from msgspec.structs import replace

from creditbridge.foundation.clock import Clock
from creditbridge.foundation.http import HttpRequest, HttpResponse, client_over
from creditbridge.foundation.keys import FileKey
from creditbridge.platforms.model import AnswerUnreadable, PlatformQuery, PlatformUnavailable
from creditbridge.platforms.provincial.query import ProvincialPlatform
from creditbridge.platforms.settings import PlatformSettings
from creditbridge.platforms.transport import Transport

BASE_URL = "https://platform.example"
DEADLINE = 1_008.0


class HandClock(Clock, Protocol):
    """The clock of `conftest`."""

    async def sleep(self, seconds: float) -> None:
        """Move on instead of waiting."""
        ...


class Province(Protocol):
    """The platform of `conftest`."""

    key: FileKey
    counted: list[str]

    async def send(self, request: HttpRequest, *, timeout_seconds: float) -> HttpResponse:
        """Answer."""
        ...


@pytest.fixture
def router(province: Province) -> respx.MockRouter:
    """Routes that lead to the province."""

    async def answer(request: httpx.Request) -> httpx.Response:
        answered = await province.send(
            HttpRequest(
                method=request.method,
                url=str(request.url),
                headers=tuple(request.headers.items()),
                body=request.content,
            ),
            timeout_seconds=1.0,
        )
        return httpx.Response(
            answered.status, headers=list(answered.headers), content=answered.body
        )

    router = respx.MockRouter(assert_all_called=False)
    router.post(f"{BASE_URL}/oauth/token", name="token").mock(side_effect=answer)
    router.post(f"{BASE_URL}/v1/queries", name="queries").mock(side_effect=answer)
    return router


@pytest.fixture
def over_http(
    router: respx.MockRouter,
    province: Province,
    platform_settings: PlatformSettings,
    clock: HandClock,
    gateway: FileKey,
) -> ProvincialPlatform:
    """The gateway's side, over the real client."""
    http = client_over(
        httpx.MockTransport(router.async_handler), base_url=BASE_URL, response_bytes_max=65_536
    )
    settings = replace(platform_settings, answer_bytes_max=65_536)
    return ProvincialPlatform(
        settings,
        Transport(settings, http, clock, sleep=clock.sleep),
        signer=gateway,
        find_key={"platform-1": province.key.key}.get,
        clock=clock,
        record_key=b"r" * 32,
    )


async def test_a_signed_answer_comes_through(
    over_http: ProvincialPlatform, query: PlatformQuery, router: respx.MockRouter
) -> None:
    """The bytes that were signed are the bytes that arrive."""
    answered = await over_http.ask(query, deadline=DEADLINE)

    assert len(answered.answer.sections) == 4
    assert router["queries"].call_count == 1


@pytest.mark.parametrize(
    ("error", "sent"),
    [(httpx.ConnectError("refused"), False), (httpx.ReadError("reset"), True)],
    ids=["refused-before-sending", "sent-and-reply-lost"],
)
async def test_a_fault_tells_whether_the_query_left(
    over_http: ProvincialPlatform,
    query: PlatformQuery,
    router: respx.MockRouter,
    error: httpx.TransportError,
    *,
    sent: bool,
) -> None:
    """Three attempts under one id, then the truth."""
    router["queries"].mock(side_effect=error)

    with pytest.raises(PlatformUnavailable) as caught:
        await over_http.ask(query, deadline=DEADLINE)

    assert (router["queries"].call_count, caught.value.sent) == (3, sent)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(httpx.Response(302, headers={"location": "https://10.0.0.1/"}), id="redirect"),
        pytest.param(httpx.Response(200, html="<p>maintenance</p>"), id="html"),
        pytest.param(httpx.Response(200, content=b""), id="empty"),
        pytest.param(httpx.Response(200, json="x" * 70_000), id="too-large"),
        pytest.param(
            httpx.Response(200, headers={"content-encoding": "gzip"}, stream=httpx.ByteStream(b"")),
            id="content-coding",
        ),
    ],
)
async def test_what_is_no_agreed_answer_is_cut_off(
    over_http: ProvincialPlatform,
    query: PlatformQuery,
    router: respx.MockRouter,
    answer: httpx.Response,
) -> None:
    """Redirects are not followed, limits hold, codings are refused."""
    router["queries"].mock(return_value=answer)

    with pytest.raises(AnswerUnreadable):
        await over_http.ask(query, deadline=DEADLINE)

    assert router["queries"].call_count == 1
