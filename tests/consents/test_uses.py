"""Uses with a frequency, in the database: the statement decides as the rule does, in any race."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace
from tests.consents.circles import LONE
from tests.consents.conftest import USCC

from creditbridge.consents import store
from creditbridge.consents.acts import Approval, ConsentRequest
from creditbridge.consents.frequency import SPARE_USES, day_of, next_use_at
from creditbridge.consents.model import Asked, Consent, ConsentFrequency
from creditbridge.consents.policies import PolicyOutOfTurn
from creditbridge.consents.policy import (
    NOTICE,
    Ceilings,
    ConsentBeyondPolicy,
    encode_policy,
    first_policy,
    policy_of,
    verify_policy,
)
from creditbridge.consents.service import Consents
from creditbridge.foundation.database import Database, Transaction, open_database
from creditbridge.foundation.keys import FileKey
from creditbridge.parties.model import Role
from creditbridge.profile.codes import Purpose, SectionCode
from creditbridge.profile.consent_policy import PolicyWords

TICK = timedelta(microseconds=1)
SET_USES = "UPDATE consents SET recent_uses = $2::timestamptz[], used = 1 WHERE consent_id = $1"


@pytest.fixture
def consents(signer: FileKey) -> Consents:
    """The consents under the house's own ceilings."""
    return Consents(Ceilings(), signer)


async def give(
    tx: Transaction, consents: Consents, request: ConsentRequest, **change: object
) -> Consent:
    """Lodge a request that ends thirty days from now, changed as told, and approve it."""
    ending = replace(request, valid_to=tx.now + timedelta(days=30), max_queries=100)
    lodged = await consents.request_consent(tx, replace(ending, **change))
    approval = Approval(
        consent_id=lodged.consent_id,
        version=1,
        uscc=USCC,
        person_id="prs_1",
        role=Role.LEGAL_REP,
        template_id="approval",
        template_version="1",
        text_digest=bytes(32),
    )
    return (await consents.approve(tx, approval, LONE)).consent


def asked_under(consent: Consent) -> Asked:
    """Return a question that the consent covers."""
    return Asked(
        bank_id=consent.bank_id,
        client_id="loans",
        uscc=consent.uscc,
        consent_id=consent.consent_id,
        purpose=Purpose.PRE_LOAN_REVIEW,
        sections=frozenset({SectionCode.REG}),
    )


@pytest.mark.parametrize("limit", [{"per_day": 1}, {"min_interval_seconds": 86_400}])
async def test_of_two_hundred_racers_one_takes_the_last_use_of_the_day(
    database: Database,
    database_url: str,
    consents: Consents,
    request_of_bank: ConsentRequest,
    limit: dict[str, int],
) -> None:
    """Two hundred callers on two nodes: one per calendar day that the race touched, and no more."""
    other = await open_database(database_url, connections_max=8)
    async with database.transaction() as tx:
        given = await give(tx, consents, request_of_bank, **limit)
    barrier = asyncio.Event()

    async def race(node: Database) -> bool:
        await barrier.wait()
        try:
            async with node.transaction() as tx:
                await consents.take_use(tx, asked_under(given))
        except ConsentFrequency:
            return False
        return True

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(race(node)) for node in [database, other] * 100]
        barrier.set()
    async with database.transaction() as tx:
        after = await consents.get_consent(tx, given.consent_id)
    await other.close()

    # A race may run over midnight in Shanghai, where a second day begins.
    days = {day_of(use) for use in after.recent_uses}
    assert after.used == sum(task.result() for task in tasks) == len(after.recent_uses)
    assert after.used == (len(days) if "per_day" in limit else 1)


@pytest.mark.parametrize(
    ("limit", "ago", "taken"),
    [
        ({"per_day": 1}, "the day's first instant", False),
        ({"per_day": 1}, "the day before", True),
        ({"per_day": 2}, "the day's first instant", True),
        ({"min_interval_seconds": 60}, "59 s", False),
        ({"min_interval_seconds": 60}, "60 s", True),
    ],
)
async def test_the_statement_decides_as_the_rule_does(
    database: Database,
    consents: Consents,
    request_of_bank: ConsentRequest,
    limit: dict[str, int],
    ago: str,
    *,
    taken: bool,
) -> None:
    """Asked alone, without the rule before it: its guards would hold if the lock were lost."""
    async with database.transaction() as tx:
        given = await give(tx, consents, request_of_bank, **limit)
        last = {
            "the day's first instant": day_of(tx.now),
            "the day before": day_of(tx.now) - TICK,
            "59 s": tx.now - timedelta(seconds=60) + TICK,
            "60 s": tx.now - timedelta(seconds=60),
        }[ago]
        await tx.execute(SET_USES, given.consent_id, [last])
        used = await consents.get_consent(tx, given.consent_id)

        number = await store.take_use(tx, used)

        assert (number is not None) is taken
        assert (next_use_at(used, now=tx.now) == tx.now) is taken


