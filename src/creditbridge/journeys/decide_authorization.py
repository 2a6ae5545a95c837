"""A representative answers what a bank asks in the browser: yes or no, to all of it at once.

    access -> parties -> consents -> access -> ledger -> notices

1. The request is spent by this answer: of two answers, one counts.
2. The person signed in for it, and may speak for the enterprise that it is about.
3. Each consent that was shown is lodged and answered, and signed where the policy demands it; one
   that cannot be given refuses them all.
4. A yes makes a grant of what was given, and the code that brings it; where other people have to
   approve, too, the consents wait for them in the portal, and the client hears which they are.
5. The ledger holds it all before the browser is sent back, as it holds a refusal; of a
   yes everybody who speaks for the enterprise is told.

A yes shares one transaction: either every consent is given and a code is out, or nothing was done.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

import msgspec

from creditbridge.access.authorization import AuthorizationRequest
from creditbridge.access.granted.model import GrantedDetail, IssuedCode
from creditbridge.access.model import OAuthError
from creditbridge.access.pushed.model import (
    AccessDenied,
    ApprovalsMissing,
    DetailsNotAllowed,
    EnterpriseForeign,
    OpenedRequest,
    PushedRequest,
    RequestUriInvalid,
)
from creditbridge.access.pushed.service import spend_request
from creditbridge.consents.approvals.model import ApproverUnfit
from creditbridge.foundation.database import Database, Transaction
from creditbridge.foundation.errors import Malformed, Refused
from creditbridge.journeys.answered_consents import (
    Consents,
    OpenTo,
    Shown,
    Speaker,
    Told,
    begin_asked,
    draft_asked,
    give_asked,
    record_countersigned,
    record_given,
    record_refused,
    refuse_asked,
)
from creditbridge.journeys.approver_signature import ApproverSignature
from creditbridge.journeys.approving_circle import read_circle
from creditbridge.journeys.asked_consents import list_asked
from creditbridge.journeys.open_authorization import Asked, Asking, require_asker
from creditbridge.journeys.records.authorizations import refused_record
from creditbridge.journeys.records.grants import granted_detail
from creditbridge.journeys.require_voice import VoiceMissing, require_voice
from creditbridge.journeys.sign_consents import NOT_SIGNED, AskedSignature, SignConsents
from creditbridge.ledger.port import Recorder
from creditbridge.notices.port import Herald
from creditbridge.parties.model import Bank, ResponseMode
from creditbridge.parties.voices.model import VoiceRefused


class SignInStale(Refused):
    """The person signed in before the request was opened: not for it."""

    code = "sign-in-stale"
    message = "Please sign in for this request."


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """A person's answer to what one page showed."""

    asking: Asking
    speaker: Speaker
    approves: bool
    shown: Shown = Shown()
    signature: ApproverSignature | None = None


class BrowserAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What the browser takes back to the client, by the address and in the mode of its request."""

    request: AuthorizationRequest
    parameters: Mapping[str, str]


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
    sign_consents: SignConsents
    access: Access
    ledger: Recorder
    notices: Herald

    async def ask(self, asked: Asked, decision: Decision) -> AskedSignature | None:
        """Return what a passkey is asked to sign for a yes; None where it goes without.

        Raises:
            Refused, Malformed: what was asked cannot be given, or a passkey is needed and none may
                sign now; nothing is spent.
        """
        speaker = decision.speaker
        async with self.database.transaction() as tx:
            uscc = speaker.enterprise.uscc
            await require_voice(tx, speaker.session.person_id, uscc)  # 2
            listed = list_asked(asked.opened.pushed, asked.bank)
            drafted = await draft_asked(  # 3
                tx, self.consents, listed, speaker, decision.shown
            )
            subject = asked.asking.request_uri
            return await self.sign_consents.ask(tx, speaker.session, drafted, subject=subject)

    async def __call__(self, decision: Decision) -> BrowserAnswer:
        """Walk the steps above, in order.

        Raises:
            RequestUriInvalid: no such open request: there is nobody to be answered.
            SignInStale: the person must sign in first; nothing is spent.
            VoiceRefused, ApproverUnfit: another person has to answer; nothing is spent.
            PasskeyUnfit, ApprovalInvalid: the person must sign first, or anew; nothing is spent.
        """
        try:
            async with self.database.transaction() as tx:
                opened, open_to = await self._take(tx, decision)  # 1, 2
                if decision.approves:
                    return await self._approve(tx, decision, opened, open_to)  # 3, 4, 5
                return await self._refuse(tx, opened, open_to)  # 3, 5
        except (RequestUriInvalid, SignInStale, VoiceRefused, ApproverUnfit, *NOT_SIGNED):
            raise
        except (Refused, Malformed) as refusal:
            return await self._turn_away(decision, refusal)  # 1, 5

    async def _take(self, tx: Transaction, decision: Decision) -> tuple[PushedRequest, OpenTo]:
        opened, bank = await self._spend(tx, decision.asking)  # 1
        speaker = decision.speaker
        # An act of this weight asks for the person anew: a session that lies open is no consent.
        if not speaker.session.began_anew_after(opened.opened_at):
            raise SignInStale
        uscc = speaker.enterprise.uscc
        circle = await read_circle(tx, uscc=uscc, bank_uscc=bank.uscc)  # 2
        person = await require_voice(tx, speaker.session.person_id, uscc)  # 2
        asked = list_asked(opened.pushed, bank)
        if any(one.uscc != uscc for one in asked):
            raise EnterpriseForeign
        open_to = OpenTo(
            pushed=opened.pushed,
            bank=bank,
            asked=begin_asked(asked, decision.signature, now=tx.now),
            person=person,
            speaker=speaker,
            circle=circle,
            signature=decision.signature,
        )
        return opened.pushed, open_to

    async def _spend(self, tx: Transaction, asking: Asking) -> tuple[OpenedRequest, Bank]:
        opened = await spend_request(tx, client_id=asking.client_id, request_uri=asking.request_uri)
        return opened, await require_asker(tx, opened, self.modes)

    async def _approve(
        self, tx: Transaction, decision: Decision, opened: PushedRequest, open_to: OpenTo
    ) -> BrowserAnswer:
        speaker = decision.speaker
        answered = await give_asked(tx, self.consents, open_to, decision.shown)  # 3
        await self.sign_consents.require(  # 3
            tx, decision.signature, answered.proposed, speaker.session.person_id
        )
        if not answered.is_whole:
            # Z10: the consents wait for the others in the portal; the bank follows them there.
            await record_countersigned(tx, self.ledger, open_to, answered)  # 5
            denied = ApprovalsMissing.of(one.consent_id for one in answered.after)
            return BrowserAnswer(request=opened.request, parameters=denied.to_answer())
        issued = await self.access.issue_code(  # 4
            tx,
            opened.request,
            details=tuple(map(granted_detail, answered.after)),
            person_id=speaker.session.person_id,
            uscc=speaker.enterprise.uscc,
            authenticated_at=speaker.session.signed_in_at,
        )
        told = Told(ledger=self.ledger, notices=self.notices)
        await record_given(tx, told, open_to, answered, issued.grant)  # 5
        return BrowserAnswer(request=opened.request, parameters={"code": issued.secret})

    async def _refuse(
        self, tx: Transaction, opened: PushedRequest, open_to: OpenTo
    ) -> BrowserAnswer:
        answered, denied = await refuse_asked(tx, self.consents, open_to), AccessDenied()  # 3
        await record_refused(tx, self.ledger, open_to, answered, denied.code)  # 5
        return BrowserAnswer(request=opened.request, parameters=denied.to_answer())

    async def _turn_away(self, decision: Decision, refusal: Refused | Malformed) -> BrowserAnswer:
        denied = _denial_of(decision, refusal)
        code = refusal.code if decision.approves else denied.code
        async with self.database.transaction() as tx:
            opened, bank = await self._spend(tx, decision.asking)  # 1
            await self.ledger.record(tx, refused_record(opened.pushed, bank, code))  # 5
        return BrowserAnswer(request=opened.pushed.request, parameters=denied.to_answer())


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
