"""Whom we believe when we call: one CA file, the name in the address, and pinned keys."""

import hashlib
import ssl
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import load_der_x509_certificate
from typing_extensions import override


def client_context(
    *,
    ca_file: Path | None,
    certificate_file: Path | None = None,
    key_file: Path | None = None,
    pins: frozenset[str] = frozenset(),
) -> ssl.SSLContext:
    """Return the TLS side of a client: TLS 1.3, names checked (RFC 9525), only the given CA.

    None stands for those that the system believes.

    `pins` are SHA-256 digests in hex of the public keys (SubjectPublicKeyInfo) that the peer's own
    certificate may carry; empty means any that the CA signed.

    Raises:
        OSError: a file is absent or holds no key or certificate.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # In TLS 1.2 the client's certificate crosses the wire in the clear.
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    if ca_file is None:
        context.load_default_certs()
    else:
        context.load_verify_locations(cafile=ca_file)
    if certificate_file is not None:
        context.load_cert_chain(certificate_file, key_file)
    if pins:
        context.sslobject_class = _pinned(pins)
    return context


def _pinned(pins: frozenset[str]) -> type[ssl.SSLObject]:
    class PinnedObject(ssl.SSLObject):
        """A connection that ends where the peer's key is not one of the pinned ones."""

        @override
        def do_handshake(self) -> None:
            """Go one step on; at the end, look at the key."""
            # The chain first: a pin narrows what the authority vouches for, and replaces nothing.
            super().do_handshake()
            certificate = load_der_x509_certificate(self.getpeercert(binary_form=True) or b"")
            key = certificate.public_key()
            spki = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
            if hashlib.sha256(spki).hexdigest() not in pins:
                message = "the peer's key is not pinned"
                raise ssl.SSLCertVerificationError(message)

    return PinnedObject
