"""Consents on paper: lower ceilings at each step, what a letter must say, who confirms it."""

from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest
from msgspec.structs import replace
from tests.letters import on_paper, scan_of

from creditbridge.consents.acts import Approval, ConsentRequest
from creditbridge.consents.answers import approve
from creditbridge.consents.artefact import read_artefact, sign_consent
from creditbridge.consents.ceilings import Term, require_acceptable
from creditbridge.consents.drafting import draft_request
from creditbridge.consents.letter import LetterScope, LetterUnfit, NotSignedHere, TickedBusiness
from creditbridge.consents.model import (
    Asked,
    Consent,
    ConsentEvent,
    ConsentExpired,
    ConsentLapsed,
    ConsentState,
)
from creditbridge.consents.paper.model import Confirmation, DocumentAltered, DocumentUnknown
from creditbridge.consents.paper.rules import (
    confirm,
    count_needed,
    digest_lodged,
    disown,
    is_sampled,
)
from creditbridge.consents.policy import (
    HOUSE_PAPER,
    Ceilings,
    ConsentBeyondPolicy,
    ceilings_for,
    ceilings_of,
    encode_policy,
    first_policy,
    require_within,
)
from creditbridge.consents.rules import TransitionImpossible, require_coverage
from creditbridge.foundation.errors import CreditbridgeError, Refused
from creditbridge.foundation.keys import FileKey
from creditbridge.parties.licence import PaperNotLicensed
from creditbridge.parties.model import Role
from creditbridge.profile.codes import ConsentForm, DataClass, Purpose, SectionCode, Until
from creditbridge.profile.consent_policy import PaperCeilings, is_lawful

DAY, TICK = timedelta(days=1), timedelta(microseconds=1)
PAPER = Ceilings()
REVIEW = Purpose.PRE_LOAN_REVIEW


def lodged(request: ConsentRequest, *, now: datetime) -> Consent:
    """Return a request as it is lodged, without a look at any ceiling."""
    term = Term(
        valid_from=now,
        valid_to=request.valid_to,
        lapses_at=now + 7 * DAY,
        recurring=True,
        retention_days=30,
    )
    return draft_request(request, term, ceilings_for(PAPER, request.form), now=now)


def word_on(consent: Consent, **changes: object) -> Confirmation:
    """Return an operator's word on a letter."""
    word = Confirmation(
        consent_id=consent.consent_id,
        version=consent.version,
        artefact_digest=digest_lodged(consent),
        operator_id="opr_1",
        person_key="chen",
        key_id="key-1",
    )
    return replace(word, **changes)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"max_queries": 12}, None),
        ({"max_queries": 13}, "consent-queries-not-allowed"),
        ({"sections": frozenset({SectionCode.EVA})}, None),
        ({"sections": frozenset({SectionCode.FIN})}, "consent-sections-not-allowed"),
        ({"data_classes": frozenset({DataClass.COMMERCIAL})}, None),
        ({"data_classes": frozenset({DataClass.LENDING})}, "consent-data-classes-not-allowed"),
        ({"data_classes": frozenset(DataClass)}, "consent-data-classes-not-allowed"),
    ],
)
def test_L18_a_scan_is_lodged_within_the_ceilings_for_paper(
    request_of_bank: ConsentRequest, noon: datetime, changes: dict[str, object], code: str | None
) -> None:
    """At its ceiling, and above it; lending is not for paper by default."""
    request = replace(on_paper(request_of_bank), **changes)
    if code is None:
        assert require_acceptable(request, PAPER, now=noon).valid_from == noon
        return

    with pytest.raises(CreditbridgeError) as caught:
        require_acceptable(request, PAPER, now=noon)

    assert caught.value.code == code
    signed = replace(request, form=ConsentForm.E_SIGN, document=None, letter=None)
    if DataClass.GOV_ONLY not in request.data_classes:
        require_acceptable(signed, PAPER, now=noon)


