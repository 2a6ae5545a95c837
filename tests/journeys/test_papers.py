"""A letter on paper: lodged, confirmed by operators, used, disowned; and the faults between."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Protocol, TypeAlias

import pytest
from msgspec.structs import replace
from structlog.testing import capture_logs
from tests.journeys.signing import UNSIGNED
from tests.journeys.voices import FakeNotices, appoint, enrol
from tests.letters import on_paper, scan_of

import creditbridge.access.service as access
from creditbridge.consents.acts import Approval, ConsentRequest, Withdrawal
from creditbridge.consents.answers import ConsentUnknown
from creditbridge.consents.letter import DocumentTaken, NotSignedHere
from creditbridge.consents.model import (
    Consent,
    ConsentPending,
    ConsentState,
    ConsentWithdrawn,
)
from creditbridge.consents.paper.model import (
    Confirmed,
    ConfirmedAlready,
    Disowning,
    DocumentAltered,
    DocumentUnknown,
    PaperNotEnough,
)
from creditbridge.consents.paper.rules import digest_lodged
from creditbridge.consents.paper.service import Letters
from creditbridge.consents.policies import Policies
from creditbridge.consents.policy import HOUSE_PAPER, Ceilings, ConsentBeyondPolicy
from creditbridge.consents.rules import TransitionImpossible
from creditbridge.consents.service import AuthorizationTaken, Consents
from creditbridge.foundation.clock import SystemClock
from creditbridge.foundation.database import Database, DatabaseUnavailable, open_database
from creditbridge.foundation.errors import Refused, SignatureInvalid
from creditbridge.foundation.keys import FileKey
from creditbridge.journeys.admit_caller import Caller
from creditbridge.journeys.change_approvals import ChangeApprovals
from creditbridge.journeys.confirm_document import ConfirmDocument
from creditbridge.journeys.deliver_report import DeliverReport, ReportRequest
from creditbridge.journeys.disown_document import DisownDocument
from creditbridge.journeys.give_consent import GiveConsent
from creditbridge.journeys.request_consent import RequestConsent
from creditbridge.journeys.require_voice import VoiceMissing
from creditbridge.journeys.withdraw_consent import WithdrawConsent
from creditbridge.ledger.encoding import to_base64url
from creditbridge.ledger.model import ConsentEnded, Core, DocumentConfirmed, EventKind
from creditbridge.ledger.service import Ledger
from creditbridge.notices.model import NoticeKind
from creditbridge.notices.service import Notices
from creditbridge.parties.acts import ConfirmationAct, SignedConfirmation
from creditbridge.parties.licence import PaperNotLicensed
from creditbridge.parties.model import Bank, Licence, Operator
from creditbridge.parties.rules import ActStale, message_of_act
from creditbridge.parties.service import OperatorUnknown, find_representative, note_entry
from creditbridge.parties.store import banks
from creditbridge.parties.voices.quorum import ApprovalRule
from creditbridge.profile.codes import ConsentForm, Purpose, SectionCode

UNKNOWN = "cns_01hzy6t9x7c3v5n8m2k4p6q8r0"
UNKNOWN_PERSON = "prs_01hzy6t9x7c3v5n8m2k4p6q8r0"
USCC, OTHER_USCC = "91330100YY0000A13Y", "53330300YY0000A137"

Ask: TypeAlias = Callable[..., ReportRequest]
Operators: TypeAlias = tuple[Operator, Operator]
Keys: TypeAlias = tuple[FileKey, FileKey]
MakeRequest: TypeAlias = Callable[..., ConsentRequest]
LICENCE = Licence(
    purposes=(Purpose.PRE_LOAN_REVIEW,),
    sections=(SectionCode.PEN, SectionCode.REG),
    paper=True,
)


class Onboarded(Protocol):
    """A bank of `conftest`."""

    bank: Bank


class House(Protocol):
    """The house of `conftest`."""

    database: Database
    ledger: Ledger
    consents: Consents
    consent_key: FileKey
    deliver: DeliverReport
    notices: Notices

    async def told(self, *words: str) -> list[Core]:
        """Return what the ledger holds."""
        ...

    async def renew_lease(self) -> None:
        """Renew the lease of the first node."""
        ...

    def faulty_ledger(self, kind: EventKind, fault: str) -> Ledger:
        """Return the ledger with a fault."""
        ...

    def faulty_database(self, number: int, fault: str) -> Database:
        """Return the database with a fault."""
        ...

    def call(self, onboarded: Onboarded, *, client: int = 0, body: bytes = b"{}") -> Caller:
        """Return an admitted machine."""
        ...


class Paper:
    """The journeys of letters in one house, where `percent` of them need a second operator."""

    def __init__(
        self,
        house: House,
        keys: Keys,
        operators: Operators,
        *,
        percent: int = 0,
        **paper: object,
    ) -> None:
        self.house, self.keys, self.operators = house, keys, operators
        said = replace(HOUSE_PAPER, second_operator_percent=percent, **paper)
        ceilings = Ceilings(paper=said)
        self.letters = Letters(Policies(ceilings, house.consent_key), house.consent_key)
        self.lodge = RequestConsent(
            database=house.database,
            consents=house.consents,
            ledger=house.ledger,
            notices=house.notices,
        )

    def journey(
        self, *, database: Database | None = None, ledger: Ledger | None = None
    ) -> ConfirmDocument:
        """Return the journey of a confirmation."""
        return ConfirmDocument(
            database=database or self.house.database,
            letters=self.letters,
            ledger=ledger or self.house.ledger,
            notices=self.house.notices,
        )

    def disowning(self, *, ledger: Ledger | None = None) -> DisownDocument:
        """Return the journey of a letter that is not the enterprise's."""
        return DisownDocument(
            database=self.house.database,
            letters=self.letters,
            access=access,
            ledger=ledger or self.house.ledger,
            notices=self.house.notices,
        )

    def sign(self, consent: Consent, *, by: int = 0, **changes: object) -> SignedConfirmation:
        """Sign a confirmation as one of the operators, with changes of the act."""
        act = ConfirmationAct(
            operator_id=self.operators[by].operator_id,
            consent_id=consent.consent_id,
            version=consent.version,
            artefact_digest=to_base64url(digest_lodged(consent)),
            acted_at=SystemClock().now(),
        )
        act = replace(act, **changes)
        return SignedConfirmation(act=act, signature=self.keys[by].sign(message_of_act(act)))

    async def confirm(self, consent: Consent, *, by: int = 0) -> Confirmed:
        """Confirm a letter as one of the operators."""
        return await self.journey()(self.sign(consent, by=by))


