"""The replay finds what the laws do not allow, and nothing else."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

import pytest
from msgspec.structs import replace

from creditbridge.consents.model import ConsentState
from creditbridge.consents.policy import Policy, encode_policy, first_policy
from creditbridge.evidence.model import PackMaterial
from creditbridge.evidence.replay import Replay
from creditbridge.ledger.model import (
    BankName,
    BusinessClosed,
    ConsentEnded,
    ConsentTurned,
    Core,
    DeliveryStopped,
    EventKind,
    PolicyChanged,
    Record,
    ReportFailed,
    UseReturned,
)
from creditbridge.ledger.rules import open_entry
from creditbridge.profile.codes import Purpose, SectionCode

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
OTHER_BANK = BankName(bank_id="bnk_2", uscc="91330104YY0000A13Q", legal_name="Other Bank")

Write: TypeAlias = Callable[[Sequence[Record]], PackMaterial]
Told: TypeAlias = Callable[[Sequence[Record]], list[str]]


@pytest.fixture
def told(write: Write) -> Told:
    """Replay records, and return what they break."""

    def replay(records: Sequence[Record]) -> list[str]:
        replayed = Replay()
        for one in write(records).entries:
            replayed.see(open_entry(one.opening)[0])
        return [breach.detail for breach in replayed.breaches]

    return replay


def failed(record: Record, *, outcome: str = "NOT_SENT") -> Record:
    """Return a failure instead of a delivery."""
    terms = ReportFailed(
        report_id="rpt_1", intended="evt_3", query_id="qry_1", outcome=outcome, code="x"
    )
    return replace(record, kind=EventKind.REPORT_FAILED, terms=terms, digests={}, key_ids={})


def returned(record: Record, *, intended: str = "evt_3") -> Record:
    """Return a use given back."""
    terms = UseReturned(report_id="rpt_1", intended=intended, reason="x")
    return replace(record, kind=EventKind.USE_RETURNED, terms=terms, digests={}, key_ids={})


def test_an_honest_story_breaks_nothing(told: Told, story: list[Record]) -> None:
    """Enrolled, requested, approved, used, delivered, withdrawn."""
    assert told(story) == []


def test_a_returned_use_can_be_taken_again(told: Told, story: list[Record]) -> None:
    """Returned before or after the failure is told: the count is the consent's either way."""
    again = replace(story[3], terms=replace(story[3].terms, use_number=1))
    back, fail = returned(story[4]), failed(story[4])

    assert told([*story[:4], back, fail, again]) == []
    assert told([*story[:4], fail, back, again]) == []


def turned(record: Record, kind: EventKind, *, version: int, state: str) -> Record:
    """Return the record of a pause or its end."""
    terms = ConsentTurned(version=version, state=state)
    return replace(record, kind=kind, terms=terms)


def test_a_pause_is_replayed(told: Told, story: list[Record]) -> None:
    """Nothing is used meanwhile; after it, uses are taken under the version that it led to."""
    paused = turned(story[5], EventKind.CONSENT_PAUSED, version=3, state="PAUSED")
    resumed = turned(story[5], EventKind.CONSENT_RESUMED, version=4, state="ACTIVE")
    later = use(story[3], consent_version=4)

    assert told([*story[:3], paused, resumed, later]) == []
    assert told([*story[:3], paused, later]) == ["a use without a live consent: consent-paused"]
    assert told([*story[:3], resumed]) == ["consent.resumed where it stands ACTIVE"]


def test_the_end_of_a_business_is_replayed(told: Told, story: list[Record]) -> None:
    """Post-loan management is over with it, other purposes go on; another's end is a breach."""
    purposes = frozenset({"PRE_LOAN_REVIEW", "POST_LOAN"})
    asked, given = (use(one, purposes=purposes, business_ref="B-7") for one in story[1:3])
    terms = BusinessClosed(version=3, business_ref="B-7")
    closed = replace(story[5], kind=EventKind.BUSINESS_CLOSED, terms=terms)
    before = use(story[3], purpose="POST_LOAN", business_ref="B-7")
    after = use(before, consent_version=3, use_number=2)
    other = use(story[3], consent_version=3, use_number=2)
    foreign = replace(closed, terms=replace(terms, business_ref="B-8"))

    assert told([story[0], asked, given, before, closed, other]) == []
    assert told([story[0], asked, given, before, closed, after]) == [
        "a use without a live consent: consent-business-closed"
    ]
    assert told([story[0], asked, given, foreign]) == [
        "the end of a business that no consent names"
    ]