@pytest.mark.parametrize("until", Until)
@pytest.mark.parametrize(("length", "accepted"), [(92 * DAY, True), (92 * DAY + TICK, False)])
def test_L18_a_letters_term_has_a_ceiling_of_its_own(
    request_of_bank: ConsentRequest,
    noon: datetime,
    length: timedelta,
    until: Until,
    *,
    accepted: bool,
) -> None:
    """Also where the letter lasts to the end of the business: that is its hard stop."""
    request = replace(
        on_paper(request_of_bank), valid_to=noon + length, until=until, business_ref="B-7"
    )

    if accepted:
        assert require_acceptable(request, PAPER, now=noon).valid_to == noon + length
    else:
        with pytest.raises(CreditbridgeError, match="term"):
            require_acceptable(request, PAPER, now=noon)


@pytest.mark.parametrize(
    ("ceilings", "code"),
    [
        (replace(PAPER, paper=None), "consent-form-not-allowed"),
        (replace(PAPER, forms=frozenset({ConsentForm.E_SIGN})), "consent-form-not-allowed"),
    ],
)
def test_a_house_that_says_nothing_of_paper_takes_none(
    request_of_bank: ConsentRequest, noon: datetime, ceilings: Ceilings, code: str
) -> None:
    """Neither without ceilings for it, nor where the form is not named."""
    with pytest.raises(CreditbridgeError) as caught:
        require_acceptable(on_paper(request_of_bank), ceilings, now=noon)

    assert caught.value.code == code


@pytest.mark.parametrize(
    "letter",
    [
        {"sealed": False},
        {"signed_on": date(2026, 3, 3)},
        {"scopes": (LetterScope.QUERY,)},
        {"scopes": (LetterScope.KEEP, LetterScope.PRINT)},
        {"ticked": (TickedBusiness.DRAWDOWN, TickedBusiness.DISPUTE_CHECK)},
        {"query_until": date(2026, 3, 31)},
    ],
)
def test_a_letter_must_carry_what_is_asked(
    request_of_bank: ConsentRequest, noon: datetime, letter: dict[str, object]
) -> None:
    """Sealed, signed by today, for this business, to query and to keep, and as long."""
    with pytest.raises(LetterUnfit):
        require_acceptable(on_paper(request_of_bank, **letter), PAPER, now=noon)


@pytest.mark.parametrize(
    "letter",
    [
        {"signed_on": date(2026, 3, 2), "query_until": date(2026, 4, 1)},
        {"ticked": (TickedBusiness.APPROVAL,), "scopes": tuple(LetterScope)},
        {"query_until": None, "reporting_until": date(2026, 3, 2)},
    ],
)
def test_a_letter_that_carries_it_is_taken(
    request_of_bank: ConsentRequest, noon: datetime, letter: dict[str, object]
) -> None:
    """Its last day counts whole; how long the bank may report is another term."""
    assert require_acceptable(on_paper(request_of_bank, **letter), PAPER, now=noon).recurring


@pytest.mark.parametrize(
    ("purpose", "ticked", "carried"),
    [
        (Purpose.LOAN_OPERATION, TickedBusiness.DRAWDOWN, True),
        (Purpose.POST_LOAN, TickedBusiness.PRESERVATION, True),
        (Purpose.GUARANTEE_REVIEW, TickedBusiness.GUARANTOR, True),
        (Purpose.GUARANTEE_REVIEW, TickedBusiness.APPLICATION, False),
        (Purpose.RELATED_PARTY, TickedBusiness.GUARANTOR, False),
    ],
)
def test_a_box_is_ticked_for_each_purpose(
    request_of_bank: ConsentRequest,
    noon: datetime,
    purpose: Purpose,
    ticked: TickedBusiness,
    *,
    carried: bool,
) -> None:
    """No box of a letter is for what others are to the enterprise."""
    request = on_paper(
        replace(request_of_bank, purposes=frozenset({purpose}), business_ref="B-7"),
        ticked=(ticked,),
    )

    if carried:
        require_acceptable(request, PAPER, now=noon)
    else:
        with pytest.raises(LetterUnfit):
            require_acceptable(request, PAPER, now=noon)


def test_no_letter_takes_the_place_of_another_consent(
    request_of_bank: ConsentRequest, noon: datetime
) -> None:
    """The enterprise's own signature does not give way to a scan that its bank lodged."""
    with pytest.raises(LetterUnfit):
        request = replace(on_paper(request_of_bank), supersedes="cns_0")
        require_acceptable(request, PAPER, now=noon)