async def license_bank(house: House, onboarded: Onboarded, licence: Licence | None) -> Bank:
    """Register for what a bank is licensed, as two operators decided."""
    paper = licence is not None and licence.paper is True
    bank = replace(
        onboarded.bank,
        purposes=None if licence is None else frozenset(licence.purposes),
        sections=None if licence is None else frozenset(licence.sections),
        paper=paper,
    )
    async with house.database.transaction() as tx:
        await banks.set_licence(tx, bank)
    return bank


@pytest.fixture
async def northern(house: House, north: Onboarded) -> Caller:
    """A machine of a bank whose licence has letters on paper."""
    return replace(house.call(north), bank=await license_bank(house, north, LICENCE))


@pytest.fixture
def paper(house: House, operator_keys: Keys, operators: Operators) -> Paper:
    """The journeys of letters, one operator for each."""
    return Paper(house, operator_keys, operators)


@pytest.fixture
def sampled(house: House, operator_keys: Keys, operators: Operators) -> Paper:
    """The journeys of letters, two operators for each."""
    return Paper(house, operator_keys, operators, percent=100)


@pytest.fixture
async def other_pool(database_url: str) -> AsyncIterator[Database]:
    """Another node's connections to the same database."""
    other = await open_database(database_url, connections_max=4)
    yield other
    await other.close()


