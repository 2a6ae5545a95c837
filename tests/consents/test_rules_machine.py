"""The rules of a consent in any order, with steps of the clock: no disclosure outside the consent.

The machine keeps a book of its own, in plain words: who said yes to what, who took it back, and
which looks stand. Whatever a rule lets through is judged by that book and by nothing of ours.
"""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, settings, strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from msgspec.structs import replace
from tests.consents.judging import Page, judge, yes_to

from creditbridge.consents.acts import Approval, ConsentRequest, Refusal, Withdrawal
from creditbridge.consents.answers import approve, lapse, refuse, withdraw
from creditbridge.consents.ceilings import require_acceptable
from creditbridge.consents.frequency import add_use, remove_use
from creditbridge.consents.model import Asked, Consent, ConsentEvent, ConsentState
from creditbridge.consents.policy import (
    Policy,
    ceilings_of,
    first_policy,
    policy_at,
    policy_of,
    require_within,
)
from creditbridge.consents.rules import next_look_at, next_state, require_coverage, state_at
from creditbridge.foundation.errors import CreditbridgeError, Refused
from creditbridge.parties.model import Role
from creditbridge.profile.codes import DataClass, Product, Purpose, SectionCode
from creditbridge.profile.consent_policy import PolicyWords

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
USCC = "91330100YY0000A13Y"
PURPOSES = (Purpose.PRE_LOAN_REVIEW, Purpose.LIMIT_APPROVAL)
SECTIONS = tuple(map(SectionCode, ("REG", "PEN", "EVA", "FIN", "TAX")))
CLASSES = tuple(map(DataClass, ("PUBLIC", "QUERY", "LENDING")))
STEPS_ENDURED = 100_000
STEPS = (0, 1, 59, 3_600, 43_200, 86_399, 86_400, 5 * 86_400)

LIVING = frozenset({ConsentState.REQUESTED, ConsentState.ACTIVE, ConsentState.PAUSED})

number = st.integers(0, 9)
some_sections = st.frozensets(st.sampled_from(SECTIONS), min_size=1)
# Wide more often than narrow, or nearly every look would be refused and show nothing.
often_all = st.one_of(st.just(frozenset(SECTIONS)), st.just(frozenset(SECTIONS)), some_sections)
some_classes: st.SearchStrategy[frozenset[DataClass]] = st.one_of(
    st.just(frozenset()), st.frozensets(st.sampled_from(CLASSES), max_size=3)
)
some_purposes = st.one_of(
    st.just(frozenset(PURPOSES)), st.frozensets(st.sampled_from(PURPOSES), min_size=1)
)
some_products = st.sampled_from((frozenset(), frozenset({Product.LOAN})))
seldom = st.integers(0, 3).map(lambda drawn: drawn == 3)