@pytest.mark.parametrize("missing", [{"letter": None}, {"document": None}])
def test_a_scan_and_its_letter_go_together(
    request_of_bank: ConsentRequest, noon: datetime, missing: dict[str, object]
) -> None:
    """Neither is lodged alone, and neither without the form."""
    paper = on_paper(request_of_bank)
    for request in (replace(paper, **missing), replace(paper, form=ConsentForm.E_SIGN)):
        with pytest.raises(CreditbridgeError) as caught:
            require_acceptable(request, PAPER, now=noon)
        assert caught.value.code == "consent-form-not-allowed"


def test_what_the_letter_says_is_signed_with_the_consent(
    request_of_bank: ConsentRequest, noon: datetime, signer: FileKey
) -> None:
    """Word for word; the scan's digest beside it."""
    request = on_paper(request_of_bank, bound_persons=2, reporting_until=date(2030, 1, 1))

    signed = sign_consent(lodged(request, now=noon), signer)

    artefact = read_artefact(signed.artefact)
    assert artefact.form is ConsentForm.PAPER_SCAN
    assert artefact.letter == request.letter
    assert artefact.document is not None
    assert request.document is not None
    assert artefact.document.sha256 == request.document.sha256


def test_nobody_approves_a_letter_here(request_of_bank: ConsentRequest, noon: datetime) -> None:
    """It was signed on paper: a yes in the portal would be another consent."""
    consent = lodged(on_paper(request_of_bank), now=noon)
    approval = Approval(
        consent_id=consent.consent_id,
        version=1,
        uscc=consent.uscc,
        person_id="prs_1",
        role=Role.LEGAL_REP,
        template_id="t",
        template_version="1",
        text_digest=bytes(32),
    )

    with pytest.raises(NotSignedHere):
        approve(consent, approval, now=noon)


def test_an_operators_word_makes_a_letter_live(
    request_of_bank: ConsentRequest, noon: datetime
) -> None:
    """At the instant of the word, under the next version."""
    consent = lodged(on_paper(request_of_bank), now=noon)

    live = confirm(consent, word_on(consent), now=noon + TICK)

    assert (live.state, live.version, live.decided_at) == (ConsentState.ACTIVE, 2, noon + TICK)


@pytest.mark.parametrize(
    ("changes", "word", "after", "refused"),
    [
        ({}, {"version": 2}, TICK, DocumentAltered),
        ({}, {"artefact_digest": bytes(32)}, TICK, DocumentAltered),
        ({"document": scan_of("another")}, {}, TICK, DocumentAltered),
        ({}, {}, 7 * DAY - TICK, None),
        ({}, {}, 7 * DAY, ConsentLapsed),
        ({}, {}, 30 * DAY, ConsentLapsed),
        ({"lapses_at": None}, {}, 30 * DAY, ConsentExpired),
        ({"state": ConsentState.ACTIVE}, {}, TICK, TransitionImpossible),
        ({"state": ConsentState.REFUSED}, {}, TICK, TransitionImpossible),
        ({"form": ConsentForm.E_SIGN}, {}, TICK, DocumentUnknown),
    ],
)
def test_a_word_counts_for_what_was_lodged_in_time(
    request_of_bank: ConsentRequest,
    noon: datetime,
    changes: dict[str, object],
    word: dict[str, object],
    after: timedelta,
    refused: type[Refused] | None,
) -> None:
    """Of this text and version, while it waits; a consent that was signed here has none."""
    consent = lodged(on_paper(request_of_bank), now=noon)
    said = word_on(consent, **word)
    if refused is None:
        assert confirm(consent, said, now=noon + after).state is ConsentState.ACTIVE
        return

    with pytest.raises(refused):
        confirm(replace(consent, **changes), said, now=noon + after)


def test_no_letter_has_no_word(consent: Consent, noon: datetime) -> None:
    """An id that nobody lodged a letter under, and a consent that was signed here, are alike."""
    with pytest.raises(DocumentUnknown):
        confirm(None, word_on(consent), now=noon)
    with pytest.raises(DocumentUnknown):
        disown(None, person_id="prs_1", now=noon)
    with pytest.raises(DocumentUnknown):
        disown(consent, person_id="prs_1", now=noon)


