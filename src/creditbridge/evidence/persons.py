"""Whose own consents there were, as the entries before say; and what a look without one breaks.

From the cores alone; references stand for people, enterprises and banks.
"""

from datetime import datetime

import msgspec
from msgspec.structs import replace

from creditbridge.consents.model import ConsentState
from creditbridge.consents.persons.rules import PURPOSES
from creditbridge.ledger.model import (
    Core,
    PersonConsented,
    PersonEnded,
    ReportDelivered,
    ReportIntended,
)
from creditbridge.profile.persons import WHOLLY_PERSONAL

NOBODY = frozenset[str]()


class _Given(msgspec.Struct, frozen=True, kw_only=True):
    """One person's consent, by whom and to whom, until it was withdrawn."""

    whose: tuple[str | None, str | None]  # Bank and enterprise.
    person: str | None
    terms: PersonConsented
    ended: bool = False


class Persons:
    """The consents of natural persons as the entries seen so far leave them, by event id."""

    def __init__(self) -> None:
        self._given: dict[str, _Given] = {}

    def see(self, core: Core, terms: PersonConsented | PersonEnded) -> str | None:
        """Take an entry; return why it has no place here, None where it has."""
        whose = (core.bank, core.enterprise)
        if isinstance(terms, PersonConsented):
            self._given[core.event_id] = _Given(whose=whose, person=core.person, terms=terms)
            return None
        if terms.state != ConsentState.WITHDRAWN:
            return None
        given = self._given.get(terms.ends)
        # By whoever gave it alone: nobody takes back, or silences, another person's word.
        if given is None or given.ended or (given.whose, given.person) != (whose, core.person):
            return "a withdrawal of a person's consent that this person had not given"
        self._given[terms.ends] = replace(given, ended=True)
        return None

    def find_use_fault(self, core: Core, terms: ReportIntended) -> str | None:
        """Return why a look may not rest on the persons it names; None where it may."""
        named = terms.persons or NOBODY
        opened = NOBODY.union(*(self._sections_of(one) for one in named))
        personal = terms.person_sections or NOBODY
        if not personal <= opened & frozenset(map(str, WHOLLY_PERSONAL)) & terms.asked:
            return "sections about persons that no person's consent opens"
        if named and terms.person_purpose not in frozenset(map(str, PURPOSES)):
            return "persons' consents used for a purpose that is not theirs"
        return self._find_ended(core, named, purpose=terms.person_purpose)

    def find_delivery_fault(
        self, core: Core, terms: ReportDelivered, intended: "Rested"
    ) -> str | None:
        """Return why a delivery may not show the persons it shows; None where it may."""
        shown = terms.persons or NOBODY
        # Whoever is shown is named; a profile made under consents that go unnamed hides them.
        if shown != intended.persons:
            return "a profile that does not name the persons' consents it was made under"
        return self._find_ended(core, shown, purpose=intended.purpose)

    def _find_ended(self, core: Core, named: frozenset[str], *, purpose: str | None) -> str | None:
        for event_id in sorted(named):
            given = self._given.get(event_id)
            if given is None or given.whose != (core.bank, core.enterprise):
                return f"a person's data without that person's consent: {event_id}"
            if purpose not in given.terms.purposes or not _stands(given, at=core.decided_at):
                return f"a person's data without a live consent of theirs: {event_id}"
        return None

    def _sections_of(self, event_id: str) -> frozenset[str]:
        given = self._given.get(event_id)
        return NOBODY if given is None else given.terms.sections


class Rested(msgspec.Struct, frozen=True, kw_only=True):
    """On which persons' consents an intent rests, and for what."""

    persons: frozenset[str] = NOBODY
    sections: frozenset[str] = NOBODY
    purpose: str | None = None


def rested_on(terms: ReportIntended) -> Rested:
    """Return what an intent says of persons."""
    return Rested(
        persons=terms.persons or NOBODY,
        sections=terms.person_sections or NOBODY,
        purpose=terms.person_purpose,
    )


def _stands(given: _Given, *, at: datetime) -> bool:
    return not given.ended and given.terms.valid_from <= at < given.terms.valid_to
