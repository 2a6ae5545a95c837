"""Hostile messages at the bank door: signatures, JSON, headers, and two readings of one request."""

import asyncio
import secrets
from collections.abc import Callable

import msgspec
import pytest
from msgspec.structs import replace
from tests.house.house import PEOPLE, House
from tests.house.machine import JSON, OPERATOR, PURPOSE, SECTIONS, Machine
from tests.house.telling import outcome
from tests.house.wire import exchange_raw, statuses_in

from creditbridge.cli.demo.bank import Exchange
from creditbridge.protocols.http_signatures import Request

pytestmark = pytest.mark.xdist_group("house")

Alter = Callable[[Request], Request]


def with_header(name: str, value: str) -> Alter:
    """Return how to put another value in the place of a header."""

    def alter(request: Request) -> Request:
        headers = tuple((known, value if known == name else old) for known, old in request.headers)
        return replace(request, headers=headers)

    return alter


def without_header(name: str) -> Alter:
    """Return how to leave a header out."""

    def alter(request: Request) -> Request:
        return replace(request, headers=tuple(pair for pair in request.headers if pair[0] != name))

    return alter


def with_body(old: bytes, new: bytes) -> Alter:
    """Return how to change the body."""

    def alter(request: Request) -> Request:
        assert old in request.body
        return replace(request, body=request.body.replace(old, new))

    return alter


def in_signature(old: str, new: str) -> Alter:
    """Return how to change the parameters under the signature."""

    def alter(request: Request) -> Request:
        known = dict(request.headers)["signature-input"]
        assert old in known
        return with_header("signature-input", known.replace(old, new, 1))(request)

    return alter


def twice(request: Request) -> Request:
    """Repeat the signature under another label."""
    headers = dict(request.headers)
    both = {
        name: headers[name] + ", " + headers[name].replace("sig1", "sig2", 1) for name in SIGNED
    }
    return replace(request, headers=tuple({**headers, **both}.items()))


SIGNED = ("signature-input", "signature")
FORGED = f"sig1=:{'A' * 86}==:"
ALTERED: list[tuple[str, Alter, str]] = [
    ("body", with_body(b"PRE_LOAN_REVIEW", b"POST_LOAN"), "signature-body-mismatch"),
    ("operator", with_body(b"credit-desk-17", b"credit-desk-18"), "signature-body-mismatch"),
    ("key", with_header("idempotency-key", f'"{"k" * 20}"'), "signature-rejected"),
    ("no signature", without_header("signature"), "signature-malformed"),
    ("no input", without_header("signature-input"), "signature-missing"),
    ("no digest", without_header("content-digest"), "signature-incomplete"),
    ("other signature", with_header("signature", FORGED), "signature-rejected"),
    ("other tag", in_signature("fapi-2-request", "fapi-2-response"), "signature-missing"),
    ("two signatures", twice, "signature-ambiguous"),
    ("no method", in_signature('"@method" ', ""), "signature-incomplete"),
    ("no target", in_signature('"@target-uri" ', ""), "signature-incomplete"),
    ("no token", in_signature('"authorization" ', ""), "signature-incomplete"),
    ("nobody's key", in_signature('keyid="', 'keyid="x'), "signature-key-unknown"),
]


@pytest.mark.parametrize(
    ("alter", "code"), [case[1:] for case in ALTERED], ids=[c[0] for c in ALTERED]
)
async def test_an_altered_request_is_refused(house: House, alter: Alter, code: str) -> None:
    """Whatever is changed behind the signature, the request is nobody's, and nothing is taken."""
    given = await house.give_consent()
    async with house.machine() as bank:
        token = await bank.fetch_token()
        signed = bank.sign(bank.report(given.consent_id, given.uscc, token=token))

        refused = await bank.send(alter(signed))
        shown = await bank.get(f"/v1/consents/{given.consent_id}", token=token)

    assert outcome(refused) == (401, code)
    assert shown.json()["used"] == 0


