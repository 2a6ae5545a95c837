"""What an enterprise may answer."""

from datetime import datetime, timedelta

import pytest
from msgspec.structs import replace

from creditbridge.consents import answers
from creditbridge.consents.acts import Approval, Refusal, Withdrawal
from creditbridge.consents.model import Consent, ConsentState
from creditbridge.foundation.errors import CreditbridgeError
from creditbridge.parties.model import Role
from creditbridge.profile.codes import SectionCode

USCC = "91330100YY0000A13Y"


@pytest.fixture
def request_open(consent: Consent) -> Consent:
    """A request that waits for its answer, first version, until six days from noon."""
    return replace(consent, state=ConsentState.REQUESTED, version=1, used=0)


@pytest.fixture
def approval() -> Approval:
    """A yes to the first version, to all that was asked."""
    return Approval(
        consent_id="cns_1",
        version=1,
        uscc=USCC,
        person_id="prs_1",
        role=Role.LEGAL_REP,
        template_id="approval",
        template_version="1",
        text_digest=bytes(32),
    )


@pytest.fixture
def refusal() -> Refusal:
    """A no to the first version."""
    return Refusal(
        consent_id="cns_1",
        version=1,
        uscc=USCC,
        person_id="prs_1",
        role=Role.AGENT,
        reason="not our bank",
    )


@pytest.fixture
def withdrawal() -> Withdrawal:
    """A withdrawal without a reason."""
    return Withdrawal(consent_id="cns_1", uscc=USCC, person_id="prs_1")


def test_a_yes_makes_the_consent_live(
    request_open: Consent, approval: Approval, noon: datetime
) -> None:
    """State, signer, text and instant are fixed; the version rises; the extent stays."""
    given = answers.approve(request_open, approval, now=noon)

    assert given.state is ConsentState.ACTIVE
    assert given.version == 2
    assert given.sections == request_open.sections
    assert given.decided_at == noon
    assert (given.signer_person_id, given.signer_role) == ("prs_1", Role.LEGAL_REP)
    assert (given.template_id, given.template_version) == ("approval", "1")
    assert given.text_digest == bytes(32)


def test_a_yes_may_be_narrower(request_open: Consent, approval: Approval, noon: datetime) -> None:
    """R3: the enterprise gives one of the two sections asked for."""
    one = frozenset({SectionCode.REG})

    assert answers.approve(request_open, replace(approval, sections=one), now=noon).sections == one


def test_a_yes_may_end_sooner_and_allow_less(
    request_open: Consent, approval: Approval, noon: datetime
) -> None:
    """R3: a day and one use of what was asked for; a bound that is not named stays as asked."""
    day = noon + timedelta(hours=12)

    sooner = answers.approve(request_open, replace(approval, valid_to=day), now=noon)
    fewer = answers.approve(request_open, replace(approval, max_queries=1), now=noon)

    assert (sooner.valid_to, sooner.max_queries) == (day, request_open.max_queries)
    assert (fewer.valid_to, fewer.max_queries) == (request_open.valid_to, 1)


@pytest.mark.parametrize(
    "answer",
    [{"hours": 24, "seconds": 1}, {"hours": 0}, {"max_queries": 0}, {"max_queries": 10**6}],
)
def test_a_yes_is_never_wider_than_the_request_nor_empty(
    request_open: Consent, approval: Approval, noon: datetime, answer: dict[str, int]
) -> None:
    """A second past the term, a term that is over at once, no use, more uses."""
    wider = replace(approval, max_queries=answer.get("max_queries"))
    if "hours" in answer:
        wider = replace(wider, valid_to=noon + timedelta(**answer))

    with pytest.raises(answers.WiderThanAsked):
        answers.approve(request_open, wider, now=noon)


@pytest.mark.parametrize("state", [ConsentState.ACTIVE, ConsentState.WITHDRAWN])
def test_what_was_answered_is_not_answered_again(
    request_open: Consent, approval: Approval, noon: datetime, state: ConsentState
) -> None:
    """A second yes, or a yes after the end, changes nothing."""
    with pytest.raises(CreditbridgeError) as caught:
        answers.approve(replace(request_open, state=state), approval, now=noon)

    assert caught.value.code == "consent-transition-impossible"


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ({"version": 2}, "consent-changed"),
        ({"sections": frozenset()}, "consent-sections-not-asked"),
        ({"sections": frozenset(SectionCode)}, "consent-sections-not-asked"),
    ],
)
def test_a_yes_to_something_else_is_refused(
    request_open: Consent,
    approval: Approval,
    noon: datetime,
    answer: dict[str, object],
    code: str,
) -> None:
    """To another version than stands, to nothing, or to more than was asked for."""
    with pytest.raises(CreditbridgeError) as caught:
        answers.approve(request_open, replace(approval, **answer), now=noon)

    assert caught.value.code == code


