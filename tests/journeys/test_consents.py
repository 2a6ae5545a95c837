"""A consent's story, from a bank's request to its end, and the chain it leaves."""

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeAlias

import msgspec
import pytest
from tests.journeys.signing import UNSIGNED

import creditbridge.access.service as access
from creditbridge.consents.acts import Approval, ConsentRequest, Refusal, Withdrawal
from creditbridge.consents.answers import ConsentChanged, ConsentUnknown
from creditbridge.consents.artefact import verify_artefact
from creditbridge.consents.ceilings import SectionsNotAllowed
from creditbridge.consents.model import Consent, ConsentLapsed, ConsentState
from creditbridge.consents.rules import TransitionImpossible
from creditbridge.consents.service import AuthorizationTaken, Consents
from creditbridge.foundation.database import Database, DatabaseUnavailable
from creditbridge.foundation.keys import FileKey
from creditbridge.journeys.admit_caller import Caller
from creditbridge.journeys.give_consent import GiveConsent
from creditbridge.journeys.lapse_requests import LapseRequests
from creditbridge.journeys.request_consent import RequestConsent
from creditbridge.journeys.require_voice import VoiceMissing
from creditbridge.journeys.withdraw_consent import WithdrawConsent
from creditbridge.ledger.encoding import to_base64url
from creditbridge.ledger.model import (
    ConsentApproved,
    ConsentEnded,
    ConsentRequested,
    Core,
    EventKind,
)
from creditbridge.ledger.service import Ledger
from creditbridge.notices.service import Notices
from creditbridge.parties.model import Bank, Enrolment, Role
from creditbridge.parties.service import enrol_person
from creditbridge.profile.codes import SectionCode

UNKNOWN_PERSON = "prs_01hzy6t9x7c3v5n8m2k4p6q8r0"

Told: TypeAlias = Callable[..., Awaitable[list[Core]]]
Lodge: TypeAlias = Callable[..., Awaitable[Consent]]
Approve: TypeAlias = Callable[[Consent], Approval]


class Onboarded(Protocol):
    """A bank of `conftest`."""

    bank: Bank


class House(Protocol):
    """The house of `conftest`."""

    database: Database
    notices: Notices
    ledger: Ledger
    consents: Consents
    consent_key: FileKey

    async def told(self, *words: str) -> list[Core]:
        """Return what the ledger holds."""
        ...

    def faulty_ledger(self, kind: EventKind, fault: str) -> Ledger:
        """Return the ledger with a fault."""
        ...

    def call(self, onboarded: Onboarded, *, client: int = 0, body: bytes = b"{}") -> Caller:
        """Return an admitted machine."""
        ...


def give_in(house: House) -> GiveConsent:
    """Return the journey of a yes or a no."""
    return GiveConsent(
        database=house.database,
        consents=house.consents,
        sign_consents=UNSIGNED,
        ledger=house.ledger,
        notices=house.notices,
    )


def withdraw_in(house: House) -> WithdrawConsent:
    """Return the journey of a withdrawal."""
    return WithdrawConsent(
        database=house.database,
        consents=house.consents,
        access=access,
        ledger=house.ledger,
        notices=house.notices,
    )


@pytest.fixture
def journey(house: House) -> GiveConsent:
    """The journey of a yes or a no."""
    return give_in(house)


@pytest.fixture
def withdraw(house: House) -> WithdrawConsent:
    """The journey of a withdrawal."""
    return withdraw_in(house)


@pytest.fixture
async def stranger_id(house: House) -> str:
    """A person who speaks for another enterprise."""
    enrolment = Enrolment(
        issuer="https://id.example",
        subject="sub-2",
        person_key=bytes([2] * 32),
        name="李示例",
        uscc="91330106589876549K",
        enterprise_name="Other Works",
        role=Role.LEGAL_REP,
        proof_digest=bytes(32),
    )
    async with house.database.transaction() as tx:
        representative, _ = await enrol_person(tx, enrolment)
    return representative.person_id


def links_of(cores: list[Core]) -> list[tuple[str, int | None]]:
    """Return kind and number of each link."""
    return [(str(core.kind), core.consent_seq) for core in cores]


async def test_a_request_is_lodged_and_recorded(lodge: Lodge, house: House) -> None:
    """Its extent is in the ledger as the first link of the consent's chain."""
    consent = await lodge()

    (requested,) = await house.told("consent")
    assert consent.state is ConsentState.REQUESTED
    assert isinstance(requested.terms, ConsentRequested)
    assert requested.terms.sections == {"REG", "PEN"}
    assert requested.terms.max_queries == 3
    assert requested.terms.lapses_at == consent.lapses_at
    assert requested.consent_seq == 1
    assert requested.consent_prev is None


