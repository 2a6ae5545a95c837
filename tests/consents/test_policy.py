"""How far a consent may reach: every ceiling at, below and above, when asked, given and used."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, strategies as st
from msgspec.structs import replace

from creditbridge.consents.acts import ConsentRequest
from creditbridge.consents.ceilings import require_acceptable
from creditbridge.consents.model import Asked, Consent, ConsentFrequency, ConsentState
from creditbridge.consents.policy import (
    NOTICE,
    Ceilings,
    ConsentBeyondPolicy,
    PasskeyRequired,
    Policy,
    ceilings_of,
    encode_policy,
    first_policy,
    narrow,
    policy_at,
    policy_message,
    policy_of,
    read_policy,
    require_passkey,
    require_within,
    verify_policy,
)
from creditbridge.consents.rules import require_coverage
from creditbridge.foundation.errors import Malformed, Refused, SignatureInvalid
from creditbridge.foundation.keys import FileKey
from creditbridge.profile.classes import OPEN_CLASSES
from creditbridge.profile.codes import ConsentForm, DataClass, Purpose, SectionCode, Until
from creditbridge.profile.consent_policy import Passkey, PolicyWords

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
TICK = timedelta(microseconds=1)
DAY = timedelta(days=1)
REVIEW, LIMIT = Purpose.PRE_LOAN_REVIEW, Purpose.LIMIT_APPROVAL
LIVE = Consent(
    consent_id="cns_1",
    version=2,
    state=ConsentState.ACTIVE,
    bank_id="bnk_1",
    clients=frozenset(),
    uscc="91330100YY0000A13Y",
    purposes=frozenset({REVIEW}),
    sections=frozenset({SectionCode.REG, SectionCode.EVA}),
    valid_from=NOON,
    valid_to=NOON + 10 * DAY,
    max_queries=5,
    used=0,
    business_ref=None,
    business_closed_at=None,
    data_classes=frozenset({DataClass.PUBLIC, DataClass.QUERY}),
    retention_days=30,
)
WORDS = PolicyWords(v=1, version=2, lapse_days=3, purposes={})
LOOK = Asked(
    bank_id="bnk_1",
    client_id="cli_1",
    uscc=LIVE.uscc,
    consent_id="cns_1",
    purpose=REVIEW,
    sections=frozenset({SectionCode.REG, SectionCode.EVA}),
)


def tightened(**change: object) -> Policy:
    """Return the house's policy with other ceilings for reviews before a loan."""
    first = first_policy(now=NOON)
    ceilings = replace(first.purposes[REVIEW], **change)
    return replace(first, version=2, purposes={**first.purposes, REVIEW: ceilings})


@pytest.mark.parametrize(
    ("change", "at", "covered"),
    [
        ({"validity_days_max": 3}, 3 * DAY - TICK, True),
        ({"validity_days_max": 3}, 3 * DAY, False),
        ({"validity_days_max": 11}, 10 * DAY - TICK, True),
        ({"queries_max": 3}, DAY, True),
        ({"queries_max": 2}, DAY, False),
        ({"sections_max": (SectionCode.REG,)}, DAY, True),
        ({"sections_max": (SectionCode.PEN,)}, DAY, False),
        ({"data_classes_max": (DataClass.PUBLIC,)}, DAY, True),
        ({"data_classes_max": (DataClass.LENDING,)}, DAY, False),
        ({"forms": (ConsentForm.PAPER_SCAN,)}, DAY, False),
        ({"passkey": Passkey.DEVICE_BOUND, "approvers_min": 3}, DAY, True),
        ({"retention_days_max": 1}, DAY, True),
    ],
)
def test_an_older_consent_is_used_within_the_policy_of_the_instant(
    change: dict[str, object], at: timedelta, *, covered: bool
) -> None:
    """At, below and above each ceiling; how it was given binds at the giving alone."""
    consent = replace(LIVE, used=2)
    ceilings = ceilings_of(tightened(**change), {REVIEW})

    if covered:
        coverage = require_coverage(consent, LOOK, now=NOON + at, ceilings=ceilings)
        assert coverage.policy == "2"
        assert coverage.consent == consent
    else:
        with pytest.raises(ConsentBeyondPolicy):
            require_coverage(consent, LOOK, now=NOON + at, ceilings=ceilings)


