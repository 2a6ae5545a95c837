"""A client that publishes its keys itself, at the token endpoint and at the bank door."""

from pathlib import Path
from urllib.parse import urlencode

import msgspec
import pytest
from msgspec.structs import replace
from tests.endpoints.assertions import (
    Signing,
    ask_token,
    forge,
    make_signing_key,
    onboard_signing,
)
from tests.endpoints.browser import CODE_FLOW, form_of
from tests.endpoints.stage import FORM, PEOPLE_URL, Machine, Stage, make_key
from tests.endpoints.wire import Answer, send
from tests.publisher import ADDRESS, Publisher

import creditbridge.app.machines
from creditbridge.access.model import InvalidClient
from creditbridge.foundation.database import Database
from creditbridge.foundation.http import Http
from creditbridge.parties.model import ChangeKind
from creditbridge.parties.settings import KeyFetchSettings
from creditbridge.protocols.canonical_json import JsonValue, canonicalize


def require_invalid_client(answer: Answer) -> None:
    """The one answer to whoever is not proven."""
    assert answer.status == 401
    assert answer.json == {"error": "invalid_client", "error_description": InvalidClient.message}


@pytest.fixture
def publisher(monkeypatch: pytest.MonkeyPatch) -> Publisher:
    """The client's own server, in the place of the network."""
    publisher = Publisher()

    def open_http(_: KeyFetchSettings, address: str) -> Http:
        return publisher.open_http(address)

    monkeypatch.setattr(creditbridge.app.machines, "open_key_http", open_http)
    return publisher


@pytest.fixture
async def stage(publisher: Publisher, database: Database, tmp_path: Path) -> Stage:
    """The house, built where clients' servers are reached."""
    stage = Stage(database, tmp_path)
    await stage.open()
    return stage


@pytest.fixture
async def machine(stage: Stage, publisher: Publisher) -> Signing:
    """A machine that proves itself by a published key, and may sign messages with it."""
    machine = await onboard_signing(
        stage,
        "north",
        keys=[],
        jwks_uri=ADDRESS,
        requires_signature=True,
        grant_types=CODE_FLOW["grant_types"],
        redirect_uris=CODE_FLOW["redirect_uris"],
    )
    publisher.keys = [machine.key]
    return machine


async def test_K3_a_published_key_buys_a_token(
    stage: Stage, machine: Signing, publisher: Publisher
) -> None:
    """Fetched for the first assertion, at hand for the second."""
    for _ in range(2):
        answer = await ask_token(stage, machine.assert_self(stage), machine.certificate)
        assert answer.status == 200, answer.body

    assert publisher.requests == [f"GET {ADDRESS}"]


async def test_K3_where_nothing_can_be_fetched_the_client_is_not_proven(
    stage: Stage, machine: Signing, publisher: Publisher
) -> None:
    """In the words for any that is not, and the server is asked once."""
    publisher.status = 503

    for _ in range(3):
        require_invalid_client(
            await ask_token(stage, machine.assert_self(stage), machine.certificate)
        )

    assert len(publisher.requests) == 1


async def test_K2_a_name_that_nobody_published_is_refused(
    stage: Stage, machine: Signing, publisher: Publisher
) -> None:
    """The set was fetched a moment ago, so what it lacks is not there."""
    assert (await ask_token(stage, machine.assert_self(stage), machine.certificate)).status == 200
    key, sign = make_signing_key("ES256", "unknown")
    stranger = replace(machine, key=key, sign=sign)

    for _ in range(2):
        require_invalid_client(
            await ask_token(stage, stranger.assert_self(stage), machine.certificate)
        )

    assert len(publisher.requests) == 1


async def test_K3_a_published_key_signs_messages(
    stage: Stage, machine: Signing, publisher: Publisher
) -> None:
    """Fetched while the message is judged; nothing of the first try is left behind."""
    signer = make_key()
    publisher.keys.append(signer.key)
    token = await ask_token(stage, machine.assert_self(stage), machine.certificate)
    await stage.database.raise_floor(stage.clock.now())
    async with stage.database.transaction() as tx:
        # As if five minutes had passed, for the set alone.
        await tx.execute("UPDATE parties_key_sets SET fetched_at = NULL, begun_at = NULL")
    bearer = [("authorization", f"Bearer {token.json['access_token']}")]
    signing = Machine(
        client_id=machine.client_id,
        bank_id=machine.bank_id,
        certificate=machine.certificate,
        key=signer,
    )

    request, answer = await stage.send_signed(signing, "GET", "/v1/consents", headers=bearer)
    _, unknown = await stage.send_signed(
        replace(signing, key=make_key()), "GET", "/v1/consents", headers=bearer
    )

    assert answer.status == 200, answer.body
    stage.verify(request, answer)
    assert len(publisher.requests) == 2
    assert (unknown.status, unknown.code) == (401, "signature-key-unknown")
    assert len(publisher.requests) == 2


async def test_K3_a_published_key_signs_requests(
    stage: Stage, machine: Signing, publisher: Publisher
) -> None:
    """RFC 9101: of two keys of one name the algorithm chooses; fetched for the object alone."""
    key, sign = make_signing_key("EdDSA", machine.key.key_id)
    assert (await ask_token(stage, machine.assert_self(stage), machine.certificate)).status == 200
    publisher.keys.append(key)
    async with stage.database.transaction() as tx:
        # As if half a minute had passed, for the set alone.
        await tx.execute("UPDATE parties_key_sets SET begun_at = begun_at - interval '30 s'")
    now = int(stage.clock.now().timestamp())
    asked = {
        **form_of(machine.client_id),
        "iss": machine.client_id,
        "aud": PEOPLE_URL,
        "nbf": now,
        "exp": now + 60,
    }
    signed = forge({"alg": "EdDSA", "kid": key.key_id, "typ": "oauth-authz-req+jwt"}, asked, sign)

    form = {
        **machine.assertion_form(stage),
        "client_id": machine.client_id,
        "request": signed,
    }
    answer = await send(
        stage.bank,
        "POST",
        "/oauth/par",
        headers=[FORM],
        body=urlencode(form).encode(),
        certificate=machine.certificate,
    )

    assert answer.status == 201, answer.body
    assert len(publisher.requests) == 2


async def test_operators_see_where_keys_stand_and_cannot_change_them_here(
    stage: Stage, machine: Signing
) -> None:
    """With the instant of the last fetch, and every key there was."""
    before = await send(stage.operations, "GET", f"/banks/{machine.bank_id}/clients")
    (shown,) = msgspec.convert(before.json["clients"], list[dict[str, object]])
    assert (shown["jwks_uri"], shown["keys_fetched_at"], shown["keys"]) == (ADDRESS, None, [])

    await ask_token(stage, machine.assert_self(stage), machine.certificate)
    after = await send(stage.operations, "GET", f"/banks/{machine.bank_id}/clients")
    (shown,) = msgspec.convert(after.json["clients"], list[dict[str, object]])
    assert shown["keys_fetched_at"] is not None
    (key,) = msgspec.convert(shown["keys"], list[dict[str, object]])
    assert (key["key_id"], key["ends_at"]) == (machine.key.key_id, None)
    body = canonicalize(
        {
            "client_id": machine.client_id,
            "add": [dict[str, JsonValue](make_key().key.to_jwk())],
            "end": [],
            "overlap_seconds": 0,
        }
    )
    change = await stage.operate("/changes", stage.propose(body, ChangeKind.CLIENT_KEYS))
    refused = await stage.operate("/approvals", stage.approve(change))
    assert (refused.status, refused.code) == (403, "client-keys-elsewhere")