@pytest.mark.parametrize("fault", ["failed", "reply lost"])
async def test_no_request_is_lodged_without_the_ledgers_word(
    fault: str,
    house: House,
    north: Onboarded,
    consent_request: Callable[..., ConsentRequest],
) -> None:
    """The statement fails, before or after it was done: the enterprise never sees a request."""
    broken = house.faulty_ledger(EventKind.CONSENT_REQUESTED, fault)
    journey = RequestConsent(
        database=house.database, consents=house.consents, ledger=broken, notices=house.notices
    )

    with pytest.raises(DatabaseUnavailable):
        await journey(house.call(north), consent_request())

    async with house.database.transaction() as tx:
        assert await house.consents.list_for_bank(tx, north.bank.bank_id) == []


async def test_a_request_over_a_ceiling_is_not_lodged(lodge: Lodge, house: House) -> None:
    """Natural persons' data cannot be asked for on this door."""
    with pytest.raises(SectionsNotAllowed):
        await lodge(sections=[SectionCode.PSN])

    assert await house.told("consent") == []


async def test_an_authorization_number_is_used_once(
    house: House,
    north: Onboarded,
    consent_request: Callable[..., ConsentRequest],
) -> None:
    """The bank's own number names one request."""
    journey = RequestConsent(
        database=house.database, consents=house.consents, ledger=house.ledger, notices=house.notices
    )
    request = consent_request()
    await journey(house.call(north), request)

    with pytest.raises(AuthorizationTaken):
        await journey(house.call(north), request)


async def test_a_yes_fixes_the_artefact(
    journey: GiveConsent, lodge: Lodge, approval: Approve, house: House
) -> None:
    """The ledger holds the digest of what the gateway signed, and who said yes to which text."""
    consent = await journey.approve(approval(await lodge()))

    requested, approved = await house.told("consent")
    assert consent.state is ConsentState.ACTIVE
    assert isinstance(approved.terms, ConsentApproved)
    assert approved.terms.role == "LEGAL_REP"
    assert approved.terms.template_id == "portal-decision"
    assert approved.terms.text_digest == to_base64url(bytes(32))
    assert (approved.consent_seq, approved.consent) == (2, requested.consent)
    assert approved.person is not None
    assert approved.key_ids == {"consent": consent.artefact_key_id}
    artefact = verify_artefact(consent.artefact, consent.artefact_signature, house.consent_key.key)
    assert artefact.sections == (SectionCode.PEN, SectionCode.REG)


async def test_a_yes_may_be_narrower(
    journey: GiveConsent, lodge: Lodge, approval: Approve, house: House
) -> None:
    """What the enterprise leaves out is out of the consent, and of the ledger's terms."""
    yes = approval(await lodge())

    await journey.approve(msgspec.structs.replace(yes, sections=frozenset({SectionCode.REG})))

    approved = (await house.told("consent"))[-1]
    assert isinstance(approved.terms, ConsentApproved)
    assert approved.terms.sections == {"REG"}


async def test_a_no_ends_the_request(
    journey: GiveConsent, lodge: Lodge, approval: Approve, house: House, person_id: str
) -> None:
    """It is a link of the chain, and nobody says yes after it."""
    consent = await lodge()
    refusal = Refusal(
        consent_id=consent.consent_id,
        version=consent.version,
        uscc=consent.uscc,
        person_id=person_id,
        role=Role.LEGAL_REP,
    )

    ended = await journey.refuse(refusal)

    assert ended.state is ConsentState.REFUSED
    assert links_of(await house.told("consent")) == [
        ("consent.requested", 1),
        ("consent.refused", 2),
    ]
    with pytest.raises((TransitionImpossible, ConsentChanged)):
        await journey.approve(approval(ended))


async def test_an_answer_is_to_the_version_that_was_shown(
    journey: GiveConsent, lodge: Lodge, approval: Approve, house: House
) -> None:
    """A page that was open too long answers nothing."""
    yes = approval(await lodge())

    with pytest.raises(ConsentChanged):
        await journey.approve(msgspec.structs.replace(yes, version=yes.version + 1))

    assert len(await house.told("consent")) == 1


