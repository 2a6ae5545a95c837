"""Another legal representative: what rests on the former one's word waits for the new one's."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Protocol, TypeAlias

import pytest
from asyncpg import UniqueViolationError
from msgspec.structs import replace
from tests.journeys.signing import UNSIGNED
from tests.journeys.successions import CONFIRM_DAYS, confirmation_of, follow_in, succeed
from tests.journeys.voices import USCC, appoint, enrol, enrolment_of

import creditbridge.consents.confirmations.service as confirmations
import creditbridge.consents.moves.service as moves
from creditbridge.consents.acts import Approval, Pause
from creditbridge.consents.approvals.store import list_approvals
from creditbridge.consents.confirmations.rules import ConfirmationNeeded, ConfirmationNotAwaited
from creditbridge.consents.model import Consent, ConsentPaused, ConsentState
from creditbridge.consents.service import Consents
from creditbridge.evidence.replay import Replay
from creditbridge.evidence.voices import Voices
from creditbridge.foundation.database import Database, DatabaseUnavailable, open_database
from creditbridge.journeys.confirm_consent import ConfirmConsent
from creditbridge.journeys.deliver_report import DeliverReport, ReportRequest
from creditbridge.journeys.end_consents import EndConsents
from creditbridge.journeys.give_consent import GiveConsent
from creditbridge.journeys.pause_consent import PauseConsent
from creditbridge.journeys.require_voice import ConfirmationNotYours, VoiceMissing
from creditbridge.ledger.model import (
    ConsentCountersigned,
    ConsentEnded,
    ConsentTurned,
    Core,
    EnterpriseChanged,
    EventKind,
    RepresentativeEnded,
)
from creditbridge.ledger.port import Recorder
from creditbridge.ledger.service import Ledger
from creditbridge.login.service import find_session, open_session
from creditbridge.notices.model import MailState, NoticeKind, Reader
from creditbridge.notices.service import Notices
from creditbridge.parties.model import Role
from creditbridge.parties.service import enrol_person, find_representative
from creditbridge.parties.voices.model import VoiceSucceeded

Ask: TypeAlias = Callable[..., ReportRequest]
Give: TypeAlias = Callable[..., Awaitable[Consent]]


class House(Protocol):
    """The house of `conftest`."""

    database: Database
    ledger: Ledger
    consents: Consents
    notices: Notices
    deliver: DeliverReport

    async def told(self, *words: str) -> list[Core]:
        """Return what the ledger holds."""
        ...

    async def wait(self, time: timedelta) -> None:
        """Let the database's instant pass."""
        ...

    async def renew_lease(self) -> None:
        """Renew the lease of the first node."""
        ...

    def faulty_ledger(self, kind: EventKind, fault: str) -> Recorder:
        """Return the ledger with a fault."""
        ...


@pytest.fixture
def confirming(house: House) -> ConfirmConsent:
    """The journey of a confirmation."""
    return ConfirmConsent(
        database=house.database,
        confirmations=confirmations,
        sign_consents=UNSIGNED,
        ledger=house.ledger,
        notices=house.notices,
    )


async def read(house: House, consent: Consent) -> Consent:
    """Return a consent as it stands."""
    async with house.database.transaction() as tx:
        return await house.consents.get_consent(tx, consent.consent_id)


async def test_what_rests_on_the_former_word_waits(
    house: House, consent: Consent, person_id: str, ask: Ask
) -> None:
    """The bank is refused with the word for paused consents; the ledger says why and how long."""
    await succeed(house, 2)

    with pytest.raises(ConsentPaused):
        await house.deliver(ask(consent))

    held = await read(house, consent)
    assert held.state is ConsentState.PAUSED
    assert held.confirm_by is not None
    ended, changed, paused = (await house.told("representative", "enterprise", "consent"))[-3:]
    assert isinstance(ended.terms, RepresentativeEnded)
    assert (ended.terms.role, ended.terms.reason) == ("LEGAL_REP", "SUCCESSOR")
    assert isinstance(changed.terms, EnterpriseChanged)
    assert (changed.terms.what, changed.terms.source) == ("LEGAL_REPRESENTATIVE", "IDENTITY")
    assert changed.terms.successor is not None
    assert isinstance(paused.terms, ConsentTurned)
    assert paused.kind is EventKind.CONSENT_PAUSED
    assert paused.terms.reason == "representative-changed"
    assert paused.terms.confirm_by == held.confirm_by
    assert paused.person is None
    async with house.database.transaction() as tx:
        former = await find_representative(tx, person_id=person_id, uscc=USCC)
    assert former is None


