"""Consents in the database: asked for, given, used, ended."""

import asyncio
import hashlib
from datetime import timedelta

import pytest
from msgspec.structs import replace
from tests.consents.circles import LONE
from tests.letters import LETTER

from creditbridge.consents.acts import Approval, ConsentFilter, ConsentRequest, Refusal, Withdrawal
from creditbridge.consents.answers import ConsentUnknown
from creditbridge.consents.artefact import verify_artefact
from creditbridge.consents.model import (
    Asked,
    Consent,
    ConsentExhausted,
    ConsentLapsed,
    ConsentMissing,
    ConsentState,
    ConsentWithdrawn,
    DocumentDigest,
)
from creditbridge.consents.policy import Ceilings
from creditbridge.consents.rules import TransitionImpossible
from creditbridge.consents.service import AuthorizationTaken, ConsentBusy, Consents
from creditbridge.foundation.clock import SystemClock
from creditbridge.foundation.database import (
    Database,
    DatabaseUnavailable,
    Transaction,
    open_database,
)
from creditbridge.foundation.errors import CreditbridgeError, Refused
from creditbridge.foundation.ids import Kind, new_id
from creditbridge.foundation.keys import FileKey
from creditbridge.parties.model import Role
from creditbridge.profile.codes import (
    ConsentForm,
    DataClass,
    Product,
    Purpose,
    SectionCode,
    SubjectRole,
    Until,
)

USCC = "91330100YY0000A13Y"
OTHER_USCC = "93330381YY0000A13D"
NOBODYS = "cns_0000000000000000000000000a"


@pytest.fixture
def consents(signer: FileKey) -> Consents:
    """The consents under the house's own ceilings."""
    return Consents(Ceilings(), signer)


def approval_of(consent: Consent) -> Approval:
    """Return the legal representative's yes to this version."""
    return Approval(
        consent_id=consent.consent_id,
        version=consent.version,
        uscc=consent.uscc,
        person_id="prs_1",
        role=Role.LEGAL_REP,
        template_id="approval",
        template_version="1",
        text_digest=hashlib.sha256(b"text").digest(),
    )


def withdrawal_of(consent: Consent) -> Withdrawal:
    """Return the enterprise's withdrawal."""
    return Withdrawal(consent_id=consent.consent_id, uscc=consent.uscc, person_id="prs_1")


def asked_under(consent: Consent) -> Asked:
    """Return a question that the consent covers."""
    return Asked(
        bank_id=consent.bank_id,
        client_id="loans",
        uscc=consent.uscc,
        consent_id=consent.consent_id,
        purpose=Purpose.PRE_LOAN_REVIEW,
        sections=frozenset({SectionCode.REG, SectionCode.EVA}),
    )


async def lodge(
    tx: Transaction, consents: Consents, request: ConsentRequest, **change: object
) -> Consent:
    """Lodge a request that ends thirty days from now, changed as told."""
    ending = replace(request, valid_to=tx.now + timedelta(days=30))
    return await consents.request_consent(tx, replace(ending, **change))


async def give(
    tx: Transaction, consents: Consents, request: ConsentRequest, **change: object
) -> Consent:
    """Lodge a request and approve it."""
    return (
        await consents.approve(tx, approval_of(await lodge(tx, consents, request, **change)), LONE)
    ).consent


async def test_a_request_is_kept_as_it_was_made(
    database: Database, consents: Consents, request_of_bank: ConsentRequest, signer: FileKey
) -> None:
    """What was lodged is what is read, with the artefact that the gateway signed."""
    async with database.transaction() as tx:
        lodged = await lodge(
            tx,
            consents,
            request_of_bank,
            clients=frozenset({"loans", "branch"}),
            business_ref="B-7",
        )
    async with database.transaction() as tx:
        kept = await consents.get_consent(tx, lodged.consent_id)
    artefact = verify_artefact(kept.artefact, kept.artefact_signature, signer.key)

    assert kept == lodged
    assert kept.state is ConsentState.REQUESTED
    assert (kept.rule, kept.rule_version) == ("consent-ceilings", "1")
    assert artefact.grantee.clients == ("branch", "loans")
    assert artefact.authorization_no == "A-1"
    assert kept.artefact_key_id == "consent-1"


