"""What the provincial platform refuses, and that a refusal counts nothing."""

from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import Protocol

import httpx
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from creditbridge.foundation.clock import Clock
from creditbridge.foundation.keys import FileKey, name_key
from creditbridge.protocols.http_signatures import Request
from creditsandbox.dialects.provincial.journal import Counted, Journal, JournalFull

UsccOf = Callable[[str], str]


class StillClock(Clock, Protocol):
    """The clock of both sides."""

    def pass_seconds(self, seconds: float) -> None:
        """Move on."""
        ...


class Gateway(Protocol):
    """What these tests need of the small gateway."""

    client: httpx.AsyncClient
    base_url: str
    clock: StillClock
    token: str

    def query_id(self) -> str:
        """Return a fresh query id."""
        ...

    def grant(self, query_id: str, uscc: str, **changes: object) -> dict[str, object]:
        """Return a grant that covers a query, changed."""
        ...

    def query(self, uscc: str, **changes: object) -> bytes:
        """Return the body of a query, changed."""
        ...

    async def ask(
        self,
        uscc: str,
        *,
        query_id: str | None = None,
        grant: Mapping[str, object] | None = None,
        body: bytes | None = None,
    ) -> httpx.Response:
        """Send a signed query."""
        ...

    def sign(
        self,
        method: str,
        path: str,
        *,
        query_id: str,
        consent: str,
        body: bytes = b"",
        signer: FileKey | None = None,
    ) -> Request:
        """Return a signed request."""
        ...

    async def send(self, request: Request) -> httpx.Response:
        """Send a request as it is."""
        ...

    async def find_state(
        self, query_id: str, *, consent: str = "::", named: str = ""
    ) -> httpx.Response:
        """Ask whether a query was counted."""
        ...

    def verify(self, answer: httpx.Response) -> dict[str, object]:
        """Return the body of an answer whose signature holds."""
        ...

    async def count(self) -> dict[str, object]:
        """Return the platform's counts."""
        ...


@pytest.fixture
def uscc(uscc_of: UsccOf) -> str:
    """Return the enterprise with everything on record."""
    return uscc_of("FOUND")


def without(request: Request, name: str) -> Request:
    """Return a request that lost a header."""
    kept = tuple((each, value) for each, value in request.headers if each != name)
    return msgspec.structs.replace(request, headers=kept)


@pytest.mark.parametrize(
    "changes",
    [
        {"audience": "catalogue"},
        {"query_id": "qry_01jdc4t7p9e2s8v5x3y6z0a1b2"},
        {"uscc": "91330100YY0000A3XH"},
        {"sections": ["PEN"]},
        {"purpose": "POST_LOAN"},
        {"v": 2},
        {"expires_at": "2026-11-21T02:00:30Z"},
        {"expires_at": "2026-11-21T02:00:29Z"},
        {"expires_at": "2026-11-21T02:02:01Z"},
        {"expires_at": "2026-11-21T02:01:00"},
        {"expires_at": "soon"},
        {"more": "members"},
    ],
)
async def test_a_grant_for_anything_else_is_refused(
    gateway: Gateway, uscc: str, changes: dict[str, object]
) -> None:
    """Audience, id, enterprise, sections, purpose, version, life: 403, signed, not counted."""
    number = gateway.query_id()

    answer = await gateway.ask(uscc, query_id=number, grant=gateway.grant(number, uscc) | changes)

    assert answer.status_code == 403
    assert gateway.verify(answer) == {"query_id": number, "uscc": uscc, "code": "GRANT_REFUSED"}
    assert (await gateway.count())["counted"] == 0


async def test_a_grant_may_live_for_a_minute_and_the_skew(gateway: Gateway, uscc: str) -> None:
    """A gateway whose clock is 30 s ahead is still understood."""
    number = gateway.query_id()
    grant = gateway.grant(number, uscc, expires_at="2026-11-21T02:02:00Z")

    assert (await gateway.ask(uscc, query_id=number, grant=grant)).status_code == 200


@pytest.mark.parametrize(
    "header",
    [
        "::",
        "no-bytes",
        '"text"',
        f":{b64encode(b'{}').decode()}:",
        f":{b64encode(b'[1]').decode()}:",
        f":{b64encode(b'{ }').decode()}:",
        f":{b64encode(b' ' * 3000).decode()}:",
    ],
)
async def test_a_grant_that_is_none_is_refused(gateway: Gateway, uscc: str, header: str) -> None:
    """Empty, no bytes, no members, not canonical, too long: 403."""
    request = gateway.sign(
        "POST",
        "/v1/queries",
        query_id=gateway.query_id(),
        consent=header,
        body=gateway.query(uscc),
    )

    assert (await gateway.send(request)).status_code == 403


