"""What a bank may ask for."""

from datetime import datetime, timedelta, timezone

import pytest
from msgspec.structs import replace

from creditbridge.consents.acts import ConsentRequest
from creditbridge.consents.ceilings import (
    TermNotAllowed,
    require_acceptable,
)
from creditbridge.consents.model import DocumentDigest
from creditbridge.consents.policy import Ceilings
from creditbridge.foundation.errors import CreditbridgeError
from creditbridge.profile.codes import ConsentForm, DataClass, Purpose, SectionCode, Until

ONE_YEAR = timedelta(days=366)
SCAN = DocumentDigest(sha256="ab" * 32)


def test_a_request_within_the_ceilings_gets_its_term(
    request_of_bank: ConsentRequest, noon: datetime
) -> None:
    """Without a beginning of its own the term begins at the request; it lapses in seven days."""
    term = require_acceptable(request_of_bank, Ceilings(), now=noon)

    assert term.valid_from == noon
    assert term.valid_to == noon + timedelta(days=30)
    assert term.lapses_at == noon + timedelta(days=7)


@pytest.mark.parametrize(
    ("waits", "lapses"), [(timedelta(minutes=1),) * 2, (timedelta(days=8), timedelta(days=7))]
)
def test_a_bank_may_wait_for_less_than_the_policy_allows(
    request_of_bank: ConsentRequest, noon: datetime, waits: timedelta, lapses: timedelta
) -> None:
    """The earlier of the two ends the request."""
    asked = replace(request_of_bank, lapses_at=noon + waits)

    assert require_acceptable(asked, Ceilings(), now=noon).lapses_at == noon + lapses


def test_a_request_cannot_have_lapsed_before_it_is_made(
    request_of_bank: ConsentRequest, noon: datetime
) -> None:
    """Not even in the same instant."""
    with pytest.raises(TermNotAllowed):
        require_acceptable(replace(request_of_bank, lapses_at=noon), Ceilings(), now=noon)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"purposes": frozenset()}, "consent-request-malformed"),
        ({"sections": frozenset()}, "consent-request-malformed"),
        ({"max_queries": 0}, "consent-request-malformed"),
        ({"clients": frozenset(f"cli_{n}" for n in range(33))}, "consent-request-malformed"),
        ({"authorization_no": ""}, "consent-request-malformed"),
        ({"authorization_no": "A" * 65}, "consent-request-malformed"),
        ({"authorization_no": "A\u202e1"}, "consent-request-malformed"),
        ({"authorization_no": " A"}, "consent-request-malformed"),
        ({"business_ref": "B\x1b[2J"}, "consent-request-malformed"),
        ({"purposes": frozenset({Purpose.OTHER})}, "consent-purpose-not-allowed"),
        ({"purposes": frozenset({Purpose.KEY_PERSON_REVIEW})}, "consent-purpose-not-allowed"),
        (
            {"purposes": frozenset({Purpose.PRE_LOAN_REVIEW, Purpose.DISPUTE_CHECK})},
            "consent-purpose-not-allowed",
        ),
        ({"sections": frozenset({SectionCode.PSN})}, "consent-sections-not-allowed"),
        ({"max_queries": 1001}, "consent-queries-not-allowed"),
        ({"purposes": frozenset({Purpose.POST_LOAN})}, "consent-business-missing"),
        ({"until": Until.BUSINESS_END}, "consent-business-missing"),
        ({"recurring": False}, "consent-request-malformed"),
        ({"data_classes": frozenset({DataClass.GOV_ONLY})}, "consent-data-classes-not-allowed"),
        ({"data_classes": frozenset({DataClass.PERSONAL})}, "consent-data-classes-not-allowed"),
        ({"retention_days": 1_828}, "consent-retention-not-allowed"),
        ({"retention_days": 0}, "consent-request-malformed"),
        ({"per_day": 0}, "consent-request-malformed"),
        ({"min_interval_seconds": 0}, "consent-request-malformed"),
        ({"min_interval_seconds": 1_827 * 86_400 + 1}, "consent-frequency-not-allowed"),
        ({"form": ConsentForm.PAPER_SCAN, "document": SCAN}, "consent-form-not-allowed"),
        ({"document": SCAN}, "consent-form-not-allowed"),
    ],
)
def test_a_request_over_a_ceiling_is_refused(
    request_of_bank: ConsentRequest, noon: datetime, changes: dict[str, object], code: str
) -> None:
    """Each ceiling has its code; personal purposes and sections are never for this door."""
    with pytest.raises(CreditbridgeError) as caught:
        require_acceptable(replace(request_of_bank, **changes), Ceilings(), now=noon)

    assert caught.value.code == code


@pytest.mark.parametrize("hours", [-14, 14])
def test_a_term_at_the_end_of_time_is_refused(
    request_of_bank: ConsentRequest, noon: datetime, hours: int
) -> None:
    """Within a year, and yet no instant in UTC: refused like every other term, and no defect."""
    west = timezone(timedelta(hours=hours))
    last = datetime(9999, 12, 31, 23, tzinfo=west)
    first = datetime(9999, 12, 31, 1, tzinfo=west)
    asked = replace(request_of_bank, valid_from=first, valid_to=last)

    if hours < 0:
        with pytest.raises(TermNotAllowed):
            require_acceptable(asked, Ceilings(), now=noon)
    else:
        assert require_acceptable(asked, Ceilings(), now=noon).valid_to == last