async def test_a_request_over_a_ceiling_leaves_nothing(
    database: Database, consents: Consents, request_of_bank: ConsentRequest
) -> None:
    """The ceilings are checked before anything is written."""
    async with database.transaction() as tx:
        with pytest.raises(Refused):
            await lodge(tx, consents, request_of_bank, max_queries=1_001)

        assert await consents.list_for_bank(tx, "bnk_1") == []


async def test_an_authorization_number_is_used_once_per_bank(
    database: Database, consents: Consents, request_of_bank: ConsentRequest
) -> None:
    """The same bank's second request is refused; another bank has numbers of its own."""
    async with database.transaction() as tx:
        await lodge(tx, consents, request_of_bank)
        with pytest.raises(AuthorizationTaken):
            await lodge(tx, consents, request_of_bank)

        await lodge(tx, consents, request_of_bank, bank_id="bnk_2")


async def test_a_request_can_be_tried_before_it_is_made(
    database: Database, consents: Consents, request_of_bank: ConsentRequest
) -> None:
    """Ceilings and number as when it is lodged, and nothing is; a number in use is refused."""
    async with database.transaction() as tx:
        asked = replace(request_of_bank, valid_to=tx.now + timedelta(days=30))
        term = await consents.require_acceptable(tx, asked)

        assert (term.valid_from, term.valid_to) == (tx.now, asked.valid_to)
        assert await consents.list_for_bank(tx, "bnk_1") == []
        with pytest.raises(Refused):
            await consents.require_acceptable(tx, replace(asked, max_queries=1_001))
        await consents.request_consent(tx, asked)
        with pytest.raises(AuthorizationTaken):
            await consents.require_acceptable(tx, asked)
        await consents.require_acceptable(tx, replace(asked, bank_id="bnk_2"))


async def test_a_request_may_bring_the_id_of_its_consent(
    database: Database, consents: Consents, request_of_bank: ConsentRequest
) -> None:
    """Where it was named to somebody before it was made."""
    named = new_id(Kind.CONSENT, now=SystemClock().now())

    async with database.transaction() as tx:
        lodged = await lodge(tx, consents, request_of_bank, consent_id=named)

    assert lodged.consent_id == named
    assert named.encode() in lodged.artefact


async def test_an_approval_fixes_the_artefact(
    database: Database, consents: Consents, request_of_bank: ConsentRequest, signer: FileKey
) -> None:
    """Approved as asked, the artefact is, byte for byte, the one that was shown."""
    async with database.transaction() as tx:
        lodged = await lodge(tx, consents, request_of_bank)
        given = (await consents.approve(tx, approval_of(lodged), LONE)).consent
        kept = await consents.get_consent(tx, lodged.consent_id)

    assert kept == given
    assert given.artefact == lodged.artefact
    assert given.state is ConsentState.ACTIVE
    assert given.text_digest == hashlib.sha256(b"text").digest()
    verify_artefact(given.artefact, given.artefact_signature, signer.key)


async def test_a_narrower_approval_is_another_artefact(
    database: Database, consents: Consents, request_of_bank: ConsentRequest, signer: FileKey
) -> None:
    """What the enterprise did not give is neither in the consent nor in what is signed."""
    async with database.transaction() as tx:
        lodged = await lodge(tx, consents, request_of_bank)
        sooner = lodged.valid_to - timedelta(hours=1)
        narrow = replace(
            approval_of(lodged),
            sections=frozenset({SectionCode.REG}),
            valid_to=sooner,
            max_queries=1,
        )
        given = (await consents.approve(tx, narrow, LONE)).consent
        kept = await consents.get_consent(tx, lodged.consent_id)
        coverage = await consents.take_use(tx, asked_under(given))
    artefact = verify_artefact(given.artefact, given.artefact_signature, signer.key)

    assert kept == given
    assert artefact.sections == (SectionCode.REG,)
    assert (artefact.valid_to, artefact.max_queries) == (sooner, 1)
    assert coverage.sections == {SectionCode.REG}


