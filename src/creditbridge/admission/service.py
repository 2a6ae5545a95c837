"""Admission, for everybody above: every method takes the caller's transaction."""

import hashlib
import math
from datetime import datetime, timedelta

from creditbridge.admission import store
from creditbridge.admission.model import KeyName, Outcome, Purged, Stored, TakenKey
from creditbridge.admission.rules import (
    BusinessIdTaken,
    EnterpriseLimited,
    KeyInFlight,
    NonceReplayed,
    answer_gone,
    require_answer,
    require_business_id,
)
from creditbridge.admission.sealing import SealBroken, Sealer
from creditbridge.admission.settings import AdmissionSettings
from creditbridge.foundation.database import Transaction

OVERDUE_ROWS_MAX = 100
PURGE_ROWS_MAX = 1_000


class Admission:
    """What is spent once: idempotency keys, nonces, business request ids.

    Everything is decided by PostgreSQL in one statement, for any number of nodes; it holds when
    the caller's transaction commits, and is as if it never was when that is undone.
    """

    def __init__(self, settings: AdmissionSettings, sealer: Sealer) -> None:
        self._settings = settings
        self._sealer = sealer

    async def take_key(
        self, tx: Transaction, name: KeyName, fingerprint: bytes, *, reference: str = ""
    ) -> Stored | None:
        """Return None where the key is the caller's now, else the answer given before.

        `reference` is the report for which the key is taken: recovery finds the key by it. Whoever
        takes the same key at the same time waits until this transaction ends.

        Raises:
            KeyReused: the key belongs to another request.
            KeyInFlight: its request has no outcome yet.
            AnswerGone: its outcome is known by its receipt alone.
        """
        deadline_at = tx.now + timedelta(seconds=self._settings.flight_seconds)
        if await store.take_key(
            tx, name, fingerprint, reference=reference, deadline_at=deadline_at
        ):
            return None
        # Between the two statements its owner may have freed it: the caller simply asks again.
        if (taken := await store.find_key(tx, name)) is None:
            raise KeyInFlight(detail="released while it was read")
        # The wait for another transaction may have been long: a body lives by the instant after it.
        sealed = require_answer(taken, fingerprint, now=await tx.renew_now())
        return self._open(taken, sealed)

    async def keep_outcome(self, tx: Transaction, name: KeyName, outcome: Outcome) -> bool:
        """Keep the first decided outcome of a key; False where another came first, or none took it.

        The body is sealed, and lives minutes; decision and receipt live a day.
        """
        times = (
            timedelta(minutes=self._settings.body_minutes),
            timedelta(hours=self._settings.decision_hours),
        )
        sealed = self._sealer.seal(name, outcome)
        return await store.keep_outcome(tx, name, outcome, sealed, times=times)

    async def release_key(self, tx: Transaction, name: KeyName) -> bool:
        """Free a key whose request ended before any effect; False where it was not in flight."""
        return await store.release_key(tx, name)

    async def find_in_flight(self, tx: Transaction, reference: str) -> TakenKey | None:
        """Return the key in flight that was taken for a report."""
        return await store.find_in_flight(tx, reference)

    async def resolve_overdue(
        self, tx: Transaction, *, rows_max: int = OVERDUE_ROWS_MAX
    ) -> list[TakenKey]:
        """Return keys in flight past their deadline, locked: the caller keeps or releases each.

        Other nodes pass over these rows until the transaction ends.
        """
        return await store.lock_overdue(tx, rows_max=rows_max)

    async def take_nonce(
        self, tx: Transaction, *, key_id: str, nonce: str, expires_at: datetime
    ) -> None:
        """Spend a nonce of a key, once on all nodes until it expires.

        Raises:
            NonceReplayed: it was spent before.
        """
        # The digest, so that whatever bytes a nonce has, the row has 32.
        digest = hashlib.sha256(nonce.encode("utf-8", "surrogatepass")).digest()
        if not await store.take_nonce(tx, key_id=key_id, digest=digest, expires_at=expires_at):
            raise NonceReplayed

    async def claim_business_id(
        self, tx: Transaction, *, bank_id: str, business_id: str, fingerprint: bytes
    ) -> None:
        """Claim a business request id for the whole bank: one business request is one query.

        Raises:
            BusinessIdMalformed: no id.
            BusinessIdTaken: it was claimed before, by whichever client and key.
        """
        claimed = await store.claim_business_id(
            tx,
            bank_id=bank_id,
            business_id=require_business_id(business_id),
            fingerprint=fingerprint,
        )
        if claimed is not None:
            raise BusinessIdTaken(same_request=claimed == fingerprint)

    async def release_business_id(self, tx: Transaction, *, bank_id: str, business_id: str) -> None:
        """Free an id whose request provably never went upstream."""
        await store.release_business_id(tx, bank_id=bank_id, business_id=business_id)

    async def take_look(self, tx: Transaction, *, bank_id: str, uscc: str) -> None:
        """Count a report that a bank takes about an enterprise, where that is limited.

        Raises:
            EnterpriseLimited: it has taken all that it may in the window that runs.
        """
        policy = self._settings.per_enterprise
        if policy is None:
            return
        lease = await store.take_look(tx, bank_id=bank_id, uscc=uscc, policy=policy)
        if lease.granted == 0:
            left = math.ceil((lease.ends_at - tx.now).total_seconds())
            raise EnterpriseLimited(retry_after_seconds=max(1, min(left, policy.window_seconds)))

    async def purge(self, tx: Transaction, *, rows_max: int = PURGE_ROWS_MAX) -> Purged:
        """Forget what has run out, at most so many rows of each kind."""
        return Purged(
            bodies=await store.drop_bodies(tx, rows_max=rows_max),
            keys=await store.drop_keys(tx, rows_max=rows_max),
            nonces=await store.drop_nonces(tx, rows_max=rows_max),
            looks=await store.drop_looks(tx, rows_max=rows_max),
        )

    def _open(self, taken: TakenKey, sealed: bytes) -> Stored:
        try:
            outcome = self._sealer.open(taken.name, sealed)
        except SealBroken as error:
            # The sealing key changed, or somebody changed the row: the receipt is what is left.
            raise answer_gone(taken, detail="the seal of the kept answer is broken") from error
        return Stored(
            status=outcome.status,
            headers=outcome.headers,
            body=outcome.body,
            event_id=outcome.event_id,
            receipt=outcome.receipt,
            reference=taken.reference,
        )