@pytest.fixture
def demand_two(house: House, person_id: str) -> Callable[[], Awaitable[None]]:
    """Lets the enterprise set that two people approve whatever it is."""

    async def set_rules() -> None:
        async with house.database.transaction() as tx:
            head = await find_representative(tx, person_id=person_id, uscc=USCC)
            assert head is not None
            await note_entry(tx, head, "evt_head")
        for number in (2, 3):
            agent = await enrol(house.database, number)
            await appoint(house.database, house.ledger, agent, by=person_id)
        change = ChangeApprovals(
            database=house.database, ledger=house.ledger, notices=FakeNotices()
        )
        agreed = await change.propose((ApprovalRule(approvers=2),), person_id=person_id, uscc=USCC)
        assert agreed.holds

    return set_rules


@pytest.fixture
async def letter(paper: Paper, northern: Caller, consent_request: MakeRequest) -> Consent:
    """A letter that its bank lodged, and that waits."""
    return await paper.lodge(northern, on_paper(consent_request()))


async def read(house: House, consent: Consent) -> Consent:
    """Return a consent as it is now."""
    async with house.database.transaction() as tx:
        return await house.consents.get_consent(tx, consent.consent_id)


async def run_all(walk: Callable[[int], Awaitable[str]], times: int) -> list[str]:
    """Walk as many times at once, and return what each said."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(tell(walk, number)) for number in range(times)]
    return [task.result() for task in tasks]


async def tell(walk: Callable[[int], Awaitable[str]], number: int) -> str:
    """Walk once, and return what came of it, a refusal's code too."""
    try:
        return await walk(number)
    except Refused as refusal:
        return refusal.code


async def count_told(house: House, kind: NoticeKind) -> int:
    """Return how often the enterprise was told something of this kind."""
    statement = "SELECT count(*)::int FROM notices WHERE kind = $1"
    async with house.database.transaction() as tx:
        return await tx.fetch_value(int, statement, str(kind)) or 0


async def test_L18_a_bank_without_permission_lodges_no_scan(
    house: House, paper: Paper, north: Onboarded, consent_request: MakeRequest
) -> None:
    """Neither without a licence nor with one that has no paper; nothing is lodged."""
    unlicensed = house.call(north)
    unpapered = await license_bank(house, north, replace(LICENCE, paper=False))

    for caller in (unlicensed, replace(unlicensed, bank=unpapered)):
        with pytest.raises(PaperNotLicensed):
            await paper.lodge(caller, on_paper(consent_request()))
    assert await house.told("consent") == []


async def test_L18_an_unconfirmed_scan_opens_nothing(
    house: House, letter: Consent, ask: Ask
) -> None:
    """The bank is refused, and the enterprise was told that a letter was lodged."""
    with pytest.raises(ConsentPending):
        await house.deliver(ask(letter))

    assert await count_told(house, NoticeKind.DOCUMENT_LODGED) == 1
    assert await count_told(house, NoticeKind.CONSENT_REQUESTED) == 0


async def test_a_confirmed_scan_is_a_consent(
    house: House, paper: Paper, letter: Consent, ask: Ask, operators: Operators
) -> None:
    """Live, used as any other; the ledger names the operator, the scan and no representative."""
    confirmed = await paper.confirm(letter)
    outcome = await house.deliver(ask(letter))

    assert (confirmed.consent.state, confirmed.given, confirmed.needed) == (
        ConsentState.ACTIVE,
        1,
        1,
    )
    assert outcome is not None
    kinds = [core.kind for core in await house.told("consent", "document", "report")]
    assert kinds == [
        "consent.requested",
        "document.confirmed",
        "report.intended",
        "report.delivered",
    ]
    (core,) = await house.told("document")
    assert isinstance(core.terms, DocumentConfirmed)
    assert letter.document is not None
    assert (core.terms.document, core.terms.assurance, core.terms.form) == (
        letter.document.sha256,
        "SCAN",
        "PAPER_SCAN",
    )
    assert (core.terms.state, core.terms.given, core.terms.needed) == ("ACTIVE", 1, 1)
    assert core.terms.key_id == operators[0].key_id
    assert core.consent_seq == 2
    assert await count_told(house, NoticeKind.DOCUMENT_CONFIRMED) == 1


