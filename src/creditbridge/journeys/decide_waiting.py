"""A representative answers in the portal what a bank's machine asked: yes or no, to all at once.

    access -> parties -> consents -> access -> ledger -> notices

1. The request waits for this enterprise, and this answer is the one that counts.
2. The person may speak for the enterprise, and the client may still come in.
3. Each consent that was shown is lodged and answered, and signed where the policy demands it; one
   that cannot be given refuses them all.
4. A yes makes a grant of what was given; its client fetches it with its next poll. Where other
   people have to approve, too, the request goes on waiting for them.
5. The ledger holds it all before the page says so, as it holds a refusal; of a yes everybody who
   speaks for the enterprise is told.

A yes shares one transaction: either every consent is given and the grant stands, or nothing was
done.
"""

from collections.abc import Mapping
from typing import Protocol

import msgspec
from msgspec.structs import replace

from creditbridge.access.authorization import GrantRequest
from creditbridge.access.backchannel.model import (
    RequestRefused,
    RequestUnknown,
    WaitingRequest,
)
from creditbridge.access.backchannel.service import (
    approve_request,
    get_request,
    list_requests,
    refuse_request,
    take_request,
)
from creditbridge.access.granted.model import Grant, GrantedDetail
from creditbridge.consents.approvals.model import ApproverUnfit
from creditbridge.consents.model import Consent
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
from creditbridge.journeys.records.authorizations import refused_record
from creditbridge.journeys.records.grants import granted_detail
from creditbridge.journeys.require_voice import VoiceMissing, require_voice
from creditbridge.journeys.sign_consents import NOT_SIGNED, AskedSignature, SignConsents
from creditbridge.ledger.port import Recorder
from creditbridge.notices.port import Herald
from creditbridge.parties.model import Bank
from creditbridge.parties.service import find_approval_rules, find_client
from creditbridge.parties.voices.model import VoiceRefused
from creditbridge.parties.voices.quorum import ApprovalRule


class WaitingDecision(msgspec.Struct, frozen=True, kw_only=True):
    """A person's answer to what one page showed."""

    request_id: str
    speaker: Speaker
    approves: bool
    shown: Shown = Shown()
    signature: ApproverSignature | None = None


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """A request that waits, with the bank that asks.

    `lodged` are its consents where an earlier approver has lodged them, by id; `rules` say how many
    people must approve.
    """

    request: WaitingRequest
    bank: Bank
    lodged: Mapping[str, Consent] = {}
    rules: tuple[ApprovalRule, ...] = ()


class Access(Protocol):
    """What this journey needs of the authorization server."""

    async def make_grant(
        self,
        tx: Transaction,
        request: GrantRequest,
        *,
        details: tuple[GrantedDetail, ...],
        person_id: str,
        uscc: str,
    ) -> Grant:
        """Make a grant of what was given."""
        ...


