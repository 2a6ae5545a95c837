"""Self-signed certificates of a client begin and end, with an overlap in which both count."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated

import msgspec

from creditbridge.foundation.database import Transaction
from creditbridge.foundation.errors import Refused
from creditbridge.parties.changes.body import ChangeMalformed, read_body
from creditbridge.parties.changes.client_keys import OVERLAP_SECONDS_MAX
from creditbridge.parties.changes.standing import take_certificates, take_client
from creditbridge.parties.model import Applied, CertificateJwk, Change, OwnCertificate
from creditbridge.parties.onboarding import KEYS_MAX, AuthenticationUnfit
from creditbridge.parties.rules import is_live
from creditbridge.parties.store import certificates
from creditbridge.protocols.self_signed import SelfSigned, read_registered


class CertificateUnknown(Refused):
    """A certificate that is to end is no live one of this client."""

    code = "client-certificate-unknown"
    message = "A certificate that is to end is not a live one of this client."


class CertificatesMiscounted(Refused):
    """The client would be left without a certificate, or with too many."""

    code = "client-certificates-miscounted"
    message = "A client keeps at most 8 live certificates, and one that does not end."


class ClientSelfSigned(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of a change of certificates: JWKs with `x5c` to register, thumbprints to take back.

    What is taken back counts for `overlap_seconds` from the approval on; 0 where a key was lost.
    """

    client_id: str
    register: tuple[CertificateJwk, ...]
    take_back: tuple[str, ...]
    overlap_seconds: Annotated[int, msgspec.Meta(ge=0, le=OVERLAP_SECONDS_MAX)]


def read(body: bytes) -> ClientSelfSigned:
    """Return the certificates that a body registers and takes back.

    Raises:
        Malformed: not the canonical body of this kind, no certificate at all, too many, one twice,
            or one that cannot stand for this client.
    """
    change = read_body(body, ClientSelfSigned)
    found = _list_registered(change)
    names = [*(one.key_thumbprint for one in found), *change.take_back]
    if not names or len(set(names)) != len(names):
        raise ChangeMalformed(detail="no certificate, or one twice")
    if len(found) > KEYS_MAX or len(change.take_back) > KEYS_MAX:
        raise ChangeMalformed(detail=f"{len(names)} certificates")
    return change


async def apply(tx: Transaction, change: Change) -> Applied:
    """Register and take back at once.

    Raises:
        Refused: no such client or live certificate, one that is or was anybody's, one that has
            ended, or none that stays.
        AuthenticationUnfit: a client that proves itself in another way.
    """
    asked = read(change.body)
    registration = await take_client(tx, asked.client_id)
    if not registration.certificates:
        raise AuthenticationUnfit
    live = [one for one in registration.certificates if is_live(one, now=tx.now)]
    _require_kept(live, asked)
    own = await take_certificates(tx, asked.client_id, _list_registered(asked))
    end_at = tx.now + timedelta(seconds=asked.overlap_seconds)
    await certificates.end(tx, asked.client_id, list(asked.take_back), at=end_at)
    for certificate in own:
        await certificates.add_certificate(tx, certificate)
    return Applied(
        subject=registration.bank,
        client=registration.client,
        keys_end_at=end_at if asked.take_back else None,
        certificates_added=frozenset(one.thumbprint for one in own),
        certificates_ended=frozenset(asked.take_back),
    )


def _list_registered(change: ClientSelfSigned) -> Sequence[SelfSigned]:
    return [read_registered(jwk, client_id=change.client_id) for jwk in change.register]


def _require_kept(live: Sequence[OwnCertificate], asked: ClientSelfSigned) -> None:
    if not {one.thumbprint for one in live} >= set(asked.take_back):
        raise CertificateUnknown
    staying = [one for one in live if one.ends_at is None and one.thumbprint not in asked.take_back]
    if not (staying or asked.register) or len(live) + len(asked.register) > KEYS_MAX:
        raise CertificatesMiscounted
