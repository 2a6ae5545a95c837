"""Natural persons' own consents: every state and event, and every way to cover nothing."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from jsonschema import Draft202012Validator
from msgspec.structs import replace

from creditbridge.consents.contract import format_schema, person_schema
from creditbridge.consents.model import ConsentState
from creditbridge.consents.persons.artefact import (
    artefact_message,
    encode_artefact,
    verify_artefact,
)
from creditbridge.consents.persons.model import (
    PersonAct,
    PersonConsent,
    PersonConsentChanged,
    PersonConsentClosed,
    PersonConsentEnded,
    PersonConsentUnknown,
    PersonPositionUnvouched,
    PersonPurposeMismatch,
    PersonRequest,
    PersonSectionsMismatch,
    PersonTermMismatch,
    PersonYes,
)
from creditbridge.consents.persons.rules import (
    agree,
    decline,
    require_all_standing,
    require_askable,
    select_covering,
    stands,
    state_at,
    withdraw,
)
from creditbridge.foundation.errors import Malformed, Refused, SignatureInvalid
from creditbridge.foundation.keys import FileKey, name_key
from creditbridge.profile.codes import KeyPosition, Purpose, SectionCode

CONTRACTS = Path(__file__).parents[3] / "contracts"
SECOND = timedelta(seconds=1)
REVIEW = Purpose.KEY_PERSON_REVIEW
REG, PSN, PEN = SectionCode.REG, SectionCode.PSN, SectionCode.PEN
YES = PersonYes(
    person_consent_id="pcs_1",
    version=1,
    person_id="prs_1",
    sections=frozenset({REG, PSN}),
    template_id="t",
    template_version="1",
    text_digest=bytes(32),
)
ACT = PersonAct(person_consent_id="pcs_1", person_id="prs_1")

Answer = Callable[[PersonConsent, datetime], PersonConsent]
ANSWERS: dict[str, Answer] = {
    "agree": lambda found, now: agree(found, replace(YES, version=found.version), now=now),
    "decline": lambda found, now: decline(found, ACT, now=now),
    "withdraw": lambda found, now: withdraw(found, ACT, now=now),
}
LEADS = {
    ("REQUESTED", "agree"): ConsentState.ACTIVE,
    ("REQUESTED", "decline"): ConsentState.REFUSED,
    ("ACTIVE", "withdraw"): ConsentState.WITHDRAWN,
}


@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("state", list(ConsentState))
def test_every_state_takes_every_answer_or_refuses_it(
    asked: PersonConsent, noon: datetime, state: ConsentState, answer: str
) -> None:
    """Three turns there are; every other one leaves things as they are."""
    found = replace(asked, state=state, person_id="prs_1", decided_at=noon - SECOND)
    leads = LEADS.get((state, answer))

    if leads is None:
        with pytest.raises(PersonConsentClosed):
            ANSWERS[answer](found, noon)
        return
    after = ANSWERS[answer](found, noon)

    assert (after.state, after.version) == (leads, found.version + 1)
    assert (after.decided_at if leads is ConsentState.ACTIVE else after.ended_at) == noon


@pytest.mark.parametrize("answer", [agree, decline, withdraw])
def test_what_is_not_there_cannot_be_answered(
    noon: datetime, answer: Callable[..., PersonConsent]
) -> None:
    """In the words of an unknown one."""
    with pytest.raises(PersonConsentUnknown):
        answer(None, YES if answer is agree else ACT, now=noon)


def test_a_yes_fixes_who_what_and_what_was_shown(asked: PersonConsent, noon: datetime) -> None:
    """Fewer sections than asked for, from this instant on."""
    after = agree(asked, replace(YES, sections=frozenset({PSN})), now=noon)

    assert (after.person_id, after.decided_at) == ("prs_1", noon)
    assert after.sections == {PSN}
    assert (after.template_id, after.template_version, after.text_digest) == ("t", "1", bytes(32))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"version": 2}, PersonConsentChanged),
        ({"sections": frozenset()}, PersonSectionsMismatch),
        ({"sections": frozenset({REG, PSN, SectionCode.OWN})}, PersonSectionsMismatch),
    ],
)
def test_a_yes_to_something_else_is_none(
    asked: PersonConsent, noon: datetime, change: dict[str, object], reason: type[Refused]
) -> None:
    """Another version, nothing at all, or more than was asked for."""
    with pytest.raises(reason):
        agree(asked, replace(YES, **change), now=noon)


def test_a_request_lapses_to_the_second(asked: PersonConsent) -> None:
    """The last instant before is still in time; at it nobody can answer, yes or no."""
    end = asked.lapses_at

    assert agree(asked, YES, now=end - SECOND).state is ConsentState.ACTIVE
    assert state_at(asked, now=end - SECOND) is ConsentState.REQUESTED
    assert state_at(asked, now=end) is ConsentState.LAPSED
    with pytest.raises(PersonConsentClosed):
        agree(asked, YES, now=end)
    with pytest.raises(PersonConsentClosed):
        decline(asked, ACT, now=end)


def test_nobody_consents_to_a_term_that_is_over(asked: PersonConsent, noon: datetime) -> None:
    """However long the request may still be answered."""
    with pytest.raises(PersonConsentClosed):
        agree(replace(asked, valid_to=noon), YES, now=noon)


def test_nobody_takes_back_what_another_gave(given: PersonConsent, noon: datetime) -> None:
    """It is not there for them."""
    with pytest.raises(PersonConsentUnknown):
        withdraw(given, replace(ACT, person_id="prs_2"), now=noon)


def test_a_consent_that_ran_out_can_still_be_taken_back(given: PersonConsent) -> None:
    """Nothing is in the way of a withdrawal."""
    assert withdraw(given, ACT, now=given.valid_to).state is ConsentState.WITHDRAWN


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"purposes": frozenset()}, PersonPurposeMismatch),
        ({"purposes": frozenset({Purpose.PRE_LOAN_REVIEW})}, PersonPurposeMismatch),
        ({"purposes": frozenset({REVIEW, Purpose.POST_LOAN})}, PersonPurposeMismatch),
        ({"purposes": frozenset({Purpose.DISPUTE_CHECK})}, PersonPurposeMismatch),
        ({"sections": frozenset()}, PersonSectionsMismatch),
        ({"sections": frozenset({PSN, PEN})}, PersonSectionsMismatch),
        ({"position": KeyPosition.CONTROLLER}, PersonPositionUnvouched),
    ],
)
def test_what_cannot_be_asked_of_a_person(
    request_of_bank: PersonRequest,
    noon: datetime,
    change: dict[str, object],
    reason: type[Refused],
) -> None:
    """An enterprise's purpose on the personal door above all (DOMAIN, 3.12)."""
    require_askable(request_of_bank, now=noon)

    with pytest.raises(reason):
        require_askable(replace(request_of_bank, **change), now=noon)


