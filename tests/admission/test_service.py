"""Each thing is spent once, on however many nodes."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from msgspec.structs import replace

from creditbridge.admission.model import KeyName, KeyState, Outcome, Stored
from creditbridge.admission.rules import (
    AnswerGone,
    BusinessIdMalformed,
    BusinessIdTaken,
    KeyInFlight,
    KeyReused,
    NonceReplayed,
)
from creditbridge.admission.sealing import Sealer
from creditbridge.admission.service import Admission
from creditbridge.admission.settings import AdmissionSettings
from creditbridge.foundation.database import Database, Transaction, open_database
from creditbridge.foundation.errors import Refused

FINGERPRINT = hashlib.sha256(b"request").digest()
OTHER = hashlib.sha256(b"another request").digest()


class Undone(Exception):
    """Ends a transaction without a commit."""


async def race(
    nodes: tuple[Database, Database],
    take: Callable[[Transaction], Awaitable[None]],
    *,
    racers: int,
) -> int:
    """Let so many take at once on two nodes, and return how many won."""
    barrier = asyncio.Event()

    async def run(node: Database) -> bool:
        await barrier.wait()
        try:
            async with node.transaction() as tx:
                await take(tx)
        except Refused:
            return False
        return True

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(run(nodes[number % 2])) for number in range(racers)]
        barrier.set()
    return sum(task.result() for task in tasks)


async def test_of_fifty_takers_of_a_key_one_wins(
    database: Database, database_url: str, admission: Admission, name: KeyName
) -> None:
    """Promise 7: on two nodes one caller works, forty-nine are told that it is in flight."""
    other = await open_database(database_url, connections_max=8)

    async def take(tx: Transaction) -> None:
        assert await admission.take_key(tx, name, FINGERPRINT) is None

    winners = await race((database, other), take, racers=50)
    await other.close()

    assert winners == 1


async def test_of_fifty_replays_of_a_nonce_one_is_first(
    database: Database, database_url: str, admission: Admission
) -> None:
    """H5: a nonce is spent once per key on all nodes."""
    other = await open_database(database_url, connections_max=8)

    async def take(tx: Transaction) -> None:
        expires_at = tx.now + timedelta(seconds=120)
        await admission.take_nonce(tx, key_id="key-1", nonce="n" * 16, expires_at=expires_at)

    winners = await race((database, other), take, racers=50)
    await other.close()

    assert winners == 1


async def test_of_fifty_claims_of_a_business_id_one_counts(
    database: Database, database_url: str, admission: Admission
) -> None:
    """E3: the bank's business request id is unique per bank, whichever client sends it."""
    other = await open_database(database_url, connections_max=8)

    async def take(tx: Transaction) -> None:
        await admission.claim_business_id(
            tx, bank_id="bnk_1", business_id="LN-1", fingerprint=FINGERPRINT
        )

    winners = await race((database, other), take, racers=50)
    await other.close()

    assert winners == 1


async def test_the_first_outcome_is_given_again(
    database: Database, admission: Admission, name: KeyName, outcome: Outcome
) -> None:
    """E2: the same request under the same key gets status, headers, body and receipt."""
    async with database.transaction() as tx:
        assert await admission.take_key(tx, name, FINGERPRINT) is None
    async with database.transaction() as tx:
        assert await admission.keep_outcome(tx, name, outcome)

    async with database.transaction() as tx:
        stored = await admission.take_key(tx, name, FINGERPRINT)

    assert stored == Stored(
        status=200,
        headers=outcome.headers,
        body=b'{"profile":{}}',
        event_id="evt_1",
        receipt=b"receipt",
    )


