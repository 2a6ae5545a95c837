"""One signed request and its signed answer, in their envelopes.

1. The canonical string is rebuilt from what we sent and from the answer's few headers.
2. Its signature holds, by a pinned key, within 300 s: nothing has been decrypted or parsed yet.
3. The envelope opens under that string, and what is in it is what was signed.

An answer to another request, for another consent or of another status has another string, so it
is not compared but fails (law 4 of the house).
"""

import re
import secrets
from base64 import b64decode, b64encode
from datetime import datetime

import msgspec

from creditbridge.foundation.errors import SignatureInvalid
from creditbridge.foundation.http import HttpRequest, HttpResponse
from creditbridge.platforms.model import AnswerRejected
from creditbridge.platforms.national.keys import SuiteKeys
from creditbridge.platforms.transport import find_header
from creditbridge.protocols.sm2_envelope import EnvelopeBroken, open_envelope, seal_envelope
from creditbridge.protocols.sm2_message import (
    SUITE,
    SignedAnswer,
    SignedRequest,
    TimestampStale,
    digest_sm3,
    require_timely,
    sort_query,
)

NONCE_BYTES = 16
SIGNATURE_CHARACTERS_MAX = 128
_TIMESTAMP = re.compile(r"[1-9][0-9]{12}")
_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be asked, before it is signed.

    `question` is the body that the query was submitted with, under which every answer is bound;
    `consent` is the digest of the artefact in base64url, empty where no consent is used.
    """

    method: str
    path: str
    parameters: dict[str, str] = {}
    body: bytes = b""
    question: bytes = b""
    consent: str = ""
    traceparent: str | None = None


class SentMessage(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt, ready to leave: the request, and how it was signed."""

    http: HttpRequest
    call: Call
    signed: SignedRequest
    base: bytes
    signature: bytes
    key_id: str


class OpenedAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """An answer that its platform signed for this very request; `body` is plain, unparsed."""

    status: int
    body: bytes
    base: bytes
    signature: bytes
    key_id: str


def sign_call(
    call: Call, keys: SuiteKeys, *, base_url: str, app_id: str, now: datetime
) -> SentMessage:
    """Return a signed request with a nonce of its own, its body in an envelope."""
    signed = SignedRequest(
        method=call.method,
        path=call.path,
        query=sort_query(call.parameters),
        app_id=app_id,
        timestamp_ms=int(now.timestamp() * 1000),
        nonce=secrets.token_urlsafe(NONCE_BYTES),
        body_digest=digest_sm3(call.body),
        consent=call.consent,
    )
    base = signed.encode()
    signature = keys.signer.sign(base)
    traced = () if call.traceparent is None else (("traceparent", call.traceparent),)
    typed = (("content-type", "application/json"),) if call.body else ()
    return SentMessage(
        http=HttpRequest(
            method=call.method,
            url=f"{base_url}{call.path}" + (f"?{signed.query}" if signed.query else ""),
            headers=(
                ("accept", "application/json"),
                *typed,
                ("x-app-id", app_id),
                ("x-timestamp", str(signed.timestamp_ms)),
                ("x-nonce", signed.nonce),
                ("x-body-digest", signed.body_digest),
                ("x-consent-id", signed.consent),
                ("x-signature-suite", SUITE),
                ("x-key-id", keys.signer.key.key_id),
                ("x-signature", b64encode(signature).decode("ascii")),
                *traced,
            ),
            body=seal_envelope(call.body, keys.platform, associated=base) if call.body else b"",
        ),
        call=call,
        signed=signed,
        base=base,
        signature=signature,
        key_id=keys.signer.key.key_id,
    )


def open_answer(
    sent: SentMessage, response: HttpResponse, keys: SuiteKeys, *, now: datetime
) -> OpenedAnswer:
    """Accept an answer.

    Raises:
        AnswerRejected: unsigned, stale (the detail then names the platform's clock), signed by
            another key or for another request, or in an envelope that does not open.
    """
    try:
        signed = _read_lines(sent, response)  # 1
        base, signature = signed.encode(), _read_signature(response)
        key = keys.answer_keys.get(find_header(response, "x-key-id") or "")
        if key is None or find_header(response, "x-signature-suite") != SUITE:
            raise AnswerRejected(detail="an answer by no pinned key, or of another suite")
        key.verify(signature, base)  # 2
        require_timely(signed.timestamp_ms, now=now)
        body = open_envelope(response.body, keys.reader.unwrap, associated=base)  # 3
    except TimestampStale as error:
        detail = f"{error.code}: {error.detail}; is the platform's clock right?"
        raise AnswerRejected(detail=detail) from error
    except (SignatureInvalid, EnvelopeBroken) as error:
        raise AnswerRejected(detail=f"{error.code}: {error.detail}") from error
    if digest_sm3(body) != signed.body_digest:
        raise AnswerRejected(detail="another body than was signed")
    return OpenedAnswer(
        status=response.status, body=body, base=base, signature=signature, key_id=key.key_id
    )


def _read_lines(sent: SentMessage, response: HttpResponse) -> SignedAnswer:
    timestamp = find_header(response, "x-timestamp") or ""
    if _TIMESTAMP.fullmatch(timestamp) is None:
        raise AnswerRejected(detail="an answer without its time")
    return SignedAnswer(
        status=response.status,
        # Ours, and not what the answer says of itself: it either was signed over these, or fails.
        question=digest_sm3(sent.call.question),
        request=digest_sm3(sent.base),
        app_id=sent.signed.app_id,
        timestamp_ms=int(timestamp),
        body_digest=find_header(response, "x-body-digest") or "",
        consent=sent.signed.consent,
    )


def _read_signature(response: HttpResponse) -> bytes:
    text = find_header(response, "x-signature") or ""
    if len(text) > SIGNATURE_CHARACTERS_MAX or _BASE64.fullmatch(text) is None:
        raise AnswerRejected(detail="an answer without a signature")
    return b64decode(text)