@pytest.mark.parametrize("who", ["unknown", "other enterprise's", "other enterprise"])
async def test_only_who_speaks_for_the_enterprise_answers(
    who: str,
    house: House,
    lodge: Lodge,
    approval: Approve,
    stranger_id: str,
) -> None:
    """Unknown, another enterprise's, or naming an enterprise of their own (fault 67)."""
    consent = await lodge()
    person_id = UNKNOWN_PERSON if who == "unknown" else stranger_id
    uscc = "91330106589876549K" if who == "other enterprise" else consent.uscc
    expected = ConsentUnknown if who == "other enterprise" else VoiceMissing
    yes = msgspec.structs.replace(approval(consent), person_id=person_id, uscc=uscc)

    with pytest.raises(expected):
        await give_in(house).approve(yes)
    with pytest.raises(expected):
        await withdraw_in(house)(
            Withdrawal(consent_id=consent.consent_id, uscc=uscc, person_id=person_id)
        )

    assert len(await house.told("consent")) == 1


@pytest.mark.parametrize("fault", ["failed", "reply lost"])
async def test_no_consent_is_given_without_the_ledgers_word(
    fault: str,
    house: House,
    lodge: Lodge,
    approval: Approve,
) -> None:
    """The statement fails, before or after it was done: the request waits as before."""
    broken = house.faulty_ledger(EventKind.CONSENT_APPROVED, fault)
    consent = await lodge()

    with pytest.raises(DatabaseUnavailable):
        await GiveConsent(
            database=house.database,
            consents=house.consents,
            sign_consents=UNSIGNED,
            ledger=broken,
            notices=house.notices,
        ).approve(approval(consent))

    async with house.database.transaction() as tx:
        assert await house.consents.get_consent(tx, consent.consent_id) == consent


async def test_a_withdrawal_ends_a_consent_once(
    withdraw: WithdrawConsent, consent: Consent, house: House, person_id: str
) -> None:
    """The third link of the chain; a second withdrawal changes nothing."""
    act = Withdrawal(consent_id=consent.consent_id, uscc=consent.uscc, person_id=person_id)

    ended = await withdraw(act)

    links = await house.told("consent")
    assert ended.state is ConsentState.WITHDRAWN
    assert links_of(links)[-1] == ("consent.withdrawn", 3)
    assert isinstance(links[-1].terms, ConsentEnded)
    assert links[-1].terms.state == "WITHDRAWN"
    with pytest.raises(TransitionImpossible):
        await withdraw(act)
    assert len(await house.told("consent")) == 3


@pytest.mark.parametrize("fault", ["failed", "reply lost"])
async def test_no_consent_is_withdrawn_without_the_ledgers_word(
    fault: str,
    house: House,
    consent: Consent,
    person_id: str,
) -> None:
    """The statement fails, before or after it was done: the person is told, and may repeat."""
    broken = house.faulty_ledger(EventKind.CONSENT_WITHDRAWN, fault)
    act = Withdrawal(consent_id=consent.consent_id, uscc=consent.uscc, person_id=person_id)

    with pytest.raises(DatabaseUnavailable):
        await WithdrawConsent(
            database=house.database,
            consents=house.consents,
            access=access,
            ledger=broken,
            notices=house.notices,
        )(act)

    async with house.database.transaction() as tx:
        kept = await house.consents.get_consent(tx, consent.consent_id)
    assert kept.state is ConsentState.ACTIVE


async def test_a_request_that_nobody_answers_lapses(
    house: House,
    journey: GiveConsent,
    lodge: Lodge,
    approval: Approve,
) -> None:
    """At the end of its week it is over, with a link of its own; twice is harmless."""
    consent = await lodge()
    assert consent.lapses_at is not None
    lapse = LapseRequests(database=house.database, consents=house.consents, ledger=house.ledger)
    assert await lapse() == 0
    await house.database.raise_floor(consent.lapses_at)

    with pytest.raises(ConsentLapsed):
        await journey.approve(approval(consent))
    assert await lapse() == 1
    assert await lapse() == 0

    assert links_of(await house.told("consent")) == [
        ("consent.requested", 1),
        ("consent.lapsed", 2),
    ]


async def test_the_chain_of_a_consent_has_no_gap(
    withdraw: WithdrawConsent, consent: Consent, house: House, person_id: str
) -> None:
    """Each link names the commitment before it, so that a fork shows."""
    await withdraw(
        Withdrawal(consent_id=consent.consent_id, uscc=consent.uscc, person_id=person_id)
    )

    links = await house.told("consent")
    assert [link.consent_seq for link in links] == [1, 2, 3]
    assert len({link.consent_prev for link in links}) == 3