async def test_another_request_under_the_key_is_refused(
    database: Database, admission: Admission, name: KeyName, outcome: Outcome
) -> None:
    """E2: in flight or decided, another body, method or target is refused as such."""
    async with database.transaction() as tx:
        await admission.take_key(tx, name, FINGERPRINT)
        with pytest.raises(KeyReused):
            await admission.take_key(tx, name, OTHER)
        await admission.keep_outcome(tx, name, outcome)
        with pytest.raises(KeyReused):
            await admission.take_key(tx, name, OTHER)


@pytest.mark.parametrize("other", [{"client_id": "branch"}, {"route": "POST /v1/batches"}])
async def test_another_clients_key_is_another_key(
    database: Database, admission: Admission, name: KeyName, other: dict[str, str]
) -> None:
    """Fault 76: the scope is client and route; nobody gets an answer through another's key."""
    async with database.transaction() as tx:
        assert await admission.take_key(tx, name, FINGERPRINT) is None

        assert await admission.take_key(tx, replace(name, **other), OTHER) is None


async def test_a_late_outcome_does_not_replace_the_first(
    database: Database, admission: Admission, name: KeyName, outcome: Outcome
) -> None:
    """A node that comes back after recovery decided finds its key decided."""
    async with database.transaction() as tx:
        await admission.take_key(tx, name, FINGERPRINT)
        assert await admission.keep_outcome(tx, name, replace(outcome, status=503))
        assert not await admission.keep_outcome(tx, name, outcome)
        stored = await admission.take_key(tx, name, FINGERPRINT)

    assert stored is not None
    assert stored.status == 503


async def test_an_outcome_without_a_taken_key_is_not_kept(
    database: Database, admission: Admission, name: KeyName, outcome: Outcome
) -> None:
    """What nobody took cannot be answered."""
    async with database.transaction() as tx:
        assert not await admission.keep_outcome(tx, name, outcome)


async def test_a_released_key_is_free(
    database: Database, admission: Admission, name: KeyName, outcome: Outcome
) -> None:
    """E3: before any effect the key is given back; a decided one never is."""
    async with database.transaction() as tx:
        await admission.take_key(tx, name, FINGERPRINT)
        assert await admission.release_key(tx, name)
        assert await admission.take_key(tx, name, OTHER) is None
        await admission.keep_outcome(tx, name, outcome)
        assert not await admission.release_key(tx, name)


async def test_an_undone_transaction_takes_nothing(
    database: Database, admission: Admission, name: KeyName
) -> None:
    """Fault pair: taken but undone, the key is free for the next."""

    async def take_and_fail() -> None:
        async with database.transaction() as tx:
            await admission.take_key(tx, name, FINGERPRINT)
            raise Undone

    with pytest.raises(Undone):
        await take_and_fail()

    async with database.transaction() as tx:
        assert await admission.take_key(tx, name, FINGERPRINT) is None


async def test_a_commit_whose_answer_was_lost_took_the_key(
    database: Database, admission: Admission, name: KeyName
) -> None:
    """Fault pair: committed though the caller never heard, the key stays taken."""
    async with database.transaction() as tx:
        await admission.take_key(tx, name, FINGERPRINT)

    with pytest.raises(KeyInFlight):
        async with database.transaction() as tx:
            await admission.take_key(tx, name, FINGERPRINT)


async def test_a_body_lives_minutes_and_the_receipt_a_day(
    database: Database, admission: Admission, name: KeyName, outcome: Outcome
) -> None:
    """E2: after ten minutes 410 with the receipt; after a day the key is free again."""
    async with database.transaction() as tx:
        await admission.take_key(tx, name, FINGERPRINT)
        await admission.keep_outcome(tx, name, outcome)
        decided_at = tx.now
    await database.raise_floor(decided_at + timedelta(minutes=10))

    with pytest.raises(AnswerGone) as caught:
        async with database.transaction() as tx:
            await admission.take_key(tx, name, FINGERPRINT)
    await database.raise_floor(decided_at + timedelta(hours=24))
    async with database.transaction() as tx:
        assert await admission.take_key(tx, name, OTHER) is None

    assert (caught.value.receipt, caught.value.event_id) == (b"receipt", "evt_1")


