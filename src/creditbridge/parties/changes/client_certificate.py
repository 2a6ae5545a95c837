"""Another certificate subject counts for a client, and the earlier one no more."""

import msgspec
from msgspec.structs import replace

from creditbridge.foundation.database import Transaction
from creditbridge.parties.changes.body import read_body
from creditbridge.parties.changes.standing import take_client
from creditbridge.parties.model import Applied, Change
from creditbridge.parties.onboarding import AuthenticationUnfit, OnboardingClash, require_subject
from creditbridge.parties.store import clients
from creditbridge.protocols.certificate_binding import SubjectMatcher


class ClientCertificate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of a change of subject: exactly one, as ever (PROTOCOLS A6)."""

    client_id: str
    matcher: SubjectMatcher


def read(body: bytes) -> ClientCertificate:
    """Return the subject that a body registers.

    Raises:
        Malformed: not the canonical body of this kind, or a subject that nothing could match.
    """
    change = read_body(body, ClientCertificate)
    require_subject(change.matcher)
    return change


async def apply(tx: Transaction, change: Change) -> Applied:
    """Register the subject; tokens that were bound to a certificate of the earlier one end.

    Raises:
        Refused: no such client, or a subject that is registered already, be it this client's.
        AuthenticationUnfit: a client that proves itself in another way.
    """
    asked = read(change.body)
    registration = await take_client(tx, asked.client_id)
    # A client that proves itself by assertions has no subject; a second way in is none of ours.
    if registration.client.matcher is None:
        raise AuthenticationUnfit
    if await clients.is_subject_taken(tx, asked.matcher):
        raise OnboardingClash
    await clients.set_subject(tx, asked.client_id, asked.matcher)
    client = replace(registration.client, matcher=asked.matcher)
    return Applied(subject=registration.bank, client=client, ends_tokens=True)