async def test_the_new_one_confirms_and_the_bank_goes_on(
    house: House, consent: Consent, ask: Ask, confirming: ConfirmConsent
) -> None:
    """A countersignature and a resumption that names it; the whole replays without a breach."""
    successor = await succeed(house, 2)
    held = await read(house, consent)

    confirmed = await confirming(confirmation_of(held, successor))

    assert confirmed.state is ConsentState.ACTIVE
    assert (confirmed.confirm_by, confirmed.confirmed_by) == (None, successor)
    assert (await house.deliver(ask(consent))).status == 200
    said, resumed = [
        one for one in await house.told("consent") if one.rule == "consent-confirmation"
    ][-2:]
    assert isinstance(said.terms, ConsentCountersigned)
    assert (said.terms.role, said.terms.version) == ("LEGAL_REP", held.version)
    assert isinstance(resumed.terms, ConsentTurned)
    assert resumed.terms.confirmed == said.event_id
    replay = Replay(Voices())
    for core in await house.told():
        replay.see(core)
    # The first representative of this house was never recorded; nothing else is amiss.
    assert {one.detail for one in replay.breaches} <= {
        "who approved had not been enrolled for this enterprise",
        "consent.paused where it stands REQUESTED",
        "a use without a live consent: consent-pending",
        "report.delivered without an open intent",
        "consent.resumed where it stands REQUESTED",
    }


async def test_a_confirmed_consent_rests_on_the_new_word(
    house: House, consent: Consent, confirming: ConfirmConsent
) -> None:
    """The next change pauses it once more; the one before touches what others confirmed no more."""
    second = await succeed(house, 2)
    await confirming(confirmation_of(await read(house, consent), second))
    await succeed(house, 3)

    held = await read(house, consent)

    assert held.state is ConsentState.PAUSED
    assert held.confirm_by is not None


async def test_nobody_else_lets_it_go_on(
    house: House, consent: Consent, person_id: str, confirming: ConfirmConsent
) -> None:
    """Not the former one, not an agent, not a press on the button, not an older page."""
    successor = await succeed(house, 2)
    agent = await enrol(house.database, 5)
    held = await read(house, consent)
    pausing = PauseConsent(
        database=house.database, moves=moves, ledger=house.ledger, notices=house.notices
    )

    with pytest.raises(VoiceMissing):
        await confirming(confirmation_of(held, person_id))
    with pytest.raises(ConfirmationNotYours):
        await confirming(confirmation_of(held, agent))
    with pytest.raises(ConfirmationNeeded):
        await pausing.resume(Pause(consent_id=held.consent_id, uscc=USCC, person_id=successor))
    with pytest.raises(ConfirmationNotAwaited):
        await confirming(confirmation_of(replace(held, version=held.version - 1), successor))

    assert (await read(house, consent)).state is ConsentState.PAUSED


async def test_a_consent_that_nobody_confirms_ends(
    house: House, give: Give, confirming: ConfirmConsent
) -> None:
    """A consent of a year: after thirty days it ends, and a confirmation comes too late."""
    consent = await give(seconds=300 * 86_400)
    successor = await succeed(house, 2)
    held = await read(house, consent)
    ending = EndConsents(
        database=house.database, moves=moves, ledger=house.ledger, notices=house.notices
    )
    await house.wait(timedelta(days=CONFIRM_DAYS - 1))
    assert await ending() == 0
    await house.wait(timedelta(days=1))

    with pytest.raises(ConfirmationNotAwaited):
        await confirming(confirmation_of(held, successor))
    assert await ending() == 1

    last = (await house.told("consent"))[-1]
    assert isinstance(last.terms, ConsentEnded)
    assert (str(last.kind), last.terms.reason) == ("consent.expired", "representative-unconfirmed")
    assert (await read(house, consent)).state is ConsentState.EXPIRED


