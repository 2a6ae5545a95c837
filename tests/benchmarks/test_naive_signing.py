"""The naive side speaks to the same bank and the same platform, by another library."""

from datetime import timedelta

from benchmarks.naive.signing import AnswerMessage, Message, MessageSigner, MessageVerifier
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

from creditbridge.foundation.clock import SystemClock
from creditbridge.foundation.keys import FileKey, name_key
from creditbridge.protocols.http_signatures import (
    PLATFORM_ANSWER,
    PLATFORM_QUERY,
    Request,
    Response,
    sign_response,
    verify_request,
)

PRIVATE = generate_private_key(SECP256R1())
KEY = FileKey(key=name_key(PRIVATE.public_key()), private=PRIVATE)
BODY = b'{"uscc":"A"}'
URL = "https://127.0.0.1:8443/v1/queries"


def make_query() -> Message:
    """A query, signed by the naive side."""
    query = Message(
        "POST",
        URL,
        {
            "authorization": "Bearer token",
            "content-type": "application/json",
            "creditbridge-query-id": "qry_1",
            "creditbridge-consent": ":e30=:",
        },
    )
    MessageSigner(KEY).sign_query(query, BODY, "nonce-0123456789abcdef")
    return query


def as_received(query: Message) -> Request:
    """The query as the platform reads it."""
    headers = tuple((name.lower(), value) for name, value in query.headers.items())
    return Request(method="POST", target_uri=URL, headers=headers, body=BODY)


def test_the_platform_accepts_its_queries() -> None:
    """Tag, components and digest are those that the platform asks for."""
    now = SystemClock().now() + timedelta(seconds=1)

    keys = {KEY.key.key_id: KEY.key}
    verified = verify_request(as_received(make_query()), PLATFORM_QUERY, keys.get, now=now)

    assert verified.nonce == "nonce-0123456789abcdef"


def test_it_accepts_the_platforms_answers() -> None:
    """An answer bound to the query verifies; the library raises where it does not."""
    query = make_query()
    plain = Response(status=200, headers=(("content-type", "application/json"),), body=BODY)
    created = int(SystemClock().now().timestamp())
    added = sign_response(plain, as_received(query), PLATFORM_ANSWER, KEY, created=created)

    answer = AnswerMessage(200, dict(plain.headers + added), query)

    MessageVerifier(KEY.key).verify_answer(answer, BODY)