def test_post_loan_with_its_business_is_accepted(
    request_of_bank: ConsentRequest, noon: datetime
) -> None:
    """Post-loan management may be asked for where the business is named."""
    request = replace(
        request_of_bank, purposes=frozenset({Purpose.POST_LOAN}), business_ref="合同2026-7"
    )

    assert require_acceptable(request, Ceilings(), now=noon).valid_from == noon


@pytest.mark.parametrize(
    ("begins", "ends", "accepted"),
    [
        (timedelta(0), ONE_YEAR, True),
        (timedelta(0), ONE_YEAR + timedelta(microseconds=1), False),
        (timedelta(days=9), timedelta(days=9) + ONE_YEAR, True),
        (timedelta(microseconds=-1), timedelta(days=1), False),
        (timedelta(days=1), timedelta(days=1), False),
        (timedelta(days=2), timedelta(days=1), False),
        (None, timedelta(0), False),
        (None, timedelta(microseconds=1), True),
    ],
)
def test_a_term_lies_ahead_and_is_at_most_one_year(
    request_of_bank: ConsentRequest,
    noon: datetime,
    begins: timedelta | None,
    ends: timedelta,
    *,
    accepted: bool,
) -> None:
    """Nothing is back-dated, empty, backwards, or longer than the ceiling by a microsecond."""
    request = replace(
        request_of_bank,
        valid_from=None if begins is None else noon + begins,
        valid_to=noon + ends,
    )

    if accepted:
        assert require_acceptable(request, Ceilings(), now=noon).valid_to == noon + ends
    else:
        with pytest.raises(CreditbridgeError) as caught:
            require_acceptable(request, Ceilings(), now=noon)
        assert caught.value.code == "consent-term-not-allowed"


def test_a_narrower_house_narrows_its_banks(
    request_of_bank: ConsentRequest, noon: datetime
) -> None:
    """The ceilings are configuration: a house may allow one section and name its rule."""
    narrow = Ceilings(rule="city-ceilings", rule_version="3", sections=frozenset({SectionCode.REG}))

    with pytest.raises(CreditbridgeError) as caught:
        require_acceptable(request_of_bank, narrow, now=noon)

    assert caught.value.code == "consent-sections-not-allowed"


@pytest.mark.parametrize(
    "opened",
    [
        {"purposes": frozenset({Purpose.KEY_PERSON_REVIEW})},
        {"sections": frozenset({SectionCode.PSN})},
    ],
)
def test_no_configuration_opens_this_door_to_personal_data(opened: dict[str, object]) -> None:
    """Natural persons consent for themselves, so such ceilings cannot even be built."""
    with pytest.raises(ValueError, match="person's own consent"):
        replace(Ceilings(), **opened)


@pytest.mark.parametrize(
    ("asked", "recurs"),
    [
        ({"max_queries": 1}, False),
        ({"max_queries": 1, "recurring": True}, True),
        ({"max_queries": 2}, True),
    ],
)
def test_what_a_request_leaves_open_the_house_says(
    request_of_bank: ConsentRequest, noon: datetime, asked: dict[str, object], *, recurs: bool
) -> None:
    """One query is one look unless it is said to recur; data is kept as long as may be."""
    term = require_acceptable(replace(request_of_bank, **asked), Ceilings(), now=noon)

    assert (term.recurring, term.retention_days) == (recurs, 1_827)


@pytest.mark.parametrize(("days", "accepted"), [(1_826, True), (1_827, True), (1_828, False)])
def test_a_term_until_the_business_ends_has_a_hard_stop(
    request_of_bank: ConsentRequest, noon: datetime, days: int, *, accepted: bool
) -> None:
    """Five years, where the end of the business ends the consent before."""
    request = replace(
        request_of_bank,
        until=Until.BUSINESS_END,
        business_ref="L-7",
        valid_to=noon + timedelta(days=days),
    )

    if accepted:
        assert require_acceptable(request, Ceilings(), now=noon).valid_to == request.valid_to
    else:
        with pytest.raises(TermNotAllowed):
            require_acceptable(request, Ceilings(), now=noon)


@pytest.mark.parametrize(
    "changes",
    [
        {"retention_days": 1},
        {"retention_days": 1_827},
        {"min_interval_seconds": 1},
        {"min_interval_seconds": 1_827 * 86_400},
        {"per_day": 1},
    ],
)
def test_figures_at_their_bounds_are_taken(
    request_of_bank: ConsentRequest, noon: datetime, changes: dict[str, object]
) -> None:
    """The least and the most that a rule allows, whichever door they came through."""
    term = require_acceptable(replace(request_of_bank, **changes), Ceilings(), now=noon)

    assert term.valid_from == noon
