"""Requests for reports, each with a key and a nonce of its own, signed before the clock starts."""

import secrets
from pathlib import Path

import msgspec

from benchmarks.load.order import Ask, Order, Target
from creditbridge.foundation.clock import SystemClock
from creditbridge.foundation.keys import FileKey, load_file_key
from creditbridge.protocols.http_signatures import BANK_REQUEST, Request, sign_request

PATH = "/v1/reports"
PURPOSE = "PRE_LOAN_REVIEW"
SECTIONS = ("REG", "PEN", "LST", "EVA")


def make_messages(order: Order) -> list[bytes]:
    """Return as many requests as the order names, ready for the wire, over its consents in turn."""
    signer = load_file_key(Path(order.target.message_key_file))
    asks = order.target.asks
    return [
        write_message(make_request(order.target, asks[number % len(asks)], signer))
        for number in range(order.reports)
    ]


def make_request(target: Target, ask: Ask, signer: FileKey) -> Request:
    """Return one signed request (RFC 9421), good for a minute."""
    body = {
        "consent_id": ask.consent_id,
        "enterprise": ask.uscc,
        "purpose": PURPOSE,
        "sections": SECTIONS,
        "operator_id": "credit-desk-17",
    }
    request = Request(
        method="POST",
        target_uri=f"https://127.0.0.1:{target.port}{PATH}",
        headers=(
            ("authorization", f"Bearer {target.token}"),
            ("content-type", "application/json"),
            ("idempotency-key", f'"{secrets.token_urlsafe(16)}"'),
        ),
        body=msgspec.json.encode(body),
    )
    created = int(SystemClock().now().timestamp())
    added = sign_request(
        request, BANK_REQUEST, signer, created=created, nonce=secrets.token_urlsafe(24)
    )
    return msgspec.structs.replace(request, headers=request.headers + added)


def write_message(request: Request) -> bytes:
    """Return the bytes of an HTTP/1.1 request (RFC 9112)."""
    authority, _, path = request.target_uri.removeprefix("https://").partition("/")
    lines = [
        f"{request.method} /{path} HTTP/1.1",
        f"host: {authority}",
        f"content-length: {len(request.body)}",
        *(f"{name}: {value}" for name, value in request.headers),
    ]
    return "\r\n".join(lines).encode("ascii") + b"\r\n\r\n" + request.body
