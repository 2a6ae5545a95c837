"""A certificate that a client signed itself, and registered in a JWK, as in RFC 8705 (section 2.2).

TLS is to take it without a chain. So it must say of itself that it vouches for no other, and its
name must stand in nobody's way: TLS libraries look for issuers by name.
"""

from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import Annotated, TypeAlias

import msgspec
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512
from cryptography.x509.oid import NameOID

from creditbridge.foundation.errors import Malformed
from creditbridge.foundation.keys import KeyUnusable, name_key
from creditbridge.foundation.rsa_keys import EXPONENT, RSA_BITS_MAX, RSA_BITS_MIN, RsaKey
from creditbridge.foundation.weak_rsa import is_predictable
from creditbridge.protocols.certificate_binding import (
    ANY_USAGE,
    CERTIFICATE_BYTES_MAX,
    CLIENT_AUTH,
    CertificateMalformed,
    PeerCertificate,
    parse_certificate,
)
from creditbridge.protocols.rsa_jwk import JoseKey, parse_jose_jwk, thumbprint_of

X5C = "x5c"  # RFC 7517, section 4.7
X5T = "x5t#S256"  # RFC 7517, section 4.9
TEXT_CHARACTERS_MAX = -(-CERTIFICATE_BYTES_MAX // 3) * 4
OneText: TypeAlias = tuple[Annotated[str, msgspec.Meta(max_length=TEXT_CHARACTERS_MAX)]]
HASHES = (SHA256, SHA384, SHA512)
# What may be critical, because TLS obeys it; of anything else it would refuse the connection.
OBEYED = (
    x509.BasicConstraints,
    x509.KeyUsage,
    x509.ExtendedKeyUsage,
    x509.SubjectAlternativeName,
)


class SelfSignedUnfit(Malformed):
    """A certificate that cannot stand for a client by itself."""

    code = "self-signed-unfit"
    message = (
        "A self-signed certificate is one X.509 v3 certificate in the x5c of its own public JWK: "
        "an EC P-256, Ed25519 or RSA key of 2048 to 4096 bits, the client id as its one common "
        "name, CA:FALSE, for client authentication, signed with its own key over SHA-256 or better."
    )


class SelfSigned(msgspec.Struct, frozen=True, kw_only=True):
    """A certificate that may stand for a client, and its key."""

    certificate: PeerCertificate
    key: JoseKey

    @property
    def key_thumbprint(self) -> str:
        """The thumbprint of its key (RFC 7638): one for all certificates of one key."""
        return thumbprint_of(self.key)

    def to_jwk(self) -> dict[str, str | list[str]]:
        """Return the public JWK that holds the certificate in its `x5c`."""
        return {**self.key.to_jwk(), X5C: [b64encode(self.certificate.der).decode("ascii")]}


def read_registered(members: Mapping[str, object], *, client_id: str) -> SelfSigned:
    """Return the certificate of a JWK, as its client is to be registered with it.

    Raises:
        PrivateMemberFound: the JWK holds a private or symmetric key.
        KeyMalformed: no public JWK for signatures.
        SelfSignedUnfit: no `x5c` of one certificate, another key than the JWK's, another client's
            name, or as `read_self_signed`.
    """
    key = parse_jose_jwk(members)
    found = read_self_signed(_read_x5c(members))
    # The members beside it must be those of the certificate's key (RFC 7517, section 4.7).
    if thumbprint_of(key) != found.key_thumbprint:
        raise SelfSignedUnfit(detail="the certificate of another key")
    if members.get(X5T, found.certificate.thumbprint) != found.certificate.thumbprint:
        raise SelfSignedUnfit(detail="another certificate's thumbprint")
    # Client ids are nobody else's: no authority, and no other client, has this name.
    if _common_names(found.certificate) != [client_id]:
        raise SelfSignedUnfit(detail="a common name other than the client id")
    return found


def read_self_signed(der: bytes) -> SelfSigned:
    """Return a certificate that may stand for a client by itself; its dates are not looked at.

    Raises:
        SelfSignedUnfit: not v3, signed by another or over a weak hash, a weak key or another kind,
            one that could issue others, not for client authentication, or with a critical extension
            that TLS does not know.
    """
    try:
        certificate = parse_certificate(der)
        loaded = x509.load_der_x509_certificate(der)
        # Older ones have no constraints, and some libraries take them for issuers.
        if loaded.version is not x509.Version.v3:
            raise SelfSignedUnfit(detail="not version 3")
        _require_own_signature(loaded)
        _require_end(loaded.extensions)
        key = _key_of(loaded)
    except (CertificateMalformed, KeyUnusable) as error:
        raise SelfSignedUnfit(detail=f"{error.code}: {error.detail}") from error
    usages = certificate.extended_key_usages
    # As for every client certificate; TLS refuses one that is for servers alone.
    if CLIENT_AUTH not in usages or ANY_USAGE in usages:
        raise SelfSignedUnfit(detail="not for client authentication")
    return SelfSigned(certificate=certificate, key=key)


def _read_x5c(members: Mapping[str, object]) -> bytes:
    try:
        (text,) = msgspec.convert(members.get(X5C), OneText)
        der = b64decode(text, validate=True)
    except (msgspec.ValidationError, ValueError) as error:
        raise SelfSignedUnfit(detail="no x5c of one certificate") from error
    # Another spelling would be another text that two people signed.
    if b64encode(der).decode("ascii") != text:
        raise SelfSignedUnfit(detail="x5c is not canonical base64")
    return der


def _require_own_signature(certificate: x509.Certificate) -> None:
    hashed = certificate.signature_hash_algorithm
    # Ed25519 names no hash of its own (RFC 8410).
    if hashed is not None and not isinstance(hashed, HASHES):
        raise SelfSignedUnfit(detail=f"signed over {hashed.name}")
    try:
        certificate.verify_directly_issued_by(certificate)
    except (InvalidSignature, UnsupportedAlgorithm, ValueError, TypeError) as error:
        raise SelfSignedUnfit(detail="signed by another") from error


def _require_end(extensions: x509.Extensions) -> None:
    unknown = [one for one in extensions if one.critical and not isinstance(one.value, OBEYED)]
    if unknown:
        raise SelfSignedUnfit(detail=f"critical {unknown[0].oid.dotted_string}")
    # Said and not left open: without a word some libraries take it for an issuer.
    if not any(_says_no_authority(one.value) for one in extensions):
        raise SelfSignedUnfit(detail="no CA:FALSE")
    if any(_is_for_other_uses(one.value) for one in extensions):
        raise SelfSignedUnfit(detail="a key that may sign for others, or may not sign")


def _says_no_authority(value: x509.ExtensionType) -> bool:
    return isinstance(value, x509.BasicConstraints) and not value.ca


def _is_for_other_uses(value: x509.ExtensionType) -> bool:
    # Where a key says what it is for, TLS 1.3 wants signatures (RFC 8446, section 4.4.2.2).
    return isinstance(value, x509.KeyUsage) and not (
        value.digital_signature and not value.key_cert_sign and not value.crl_sign
    )


def _key_of(certificate: x509.Certificate) -> JoseKey:
    key = certificate.public_key()
    if isinstance(key, ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey):
        return name_key(key)
    if not isinstance(key, rsa.RSAPublicKey):
        raise SelfSignedUnfit(detail="a key of another kind")
    if not RSA_BITS_MIN <= key.key_size <= RSA_BITS_MAX or key.public_numbers().e != EXPONENT:
        raise SelfSignedUnfit(detail="an RSA key of another size or exponent")
    if is_predictable(key.public_numbers().n):
        raise SelfSignedUnfit(detail="an RSA key of predictable primes (CVE-2017-15361)")
    nameless = RsaKey(key_id="", material=key)
    return msgspec.structs.replace(nameless, key_id=thumbprint_of(nameless))


def _common_names(certificate: PeerCertificate) -> list[str | bytes]:
    subject = x509.load_der_x509_certificate(certificate.der).subject
    return [part.value for part in subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
