"""A question to the provincial platform, through everything that can go wrong with it."""

import json
from base64 import b64decode
from pathlib import Path
from typing import Protocol

import pytest
from jsonschema import Draft202012Validator
from msgspec.structs import replace

from creditbridge.foundation.clock import Clock
from creditbridge.foundation.http import HttpRequest
from creditbridge.foundation.keys import FileKey
from creditbridge.platforms.grant import make_grant
from creditbridge.platforms.model import (
    DeadlineExceeded,
    PlatformQuery,
    PlatformUnavailable,
)
from creditbridge.platforms.provincial.query import ProvincialPlatform
from creditbridge.protocols.content_digest import require_digest
from creditbridge.protocols.http_signatures import PLATFORM_ANSWER, PLATFORM_QUERY, verify_base
from creditbridge.protocols.uscc import EntityCategory

DEADLINE = 1_008.0


class HandClock(Clock, Protocol):
    """The clock of `conftest`."""

    def advance(self, seconds: float) -> None:
        """Move on."""
        ...


class Province(Protocol):
    """The platform of `conftest`."""

    key: FileKey
    body: dict[str, object]
    script: list[str]
    token_script: list[str]
    seen: list[HttpRequest]
    counted: list[str]
    tokens: int
    assertions: list[dict[str, object]]


async def test_an_answer_in_our_words_with_its_proof(
    platform: ProvincialPlatform, province: Province, query: PlatformQuery, gateway: FileKey
) -> None:
    """Sections, subject, source, instants; and both signatures verify again offline."""
    answered = await platform.ask(query, deadline=DEADLINE)

    assert set(answered.answer.sections) == query.sections
    assert answered.subject.name == "示例晴川机械有限公司"
    assert answered.subject.category is EntityCategory.ENTERPRISE
    assert answered.answer.source is not None
    assert answered.answer.source.query_id == query.query_id
    assert answered.query_out_at == answered.answer_in_at
    proof = answered.proof
    asked = verify_base(
        proof.query_base, proof.query_signature, gateway.key, profile=PLATFORM_QUERY
    )
    told = verify_base(
        proof.answer_base, proof.answer_signature, province.key.key, profile=PLATFORM_ANSWER
    )
    covered = dict(told.components)
    require_digest(covered["content-digest"], proof.answer_body)
    consent = dict(asked.components)["creditbridge-consent"]
    assert b64decode(consent.strip(":")) == proof.grant
    assert (proof.query_key_id, proof.answer_key_id) == ("gateway-1", "platform-1")


async def test_the_request_is_what_the_contract_says(
    platform: ProvincialPlatform,
    province: Province,
    query: PlatformQuery,
    contract: Path,
    digest_on_the_wire: str,
) -> None:
    """Body and grant are valid against the schemas; `traceparent` is sent but not covered."""
    await platform.ask(query, deadline=DEADLINE)

    (request,) = province.seen
    headers = dict(request.headers)
    grant = json.loads(b64decode(headers["creditbridge-consent"].strip(":")))
    messages = json.loads((contract / "messages.schema.json").read_bytes())
    for definition, value in (("Query", json.loads(request.body)), ("Grant", grant)):
        Draft202012Validator({**messages, "$ref": f"#/$defs/{definition}"}).validate(value)
    assert (request.method, request.url) == ("POST", "https://platform.example/v1/queries")
    assert headers["authorization"] == "Bearer pat_1"
    assert headers["traceparent"] == query.traceparent
    assert "traceparent" not in headers["signature-input"]
    assert grant == {
        "v": 1,
        "audience": "provincial",
        "query_id": query.query_id,
        "uscc": query.uscc,
        "sections": ["EVA", "LST", "PEN", "REG"],
        "purpose": "PRE_LOAN_REVIEW",
        "consent_digest": digest_on_the_wire,
        "expires_at": "2026-11-21T02:01:00Z",
    }


async def test_without_a_trace_none_is_sent(
    platform: ProvincialPlatform, province: Province, query: PlatformQuery
) -> None:
    """No empty header."""
    await platform.ask(replace(query, traceparent=None), deadline=DEADLINE)

    assert "traceparent" not in dict(province.seen[0].headers)


def test_a_grant_is_the_same_bytes_for_the_same_query(query: PlatformQuery) -> None:
    """Canonical, whatever the order of the sections was; another audience is another grant."""
    grant = make_grant(query, audience="provincial")

    assert (
        make_grant(
            replace(query, sections=frozenset(sorted(query.sections))), audience="provincial"
        )
        == grant
    )
    assert make_grant(query, audience="national") != grant
    assert b"artefact" not in grant