async def test_an_agents_word_goes_on(
    house: House, lodge: Give, approval: Callable[[Consent], Approval], person_id: str
) -> None:
    """A power of attorney is the enterprise's: what its agent approved rests on the agent."""
    agent = await enrol(house.database, 4)
    await appoint(house.database, house.ledger, agent, by=person_id)
    giving = GiveConsent(
        database=house.database,
        consents=house.consents,
        sign_consents=UNSIGNED,
        ledger=house.ledger,
        notices=house.notices,
    )
    asked = await lodge(seconds=20 * 86_400)
    given = await giving.approve(replace(approval(asked), person_id=agent, role=Role.AGENT))

    await succeed(house, 2)

    assert (await read(house, given)).state is ConsentState.ACTIVE


async def test_a_consent_that_the_enterprise_had_paused_waits_too(
    house: House, consent: Consent, person_id: str, confirming: ConfirmConsent
) -> None:
    """It is a second link of its chain, and the confirmation lets it go on."""
    pausing = PauseConsent(
        database=house.database, moves=moves, ledger=house.ledger, notices=house.notices
    )
    await pausing.pause(Pause(consent_id=consent.consent_id, uscc=USCC, person_id=person_id))
    successor = await succeed(house, 2)

    await confirming(confirmation_of(await read(house, consent), successor))

    kinds = [str(one.kind) for one in await house.told("consent")]
    assert kinds[-4:] == [
        "consent.paused",
        "consent.paused",
        "consent.countersigned",
        "consent.resumed",
    ]


async def test_the_former_one_is_out(house: House, consent: Consent, person_id: str) -> None:
    """Signed out everywhere, no sign-in, no pause; a later date of office lets them back."""
    async with house.database.transaction() as tx:
        cookie = await open_session(tx, person_id=person_id, uscc=USCC)
    await succeed(house, 2)

    async with house.database.transaction() as tx:
        assert await find_session(tx, cookie) is None
        with pytest.raises(VoiceSucceeded):
            await enrol_person(tx, enrolment_of(1, role=Role.LEGAL_REP))
        today = tx.now.date()
    pausing = PauseConsent(
        database=house.database, moves=moves, ledger=house.ledger, notices=house.notices
    )
    with pytest.raises(VoiceMissing):
        await pausing.pause(Pause(consent_id=consent.consent_id, uscc=USCC, person_id=person_id))

    later = replace(enrolment_of(1, role=Role.LEGAL_REP), office_since=today + timedelta(days=2))
    async with house.database.transaction() as tx:
        back, is_new = await enrol_person(tx, later)
    assert is_new
    assert back.succeeds is not None


async def test_a_former_approval_of_an_open_request_falls(
    house: House, lodge: Give, approval: Callable[[Consent], Approval], person_id: str
) -> None:
    """Of two who must, the one who approved is removed before the other does: one is missing."""
    asked = await lodge()
    async with house.database.transaction() as tx:
        rules = b'[{"approvers":2}]'
        await tx.execute(
            "UPDATE parties_enterprises SET approval_rules = $2 WHERE uscc = $1", USCC, rules
        )
    giving = GiveConsent(
        database=house.database,
        consents=house.consents,
        sign_consents=UNSIGNED,
        ledger=house.ledger,
        notices=house.notices,
    )
    waits = await giving.approve(approval(asked))
    assert (waits.state, waits.approvals_given) == (ConsentState.REQUESTED, 1)

    second = await succeed(house, 2)

    assert (await read(house, asked)).approvals_given == 0
    async with house.database.transaction() as tx:
        assert await list_approvals(tx, consent_id=asked.consent_id, version=asked.version) == []
    waits = await giving.approve(replace(approval(asked), person_id=second))
    assert (waits.state, waits.approvals_given) == (ConsentState.REQUESTED, 1)


