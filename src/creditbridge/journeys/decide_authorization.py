"""A representative answers what a bank asks in the browser: yes or no, to all of it at once.

    access -> parties -> consents -> access -> ledger

1. The request is spent by this answer: of two answers, one counts.
2. The person signed in for it, and may speak for the enterprise that it is about.
3. Each consent that was shown is lodged and answered; one that cannot be given refuses them all.
4. A yes makes a grant of what was given, and the code that brings it.
5. The ledger holds it all before the browser is sent back, as it holds a refusal.

A yes shares one transaction: either every consent is given and a code is out, or nothing was done.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from creditbridge.access.authorization import AuthorizationRequest
from creditbridge.access.granted.model import GrantedDetail, IssuedCode
from creditbridge.access.model import OAuthError
from creditbridge.access.pushed.model import (
    AccessDenied,
    DetailsNotAllowed,
    EnterpriseForeign,
    OpenedRequest,
    PushedRequest,
    RequestUriInvalid,
)
from creditbridge.access.pushed.service import spend_request
from creditbridge.consents.acts import Approval, ConsentRequest, Refusal
from creditbridge.consents.model import Consent
from creditbridge.foundation.database import Database, Transaction
from creditbridge.foundation.errors import Malformed, Refused
from creditbridge.journeys.asked_consents import begin_in_time, list_asked
from creditbridge.journeys.open_authorization import Asking, require_asker
from creditbridge.journeys.records.authorizations import asked_record, name_bank, refused_record
from creditbridge.journeys.records.consents import approval_record, end_record
from creditbridge.journeys.records.grants import granted_detail, made_records
from creditbridge.journeys.require_voice import VoiceMissing, require_voice
from creditbridge.ledger.model import EnterpriseName, EventKind, PersonName, Record
from creditbridge.ledger.port import Recorder
from creditbridge.login.model import Session
from creditbridge.parties.model import Bank, ResponseMode, Role


class SignInStale(Refused):
    """The person signed in before the request was opened: not for it."""

    code = "sign-in-stale"
    message = "Please sign in for this request."


class Speaker(msgspec.Struct, frozen=True, kw_only=True):
    """Who is signed in, in which session, and for which enterprise."""

    session: Session
    role: Role
    enterprise: EnterpriseName


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """A person's answer to what one page showed; `text_digest` is the page's SHA-256, 32 bytes."""

    asking: Asking
    speaker: Speaker
    approves: bool
    template_id: str = ""
    template_version: str = ""
    text_digest: bytes = b""


class BrowserAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What the browser takes back to the client, by the address and in the mode of its request."""

    request: AuthorizationRequest
    parameters: Mapping[str, str]


class Consents(Protocol):
    """What this journey needs of the consents."""

    async def request_consent(self, tx: Transaction, request: ConsentRequest) -> Consent:
        """Lodge a request that keeps every ceiling."""
        ...

    async def approve(self, tx: Transaction, approval: Approval) -> Consent:
        """Make the consent active, with its signed artefact."""
        ...

    async def refuse(self, tx: Transaction, refusal: Refusal) -> Consent:
        """End the request."""
        ...


class Access(Protocol):
    """What this journey needs of the authorization server."""

    async def issue_code(
        self,
        tx: Transaction,
        request: AuthorizationRequest,
        *,
        details: tuple[GrantedDetail, ...],
        person_id: str,
        uscc: str,
        authenticated_at: datetime,
    ) -> IssuedCode:
        """Make a grant of what was given, and the code that brings it."""
        ...