@pytest.mark.parametrize(
    ("state", "event", "after"),
    [
        (ConsentState.REQUESTED, ConsentEvent.REFUSED, ConsentState.REFUSED),
        (ConsentState.ACTIVE, ConsentEvent.WITHDRAWN, ConsentState.WITHDRAWN),
        (ConsentState.PAUSED, ConsentEvent.WITHDRAWN, ConsentState.WITHDRAWN),
    ],
)
def test_not_ours_ends_a_letter_whatever_its_state(
    request_of_bank: ConsentRequest,
    noon: datetime,
    state: ConsentState,
    event: ConsentEvent,
    after: ConsentState,
) -> None:
    """Before an operator confirmed it, and afterwards."""
    consent = replace(lodged(on_paper(request_of_bank), now=noon), state=state)

    happened, ended = disown(consent, person_id="prs_1", now=noon)

    assert (happened, ended.state, ended.reason) == (event, after, "letter-disowned")
    assert (ended.version, ended.ended_at) == (2, noon)
    with pytest.raises(TransitionImpossible):
        disown(ended, person_id="prs_1", now=noon)


def test_a_digest_decides_who_is_checked_twice() -> None:
    """The same letter always alike; a tenth of them, as the policy says; all, or none."""
    digests = [number.to_bytes(32) for number in range(4_000)]
    sampled = [one for one in digests if is_sampled(one, percent=10)]

    assert 300 < len(sampled) < 500
    assert sampled == [one for one in digests if is_sampled(one, percent=10)]
    assert all(is_sampled(one, percent=100) for one in digests)
    assert not any(is_sampled(one, percent=0) for one in digests)
    assert set(sampled) < {one for one in digests if is_sampled(one, percent=20)}


@pytest.mark.parametrize(("percent", "needed"), [(0, 1), (100, 2), (None, 2)])
def test_one_operator_or_two(percent: int | None, needed: int) -> None:
    """Where the policy of now says nothing of paper any more, two."""
    paper = None if percent is None else replace(HOUSE_PAPER, second_operator_percent=percent)

    assert count_needed(bytes(32), replace(PAPER, paper=paper)) == needed


LIVE = Consent(
    consent_id="cns_1",
    version=2,
    state=ConsentState.ACTIVE,
    bank_id="bnk_1",
    clients=frozenset(),
    uscc="91330100YY0000A13Y",
    purposes=frozenset({REVIEW}),
    sections=frozenset({SectionCode.REG, SectionCode.EVA}),
    valid_from=datetime(2026, 3, 2, 12, tzinfo=UTC),
    valid_to=datetime(2026, 3, 12, 12, tzinfo=UTC),
    max_queries=5,
    used=0,
    business_ref=None,
    business_closed_at=None,
    data_classes=frozenset({DataClass.PUBLIC, DataClass.QUERY}),
    form=ConsentForm.PAPER_SCAN,
    document=scan_of("live"),
)
LOOK = Asked(
    bank_id="bnk_1",
    client_id="cli_1",
    uscc=LIVE.uscc,
    consent_id="cns_1",
    purpose=REVIEW,
    sections=frozenset({SectionCode.REG, SectionCode.EVA}),
)


@pytest.mark.parametrize(
    ("paper", "used", "at", "covered"),
    [
        ({"queries_max": 3}, 1, DAY, True),
        ({"queries_max": 3}, 2, DAY, True),
        ({"queries_max": 3}, 3, DAY, False),
        ({"validity_days_max": 3}, 0, 3 * DAY - TICK, True),
        ({"validity_days_max": 3}, 0, 3 * DAY, False),
        ({"sections_max": (SectionCode.EVA,)}, 0, DAY, True),
        ({"sections_max": (SectionCode.FIN,)}, 0, DAY, False),
        ({"data_classes_max": (DataClass.LENDING,)}, 0, DAY, False),
    ],
)
def test_L18_a_look_under_a_letter_keeps_the_ceilings_of_its_instant(
    paper: dict[str, object], used: int, at: timedelta, *, covered: bool
) -> None:
    """Below, at and above each; a consent that was signed here is covered all the same."""
    ceilings = replace(PAPER, paper=replace(HOUSE_PAPER, **paper))
    now, consent = LIVE.valid_from + at, replace(LIVE, used=used)
    signed = replace(consent, form=ConsentForm.E_SIGN, document=None)

    require_coverage(signed, LOOK, now=now, ceilings=ceilings)
    if covered:
        assert require_coverage(consent, LOOK, now=now, ceilings=ceilings).use_number == used + 1
    else:
        with pytest.raises(ConsentBeyondPolicy):
            require_coverage(consent, LOOK, now=now, ceilings=ceilings)


