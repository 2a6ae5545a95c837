"""Natural persons' own consents: asked for, given, taken back, held while a report rests on them.

Every method takes the caller's transaction; what is written holds when that commits. Consents of
persons are locked after the enterprise's consent and before the ledger's counters.
"""

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Sequence

from msgspec.structs import replace

from creditbridge.consents.model import Asked, ConsentState, Coverage
from creditbridge.consents.persons import rules, store
from creditbridge.consents.persons.artefact import artefact_message, encode_artefact
from creditbridge.consents.persons.model import (
    PersonAct,
    PersonConsent,
    PersonConsentUnknown,
    PersonRequest,
    PersonUse,
    PersonYes,
)
from creditbridge.consents.service import AuthorizationTaken, ConsentBusy
from creditbridge.foundation.database import Transaction
from creditbridge.foundation.ids import Kind, is_id, new_id
from creditbridge.foundation.keys import Signers
from creditbridge.parties.model import Role
from creditbridge.parties.service import find_representative, get_person
from creditbridge.profile.codes import KeyPosition, SectionCode
from creditbridge.profile.persons import WHOLLY_PERSONAL, CoveredPerson

PAGE_ROWS_MAX = 100
# What the identity service's word makes a person: an agent holds no key position by it.
POSITIONS = {Role.LEGAL_REP: (KeyPosition.LEGAL_REP,), Role.AGENT: ()}


async def ask(tx: Transaction, request: PersonRequest) -> PersonConsent:
    """Lodge what a bank asks of whoever holds a position.

    Raises:
        Refused: beyond what natural persons can be asked, or the bank's number is taken.
    """
    rules.require_askable(request, now=tx.now)
    asked = PersonConsent(
        person_consent_id=new_id(Kind.PERSON_CONSENT, now=tx.now),
        version=1,
        state=ConsentState.REQUESTED,
        bank_id=request.bank_id,
        bank_uscc=request.bank_uscc,
        bank_name=request.bank_name,
        uscc=request.uscc,
        name=request.name,
        position=request.position,
        purposes=request.purposes,
        sections=request.sections,
        authorization_no=request.authorization_no,
        requested_at=tx.now,
        lapses_at=min(tx.now + rules.LAPSE, request.valid_to),
        valid_to=request.valid_to,
    )
    if not await store.add(tx, asked):
        raise AuthorizationTaken
    return asked


async def agree(
    tx: Transaction, yes: PersonYes, signers: Signers, *, uscc: str, role: Role
) -> PersonConsent:
    """Make a request this person's live consent, signed by the house.

    Raises:
        Refused: unknown to this person, closed, changed, or wider than asked.
    """
    found = await _lock(tx, yes.person_consent_id, yes.person_id, uscc=uscc, role=role)
    given = rules.agree(found, yes, now=tx.now)
    artefact = encode_artefact(given, text_digest=_to_text(yes.text_digest))
    signer = signers.current()
    return await _move(
        tx,
        replace(
            given,
            artefact=artefact,
            artefact_signature=signer.sign(artefact_message(artefact)),
            artefact_key_id=signer.key.key_id,
        ),
    )


async def decline(tx: Transaction, no: PersonAct, *, uscc: str, role: Role) -> PersonConsent:
    """End a request with this person's no.

    Raises:
        Refused: unknown to this person, or closed.
    """
    found = await _lock(tx, no.person_consent_id, no.person_id, uscc=uscc, role=role)
    return await _move(tx, rules.decline(found, no, now=tx.now))


async def withdraw(tx: Transaction, act: PersonAct, *, uscc: str, role: Role) -> PersonConsent:
    """End a consent at once: from the commit on no report shows this person, and none is delivered.

    Raises:
        Refused: unknown to this person, never given, or ended before.
    """
    found = await _lock(tx, act.person_consent_id, act.person_id, uscc=uscc, role=role)
    return await _move(tx, rules.withdraw(found, act, now=tx.now))


async def cover_persons(
    tx: Transaction, asked: Asked, coverage: Coverage, report_id: str
) -> Coverage:
    """Return the coverage with whose own consents cover the look, and keep that it rests on them.

    They stay as they are until this transaction ends. Nobody where no purpose is named for persons.

    Raises:
        PersonPurposeMismatch: a purpose of the enterprise table.
    """
    if asked.person_purpose is None:
        return coverage
    # Before anything is locked: a wrong word costs nobody anything.
    rules.require_purpose(asked.person_purpose)
    live = await store.hold_live(tx, bank_id=asked.bank_id, uscc=asked.uscc)
    # Where a person is named beside the enterprise's data, the enterprise opens the section.
    reach = asked.sections & (coverage.sections | WHOLLY_PERSONAL)
    covering = rules.select_covering(live, asked.person_purpose, reach, now=tx.now)
    covered = [one for each in covering if (one := await _cover(tx, each, reach)) is not None]
    if covered:
        await store.note_uses(tx, report_id, [one.person_consent_id for one in covered])
    return replace(coverage, persons=tuple(covered))


