"""A natural person's page about themselves, and the bank's door to it."""

import itertools
import re
from datetime import timedelta

import msgspec
import pytest
from tests.endpoints.stage import ENTERPRISE, FORM, USCC, Machine, Stage
from tests.endpoints.wire import Answer, send

from creditbridge.login.model import SESSION_COOKIE

UNKNOWN = "pcs_01hzy6t9x7c3v5n8m2k4p6q8r0"
HOME = "/portal/my-consents"
NUMBERS = itertools.count(1)
TICKED = {"decision": "approve", "version": "1", "see_REG": "yes", "see_PSN": "yes"}


async def ask_person(stage: Stage, machine: Machine, **changed: object) -> Answer:
    """Ask the legal representative, as a bank."""
    body = {
        "enterprise": {"uscc": USCC, "name": ENTERPRISE},
        "authorization_no": f"SQ-P-{next(NUMBERS)}",
        "purposes": ["KEY_PERSON_REVIEW"],
        "sections": ["REG", "PSN"],
        "valid_to": stage.clock.now() + timedelta(days=30),
        **changed,
    }
    _, answer = await stage.call(
        machine, "POST", "/v1/person-consents", body=msgspec.json.encode(body)
    )
    return answer


@pytest.fixture
async def asked(stage: Stage, north: Machine) -> str:
    """What the north asks the legal representative."""
    answer = await ask_person(stage, north)
    assert answer.status == 201, answer.body
    return str(answer.json["person_consent_id"])


async def state_of(stage: Stage, machine: Machine, person_consent_id: str) -> object:
    """Return how a bank finds it."""
    _, answer = await stage.call(machine, "GET", f"/v1/person-consents/{person_consent_id}")
    return answer.json["state"]


async def test_a_person_finds_what_is_asked_of_them(stage: Stage, asked: str) -> None:
    """In the list, in the inbox, and on a page of its own: who, about what, for how long."""
    await stage.sign_in()
    session = await stage.sign_in()

    listed = await stage.visit(session, HOME)
    page = await stage.visit(session, f"{HOME}/{asked}")

    assert asked.encode() in listed.body
    assert page.status == 200
    text = page.body.decode()
    for told in ("north bank", ENTERPRISE, "法定代表人", "see_REG", "see_PSN", "最多30天"):
        assert told in text
    assert "script" not in text


async def test_the_page_speaks_english(stage: Stage, asked: str) -> None:
    """The same in the other language."""
    session = await stage.sign_in()

    page = await stage.visit(session, f"{HOME}/{asked}?language=en")

    assert "This is about you as a person." in page.body.decode()


async def test_a_yes_of_ones_own_reaches_the_bank(stage: Stage, north: Machine, asked: str) -> None:
    """Live as soon as it is given, to what was ticked; the page then offers the way back."""
    session = await stage.sign_in()

    given = await stage.visit(
        session,
        f"{HOME}/{asked}/decision",
        form={"decision": "approve", "version": "1", "see_PSN": "yes"},
    )
    _, seen = await stage.call(north, "GET", f"/v1/person-consents/{asked}")
    page = await stage.visit(session, f"{HOME}/{asked}")

    assert (given.status, given.header("location")) == (303, f"{HOME}?notice=person-agreed")
    assert (seen.json["state"], seen.json["sections"]) == ("ACTIVE", ["PSN"])
    assert seen.json["valid_from"] is not None
    assert b'id="person-withdraw"' in page.body


async def test_a_yes_to_nothing_is_asked_again(stage: Stage, north: Machine, asked: str) -> None:
    """422 with what is to be put right; nothing was decided."""
    session = await stage.sign_in()

    again = await stage.visit(
        session, f"{HOME}/{asked}/decision", form={"decision": "approve", "version": "1"}
    )

    assert again.status == 422
    assert b'role="alert"' in again.body
    assert await state_of(stage, north, asked) == "REQUESTED"


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({**TICKED, "version": "2"}, 403),
        ({**TICKED, "version": "x"}, 400),
        ({**TICKED, "decision": "perhaps"}, 400),
        ({"version": "1"}, 400),
    ],
)
async def test_what_is_no_answer_changes_nothing(
    stage: Stage, north: Machine, asked: str, form: dict[str, str], status: int
) -> None:
    """Another version, none, or neither yes nor no."""
    session = await stage.sign_in()

    answer = await stage.visit(session, f"{HOME}/{asked}/decision", form=form)

    assert answer.status == status
    assert await state_of(stage, north, asked) == "REQUESTED"


async def test_a_no_ends_it(stage: Stage, north: Machine, asked: str) -> None:
    """A second answer is told that there was one."""
    session = await stage.sign_in()

    refused = await stage.visit(session, f"{HOME}/{asked}/decision", form={"decision": "refuse"})
    late = await stage.visit(session, f"{HOME}/{asked}/decision", form=TICKED)

    assert (refused.status, refused.header("location")) == (303, f"{HOME}?notice=person-refused")
    assert late.status == 403
    assert b"person-consent-closed" in late.body
    assert await state_of(stage, north, asked) == "REFUSED"


