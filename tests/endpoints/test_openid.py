"""OpenID Connect for machines that are registered for it: who said yes, under a pseudonym."""

import importlib
from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import urlencode

import joserfc.jwk
import joserfc.jwt
import msgspec
import pytest
from tests.endpoints.browser import (
    CODE_FLOW,
    Browser,
    form_of,
    push,
    push_scopes,
    redeem,
    returned,
)
from tests.endpoints.stage import FORM, PEOPLE_URL, Machine, Stage, make_key
from tests.endpoints.wire import Answer, send

from creditbridge.access.metadata import JWKS_PATH
from creditbridge.app.journeys import house_of
from creditbridge.endpoints.applications import people_application
from creditbridge.endpoints.readiness import Readiness
from creditbridge.foundation.key_rings import PlannedKey
from creditbridge.protocols.canonical_json import JsonValue

MEMBERS: dict[str, JsonValue] = {**CODE_FLOW, "scopes": ["openid", "reports"]}
NONCE = "n" * 1_024


@pytest.fixture
async def north(stage: Stage) -> Machine:
    """A machine that may ask who said yes."""
    return await stage.onboard("north", signs=False, members=MEMBERS)


@pytest.fixture
def browser(stage: Stage) -> Browser:
    """A representative's browser."""
    return Browser(stage)


async def obtain(stage: Stage, machine: Machine, browser: Browser, **changed: str | None) -> Answer:
    """Ask for scopes, say yes, and bring the code."""
    page = await browser.open(await push_scopes(stage, machine, **changed))
    code = returned(await browser.decide(page, "approve"))["code"]
    return await redeem(stage, machine, code)


async def read(stage: Stage, token: object) -> joserfc.jwt.Token:
    """Return an ID token as a client reads it: with the keys that are published."""
    published = await send(stage.people, "GET", "/jwks")
    keys = joserfc.jwk.KeySet.import_key_set(
        msgspec.json.decode(published.body, type=joserfc.jwk.KeySetSerialization)
    )
    return joserfc.jwt.decode(str(token), keys, algorithms=["PS256"])


async def test_Z9_an_id_token_tells_who_said_yes(
    stage: Stage, north: Machine, browser: Browser
) -> None:
    """`happy-flow` with `openid_connect`; a judge that we did not write checks the claims."""
    started = stage.clock.now()

    answer = await obtain(stage, north, browser, scope="reports openid", nonce=NONCE)

    assert answer.json["scope"] == "openid reports"
    token = await read(stage, answer.json["id_token"])
    assert token.header["alg"] == "PS256"
    claims = token.claims
    assert claims.keys() == {"iss", "sub", "aud", "exp", "iat", "auth_time", "nonce"}
    assert (claims["iss"], claims["aud"]) == (PEOPLE_URL, north.client_id)
    assert claims["nonce"] == NONCE
    assert claims["exp"] - claims["iat"] == 300
    assert int(started.timestamp()) <= claims["auth_time"] <= claims["iat"]
    judge = importlib.import_module("authlib.oidc.core").CodeIDToken
    judge(
        dict(claims),
        dict(token.header),
        options={"iss": {"essential": True, "value": PEOPLE_URL}},
        params={"client_id": north.client_id, "nonce": NONCE, "max_age": 60},
    ).validate(now=int(stage.clock.now().timestamp()))


async def test_Z9_what_was_not_sent_is_not_told(
    stage: Stage, north: Machine, browser: Browser
) -> None:
    """`ensure-authorization-request-without-nonce-success`: no nonce, no claim."""
    answer = await obtain(stage, north, browser, scope="openid")

    assert "nonce" not in (await read(stage, answer.json["id_token"])).claims


async def test_Z9_without_the_scope_there_is_no_id_token(
    stage: Stage, north: Machine, browser: Browser
) -> None:
    """Nor a row that holds a nonce for one (plan variant `plain_oauth`)."""
    answer = await obtain(stage, north, browser, scope="reports", nonce="n-1")

    assert "id_token" not in answer.json
    async with stage.database.transaction() as tx:
        kept = await tx.fetch_value(
            int, "SELECT count(*) FROM access_codes WHERE num_nonnulls(nonce, authenticated_at) > 0"
        )
    assert kept == 0


async def test_Z9_a_refreshed_token_tells_of_nobody(
    stage: Stage, north: Machine, browser: Browser
) -> None:
    """Nobody signed in for it (OpenID Connect Core 1.0, section 12.2 leaves it to the house)."""
    first = await obtain(stage, north, browser, scope="openid reports")
    form = {
        "grant_type": "refresh_token",
        "client_id": north.client_id,
        "refresh_token": str(first.json["refresh_token"]),
    }

    answer = await ask_token(stage, north, form)

    assert answer.status == 200, answer.body
    assert "id_token" not in answer.json


async def ask_token(stage: Stage, machine: Machine, form: Mapping[str, str]) -> Answer:
    """Send a form to the token endpoint."""
    return await send(
        stage.bank,
        "POST",
        "/oauth/token",
        headers=[FORM],
        body=urlencode(form).encode(),
        certificate=machine.certificate,
    )