async def test_the_token_is_asked_for_with_an_assertion_of_its_own(
    platform: ProvincialPlatform, province: Province, query: PlatformQuery
) -> None:
    """RFC 7523: issuer and subject are the client, the audience is the platform, 60 s of life."""
    await platform.ask(query, deadline=DEADLINE)
    await platform.ask(query, deadline=DEADLINE)

    (claims,) = province.assertions
    assert (claims["iss"], claims["sub"], claims["aud"]) == ("gateway", "gateway", "provincial")
    assert claims["exp"] == 1_795_226_460
    assert claims["iat"] == 1_795_226_400
    assert len(str(claims["jti"])) >= 22
    assert province.tokens == 1


async def test_a_token_is_renewed_before_it_ends(
    platform: ProvincialPlatform, province: Province, query: PlatformQuery, clock: HandClock
) -> None:
    """Thirty seconds before."""
    await platform.ask(query, deadline=DEADLINE)
    clock.advance(269)
    await platform.ask(query, deadline=clock.monotonic() + 8)
    assert province.tokens == 1

    clock.advance(1)
    await platform.ask(query, deadline=clock.monotonic() + 8)

    assert province.tokens == 2


async def test_a_token_that_is_refused_is_renewed_once(
    platform: ProvincialPlatform, province: Province, query: PlatformQuery
) -> None:
    """And the query sent again under its id."""
    province.script = ["401"]

    await platform.ask(query, deadline=DEADLINE)

    assert [dict(each.headers)["authorization"] for each in province.seen] == [
        "Bearer pat_1",
        "Bearer pat_2",
    ]
    assert province.counted == [query.query_id]


async def test_a_platform_that_refuses_every_token_may_have_counted(
    platform: ProvincialPlatform, province: Province, query: PlatformQuery
) -> None:
    """A 401 bears no signature, so it proves nothing."""
    province.script = ["401", "401"]

    with pytest.raises(PlatformUnavailable) as caught:
        await platform.ask(query, deadline=DEADLINE)

    assert caught.value.sent
    assert province.tokens == 2


@pytest.mark.parametrize("fault", ["refused", "lost", "html", "denied", "drifted"])
async def test_without_a_token_no_query_is_sent(
    platform: ProvincialPlatform, province: Province, query: PlatformQuery, fault: str
) -> None:
    """Refused, lost, unreadable, denied: the use can be given back."""
    province.token_script = [fault] * 3

    with pytest.raises(PlatformUnavailable) as caught:
        await platform.ask(query, deadline=DEADLINE)

    assert (province.seen, caught.value.sent) == ([], False)


@pytest.mark.parametrize(
    ("faults", "counted", "sent"),
    [
        pytest.param(["refused"] * 3, 0, False, id="refused-before-sending"),
        pytest.param(["lost"] * 3, 1, True, id="counted-and-reply-lost"),
        pytest.param(["503"] * 3, 0, True, id="later"),
        pytest.param(["lost", "refused", "refused"], 1, True, id="lost-then-refused"),
    ],
)
async def test_no_answer_tells_whether_it_was_sent(
    platform: ProvincialPlatform,
    province: Province,
    query: PlatformQuery,
    faults: list[str],
    counted: int,
    *,
    sent: bool,
) -> None:
    """In pairs: it failed, and it was done but the reply lost. Counted once at most."""
    province.script = faults

    with pytest.raises(PlatformUnavailable) as caught:
        await platform.ask(query, deadline=DEADLINE)

    assert (len(province.counted), caught.value.sent) == (counted, sent)


@pytest.mark.parametrize("fault", ["refused", "lost", "503", "429"])
async def test_one_fault_is_repeated_under_the_same_id(
    platform: ProvincialPlatform, province: Province, query: PlatformQuery, fault: str
) -> None:
    """A fresh signature, the same query id, one count."""
    province.script = [fault]

    answered = await platform.ask(query, deadline=DEADLINE)

    signatures = {dict(each.headers)["signature"] for each in province.seen}
    ids = {dict(each.headers)["creditbridge-query-id"] for each in province.seen}
    assert len(signatures) == 2
    assert ids == {query.query_id}
    assert province.counted == [query.query_id]
    assert answered.proof.query_signature


async def test_a_slow_platform_ends_at_the_deadline(
    platform: ProvincialPlatform, province: Province, query: PlatformQuery, clock: HandClock
) -> None:
    """Not later, and it may have been counted."""
    province.script = ["slow", "slow", "slow"]

    with pytest.raises(DeadlineExceeded) as caught:
        await platform.ask(query, deadline=DEADLINE)

    assert clock.monotonic() == pytest.approx(DEADLINE)
    assert caught.value.sent
