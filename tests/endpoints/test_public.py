"""What everybody may read: the transparency log, and plain errors at addresses that are none."""

import pytest
from tests.endpoints.stage import ORIGIN, Machine, Stage
from tests.endpoints.wire import send

from creditbridge.ledger.service import find_size
from creditbridge.protocols.checkpoint import parse_checkpoint
from creditbridge.protocols.signed_note import note_key, open_note
from creditbridge.protocols.tiles import decode_bundle


async def test_the_checkpoint_is_a_signed_note(stage: Stage, north: Machine) -> None:
    """Before the first there is none; then its key verifies it (C2SP tlog-checkpoint)."""
    early = await send(stage.people, "GET", "/checkpoint")
    await stage.sequencer.run_once()

    answer = await send(stage.people, "GET", "/checkpoint")

    assert (early.status, early.code) == (404, "not-found")
    key = note_key(ORIGIN, stage.rooms.keys.ledger.current().key)
    checkpoint = parse_checkpoint(open_note(answer.body, [key]).text)
    assert checkpoint.origin == ORIGIN
    assert checkpoint.size >= 5
    assert answer.header("content-type") == "text/plain; charset=utf-8"
    assert north.bank_id.encode() not in answer.body


async def test_tiles_hold_commitments_and_nothing_else(stage: Stage, north: Machine) -> None:
    """Hashes of 32 bytes, entries of 33, unchanging for ever."""
    await stage.sequencer.run_once()
    async with stage.database.transaction() as tx:
        size = await find_size(tx)

    tile = await send(stage.people, "GET", f"/tile/0/000.p/{size}")
    bundle = await send(stage.people, "GET", f"/tile/entries/000.p/{size}")

    assert len(tile.body) == 32 * size
    assert {len(entry) for entry in decode_bundle(bundle.body)} == {33}
    assert tile.header("cache-control") == "public, max-age=31536000, immutable"
    assert tile.header("content-type") == "application/octet-stream"
    assert north.client_id.encode() not in bundle.body


@pytest.mark.parametrize(
    "path",
    [
        "/tile/0/001",
        "/tile/0/000.p/255",
        "/tile/0/000",
        "/tile/9/000",
        "/tile/0/0",
        "/tile/00/000",
        "/tile/0/x000/000",
        "/tile/entries/000.p/0",
        "/tile/0/000.p/01",
        "/tile/../checkpoint",
        "/tile/0/%30%30%30.p/256",
        "/tile",
        "/",
        "/nothing",
    ],
)
async def test_what_is_not_published_is_not_found(path: str, stage: Stage, north: Machine) -> None:
    """404 for a tile that no checkpoint needs, for another spelling, and for no address at all."""
    await stage.sequencer.run_once()

    answer = await send(stage.bank if path == "/" else stage.people, "GET", path)

    assert (answer.status, answer.code) == (404, "not-found")
    assert north.client_id.encode() not in answer.body


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/v1/reports", {"POST"}),
        ("PUT", "/v1/consents", {"GET", "POST"}),
        ("GET", "/oauth/token", {"POST"}),
    ],
)
async def test_another_method_is_told_which_there_are(
    method: str, path: str, allowed: set[str], stage: Stage
) -> None:
    """405 with Allow (RFC 9110, section 15.5.6)."""
    answer = await send(stage.bank, method, path)

    assert (answer.status, answer.code) == (405, "method-not-allowed")
    listed = {word.strip() for word in answer.header("allow").split(",")}
    assert listed - {"OPTIONS", "HEAD"} == allowed
    assert len(answer.header("x-fapi-interaction-id")) == 36


async def test_a_trace_of_the_framework_shows_nowhere(stage: Stage) -> None:
    """No generated documentation, no server header, no stack."""
    for path in ("/schema", "/docs", "/openapi.json", "/schema/openapi.json"):
        answer = await send(stage.bank, "GET", path)
        assert (answer.status, answer.code) == (404, "not-found")
        assert b"litestar" not in answer.body.lower()
        assert answer.list_headers("server") == []


@pytest.mark.parametrize("path", ["/oauth/authorize", "/portal/sign-in"])
@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
async def test_T5_no_script_of_another_site_reads_a_page(
    method: str, path: str, stage: Stage
) -> None:
    """No CORS header, asked for or not; a browser comes by TLS from now on."""
    asked = [("origin", "https://bank.example"), ("access-control-request-method", "GET")]

    answer = await send(stage.people, method, path, headers=asked)

    assert not [name for name, _ in answer.headers if name.startswith("access-control-")]
    if method == "GET":
        assert answer.header("strict-transport-security") == "max-age=31536000"
