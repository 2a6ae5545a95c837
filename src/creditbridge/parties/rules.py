"""Who counts as whom, and when two people have decided. Pure: the clock is an argument."""

import hashlib
from base64 import urlsafe_b64encode
from datetime import datetime, timedelta
from functools import lru_cache
from unicodedata import normalize

import msgspec

from creditbridge.foundation.errors import Refused
from creditbridge.foundation.keys import PublicKey, thumbprint
from creditbridge.parties.acts import Act
from creditbridge.parties.key_sets import KeySetDue, is_fetch_due, is_set_good
from creditbridge.parties.model import (
    Change,
    ClientKey,
    Operator,
    OperatorEnrolment,
    OwnCertificate,
    Registration,
    Standing,
)
from creditbridge.protocols.canonical_json import canonicalize
from creditbridge.protocols.certificate_binding import CertificateUnfit, PeerCertificate
from creditbridge.protocols.jwk import parse_jwk
from creditbridge.protocols.rsa_jwk import JoseKey, parse_jose_jwk

ACT_DOMAIN = b"creditbridge-operator-act-v1\x00"
CHANGE_DOMAIN = b"creditbridge-change-v1\x00"

CHANGE_LIFE = timedelta(hours=24)
ACT_AGE_MAX = timedelta(minutes=5)
KEYS_MAX = 1_024


class UnknownClient(Refused):
    """No such client, or one that may not come in: suspended, of a suspended bank, not approved."""

    code = "invalid-client"
    message = "The client could not be authenticated."


class CertificateUnregistered(CertificateUnfit):
    """A self-signed certificate that is not registered for this client, or no longer."""

    code = "certificate-unregistered"
    message = "A self-signed certificate counts for the client alone that it is registered for."


class SameOperator(Refused):
    """One person stands on both sides of what takes two."""

    code = "same-operator"
    message = "Two different persons with two different keys are needed."


class ChangeUnknown(Refused):
    """No such change."""

    code = "change-unknown"
    message = "There is no such change."


class ChangeDecided(Refused):
    """The change was approved, or applied, before."""

    code = "change-decided"
    message = "The change has been decided already."


class ChangeExpired(Refused):
    """The change is older than a day."""

    code = "change-expired"
    message = "The change was not decided within 24 hours; propose it again."


class ChangeUnapproved(Refused):
    """No second operator has approved the change."""

    code = "change-unapproved"
    message = "A second operator must approve the change first."


class ChangeAltered(Refused):
    """What was signed is not this change."""

    code = "change-altered"
    message = "The signature is for another change, or for another text of this one."


class ActStale(Refused):
    """An operator's act was signed too long ago, or for the future."""

    code = "operator-act-stale"
    message = "The act was not signed within the last five minutes; sign it again."


def identify_person(name: str) -> str:
    """Return the key under which a name counts as one person: two accounts of one are one."""
    letters = normalize("NFKC", name).casefold().split()
    return "".join(letter for letter in "".join(letters) if letter.isprintable())


def require_two_persons(first: OperatorEnrolment, second: OperatorEnrolment) -> None:
    """Accept two distinct persons with distinct keys.

    Raises:
        SameOperator: the same person, the same key under whatever key id, or a nameless one.
    """
    names = {identify_person(first.person_name), identify_person(second.person_name)}
    # Two ids of one key are one key: the thumbprint (RFC 7638) sees the material alone.
    keys = {thumbprint(first.key.material), thumbprint(second.key.material)}
    # A name of blanks alone would be a second person whom nobody can call.
    if "" in names or len(names) != len((first, second)) or len(keys) != len((first, second)):
        raise SameOperator


def message_of_act(act: Act) -> bytes:
    """Return the bytes an operator signs: the domain, then the act's canonical JSON (RFC 8785)."""
    return ACT_DOMAIN + encode_act(act)


def encode_act(act: Act) -> bytes:
    """Return the act's canonical JSON (RFC 8785)."""
    return canonicalize(msgspec.to_builtins(act))


def require_operator_signature(
    act: Act, signature: bytes, operator: Operator, *, now: datetime
) -> None:
    """Accept a fresh act that this operator's own key signed.

    Raises:
        ActStale: signed more than five minutes from now.
        SignatureInvalid: another key, another act.
    """
    # An act that lies about for a month could be put in when nobody remembers it.
    if abs(now - act.acted_at) > ACT_AGE_MAX:
        raise ActStale
    read_key(operator.jwk).verify(signature, message_of_act(act))


def digest_body(body: bytes) -> str:
    """Return the SHA-256 of a change's body, base64url."""
    return _base64url(hashlib.sha256(body).digest())


def digest_change(change: Change) -> str:
    """Return the digest that an approval signs, base64url.

    It covers everything a proposer decides, so that an edit leaves earlier approvals behind.
    """
    stated = {
        "v": 1,
        "change_id": change.change_id,
        "kind": change.kind,
        "body_digest": digest_body(change.body),
        "proposed_by": change.proposed_by,
        "proposed_at": change.proposed_at,
        "expires_at": change.expires_at,
    }
    encoded = canonicalize(msgspec.to_builtins(stated))
    return _base64url(hashlib.sha256(CHANGE_DOMAIN + encoded).digest())