class RulesMachine(RuleBasedStateMachine):
    """One bank, one enterprise, many consents, and a policy that two operators tighten."""

    disclosed = 0
    refused = 0
    steps = 0

    def __init__(self) -> None:
        super().__init__()
        self.now = NOON
        self.consents: list[Consent] = []
        self.book: dict[str, Page] = {}
        self.policies: list[Policy] = [first_policy(now=NOON)]

    def policy(self) -> Policy:
        """Return the policy that binds now, found here by its instant."""
        bound = policy_at(self.policies, now=self.now)
        assert bound is not None
        return bound

    def hopeful(self) -> bool:
        """Tell whether a look may still be allowed under one of the last two."""
        return any(one.state in LIVING for one in self.consents[-2:])

    def pick(self, index: int) -> tuple[int, Consent, Page]:
        """Return one of the consents with its page."""
        # The last ones mostly: looks that meet each other are what the rules are about.
        at = len(self.consents) - 1 - index % min(len(self.consents), 3) * (index > 5)
        consent = self.consents[at]
        return at, consent, self.book[consent.consent_id]

    @rule(seconds=st.sampled_from(STEPS))
    def wait(self, seconds: int) -> None:
        """The clock goes on."""
        self.now += timedelta(seconds=seconds)

    @precondition(lambda self: len(self.consents) < 2 or not self.hopeful())
    @rule(
        purposes=some_purposes,
        sections=often_all,
        classes=some_classes,
        products=some_products,
        days=st.sampled_from((40, 20, 1)),
        queries=st.sampled_from((4, 3, 1)),
        per_day=st.one_of(st.none(), st.none(), st.integers(1, 2)),
        seconds=st.one_of(st.none(), st.sampled_from((1, 60, 86_400))),
        at_once=st.sampled_from((True, True, False)),
    )
    def ask(
        self,
        purposes: frozenset[Purpose],
        sections: frozenset[SectionCode],
        classes: frozenset[DataClass],
        products: frozenset[Product],
        days: int,
        queries: int,
        per_day: int | None,
        seconds: int | None,
        *,
        at_once: bool,
    ) -> None:
        """A bank asks, where the ceilings let it; often the enterprise says yes at once."""
        consent_id = f"cns_{len(self.consents)}"
        request = ConsentRequest(
            bank_id="bnk_1",
            bank_uscc="91330104YY0000A13Q",
            bank_name="Example Bank",
            uscc=USCC,
            name="Example Works",
            authorization_no=consent_id,
            purposes=purposes,
            sections=sections,
            valid_to=self.now + timedelta(days=days),
            max_queries=queries,
        )
        try:
            term = require_acceptable(request, ceilings_of(self.policy(), purposes), now=self.now)
        except Refused:
            return
        consent = Consent(
            consent_id=consent_id,
            version=1,
            state=ConsentState.REQUESTED,
            bank_id="bnk_1",
            clients=frozenset(),
            uscc=USCC,
            purposes=purposes,
            sections=sections,
            valid_from=term.valid_from,
            valid_to=term.valid_to,
            max_queries=queries,
            used=0,
            business_ref=None,
            business_closed_at=None,
            lapses_at=term.lapses_at,
            data_classes=classes,
            products=products,
            recurring=term.recurring,
            per_day=per_day,
            min_interval_seconds=seconds,
            retention_days=term.retention_days,
        )
        self.consents.append(consent)
        self.book[consent_id] = Page(consent)
        if at_once:
            self.answer(len(self.consents) - 1, yes_to(consent))

    @precondition(lambda self: self.consents)
    @rule(index=number, sections=some_sections, stale=st.integers(0, 5), fewer=st.booleans())
    def give(
        self, index: int, sections: frozenset[SectionCode], stale: int, *, fewer: bool
    ) -> None:
        """A representative says yes, or a narrower yes, perhaps to a version that is gone."""
        at, consent, _ = self.pick(index)
        version = consent.version - (stale == 5)
        narrowed = sections if fewer else None
        before = consent.state
        self.answer(at, replace(yes_to(consent), version=version, sections=narrowed))
        assert stale < 5 or self.consents[at].state is before

    def answer(self, at: int, approval: Approval) -> None:
        """Let a yes count where the rules take it."""
        consent = self.consents[at]
        page = self.book[consent.consent_id]
        try:
            after = approve(consent, approval, now=self.now)
            require_within(after, ceilings_of(self.policy(), after.purposes))
        except Refused:
            return
        assert after.sections <= page.asked.sections
        self.consents[at], page.given, page.stands = after, after, True

    @precondition(lambda self: self.consents)
    @rule(index=number, how=st.sampled_from(("refuse", "withdraw", "lapse")), really=seldom)
    def end(self, index: int, how: str, *, really: bool) -> None:
        """It is refused, taken back, or nobody answers."""
        if not really:
            return
        at, consent, page = self.pick(index)
        whose = {"consent_id": consent.consent_id, "uscc": USCC, "person_id": "prs_1"}
        try:
            if how == "refuse":
                no = Refusal(**whose, version=consent.version, role=Role.LEGAL_REP)
                self.consents[at] = refuse(consent, no, now=self.now)
            elif how == "withdraw":
                self.consents[at] = withdraw(consent, Withdrawal(**whose), now=self.now)
            else:
                self.consents[at] = lapse(consent, now=self.now)
        except CreditbridgeError:
            return
        page.stands = False

    @precondition(lambda self: self.consents)
    @rule(
        index=number,
        event=st.sampled_from(
            (
                ConsentEvent.PAUSED,
                ConsentEvent.RESUMED,
                ConsentEvent.RESUMED,
                ConsentEvent.EXPIRED,
                ConsentEvent.SUPERSEDED,
            )
        ),
        really=seldom,
    )
    def move(self, index: int, event: ConsentEvent, *, really: bool) -> None:
        """It is paused, resumed, recorded as over, or replaced."""
        if not really and event is not ConsentEvent.RESUMED:
            return
        at, consent, page = self.pick(index)
        try:
            state = next_state(consent.state, event)
        except Refused:
            return
        # No end is left again, whatever happens.
        assert consent.state in {ConsentState.ACTIVE, ConsentState.PAUSED}
        self.consents[at] = replace(consent, state=state, version=consent.version + 1)
        page.stands = event is ConsentEvent.RESUMED

    @rule(
        queries=st.integers(1, 4),
        days=st.integers(1, 40),
        per_day=st.integers(1, 3),
        sections=often_all,
    )
    def tighten(
        self, queries: int, days: int, per_day: int, sections: frozenset[SectionCode]
    ) -> None:
        """Two operators decide on another policy; it binds a minute later."""
        ceilings = replace(
            self.policies[0].purposes[PURPOSES[0]],
            queries_max=queries,
            validity_days_max=days,
            per_day_max=per_day,
            sections_max=tuple(sorted(sections)),
        )
        words = PolicyWords(
            v=1,
            version=len(self.policies) + 1,
            lapse_days=7,
            purposes={PURPOSES[0]: ceilings, PURPOSES[1]: self.policies[0].purposes[PURPOSES[1]]},
        )
        self.policies.append(policy_of(words, use_from=self.now + timedelta(seconds=60)))

    @precondition(lambda self: self.consents)
    @rule(
        index=number,
        purpose=st.sampled_from(PURPOSES),
        sections=often_all,
        product=st.sampled_from((Product.LOAN, Product.LOAN, None)),
        bank_id=st.sampled_from(("bnk_1", "bnk_1", "bnk_1", "bnk_1", "bnk_1", "bnk_2")),
    )
    def look(
        self,
        index: int,
        purpose: Purpose,
        sections: frozenset[SectionCode],
        product: Product | None,
        bank_id: str,
    ) -> None:
        """A bank looks; what the rule lets through is judged by the book."""
        at, consent, page = self.pick(index)
        asked = Asked(
            bank_id=bank_id,
            client_id="cli_1",
            uscc=USCC,
            consent_id=consent.consent_id,
            purpose=purpose,
            sections=sections,
            product=product,
        )
        policy = self.policy()
        foretold = next_look_at(consent, now=self.now)
        try:
            coverage = require_coverage(
                consent, asked, now=self.now, ceilings=ceilings_of(policy, {purpose})
            )
        except Refused:
            type(self).refused += 1
            return
        assert foretold == self.now
        judge(page, coverage, asked, policy.purposes[purpose], now=self.now)
        page.looks.append(self.now)
        per_day = coverage.within.per_day
        self.consents[at] = add_use(coverage.consent, taken_at=self.now, per_day=per_day)
        type(self).disclosed += 1

    @precondition(lambda self: self.consents)
    @rule(index=number, purpose=st.sampled_from(PURPOSES), times=st.integers(1, 4))
    def look_again(self, index: int, purpose: Purpose, times: int) -> None:
        """A bank looks as often as it can, at everything."""
        for _ in range(times):
            self.look(index, purpose, frozenset(SECTIONS), Product.LOAN, "bnk_1")

    @precondition(lambda self: self.consents)
    @rule(index=number)
    def give_back(self, index: int) -> None:
        """The last look turns out never to have gone out: it counts for nothing."""
        at, consent, page = self.pick(index)
        if page.looks:
            self.consents[at] = remove_use(consent, taken_at=page.looks.pop())

    @precondition(lambda self: self.consents)
    @rule(index=number)
    def show(self, index: int) -> None:
        """What a page shows agrees with the book."""
        _, consent, page = self.pick(index)
        shown = state_at(consent, now=self.now)

        assert consent.used == len(page.looks)
        if shown is ConsentState.ACTIVE:
            assert page.stands
        if page.given is not None and self.now >= page.given.valid_to:
            assert shown is not ConsentState.ACTIVE

    @invariant()
    def count(self) -> None:
        """Hypothesis tells of examples, and the promise is one of steps."""
        type(self).steps += 1


@pytest.mark.endure
def test_no_order_of_events_discloses_outside_a_consent(
    endures: bool,  # noqa: FBT001 -- a fixture
) -> None:
    """A hundred thousand steps in the long run; a seeded slice of them in every run."""
    RulesMachine.disclosed = RulesMachine.refused = RulesMachine.steps = 0
    chosen = settings(
        max_examples=8_000 if endures else 300,
        stateful_step_count=50,
        derandomize=not endures,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(RulesMachine, settings=chosen)

    assert RulesMachine.disclosed > 20
    assert RulesMachine.refused > 20
    assert RulesMachine.steps >= (STEPS_ENDURED if endures else 1_000)
