"""A bank's machine asks a person who is not at its browser (OpenID CIBA Core 1.0, section 7).

    prove_client -> access -> parties -> consents -> access -> notices

1. The client proves who it is; what it is refused from here on is in the ledger.
2. The one object that a key of its own signed says what it asks; its `jti` is good for one use.
3. The enterprise that it names is known here: somebody has signed in for it.
4. Each consent that it asks for is within the bank's licence and keeps the ceilings of its
   purposes, under a number not used before.
5. The request waits in the portal, under an id that the client does not learn, and the other way
   round.
6. The enterprise is told that somebody asks.

Nothing is stored about a consent: it begins to exist when a person decides.
"""

from datetime import UTC, datetime, timedelta
from typing import Protocol

import msgspec

from creditbridge.access.backchannel.model import (
    BackchannelAnswer,
    BackchannelFault,
    BackchannelInvalid,
    BackchannelRequest,
    HintUnknown,
    SentRequest,
)
from creditbridge.access.backchannel.rules import read_expiry, read_request
from creditbridge.access.backchannel.service import keep_request
from creditbridge.access.backchannel.signed import read_object
from creditbridge.access.granted.rules import require_grant_type
from creditbridge.access.model import ClientRequest, SingleUse
from creditbridge.access.pushed.model import DetailsNotAllowed, Sent
from creditbridge.access.single_use import spend
from creditbridge.admission.rules import NonceReplayed
from creditbridge.consents.acts import ConsentRequest
from creditbridge.foundation.database import Transaction
from creditbridge.foundation.errors import Malformed, Refused
from creditbridge.foundation.ids import Kind, new_id
from creditbridge.journeys.asked_consents import list_asked
from creditbridge.journeys.prove_client import Admission, ProveClient
from creditbridge.notices.model import News, NoticeKind
from creditbridge.notices.port import Herald
from creditbridge.parties.key_sets import KeySetDue
from creditbridge.parties.licence import require_licensed
from creditbridge.parties.model import CIBA, Bank, Registration
from creditbridge.parties.service import find_enterprise
from creditbridge.protocols.request_object import SKEW, BackchannelClaims, RequestObject

DOOR = "backchannel"
# Apart from what else a client uses once.
USE_LABEL = "backchannel-request\x00"


class Consents(Protocol):
    """What this journey needs of the consents."""

    async def require_acceptable(self, tx: Transaction, request: ConsentRequest) -> object:
        """Accept a request that could be lodged now, or refuse."""
        ...


class AskPerson(msgspec.Struct, frozen=True, kw_only=True):
    """The journey, with the rooms it walks through; `scopes` are those that are served."""

    prove_client: ProveClient
    admission: Admission
    consents: Consents
    notices: Herald
    scopes: frozenset[str]

    async def __call__(self, request: ClientRequest) -> BackchannelAnswer:
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

    async def _walk(self, request: ClientRequest) -> BackchannelAnswer:
        async with self.prove_client(request, door=DOOR) as (tx, client):  # 1
            registration = client.registration
            require_grant_type(registration.client, CIBA)
            signed = read_object(  # 2
                request.form, registration, issuer=request.issuer, now=tx.now
            )
            asked = read_request(  # 2
                signed.parameters, registration.client, scopes=self.scopes
            )
            await self._spend(tx, registration, signed.bound)  # 2
            if await find_enterprise(tx, asked.uscc) is None:  # 3
                raise HintUnknown(detail="nobody has signed in for it")
            pushed = SentRequest(
                request=asked,
                sent=_sent_of(signed),
                consent_ids=tuple(new_id(Kind.CONSENT, now=tx.now) for _ in asked.details),
            )
            await self._require_acceptable(tx, pushed, registration.bank)  # 4
            life = _shorten(read_expiry(signed.parameters), asked, now=tx.now)
            answer = await keep_request(tx, pushed, life=life)  # 5
            await self.notices.tell(tx, _news_of(asked, registration.bank))  # 6
            return answer

    async def _spend(
        self, tx: Transaction, registration: Registration, bound: BackchannelClaims
    ) -> None:
        use = SingleUse(
            owner=registration.client.client_id,
            value=USE_LABEL + bound.jti,
            # As long as the object itself would be accepted.
            expires_at=datetime.fromtimestamp(bound.exp, UTC) + SKEW,
        )
        try:
            await spend(tx, use, self.admission)
        except NonceReplayed as error:
            raise BackchannelInvalid(BackchannelFault.OBJECT, detail=error.code) from error

    async def _require_acceptable(self, tx: Transaction, pushed: SentRequest, bank: Bank) -> None:
        for asked in list_asked(pushed, bank):
            try:
                require_licensed(bank, purposes=asked.purposes, sections=asked.sections)  # 4
                await self.consents.require_acceptable(tx, asked)  # 4
            except (Refused, Malformed) as refusal:
                raise DetailsNotAllowed(refusal.code, refusal.prose) from refusal


def _sent_of(signed: RequestObject[BackchannelClaims]) -> Sent:
    return Sent(
        body=signed.claims, base=signed.signed, signature=signed.signature, key_id=signed.key_id
    )


def _news_of(asked: BackchannelRequest, bank: Bank) -> News:
    return News(
        kind=NoticeKind.CONSENT_WAITING,
        uscc=asked.uscc,
        bank_name=bank.legal_name,
        purposes=frozenset(purpose for detail in asked.details for purpose in detail.purposes),
    )


def _shorten(life: timedelta, asked: BackchannelRequest, *, now: datetime) -> timedelta:
    """Return how long a request waits: never beyond the end of what it asks for."""
    return min(life, *(detail.valid_to - now for detail in asked.details), life)
