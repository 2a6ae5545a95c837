"""The replay of a change of legal representative: nothing goes on but by the new one's word."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

import pytest
from msgspec.structs import replace

from creditbridge.evidence.assembling import assemble_pack
from creditbridge.evidence.model import PackMaterial, Result
from creditbridge.evidence.pins import Pins
from creditbridge.evidence.replay import Replay
from creditbridge.evidence.verifying import verify_pack
from creditbridge.evidence.voices import Voices
from creditbridge.ledger.model import (
    ConsentApproved,
    ConsentCountersigned,
    ConsentTurned,
    EventKind,
    PersonEnrolled,
    PersonName,
    Record,
    RepresentativeEnded,
)
from creditbridge.ledger.rules import open_entry

LATER = datetime(2026, 3, 1, 12, tzinfo=UTC) + timedelta(days=20)
NEW = PersonName(person_id="prs_2", name="李示例", role="LEGAL_REP")
Write: TypeAlias = Callable[[Sequence[Record]], PackMaterial]
Told: TypeAlias = Callable[[Sequence[Record]], list[str]]


@pytest.fixture
def told(write: Write) -> Told:
    """Replay records with the people in view, and return what they break."""

    def replay(records: Sequence[Record]) -> list[str]:
        replayed = Replay(Voices())
        for one in write(records).entries:
            replayed.see(open_entry(one.opening)[0])
        return [breach.detail for breach in replayed.breaches]

    return replay


@pytest.fixture
def change(story: list[Record]) -> list[Record]:
    """`evt_3` to `evt_7`: the former one ends, a new one comes, it waits, and is confirmed."""
    enrolled, withdrawn = story[0], story[5]
    approved = story[2].terms
    assert isinstance(approved, ConsentApproved)
    turn = replace(withdrawn, kind=EventKind.CONSENT_PAUSED, person=None)
    held = ConsentTurned(
        version=3, state="PAUSED", reason="representative-changed", confirm_by=LATER
    )
    said = ConsentCountersigned(
        version=3,
        role="LEGAL_REP",
        artefact_digest=approved.artefact_digest,
        template_id="portal-confirmation",
        template_version="1",
        text_digest="t",
        given=1,
        needed=1,
    )
    resumed = ConsentTurned(version=4, state="ACTIVE", confirmed="evt_6")
    return [
        replace(
            enrolled,
            kind=EventKind.REPRESENTATIVE_ENDED,
            terms=RepresentativeEnded(role="LEGAL_REP", reason="SUCCESSOR"),
        ),
        replace(enrolled, person=NEW),
        replace(turn, terms=held),
        replace(turn, kind=EventKind.CONSENT_COUNTERSIGNED, terms=said, person=NEW),
        replace(turn, kind=EventKind.CONSENT_RESUMED, terms=resumed, person=NEW),
    ]


def with_terms(record: Record, **changed: object) -> Record:
    """Return a record whose terms say something else."""
    return replace(record, terms=replace(record.terms, **changed))


def test_a_confirmed_consent_is_used_again(
    told: Told, story: list[Record], change: list[Record]
) -> None:
    """Nothing while it waits; after the confirmation as before, without a breach."""
    used = with_terms(story[3], consent_version=4)
    early = with_terms(story[3], consent_version=3)

    assert told([*story[:3], *change, used]) == []
    assert told([*story[:3], *change[:3], early]) == [
        "a use without a live consent: consent-paused"
    ]


def test_what_was_paused_by_hand_waits_too(
    told: Told, story: list[Record], change: list[Record]
) -> None:
    """A second pause has its place with that reason, and with no other."""
    paused = replace(
        change[2], terms=ConsentTurned(version=3, state="PAUSED"), person=story[5].person
    )
    held = with_terms(change[2], version=4)
    said = with_terms(change[3], version=4)
    resumed = with_terms(change[4], version=5, confirmed="evt_7")

    assert told([*story[:3], paused, *change[:2], held, said, resumed]) == []
    assert told([*story[:3], paused, paused]) == ["paused twice"]


NOT_LED = "a confirmation of somebody who is no legal representative"
UNCONFIRMED = "resumed without the word of the new legal representative"
OTHERWISE = "a pause that says another reason than it has"


@pytest.mark.parametrize(
    ("number", "changed", "broken"),
    [
        (2, {"confirm_by": None}, [OTHERWISE, "a confirmation that nobody waits for"]),
        (2, {"reason": None}, [OTHERWISE, "a confirmation that nobody waits for"]),
        (3, {"role": "AGENT"}, [NOT_LED, UNCONFIRMED]),
        (3, {"version": 2}, ["a confirmation too late, or of another version", UNCONFIRMED]),
        (3, {"artefact_digest": "x"}, ["a confirmation of another artefact", UNCONFIRMED]),
        (4, {"confirmed": None}, [UNCONFIRMED]),
        (4, {"confirmed": "evt_5"}, [UNCONFIRMED]),
    ],
)
def test_whatever_else_is_a_breach(
    number: int,
    changed: dict[str, object],
    broken: list[str],
    told: Told,
    story: list[Record],
    change: list[Record],
) -> None:
    """A pause with half a reason; a word too late, of another, of something else; no word."""
    change[number] = with_terms(change[number], **changed)

    found = told([*story[:3], *change])

    assert found[0] == broken[0]
    assert found[-1] in {broken[-1], "consent.resumed where it stands ACTIVE"}


def test_a_confirmation_comes_in_time(
    told: Told, story: list[Record], change: list[Record]
) -> None:
    """At the instant of its end it is too late."""
    change[2] = with_terms(change[2], confirm_by=datetime(2026, 3, 1, 12, tzinfo=UTC))

    assert told([*story[:3], *change])[0] == "a confirmation too late, or of another version"


def test_a_word_needs_a_right(told: Told, story: list[Record], change: list[Record]) -> None:
    """Of somebody who was never enrolled, who is an agent, or who ended before, it is none."""
    enrolled = change[1].terms
    assert isinstance(enrolled, PersonEnrolled)
    agent = replace(change[1], terms=replace(enrolled, role="AGENT"))
    former = replace(change[3], person=story[0].person)

    assert told([*story[:3], change[0], *change[2:]])[0] == NOT_LED
    assert told([*story[:3], change[0], agent, *change[2:]])[0] == NOT_LED
    assert told([*story[:3], *change[:3], former])[0] == NOT_LED


def test_a_resumption_by_hand_names_nobody(
    told: Told, story: list[Record], change: list[Record]
) -> None:
    """Where nothing waited, a confirmation that is named was never asked for."""
    paused = replace(
        change[2], terms=ConsentTurned(version=3, state="PAUSED"), person=story[5].person
    )
    resumed = with_terms(change[4], confirmed="evt_9")

    assert told([*story[:3], paused, resumed]) == [UNCONFIRMED]


@pytest.fixture
def looked(story: list[Record], change: list[Record]) -> list[Record]:
    """A look and its delivery after the confirmation: `evt_8` and `evt_9`."""
    used = with_terms(story[3], consent_version=4)
    return [*story[:3], *change, used, with_terms(story[4], intended="evt_8")]


def test_a_pack_shows_who_confirmed(
    write: Write, looked: list[Record], pins: Pins, profile: bytes
) -> None:
    """The verifier says how often, and runs the whole chain again."""
    verdict = verify_pack(assemble_pack(write(looked)), pins, profile)

    assert verdict.result is Result.VALID
    (approver,) = [step for step in verdict.steps if step.name == "approver"]
    assert approver.detail.endswith("confirmed 1 times by new legal representatives")


def test_a_pack_whose_confirmer_might_not_proves_nothing(
    write: Write, looked: list[Record], pins: Pins, profile: bytes
) -> None:
    """An agent's word, called a legal representative's."""
    enrolled = looked[4]
    looked[4] = replace(enrolled, terms=replace(enrolled.terms, role="AGENT"))

    verdict = verify_pack(assemble_pack(write(looked)), pins, profile)

    assert (verdict.result, verdict.steps[-1].name) == (Result.INVALID, "approver")
    assert "confirms without the right to" in verdict.steps[-1].detail