async def test_an_unsigned_request_is_refused(house: House) -> None:
    """Token and certificate alone do not speak for this bank."""
    async with house.machine() as bank:
        token = await bank.fetch_token()
        refused = await bank.send(bank.report("cns_x", PEOPLE["found"], token=token))
    assert outcome(refused) == (401, "signature-missing")


@pytest.mark.parametrize("age", [75, -25])
async def test_a_request_of_another_time_is_refused(house: House, age: int) -> None:
    """Signed too long ago, or in the future."""
    async with house.machine() as bank:
        token = await bank.fetch_token()
        report = bank.report("cns_x", PEOPLE["found"], token=token)
        refused = await bank.send(bank.sign(report, age_seconds=age))
    assert outcome(refused) == (401, "signature-stale")


@pytest.mark.parametrize("node", [0, 1])
async def test_a_replayed_request_is_refused(house: House, node: int) -> None:
    """The very same bytes again, on the same node or the other one."""
    given = await house.give_consent()
    async with house.machine() as bank, house.machine(node=node) as replayer:
        token = await bank.fetch_token()
        signed = bank.sign(bank.report(given.consent_id, given.uscc, token=token))
        first = await bank.send(signed)

        again = await replayer.send(signed)
        shown = await bank.get(f"/v1/consents/{given.consent_id}", token=token)

    assert first.status == 200
    assert outcome(again) == (401, "signature-replayed")
    assert shown.json()["used"] == 1


HOSTILE_JSON = {
    "empty object": b"{}",
    "array": b"[]",
    "null": b"null",
    "duplicate": b'{"consent_id":"a","consent_id":"b"}',
    "depth 33": b"[" * 33 + b"]" * 33,
    "depth 30000": b"[" * 30_000,
    "surrogate": b'{"consent_id":"\\ud800"}',
    "raw surrogate": b'{"consent_id":"\xed\xa0\x80"}',
    "mark": b"\xef\xbb\xbf{}",
    "trailing": b"{} {}",
    "infinity": b'{"consent_id":Infinity}',
    "nan": b'{"consent_id":NaN}',
    "1e400": b'{"consent_id":1e400}',
    "digits": b'{"consent_id":' + b"9" * 400 + b"}",
    "utf-16": "{}".encode("utf-16"),
    "nul": b'{"consent_id":"\x00"}',
    "escaped nul": b'{"consent_id":"\\u0000"}',
    "text": b"consent",
}


@pytest.mark.parametrize("path", ["/v1/reports", "/v1/consents"])
async def test_hostile_json_is_malformed(house: House, path: str) -> None:
    """However the body is broken, a well-signed one too gets 400 and a code."""
    refused = dict[str, tuple[int, str]]()
    async with house.machine() as bank:
        token = await bank.fetch_token()
        for name, body in HOSTILE_JSON.items():
            refused[name] = outcome(await send_body(bank, path, body, token=token))
    assert refused == dict.fromkeys(HOSTILE_JSON, (400, "json-malformed"))


NOBODY, GZIP = ("authorization", f"Bearer cbt_{'a' * 43}"), ("content-encoding", "gzip")
HOSTILE_TEXTS = [
    "\u0000",
    "\uff19\uff11330100YY0000A13Y",
    "91330100yy0000a13y",
    "91330100YY0000A13Z",
    "\u202e",
    "'; DROP--",
]


@pytest.mark.parametrize("member", ["enterprise", "consent_id", "operator_id", "business_id"])
async def test_hostile_texts_are_never_our_fault(house: House, member: str) -> None:
    """A text of whatever characters is refused or served, but never a failure of the gateway."""
    given = await house.give_consent()
    async with house.machine() as bank:
        token = await bank.fetch_token()
        for text in HOSTILE_TEXTS:
            said = {"consent_id": given.consent_id, "enterprise": given.uscc, member: text}
            body = {"purpose": PURPOSE, "sections": SECTIONS, "operator_id": OPERATOR, **said}
            answer = await send_body(bank, "/v1/reports", msgspec.json.encode(body), token=token)
            assert answer.status in {200, 400, 403}


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
async def test_another_media_type_is_not_read(house: House, kind: str) -> None:
    """A body that does not say that it is JSON gets 415."""
    async with house.machine() as bank:
        token = await bank.fetch_token()
        refused = await send_body(bank, "/v1/reports", b"{}", ("content-type", kind), token=token)
    assert outcome(refused) == (415, "content-type-unsupported")