async def test_the_provider_may_say_that_they_are_an_agent(
    house: House, consent: Consent, person_id: str
) -> None:
    """Then nobody is the legal representative, what they gave waits, and they stay signed in."""
    async with house.database.transaction() as tx:
        cookie = await open_session(tx, person_id=person_id, uscc=USCC)
    follow = follow_in(house)

    async with house.database.transaction() as tx:
        agent, _ = await enrol_person(tx, enrolment_of(1, role=Role.AGENT))
        assert await follow.hear_provider(tx, agent)

    held = await read(house, consent)
    async with house.database.transaction() as tx:
        assert await find_session(tx, cookie) is not None
    assert held.confirm_by is not None
    (changed,) = await house.told("enterprise")
    assert isinstance(changed.terms, EnterpriseChanged)
    assert changed.terms.successor is None


@pytest.mark.parametrize("fault", ["failed", "reply lost"])
@pytest.mark.parametrize("kind", [EventKind.ENTERPRISE_CHANGED, EventKind.CONSENT_PAUSED])
async def test_without_the_ledgers_word_nothing_changed(
    fault: str, kind: EventKind, house: House, consent: Consent, person_id: str
) -> None:
    """Neither who speaks nor what stands; the next sign-in brings all of it."""
    with pytest.raises(DatabaseUnavailable):
        await succeed(house, 2, ledger=house.faulty_ledger(kind, fault))

    async with house.database.transaction() as tx:
        still = await find_representative(tx, person_id=person_id, uscc=USCC)
    assert still is not None
    assert (await read(house, consent)).state is ConsentState.ACTIVE

    await succeed(house, 2)
    assert (await read(house, consent)).state is ConsentState.PAUSED


async def test_of_many_who_come_in_at_once_one_is_it(
    house: House, consent: Consent, database_url: str
) -> None:
    """Ten people over two pools: one live right in the end, and a consent paused once."""
    other = await open_database(database_url, connections_max=5)
    try:
        pools = (house.database, other)
        async with asyncio.TaskGroup() as group:
            for number in range(10, 20):
                group.create_task(succeed(house, number, database=pools[number % 2]))
    finally:
        await other.close()

    async with house.database.transaction() as tx:
        live = await tx.fetch_value(
            int,
            "SELECT count(*) FROM parties_representatives"
            " WHERE role = 'LEGAL_REP' AND ended_at IS NULL",
        )
    paused = [one for one in await house.told("consent") if one.kind is EventKind.CONSENT_PAUSED]
    assert live == 1
    assert len(paused) == 1
    assert len(await house.told("enterprise")) == 10


async def test_two_live_ones_cannot_be(house: House, person_id: str) -> None:
    """The table itself refuses a second one, whoever writes it."""
    await enrol(house.database, 7)

    with pytest.raises(UniqueViolationError, match="parties_representatives_head"):
        async with house.database.transaction() as tx:
            await tx.execute("UPDATE parties_representatives SET role = 'LEGAL_REP'")


async def test_the_former_one_gets_one_last_letter(house: House, person_id: str) -> None:
    """What else was on its way is dropped; after the last letter the address is gone."""
    reader = Reader(person_id=person_id, uscc=USCC)
    async with house.database.transaction() as tx:
        await house.notices.ask_address(tx, reader, typed="head@example.com", language="en")
        mail = await house.notices.take_mail(tx)
        assert mail is not None
        assert mail.code is not None
        await house.notices.confirm_address(tx, reader, typed=mail.code)

    await succeed(house, 2)

    async with house.database.transaction() as tx:
        last = await house.notices.take_mail(tx)
        assert last is not None
        assert last.notice is not None
        assert (last.to, last.notice.kind) == (
            "head@example.com",
            NoticeKind.LEGAL_REPRESENTATIVE_CHANGED,
        )
        assert last.is_parting
        assert await house.notices.take_mail(tx) is None
        await house.notices.end_mail(tx, last, MailState.SENT)
        assert await house.notices.find_contact(tx, reader) is None
