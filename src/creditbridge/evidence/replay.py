"""The replay: from the cores alone, in the log's order, laws 1 and 2 are derived again.

It runs the same rule that decided then (`consents.rules.require_coverage`), on the consent as its
chain builds it, at the instant that the entry names. References stand where the rule compares ids.
"""

from datetime import datetime

import msgspec
from msgspec.structs import replace

from creditbridge.consents.frequency import add_use, remove_use
from creditbridge.consents.model import Asked, Consent, ConsentEvent, ConsentState, Coverage
from creditbridge.consents.policy import Ceilings, Policy, ceilings_of, policy_at, read_policy
from creditbridge.consents.rules import (
    COVERAGE_RULE,
    COVERAGE_RULE_VERSION,
    COVERAGE_RULE_VERSIONS,
    next_state,
    require_coverage,
)
from creditbridge.evidence.confirmations import Confirmations
from creditbridge.evidence.extents import LawBroken, consent_of, word_of, word_or_none
from creditbridge.evidence.paper_replay import Letters
from creditbridge.evidence.persons import Persons, Rested, rested_on
from creditbridge.evidence.voices import Voices
from creditbridge.foundation.errors import Malformed, Refused
from creditbridge.ledger.model import (
    BusinessClosed,
    ConsentApproved,
    ConsentCountersigned,
    ConsentEnded,
    ConsentExtent,
    ConsentRequested,
    ConsentTurned,
    Core,
    DeliveryStopped,
    DocumentConfirmed,
    PersonConsented,
    PersonEnded,
    PolicyChanged,
    ReportDelivered,
    ReportFailed,
    ReportIntended,
    UseReturned,
)
from creditbridge.profile.codes import (
    ConsentForm,
    Product,
    Purpose,
    SectionCode,
    SubjectRole,
)
from creditbridge.profile.consent_policy import is_lawful

KNOWN_RULES = frozenset((COVERAGE_RULE, version) for version in COVERAGE_RULE_VERSIONS)


class Breach(msgspec.Struct, frozen=True, kw_only=True):
    """A law that an entry breaks."""

    event_id: str
    detail: str


