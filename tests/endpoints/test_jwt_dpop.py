"""A machine without any certificate: private_key_jwt and DPoP over one listener (PROTOCOLS T2)."""

from urllib.parse import urlencode

import pytest
from tests.endpoints.assertions import Signing, ask_token, onboard_signing
from tests.endpoints.proofs import RESOURCE, TOKEN_PATH, Holder
from tests.endpoints.stage import FORM, Machine, Stage, make_key
from tests.endpoints.wire import Answer, send


@pytest.fixture
async def signing(stage: Stage) -> Signing:
    """A machine that proves itself by assertions, and its tokens by a key."""
    return await onboard_signing(stage, "north", sender_constraint="DPOP")


@pytest.fixture
def holder(stage: Stage, signing: Signing) -> Holder:
    """The same machine with its key."""
    machine = Machine(
        client_id=signing.client_id,
        bank_id=signing.bank_id,
        certificate=signing.certificate,
        key=make_key(),
    )
    return Holder(stage, machine)


async def ask(
    signing: Signing, holder: Holder, *proofs: str, certificate: bytes | None = None
) -> Answer:
    """Ask for a token by an assertion and these proofs."""
    return await ask_token(
        holder.stage, signing.assert_self(holder.stage), certificate, proofs=proofs
    )


async def post(signing: Signing, stage: Stage, path: str, **form: str) -> Answer:
    """Send a form of the client's to another endpoint, without a certificate."""
    return await send(
        stage.bank,
        "POST",
        path,
        headers=[FORM],
        body=urlencode({**signing.assertion_form(stage), **form}).encode(),
    )


async def test_T2_no_certificate_is_needed_from_the_token_to_its_end(
    stage: Stage, signing: Signing, holder: Holder
) -> None:
    """Jwt + dpop: a token, its use, a look at it, its revocation."""
    answer = await ask(signing, holder, holder.prove("POST", TOKEN_PATH))
    token = str(answer.json["access_token"])

    used = await holder.use(token, holder.prove("GET", RESOURCE, token=token))
    told = await post(signing, stage, "/oauth/introspect", token=token)
    revoked = await post(signing, stage, "/oauth/revoke", token=token)
    gone = await holder.use(token, holder.prove("GET", RESOURCE, token=token))

    assert (answer.status, answer.json["token_type"]) == (200, "DPoP")
    assert used.status == 200, used.body
    assert told.json["cnf"] == {"jkt": holder.key.key.key_id}
    assert revoked.status == 200
    assert (gone.status, gone.code) == (401, "invalid-token")


async def test_T2_a_certificate_that_comes_along_binds_nothing(
    signing: Signing, holder: Holder
) -> None:
    """The registration says which of the two it is; without a proof there is no token."""
    refused = await ask(signing, holder, certificate=signing.certificate)
    bound = await ask(
        signing, holder, holder.prove("POST", TOKEN_PATH), certificate=signing.certificate
    )
    token = str(bound.json["access_token"])

    assert (refused.status, refused.json["error"]) == (400, "invalid_dpop_proof")
    assert (await holder.use(token, holder.prove("GET", RESOURCE, token=token))).status == 200
