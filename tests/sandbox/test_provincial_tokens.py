"""The platform's token endpoint: the gateway's assertion, once, for this platform."""

import asyncio
from collections.abc import Callable
from typing import Protocol

import httpx
import pytest

from creditbridge.foundation.keys import FileKey

MakeKey = Callable[[], FileKey]


class StillClock(Protocol):
    """The clock of both sides."""

    def pass_seconds(self, seconds: float) -> None:
        """Move on."""
        ...


class House(Protocol):
    """The keys of both sides."""

    message_key: FileKey
    clock: StillClock


class Gateway(Protocol):
    """What these tests need of the small gateway."""

    client: httpx.AsyncClient
    base_url: str

    def assertion(self, signer: FileKey | None = None, **changes: object) -> str:
        """Return a client assertion, changed."""
        ...

    async def ask_token(
        self, assertion: str | None = None, **changes: str | None
    ) -> httpx.Response:
        """Ask for a token, with form fields changed."""
        ...

    async def count(self) -> dict[str, object]:
        """Return the platform's counts."""
        ...


INSTANT = 1_795_226_430  # The still clock's, in seconds since 1970.


async def test_a_token_lives_for_five_minutes(gateway: Gateway) -> None:
    """The answer is that of RFC 6749, section 5.1, and no cache may keep it."""
    answer = await gateway.ask_token()

    body = answer.json()
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert (body["token_type"], body["expires_in"]) == ("Bearer", 300)
    assert len(body["access_token"]) == 47
    assert await gateway.count() == {"counted": 0, "by_uscc": {}, "tokens_issued": 2}


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "somebody"},
        {"sub": "somebody"},
        {"sub": None},
        {"aud": "catalogue"},
        {"aud": ["provincial"]},
        {"aud": "https://platform.example/oauth/token"},
        {"jti": None},
        {"jti": ""},
        {"jti": "j" * 129},
        {"exp": None},
        {"exp": INSTANT - 30},
        {"exp": INSTANT + 61},
        {"iat": INSTANT + 31, "exp": INSTANT + 60},
        {"iat": INSTANT, "exp": INSTANT},
        {"iat": None},
    ],
)
async def test_claims_must_be_the_gateways_for_this_platform(
    gateway: Gateway, changes: dict[str, object]
) -> None:
    """Issuer, subject, audience as one string, jti, times: each wrong one is invalid_client."""
    answer = await gateway.ask_token(gateway.assertion(None, **changes))

    assert (answer.status_code, answer.json()) == (401, {"error": "invalid_client"})


async def test_clocks_may_differ_by_half_a_minute(gateway: Gateway) -> None:
    """An assertion made 30 s in the future is accepted."""
    assertion = gateway.assertion(None, iat=INSTANT + 30, exp=INSTANT + 90)

    assert (await gateway.ask_token(assertion)).status_code == 200


async def test_an_assertion_is_spent_once(gateway: Gateway, house: House) -> None:
    """Of five at once, one gets a token; and none a minute later."""
    assertion = gateway.assertion()

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(gateway.ask_token(assertion)) for _ in range(5)]
    house.clock.pass_seconds(60)
    late = await gateway.ask_token(assertion)

    assert sorted(task.result().status_code for task in tasks) == [200, 401, 401, 401, 401]
    assert late.status_code == 401


async def test_a_spent_assertion_is_forgotten_when_it_is_dead(
    gateway: Gateway, house: House
) -> None:
    """After two minutes the jti may come again, in a fresh assertion."""
    await gateway.ask_token(gateway.assertion(None, jti="again"))
    house.clock.pass_seconds(121)

    assert (await gateway.ask_token(gateway.assertion(None, jti="again"))).status_code == 200


async def test_other_keys_prove_nothing(gateway: Gateway, house: House, make_key: MakeKey) -> None:
    """A stranger's key, and the gateway's own message key, are not its log-in key."""
    for signer in (make_key(), house.message_key):
        answer = await gateway.ask_token(gateway.assertion(signer))
        assert answer.status_code == 401


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": None}, "unsupported_grant_type"),
        ({"client_id": "somebody"}, "invalid_client"),
        ({"client_assertion_type": "jwt"}, "invalid_client"),
        ({"client_assertion": None}, "invalid_client"),
        ({"client_assertion": "a.b.c"}, "invalid_client"),
        ({"client_assertion": "a" * 5000}, "invalid_client"),
    ],
)
async def test_a_form_that_asks_otherwise_is_refused(
    gateway: Gateway, changes: dict[str, str | None], error: str
) -> None:
    """Another grant, another client, no or no proper assertion."""
    answer = await gateway.ask_token(None, **changes)

    assert answer.json() == {"error": error}
    assert answer.status_code == (401 if error == "invalid_client" else 400)


@pytest.mark.parametrize(
    "content", [b"grant_type", b"a=1&a=2", b"a=%C3&\xc3=1", b"&".join([b"a=1"] * 11)]
)
async def test_a_body_that_is_no_form_is_an_invalid_request(
    gateway: Gateway, content: bytes
) -> None:
    """Without values, a field twice, no ASCII, too many fields."""
    answer = await gateway.client.post(f"{gateway.base_url}/oauth/token", content=content)

    assert (answer.status_code, answer.json()) == (400, {"error": "invalid_request"})


async def test_the_client_id_may_be_left_out(gateway: Gateway) -> None:
    """The assertion names the client by itself (RFC 7521, section 4.2)."""
    assert (await gateway.ask_token(None, client_id=None)).status_code == 200