def require_second_operator(
    change: Change | None, *, proposer: Operator | None, approver: Operator, now: datetime
) -> Change:
    """Return an open change that this operator may approve.

    Raises:
        Refused: the first reason below.
    """
    if change is None or proposer is None:
        raise ChangeUnknown
    if change.approved_by is not None:
        raise ChangeDecided
    if now >= change.expires_at:
        raise ChangeExpired
    # Two accounts of one person, or of one key, are one pair of eyes.
    if _marks_of(proposer) & _marks_of(approver):
        raise SameOperator
    return change


def _marks_of(operator: Operator) -> set[tuple[str, str]]:
    return {
        ("account", operator.operator_id),
        ("person", identify_person(operator.person_name)),
        ("key", operator.key_id),
    }


def require_approved(change: Change | None, *, now: datetime) -> Change:
    """Return a change that two operators decided and nobody has applied.

    Raises:
        Refused: the first reason below.
    """
    if change is None:
        raise ChangeUnknown
    if change.approved_by is None:
        raise ChangeUnapproved
    # Approval is permission for one application, not for as many as somebody runs.
    if change.applied_at is not None:
        raise ChangeDecided
    if now >= change.expires_at:
        raise ChangeExpired
    return change


# A key is read once and not for every message it signed; its bytes name it.
@lru_cache(KEYS_MAX)
def read_key(jwk: bytes) -> PublicKey:
    """Return the public key of a stored JWK that verifies messages."""
    return parse_jwk(msgspec.json.decode(jwk, type=dict[str, str]))


def read_jose_key(jwk: bytes) -> JoseKey:
    """Return the public key of a stored JWK, RSA included."""
    return parse_jose_jwk(msgspec.json.decode(jwk, type=dict[str, str]))


def find_key(registration: Registration, key_id: str) -> PublicKey | None:
    """Return the client's live key of this id for HTTP messages, or None.

    Another client's key is none of its own, and an RSA key signs no message (PROTOCOLS H2).
    """
    keys = list_jose_keys(registration, key_id)
    return next((key for key in keys if isinstance(key, PublicKey)), None)


def list_jose_keys(registration: Registration, key_id: str) -> list[JoseKey]:
    """Return the client's live keys of this id, RSA included: of each algorithm one at most."""
    return [read_jose_key(key.jwk) for key in registration.keys if key.key_id == key_id]


def find_assertion_key(
    registration: Registration | None, key_id: str, algorithm: str
) -> JoseKey | None:
    """Return the client's live key of this id, where it may sign assertions so; else None."""
    if registration is None or algorithm not in registration.client.assertion_algorithms:
        return None
    return find_jose_key(registration, key_id, algorithm)


def find_jose_key(registration: Registration, key_id: str, algorithm: str) -> JoseKey | None:
    """Return the client's live key of this id and algorithm, RSA included, or None."""
    # The key's own algorithm decides, whatever the token names (RFC 8725, section 3.1); of several
    # under one name it is the one of this kind (RFC 7517, section 4.5; PROTOCOLS K3).
    keys = list_jose_keys(registration, key_id)
    return next((key for key in keys if key.algorithm == algorithm), None)


def select_live(registration: Registration | None, *, now: datetime) -> Registration | None:
    """Return the registration with its live keys alone; None where the client may not come in."""
    if registration is None:
        return None
    states = {registration.client.state, registration.bank.state}
    # A suspended bank and an unknown one look alike: nobody learns which banks there are.
    if states != {Standing.ACTIVE}:
        return None
    # An ended key stays in the row: what it signed must be verifiable for ten years.
    fetched = is_set_good(registration.key_set, now=now)
    keys = tuple(
        key
        for key in registration.keys
        if is_live(key, now=now) and (fetched or not key.is_fetched)
    )
    own = tuple(one for one in registration.certificates if is_live(one, now=now))
    return msgspec.structs.replace(registration, keys=keys, certificates=own)


def is_live(held: ClientKey | OwnCertificate, *, now: datetime) -> bool:
    """Tell whether a client's key or own certificate counts now: until its end, if it has one."""
    return held.ends_at is None or now < held.ends_at


def require_own(registration: Registration | None, certificate: PeerCertificate) -> None:
    """Accept a client's connection by its certificate: a self-signed one is one of its own.

    Whose chain ends at a client authority is nothing that it would have to register.

    Raises:
        CertificateUnregistered: a self-signed certificate, and not one of this client's live ones.
    """
    own = () if registration is None else registration.certificates
    # It opens the door because somebody registered it, and stands for whoever did.
    if certificate.is_self_issued and certificate.thumbprint not in {one.thumbprint for one in own}:
        raise CertificateUnregistered


def require_key_set(
    registration: Registration | None,
    key_id: str,
    algorithm: str | None = None,
    *,
    now: datetime,
) -> None:
    """Accept that the keys at hand decide about this name; of any algorithm where none is named.

    Raises:
        KeySetDue: the client publishes its keys itself, and they are to be fetched first.
    """
    if registration is None or registration.key_set is None:
        return
    keys = list_jose_keys(registration, key_id)
    named = [key for key in keys if algorithm in {key.algorithm, None}]
    if is_fetch_due(registration.key_set, is_missing=not named, now=now):
        raise KeySetDue(client_id=registration.client.client_id)


def require_known(registration: Registration | None) -> Registration:
    """Return the registration of a client that may come in.

    Raises:
        UnknownClient: there is none, for whichever reason (PROTOCOLS A8).
    """
    if registration is None:
        raise UnknownClient
    return registration


def _base64url(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")
