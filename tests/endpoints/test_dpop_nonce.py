"""Nonces of the server in proofs, where its operator wants them (RFC 9449, sections 8 and 9)."""

from datetime import timedelta

import msgspec
import pytest
from tests.endpoints.proofs import RESOURCE, TOKEN_PATH, Holder
from tests.endpoints.stage import Stage
from tests.endpoints.wire import Application

from creditbridge.app.journeys import house_of
from creditbridge.endpoints.applications import bank_application
from creditbridge.protocols.dpop_nonce import ProofNonces

NONCES = ProofNonces(key=bytes(32))


def open_node(stage: Stage) -> Application:
    """Return the bank door of one node that wants nonces."""
    rooms = msgspec.structs.replace(stage.rooms, nonces=NONCES)
    return bank_application(house_of(rooms, stage.house.readiness))


@pytest.fixture
async def holder(stage: Stage) -> Holder:
    """A machine registered for DPoP, at a door that wants nonces."""
    holder = Holder(stage, await stage.onboard("north", signs=False, constraint="DPOP"))
    holder.door = open_node(stage)
    return holder


async def get_bound_token(holder: Holder) -> str:
    """Get a token with a nonce that was offered."""
    nonce = (await holder.ask(holder.prove("POST", TOKEN_PATH))).header("dpop-nonce")
    answer = await holder.ask(holder.prove("POST", TOKEN_PATH, claims={"nonce": nonce}))
    assert answer.status == 200, answer.body
    return str(answer.json["access_token"])


async def test_D4_a_token_is_given_to_who_repeats_the_nonce(holder: Holder) -> None:
    """400 `use_dpop_nonce` with a nonce; with it 200, and a nonce for the next proof."""
    refused = await holder.ask(holder.prove("POST", TOKEN_PATH))
    nonce = refused.header("dpop-nonce")
    given = await holder.ask(holder.prove("POST", TOKEN_PATH, claims={"nonce": nonce}))

    assert (refused.status, refused.json["error"]) == (400, "use_dpop_nonce")
    assert refused.header("cache-control") == "no-store"
    assert given.status == 200
    assert len(given.header("dpop-nonce")) == 43


async def test_D4_a_token_opens_a_resource_to_who_repeats_the_nonce(holder: Holder) -> None:
    """401 with the challenge of RFC 9449, section 9; then 200."""
    token = await get_bound_token(holder)

    refused = await holder.use(token, holder.prove("GET", RESOURCE, token=token))
    claims = {"nonce": refused.header("dpop-nonce")}
    given = await holder.use(token, holder.prove("GET", RESOURCE, token=token, claims=claims))

    assert (refused.status, refused.code) == (401, "use-dpop-nonce")
    challenge = 'DPoP error="use_dpop_nonce", algs="PS256 ES256 EdDSA"'
    assert refused.header("www-authenticate") == challenge
    assert given.status == 200
    assert len(given.header("dpop-nonce")) == 43


async def test_D4_a_nonce_of_one_node_is_good_on_all(holder: Holder) -> None:
    """None is stored: whoever has the key knows it."""
    token = await get_bound_token(holder)
    offered = await holder.use(token, holder.prove("GET", RESOURCE, token=token))
    claims = {"nonce": offered.header("dpop-nonce")}

    holder.door = open_node(holder.stage)
    answer = await holder.use(token, holder.prove("GET", RESOURCE, token=token, claims=claims))

    assert answer.status == 200


@pytest.mark.parametrize("case", ["old", "of another key"])
async def test_D4_another_nonce_is_answered_with_a_fresh_one(case: str, holder: Holder) -> None:
    """Three minutes old, or of a house with another key."""
    now = holder.stage.clock.now()
    nonce = {
        "old": NONCES.make(now=now - timedelta(minutes=3)),
        "of another key": ProofNonces(key=b"k" * 32).make(now=now),
    }[case]

    answer = await holder.ask(holder.prove("POST", TOKEN_PATH, claims={"nonce": nonce}))

    assert (answer.status, answer.json["error"]) == (400, "use_dpop_nonce")
    assert answer.header("dpop-nonce") != nonce


async def test_D4_who_sends_no_proof_hears_of_no_nonce(
    holder: Holder,
) -> None:
    """The first thing that is missing is the proof."""
    answer = await holder.ask()

    assert (answer.status, answer.json["error"]) == (400, "invalid_dpop_proof")
    assert answer.list_headers("dpop-nonce") == []
