"""What one yes or no does to every consent that a bank asks for, wherever it is said."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Protocol

import msgspec
from msgspec.structs import replace

from creditbridge.access.backchannel.model import SentRequest
from creditbridge.access.granted.model import Grant
from creditbridge.access.pushed.model import PushedRequest
from creditbridge.consents.acts import Approval, ConsentRequest, Refusal
from creditbridge.consents.approvals.model import Approved, Circle
from creditbridge.consents.approvals.service import note_approval
from creditbridge.consents.model import Consent, ConsentState
from creditbridge.foundation.database import Transaction
from creditbridge.journeys.approver_signature import ApproverSignature
from creditbridge.journeys.approving_circle import ApprovingCircle
from creditbridge.journeys.asked_consents import begin_in_time
from creditbridge.journeys.records.authorizations import asked_record, name_bank, refused_record
from creditbridge.journeys.records.consents import answered_record, end_record
from creditbridge.journeys.records.grants import made_records
from creditbridge.journeys.records.news import given_news
from creditbridge.journeys.superseding import end_superseded
from creditbridge.ledger.model import EnterpriseName, EventKind, PersonName, Record
from creditbridge.ledger.port import Recorder
from creditbridge.login.model import Session
from creditbridge.notices.port import Herald
from creditbridge.parties.model import Bank, Role
from creditbridge.profile.codes import SectionCode
from creditbridge.profile.consent_policy import Passkey


class Consents(Protocol):
    """What an answer needs of the consents."""

    async def request_consent(self, tx: Transaction, request: ConsentRequest) -> Consent:
        """Lodge a request that keeps every ceiling."""
        ...

    async def draft_consent(
        self, tx: Transaction, request: ConsentRequest, *, now: datetime
    ) -> Consent:
        """Return a request as it would be lodged."""
        ...

    def preview_draft(self, draft: Consent, approval: Approval, *, now: datetime) -> Consent:
        """Return what an approval would make of it."""
        ...

    async def find_given_consent(
        self, tx: Transaction, *, consent_id: str, uscc: str
    ) -> Consent | None:
        """Return a consent that the enterprise was asked for."""
        ...

    async def approve(self, tx: Transaction, approval: Approval, circle: Circle) -> Approved:
        """Keep one person's yes; the last that is needed makes the consent active."""
        ...

    async def refuse(self, tx: Transaction, refusal: Refusal) -> Consent:
        """End the request."""
        ...


class Speaker(msgspec.Struct, frozen=True, kw_only=True):
    """Who is signed in, in which session, and for which enterprise."""

    session: Session
    role: Role
    enterprise: EnterpriseName


class Chosen(msgspec.Struct, frozen=True, kw_only=True):
    """What a person made of the one consent on a page; None: as it was asked for."""

    sections: frozenset[SectionCode] | None = None
    valid_to: datetime | None = None
    max_queries: int | None = None


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """The page that a person read; `text_digest` is the SHA-256 of its bytes, `text`, 32 bytes.

    `chosen` is for a page of one consent; one of several is answered as a whole.
    """

    template_id: str = ""
    template_version: str = ""
    text_digest: bytes = b""
    text: bytes = b""
    chosen: Chosen = Chosen()


class OpenTo(msgspec.Struct, frozen=True, kw_only=True):
    """A request that is being decided, in the hands of the person who answers it."""

    pushed: PushedRequest | SentRequest
    bank: Bank
    asked: tuple[ConsentRequest, ...]
    person: PersonName
    speaker: Speaker
    circle: ApprovingCircle
    signature: ApproverSignature | None = None


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """The consents that this answer lodged, and all of them as they are after it.

    `approved` says what came of each yes.
    """

    lodged: tuple[Consent, ...]
    after: tuple[Consent, ...]
    approved: tuple[Approved, ...] = ()

    @property
    def proposed(self) -> tuple[Consent, ...]:
        """What this yes would make of each consent, and what its signature is over."""
        return tuple(one.proposed for one in self.approved)

    @property
    def is_whole(self) -> bool:
        """Whether every consent is given; else others have to approve, too."""
        return all(one.state is ConsentState.ACTIVE for one in self.after)


async def draft_asked(
    tx: Transaction,
    consents: Consents,
    asked: Sequence[ConsentRequest],
    speaker: Speaker,
    shown: Shown,
    lodged: Mapping[str, Consent] = MappingProxyType({}),
) -> tuple[Consent, ...]:
    """Return each consent as a yes at the transaction's instant would give it; none is lodged.

    What an earlier approver has lodged is as it was lodged; what is given already needs no yes.

    Raises:
        Refused, Malformed: one of them cannot be lodged.
    """
    now = tx.now
    drafted = list[Consent]()
    for one in asked:
        known = lodged.get(one.consent_id or "")
        if known is None:
            known = await consents.draft_consent(tx, begin_in_time(one, now=now), now=now)
        if known.state is not ConsentState.ACTIVE:
            drafted.append(known)
    return tuple(
        consents.preview_draft(one, _approval_of(one, speaker, shown), now=now) for one in drafted
    )


def begin_asked(
    asked: Sequence[ConsentRequest], signature: ApproverSignature | None, *, now: datetime
) -> tuple[ConsentRequest, ...]:
    """Return the requests as of the instant that counts: that of the signature, where one is."""
    if signature is None:
        return tuple(begin_in_time(one, now=now) for one in asked)
    # The artefact names when it was asked for: as of now it would be another than was signed.
    signed_at = signature.proven.signing.made_at
    return tuple(replace(begin_in_time(one, now=signed_at), asked_at=signed_at) for one in asked)