async def test_another_enterprise_cannot_answer(
    database: Database, consents: Consents, request_of_bank: ConsentRequest
) -> None:
    """Fault 67: for another company the request does not exist, nor does one of no shape."""
    async with database.transaction() as tx:
        lodged = await lodge(tx, consents, request_of_bank)
        for wrong in ({"uscc": OTHER_USCC}, {"consent_id": NOBODYS}, {"consent_id": "cns_\x00"}):
            with pytest.raises(ConsentUnknown):
                await consents.approve(tx, replace(approval_of(lodged), **wrong), LONE)
            with pytest.raises(ConsentUnknown):
                await consents.withdraw(tx, replace(withdrawal_of(lodged), **wrong))

        assert await consents.get_consent(tx, lodged.consent_id) == lodged


async def test_a_refused_request_stays_refused(
    database: Database, consents: Consents, request_of_bank: ConsentRequest
) -> None:
    """After a no there is no yes; the bank is told that its consent was refused."""
    async with database.transaction() as tx:
        lodged = await lodge(tx, consents, request_of_bank)
        refusal = Refusal(
            consent_id=lodged.consent_id,
            version=1,
            uscc=USCC,
            person_id="prs_1",
            role=Role.AGENT,
        )
        refused = await consents.refuse(tx, refusal)
        with pytest.raises(TransitionImpossible):
            await consents.approve(tx, approval_of(refused), LONE)
        with pytest.raises(CreditbridgeError) as caught:
            await consents.take_use(tx, asked_under(refused))
        kept = await consents.get_consent(tx, lodged.consent_id)

    assert kept == refused
    assert caught.value.code == "consent-refused"


async def test_uses_are_counted_and_end(
    database: Database, consents: Consents, request_of_bank: ConsentRequest
) -> None:
    """Two uses of two, numbered, with the uncovered section named; the third is refused."""
    async with database.transaction() as tx:
        given = await give(tx, consents, request_of_bank)
        first = await consents.take_use(tx, asked_under(given))
        second = await consents.take_use(tx, asked_under(given))
        with pytest.raises(ConsentExhausted):
            await consents.take_use(tx, asked_under(given))

    assert (first.use_number, second.use_number) == (1, 2)
    assert second.consent.used == 2
    assert first.omitted == {SectionCode.EVA}


async def test_a_use_given_back_may_be_taken_again(
    database: Database, consents: Consents, request_of_bank: ConsentRequest
) -> None:
    """Law 10: a query that provably never went out costs no use."""
    async with database.transaction() as tx:
        given = await give(tx, consents, request_of_bank, max_queries=1)
        await consents.take_use(tx, asked_under(given))
        await consents.give_back_use(tx, given.consent_id, taken_at=tx.now)

        assert (await consents.take_use(tx, asked_under(given))).use_number == 1


async def test_no_use_is_given_back_that_was_not_taken(
    database: Database, consents: Consents, request_of_bank: ConsentRequest
) -> None:
    """The counter never goes below zero, and an unknown consent has none."""
    async with database.transaction() as tx:
        given = await give(tx, consents, request_of_bank)
        for consent_id in (given.consent_id, NOBODYS):
            with pytest.raises(ConsentUnknown):
                await consents.give_back_use(tx, consent_id, taken_at=None)


async def test_a_withdrawal_ends_it_at_once(
    database: Database, consents: Consents, request_of_bank: ConsentRequest
) -> None:
    """Law 8: no use after it, and no answer given again; it cannot be revived."""
    async with database.transaction() as tx:
        given = await give(tx, consents, request_of_bank)
        await consents.take_use(tx, asked_under(given))
        ended = await consents.withdraw(tx, withdrawal_of(given))
    async with database.transaction() as tx:
        kept = await consents.get_consent(tx, given.consent_id)
        with pytest.raises(ConsentWithdrawn):
            await consents.take_use(tx, asked_under(given))
        with pytest.raises(ConsentWithdrawn):
            await consents.hold_standing(tx, asked_under(given))
        with pytest.raises(TransitionImpossible):
            await consents.withdraw(tx, withdrawal_of(given))

    assert (ended.state, ended.used) == (ConsentState.WITHDRAWN, 1)
    assert kept == ended