@pytest.mark.parametrize(
    ("change", "days", "code"),
    [
        ({}, 1, "consent-expired"),
        ({"lapses_at": None}, 1, "consent-expired"),
        ({}, 6, "consent-lapsed"),
    ],
)
def test_a_yes_that_comes_late_is_refused(
    request_open: Consent,
    approval: Approval,
    noon: datetime,
    change: dict[str, object],
    *,
    days: int,
    code: str,
) -> None:
    """The term is over, or nobody answered for too long."""
    late = noon + timedelta(days=days)
    with pytest.raises(CreditbridgeError) as caught:
        answers.approve(replace(request_open, **change), approval, now=late)

    assert caught.value.code == code


def test_a_no_ends_the_request(request_open: Consent, refusal: Refusal, noon: datetime) -> None:
    """Who said it, when and why are kept."""
    ended = answers.refuse(request_open, refusal, now=noon)

    assert ended.state is ConsentState.REFUSED
    assert ended.version == 2
    assert (ended.decided_at, ended.ended_at) == (noon, noon)
    assert (ended.signer_person_id, ended.signer_role) == ("prs_1", Role.AGENT)
    assert ended.reason == "not our bank"


def test_a_no_to_another_version_is_refused(
    request_open: Consent, refusal: Refusal, noon: datetime
) -> None:
    """What was read is what is answered."""
    with pytest.raises(answers.ConsentChanged):
        answers.refuse(request_open, replace(refusal, version=3), now=noon)


@pytest.mark.parametrize("state", [ConsentState.ACTIVE, ConsentState.PAUSED])
def test_a_given_consent_is_taken_back(
    consent: Consent, withdrawal: Withdrawal, noon: datetime, state: ConsentState
) -> None:
    """PIPL 15: whatever its version, its term and its uses, at once."""
    ended = answers.withdraw(replace(consent, state=state, used=3), withdrawal, now=noon)

    assert ended.state is ConsentState.WITHDRAWN
    assert ended.version == 3
    assert (ended.ended_at, ended.withdrawn_by, ended.reason) == (noon, "prs_1", None)


def test_what_has_ended_is_not_taken_back_again(
    consent: Consent, withdrawal: Withdrawal, noon: datetime
) -> None:
    """End states never change."""
    ended = answers.withdraw(consent, withdrawal, now=noon)

    with pytest.raises(CreditbridgeError) as caught:
        answers.withdraw(ended, withdrawal, now=noon)

    assert caught.value.code == "consent-transition-impossible"


@pytest.mark.parametrize("reason", ["x" * 201, "a\x1b[2J", "a\u202eb", "a\x00"])
def test_a_reason_is_short_and_prints(
    consent: Consent, withdrawal: Withdrawal, noon: datetime, reason: str
) -> None:
    """Fault 68: nothing that an officer's screen or a database would obey."""
    with pytest.raises(answers.ReasonMalformed):
        answers.withdraw(consent, replace(withdrawal, reason=reason), now=noon)


def test_an_unanswered_request_lapses(request_open: Consent, noon: datetime) -> None:
    """It ends without anybody's act; an answered one does not."""
    lapsed = answers.lapse(request_open, now=noon)

    assert lapsed.state is ConsentState.LAPSED
    assert (lapsed.version, lapsed.ended_at) == (2, noon)
    with pytest.raises(CreditbridgeError):
        answers.lapse(lapsed, now=noon)


def test_nothing_can_be_answered_where_nothing_is(
    approval: Approval, refusal: Refusal, withdrawal: Withdrawal, noon: datetime
) -> None:
    """Fault 67: a consent of another company is unknown, in every act."""
    with pytest.raises(answers.ConsentUnknown):
        answers.approve(None, approval, now=noon)
    with pytest.raises(answers.ConsentUnknown):
        answers.refuse(None, refusal, now=noon)
    with pytest.raises(answers.ConsentUnknown):
        answers.withdraw(None, withdrawal, now=noon)
