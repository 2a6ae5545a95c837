"""The registry at the operations door, and what a suspension means at the bank door."""

from datetime import datetime

import msgspec
import pytest
from tests.endpoints.stage import JSON, Machine, Stage
from tests.endpoints.wire import Answer, send

from creditbridge.parties.model import ChangeKind
from creditbridge.protocols.canonical_json import JsonValue, canonicalize
from creditbridge.protocols.certificate_binding import PeerCertificate
from creditbridge.protocols.revocation_list import CertificateRevoked

UNKNOWN_BANK = "bnk_01hzy6t9x7c3v5n8m2k4p6q8r0"


async def list_consents(stage: Stage, machine: Machine, token: str) -> Answer:
    """Send a request with a token over the machine's own connection."""
    return await send(
        stage.bank,
        "GET",
        "/v1/consents/cns_01hzy6t9x7c3v5n8m2k4p6q8r0",
        headers=[("authorization", f"Bearer {token}"), JSON],
        certificate=machine.certificate,
    )


async def test_promise_19_the_next_request_of_a_suspended_bank_is_401(
    stage: Stage, north: Machine, south: Machine
) -> None:
    """With a token that was live a moment ago; another bank's works on."""
    token, theirs = await stage.get_token(north), await stage.get_token(south)

    suspended = await stage.operate("/suspensions", stage.suspend(north.bank_id))
    refused = await list_consents(stage, north, token)

    assert suspended.status == 201
    assert suspended.json["state"] == "SUSPENDED"
    assert (refused.status, refused.code) == (401, "invalid-token")
    assert (
        refused.header("www-authenticate")
        == 'Bearer error="invalid_token", DPoP algs="PS256 ES256 EdDSA"'
    )
    assert (await list_consents(stage, south, theirs)).code != "invalid-token"


async def test_A8_a_suspended_bank_looks_unknown_at_the_token_endpoint(
    stage: Stage, north: Machine
) -> None:
    """`invalid_client`, in the words that a stranger hears; in again after four eyes."""
    await stage.operate("/suspensions", stage.suspend(north.bank_id))
    stranger = msgspec.structs.replace(north, client_id="nobody-core")

    answers = [await ask_token(stage, machine) for machine in (north, stranger)]
    body = canonicalize({"bank_id": north.bank_id})
    change = await stage.operate("/changes", stage.propose(body, ChangeKind.BANK_RESUMPTION))
    resumed = await stage.operate("/approvals", stage.approve(change))

    assert {(one.status, one.body) for one in answers} == {(401, answers[0].body)}
    assert answers[0].json["error"] == "invalid_client"
    assert resumed.json["state"] == "ACTIVE"
    assert (await ask_token(stage, north)).status == 200


async def ask_token(stage: Stage, machine: Machine) -> Answer:
    """Ask for a token over a machine's own connection."""
    return await send(
        stage.bank,
        "POST",
        "/oauth/token",
        headers=[("content-type", "application/x-www-form-urlencoded")],
        body=f"grant_type=client_credentials&client_id={machine.client_id}".encode(),
        certificate=machine.certificate,
    )


async def test_an_operator_sees_a_banks_clients(stage: Stage, north: Machine) -> None:
    """Subject, scopes, keys and their ends; ended clients too."""
    body: JsonValue = {"client_id": north.client_id}
    change = await stage.operate(
        "/changes", stage.propose(canonicalize(body), ChangeKind.CLIENT_ENDING)
    )
    ended = await stage.operate("/approvals", stage.approve(change))

    shown = await send(stage.operations, "GET", f"/banks/{north.bank_id}/clients")

    assert ended.json["client_id"] == north.client_id
    assert ended.json["client_state"] == "ENDED"
    assert shown.json["bank_id"] == north.bank_id
    (client,) = msgspec.convert(shown.json["clients"], list[dict[str, object]])
    assert client["state"] == "ENDED"
    assert client["matcher"] == {"kind": "san_dns", "value": "core.north.example"}
    (key,) = msgspec.convert(client["keys"], list[dict[str, object]])
    assert key["key_id"] == north.key.key.key_id
    assert key["ends_at"] is not None


@pytest.mark.parametrize("bank_id", [UNKNOWN_BANK, "bnk_x"])
async def test_an_unknown_bank_is_not_found(bank_id: str, stage: Stage) -> None:
    """404, whatever its shape, to be shown or to be suspended."""
    shown = await send(stage.operations, "GET", f"/banks/{bank_id}/clients")
    suspended = await stage.operate("/suspensions", stage.suspend(bank_id))

    assert shown.status == 404
    assert (suspended.status, suspended.code) == (404, "bank-unknown")


async def test_a_suspension_of_another_hand_is_refused(stage: Stage, north: Machine) -> None:
    """A signature of nobody's key, and a member that nobody signed."""
    body = stage.suspend(north.bank_id)

    forged = await stage.operate("/suspensions", {**body, "signature": "A" * 86})
    widened = await stage.operate("/suspensions", {**body, "all": True})

    assert (forged.status, forged.code) == (401, "signature-invalid")
    assert widened.status == 400


class Taken:
    """Revocation lists that name every certificate."""

    def require_unrevoked(self, certificate: PeerCertificate, *, now: datetime) -> None:
        raise CertificateRevoked


async def test_T3_a_revoked_certificate_is_told_in_each_endpoints_words(
    stage: Stage, north: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`invalid_client` for a token, 401 with the challenge of `invalid_token` at a resource."""
    token = await stage.get_token(north)
    monkeypatch.setattr(stage.rooms.revocations, "require_unrevoked", Taken().require_unrevoked)

    asked = await ask_token(stage, north)
    refused = await list_consents(stage, north, token)

    assert (asked.status, asked.json["error"]) == (401, "invalid_client")
    assert (refused.status, refused.code) == (401, "certificate-revoked")
    assert (
        refused.header("www-authenticate")
        == 'Bearer error="invalid_token", DPoP algs="PS256 ES256 EdDSA"'
    )
    assert [one.header("connection") for one in (asked, refused)] == ["close", "close"]