async def test_an_expired_grant_gets_no_second_answer(gateway: Gateway, uscc: str) -> None:
    """The counted query, sent again after its grant's life, is refused and stays counted once."""
    number = gateway.query_id()
    grant = gateway.grant(number, uscc)
    assert (await gateway.ask(uscc, query_id=number, grant=grant)).status_code == 200
    gateway.clock.pass_seconds(61)

    answer = await gateway.ask(uscc, query_id=number, grant=grant)

    assert answer.status_code == 403
    assert (await gateway.count())["counted"] == 1


async def test_a_query_id_serves_one_question(gateway: Gateway, uscc: str, uscc_of: UsccOf) -> None:
    """The same id for another enterprise, or under another consent, is refused."""
    number, other = gateway.query_id(), uscc_of("REPAIRED")
    await gateway.ask(uscc, query_id=number)

    elsewhere = await gateway.ask(other, query_id=number)
    consent = gateway.grant(number, uscc, consent_digest="A" * 43)
    renewed = await gateway.ask(uscc, query_id=number, grant=consent)

    assert (elsewhere.status_code, renewed.status_code) == (403, 403)
    assert (await gateway.count())["counted"] == 1


async def test_a_query_needs_an_id_of_ours(gateway: Gateway, uscc: str) -> None:
    """An id of another shape is refused, even where the grant repeats it."""
    answer = await gateway.ask(uscc, query_id="query-1")

    assert answer.status_code == 403


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b'{"uscc":"x","uscc":"y"}',
        b'{"uscc":"91330100YY0000A13Y","sections":[],"purpose":"P"}',
        b'{"uscc":"91330100YY0000A13Y","sections":["REG","PEN"],"purpose":"P"}',
        b'{"uscc":"91330100YY0000A13Y","sections":["PEN","PEN"],"purpose":"P"}',
        b'{"uscc":"91330100YY0000A13Y","sections":["ENV"],"purpose":"P"}',
        b'{"more":1,"uscc":"91330100YY0000A13Y","sections":["PEN"],"purpose":"P"}',
    ],
)
async def test_a_body_that_is_no_query_is_refused(gateway: Gateway, uscc: str, body: bytes) -> None:
    """Other shapes, duplicate names, sections twice, out of order or unknown: 400, signed."""
    answer = await gateway.ask(uscc, body=body)

    assert answer.status_code == 400
    assert gateway.verify(answer) == {"code": "QUERY_MALFORMED"}


async def test_a_token_is_needed(gateway: Gateway, uscc: str) -> None:
    """None, another's, another scheme, an expired one: 401 without a signature."""
    right = gateway.token
    for wrong in ("", "pat_unknown", right + "x"):
        gateway.token = wrong
        answer = await gateway.ask(uscc)
        assert (answer.status_code, answer.content) == (401, b"")
        assert "signature" not in answer.headers
    gateway.token = right
    gateway.clock.pass_seconds(300)

    assert (await gateway.ask(uscc)).status_code == 401


@pytest.mark.parametrize(
    "header",
    [
        "authorization",
        "creditbridge-query-id",
        "creditbridge-consent",
        "content-digest",
        "content-type",
        "signature",
        "signature-input",
    ],
)
async def test_what_is_signed_must_be_there(gateway: Gateway, uscc: str, header: str) -> None:
    """A request that lost a covered header, or its signature, is nobody's."""
    request = gateway.sign(
        "POST",
        "/v1/queries",
        query_id=gateway.query_id(),
        consent="::",
        body=gateway.query(uscc),
    )

    answer = await gateway.send(without(request, header))

    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("signature", "sig1"),
        ("signature", "sig1=:AAAA:"),
        ("signature", "sig1=:AAAA:, sig1=:AAAA:"),
        ("signature-input", "sig1=("),
        ("signature-input", 'sig1=("@method");created=1;keyid="x";tag="creditbridge-query"'),
        ("signature-input", "caf\u00e9"),
        ("content-digest", "sha-256=:AAAA:"),
        ("content-digest", "md5=:AAAA:"),
        ("creditbridge-consent", "caf\u00e9"),
    ],
)
async def test_garbage_in_a_signature_is_a_refusal(
    gateway: Gateway, uscc: str, header: str, value: str
) -> None:
    """What cannot be parsed is nobody's request, never an error of the platform."""
    request = gateway.sign(
        "POST",
        "/v1/queries",
        query_id=gateway.query_id(),
        consent="::",
        body=gateway.query(uscc),
    )
    headers = tuple((each, value if each == header else old) for each, old in request.headers)

    answer = await gateway.send(msgspec.structs.replace(request, headers=headers))

    assert answer.status_code == 401