async def test_a_key_in_flight_is_never_forgotten(
    database: Database, admission: Admission, name: KeyName
) -> None:
    """Law 10: however old, what became of its request must be found out first."""
    async with database.transaction() as tx:
        await admission.take_key(tx, name, FINGERPRINT)
        taken_at = tx.now
    await database.raise_floor(taken_at + timedelta(days=400))

    async with database.transaction() as tx:
        await admission.purge(tx)
        with pytest.raises(KeyInFlight):
            await admission.take_key(tx, name, FINGERPRINT)


async def test_a_broken_seal_leaves_the_receipt(
    database: Database, admission: Admission, name: KeyName, outcome: Outcome
) -> None:
    """A changed row, or a changed sealing key, is an answer that is gone, never another answer."""
    changed_key = Admission(AdmissionSettings(), Sealer(bytes(32)))
    async with database.transaction() as tx:
        await admission.take_key(tx, name, FINGERPRINT)
        await admission.keep_outcome(tx, name, outcome)

        with pytest.raises(AnswerGone) as caught:
            await changed_key.take_key(tx, name, FINGERPRINT)
        await tx.execute("UPDATE admission_keys SET sealed = sealed || '\\x00'")
        with pytest.raises(AnswerGone):
            await admission.take_key(tx, name, FINGERPRINT)

    assert caught.value.receipt == b"receipt"


async def test_a_body_is_not_readable_in_the_database(
    database: Database, admission: Admission, name: KeyName, outcome: Outcome
) -> None:
    """Law 9: the row holds neither the body nor the headers in the clear."""
    async with database.transaction() as tx:
        await admission.take_key(tx, name, FINGERPRINT)
        await admission.keep_outcome(tx, name, outcome)
        sealed = await tx.fetch_value(bytes, "SELECT sealed FROM admission_keys")

    assert sealed is not None
    assert b"profile" not in sealed