async def test_a_withdrawal_is_one_press_and_holds_at_once(
    stage: Stage, north: Machine, asked: str
) -> None:
    """The look before it names the person's consent; the look after shows nobody."""
    session = await stage.sign_in()
    await stage.visit(session, f"{HOME}/{asked}/decision", form=TICKED)
    consent_id = await stage.give_consent(north)
    _, before = await stage.ask(north, consent_id, person_purpose="KEY_PERSON_REVIEW")
    looks = await stage.visit(session, f"{HOME}/{asked}")

    taken = await stage.visit(session, f"{HOME}/{asked}/withdrawal", form={})
    _, after = await stage.ask(north, consent_id, key="key-2", person_purpose="KEY_PERSON_REVIEW")
    ended = await stage.visit(session, f"{HOME}/{asked}")

    assert [one["person_consent_id"] for one in msgspec.json.decode(before.body)["persons"]] == [
        asked
    ]
    assert '<span class="count">1</span>' in looks.body.decode()
    assert (taken.status, taken.header("location")) == (303, f"{HOME}?notice=person-withdrawn")
    assert msgspec.json.decode(after.body)["persons"] == []
    assert await state_of(stage, north, asked) == "WITHDRAWN"
    assert b'id="person-withdraw"' not in ended.body


@pytest.mark.parametrize("page", ["", "/decision", "/withdrawal"])
async def test_another_persons_looks_like_none(stage: Stage, asked: str, page: str) -> None:
    """Given by one, unknown, no id: one page, one status, to read and to answer."""
    session = await stage.sign_in()
    await stage.visit(session, f"{HOME}/{asked}/decision", form=TICKED)
    stage.identity.sign_in_as("sub-2", "李示例", uscc=USCC, name=ENTERPRISE)
    session = await stage.sign_in()

    answers = [
        await stage.visit(session, f"{HOME}/{one}{page}", form=TICKED if page else None)
        for one in (asked, UNKNOWN, "pcs_x")
    ]

    assert [answer.status for answer in answers] == [404, 404, 404]
    assert len({_without_ids(answer, asked) for answer in answers}) == 1


def _without_ids(answer: Answer, own: str) -> str:
    text = answer.body.decode()
    for one in (own, UNKNOWN, "pcs_x"):
        text = text.replace(one, "ID")
    return re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "INTERACTION", text)


async def test_an_agent_is_asked_nothing(stage: Stage, asked: str) -> None:
    """The list is theirs, and empty; the request is not there."""
    stage.identity.sign_in_as("sub-3", "钱示例", uscc=USCC, name=ENTERPRISE, role="AGENT")
    session = await stage.sign_in()

    listed = await stage.visit(session, HOME)
    page = await stage.visit(session, f"{HOME}/{asked}")

    assert listed.status == 200
    assert asked.encode() not in listed.body
    assert page.status == 404


@pytest.mark.parametrize("act", ["decision", "withdrawal"])
async def test_a_form_of_another_site_decides_nothing(
    stage: Stage, north: Machine, asked: str, act: str
) -> None:
    """Without this session's form token; and without a session there is no page."""
    session = await stage.sign_in()

    answer = await send(
        stage.people,
        "POST",
        f"{HOME}/{asked}/{act}",
        headers=[("cookie", f"{SESSION_COOKIE}={session}"), FORM],
        body=b"decision=approve&version=1&see_REG=yes",
    )
    stranger = await stage.visit(None, f"{HOME}/{asked}")

    assert answer.status == 403
    assert (stranger.status, stranger.header("location")) == (303, "/portal/sign-in")
    assert await state_of(stage, north, asked) == "REQUESTED"


@pytest.mark.parametrize("which", ["foreign", "unknown", "no id"])
async def test_another_banks_is_unknown(
    stage: Stage, south: Machine, asked: str, which: str
) -> None:
    """404 in one set of words."""
    named = {"foreign": asked, "unknown": UNKNOWN, "no id": "pcs_x"}[which]

    _, answer = await stage.call(south, "GET", f"/v1/person-consents/{named}")

    assert (answer.status, answer.code) == (404, "not-found")


@pytest.mark.parametrize(
    ("changed", "status", "code"),
    [
        ({"purposes": ["PRE_LOAN_REVIEW"]}, 403, "person-purpose-mismatch"),
        ({"purposes": ["DISPUTE_CHECK"]}, 403, "person-purpose-mismatch"),
        ({"sections": ["PEN"]}, 403, "person-sections-mismatch"),
        ({"position": "CONTROLLER"}, 403, "person-position-unvouched"),
        ({"valid_to": "2020-01-01T00:00:00Z"}, 403, "person-term-mismatch"),
        ({"purposes": []}, 400, None),
        ({"id_number": "330102199001010000"}, 400, None),
    ],
)
async def test_what_a_bank_cannot_ask_of_a_person(
    stage: Stage, north: Machine, changed: dict[str, object], status: int, code: str | None
) -> None:
    """Above all what enterprises are asked for; and nobody's number has a place in the body."""
    answer = await ask_person(stage, north, **changed)

    assert answer.status == status
    assert code is None or answer.code == code


@pytest.mark.parametrize("door", ["consent", "report"])
async def test_the_two_tables_of_purposes_never_mix(
    stage: Stage, north: Machine, door: str
) -> None:
    """A person's purpose on the enterprise door, and an enterprise's for persons: both refused."""
    if door == "consent":
        body = stage.consent_body(purposes=["KEY_PERSON_REVIEW"])
        _, answer = await stage.call(north, "POST", "/v1/consents", body=body)
        code = "consent-purpose-not-allowed"
    else:
        consent_id = await stage.give_consent(north)
        _, answer = await stage.ask(north, consent_id, person_purpose="PRE_LOAN_REVIEW")
        code = "person-purpose-mismatch"

    assert (answer.status, answer.code) == (403, code)
