"""Enterprises, and the persons who may speak for them."""

from creditbridge.foundation.database import Transaction
from creditbridge.foundation.errors import Refused
from creditbridge.foundation.ids import Kind, is_id, new_id
from creditbridge.parties.model import Enrolment, Enterprise, Person, Representative
from creditbridge.parties.store import people


class PersonUnknown(Refused):
    """No such person."""

    code = "person-unknown"
    message = "There is no such person."


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
    return await people.find_representative(tx, person_id=person_id, uscc=uscc)


async def find_proof_of_authority(tx: Transaction, *, person_id: str, uscc: str) -> bytes | None:
    """Return the SHA-256, 32 bytes, of what proved that a person may speak for an enterprise."""
    return await people.find_proof(tx, person_id=person_id, uscc=uscc)


async def enrol_person(tx: Transaction, enrolment: Enrolment) -> tuple[Representative, bool]:
    """Keep who an identity provider vouches for; tell whether the right to speak is new.

    Another role than before ends the old right and begins a new one.
    """
    await keep_enterprise(tx, uscc=enrolment.uscc, name=enrolment.enterprise_name)
    made = Person(
        person_id=new_id(Kind.PERSON, now=tx.now),
        issuer=enrolment.issuer,
        subject=enrolment.subject,
        name=enrolment.name,
    )
    person = await people.keep_person(tx, made)
    known = await find_representative(tx, person_id=person.person_id, uscc=enrolment.uscc)
    # A sign-in a day is no new authority; only a new one is a record in the ledger.
    if known is not None and known.role is enrolment.role:
        return known, False
    await people.end_representative(tx, person_id=person.person_id, uscc=enrolment.uscc)
    return await people.add_representative(tx, person, enrolment), True