def test_the_hard_stop_is_the_policys_too() -> None:
    """A consent until the end of business is held to the other ceiling of time."""
    bound = replace(LIVE, until=Until.BUSINESS_END, valid_to=NOON + 500 * DAY)
    ceilings = ceilings_of(tightened(validity_days_max=1, hard_stop_days_max=400), {REVIEW})

    assert narrow(bound, ceilings, OPEN_CLASSES).valid_to == NOON + 400 * DAY


def test_a_purpose_that_left_the_policy_is_used_no_more() -> None:
    """Whatever the consent says: the policy names what banks may look for."""
    first = first_policy(now=NOON)
    only = replace(first, purposes={LIMIT: first.purposes[LIMIT]})

    with pytest.raises(ConsentBeyondPolicy):
        require_coverage(LIVE, LOOK, now=NOON, ceilings=ceilings_of(only, {REVIEW}))


def test_the_policys_frequency_is_told_like_the_consents() -> None:
    """With the next instant: the consent allows five, the policy one in a day."""
    used = replace(LIVE, used=1, recent_uses=(NOON,))
    ceilings = ceilings_of(tightened(per_day_max=1), {REVIEW})

    with pytest.raises(ConsentFrequency):
        require_coverage(used, LOOK, now=NOON + TICK, ceilings=ceilings)
    coverage = require_coverage(used, LOOK, now=NOON + DAY, ceilings=ceilings)

    assert coverage.within.per_day == 1
    assert narrow(LIVE, Ceilings(), OPEN_CLASSES).per_day is None


@pytest.mark.parametrize(
    ("change", "kept"),
    [
        ({}, True),
        ({"validity_days_max": 10}, True),
        ({"validity_days_max": 9}, False),
        ({"queries_max": 5}, True),
        ({"queries_max": 4}, False),
        ({"per_day_max": 2}, True),
        ({"per_day_max": 1}, False),
        ({"retention_days_max": 30}, True),
        ({"retention_days_max": 29}, False),
        ({"sections_max": (SectionCode.EVA, SectionCode.REG)}, True),
        ({"sections_max": (SectionCode.REG,)}, False),
        ({"data_classes_max": (DataClass.PUBLIC, DataClass.QUERY)}, True),
        ({"data_classes_max": (DataClass.PUBLIC,)}, False),
        ({"forms": (ConsentForm.PAPER_SCAN,)}, False),
    ],
)
def test_nobody_gives_a_consent_that_the_policy_would_not_keep(
    change: dict[str, object], *, kept: bool
) -> None:
    """The policy of the yes decides, not the one that the request was made under."""
    ceilings = ceilings_of(tightened(**change), {REVIEW})

    if kept:
        require_within(replace(LIVE, per_day=2), ceilings)
    else:
        with pytest.raises(ConsentBeyondPolicy):
            require_within(replace(LIVE, per_day=2), ceilings)


@pytest.mark.parametrize(
    ("wanted", "shown", "enough"),
    [
        (wanted, shown, number >= least)
        for least, wanted in enumerate(Passkey)
        for number, shown in enumerate(Passkey)
    ],
)
def test_a_yes_is_signed_as_strongly_as_the_policy_asks(
    wanted: Passkey, shown: Passkey, *, enough: bool
) -> None:
    """None, any, device-bound: each holds what stands before it."""
    ceilings = ceilings_of(tightened(passkey=wanted), {REVIEW})

    if enough:
        require_passkey(ceilings, shown)
    else:
        with pytest.raises(PasskeyRequired):
            require_passkey(ceilings, shown)


