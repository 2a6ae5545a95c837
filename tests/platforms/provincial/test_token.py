"""The access token: one for all, renewed by one."""

import asyncio
import json
from typing import Protocol

import pytest

from creditbridge.foundation.clock import Clock
from creditbridge.foundation.http import HttpRequest, HttpResponse
from creditbridge.foundation.keys import FileKey
from creditbridge.platforms.model import DeadlineExceeded
from creditbridge.platforms.provincial.token import AccessTokens
from creditbridge.platforms.settings import PlatformSettings
from creditbridge.platforms.transport import Transport


class HandClock(Clock, Protocol):
    """The clock of `conftest`."""

    def advance(self, seconds: float) -> None:
        """Move on."""
        ...


class GatedHttp:
    """A token endpoint that answers when it is let."""

    def __init__(self, expires_in: int = 300) -> None:
        self.gate = asyncio.Event()
        self.reached = asyncio.Event()
        self.expires_in = expires_in
        self.requests = 0

    async def send(self, request: HttpRequest, *, timeout_seconds: float) -> HttpResponse:
        self.requests += 1
        self.reached.set()
        await self.gate.wait()
        body = {
            "access_token": f"pat_{self.requests}",
            "token_type": "Bearer",
            "expires_in": self.expires_in,
        }
        headers = (("content-type", "application/json"),)
        return HttpResponse(status=200, headers=headers, body=json.dumps(body).encode())


@pytest.fixture
def http() -> GatedHttp:
    """The endpoint."""
    return GatedHttp()


@pytest.fixture
def tokens(
    http: GatedHttp, platform_settings: PlatformSettings, clock: HandClock, gateway: FileKey
) -> AccessTokens:
    """The tokens of one platform."""
    return AccessTokens(
        platform_settings, Transport(platform_settings, http, clock), gateway, clock
    )


async def test_renewal_is_single_flight(tokens: AccessTokens, http: GatedHttp) -> None:
    """Twenty reports come at once: one request, one token for all."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(tokens.get(deadline=2_000.0)) for _ in range(20)]
        await http.reached.wait()
        http.gate.set()

    assert {task.result() for task in tasks} == {"pat_1"}
    assert http.requests == 1


async def test_a_refused_token_is_renewed_once_for_all(
    tokens: AccessTokens, http: GatedHttp
) -> None:
    """Those who held the refused one share the new one."""
    http.gate.set()
    refused = await tokens.get(deadline=2_000.0)

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(tokens.get(deadline=2_000.0, refused=refused)) for _ in range(5)]

    assert {task.result() for task in tasks} == {"pat_2"}
    assert http.requests == 2


async def test_who_waits_for_a_token_waits_until_its_own_deadline(
    tokens: AccessTokens, http: GatedHttp
) -> None:
    """Another's renewal hangs; the deadline holds all the same, and no query was sent."""
    async with asyncio.TaskGroup() as group:
        first = group.create_task(tokens.get(deadline=2_000.0))
        await http.reached.wait()
        with pytest.raises(DeadlineExceeded) as caught:
            await tokens.get(deadline=1_000.01)
        http.gate.set()

    assert not caught.value.sent
    assert first.result() == "pat_1"


async def test_a_short_token_is_used_for_half_its_life(
    tokens: AccessTokens, http: GatedHttp, clock: HandClock
) -> None:
    """Renewing 30 s before the end would never use a token of 20 s."""
    http.expires_in = 20
    http.gate.set()
    await tokens.get(deadline=2_000.0)
    clock.advance(9.9)
    assert await tokens.get(deadline=2_000.0) == "pat_1"

    clock.advance(0.1)

    assert await tokens.get(deadline=2_000.0) == "pat_2"