def test_L18_a_look_under_a_letter_needs_a_policy_and_a_licence_that_have_paper() -> None:
    """Both may be taken back, and count at once."""
    now = LIVE.valid_from
    with pytest.raises(ConsentBeyondPolicy):
        require_coverage(LIVE, LOOK, now=now, ceilings=replace(PAPER, paper=None))
    signed_only = replace(LOOK, forms=frozenset({ConsentForm.E_SIGN}))
    with pytest.raises(PaperNotLicensed):
        require_coverage(LIVE, signed_only, now=now, ceilings=PAPER)

    assert require_coverage(LIVE, LOOK, now=now, ceilings=PAPER).policy is not None


@pytest.mark.parametrize(
    ("paper", "kept"),
    [
        ({}, True),
        ({"queries_max": 5}, True),
        ({"queries_max": 4}, False),
        ({"validity_days_max": 10}, True),
        ({"validity_days_max": 9}, False),
        ({"sections_max": (SectionCode.EVA, SectionCode.REG)}, True),
        ({"sections_max": (SectionCode.REG,)}, False),
        ({"data_classes_max": (DataClass.PUBLIC, DataClass.QUERY)}, True),
        ({"data_classes_max": (DataClass.PUBLIC,)}, False),
    ],
)
def test_L18_a_letter_is_confirmed_within_the_ceilings_for_paper(
    paper: dict[str, object], *, kept: bool
) -> None:
    """Of the instant of the confirmation: below, at, above."""
    ceilings = replace(PAPER, paper=replace(HOUSE_PAPER, **paper))
    if kept:
        require_within(LIVE, ceilings)
    else:
        with pytest.raises(ConsentBeyondPolicy):
            require_within(LIVE, ceilings)


def test_the_narrowest_ceilings_for_paper_hold_for_several_purposes() -> None:
    """And where one of them is not for paper, none is."""
    first, limit = first_policy(now=LIVE.valid_from), Purpose.LIMIT_APPROVAL
    narrow = replace(
        HOUSE_PAPER, queries_max=2, sections_max=(SectionCode.REG,), second_operator_percent=50
    )
    for paper, expected in ((narrow, narrow), (msgspec.UNSET, None)):
        other = replace(first.purposes[limit], paper=paper)
        policy = replace(first, purposes={**first.purposes, limit: other})
        assert ceilings_of(policy, {REVIEW, limit}).paper == expected
        assert ceilings_of(policy, {REVIEW}).paper == HOUSE_PAPER


def test_no_policy_opens_natural_persons_data_to_letters() -> None:
    """As none does otherwise; and one that says nothing of paper is spelt as it was before."""
    first = first_policy(now=LIVE.valid_from)
    ceilings = first.purposes[REVIEW]
    personal = replace(HOUSE_PAPER, sections_max=(SectionCode.PSN,))
    classes = replace(HOUSE_PAPER, data_classes_max=(DataClass.PERSONAL,))

    def lawful(paper: PaperCeilings | msgspec.UnsetType) -> bool:
        purposes = {**first.purposes, REVIEW: replace(ceilings, paper=paper)}
        return is_lawful(replace(first, purposes=purposes))

    assert [lawful(one) for one in (HOUSE_PAPER, msgspec.UNSET, personal, classes)] == [
        True,
        True,
        False,
        False,
    ]
    silent = {REVIEW: replace(ceilings, paper=msgspec.UNSET)}
    assert b"paper" not in encode_policy(replace(first, purposes=silent))
