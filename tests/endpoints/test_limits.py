"""How much a client may ask: what its answers say, and what it hears beyond (PROTOCOLS E5, P9)."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from tests.endpoints.stage import FORM, Machine, Stage, make_certificate
from tests.endpoints.wire import Answer, send

from creditbridge.access.metadata import PAR_PATH
from creditbridge.admission.settings import LimitPolicy
from creditbridge.app.keeping import keep_house
from creditbridge.foundation.database import Database

QUOTA = 4
POLICIES = (
    LimitPolicy(name="bank", quota=QUOTA, window_seconds=60),
    LimitPolicy(name="day", quota=1_000, window_seconds=86_400),
)
POLICY = f'"bank";q={QUOTA};w=60, "day";q=1000;w=86400'
LIMIT = re.compile(r'"bank";r=(\d+);t=(\d+), "day";r=(\d+);t=(\d+)')


@pytest.fixture
async def limited(database: Database, tmp_path: Path) -> Stage:
    """A house where a client may ask four times a minute."""
    stage = Stage(database, tmp_path, policies=POLICIES)
    await stage.open()
    return stage


@pytest.fixture
async def bank(limited: Stage) -> Machine:
    """A machine of a bank, which does not sign."""
    return await limited.onboard("north", signs=False)


async def ask_token(
    stage: Stage, machine: Machine, *, certificate: bytes | None = None, scope: str = "reports"
) -> Answer:
    """Ask for a token."""
    form = f"grant_type=client_credentials&client_id={machine.client_id}&scope={scope}"
    return await send(
        stage.bank,
        "POST",
        "/oauth/token",
        headers=[FORM],
        body=form.encode(),
        certificate=certificate or machine.certificate,
    )


async def look(
    stage: Stage, machine: Machine, token: str, *, target: str = "/v1/reports/x"
) -> Answer:
    """Ask for something with a token."""
    bearer = ("authorization", f"Bearer {token}")
    return await send(stage.bank, "GET", target, headers=[bearer], certificate=machine.certificate)


def left(answer: Answer) -> int:
    """Return what an answer says is left in this minute."""
    assert answer.header("ratelimit-policy") == POLICY
    match = LIMIT.fullmatch(answer.header("ratelimit"))
    assert match is not None
    assert 1 <= int(match[2]) <= 60
    return int(match[1])


async def test_E5_every_answer_to_a_known_client_says_what_is_left(
    limited: Stage, bank: Machine
) -> None:
    """Tokens and resources, granted and refused, out of one quota."""
    issued = await ask_token(limited, bank)
    token = str(issued.json["access_token"])
    refused = await ask_token(limited, bank, scope="nothing")
    missing = await look(limited, bank, token)
    listed = await look(limited, bank, token, target="/v1/consents")

    answers = [issued, refused, missing, listed]
    assert [one.status for one in answers] == [200, 400, 404, 403]
    assert list(map(left, answers)) == [3, 2, 1, 0]


async def test_E5_a_signed_answer_says_it_outside_of_its_signature(
    stage: Stage, north: Machine
) -> None:
    """The signature covers what it always did, and still verifies."""
    request, answer = await stage.call(north, "GET", "/v1/consents")

    stage.verify(request, answer)
    assert answer.header("ratelimit-policy") == '"bank";q=600;w=60'
    assert re.fullmatch(r'"bank";r=598;t=\d+', answer.header("ratelimit"))
    assert "ratelimit" not in answer.header("signature-input")


async def test_P9_the_token_endpoint_answers_429_beyond_the_quota(
    limited: Stage, bank: Machine
) -> None:
    """In the words of OAuth, with the time to wait."""
    for _ in range(QUOTA):
        assert (await ask_token(limited, bank)).status == 200

    refused = await ask_token(limited, bank)

    assert (refused.status, refused.json["error"]) == (429, "temporarily_unavailable")
    assert refused.header("cache-control") == "no-store"
    assert left(refused) == 0
    waits = LIMIT.fullmatch(refused.header("ratelimit"))
    assert waits is not None
    assert refused.header("retry-after") == waits[2]


async def test_P9_a_push_is_answered_429_beyond_the_quota(limited: Stage, bank: Machine) -> None:
    """Requests that are refused count as well, and those at other endpoints."""
    form = f"client_id={bank.client_id}&response_type=code".encode()
    await ask_token(limited, bank)

    answers = [
        await send(
            limited.bank,
            "POST",
            PAR_PATH,
            headers=[FORM],
            body=form,
            certificate=bank.certificate,
        )
        for _ in range(QUOTA)
    ]

    assert [one.status for one in answers] == [400, 400, 400, 429]
    assert [left(one) for one in answers] == [2, 1, 0, 0]
    assert answers[-1].json["error"] == "temporarily_unavailable"
    assert 1 <= int(answers[-1].header("retry-after")) <= 60


async def test_E5_a_resource_answers_429_beyond_the_quota(limited: Stage, bank: Machine) -> None:
    """With problem details, before the request is looked at any further."""
    token = str((await ask_token(limited, bank)).json["access_token"])
    for _ in range(QUOTA - 1):
        await look(limited, bank, token)

    refused = await look(limited, bank, token)

    assert (refused.status, refused.code) == (429, "rate-limited")
    assert left(refused) == 0
    assert 1 <= int(refused.header("retry-after")) <= 60


async def test_E5_the_next_minute_is_another_one(limited: Stage, bank: Machine) -> None:
    """The wait that was told is long enough."""
    for _ in range(QUOTA):
        await ask_token(limited, bank)
    refused = await ask_token(limited, bank)
    wait = timedelta(seconds=int(refused.header("retry-after")))
    async with limited.database.transaction() as tx:
        later = tx.now + wait
    await limited.database.raise_floor(later)

    answer = await ask_token(limited, bank)

    assert (answer.status, left(answer)) == (200, QUOTA - 1)


async def test_E5_who_does_not_prove_a_client_spends_nothing_of_its_quota(
    limited: Stage, bank: Machine
) -> None:
    """Neither with its name, nor with a stolen token: nobody can shut a client out."""
    token = str((await ask_token(limited, bank)).json["access_token"])
    foreign = make_certificate("core.thief.example")
    for _ in range(2 * QUOTA):
        forged = await ask_token(limited, bank, certificate=foreign)
        stolen = await send(
            limited.bank,
            "GET",
            "/v1/consents",
            headers=[("authorization", f"Bearer {token}")],
            certificate=foreign,
        )
        assert (forged.status, stolen.status) == (401, 401)
        assert forged.list_headers("ratelimit") == stolen.list_headers("ratelimit") == []

    assert left(await ask_token(limited, bank)) == QUOTA - 2


async def test_E5_one_bank_does_not_spend_anothers(limited: Stage, bank: Machine) -> None:
    """Promise 18: a noisy bank is its own trouble."""
    south = await limited.onboard("south", signs=False)
    for _ in range(QUOTA + 2):
        await ask_token(limited, bank)

    assert (await ask_token(limited, south)).status == 200


async def test_E5_a_flood_leaves_one_entry_in_the_ledger(limited: Stage, bank: Machine) -> None:
    """Law 1 holds, and ten years of log are not filled by a client in a loop."""
    for _ in range(QUOTA + 20):
        await ask_token(limited, bank)
    keeping = keep_house(limited.rooms)

    await keeping.close()

    async with limited.database.transaction() as tx:
        kinds = await tx.fetch_value(
            list[str], "SELECT array_agg(kind ORDER BY kind) FROM ledger_openings"
        )
    assert kinds is not None
    assert kinds.count("caller.limited") == 1
    assert kinds.count("token.refused") == 0


async def test_E5_without_policies_no_answer_speaks_of_limits(
    database: Database, tmp_path: Path
) -> None:
    """As the conformance suite needs it."""
    stage = Stage(database, tmp_path, policies=())
    await stage.open()
    machine = await stage.onboard("north")

    for _ in range(QUOTA + 2):
        answer = await ask_token(stage, machine)

        assert answer.status == 200
        assert answer.list_headers("ratelimit") == answer.list_headers("ratelimit-policy") == []