class DecideWaiting(msgspec.Struct, frozen=True, kw_only=True):
    """The journey, with the rooms it walks through."""

    database: Database
    consents: Consents
    sign_consents: SignConsents
    access: Access
    ledger: Recorder
    notices: Herald

    async def list_open(self, uscc: str) -> list[Waiting]:
        """Return up to fifty requests that wait for an enterprise, the latest first."""
        async with self.database.transaction() as tx:
            found = [await _find_bank(tx, one) for one in await list_requests(tx, uscc)]
        return [one for one in found if one is not None]

    async def show(self, request_id: str, *, uscc: str) -> Waiting:
        """Return what there is to decide, before anybody does.

        Raises:
            RequestUnknown: no such request waits for this enterprise, or no longer.
        """
        async with self.database.transaction() as tx:
            found = await _with_bank(tx, await get_request(tx, request_id, uscc=uscc))
            ids = found.request.pushed.consent_ids
            lodged = [
                await self.consents.find_given_consent(tx, consent_id=one, uscc=uscc) for one in ids
            ]
            return replace(
                found,
                lodged={one.consent_id: one for one in lodged if one is not None},
                rules=await find_approval_rules(tx, uscc),
            )

    async def ask(self, waiting: Waiting, decision: WaitingDecision) -> AskedSignature | None:
        """Return what a passkey is asked to sign for a yes; None where it goes without.

        Raises:
            Refused, Malformed: what was asked cannot be given, or a passkey is needed and none may
                sign now; the request goes on waiting.
        """
        speaker = decision.speaker
        async with self.database.transaction() as tx:
            uscc = speaker.enterprise.uscc
            await require_voice(tx, speaker.session.person_id, uscc)  # 2
            listed = list_asked(waiting.request.pushed, waiting.bank)
            drafted = await draft_asked(  # 3
                tx, self.consents, listed, speaker, decision.shown, waiting.lodged
            )
            subject = waiting.request.request_id
            return await self.sign_consents.ask(tx, speaker.session, drafted, subject=subject)

    async def __call__(self, decision: WaitingDecision) -> bool:
        """Walk the steps above, in order; tell whether the request was decided by this answer.

        Raises:
            RequestUnknown: no such request waits for this enterprise, or no longer.
            VoiceMissing, VoiceRefused, ApproverUnfit: another person has to; nothing is decided.
            PasskeyUnfit, ApprovalInvalid: they must sign first, or anew; nothing is decided.
            Refused, Malformed: what was asked cannot be given; the request ends with that.
        """
        try:
            async with self.database.transaction() as tx:
                open_to = await self._take(tx, decision)  # 1, 2
                if decision.approves:
                    return await self._approve(tx, decision, open_to)  # 3, 4, 5
                await self._refuse(tx, decision, open_to)  # 3, 5
                return True
        except (RequestUnknown, VoiceMissing, VoiceRefused, ApproverUnfit, *NOT_SIGNED):
            raise
        except (Refused, Malformed) as refusal:
            await self._turn_away(decision, refusal)  # 1, 5
            raise

    async def _take(self, tx: Transaction, decision: WaitingDecision) -> OpenTo:
        speaker = decision.speaker
        uscc = speaker.enterprise.uscc
        found = await _with_bank(
            tx,
            await take_request(tx, decision.request_id, uscc=uscc),  # 1
        )
        pushed, bank = found.request.pushed, found.bank
        circle = await read_circle(tx, uscc=uscc, bank_uscc=bank.uscc)  # 2
        person = await require_voice(tx, speaker.session.person_id, uscc)  # 2
        return OpenTo(
            pushed=pushed,
            bank=bank,
            asked=begin_asked(list_asked(pushed, bank), decision.signature, now=tx.now),
            person=person,
            speaker=speaker,
            circle=circle,
            signature=decision.signature,
        )

    async def _approve(self, tx: Transaction, decision: WaitingDecision, open_to: OpenTo) -> bool:
        session = decision.speaker.session
        answered = await give_asked(tx, self.consents, open_to, decision.shown)  # 3
        await self.sign_consents.require(  # 3
            tx, decision.signature, answered.proposed, session.person_id
        )
        if not answered.is_whole:
            # C6: the request goes on waiting until the last of them has approved.
            await record_countersigned(tx, self.ledger, open_to, answered)  # 5
            return False
        grant = await self.access.make_grant(  # 4
            tx,
            open_to.pushed.request,
            details=tuple(map(granted_detail, answered.after)),
            person_id=session.person_id,
            uscc=decision.speaker.enterprise.uscc,
        )
        await approve_request(  # 4
            tx,
            decision.request_id,
            grant_id=grant.grant_id,
            authenticated_at=session.signed_in_at,
        )
        told = Told(ledger=self.ledger, notices=self.notices)
        await record_given(tx, told, open_to, answered, grant)  # 5
        return True

    async def _refuse(self, tx: Transaction, decision: WaitingDecision, open_to: OpenTo) -> None:
        answered = await refuse_asked(tx, self.consents, open_to)  # 3
        await refuse_request(tx, decision.request_id)
        await record_refused(tx, self.ledger, open_to, answered, RequestRefused.code)  # 5

    async def _turn_away(self, decision: WaitingDecision, refusal: Refused | Malformed) -> None:
        uscc = decision.speaker.enterprise.uscc
        # A no stays one, whatever else stood in its way.
        code = refusal.code if decision.approves else RequestRefused.code
        async with self.database.transaction() as tx:
            taken = await take_request(tx, decision.request_id, uscc=uscc)  # 1
            found = await _with_bank(tx, taken)
            await refuse_request(tx, decision.request_id)
            await self.ledger.record(  # 5
                tx, refused_record(found.request.pushed, found.bank, code)
            )


async def _find_bank(tx: Transaction, request: WaitingRequest) -> Waiting | None:
    # Since it asked, a client may have been shut out: then there is nobody to be answered.
    registration = await find_client(tx, request.pushed.request.client_id)  # 2
    return None if registration is None else Waiting(request=request, bank=registration.bank)


async def _with_bank(tx: Transaction, request: WaitingRequest) -> Waiting:
    found = await _find_bank(tx, request)
    if found is None:
        raise RequestUnknown(detail="a client that may ask no more")
    return found
