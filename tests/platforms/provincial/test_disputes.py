"""A dispute on its way to the provincial platform, and what of its word on it is believed."""

import json
from datetime import date
from pathlib import Path
from typing import Protocol

import pytest
from jsonschema import Draft202012Validator

from creditbridge.foundation.errors import CreditbridgeError
from creditbridge.foundation.http import HttpRequest
from creditbridge.platforms.model import (
    AnswerRejected,
    AnswerUnreadable,
    DisputeCase,
    DisputeName,
    PlatformUnavailable,
)
from creditbridge.platforms.provincial.query import ProvincialPlatform
from creditbridge.profile.codes import SectionCode

DEADLINE = 1_008.0
NAME = DisputeName(
    dispute_id="dsp_01jdc4t7p9e2s8v5x3y6z0a1b2", uscc="91330100YY0000A13Y", stage="FIRST"
)
CASE = DisputeCase(
    name=NAME,
    section=SectionCode.PEN,
    number="PEN-示例-2026-12",
    ground="WRONG_FACT",
    text="罚款金额有误。",
    filed_on=date(2026, 11, 30),
)


class Province(Protocol):
    """The platform of `conftest`."""

    script: list[str]
    seen: list[HttpRequest]
    disputes: dict[str, dict[str, object]]
    standing: dict[str, object]


async def test_a_dispute_is_handed_over_signed_and_as_the_contract_says(
    platform: ProvincialPlatform, province: Province, contract: Path
) -> None:
    """Under its own id, without a consent; the platform verified the signature."""
    schema = json.loads((contract / "messages.schema.json").read_bytes())

    standing = await platform.pass_dispute(CASE, deadline=DEADLINE)

    (request,) = province.seen
    headers = dict(request.headers)
    assert (standing.is_taken, standing.is_extended, standing.outcome) == (True, False, None)
    assert json.loads(standing.answer)["state"] == "ACCEPTED"
    assert request.url.endswith("/v1/disputes")
    assert headers["creditbridge-query-id"] == NAME.dispute_id
    assert headers["creditbridge-consent"] == "::"
    Draft202012Validator({**schema, "$ref": "#/$defs/Objection"}).validate(json.loads(request.body))


@pytest.mark.parametrize("fault", ["refused", "lost"])
async def test_what_may_have_come_is_handed_over_again_with_the_same_words(
    platform: ProvincialPlatform, province: Province, fault: str
) -> None:
    """It never left, or it came and only the reply was lost: one dispute there, either way."""
    province.script = [fault]

    await platform.pass_dispute(CASE, deadline=DEADLINE)

    assert [request.body for request in province.seen] == [province.seen[0].body] * 2
    assert list(province.disputes) == [NAME.dispute_id]


@pytest.mark.parametrize("fault", ["refused", "lost"])
async def test_a_platform_that_stays_away_says_whether_it_may_have_come(
    platform: ProvincialPlatform, province: Province, fault: str
) -> None:
    """Failed for good, or done and every reply lost."""
    province.script = [fault] * 9

    with pytest.raises(PlatformUnavailable) as caught:
        await platform.pass_dispute(CASE, deadline=DEADLINE)

    assert caught.value.sent is (fault == "lost")
    assert bool(province.disputes) is (fault == "lost")


@pytest.mark.parametrize(
    ("standing", "expected"),
    [
        ({"state": "NOT_ACCEPTED", "due_on": None}, (False, False, None)),
        ({"extended": True}, (True, True, None)),
        ({"state": "ANSWERED", "outcome": "CORRECT"}, (True, False, "CORRECT")),
    ],
)
async def test_how_a_dispute_stands(
    platform: ProvincialPlatform,
    province: Province,
    standing: dict[str, object],
    expected: tuple[bool, bool, str | None],
) -> None:
    """Not taken up, extended, answered."""
    await platform.pass_dispute(CASE, deadline=DEADLINE)
    province.standing |= standing

    found = await platform.find_dispute(NAME, deadline=DEADLINE)

    assert found is not None
    assert (found.is_taken, found.is_extended, found.outcome) == expected


async def test_a_dispute_that_never_came_is_said_to_be_unknown(
    platform: ProvincialPlatform,
) -> None:
    """By the platform's signature; it is then handed over anew."""
    assert await platform.find_dispute(NAME, deadline=DEADLINE) is None


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("wrong-key", AnswerRejected),
        ("unsigned", AnswerRejected),
        ("changed", AnswerRejected),
        ("other-enterprise", AnswerRejected),
        ("other-dispute", AnswerRejected),
        ("other-stage", AnswerRejected),
        ("drifted", AnswerUnreadable),
        ("teapot", AnswerUnreadable),
        ("unknown", AnswerUnreadable),
        ("unknown+changed-dispute", AnswerRejected),
        ("unknown+other-dispute", AnswerRejected),
    ],
)
async def test_a_word_that_is_not_to_be_believed_changes_nothing(
    platform: ProvincialPlatform, province: Province, fault: str, error: type[CreditbridgeError]
) -> None:
    """Another's signature, dispute, enterprise or stage; or no agreed form."""
    province.script = [fault]

    with pytest.raises(error):
        await platform.pass_dispute(CASE, deadline=DEADLINE)


@pytest.mark.parametrize(
    "standing", [{"state": "ANSWERED"}, {"state": "ACCEPTED", "outcome": "KEEP"}]
)
async def test_an_answer_without_its_outcome_is_none(
    platform: ProvincialPlatform, province: Province, standing: dict[str, object]
) -> None:
    """And an outcome before the answer neither."""
    province.standing |= standing

    with pytest.raises(AnswerUnreadable):
        await platform.pass_dispute(CASE, deadline=DEADLINE)