async def test_other_paths_and_methods_are_not_here(gateway: Gateway) -> None:
    """404 and 405, and a body over the limit 413; none of them counts."""
    client, base = gateway.client, gateway.base_url
    elsewhere = await client.get(f"{base}/v2/queries")
    otherwise = await client.put(f"{base}/v1/queries")
    too_much = await client.post(f"{base}/oauth/token", content=b"a" * 16_385)

    assert [each.status_code for each in (elsewhere, otherwise, too_much)] == [404, 405, 413]


async def test_a_changed_body_is_noticed(gateway: Gateway, uscc: str, uscc_of: UsccOf) -> None:
    """Another body under the signature of the first is refused and not counted."""
    request = gateway.sign(
        "POST",
        "/v1/queries",
        query_id=gateway.query_id(),
        consent="::",
        body=gateway.query(uscc),
    )
    changed = msgspec.structs.replace(request, body=gateway.query(uscc_of("REPAIRED")))

    assert (await gateway.send(changed)).status_code == 401
    assert (await gateway.count())["counted"] == 0


async def test_another_key_signs_nothing_here(gateway: Gateway, uscc: str) -> None:
    """A key that is not pinned, and one that is pinned for log-ins only by name, are refused."""
    private = ec.generate_private_key(ec.SECP256R1())
    stranger = FileKey(key=name_key(private.public_key()), private=private)
    request = gateway.sign(
        "POST",
        "/v1/queries",
        query_id=gateway.query_id(),
        consent="::",
        body=gateway.query(uscc),
        signer=stranger,
    )

    assert (await gateway.send(request)).status_code == 401


async def test_a_request_is_taken_once(gateway: Gateway, uscc: str) -> None:
    """The very same bytes again: the nonce is used, 401; the count stays."""
    number = gateway.query_id()
    first = await gateway.ask(uscc, query_id=number)
    request = gateway.sign("GET", f"/v1/queries/{number}", query_id=number, consent="::")

    assert first.status_code == 200
    assert (await gateway.send(request)).status_code == 200
    again = await gateway.send(request)
    assert again.status_code == 401
    assert "signature-replayed" in again.headers["www-authenticate"]


async def test_an_old_request_is_refused(gateway: Gateway, uscc: str) -> None:
    """A signature made 61 seconds ago is stale."""
    number = gateway.query_id()
    request = gateway.sign("GET", f"/v1/queries/{number}", query_id=number, consent="::")
    gateway.clock.pass_seconds(61)

    assert uscc
    assert (await gateway.send(request)).status_code == 401


async def test_a_state_is_asked_without_a_consent(gateway: Gateway) -> None:
    """A consent, another id in the header, or no id at all: 400, signed. No signature: 401."""
    number, other = gateway.query_id(), gateway.query_id()
    with_consent = await gateway.find_state(number, consent=":e30=:")
    with_other = await gateway.find_state(number, named=other)
    with_none = await gateway.find_state("query-1")
    request = gateway.sign("GET", f"/v1/queries/{number}", query_id=number, consent="::")
    unsigned = await gateway.send(without(request, "signature"))

    answers = (with_consent, with_other, with_none)
    assert [answer.status_code for answer in answers] == [400, 400, 400]
    assert {str(gateway.verify(answer)) for answer in answers} == {"{'code': 'QUERY_MALFORMED'}"}
    assert unsigned.status_code == 401


async def test_a_full_platform_answers_503(
    gateway: Gateway, uscc: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nothing more can be counted, nothing more is answered."""
    monkeypatch.setattr(Journal, "count", refuse_to_count)

    assert (await gateway.ask(uscc)).status_code == 503


def refuse_to_count(_journal: Journal, _query_id: str, _counted: Counted) -> Counted:
    """Stand in for a journal without room."""
    raise JournalFull