async def give_asked(
    tx: Transaction, consents: Consents, open_to: OpenTo, shown: Shown
) -> Answered:
    """Lodge each consent that an earlier approver has not, and approve it.

    Raises:
        Refused, Malformed: one of them cannot be given; the transaction is to be given up.
    """
    lodged, found = await _lodge(tx, consents, open_to)
    after, approved = list[Consent](), list[Approved]()
    for consent in found:
        # One person was enough for it, where others of the same request need more.
        if consent.state is ConsentState.ACTIVE:
            after.append(consent)
            continue
        yes = _approval_of(consent, open_to.speaker, shown, open_to.signature)
        approved.append(await consents.approve(tx, yes, open_to.circle))
        after.append(approved[-1].consent)
    return Answered(lodged=lodged, after=tuple(after), approved=tuple(approved))


async def refuse_asked(tx: Transaction, consents: Consents, open_to: OpenTo) -> Answered:
    """Lodge each consent and refuse it: that it was asked for stays known.

    Raises:
        Refused, Malformed: one of them cannot even be lodged.
    """
    lodged, found = await _lodge(tx, consents, open_to)
    refusals = [_refusal_of(consent, open_to.speaker) for consent in found]
    refused = [await consents.refuse(tx, refusal) for refusal in refusals]
    return Answered(lodged=lodged, after=tuple(refused))


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """Who hears of a yes: the ledger, and the enterprise."""

    ledger: Recorder
    notices: Herald


async def record_given(
    tx: Transaction, told: Told, open_to: OpenTo, answered: Answered, grant: Grant
) -> None:
    """Write what was asked, given, and made of it, end what it takes the place of, tell it."""
    person = open_to.person
    superseded = await end_superseded(tx, answered.after)
    records = _asked_records(open_to, answered)
    records += [answered_record(one, person, open_to.signature) for one in answered.approved]
    records += made_records(
        grant,
        bank=name_bank(open_to.bank),
        enterprise=open_to.speaker.enterprise,
        person=person,
    )
    records += [record for ended in superseded for record in ended.to_records(person)]
    await _record(tx, told.ledger, records)
    for news in given_news(answered.after, [ended.consent for ended in superseded]):
        await told.notices.tell(tx, news)


async def record_countersigned(
    tx: Transaction, ledger: Recorder, open_to: OpenTo, answered: Answered
) -> None:
    """Write what was asked, and one person's yes to it, for others to approve as well."""
    await _record(tx, ledger, _asked_records(open_to, answered))
    for one in answered.approved:
        record = answered_record(one, open_to.person, open_to.signature)
        recorded = await ledger.record(tx, record)
        await note_approval(tx, one.mine, recorded.event_id)


async def record_refused(
    tx: Transaction, ledger: Recorder, open_to: OpenTo, answered: Answered, code: str
) -> None:
    """Write what was asked, and that a person said no to it."""
    person = open_to.person
    records = _asked_records(open_to, answered)
    ended = EventKind.CONSENT_REFUSED
    records += [end_record(ended, consent, person) for consent in answered.after]
    records.append(
        refused_record(
            open_to.pushed,
            open_to.bank,
            code,
            enterprise=open_to.speaker.enterprise,
            person=person,
        )
    )
    await _record(tx, ledger, records)


async def _lodge(
    tx: Transaction, consents: Consents, open_to: OpenTo
) -> tuple[tuple[Consent, ...], tuple[Consent, ...]]:
    """Return the consents that were not lodged before, and all of them in their order."""
    lodged, found, uscc = list[Consent](), list[Consent](), open_to.speaker.enterprise.uscc
    for one in open_to.asked:
        known = None
        if one.consent_id is not None:
            known = await consents.find_given_consent(tx, consent_id=one.consent_id, uscc=uscc)
        if known is None:
            known = await consents.request_consent(tx, one)
            lodged.append(known)
        found.append(known)
    return tuple(lodged), tuple(found)


def _asked_records(open_to: OpenTo, answered: Answered) -> list[Record]:
    return [asked_record(open_to.pushed, open_to.bank, consent) for consent in answered.lodged]


async def _record(tx: Transaction, ledger: Recorder, records: Sequence[Record]) -> None:
    for record in records:
        await ledger.record(tx, record)


def _approval_of(
    consent: Consent, speaker: Speaker, shown: Shown, signature: ApproverSignature | None = None
) -> Approval:
    return Approval(
        consent_id=consent.consent_id,
        version=consent.version,
        uscc=speaker.enterprise.uscc,
        person_id=speaker.session.person_id,
        role=speaker.role,
        template_id=shown.template_id,
        template_version=shown.template_version,
        text_digest=shown.text_digest,
        text=shown.text,
        sections=shown.chosen.sections,
        valid_to=shown.chosen.valid_to,
        max_queries=shown.chosen.max_queries,
        passkey=Passkey.NONE if signature is None else signature.kind,
    )


def _refusal_of(consent: Consent, speaker: Speaker) -> Refusal:
    return Refusal(
        consent_id=consent.consent_id,
        version=consent.version,
        uscc=speaker.enterprise.uscc,
        person_id=speaker.session.person_id,
        role=speaker.role,
    )
