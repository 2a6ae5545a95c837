"""What the provincial platform answers, and what of it is believed."""

import io
import json
from datetime import timedelta
from typing import Protocol

import pytest

from creditbridge.foundation.errors import CreditbridgeError
from creditbridge.foundation.http import HttpRequest
from creditbridge.foundation.keys import FileKey
from creditbridge.platforms.model import (
    AnswerRejected,
    AnswerUnreadable,
    EnterpriseUnknown,
    PlatformQuery,
    PlatformRefused,
    PlatformUnavailable,
    QueryState,
)
from creditbridge.platforms.provincial.query import ProvincialPlatform
from creditbridge.profile.codes import ErrorClass, SectionCode
from creditbridge.profile.model import PresentSection, UnknownSection

DEADLINE = 1_008.0


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


@pytest.mark.parametrize(
    "fault",
    [
        "wrong-key",
        "unsigned",
        "changed",
        "clock",
        "other-enterprise",
        "other-query",
        "other-consent",
    ],
)
async def test_an_answer_that_is_not_ours_to_believe_is_rejected(
    platform: ProvincialPlatform, province: Province, query: PlatformQuery, fault: str
) -> None:
    """Not repeated: the platform answered, and was counted."""
    province.script = [fault]

    with pytest.raises(AnswerRejected) as caught:
        await platform.ask(query, deadline=DEADLINE)

    assert caught.value.sent
    assert len(province.seen) == 1


async def test_a_clock_that_is_off_is_named(
    platform: ProvincialPlatform, province: Province, query: PlatformQuery
) -> None:
    """Ten minutes ahead: refused, and the log says where to look."""
    province.script = ["clock"]

    with pytest.raises(AnswerRejected) as caught:
        await platform.ask(query, deadline=DEADLINE)

    assert "clock" in caught.value.detail


async def test_a_replayed_answer_is_rejected(
    platform: ProvincialPlatform, province: Province, query: PlatformQuery
) -> None:
    """It was signed for an earlier request, even of the same query."""
    province.script = ["well", "replay"]
    await platform.ask(query, deadline=DEADLINE)

    with pytest.raises(AnswerRejected):
        await platform.ask(query, deadline=DEADLINE)


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("html", AnswerUnreadable),
        ("too-large", AnswerUnreadable),
        ("302", AnswerUnreadable),
        ("drifted", AnswerUnreadable),
        ("no-subject", AnswerUnreadable),
        ("teapot", AnswerUnreadable),
        ("unknown", EnterpriseUnknown),
        ("grant", PlatformRefused),
    ],
)
async def test_each_other_answer_has_its_error(
    platform: ProvincialPlatform,
    province: Province,
    query: PlatformQuery,
    fault: str,
    error: type[CreditbridgeError],
) -> None:
    """No guess is made, and nothing repeated."""
    province.script = [fault]

    with pytest.raises(error):
        await platform.ask(query, deadline=DEADLINE)

    assert len(province.seen) == 1


@pytest.mark.parametrize(
    "fault",
    [
        "unknown+wrong-key",
        "unknown+unsigned",
        "unknown+other-enterprise",
        "grant+unsigned",
        "grant+other-query",
    ],
)
async def test_a_refusal_is_verified_as_an_answer_is(
    platform: ProvincialPlatform, province: Province, query: PlatformQuery, fault: str
) -> None:
    """Whoever could forge "unknown" could hide an enterprise, or give a counted use back."""
    province.script = [fault]

    with pytest.raises(AnswerRejected):
        await platform.ask(query, deadline=DEADLINE)


async def test_an_unknown_enterprise_is_proven(
    platform: ProvincialPlatform, province: Province, query: PlatformQuery
) -> None:
    """The error carries the signed refusal."""
    province.script = ["unknown"]

    with pytest.raises(EnterpriseUnknown) as caught:
        await platform.ask(query, deadline=DEADLINE)

    assert caught.value.proof is not None
    assert json.loads(caught.value.proof.answer_body)["code"] == "SUBJECT_UNKNOWN"


async def test_a_section_that_drifted_is_unknown_and_told(
    platform: ProvincialPlatform,
    province: Province,
    query: PlatformQuery,
    log_lines: io.StringIO,
) -> None:
    """The others are served."""
    sections = province.body["sections"]
    assert isinstance(sections, dict)
    province.body = {**province.body, "sections": {**sections, "PEN": {"status": "NEW"}}}

    answered = await platform.ask(query, deadline=DEADLINE)

    assert answered.answer.sections[SectionCode.PEN] == UnknownSection(
        error_class=ErrorClass.SCHEMA_DRIFT
    )
    assert isinstance(answered.answer.sections[SectionCode.REG], PresentSection)
    assert '"event":"platform.drifted"' in log_lines.getvalue()


async def test_whether_a_query_was_counted_can_be_asked(
    platform: ProvincialPlatform, province: Province, query: PlatformQuery
) -> None:
    """Before, and after its answer was lost."""
    deadline = DEADLINE
    assert await platform.find_query(query.query_id, deadline=deadline) is QueryState.NOT_COUNTED

    province.script = ["lost", "lost", "lost"]
    with pytest.raises(PlatformUnavailable):
        await platform.ask(query, deadline=deadline)

    assert await platform.find_query(query.query_id, deadline=deadline) is QueryState.COUNTED
    request = province.seen[-1]
    assert (request.method, request.body) == ("GET", b"")
    assert dict(request.headers)["creditbridge-consent"] == "::"


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("wrong-key", AnswerRejected),
        ("other-query", AnswerRejected),
        ("drifted", AnswerUnreadable),
        ("teapot+well", AnswerUnreadable),
    ],
)
async def test_a_state_is_verified_as_an_answer_is(
    platform: ProvincialPlatform,
    province: Province,
    query: PlatformQuery,
    fault: str,
    error: type[CreditbridgeError],
) -> None:
    """A forged NOT_COUNTED would give a use back."""
    province.script = [fault]

    with pytest.raises(error):
        await platform.find_query(query.query_id, deadline=DEADLINE)


async def test_the_instants_are_of_the_first_attempt_and_the_answer(
    platform: ProvincialPlatform, province: Province, query: PlatformQuery
) -> None:
    """A wait of one second lies between."""
    province.script = ["503"]

    answered = await platform.ask(query, deadline=DEADLINE)

    assert answered.answer_in_at - answered.query_out_at == timedelta(seconds=1)