async def test_a_key_released_while_it_was_read_is_in_flight(
    database: Database, admission: Admission, name: KeyName, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the failed insert and the reading the row may go: the caller asks again."""
    async with database.transaction() as tx:
        await admission.take_key(tx, name, FINGERPRINT)
        monkeypatch.setattr("creditbridge.admission.store.FIND_KEY", FIND_NOTHING)

        with pytest.raises(KeyInFlight):
            await admission.take_key(tx, name, FINGERPRINT)


FIND_NOTHING = "SELECT 1 WHERE false AND $1::text || $2::text || $3::text IS NULL"


async def test_overdue_keys_are_resolved_by_one_node(
    database: Database, admission: Admission, name: KeyName, outcome: Outcome
) -> None:
    """Past its deadline a key in flight is handed to one node at a time, which decides it."""
    async with database.transaction() as tx:
        await admission.take_key(tx, name, FINGERPRINT, reference="rpt_1")
        assert await admission.resolve_overdue(tx) == []
        taken_at = tx.now
    await database.raise_floor(taken_at + timedelta(seconds=60))

    async with database.transaction() as one, database.transaction() as two:
        (overdue,) = await admission.resolve_overdue(one)
        assert await admission.resolve_overdue(two) == []
        assert await admission.keep_outcome(one, overdue.name, outcome)
    async with database.transaction() as tx:
        assert await admission.resolve_overdue(tx) == []

    assert overdue.reference == "rpt_1"
    assert overdue.state is KeyState.IN_FLIGHT


async def test_recovery_finds_the_key_of_a_report(
    database: Database, admission: Admission, name: KeyName, outcome: Outcome
) -> None:
    """By its reference, while it is in flight; a key without one is nobody's."""
    async with database.transaction() as tx:
        await admission.take_key(tx, name, FINGERPRINT, reference="rpt_1")
        await admission.take_key(tx, replace(name, key="k-2"), FINGERPRINT)

        found = await admission.find_in_flight(tx, "rpt_1")
        assert await admission.find_in_flight(tx, "") is None
        await admission.keep_outcome(tx, name, outcome)
        assert await admission.find_in_flight(tx, "rpt_1") is None

    assert found is not None
    assert found.name == name


async def test_a_nonce_is_spent_per_key_until_it_expires(
    database: Database, admission: Admission
) -> None:
    """Another key may use it; the same key only after its expiry, when no message is that old."""
    async with database.transaction() as tx:
        expires_at = tx.now + timedelta(seconds=120)
        await admission.take_nonce(tx, key_id="key-1", nonce="n\x00é", expires_at=expires_at)
        await admission.take_nonce(tx, key_id="key-2", nonce="n\x00é", expires_at=expires_at)
        with pytest.raises(NonceReplayed):
            await admission.take_nonce(tx, key_id="key-1", nonce="n\x00é", expires_at=expires_at)
    await database.raise_floor(expires_at)

    async with database.transaction() as tx:
        later = tx.now + timedelta(seconds=120)
        await admission.take_nonce(tx, key_id="key-1", nonce="n\x00é", expires_at=later)


async def test_a_business_id_is_one_request_for_the_whole_bank(
    database: Database, admission: Admission
) -> None:
    """Fault 76: taken is taken, the same request or another; other banks have their own ids."""
    async with database.transaction() as tx:
        for bank_id in ("bnk_1", "bnk_2"):
            await admission.claim_business_id(
                tx, bank_id=bank_id, business_id="LN-1", fingerprint=FINGERPRINT
            )
        for fingerprint, same in ((FINGERPRINT, True), (OTHER, False)):
            with pytest.raises(BusinessIdTaken) as caught:
                await admission.claim_business_id(
                    tx, bank_id="bnk_1", business_id="LN-1", fingerprint=fingerprint
                )
            assert caught.value.same_request is same
        with pytest.raises(BusinessIdMalformed):
            await admission.claim_business_id(
                tx, bank_id="bnk_1", business_id="a b", fingerprint=FINGERPRINT
            )


async def test_a_released_business_id_may_be_claimed_again(
    database: Database, admission: Admission
) -> None:
    """A request that never went upstream leaves its id free."""
    async with database.transaction() as tx:
        for _ in range(2):
            await admission.claim_business_id(
                tx, bank_id="bnk_1", business_id="LN-1", fingerprint=FINGERPRINT
            )
            await admission.release_business_id(tx, bank_id="bnk_1", business_id="LN-1")


async def test_a_purge_takes_what_ran_out_page_by_page(
    database: Database, admission: Admission, name: KeyName, outcome: Outcome
) -> None:
    """Bodies after minutes, decisions after a day, nonces at their expiry; at most as asked."""
    async with database.transaction() as tx:
        for number in range(3):
            own = replace(name, key=f"k-{number}")
            await admission.take_key(tx, own, FINGERPRINT)
            await admission.keep_outcome(tx, own, outcome)
            await admission.take_nonce(
                tx, key_id="key-1", nonce=str(number), expires_at=tx.now + timedelta(seconds=1)
            )
        decided_at = tx.now
        fresh = await admission.purge(tx)
    await database.raise_floor(decided_at + timedelta(minutes=10))
    async with database.transaction() as tx:
        first = await admission.purge(tx, rows_max=2)
        second = await admission.purge(tx, rows_max=2)
    await database.raise_floor(decided_at + timedelta(hours=24))
    async with database.transaction() as tx:
        third = await admission.purge(tx)

    assert (fresh.bodies, fresh.keys, fresh.nonces) == (0, 0, 0)
    assert (first.bodies, first.keys, first.nonces) == (2, 0, 2)
    assert (second.bodies, second.keys, second.nonces) == (1, 0, 1)
    assert (third.bodies, third.keys, third.nonces) == (0, 3, 0)