@pytest.mark.parametrize("days", [0, 365])
def test_a_term_ends_after_now_and_within_a_year(
    request_of_bank: PersonRequest, noon: datetime, days: int
) -> None:
    """At its limits and one second beyond."""
    limit = noon + timedelta(days=days)
    good, bad = (limit + SECOND, limit) if days == 0 else (limit, limit + SECOND)

    require_askable(replace(request_of_bank, valid_to=good), now=noon)
    with pytest.raises(PersonTermMismatch):
        require_askable(replace(request_of_bank, valid_to=bad), now=noon)


@pytest.mark.parametrize("state", list(ConsentState))
def test_a_consent_stands_while_it_is_active(
    given: PersonConsent, noon: datetime, state: ConsentState
) -> None:
    """In no other state."""
    assert stands(replace(given, state=state), now=noon) is (state is ConsentState.ACTIVE)


def test_a_consent_stands_within_its_term_to_the_second(given: PersonConsent) -> None:
    """From the instant of the yes; at its end no more, and it is called expired."""
    begin = given.decided_at
    assert begin is not None

    assert stands(given, now=begin)
    assert not stands(given, now=begin - SECOND)
    assert stands(given, now=given.valid_to - SECOND)
    assert not stands(given, now=given.valid_to)
    assert state_at(given, now=given.valid_to - SECOND) is ConsentState.ACTIVE
    assert state_at(given, now=given.valid_to) is ConsentState.EXPIRED
    assert not stands(replace(given, decided_at=None), now=given.valid_to - SECOND)


def test_who_covers_a_look(given: PersonConsent, noon: datetime) -> None:
    """For the purpose, for a section that is asked, and only while it stands."""
    ended = replace(given, state=ConsentState.WITHDRAWN)
    other = replace(given, purposes=frozenset({Purpose.DISPUTE_CHECK}))

    covering = select_covering([given, ended, other], REVIEW, frozenset({REG}), now=noon)

    assert covering == [given]
    assert select_covering([given], REVIEW, frozenset({PEN}), now=noon) == []
    with pytest.raises(PersonPurposeMismatch):
        select_covering([given], Purpose.PRE_LOAN_REVIEW, frozenset({REG}), now=noon)


def test_an_answer_rests_on_all_of_its_persons(given: PersonConsent, noon: datetime) -> None:
    """One that stands no more, or is not there, and it must not go out."""
    second = replace(given, person_consent_id="pcs_2")
    ended = replace(second, state=ConsentState.WITHDRAWN)

    require_all_standing([given, second], ["pcs_1", "pcs_2"], now=noon)
    require_all_standing([], [], now=noon)
    for held in ([given, ended], [given]):
        with pytest.raises(PersonConsentEnded):
            require_all_standing(held, ["pcs_1", "pcs_2"], now=noon)


def test_the_house_signs_what_the_person_gave(given: PersonConsent) -> None:
    """One byte changed, another key, or another spelling: not what was signed; no name is in it."""
    private = ec.generate_private_key(ec.SECP256R1())
    key = FileKey(key=name_key(private.public_key()), private=private)
    raw = encode_artefact(given, text_digest="A" * 43)
    signature = key.sign(artefact_message(raw))

    artefact = verify_artefact(raw, signature, key.key)

    assert (artefact.person_id, artefact.position) == ("prs_1", KeyPosition.LEGAL_REP)
    assert artefact.sections == (PSN, REG)
    with pytest.raises(SignatureInvalid):
        verify_artefact(raw + b" ", signature, key.key)
    with pytest.raises(Malformed):
        verify_artefact(raw + b" ", key.sign(artefact_message(raw + b" ")), key.key)


def test_the_artefact_follows_its_contract(given: PersonConsent) -> None:
    """The published schema is generated from the struct, byte for byte."""
    raw = (CONTRACTS / "person-consent.schema.json").read_text(encoding="utf-8")
    artefact = json.loads(encode_artefact(given, text_digest="A" * 43))
    validator = Draft202012Validator(json.loads(raw))

    assert raw == format_schema(person_schema())
    assert list(validator.iter_errors(artefact)) == []
    assert list(validator.iter_errors({**artefact, "id_number": "1"})) != []


def test_there_is_no_artefact_of_a_request(asked: PersonConsent) -> None:
    """Nobody has given anything."""
    with pytest.raises(ValueError, match="somebody gave"):
        encode_artefact(asked, text_digest="A" * 43)