def test_a_returned_use_frees_its_day(told: Told, story: list[Record]) -> None:
    """Under either version of the rule; a consent with every limit named is replayed whole."""
    once_a_day = use(
        story[2],
        per_day=1,
        min_interval_seconds=60,
        products=frozenset({"LOAN"}),
        roles=frozenset({"BORROWER"}),
        data_classes=frozenset({"PUBLIC", "QUERY"}),
        until="BUSINESS_END",
    )
    first = replace(use(story[3], product="LOAN", role="BORROWER"), rule_version="2")
    again = replace(first, rule_version="1")

    assert told([*story[:2], once_a_day, first, returned(story[4]), again]) == []


def test_a_stopped_delivery_ends_its_intent(told: Told, story: list[Record]) -> None:
    """The answer was cut off because the consent had ended."""
    terms = DeliveryStopped(report_id="rpt_1", intended="evt_3", code="consent-withdrawn")
    stopped = replace(story[4], kind=EventKind.DELIVERY_STOPPED, terms=terms, digests={})

    assert told([*story[:4], stopped]) == []
    assert told([*story[:4], stopped, story[4]]) == ["report.delivered without an open intent"]


def test_consents_are_left_as_their_chains_leave_them(write: Write, story: list[Record]) -> None:
    """Withdrawn at last, with one use taken."""
    replayed = Replay()
    reference = ""
    for one in write(story).entries:
        core = open_entry(one.opening)[0]
        replayed.see(core)
        reference = core.consent or reference

    consent = replayed.find_consent(reference)
    assert consent is not None
    assert (consent.state, consent.used, consent.version) == (ConsentState.WITHDRAWN, 1, 3)
    assert replayed.find_consent("unknown") is None


Change: TypeAlias = Callable[[list[Record]], list[Record]]


def use(record: Record, **changes: object) -> Record:
    """Return a record with other terms."""
    return replace(record, terms=replace(record.terms, **changes))


BREACHES: list[tuple[Change, str]] = [
    (lambda s: [s[0], s[3]], "a use without a live consent: consent-missing"),
    (lambda s: [s[0], s[1], s[3]], "a use without a live consent: consent-pending"),
    (
        lambda s: [*s[:3], s[3], use(s[3], use_number=2), use(s[3], use_number=3)],
        "a use without a live consent: consent-exhausted",
    ),
    (
        lambda s: [*s[:2], use(s[2], valid_to=NOON), s[3]],
        "a use without a live consent: consent-expired",
    ),
    (
        lambda s: [*s[:3], use(s[3], purpose="POST_LOAN")],
        "a use without a live consent: consent-purpose-mismatch",
    ),
    (
        lambda s: [*s[:3], use(s[3], asked=frozenset({"TAX"}))],
        "a use without a live consent: consent-sections-not-covered",
    ),
    (
        lambda s: [*s[:2], use(s[2], per_day=1), s[3], use(s[3], use_number=2)],
        "a use without a live consent: consent-frequency",
    ),
    (
        lambda s: [*s[:2], use(s[2], min_interval_seconds=60), s[3], use(s[3], use_number=2)],
        "a use without a live consent: consent-frequency",
    ),
    (
        lambda s: [*s[:2], use(s[2], recurring=False), s[3], use(s[3], use_number=2)],
        "a use without a live consent: consent-exhausted",
    ),
    (
        lambda s: [*s[:2], use(s[2], products=frozenset({"LOAN"})), s[3]],
        "a use without a live consent: consent-product-mismatch",
    ),
    (
        lambda s: [*s[:2], use(s[2], roles=frozenset({"BORROWER"})), use(s[3], role="GUARANTOR")],
        "a use without a live consent: consent-role-mismatch",
    ),
    (
        lambda s: [*s[:2], use(s[2], data_classes=frozenset({"QUERY"})), s[3]],
        "a use without a live consent: consent-sections-not-covered",
    ),
    (
        lambda s: [*s[:3], replace(s[3], rule_version="3")],
        "a use by a rule that is not known: 3",
    ),
    (lambda s: [*s[:3], replace(s[3], rule="whim")], "a use by a rule that is not known: 1"),
    (lambda s: [*s[:3], use(s[3], product="YACHT")], "a word that is no Product"),
    (lambda s: [*s[:3], use(s[3], purpose="WHIM")], "a word that is no Purpose"),
    (lambda s: [*s[:3], use(s[3], asked=frozenset({"ZODIAC"}))], "a word that is no SectionCode"),
    (lambda s: [s[0], s[1], s[1]], "a consent was requested twice"),
    (lambda s: [s[0], s[2]], "a transition of a consent that nobody requested"),
    (
        lambda s: [s[0], s[1], replace(s[2], bank=OTHER_BANK)],
        "a transition of a consent that nobody requested",
    ),
    (lambda s: [*s[:3], s[2]], "consent.approved where it stands ACTIVE"),
    (lambda s: [*s[:2], s[5]], "consent.withdrawn where it stands REQUESTED"),
    (
        lambda s: [*s[:3], replace(s[5], terms=ConsentEnded(version=3, state="ACTIVE"))],
        "consent.withdrawn led to ACTIVE instead of WITHDRAWN",
    ),
    (lambda s: [*s[:3], s[4]], "report.delivered without an open intent"),
    (lambda s: [*s[:5], s[4]], "report.delivered without an open intent"),
    (
        lambda s: [*s[:4], use(s[4], report_id="rpt_2")],
        "report.delivered of another report than its intent",
    ),
    (
        lambda s: [*s[:4], use(s[4], sections=frozenset({"TAX"}))],
        "delivered after its use was returned, or more than covered",
    ),
    (
        lambda s: [*s[:4], returned(s[4]), s[4]],
        "delivered after its use was returned, or more than covered",
    ),
    (lambda s: [*s[:4], returned(s[4], intended="evt_9")], "a use returned that was not taken"),
    (lambda s: [*s[:5], returned(s[4])], "a use returned that was not taken"),
    (lambda s: [*s[:4], returned(s[4]), returned(s[4])], "a use returned twice"),
]


