"""A bank's machine pushes what it wants to ask a person (RFC 9126).

    prove_client -> access -> consents -> access

1. The client proves who it is; what it is refused from here on is in the ledger.
2. What it asks is read: from its form, or from the one object that a key of its own signed.
3. A proof of a key, where one comes along, is spent; that key alone may use the code.
4. Each consent that it asks for is within the bank's licence and keeps the ceilings of its
   purposes, under a number not used before.
5. The request is kept under an address that the client alone learns.

Nothing is stored about a consent: it begins to exist when a person decides.
"""

from typing import Protocol

import msgspec
from msgspec.structs import replace

from creditbridge.access.authorization import AuthorizationRequest
from creditbridge.access.granted.rules import require_grant_type
from creditbridge.access.model import Authenticated, Binding, ClientRequest
from creditbridge.access.pushed.model import (
    DetailsNotAllowed,
    ProofKeyDiffers,
    PushedAnswer,
    PushedRequest,
)
from creditbridge.access.pushed.rules import read_request
from creditbridge.access.pushed.sent import read_sent
from creditbridge.access.pushed.service import keep_request
from creditbridge.consents.acts import ConsentRequest
from creditbridge.foundation.database import Transaction
from creditbridge.foundation.errors import Malformed, Refused
from creditbridge.foundation.ids import Kind, new_id
from creditbridge.journeys.asked_consents import list_asked
from creditbridge.journeys.prove_client import Admission, ProveClient
from creditbridge.parties.key_sets import KeySetDue
from creditbridge.parties.licence import require_licensed
from creditbridge.parties.model import AUTHORIZATION_CODE, Bank, ResponseMode

DOOR = "par"


class Access(Protocol):
    """What this journey needs of the authorization server."""

    async def bind_token(
        self, tx: Transaction, request: ClientRequest, client: Authenticated, admission: Admission
    ) -> Binding:
        """Return what the client's tokens are bound to; a proof of a key is spent."""
        ...


class Consents(Protocol):
    """What this journey needs of the consents."""

    async def require_acceptable(self, tx: Transaction, request: ConsentRequest) -> object:
        """Accept a request that could be lodged now, or refuse."""
        ...


class PushRequest(msgspec.Struct, frozen=True, kw_only=True):
    """The journey, with the rooms it walks through.

    `modes` and `scopes` are the response modes and the scopes that are served.
    """

    prove_client: ProveClient
    access: Access
    admission: Admission
    consents: Consents
    modes: frozenset[ResponseMode]
    scopes: frozenset[str]

    async def __call__(self, request: ClientRequest) -> PushedAnswer:
        """Walk the steps above, in order.

        Raises:
            OAuthError: refused, as the standards name it.
        """
        try:
            return await self._walk(request)
        except KeySetDue as due:
            # The object names a key that the client has published since: nothing was decided.
            await self.prove_client.fetch_keys(due.client_id)  # 2
            return await self._walk(request)

    async def _walk(self, request: ClientRequest) -> PushedAnswer:
        async with self.prove_client(request, door=DOOR) as (tx, client):  # 1
            registration = client.registration
            require_grant_type(registration.client, AUTHORIZATION_CODE)
            parameters, sent = read_sent(  # 2
                request.form, registration, issuer=request.issuer, now=tx.now
            )
            asked = read_request(  # 2
                parameters, registration.client, modes=self.modes, scopes=self.scopes
            )
            bound = await self._bind(tx, request, client, asked)  # 3
            pushed = PushedRequest(
                request=bound,
                sent=sent,
                consent_ids=tuple(new_id(Kind.CONSENT, now=tx.now) for _ in bound.details),
            )
            await self._require_acceptable(tx, pushed, registration.bank)  # 4
            return await keep_request(tx, pushed)  # 5

    async def _bind(
        self,
        tx: Transaction,
        request: ClientRequest,
        client: Authenticated,
        asked: AuthorizationRequest,
    ) -> AuthorizationRequest:
        if not request.proofs:
            return asked
        binding = await self.access.bind_token(tx, request, client, self.admission)  # 3
        # Two ways of naming the key, and both must name one (RFC 9449, section 10.1).
        if asked.proof_key not in {None, binding.proof_key}:
            raise ProofKeyDiffers
        return replace(asked, proof_key=binding.proof_key)

    async def _require_acceptable(self, tx: Transaction, pushed: PushedRequest, bank: Bank) -> None:
        for asked in list_asked(pushed, bank):
            try:
                require_licensed(bank, purposes=asked.purposes, sections=asked.sections)  # 4
                await self.consents.require_acceptable(tx, asked)  # 4
            except (Refused, Malformed) as refusal:
                raise DetailsNotAllowed(refusal.code, refusal.prose) from refusal