async def test_a_standing_consent_is_held_against_its_end(
    database: Database, consents: Consents, request_of_bank: ConsentRequest
) -> None:
    """A delivery that is being recorded is durable before the withdrawal, or never made."""
    async with database.transaction() as tx:
        given = await give(tx, consents, request_of_bank)

    async def withdraw(patience: str) -> ConsentState:
        async with database.transaction() as tx:
            await tx.execute("SELECT set_config('lock_timeout', $1, true)", patience)
            return (await consents.withdraw(tx, withdrawal_of(given))).state

    async with database.transaction() as tx:
        await consents.hold_standing(tx, asked_under(given))
        with pytest.raises(DatabaseUnavailable):
            await withdraw("50ms")

    assert await withdraw("5s") is ConsentState.WITHDRAWN


async def test_two_deliveries_hold_one_consent_together(
    database: Database, consents: Consents, request_of_bank: ConsentRequest
) -> None:
    """Holding is shared: deliveries do not wait for each other."""
    async with database.transaction() as tx:
        given = await give(tx, consents, request_of_bank)

    async with database.transaction() as one, database.transaction() as two:
        first = await consents.hold_standing(one, asked_under(given))
        second = await consents.hold_standing(two, asked_under(given))

    assert first == second == given


async def test_an_exhausted_consent_stands_for_a_replay(
    database: Database, consents: Consents, request_of_bank: ConsentRequest
) -> None:
    """E4: the answer to the last use may be given again."""
    async with database.transaction() as tx:
        given = await give(tx, consents, request_of_bank, max_queries=1)
        await consents.take_use(tx, asked_under(given))

        assert (await consents.hold_standing(tx, asked_under(given))).used == 1


async def test_of_two_hundred_racers_one_takes_the_last_use(
    database: Database, database_url: str, consents: Consents, request_of_bank: ConsentRequest
) -> None:
    """Law 2, promise 8: two hundred callers on two nodes, one use left, exactly one winner."""
    other = await open_database(database_url, connections_max=8)
    async with database.transaction() as tx:
        given = await give(tx, consents, request_of_bank, max_queries=7)
        for _ in range(6):
            await consents.take_use(tx, asked_under(given))
    barrier = asyncio.Event()

    async def race(node: Database) -> int | None:
        await barrier.wait()
        try:
            async with node.transaction() as tx:
                return (await consents.take_use(tx, asked_under(given))).use_number
        except ConsentExhausted:
            return None

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(race(node)) for node in [database, other] * 100]
        barrier.set()
    async with database.transaction() as tx:
        after = await consents.get_consent(tx, given.consent_id)
    await other.close()

    assert [task.result() for task in tasks if task.result() is not None] == [7]
    assert after.used == 7


async def test_no_use_is_taken_after_a_withdrawal_that_raced(
    database: Database, database_url: str, consents: Consents, request_of_bank: ConsentRequest
) -> None:
    """Promise 9: whoever took a use did so before the withdrawal; everybody later is refused."""
    other = await open_database(database_url, connections_max=8)
    async with database.transaction() as tx:
        given = await give(tx, consents, request_of_bank, max_queries=100)

    async def use(node: Database) -> bool:
        try:
            async with node.transaction() as tx:
                await consents.take_use(tx, asked_under(given))
        except ConsentWithdrawn:
            return False
        return True

    async def withdraw() -> int:
        async with other.transaction() as tx:
            return (await consents.withdraw(tx, withdrawal_of(given))).used

    async with asyncio.TaskGroup() as group:
        racing = [group.create_task(use(database)) for _ in range(20)]
        end = group.create_task(withdraw())
        used_at_the_end = await end
        later = [group.create_task(use(database)) for _ in range(5)]
    async with database.transaction() as tx:
        kept = await consents.get_consent(tx, given.consent_id)
    await other.close()

    assert kept.used == sum(task.result() for task in racing) == used_at_the_end
    assert not any(task.result() for task in later)
    assert kept.state is ConsentState.WITHDRAWN