async def test_a_sampled_scan_needs_two_different_operators(
    house: House, sampled: Paper, letter: Consent, ask: Ask
) -> None:
    """The first has changed nothing; once more is refused; the second makes it live."""
    first = await sampled.confirm(letter)
    with pytest.raises(ConfirmedAlready):
        await sampled.confirm(letter)
    with pytest.raises(ConsentPending):
        await house.deliver(ask(letter))
    second = await sampled.confirm(letter, by=1)

    assert (first.consent.state, first.given, first.needed) == (ConsentState.REQUESTED, 1, 2)
    assert (second.consent.state, second.given, second.needed) == (ConsentState.ACTIVE, 2, 2)
    states = [
        (core.terms.state, core.terms.version)
        for core in await house.told("document")
        if isinstance(core.terms, DocumentConfirmed)
    ]
    assert states == [("REQUESTED", 1), ("ACTIVE", 2)]
    assert await count_told(house, NoticeKind.DOCUMENT_CONFIRMED) == 1


async def test_a_person_counts_once_through_whichever_account(
    house: House, sampled: Paper, letter: Consent, operators: Operators
) -> None:
    """A second account under the same name, however it is spelt, is the same pair of eyes."""
    await sampled.confirm(letter)
    statement = "UPDATE parties_operators SET person_name = $2 WHERE operator_id = $1"
    async with house.database.transaction() as tx:
        await tx.execute(statement, operators[1].operator_id, " CHEN  example")

    with pytest.raises(ConfirmedAlready):
        await sampled.confirm(letter, by=1)

    assert (await read(house, letter)).state is ConsentState.REQUESTED


