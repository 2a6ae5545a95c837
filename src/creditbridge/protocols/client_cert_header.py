"""The header fields in which a proxy hands on its client's certificate, as in RFC 9440.

What stands in them is a claim: whoever reads it asks first whether a trusted proxy made it.
"""

import msgspec

from creditbridge.foundation.errors import Malformed
from creditbridge.protocols.certificate_binding import CertificateMalformed, parse_certificate
from creditbridge.protocols.structured_fields import (
    FieldMalformed,
    Item,
    Member,
    parse_item,
    parse_list,
    serialize_bare_item,
)

LEAF_FIELD = "client-cert"
CHAIN_FIELD = "client-cert-chain"
FIELD_CHARACTERS_MAX = 16_384
CHAIN_CERTIFICATES_MAX = 4


class ClientCertMalformed(Malformed):
    """The fields hold something other than a certificate and what certifies it."""

    code = "client-cert-malformed"
    message = "Client-Cert must be one DER certificate, as one byte sequence (RFC 9440)."


class PassedCertificate(msgspec.Struct, frozen=True, kw_only=True):
    """A certificate as a proxy hands it on, in DER, unverified; `chain` from its issuer upwards."""

    leaf: bytes
    chain: tuple[bytes, ...] = ()


def read_passed_certificate(leaf: str, chain: str = "") -> PassedCertificate:
    """Return what the values of `Client-Cert` and `Client-Cert-Chain` hold (section 2).

    Raises:
        ClientCertMalformed: PEM, a list, parameters, another spelling of the same bytes, bytes
            behind a certificate, over 16 kB, over four certificates in the chain.
    """
    if max(len(leaf), len(chain)) > FIELD_CHARACTERS_MAX:
        raise ClientCertMalformed(detail="over 16 kB")
    try:
        # Section 2.2: an item, one byte sequence.
        own = _read_certificate(parse_item(leaf))
        # Section 2.3: a list; an empty one is as an absent field (RFC 9651, section 3.1).
        members = parse_list(chain)
        if len(members) > CHAIN_CERTIFICATES_MAX:
            raise ClientCertMalformed(detail=f"{len(members)} certificates in the chain")
        passed = PassedCertificate(leaf=own, chain=tuple(map(_read_certificate, members)))
    except (FieldMalformed, CertificateMalformed) as error:
        raise ClientCertMalformed(detail=f"{error.code}: {error.detail}") from error
    _require_spelling(leaf, chain, passed)
    return passed


def _read_certificate(member: Member) -> bytes:
    if not isinstance(member, Item) or not isinstance(member.value, bytes) or member.parameters:
        raise ClientCertMalformed(detail="no plain byte sequence")
    # Read to its last byte: what follows a certificate could be read as another one.
    return parse_certificate(member.value).der


def _require_spelling(leaf: str, chain: str, passed: PassedCertificate) -> None:
    # Base64 has spellings that some readers accept and others do not (RFC 9651, section 4.2.7).
    written = [leaf, *(chain.split(",") if passed.chain else ())]
    expected = [serialize_bare_item(der) for der in (passed.leaf, *passed.chain)]
    if [one.strip(" ") for one in written] != expected:
        raise ClientCertMalformed(detail="not the canonical base64")