async def hold_persons(tx: Transaction, persons: Sequence[CoveredPerson]) -> None:
    """Hold the consents that an answer rests on; their withdrawal waits for this transaction.

    Raises:
        PersonConsentEnded: one of them stands no more.
    """
    if not persons:
        return
    needed = [one.person_consent_id for one in persons]
    held = await store.hold(tx, needed)
    rules.require_all_standing(held, needed, now=tx.now)


async def hold_persons_of(tx: Transaction, report_id: str) -> list[str]:
    """Hold the consents that a kept answer rests on, and return their ids.

    Raises:
        PersonConsentEnded: one of them stands no more.
    """
    held = await store.hold_used(tx, report_id)
    needed = [one.person_consent_id for one in held]
    rules.require_all_standing(held, needed, now=tx.now)
    return needed


async def get_of_bank(tx: Transaction, *, person_consent_id: str, bank_id: str) -> PersonConsent:
    """Return a bank's own.

    Raises:
        PersonConsentUnknown: there is none, or it is another bank's.
    """
    found = None
    if is_id(Kind.PERSON_CONSENT, person_consent_id):
        found = await store.find_of_bank(tx, person_consent_id=person_consent_id, bank_id=bank_id)
    return _require(found)


async def get_of_person(
    tx: Transaction, person_consent_id: str, *, person_id: str, uscc: str, role: Role
) -> PersonConsent:
    """Return what a person is asked for, or has answered.

    Raises:
        PersonConsentUnknown: there is none, or it is somebody else's.
    """
    found = None
    if is_id(Kind.PERSON_CONSENT, person_consent_id):
        found = await store.find_of_person(
            tx, person_consent_id, person_id=person_id, uscc=uscc, positions=POSITIONS[role]
        )
    return _require(found)


async def list_of_person(
    tx: Transaction, *, person_id: str, uscc: str, role: Role
) -> list[PersonConsent]:
    """Return the newest of what a person is asked for and has answered."""
    return await store.list_of_person(
        tx, person_id=person_id, uscc=uscc, positions=POSITIONS[role], rows_max=PAGE_ROWS_MAX
    )


async def list_uses(tx: Transaction, person_consent_id: str) -> list[PersonUse]:
    """Return the newest looks that rested on a consent, whatever they delivered."""
    return await store.list_uses(tx, person_consent_id, rows_max=PAGE_ROWS_MAX)


async def note_asked(tx: Transaction, consent: PersonConsent, entry: str) -> None:
    """Keep by which entry of the ledger (its event id) a request is known."""
    await store.note_asked(tx, consent.person_consent_id, entry)


async def note_entry(tx: Transaction, consent: PersonConsent, entry: str) -> None:
    """Keep by which entry of the ledger (its event id) a given consent is known."""
    await store.note_entry(tx, consent.person_consent_id, entry)


async def _cover(
    tx: Transaction, consent: PersonConsent, reach: frozenset[SectionCode]
) -> CoveredPerson | None:
    """Return a person as covered; None where they no longer hold the position."""
    if consent.person_id is None or consent.entry is None or consent.artefact is None:
        return None
    holder = await find_representative(tx, person_id=consent.person_id, uscc=consent.uscc)
    # Who is no longer in the register as what they consented as is nobody this look is about.
    if holder is None or consent.position not in POSITIONS[holder.role]:
        return None
    person = await get_person(tx, consent.person_id)
    return CoveredPerson(
        person_consent_id=consent.person_consent_id,
        entry=consent.entry,
        artefact_digest=hashlib.sha256(consent.artefact).hexdigest(),
        name=person.name,
        position=consent.position,
        sections=consent.sections & reach,
    )


async def _lock(
    tx: Transaction, person_consent_id: str, person_id: str, *, uscc: str, role: Role
) -> PersonConsent | None:
    if not is_id(Kind.PERSON_CONSENT, person_consent_id):
        return None
    return await store.lock_of_person(
        tx, person_consent_id, person_id=person_id, uscc=uscc, positions=POSITIONS[role]
    )


async def _move(tx: Transaction, after: PersonConsent) -> PersonConsent:
    # Cannot happen under the lock; the guarded statement would still hold if the lock were lost.
    if not await store.move(tx, after):
        raise ConsentBusy
    return after


def _require(found: PersonConsent | None) -> PersonConsent:
    if found is None:
        raise PersonConsentUnknown
    return found


def _to_text(digest: bytes) -> str:
    return urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")