@pytest.mark.parametrize(("change", "breach"), BREACHES, ids=map(str, range(len(BREACHES))))
def test_each_breach_is_named(change: Change, breach: str, told: Told, story: list[Record]) -> None:
    """The one entry that the laws do not allow where it stands, and no other."""
    request = replace(story[3], request_id=None)
    records = [*story[:3], request, replace(story[4], request_id=None), story[5]]

    assert told(change(records)) == [breach]


def test_entries_outside_consents_are_passed_over(story: list[Record], write: Write) -> None:
    """Enrolments, tokens and the like decide nothing here."""
    core: Core = open_entry(write(story[:1]).entries[0].opening)[0]

    assert Replay().step(core) is None


def bind(bound: Policy, **changes: object) -> Record:
    """Return the record that a policy binds."""
    terms = PolicyChanged(
        version=bound.version,
        use_from=bound.use_from,
        policy=encode_policy(bound).decode(),
        signature="",
    )
    return Record(
        kind=EventKind.POLICY_CHANGED,
        rule="house-policy",
        rule_version="1",
        terms=replace(terms, **changes),
    )


def under(record: Record, policy: str | None) -> Record:
    """Return a use by the rule's second version, under a policy."""
    return replace(use(record, policy=policy), rule_version="2")


@pytest.mark.parametrize(
    ("change", "breach"),
    [
        (lambda s, p: [bind(p), *s[:3], under(s[3], "1")], []),
        # The rule's first version named no policy, and is held to it all the same.
        (lambda s, p: [bind(p), *s[:4]], []),
        (
            lambda s, p: [bind(p), *s[:3], under(s[3], None)],
            ["a use under policy None where 1 binds"],
        ),
        (
            lambda s, _p: [*s[:3], under(s[3], "1")],
            ["a use under policy 1 where None binds"],
        ),
        (
            lambda s, p: [bind(replace(p, purposes={})), *s[:3], under(s[3], "1")],
            ["a use without a live consent: consent-beyond-policy"],
        ),
        (
            lambda s, p: [bind(narrower(p)), *s[:3], under(s[3], "1")],
            ["a use with another extent, version or number than its consent"],
        ),
        (
            lambda _s, p: [bind(p), bind(replace(p, use_from=NOON + timedelta(hours=1)))],
            ["policy 1 out of turn"],
        ),
        (lambda _s, p: [bind(p, policy="{")], ["a policy that cannot be read"]),
        (
            lambda _s, p: [bind(p, version=2)],
            ["a policy that binds before it was decided, or says another"],
        ),
        (
            lambda _s, p: [bind(replace(p, use_from=NOON - timedelta(days=1)))],
            ["a policy that binds before it was decided, or says another"],
        ),
        (
            lambda _s, p: [bind(personal(p))],
            ["a policy that opens natural persons' data"],
        ),
    ],
)
def test_a_use_is_replayed_under_the_policy_of_its_instant(
    told: Told,
    story: list[Record],
    change: Callable[[list[Record], Policy], list[Record]],
    breach: list[str],
) -> None:
    """The log itself says which policy bound, and whether the look kept it."""
    assert told(change(story, first_policy(now=NOON))) == breach


def narrower(policy: Policy) -> Policy:
    """Return the policy with one section alone."""
    ceilings = replace(policy.purposes[Purpose.PRE_LOAN_REVIEW], sections_max=(SectionCode.REG,))
    return replace(policy, purposes={Purpose.PRE_LOAN_REVIEW: ceilings})


def personal(policy: Policy) -> Policy:
    """Return a policy for a purpose that is about persons."""
    ceilings = policy.purposes[Purpose.PRE_LOAN_REVIEW]
    return replace(policy, purposes={Purpose.KEY_PERSON_REVIEW: ceilings})
