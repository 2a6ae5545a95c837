"""Who may consent for themselves, as a replay of every entry judges it."""

from datetime import UTC, datetime, timedelta

import pytest

from creditbridge.evidence.replay import Replay
from creditbridge.evidence.voices import Voices
from creditbridge.ledger.model import Core, EventKind, PersonConsented, PersonEnded, PersonEnrolled
from creditbridge.ledger.terms.base import Terms
from creditbridge.parties.model import Role

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def core_of(kind: EventKind, terms: Terms, *, event_id: str, person: str = "zhang") -> Core:
    """Return an entry about one person in one enterprise."""
    return Core(
        v=1,
        kind=kind,
        event_id=event_id,
        decided_at=NOON,
        rule="r",
        rule_version="1",
        terms=terms,
        digests={},
        key_ids={},
        bank="north",
        enterprise="works",
        person=person,
    )


def enrolled(role: Role) -> Core:
    """Return how Zhang came in."""
    terms = PersonEnrolled(role=role, issuer="https://id.example", proof_digest="p")
    return core_of(EventKind.PERSON_ENROLLED, terms, event_id="evt_1")


CONSENTED = PersonConsented(
    position="LEGAL_REP",
    purposes=frozenset({"KEY_PERSON_REVIEW"}),
    sections=frozenset({"PSN"}),
    valid_to=NOON + timedelta(days=1),
    asked="evt_0",
    valid_from=NOON,
    artefact_digest="a",
    template_id="t",
    template_version="1",
    text_digest="d",
)


@pytest.mark.parametrize(
    ("role", "person", "fault"),
    [
        (Role.LEGAL_REP, "zhang", ""),
        (Role.AGENT, "zhang", "had not been enrolled as that"),
        (Role.LEGAL_REP, "li", "had not been enrolled as that"),
    ],
)
def test_whoever_consents_as_something_was_enrolled_as_that(
    role: Role, person: str, fault: str
) -> None:
    """The legal representative; not an agent, and nobody whom the log does not know."""
    replay = Replay(Voices())
    replay.see(enrolled(role))

    replay.see(core_of(EventKind.PERSON_CONSENTED, CONSENTED, event_id="evt_2", person=person))

    assert [fault in breach.detail for breach in replay.breaches] == ([True] if fault else [])


def test_a_withdrawal_ends_one_consent_once() -> None:
    """What was never given, or was taken back before, cannot be; a no ends nothing that was."""
    withdrawn = PersonEnded(state="WITHDRAWN", ends="evt_2")
    replay = Replay()

    replay.see(core_of(EventKind.PERSON_WITHDRAWN, withdrawn, event_id="evt_1"))
    replay.see(core_of(EventKind.PERSON_CONSENTED, CONSENTED, event_id="evt_2"))
    refused = PersonEnded(state="REFUSED", ends="evt_0")
    replay.see(core_of(EventKind.PERSON_REFUSED, refused, event_id="evt_3"))
    replay.see(core_of(EventKind.PERSON_WITHDRAWN, withdrawn, event_id="evt_4"))
    replay.see(core_of(EventKind.PERSON_WITHDRAWN, withdrawn, event_id="evt_5"))

    assert [breach.event_id for breach in replay.breaches] == ["evt_1", "evt_5"]