async def test_uses_are_remembered_as_the_rule_remembers_them(
    database: Database, consents: Consents, request_of_bank: ConsentRequest
) -> None:
    """Taken beyond what is kept, and given back from the middle: row and rule stay the same."""
    async with database.transaction() as tx:
        given = await give(tx, consents, request_of_bank)
        taken = await consents.take_use(tx, asked_under(given))
        for _ in range(SPARE_USES + 2):
            await tx.renew_now()
            taken = await consents.take_use(tx, asked_under(given))
        kept = await consents.get_consent(tx, given.consent_id)
        middle = kept.recent_uses[3]
        await consents.give_back_use(tx, given.consent_id, taken_at=middle)
        after = await consents.get_consent(tx, given.consent_id)
        await consents.give_back_use(tx, given.consent_id, taken_at=middle)
        forgotten = await consents.get_consent(tx, given.consent_id)

    assert taken.consent == kept
    assert len(kept.recent_uses) == SPARE_USES
    assert kept.last_used_at == kept.recent_uses[-1]
    assert after.recent_uses == (*kept.recent_uses[:3], *kept.recent_uses[4:])
    assert (forgotten.used, forgotten.recent_uses) == (kept.used - 2, after.recent_uses)


async def test_a_use_given_back_frees_the_day(
    database: Database, consents: Consents, request_of_bank: ConsentRequest
) -> None:
    """Law 10: the platform never heard of it, so the bank may come again the same day."""
    async with database.transaction() as tx:
        given = await give(tx, consents, request_of_bank, min_interval_seconds=86_400)
        first = await consents.take_use(tx, asked_under(given))
        with pytest.raises(ConsentFrequency):
            await consents.take_use(tx, asked_under(given))
        taken_at = first.consent.last_used_at
        await consents.give_back_use(tx, given.consent_id, taken_at=taken_at)

        assert (await consents.take_use(tx, asked_under(given))).use_number == 1


WORDS = PolicyWords(
    v=1,
    version=2,
    lapse_days=3,
    purposes={
        Purpose.PRE_LOAN_REVIEW: replace(
            first_policy(now=datetime(2026, 3, 2, tzinfo=UTC)).purposes[Purpose.PRE_LOAN_REVIEW],
            queries_max=1,
        )
    },
)
BEGIN_NOW = "UPDATE consent_policies SET use_from = $1, policy = $2 WHERE version = 2"


async def test_a_policy_binds_every_look_after_its_notice(
    database: Database, consents: Consents, request_of_bank: ConsentRequest, signer: FileKey
) -> None:
    """A consent from before it is used within it; until its instant the one before binds."""
    async with database.transaction() as tx:
        first = await consents.policies.open_first(tx)
        given = await give(tx, consents, request_of_bank)
        await consents.take_use(tx, asked_under(given))
        signed = await consents.policies.change(tx, WORDS, change_id="chg_1")
        announced = await consents.take_use(tx, asked_under(given))
        listed = await consents.policies.list_signed(tx)
        # As if a minute had passed.
        begun = encode_policy(policy_of(WORDS, use_from=tx.now))
        await tx.execute(BEGIN_NOW, tx.now, begun)
        later = Consents(Ceilings(), signer)
        with pytest.raises(ConsentBeyondPolicy):
            await later.take_use(tx, asked_under(given))

    assert first is not None
    assert verify_policy(first.policy, first.signature, signer.key).version == 1
    assert (given.rule, given.rule_version) == ("consent-policy", "1")
    assert announced.policy == "1"
    assert [one.version for one in listed] == [1, 2]
    assert signed.use_from - listed[0].use_from >= NOTICE


async def test_policies_follow_one_another_without_a_gap(
    database: Database, consents: Consents
) -> None:
    """The first is made once; of two with one number the second is told, and so is a gap."""
    async with database.transaction() as tx:
        assert await consents.policies.open_first(tx) is not None
        assert await consents.policies.open_first(tx) is None
        await consents.policies.change(tx, WORDS, change_id="chg_1")
        for version in (2, 4):
            with pytest.raises(PolicyOutOfTurn):
                await consents.policies.change(
                    tx, replace(WORDS, version=version), change_id="chg_2"
                )
        assert [one.version for one in await consents.policies.list_signed(tx)] == [1, 2]


async def test_a_yes_is_held_to_the_policy_of_its_instant(
    database: Database, consents: Consents, request_of_bank: ConsentRequest, signer: FileKey
) -> None:
    """Asked for before the policy was tightened: nobody signs what would not be kept."""
    async with database.transaction() as tx:
        await consents.policies.open_first(tx)
        await consents.policies.change(tx, WORDS, change_id="chg_1")
        lodged = await consents.request_consent(
            tx, replace(request_of_bank, valid_to=tx.now + timedelta(days=30))
        )
        await tx.execute(BEGIN_NOW, tx.now, encode_policy(policy_of(WORDS, use_from=tx.now)))
        later = Consents(Ceilings(), signer)
        with pytest.raises(ConsentBeyondPolicy):
            await later.approve(
                tx,
                Approval(
                    consent_id=lodged.consent_id,
                    version=1,
                    uscc=USCC,
                    person_id="prs_1",
                    role=Role.LEGAL_REP,
                    template_id="approval",
                    template_version="1",
                    text_digest=bytes(32),
                ),
                LONE,
            )