async def test_a_coded_or_oversized_body_is_not_read(house: House) -> None:
    """Content coding gets 415, and a body over the limit 413, before anything is decoded."""
    async with house.machine() as bank:
        bearer = ("authorization", f"Bearer {await bank.fetch_token()}")
        plain = bank.sign(bank.request("POST", "/v1/reports", (JSON, bearer), b"{}"))
        coded = await bank.send(replace(plain, headers=(*plain.headers, GZIP)))
        large = await send_body(bank, "/v1/reports", b'{"a":"' + b"x" * 70_000 + b'"}')
    assert outcome(coded) == (415, "content-type-unsupported")
    assert outcome(large) == (413, "body-too-large")


SPOOFED = [
    ("x-forwarded-for", "10.0.0.1"),
    ("x-forwarded-host", "evil.example"),
    ("x-forwarded-proto", "http"),
    ("x-client-cert", "north"),
    ("x-ssl-client-s-dn", "CN=north"),
    ("forwarded", 'for=10.0.0.1;host="evil.example";proto=http'),
    ("x-original-url", "/oauth/token"),
    ("x-http-method-override", "DELETE"),
]


@pytest.mark.parametrize("spoofed", SPOOFED, ids=[name for name, _ in SPOOFED])
async def test_a_header_proves_nobody(house: House, spoofed: tuple[str, str]) -> None:
    """A thief who adds what proxies add is as unwelcome as before, and the owner as welcome."""
    given = await house.give_consent()
    async with house.machine() as bank, house.machine(certificate=None) as thief:
        token = await bank.fetch_token()
        answers = list[Exchange]()
        for one in (thief, bank):
            signed = one.sign(one.report(given.consent_id, given.uscc, token=token))
            answers.append(await one.send(replace(signed, headers=(*signed.headers, spoofed))))
    stolen, own = answers
    assert outcome(stolen) == (401, "invalid-token")
    assert own.status == 200


@pytest.mark.parametrize("name", ["client-cert", "client-cert-chain"])
async def test_X1_what_only_a_proxy_writes_ends_the_request(house: House, name: str) -> None:
    """No proxy is configured before this door, so the owner of a token is refused as well."""
    async with house.machine() as bank:
        bearer = ("authorization", f"Bearer {await bank.fetch_token('consents')}")
        signed = bank.sign(bank.request("GET", "/v1/consents", (bearer,)))
        refused = await bank.send(replace(signed, headers=(*signed.headers, (name, ":MIIB:"))))
    assert outcome(refused) == (400, "untrusted-header")


