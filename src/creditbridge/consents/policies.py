"""The policies of the house, as the database holds them, and which of them binds now."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from creditbridge.consents import policy_store as store
from creditbridge.consents.policy import (
    NOTICE,
    Ceilings,
    Policy,
    SignedPolicy,
    ceilings_of,
    encode_policy,
    first_policy,
    policy_at,
    policy_message,
    policy_of,
    read_policy,
)
from creditbridge.foundation.database import Transaction
from creditbridge.foundation.errors import Refused
from creditbridge.foundation.keys import Signers
from creditbridge.profile.codes import Purpose
from creditbridge.profile.consent_policy import PolicyWords

# Shorter than the notice of a policy: nobody still decides by an older list when it begins.
READ_AGAIN = NOTICE / 2


class PolicyOutOfTurn(Refused):
    """A policy's version is not the one after the last."""

    code = "policy-out-of-turn"
    message = "The version of a new policy must be the one after the latest."


class Policies:
    """The policies, read anew from time to time; each binds from an announced instant on."""

    def __init__(self, house: Ceilings, signers: Signers) -> None:
        self._house = house
        self._signers = signers
        self._known: tuple[Policy, ...] = ()
        self._read_at: datetime | None = None

    async def find_ceilings(self, tx: Transaction, purposes: Iterable[Purpose]) -> Ceilings | None:
        """Return how far a consent for these purposes may reach now; None before any policy."""
        policy = policy_at(await self._list(tx), now=tx.now)
        return None if policy is None else ceilings_of(policy, purposes)

    async def get_ceilings(self, tx: Transaction, purposes: Iterable[Purpose]) -> Ceilings:
        """Return the same, and the house's own ceilings before any policy."""
        return await self.find_ceilings(tx, purposes) or self._house

    async def list_signed(self, tx: Transaction) -> list[SignedPolicy]:
        """Return the policies that bind or will, in the order of their versions."""
        signed = await store.list_policies(tx)
        begun = [one.version for one in signed if one.use_from <= tx.now]
        return [one for one in signed if one.version >= max(begun, default=0)]

    async def open_first(self, tx: Transaction) -> SignedPolicy | None:
        """Sign the house's own policy where there is none, and return it; it binds at once."""
        if await store.list_policies(tx):
            return None
        signed = self._sign(first_policy(now=tx.now))
        # Another node may have been first: its policy says the same.
        return signed if await self._keep(tx, signed) else None

    async def change(
        self, tx: Transaction, words: PolicyWords, *, change_id: str | None
    ) -> SignedPolicy:
        """Sign what two operators decided, and return it; it binds after its notice.

        Raises:
            PolicyOutOfTurn: its version is not the next.
        """
        signed = self._sign(policy_of(words, use_from=tx.now + NOTICE), change_id=change_id)
        if not await self._keep(tx, signed):
            raise PolicyOutOfTurn
        return signed

    async def _list(self, tx: Transaction) -> tuple[Policy, ...]:
        read_at = self._read_at
        if read_at is None or not timedelta(0) <= tx.now - read_at < READ_AGAIN:
            signed = await store.list_policies(tx)
            self._known = tuple(read_policy(one.policy) for one in signed)
            self._read_at = tx.now
        return self._known

    async def _keep(self, tx: Transaction, signed: SignedPolicy) -> bool:
        self._read_at = None
        return await store.add_policy(tx, signed)

    def _sign(self, policy: Policy, *, change_id: str | None = None) -> SignedPolicy:
        raw, signer = encode_policy(policy), self._signers.current()
        return SignedPolicy(
            version=policy.version,
            use_from=policy.use_from,
            policy=raw,
            signature=signer.sign(policy_message(raw)),
            key_id=signer.key.key_id,
            change_id=change_id,
        )