async def test_what_changed_under_the_decision_is_decided_again(
    database: Database,
    consents: Consents,
    request_of_bank: ConsentRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where the guarded statement finds another version, the caller may try again."""
    async with database.transaction() as tx:
        given = await give(tx, consents, request_of_bank)
        monkeypatch.setattr(
            "creditbridge.consents.store.TAKE_USE",
            "SELECT 1 WHERE $1::text IS NULL AND $2::integer IS NULL AND $3::timestamptz IS NULL"
            " AND $4::timestamptz IS NULL AND $5::integer IS NULL AND $6::integer IS NULL"
            " AND $7::integer IS NULL",
        )
        with pytest.raises(ConsentBusy):
            await consents.take_use(tx, asked_under(given))


async def test_a_transition_from_a_stale_version_is_not_made(
    database: Database,
    consents: Consents,
    request_of_bank: ConsentRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A withdrawal that read an older version than stands changes nothing."""
    stale = "SELECT * FROM stale WHERE consent_id = $1 AND uscc = $2"
    async with database.transaction() as tx:
        given = await give(tx, consents, request_of_bank)
        await tx.execute("CREATE TABLE stale AS SELECT * FROM consents")
        await tx.execute("UPDATE stale SET version = 1")
        monkeypatch.setattr("creditbridge.consents.store.LOCK_OF_ENTERPRISE", stale)

        with pytest.raises(ConsentBusy):
            await consents.withdraw(tx, withdrawal_of(given))
        assert await consents.get_consent(tx, given.consent_id) == given


@pytest.mark.parametrize("consent_id", [NOBODYS, "cns_\x00", ""])
async def test_an_unknown_consent_is_missing_for_a_report(
    database: Database, consents: Consents, request_of_bank: ConsentRequest, consent_id: str
) -> None:
    """S3: an id of nobody, of no shape, or none: the same error as another bank's."""
    async with database.transaction() as tx:
        given = await give(tx, consents, request_of_bank)
        unknown = replace(asked_under(given), consent_id=consent_id)
        foreign = replace(asked_under(given), bank_id="bnk_2")
        for asked in (unknown, foreign):
            with pytest.raises(ConsentMissing):
                await consents.take_use(tx, asked)
            with pytest.raises(ConsentMissing):
                await consents.hold_standing(tx, asked)


async def test_consents_are_read_by_whom_they_concern(
    database: Database, consents: Consents, request_of_bank: ConsentRequest
) -> None:
    """S6: bank and enterprise read their own; for all others it is unknown."""
    async with database.transaction() as tx:
        lodged = await lodge(tx, consents, request_of_bank)
        mine = lodged.consent_id

        assert await consents.get_own_consent(tx, consent_id=mine, bank_id="bnk_1") == lodged
        assert await consents.get_given_consent(tx, consent_id=mine, uscc=USCC) == lodged
        for consent_id, bank_id in ((mine, "bnk_2"), (NOBODYS, "bnk_1"), ("x", "bnk_1")):
            with pytest.raises(ConsentUnknown):
                await consents.get_own_consent(tx, consent_id=consent_id, bank_id=bank_id)
        for consent_id, uscc in ((mine, OTHER_USCC), (NOBODYS, USCC), ("x", USCC)):
            with pytest.raises(ConsentUnknown):
                await consents.get_given_consent(tx, consent_id=consent_id, uscc=uscc)
        for consent_id in (NOBODYS, "x"):
            with pytest.raises(ConsentUnknown):
                await consents.get_consent(tx, consent_id)


async def test_lists_come_newest_first_page_by_page(
    database: Database, consents: Consents, request_of_bank: ConsentRequest
) -> None:
    """A page ends where the next begins; nobody sees another's."""
    async with database.transaction() as tx:
        for number in range(3):
            await lodge(tx, consents, request_of_bank, authorization_no=f"A-{number}")
        await lodge(tx, consents, request_of_bank, bank_id="bnk_2", uscc=OTHER_USCC)

        whole = await consents.list_for_bank(tx, "bnk_1")
        page = await consents.list_for_enterprise(tx, USCC, rows_max=2)
        rest = await consents.list_for_enterprise(tx, USCC, before=page[-1].consent_id)
        older = await consents.list_for_bank(tx, "bnk_1", ConsentFilter(before=page[-1].consent_id))
        named = frozenset({page[0].consent_id, "cns_other"})
        reached = await consents.list_for_bank(tx, "bnk_1", ConsentFilter(consent_ids=named))
        none = await consents.list_for_bank(tx, "bnk_1", ConsentFilter(consent_ids=frozenset()))

    ids = [consent.consent_id for consent in whole]
    assert ids == sorted(ids, reverse=True)
    assert len(whole) == 3
    assert page + rest == whole
    assert older == rest
    assert (reached, none) == (page[:1], [])


async def test_G7_the_first_consent_that_does_not_stand_refuses_for_all(
    database: Database, consents: Consents, request_of_bank: ConsentRequest
) -> None:
    """Nothing rests on none at all; of several, one that is not given is enough."""
    async with database.transaction() as tx:
        given = await give(tx, consents, request_of_bank)
        lodged = await lodge(tx, consents, request_of_bank, authorization_no="B-1")

        await consents.require_active(tx, [])
        await consents.require_active(tx, [given.consent_id])
        with pytest.raises(Refused) as refusal:
            await consents.require_active(tx, [given.consent_id, lodged.consent_id])

    assert refusal.value.code == "consent-pending"


async def test_requests_that_nobody_answers_lapse(
    database: Database, consents: Consents, request_of_bank: ConsentRequest
) -> None:
    """After seven days a request ends, page by page; an answered one is left alone."""
    async with database.transaction() as tx:
        await give(tx, consents, request_of_bank)
        lodged = [
            await lodge(tx, consents, request_of_bank, authorization_no=f"B-{number}")
            for number in range(3)
        ]
        assert await consents.lapse_overdue(tx) == []
    await database.raise_floor((lodged[0].requested_at or tx.now) + timedelta(days=7))

    async with database.transaction() as tx:
        with pytest.raises(ConsentLapsed):
            await consents.approve(tx, approval_of(lodged[2]), LONE)
        first = await consents.lapse_overdue(tx, rows_max=2)
        second = await consents.lapse_overdue(tx, rows_max=2)
        third = await consents.lapse_overdue(tx)

    assert (len(first), len(second), len(third)) == (2, 1, 0)
    assert {consent.state for consent in first + second} == {ConsentState.LAPSED}


async def test_closed_business_ends_post_loan_looks(
    database: Database, consents: Consents, request_of_bank: ConsentRequest
) -> None:
    """The row's own closing instant is what the rule reads."""
    async with database.transaction() as tx:
        given = await give(
            tx,
            consents,
            request_of_bank,
            purposes=frozenset({Purpose.POST_LOAN}),
            business_ref="B-7",
        )
        asked = replace(asked_under(given), purpose=Purpose.POST_LOAN, business_ref="B-7")
        await consents.take_use(tx, asked)
        await tx.execute("UPDATE consents SET business_closed_at = $1", tx.now)
        with pytest.raises(CreditbridgeError) as caught:
            await consents.take_use(tx, asked)

    assert caught.value.code == "consent-business-closed"


async def test_a_consent_is_kept_whole(
    database: Database, signer: FileKey, request_of_bank: ConsentRequest
) -> None:
    """Whatever was asked for comes back from the database as it went in."""
    asked = replace(
        request_of_bank,
        data_classes=frozenset({DataClass.PUBLIC, DataClass.COMMERCIAL}),
        products=frozenset({Product.ACCEPTANCE}),
        roles=frozenset({SubjectRole.GUARANTOR}),
        per_day=1,
        min_interval_seconds=3_600,
        retention_days=30,
        until=Until.BUSINESS_END,
        business_ref="L-7",
        form=ConsentForm.PAPER_SCAN,
        document=DocumentDigest("ab" * 32, None, "scan-7"),
        letter=LETTER,
        monitoring=True,
    )
    house = Consents(Ceilings(), signer)
    async with database.transaction() as tx:
        lodged = await lodge(tx, house, asked)

        kept = await house.get_consent(tx, lodged.consent_id)

    assert kept == lodged
    assert kept.document == asked.document


async def test_only_a_consent_between_the_same_two_is_superseded(
    database: Database, consents: Consents, request_of_bank: ConsentRequest
) -> None:
    """Another enterprise's consent, and one that never was, are unknown alike."""
    async with database.transaction() as tx:
        before = await lodge(tx, consents, request_of_bank)
        again = replace(request_of_bank, authorization_no="A-2", supersedes=before.consent_id)
        for unknown in (NOBODYS, "no id"):
            with pytest.raises(ConsentUnknown):
                await lodge(tx, consents, again, supersedes=unknown)
        with pytest.raises(ConsentUnknown):
            await lodge(tx, consents, again, uscc=OTHER_USCC)
        after = await lodge(tx, consents, again)

    assert after.supersedes == before.consent_id