def test_several_purposes_keep_the_narrowest_of_their_ceilings() -> None:
    """The shorter term, the fewer looks, what both may see, the stronger passkey."""
    policy = tightened(
        validity_days_max=30,
        queries_max=9,
        per_day_max=2,
        retention_days_max=60,
        sections_max=(SectionCode.REG, SectionCode.TAX),
        data_classes_max=(DataClass.PUBLIC,),
        passkey=Passkey.ANY,
        approvers_min=2,
    )

    both = ceilings_of(policy, {REVIEW, LIMIT})

    assert both == ceilings_of(policy, {REVIEW})
    assert ceilings_of(policy, {LIMIT}).queries_max == 1_000
    assert (both.rule, both.rule_version) == ("consent-policy", "2")
    assert (both.validity_days_max, both.passkey, both.approvers_min) == (30, "ANY", 2)


def test_the_houses_own_policy_is_the_houses_ceilings() -> None:
    """What was let in before there was a policy is let in by the first one."""
    first = ceilings_of(first_policy(now=NOON), {REVIEW})

    assert replace(first, rule="consent-ceilings") == Ceilings()
    assert ceilings_of(first_policy(now=NOON), {Purpose.OTHER}).purposes == Ceilings().purposes


def test_a_policy_binds_from_its_instant_on() -> None:
    """Announced before: at the very instant the later version decides, and no earlier one again."""
    first = first_policy(now=NOON)
    second = policy_of(WORDS, use_from=NOON + NOTICE)

    assert policy_at([first, second], now=NOON - TICK) is None
    assert policy_at([first, second], now=NOON + NOTICE - TICK) == first
    assert policy_at([first, second], now=NOON + NOTICE) == second


def test_a_policy_is_believed_by_its_signature(signer: FileKey) -> None:
    """Over the domain and the canonical bytes; another byte, key or domain is refused."""
    raw = encode_policy(first_policy(now=NOON))
    signature = signer.sign(policy_message(raw))

    assert verify_policy(raw, signature, signer.key) == first_policy(now=NOON)
    for bytes_, other in ((raw + b" ", signature), (raw, signer.sign(raw))):
        with pytest.raises(SignatureInvalid):
            verify_policy(bytes_, other, signer.key)
    with pytest.raises(Malformed):
        read_policy(b" " + raw)


days = st.integers(1, 20)


@given(
    validity=days,
    queries=st.integers(1, 6),
    sections=st.sets(st.sampled_from(sorted(Ceilings().sections)), min_size=1),
    classes=st.sets(st.sampled_from(sorted(OPEN_CLASSES)), min_size=1),
    used=st.integers(0, 6),
    age=days,
)
def test_nothing_beyond_the_policy_is_covered(
    validity: int,
    queries: int,
    sections: set[SectionCode],
    classes: set[DataClass],
    used: int,
    age: int,
) -> None:
    """Whatever the consent says, and whatever two operators decided since."""
    policy = tightened(
        validity_days_max=validity,
        queries_max=queries,
        sections_max=tuple(sections),
        data_classes_max=tuple(classes),
    )
    consent = replace(LIVE, used=used)
    try:
        coverage = require_coverage(
            consent, LOOK, now=NOON + age * DAY, ceilings=ceilings_of(policy, {REVIEW})
        )
    except Refused:
        return

    assert age < validity
    assert used < queries
    assert coverage.sections <= sections
    assert coverage.classes <= classes
    assert coverage.sections | coverage.omitted == LOOK.sections


def test_a_request_over_the_days_number_is_refused() -> None:
    """At the ceiling it is accepted."""
    asked = ConsentRequest(
        bank_id="bnk_1",
        bank_uscc="91330104YY0000A13Q",
        bank_name="Example Bank",
        uscc=LIVE.uscc,
        name="Example Works",
        authorization_no="A-1",
        purposes=frozenset({REVIEW}),
        sections=frozenset({SectionCode.REG}),
        valid_to=NOON + DAY,
        max_queries=5,
        per_day=2,
    )
    require_acceptable(asked, ceilings_of(tightened(per_day_max=2), {REVIEW}), now=NOON)

    with pytest.raises(Refused) as caught:
        require_acceptable(asked, ceilings_of(tightened(per_day_max=1), {REVIEW}), now=NOON)

    assert caught.value.code == "consent-frequency-not-allowed"
