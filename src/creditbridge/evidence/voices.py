"""Who could say yes for an enterprise, as the entries before say: people, limits, and how many.

From the cores alone; references stand for people and enterprises.
"""

from datetime import datetime, timedelta

import msgspec

from creditbridge.ledger.model import (
    ConsentApproved,
    ConsentCountersigned,
    Core,
    EnterpriseChanged,
    OperatorEnrolled,
    PersonConsented,
    PersonEnrolled,
    RepresentativeEnded,
    RepresentativeLimited,
)
from creditbridge.parties.model import Role
from creditbridge.parties.voices.quorum import APPROVERS_MAX

DAY = timedelta(days=1)
RULE_PARTS = 3


class Voice(msgspec.Struct, frozen=True, kw_only=True):
    """One person's right to speak: `grants` are the terms that say how far an agent may go."""

    entry: str
    role: str
    grants: PersonEnrolled | RepresentativeLimited | None = None
    appointed_by: str | None = None


class Voices:
    """The people of every enterprise, and its rules, as the entries seen so far leave them."""

    def __init__(self) -> None:
        self._live: dict[tuple[str, str], Voice] = {}
        self._heads: dict[str, str] = {}  # Entries of legal representatives, by event id.
        self._rules: dict[str, EnterpriseChanged] = {}
        self._yeses: dict[str, dict[str, ConsentCountersigned]] = {}
        self._events: dict[str, tuple[str, str]] = {}
        self._operators: set[str] = set()

    def see(self, core: Core) -> None:
        """Take the next entry."""
        whose = (core.enterprise or "", core.person or "")
        match core.terms:
            case OperatorEnrolled():
                self._operators.add(core.person or "")
            case PersonEnrolled() as terms:
                self._enrol(core, terms, whose)
            case RepresentativeLimited() as terms:
                self._live[whose] = Voice(
                    entry=core.event_id, role=Role.AGENT, grants=terms, appointed_by=terms.acted
                )
            case RepresentativeEnded():
                self._live.pop(whose, None)
            case EnterpriseChanged(rules=rules) as terms if rules is not None:
                self._rules[core.enterprise or ""] = terms
            case ConsentCountersigned() as terms:
                self._yeses.setdefault(core.consent or "", {})[core.person or ""] = terms
                self._events[core.event_id] = (core.consent or "", core.person or "")
            case _:
                pass

    def find_outsider(self, core: Core) -> str | None:
        """Return why an operator's word is none; None where the person had been enrolled as one."""
        if (core.person or "") in self._operators:
            return None
        return "a scan confirmed by nobody who had been enrolled as operator"

    def get(self, core: Core) -> Voice:
        """Return the live right of the person whom an entry names, for its enterprise.

        Raises:
            KeyError: there is none; `find_fault` says so first.
        """
        return self._live[core.enterprise or "", core.person or ""]

    def is_led_by(self, core: Core) -> bool:
        """Tell whether whom an entry names is the legal representative of its enterprise now."""
        voice = self._live.get((core.enterprise or "", core.person or ""))
        return voice is not None and voice.role == Role.LEGAL_REP

    def find_fault(self, core: Core, terms: ConsentApproved) -> str | None:
        """Return why an approval is not the enterprise's word; None where it is.

        Distinct people, as many as the rules ask, each in force at this instant and within their
        limits, all of the same artefact.
        """
        people = {core.person or ""}
        for event_id in terms.countersigned or ():
            consent, person = self._events.get(event_id, ("", ""))
            yes = self._yeses.get(consent, {}).get(person)
            if consent != core.consent or yes is None:
                return f"no countersignature {event_id} of this consent"
            if (yes.artefact_digest, yes.version + 1) != (terms.artefact_digest, terms.version):
                return f"countersignature {event_id} is of another artefact"
            people.add(person)
        for person in sorted(people):
            if (fault := self._fault_of(core, terms, person)) is not None:
                return fault
        needed = max(terms.needed or 1, self._count_needed(core, terms))
        if len(people) < needed:
            return f"{len(people)} people approved, and {needed} had to"
        return None

    def find_stranger(self, core: Core, terms: PersonConsented) -> str | None:
        """Return why a person may not consent as what they did; None where they may.

        A position is what the identity service vouched for: a role of the same name.
        """
        voice = self._live.get((core.enterprise or "", core.person or ""))
        if voice is None or voice.role != terms.position:
            return f"who consented as {terms.position} had not been enrolled as that"
        return None

    def _enrol(self, core: Core, terms: PersonEnrolled, whose: tuple[str, str]) -> None:
        if terms.role == Role.LEGAL_REP:
            self._heads[core.event_id] = core.enterprise or ""
        self._live[whose] = Voice(
            entry=core.event_id,
            role=terms.role,
            grants=None if terms.may_approve is None else terms,
            appointed_by=terms.appointed_by,
        )

    def _fault_of(self, core: Core, terms: ConsentApproved, person: str) -> str | None:
        voice = self._live.get((core.enterprise or "", person))
        if voice is None:
            return "who approved had not been enrolled for this enterprise"
        # Before approvals were counted, an agent needed no appointment: `needed` came with it.
        if voice.role == Role.LEGAL_REP or terms.needed is None:
            return None
        if voice.grants is None or not voice.grants.may_approve:
            return "an agent approved whom nobody let approve"
        # Only a legal representative of the same enterprise appoints, and one enrolled before.
        if self._heads.get(voice.appointed_by or "") != core.enterprise:
            return "an agent approved whom no legal representative appointed"
        if not _is_within(voice.grants, terms, at=core.decided_at):
            return "an agent approved beyond a limit"
        return None

    def _count_needed(self, core: Core, terms: ConsentApproved) -> int:
        changed = self._rules.get(core.enterprise or "")
        rules = frozenset[str]() if changed is None else changed.rules or frozenset()
        fitting = (count for rule in rules if (count := _count_of(rule, terms)) is not None)
        return max(fitting, default=1)


def _count_of(rule: str, terms: ConsentApproved) -> int | None:
    """Return how many people a rule asks for a consent; None where it is about others."""
    # As the journey spells it: what does not read so was written by nobody here, and asks for more
    # people than there can be.
    parts = rule.split("/")
    if len(parts) != RULE_PARTS or not (parts[0].isdecimal() and parts[1].isdecimal()):
        return APPROVERS_MAX + 1
    purposes = frozenset(parts[2].split("+")) if parts[2] else terms.purposes
    fits = purposes & terms.purposes and len(terms.sections) >= int(parts[1])
    return int(parts[0]) if fits else None


def _is_within(
    grants: PersonEnrolled | RepresentativeLimited, terms: ConsentApproved, *, at: datetime
) -> bool:
    ends = [one for one in (grants.ends_at, grants.document_valid_until) if one is not None]
    days = -(-(terms.valid_to - terms.valid_from) // DAY)
    return (
        all(at < one for one in ends)
        and terms.purposes <= (grants.purposes or frozenset())
        and terms.sections <= (grants.sections or frozenset())
        and days <= (grants.days_max or 0)
        and terms.max_queries <= (grants.queries_max or 0)
    )