HEAD = b"POST /v1/reports HTTP/1.1\r\nHost: a\r\n"
GET = b"GET /v1/consents HTTP/1.1\r\nHost: a\r\n"
DESYNC = {
    "both lengths": HEAD + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "two lengths": HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "same length twice": HEAD + b"Content-Length: 1\r\nContent-Length: 1\r\n\r\na",
    "length list": HEAD + b"Content-Length: 1, 1\r\n\r\na",
    "length sign": HEAD + b"Content-Length: +1\r\n\r\na",
    "xchunked": HEAD + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "chunked, identity": HEAD + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "coding with tab": HEAD + b"Transfer-Encoding:\tchunked\r\n\r\n0\r\n\r\n",
    "coding in 1.0": b"POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "lower version": b"GET / HTTP/1.0\r\nHost: a\r\n\r\n",
    "bare line feed": b"GET / HTTP/1.1\nHost: a\n\n",
    "bare return": b"GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n",
    "folded": GET + b"X-A: a\r\n b\r\n\r\n",
    "space before colon": GET + b"X-A : a\r\n\r\n",
    "nul": GET + b"X-A: a\x00b\r\n\r\n",
    "no name": GET + b": a\r\n\r\n",
    "negative chunk": HEAD + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n",
    "huge chunk": HEAD + b"Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n\r\n",
    "bad chunk end": HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\naXX0\r\n\r\n",
    "trailer": HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\nAuthorization: Bearer x\r\n\r\n",
    "body on GET": GET + b"Content-Length: 1\r\n\r\na",
    "absolute form": b"GET https://evil.example/ HTTP/1.1\r\nHost: a\r\n\r\n",
    "authority form": b"CONNECT evil.example:443 HTTP/1.1\r\nHost: a\r\n\r\n",
    "two hosts": GET + b"Host: b\r\n\r\n",
    "no host": b"GET / HTTP/1.1\r\n\r\n",
    "two tokens": GET + b"Authorization: Bearer a\r\nAuthorization: Bearer b\r\n\r\n",
    "two certificates": GET + b"Client-Cert: :YQ==:\r\nClient-Cert: :Yg==:\r\n\r\n",
    "encoded line": b"GET /v1/consents/%0d%0aX:1 HTTP/1.1\r\nHost: a\r\n\r\n",
    "encoded nul": b"GET /v1/consents/%00 HTTP/1.1\r\nHost: a\r\n\r\n",
    "upgrade": GET + b"Connection: upgrade\r\nUpgrade: h2c\r\n\r\n",
    "second protocol": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "no http": b"\x16\x03\x01\x00\xa5" + b"\x00" * 64 + b"\r\n\r\n",
}
LIMITS = {
    "target": (b"GET /" + b"a" * 8_200 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414),
    "line": (GET + b"X-A: " + b"a" * 17_000 + b"\r\n\r\n", 431),
    "lines": (GET + b"".join(b"X-%d: a\r\n" % n for n in range(101)) + b"\r\n", 431),
    "head": (GET + (b"X-A: " + b"a" * 15_000 + b"\r\n") * 3 + b"\r\n", 431),
}


async def test_what_two_readers_read_differently_is_refused(house: House) -> None:
    """Such a request gets one 400 and the connection closes: what follows it is never answered."""
    port, pki = house.first.bank_port, house.pki
    async with asyncio.TaskGroup() as group:
        tasks = {
            name: group.create_task(exchange_raw(port, pki, raw + GET + b"\r\n"))
            for name, raw in DESYNC.items()
        }
    answered = {name: statuses_in(task.result()) for name, task in tasks.items()}
    assert answered == {name: [400] for name in DESYNC}


@pytest.mark.parametrize(("raw", "status"), LIMITS.values(), ids=LIMITS.keys())
async def test_a_head_over_the_limits_is_refused(house: House, raw: bytes, status: int) -> None:
    """Each limit has its own status, and ends the connection."""
    assert statuses_in(await exchange_raw(house.first.bank_port, house.pki, raw)) == [status]


async def test_a_request_without_a_certificate_gets_a_clean_answer(house: House) -> None:
    """The bank door asks for a certificate but tells those who have none what is wrong."""
    raw = GET + b"Connection: close\r\n\r\n"
    received = await exchange_raw(house.first.bank_port, house.pki, raw, client=None)
    assert statuses_in(received) == [401]
    assert b"application/problem+json" in received


async def send_body(
    bank: Machine,
    path: str,
    body: bytes,
    *headers: tuple[str, str],
    token: str | None = None,
) -> Exchange:
    """Send a signed body as it is."""
    token = token or await bank.fetch_token()
    own = (("authorization", f"Bearer {token}"), *(headers or (JSON,)))
    key = ("idempotency-key", f'"{secrets.token_urlsafe(16)}"')
    return await bank.send(bank.sign(bank.request("POST", path, (*own, key), body)))