async def test_M5_a_person_is_one_at_a_bank_and_another_at_the_next(
    stage: Stage, north: Machine, browser: Browser
) -> None:
    """Pairwise: the same at every sign-in, another one for another bank and for another person."""
    south = await stage.onboard("south", signs=False, members=MEMBERS)
    subjects = list[object]()
    for machine in (north, north, south):
        answer = await obtain(stage, machine, browser, scope="openid")
        subjects.append((await read(stage, answer.json["id_token"])).claims["sub"])

    first, again, elsewhere = subjects
    assert first == again
    assert first != elsewhere
    async with stage.database.transaction() as tx:
        person = await tx.fetch_value(str, "SELECT person_id FROM access_grants LIMIT 1")
    assert person is not None
    assert all(person not in str(subject) for subject in subjects)


async def test_G1_openid_is_nothing_without_a_person(stage: Stage, north: Machine) -> None:
    """By `client_credentials` it is refused where it is asked for, and never given by default."""
    form = {"grant_type": "client_credentials", "client_id": north.client_id}

    given = await ask_token(stage, north, form)
    asked = await ask_token(stage, north, {**form, "scope": "openid reports"})

    assert given.json["scope"] == "reports"
    assert (asked.status, asked.json["error"]) == (400, "invalid_scope")


async def test_Z9_a_page_cannot_be_done_without(stage: Stage, north: Machine) -> None:
    """`prompt=none` is refused at the push (OpenID Connect Core 1.0, section 3.1.2.6)."""
    asked = form_of(north.client_id, scope="openid", prompt="none")

    answer = await push(stage, north, asked)
    plain = await push(stage, north, {**asked, "scope": "reports"})
    other = await push(stage, north, {**asked, "prompt": "login consent"})

    assert (answer.status, answer.json["error"]) == (400, "login_required")
    assert (plain.status, other.status) == (201, 201)


async def test_M1_the_openid_configuration_is_the_metadata_and_more(stage: Stage) -> None:
    """`discovery-end-point-verification` with `openid_connect`; only what is true."""
    answer = await send(stage.people, "GET", "/.well-known/openid-configuration")
    plain = await send(stage.people, "GET", "/.well-known/oauth-authorization-server")

    assert answer.status == 200
    assert answer.header("content-type") == "application/json"
    added = {name: value for name, value in answer.json.items() if name not in plain.json}
    assert added == {
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["PS256"],
        "claims_supported": ["aud", "auth_time", "exp", "iat", "iss", "nonce", "sub"],
        "claims_parameter_supported": False,
        "request_uri_parameter_supported": False,
    }
    assert "openid" in list_scopes(answer)
    assert answer.json["issuer"] == plain.json["issuer"] == PEOPLE_URL
    judge = importlib.import_module("authlib.oidc.discovery").OpenIDProviderMetadata
    # OpenID Connect Discovery asks for RS256, which FAPI 2.0 (section 5.4.1) forbids: so does the
    # judge, and is content with all the rest.
    judge({**answer.json, "id_token_signing_alg_values_supported": ["PS256", "RS256"]}).validate()
    resource = await send(stage.bank, "GET", "/.well-known/oauth-protected-resource")
    assert "openid" not in list_scopes(resource)


async def test_K2_M2_the_documents_follow_a_key_of_another_algorithm(stage: Stage) -> None:
    """Without a restart: both algorithms from the announcement on, then the later one alone."""
    ring, now, later = stage.rooms.keys.token, stage.clock.now(), make_key().key
    assert ring is not None
    earlier = ring.current().key
    day = timedelta(days=1)

    ring.plan(
        [PlannedKey(key=earlier, use_from=now - day), PlannedKey(key=later, use_from=now + day)],
        now=now,
    )
    announced = await list_token_algorithms(stage)
    ring.plan(
        [
            PlannedKey(key=earlier, use_from=now - day, is_retired=True),
            PlannedKey(key=later, use_from=now - day),
        ],
        now=now,
    )

    assert announced == {"authorization": ["ES256", "PS256"], "id_token": ["ES256", "PS256"]}
    assert await list_token_algorithms(stage) == {"authorization": ["ES256"], "id_token": ["ES256"]}


async def list_token_algorithms(stage: Stage) -> dict[str, object]:
    """Return what answers and ID tokens are said to be signed with; kept as long as the keys."""
    keys = await send(stage.people, "GET", JWKS_PATH)
    plain = await send(stage.people, "GET", "/.well-known/oauth-authorization-server")
    openid = await send(stage.people, "GET", "/.well-known/openid-configuration")
    assert len({one.header("cache-control") for one in (keys, plain, openid)}) == 1
    name = "authorization_signing_alg_values_supported"
    assert openid.json[name] == plain.json[name]
    return {
        "authorization": plain.json[name],
        "id_token": openid.json["id_token_signing_alg_values_supported"],
    }


def list_scopes(answer: Answer) -> list[str]:
    """Return the scopes that a document names."""
    return msgspec.convert(answer.json["scopes_supported"], list[str])


async def test_M1_without_openid_there_is_no_such_document(stage: Stage, north: Machine) -> None:
    """A house without the secret: the address is unknown, and the scope is refused."""
    rooms = msgspec.structs.replace(stage.rooms, id_tokens=None)
    house = house_of(
        rooms, Readiness(database=stage.database, sequencer=stage.sequencer, phase=stage.lifecycle)
    )

    answer = await send(people_application(house), "GET", "/.well-known/openid-configuration")

    assert answer.status == 404
    assert "openid" not in str(house.described.server()["scopes_supported"])
    assert "openid" not in house.machines.push_request.scopes