class DecideAuthorization(msgspec.Struct, frozen=True, kw_only=True):
    """The journey, with the rooms it walks through; `modes` are the response modes served."""

    database: Database
    modes: frozenset[ResponseMode]
    consents: Consents
    access: Access
    ledger: Recorder

    async def __call__(self, decision: Decision) -> BrowserAnswer:
        """Walk the steps above, in order.

        Raises:
            RequestUriInvalid: no such open request: there is nobody to be answered.
            SignInStale: the person must sign in first; nothing is spent.
        """
        try:
            async with self.database.transaction() as tx:
                open_to = await self._take(tx, decision)  # 1, 2
                if decision.approves:
                    return await self._approve(tx, decision, open_to)  # 3, 4, 5
                return await self._refuse(tx, decision, open_to)  # 3, 5
        except (RequestUriInvalid, SignInStale):
            raise
        except (Refused, Malformed) as refusal:
            return await self._turn_away(decision, refusal)  # 1, 5

    async def _take(self, tx: Transaction, decision: Decision) -> "OpenTo":
        opened, bank = await self._spend(tx, decision.asking)  # 1
        speaker = decision.speaker
        # An act of this weight asks for the person anew: a session that lies open is no consent.
        if not speaker.session.began_anew_after(opened.opened_at):
            raise SignInStale
        uscc = speaker.enterprise.uscc
        person = await require_voice(tx, speaker.session.person_id, uscc)  # 2
        asked = list_asked(opened.pushed, bank)
        if any(one.uscc != uscc for one in asked):
            raise EnterpriseForeign
        return OpenTo(
            pushed=opened.pushed,
            bank=bank,
            asked=tuple(begin_in_time(one, now=tx.now) for one in asked),
            person=person,
        )

    async def _spend(self, tx: Transaction, asking: Asking) -> tuple[OpenedRequest, Bank]:
        opened = await spend_request(tx, client_id=asking.client_id, request_uri=asking.request_uri)
        return opened, await require_asker(tx, opened, self.modes)

    async def _approve(
        self, tx: Transaction, decision: Decision, open_to: "OpenTo"
    ) -> BrowserAnswer:
        pushed, speaker, person = open_to.pushed, decision.speaker, open_to.person
        lodged = [await self.consents.request_consent(tx, one) for one in open_to.asked]  # 3
        given = [
            await self.consents.approve(tx, _approval_of(consent, decision))  # 3
            for consent in lodged
        ]
        issued = await self.access.issue_code(  # 4
            tx,
            pushed.request,
            details=tuple(map(granted_detail, given)),
            person_id=speaker.session.person_id,
            uscc=speaker.enterprise.uscc,
            authenticated_at=speaker.session.signed_in_at,
        )
        records = [asked_record(pushed, open_to.bank, consent) for consent in lodged]
        records += [approval_record(consent, person) for consent in given]
        records += made_records(
            issued.grant,
            bank=name_bank(open_to.bank),
            enterprise=speaker.enterprise,
            person=person,
        )
        await self._record(tx, records)  # 5
        return BrowserAnswer(request=pushed.request, parameters={"code": issued.secret})

    async def _refuse(
        self, tx: Transaction, decision: Decision, open_to: "OpenTo"
    ) -> BrowserAnswer:
        pushed, person = open_to.pushed, open_to.person
        lodged = [await self.consents.request_consent(tx, one) for one in open_to.asked]  # 3
        refused = [
            await self.consents.refuse(tx, _refusal_of(consent, decision))
            for consent in lodged  # 3
        ]
        records = [asked_record(pushed, open_to.bank, consent) for consent in lodged]
        records += [end_record(EventKind.CONSENT_REFUSED, consent, person) for consent in refused]
        denied = AccessDenied()
        records.append(
            refused_record(
                pushed,
                open_to.bank,
                denied.code,
                enterprise=decision.speaker.enterprise,
                person=person,
            )
        )
        await self._record(tx, records)  # 5
        return BrowserAnswer(request=pushed.request, parameters=denied.to_answer())

    async def _turn_away(self, decision: Decision, refusal: Refused | Malformed) -> BrowserAnswer:
        denied = _denial_of(decision, refusal)
        code = refusal.code if decision.approves else denied.code
        async with self.database.transaction() as tx:
            opened, bank = await self._spend(tx, decision.asking)  # 1
            await self.ledger.record(tx, refused_record(opened.pushed, bank, code))  # 5
        return BrowserAnswer(request=opened.pushed.request, parameters=denied.to_answer())

    async def _record(self, tx: Transaction, records: Sequence[Record]) -> None:
        for record in records:
            await self.ledger.record(tx, record)


class OpenTo(msgspec.Struct, frozen=True, kw_only=True):
    """A spent request, in the hands of the person who answers it."""

    pushed: PushedRequest
    bank: Bank
    asked: tuple[ConsentRequest, ...]
    person: PersonName


def _denial_of(decision: Decision, refusal: Refused | Malformed) -> OAuthError:
    """Return what the client is told where an answer could not be carried out."""
    if isinstance(refusal, OAuthError):
        return refusal
    if isinstance(refusal, VoiceMissing):
        return EnterpriseForeign()
    # A no stays one, whatever else stood in its way.
    if not decision.approves:
        return AccessDenied()
    return DetailsNotAllowed(refusal.code, refusal.prose)


def _approval_of(consent: Consent, decision: Decision) -> Approval:
    speaker = decision.speaker
    return Approval(
        consent_id=consent.consent_id,
        version=consent.version,
        uscc=speaker.enterprise.uscc,
        person_id=speaker.session.person_id,
        role=speaker.role,
        template_id=decision.template_id,
        template_version=decision.template_version,
        text_digest=decision.text_digest,
    )


def _refusal_of(consent: Consent, decision: Decision) -> Refusal:
    speaker = decision.speaker
    return Refusal(
        consent_id=consent.consent_id,
        version=consent.version,
        uscc=speaker.enterprise.uscc,
        person_id=speaker.session.person_id,
        role=speaker.role,
    )