async def test_of_many_confirmations_at_once_one_makes_it_live(
    house: House,
    paper: Paper,
    northern: Caller,
    consent_request: MakeRequest,
    other_pool: Database,
) -> None:
    """Both operators, each four times, over two pools of connections: one link in the chain."""
    journeys = [paper.journey(), paper.journey(database=other_pool)]
    for number in range(1, 6):
        letter = await paper.lodge(northern, on_paper(consent_request()))

        async def confirm(racer: int, one: Consent = letter) -> str:
            said = paper.sign(one, by=racer // 4)
            return (await journeys[racer % 2](said)).consent.state

        said = await run_all(confirm, 8)

        assert sorted(said) == ["ACTIVE", *["consent-transition-impossible"] * 7]
        assert (await read(house, letter)).version == 2
        assert len(await house.told("document")) == number


async def test_of_sampled_confirmations_at_once_two_count(
    house: House, sampled: Paper, letter: Consent, other_pool: Database
) -> None:
    """The second of two different operators makes it live, whoever it is; repeats count nothing."""
    journeys = [sampled.journey(), sampled.journey(database=other_pool)]

    async def confirm(racer: int) -> str:
        said = sampled.sign(letter, by=racer // 4)
        return (await journeys[racer % 2](said)).consent.state

    said = await run_all(confirm, 8)

    assert said.count("ACTIVE") == said.count("REQUESTED") == 1
    terms = [core.terms for core in await house.told("document")]
    assert [one.given for one in terms if isinstance(one, DocumentConfirmed)] == [1, 2]


async def test_a_scan_and_a_number_are_lodged_once(
    paper: Paper, northern: Caller, letter: Consent, consent_request: MakeRequest
) -> None:
    """The number is told first, whose is the bank's own."""
    again = replace(on_paper(consent_request()), document=letter.document)

    with pytest.raises(DocumentTaken):
        await paper.lodge(northern, again)
    with pytest.raises(AuthorizationTaken):
        await paper.lodge(northern, replace(again, authorization_no=letter.authorization_no))


async def test_of_many_lodgings_of_one_scan_one_is_kept(
    house: House,
    paper: Paper,
    northern: Caller,
    consent_request: MakeRequest,
    other_pool: Database,
) -> None:
    """Under different numbers, at once, over two pools; the others are told that it was lodged."""
    elsewhere = RequestConsent(
        database=other_pool,
        consents=house.consents,
        ledger=house.ledger,
        notices=house.notices,
    )

    async def lodge(racer: int) -> str:
        request = replace(on_paper(consent_request()), document=scan_of("one and the same"))
        return (await (paper.lodge, elsewhere)[racer % 2](northern, request)).state

    said = await run_all(lodge, 6)

    assert sorted(said) == ["REQUESTED", *["consent-document-taken"] * 5]
    assert len(await house.told("consent")) == 1


@pytest.mark.parametrize(
    ("changes", "refused"),
    [
        ({"consent_id": UNKNOWN}, DocumentUnknown),
        ({"consent_id": "nothing"}, DocumentUnknown),
        ({"version": 2}, DocumentAltered),
        ({"artefact_digest": "A" * 43}, DocumentAltered),
        ({"operator_id": "opr_01hzy6t9x7c3v5n8m2k4p6q8r0"}, OperatorUnknown),
        ({"acted_at": SystemClock().now() - timedelta(minutes=6)}, ActStale),
    ],
)
async def test_a_confirmation_of_something_else_counts_nothing(
    changes: dict[str, object],
    refused: type[Exception],
    house: House,
    paper: Paper,
    letter: Consent,
) -> None:
    """An unknown letter, another text, nobody, or an act of yesterday."""
    with pytest.raises(refused):
        await paper.journey()(paper.sign(letter, by=0, **changes))
    with pytest.raises(SignatureInvalid):
        await paper.journey()(replace(paper.sign(letter), signature=bytes(64)))

    assert (await read(house, letter)).state is ConsentState.REQUESTED
    assert await house.told("document") == []


async def test_a_consent_that_was_signed_here_is_no_letter(
    paper: Paper, lodge: Callable[..., Awaitable[Consent]]
) -> None:
    """As unknown as one that never was."""
    with pytest.raises(DocumentUnknown):
        await paper.confirm(await lodge())


async def test_a_licence_that_lost_paper_confirms_and_opens_nothing(
    house: House, paper: Paper, north: Onboarded, letter: Consent, ask: Ask
) -> None:
    """Before a letter was confirmed, and afterwards at the next use."""
    await license_bank(house, north, replace(LICENCE, paper=False))
    with pytest.raises(PaperNotLicensed):
        await paper.confirm(letter)
    await license_bank(house, north, LICENCE)
    live = (await paper.confirm(letter)).consent
    asked = ask(live)
    unpapered = replace(asked, asked=replace(asked.asked, forms=frozenset({ConsentForm.E_SIGN})))

    with pytest.raises(PaperNotLicensed):
        await house.deliver(unpapered)

    assert (await read(house, live)).used == 0


async def test_a_suspended_bank_confirms_nothing(
    house: House, paper: Paper, north: Onboarded, letter: Consent
) -> None:
    """Whatever its licence says."""
    async with house.database.transaction() as tx:
        statement = "UPDATE parties_banks SET state = 'SUSPENDED' WHERE bank_id = $1"
        await tx.execute(statement, north.bank.bank_id)

    with pytest.raises(PaperNotLicensed):
        await paper.confirm(letter)


async def test_a_letter_is_not_enough_where_several_must_approve(
    house: House,
    paper: Paper,
    northern: Caller,
    letter: Consent,
    consent_request: MakeRequest,
    demand_two: Callable[[], Awaitable[None]],
) -> None:
    """Neither for one that is lodged after the enterprise said so, nor for one before."""
    await demand_two()

    with pytest.raises(PaperNotEnough):
        await paper.confirm(letter)
    with pytest.raises(PaperNotEnough):
        await paper.lodge(northern, on_paper(consent_request()))
    assert (await read(house, letter)).state is ConsentState.REQUESTED


async def test_nobody_approves_a_letter_in_the_portal(
    house: House, letter: Consent, approval: Callable[[Consent], Approval]
) -> None:
    """It stays what it is, and waits for an operator."""
    journey = GiveConsent(
        database=house.database,
        consents=house.consents,
        sign_consents=UNSIGNED,
        ledger=house.ledger,
        notices=house.notices,
    )

    with pytest.raises(NotSignedHere):
        await journey.approve(approval(letter))
    assert (await read(house, letter)).state is ConsentState.REQUESTED


async def test_an_enterprise_withdraws_a_letter_as_any_other(
    house: House, paper: Paper, letter: Consent, person_id: str, ask: Ask
) -> None:
    """And the bank is told so."""
    live = (await paper.confirm(letter)).consent
    withdraw = WithdrawConsent(
        database=house.database,
        consents=house.consents,
        access=access,
        ledger=house.ledger,
        notices=house.notices,
    )
    await withdraw(Withdrawal(consent_id=live.consent_id, uscc=live.uscc, person_id=person_id))

    with pytest.raises(ConsentWithdrawn):
        await house.deliver(ask(live))


@pytest.mark.parametrize(
    ("is_confirmed", "kind", "state"),
    [
        (False, "consent.refused", ConsentState.REFUSED),
        (True, "consent.withdrawn", ConsentState.WITHDRAWN),
    ],
)
async def test_a_letter_that_is_not_theirs_ends_at_once(
    house: House,
    paper: Paper,
    letter: Consent,
    person_id: str,
    kind: str,
    state: ConsentState,
    *,
    is_confirmed: bool,
) -> None:
    """Confirmed or not; the ledger says why, the others are told, operators find it listed."""
    if is_confirmed:
        await paper.confirm(letter)
    said = Disowning(consent_id=letter.consent_id, uscc=letter.uscc, person_id=person_id)

    ended = await paper.disowning()(said)

    last = (await house.told("consent"))[-1]
    assert (ended.state, last.kind) == (state, kind)
    assert isinstance(last.terms, ConsentEnded)
    assert last.terms.reason == "letter-disowned"
    assert last.person is not None
    assert await count_told(house, NoticeKind.DOCUMENT_DISOWNED) == 1
    async with house.database.transaction() as tx:
        (found,) = await paper.letters.list_letters(tx)
    assert found.consent.reason == "letter-disowned"
    with pytest.raises(TransitionImpossible):
        await paper.disowning()(said)
    with pytest.raises(TransitionImpossible):
        await paper.confirm(letter)


async def test_another_enterprise_disowns_nothing(
    house: House, paper: Paper, letter: Consent, person_id: str
) -> None:
    """Who speaks for another, who speaks for nobody, and an id that never was."""
    for said, refused in (
        (Disowning(consent_id=UNKNOWN, uscc=letter.uscc, person_id=person_id), DocumentUnknown),
        (Disowning(consent_id="nothing", uscc=letter.uscc, person_id=person_id), DocumentUnknown),
        (
            Disowning(consent_id=letter.consent_id, uscc=OTHER_USCC, person_id=person_id),
            VoiceMissing,
        ),
        (
            Disowning(consent_id=letter.consent_id, uscc=letter.uscc, person_id=UNKNOWN_PERSON),
            VoiceMissing,
        ),
    ):
        with pytest.raises(refused):
            await paper.disowning()(said)
    assert (await read(house, letter)).state is ConsentState.REQUESTED
    with pytest.raises(ConsentUnknown):
        async with house.database.transaction() as tx:
            await house.consents.get_given_consent(
                tx, consent_id=letter.consent_id, uscc=OTHER_USCC
            )


@pytest.mark.parametrize("fault", ["failed", "reply lost"])
async def test_no_letter_is_confirmed_without_the_ledger(
    fault: str, house: House, paper: Paper, letter: Consent
) -> None:
    """The write failed, or only its reply was lost: neither consent nor record nor word is left."""
    broken = house.faulty_ledger(EventKind.DOCUMENT_CONFIRMED, fault)

    with pytest.raises(DatabaseUnavailable):
        await paper.journey(ledger=broken)(paper.sign(letter))

    assert (await read(house, letter)).state is ConsentState.REQUESTED
    assert await house.told("document") == []
    assert (await paper.confirm(letter)).consent.state is ConsentState.ACTIVE


@pytest.mark.parametrize(
    ("fault", "state", "again"),
    [
        ("failed", ConsentState.REQUESTED, None),
        ("reply lost", ConsentState.ACTIVE, TransitionImpossible),
    ],
)
async def test_a_confirmation_whose_commit_failed_is_tried_again(
    fault: str,
    state: ConsentState,
    again: type[Exception] | None,
    house: House,
    paper: Paper,
    letter: Consent,
) -> None:
    """Not done, it is done then; done and not told, it says so; one record in the end."""
    database = house.faulty_database(1, fault)
    with pytest.raises(DatabaseUnavailable):
        await paper.journey(database=database)(paper.sign(letter))
    assert (await read(house, letter)).state is state

    if again is None:
        await paper.confirm(letter)
    else:
        with pytest.raises(again):
            await paper.confirm(letter)

    assert len(await house.told("document")) == 1


@pytest.mark.parametrize("fault", ["failed", "reply lost"])
async def test_no_letter_is_disowned_without_the_ledger(
    fault: str, house: House, paper: Paper, letter: Consent, person_id: str
) -> None:
    """It stands until it is recorded that it does not."""
    await paper.confirm(letter)
    broken = house.faulty_ledger(EventKind.CONSENT_WITHDRAWN, fault)
    said = Disowning(consent_id=letter.consent_id, uscc=letter.uscc, person_id=person_id)

    with pytest.raises(DatabaseUnavailable):
        await paper.disowning(ledger=broken)(said)

    assert (await read(house, letter)).state is ConsentState.ACTIVE
    assert (await paper.disowning()(said)).state is ConsentState.WITHDRAWN


async def test_the_operators_are_alarmed(paper: Paper, letter: Consent, person_id: str) -> None:
    """An error in the log, by ids alone; once it holds."""
    said = Disowning(consent_id=letter.consent_id, uscc=letter.uscc, person_id=person_id)
    with capture_logs() as logged:
        await paper.disowning()(said)

    (alarm,) = [entry for entry in logged if entry["event"] == "document.disowned"]
    assert (alarm["log_level"], alarm["consent"]) == ("error", letter.consent_id)
    assert letter.name not in str(alarm)


async def test_no_enterprise_is_warned_that_a_letter_lapses(
    house: House, letter: Consent, lodge: Callable[..., Awaitable[Consent]]
) -> None:
    """There is nothing that it could answer: an operator does, or nobody."""
    signed = await lodge()
    async with house.database.transaction() as tx:
        lapsing = await house.consents.list_lapsing(tx, before=tx.now + timedelta(days=8))

    assert [one.consent_id for one in lapsing] == [signed.consent_id]


async def test_L18_a_letter_is_confirmed_within_the_policy_of_then(
    house: House, operator_keys: Keys, operators: Operators, letter: Consent
) -> None:
    """Whatever it was when the letter was lodged: at its ceiling it holds, above it does not."""
    tightened = Paper(house, operator_keys, operators, percent=0, queries_max=2)
    exact = Paper(house, operator_keys, operators, percent=0, queries_max=letter.max_queries)

    with pytest.raises(ConsentBeyondPolicy):
        await tightened.confirm(letter)
    assert (await read(house, letter)).state is ConsentState.REQUESTED

    assert (await exact.confirm(letter)).consent.state is ConsentState.ACTIVE