class Replay:
    """The consents and the open intents as the entries seen so far leave them.

    With `voices`, which must see every entry, approvals are judged by who might give them, too.
    """

    def __init__(self, voices: Voices | None = None) -> None:
        self._voices = voices
        self._confirmations = Confirmations()
        self._consents: dict[str, Consent] = {}
        self._open: dict[str, _Taken] = {}
        self._failed: dict[str, _Taken] = {}
        self._returned: set[str] = set()
        self._letters = Letters()
        self._policies: list[Policy] = []
        self._persons = Persons()
        self.breaches: list[Breach] = []

    def see(self, core: Core) -> None:
        """Take the next entry; keep what it breaks."""
        try:
            self.step(core)
        except LawBroken as error:
            self.breaches.append(Breach(event_id=core.event_id, detail=error.detail))

    def step(self, core: Core) -> Coverage | None:
        """Take the next entry; return what a use was covered by.

        Raises:
            LawBroken: the entry has no place here; it changes nothing.
        """
        self._hear(core)
        match core.terms:
            case ReportIntended() as terms:
                return self.take_use(core, terms)
            case UseReturned() as terms:
                self._return_use(core, terms)
            case ReportDelivered() | ReportFailed() | DeliveryStopped() as terms:
                self._end(core, terms)
            case ConsentRequested() as terms:
                self._begin(core, terms)
            case PolicyChanged() as terms:
                self._change_policy(core, terms)
            case BusinessClosed() | ConsentCountersigned() as terms:
                self._note(core, terms)
            case ConsentExtent() | ConsentEnded() | ConsentTurned() as terms:
                self._move(core, terms)
            case _:
                pass
        return None

    def find_consent(self, reference: str) -> Consent | None:
        """Return a consent as it stands now."""
        return self._consents.get(reference)

    def _hear(self, core: Core) -> None:
        """Follow who may speak, where every entry is seen, and what persons said for themselves."""
        if self._voices is not None:
            if isinstance(core.terms, ConsentApproved):
                _require(self._voices.find_fault(core, core.terms))
            if isinstance(core.terms, PersonConsented):
                _require(self._voices.find_stranger(core, core.terms))
            if isinstance(core.terms, DocumentConfirmed):
                _require(self._voices.find_outsider(core))
            self._voices.see(core)
        if isinstance(core.terms, PersonConsented | PersonEnded):
            _require(self._persons.see(core, core.terms))

    def _begin(self, core: Core, terms: ConsentRequested) -> None:
        reference = core.consent or ""
        if reference in self._consents:
            raise LawBroken(detail="a consent was requested twice")
        self._consents[reference] = consent_of(core, terms, ConsentState.REQUESTED)

    def _move(self, core: Core, terms: ConsentExtent | ConsentEnded | ConsentTurned) -> None:
        reference = core.consent or ""
        before = self._consents.get(reference)
        # A transition under other parties would move somebody else's consent.
        if before is None or (before.bank_id, before.uscc) != (core.bank, core.enterprise):
            raise LawBroken(detail="a transition of a consent that nobody requested")
        try:
            state = next_state(before.state, word_of(ConsentEvent, core.kind))
        except Refused as refusal:
            raise LawBroken(detail=f"{core.kind} where it stands {before.state}") from refusal
        if isinstance(terms, ConsentExtent):
            self._consents[reference] = self._give(core, terms, before)
            return
        if state != terms.state:
            raise LawBroken(detail=f"{core.kind} led to {terms.state} instead of {state}")
        confirm_by = None
        if isinstance(terms, ConsentTurned):
            _require(self._confirmations.find_fault(core, terms, before))
            confirm_by = terms.confirm_by
        self._consents[reference] = replace(
            before, state=state, version=terms.version, confirm_by=confirm_by
        )

    def _give(self, core: Core, terms: ConsentExtent, before: Consent) -> Consent:
        """Return a consent after what gives it, or one of two operators' words on its scan."""
        if isinstance(terms, DocumentConfirmed):
            said = consent_of(core, terms, ConsentState.REQUESTED)
            policy = policy_at(self._policies, now=core.decided_at)
            return self._letters.confirm(core, terms, (before, said), policy)
        # A letter is confirmed, and a consent that was asked for here is approved: never the other.
        if before.form is ConsentForm.PAPER_SCAN:
            raise LawBroken(detail="a letter on paper approved as if somebody had signed here")
        if isinstance(terms, ConsentApproved):
            self._confirmations.approve(core, terms)
        return consent_of(core, terms, ConsentState.ACTIVE)

    def _confirm(self, core: Core, terms: ConsentCountersigned) -> None:
        consent = self._consents.get(core.consent or "")
        _require(self._confirmations.confirm(core, terms, consent))
        waits = consent is not None and consent.confirm_by is not None
        if waits and self._voices is not None and not self._voices.is_led_by(core):
            raise LawBroken(detail="a confirmation of somebody who is no legal representative")

    def _note(self, core: Core, terms: BusinessClosed | ConsentCountersigned) -> None:
        """Take what is told of a consent and moves it nowhere."""
        if isinstance(terms, BusinessClosed):
            self._close(core, terms)
        else:
            self._confirm(core, terms)

    def _close(self, core: Core, terms: BusinessClosed) -> None:
        before = self._consents.get(core.consent or "")
        if before is None or (before.bank_id, before.business_ref) != (
            core.bank,
            terms.business_ref,
        ):
            raise LawBroken(detail="the end of a business that no consent names")
        self._consents[before.consent_id] = replace(
            before, business_closed_at=core.decided_at, version=terms.version
        )

    def take_use(self, core: Core, terms: ReportIntended) -> Coverage:
        """Take the use that an entry records, and return what covers it.

        Raises:
            LawBroken: nothing does, or something else than the entry says.
        """
        reference = core.consent or ""
        consent = self._consents.get(reference)
        asked = Asked(
            bank_id=core.bank or "",
            client_id=terms.client,
            uscc=core.enterprise or "",
            consent_id=reference,
            purpose=word_of(Purpose, terms.purpose),
            sections=frozenset(word_of(SectionCode, word) for word in terms.asked),
            business_ref=terms.business_ref,
            product=word_or_none(Product, terms.product),
            role=word_or_none(SubjectRole, terms.role),
        )
        if (core.rule, core.rule_version) not in KNOWN_RULES:
            raise LawBroken(detail=f"a use by a rule that is not known: {core.rule_version}")
        try:
            ceilings = self._find_ceilings(core, terms, asked.purpose)
            coverage = require_coverage(consent, asked, now=core.decided_at, ceilings=ceilings)
        except Refused as refusal:
            raise LawBroken(detail=f"a use without a live consent: {refusal.code}") from refusal
        recorded = (terms.sections, terms.consent_version, terms.use_number)
        derived = (coverage.sections, coverage.consent.version, coverage.use_number)
        _require(self._persons.find_use_fault(core, terms))
        # Covered is not enough: the number shows a use that was taken twice, the version a consent
        # that had changed.
        if recorded != derived:
            raise LawBroken(detail="a use with another extent, version or number than its consent")
        self._consents[reference] = add_use(
            coverage.consent, taken_at=core.decided_at, per_day=coverage.within.per_day
        )
        self._open[core.event_id] = _Taken(
            bank=core.bank,
            enterprise=core.enterprise,
            consent=core.consent,
            report_id=terms.report_id,
            sections=terms.sections,
            taken_at=core.decided_at,
            rested=rested_on(terms),
        )
        return coverage

    def _change_policy(self, core: Core, terms: PolicyChanged) -> None:
        try:
            policy = read_policy(terms.policy.encode())
        except Malformed as error:
            raise LawBroken(detail="a policy that cannot be read") from error
        told = (terms.version, terms.use_from)
        # Announced and never made to bind backwards, one version after the other.
        if told != (policy.version, policy.use_from) or policy.use_from < core.decided_at:
            raise LawBroken(detail="a policy that binds before it was decided, or says another")
        if not is_lawful(policy):
            raise LawBroken(detail="a policy that opens natural persons' data")
        if policy.version != len(self._policies) + 1:
            raise LawBroken(detail=f"policy {policy.version} out of turn")
        self._policies.append(policy)

    def _find_ceilings(
        self, core: Core, terms: ReportIntended, purpose: Purpose
    ) -> Ceilings | None:
        policy = policy_at(self._policies, now=core.decided_at)
        version = None if policy is None else str(policy.version)
        # The rule's first version named no policy, and is held to the one that binds all the same.
        if terms.policy != version and core.rule_version == COVERAGE_RULE_VERSION:
            raise LawBroken(detail=f"a use under policy {terms.policy} where {version} binds")
        return None if policy is None else ceilings_of(policy, {purpose})

    def _return_use(self, core: Core, terms: UseReturned) -> None:
        reference = core.consent or ""
        consent = self._consents.get(reference)
        taken = self._open.get(terms.intended) or self._failed.get(terms.intended)
        if consent is None or taken is None or taken.consent != reference:
            raise LawBroken(detail="a use returned that was not taken")
        # Law 10: a use comes back once, or the count would allow looks that nobody consented to.
        if terms.intended in self._returned:
            raise LawBroken(detail="a use returned twice")
        self._returned.add(terms.intended)
        self._consents[reference] = remove_use(consent, taken_at=taken.taken_at)

    def _end(self, core: Core, terms: ReportDelivered | ReportFailed | DeliveryStopped) -> None:
        taken = self._open.get(terms.intended)
        if taken is None:
            raise LawBroken(detail=f"{core.kind} without an open intent")
        # The end must be this intent's own, or one consent could pay for another's delivery.
        whose = (core.bank, core.enterprise, core.consent, terms.report_id)
        if whose != (taken.bank, taken.enterprise, taken.consent, taken.report_id):
            raise LawBroken(detail=f"{core.kind} of another report than its intent")
        if isinstance(terms, ReportDelivered):
            covered = taken.sections | taken.rested.sections
            if terms.intended in self._returned or not terms.sections <= covered:
                raise LawBroken(detail="delivered after its use was returned, or more than covered")
            _require(self._persons.find_delivery_fault(core, terms, taken.rested))
        else:
            self._failed[terms.intended] = taken
        del self._open[terms.intended]


class _Taken(msgspec.Struct, frozen=True, kw_only=True):
    """What of an intent must come back in its end."""

    bank: str | None
    enterprise: str | None
    consent: str | None
    report_id: str
    sections: frozenset[str]
    taken_at: datetime
    rested: Rested


def _require(fault: str | None) -> None:
    if fault is not None:
        raise LawBroken(detail=fault)
