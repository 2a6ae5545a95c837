"""Enterprises, and the persons who may speak for them."""

from creditbridge.foundation.database import Transaction
from creditbridge.foundation.errors import Refused, Untrusted
from creditbridge.foundation.ids import Kind, is_id, new_id
from creditbridge.parties.model import Enrolment, Enterprise, Person, Role
from creditbridge.parties.store import people, representatives
from creditbridge.parties.voices.model import EndReason, Representative, VoiceEnded
from creditbridge.parties.voices.succession import require_office


class PersonUnknown(Refused):
    """No such person."""

    code = "person-unknown"
    message = "There is no such person."


class PersonUnsettled(Untrusted):
    """The provider names another natural person under an account that is known."""

    code = "identity-rejected"
    message = "The identity service's answer could not be verified. Please start again."


async def find_enterprise(tx: Transaction, uscc: str) -> Enterprise | None:
    """Return an enterprise by its code in normal form."""
    return await people.find_enterprise(tx, uscc)


async def keep_enterprise(tx: Transaction, *, uscc: str, name: str) -> Enterprise:
    """Keep an enterprise under the name that a trusted source gives it; a bank is none."""
    enterprise = Enterprise(enterprise_id=new_id(Kind.ENTERPRISE, now=tx.now), uscc=uscc, name=name)
    return await people.keep_enterprise(tx, enterprise)


async def get_person(tx: Transaction, person_id: str) -> Person:
    """Return a person.

    Raises:
        PersonUnknown: there is none.
    """
    known = is_id(Kind.PERSON, person_id)
    if not known or (person := await people.find_person(tx, person_id)) is None:
        raise PersonUnknown
    return person


async def find_representative(
    tx: Transaction, *, person_id: str, uscc: str
) -> Representative | None:
    """Return a person's live right to speak for an enterprise."""
    return await representatives.find_representative(tx, person_id=person_id, uscc=uscc)


async def list_enterprises_of(tx: Transaction, person_id: str) -> list[str]:
    """Return the codes of the enterprises that a person may speak for now."""
    return await representatives.list_enterprises(tx, person_id)


async def find_proof_of_authority(tx: Transaction, *, person_id: str, uscc: str) -> bytes | None:
    """Return the SHA-256, 32 bytes, of what proved that a person may speak for an enterprise."""
    return await representatives.find_proof(tx, person_id=person_id, uscc=uscc)


async def hold_representative(
    tx: Transaction, *, person_id: str, uscc: str
) -> Representative | None:
    """Return a person's live right to speak for an enterprise; its end waits for `tx`."""
    return await representatives.hold_representative(tx, person_id=person_id, uscc=uscc)


async def enrol_person(tx: Transaction, enrolment: Enrolment) -> tuple[Representative, bool]:
    """Keep who an identity provider vouches for; tell whether the right to speak is new.

    A natural person is one, through whichever account they come. Another role than before ends the
    old right and begins a new one; a legal representative ends the right of the one before, as
    `Representative.succeeds` says.

    Raises:
        PersonUnsettled: the account is known as another person's.
        VoiceEnded: an agent whose authority the legal representative ended.
        VoiceSucceeded: a legal representative after whom another came.
    """
    # Held from here on: sign-ins for one enterprise follow each other.
    await keep_enterprise(tx, uscc=enrolment.uscc, name=enrolment.enterprise_name)
    made = new_id(Kind.PERSON, now=tx.now)
    if (person := await people.keep_person(tx, made, enrolment)) is None:
        raise PersonUnsettled(detail="an account that is known as another person's")
    person_id, uscc = person.person_id, enrolment.uscc
    last = await representatives.find_last_representative(tx, person_id=person_id, uscc=uscc)
    if last is not None and last.role is enrolment.role:
        # A sign-in a day is no new authority; only a new one is a record in the ledger.
        if last.ended_at is None:
            await representatives.vouch(tx, person_id, enrolment)
            return last, False
        # The provider still knows them as an agent; who appoints has said otherwise.
        if last.end_reason is EndReason.ENTERPRISE:
            raise VoiceEnded
    if enrolment.role is Role.LEGAL_REP:
        require_office(
            await representatives.find_last_head(tx, person_id=person_id, uscc=uscc),
            await representatives.find_head(tx, uscc),
            since=enrolment.office_since,
        )
    # After the wait for the row: no right begins before another has ended.
    await tx.renew_now()
    return await representatives.add_representative(tx, person_id, enrolment), True
