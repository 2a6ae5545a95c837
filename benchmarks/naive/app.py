"""The one handler of the naive gateway: everything in a row, each row committed alone."""

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import msgspec
from http_message_signatures import HTTPMessageSignaturesException
from litestar import Litestar, Request, Response, post
from litestar.datastructures import State
from litestar.exceptions import HTTPException

from benchmarks.naive.server import THUMBPRINT
from benchmarks.naive.settings import NaiveSettings
from benchmarks.naive.signing import (
    AnswerMessage,
    JsonSigner,
    Message,
    MessageSigner,
    MessageVerifier,
)
from benchmarks.naive.store import Store
from benchmarks.naive.upstream import Upstream
from creditbridge.foundation.clock import SystemClock
from creditbridge.foundation.ids import Kind, new_id
from creditbridge.foundation.keys import load_file_key, parse_public_key

Web = Request[object, object, State]


class House(msgspec.Struct, frozen=True, kw_only=True):
    """What the handler uses."""

    url: str
    store: Store
    upstream: Upstream
    bank_verifier: MessageVerifier
    signer: MessageSigner
    json_signer: JsonSigner


@post("/v1/reports", status_code=200)
async def create_report(request: Web) -> Response[bytes]:
    """Deliver one report."""
    house: House = request.app.state.house
    body = await request.body()
    message = Message("POST", f"{house.url}/v1/reports", request.headers)
    client_id = await _admit(house, request, message, body)
    key = request.headers.get("idempotency-key", "")
    if not await house.store.take_key(client_id, key, body):
        raise HTTPException(status_code=409)
    asked = json.loads(body)
    consent_id, sections = str(asked["consent_id"]), sorted(asked["sections"])
    covered = await house.store.take_use(
        client_id,
        consent_id,
        uscc=asked["enterprise"],
        purpose=asked["purpose"],
        sections=sections,
    )
    if not covered:
        raise HTTPException(status_code=403)
    now = SystemClock().now()
    report_id, query_id = new_id(Kind.REPORT, now=now), new_id(Kind.QUERY, now=now)
    await house.store.write_intent(report_id, consent_id, query_id, body)
    query = {"uscc": asked["enterprise"], "sections": sections, "purpose": asked["purpose"]}
    answered = await house.upstream.ask(query_id, query, consent_id.encode())
    profile = _make_profile(house, report_id, answered.content)
    await house.store.write_delivery(report_id, profile, answered.headers["signature"])
    await house.store.keep_answer(client_id, key, 200, profile)
    answer = AnswerMessage(200, {"content-type": "application/json"}, message)
    house.signer.sign_answer(answer, profile)
    return Response(profile, headers=answer.headers)


async def _admit(house: House, request: Web, message: Message, body: bytes) -> str:
    token = request.headers.get("authorization", "").removeprefix("Bearer ")
    found = await house.store.find_token(token)
    if found is None or found[1] != request.scope["state"][THUMBPRINT]:
        raise HTTPException(status_code=401)
    try:
        key_id, nonce = house.bank_verifier.verify_request(message, body)
    except HTTPMessageSignaturesException as error:
        raise HTTPException(detail=str(error), status_code=401) from error
    if not await house.store.take_nonce(key_id, nonce):
        raise HTTPException(status_code=401)
    return found[0]


def _make_profile(house: House, report_id: str, answer: bytes) -> bytes:
    theirs = json.loads(answer)
    profile = {
        "profile_id": report_id,
        "generated_at": SystemClock().now().isoformat(),
        "subject": theirs["subject"],
        "sources": [{"query_id": theirs["query_id"], "answered_at": theirs["answered_at"]}],
        "sections": {
            code: {
                "status": "PRESENT" if section.get("records") else "NONE",
                "as_of": section.get("as_of"),
                "records": section.get("records") or [],
            }
            for code, section in theirs["sections"].items()
        },
    }
    raw = json.dumps(profile, sort_keys=True, ensure_ascii=False).encode()
    seal = house.json_signer.sign(raw, kind="profile+jws")
    return json.dumps({**profile, "seal": seal}, ensure_ascii=False).encode()


def build_app(settings: NaiveSettings) -> Litestar:
    """Return the application."""
    message_key = load_file_key(Path(settings.message_key))
    platform_key = parse_public_key(
        Path(settings.platform_key).read_bytes(), key_id=settings.platform_key_id
    )
    bank_key = parse_public_key(Path(settings.bank_key).read_bytes())

    @asynccontextmanager
    async def open_house(app: Litestar) -> AsyncGenerator[None]:
        signer, json_signer = MessageSigner(message_key), JsonSigner(message_key)
        async with asyncpg.create_pool(settings.database_url, max_size=16) as pool:
            app.state.house = House(
                url=f"https://127.0.0.1:{settings.port}",
                store=Store(pool),
                upstream=Upstream(
                    settings,
                    signer=signer,
                    verifier=MessageVerifier(platform_key),
                    json_signer=json_signer,
                ),
                bank_verifier=MessageVerifier(bank_key),
                signer=signer,
                json_signer=json_signer,
            )
            yield
            await app.state.house.upstream.close()

    return Litestar(
        route_handlers=[create_report],
        lifespan=[open_house],
        openapi_config=None,
        logging_config=None,
    )
