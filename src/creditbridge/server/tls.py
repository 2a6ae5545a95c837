"""The doors' side of TLS: 1.3 only, no session tickets, client certificates asked for or not."""

import asyncio
import ssl
import stat
from base64 import b64encode
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from textwrap import wrap
from typing import TypeAlias

from cryptography.x509 import load_pem_x509_certificate
from cryptography.x509.oid import NameOID

from creditbridge.foundation.errors import CreditbridgeError

TLS_1_3 = 0x0304
EXAMPLE_ORGANISATION = "Creditbridge EXAMPLE"  # As `certs_example/make.py` names it.

# The `tls` extension of a connection's or a request's scope.
Tls: TypeAlias = dict[object, object]


class DoorMisconfigured(CreditbridgeError):
    """A door cannot be opened as it is configured; start is refused."""

    code = "door-misconfigured"
    message = "A door cannot be opened as it is configured; start is refused."


def require_address(host: str) -> IPv4Address | IPv6Address:
    """Return the address where a door stands; of all names only `localhost` has one.

    Raises:
        DoorMisconfigured: another name, or none.
    """
    try:
        # RFC 6761, section 6.3; what another name leads to is known to whoever answers for it.
        return ip_address("127.0.0.1" if host == "localhost" else host)
    except ValueError as error:
        raise DoorMisconfigured(detail=f"{host}: the host must be an IP address") from error


def bank_context(*, certificate_file: Path, key_file: Path, client_ca_file: Path) -> ssl.SSLContext:
    """Return the TLS of the bank door: asks for a client certificate of our client CAs.

    Without one the handshake succeeds and the application answers 401 (PROTOCOLS T2); an untrusted
    one ends the handshake (T3). Purpose and dates are checked again on each request.

    Raises:
        DoorMisconfigured: a file is absent, unfit, or a key is readable by others.
    """
    context = people_context(certificate_file=certificate_file, key_file=key_file)
    try:
        context.load_verify_locations(cafile=client_ca_file)
    except (OSError, ssl.SSLError) as error:
        raise DoorMisconfigured(detail=f"{client_ca_file}: no CA certificates") from error
    # Not required: a refusal inside TLS 1.3 looks like a broken connection to most clients.
    context.verify_mode = ssl.CERT_OPTIONAL
    return context


def accept_certificates(context: ssl.SSLContext, certificates: Iterable[bytes]) -> None:
    """Let a bank door accept these client certificates too, DER, whoever issued them."""
    for certificate in certificates:
        # Each is an anchor for itself alone: its issuer makes no other certificate good.
        context.load_verify_locations(cadata=certificate)
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN


def people_context(*, certificate_file: Path, key_file: Path) -> ssl.SSLContext:
    """Return the TLS of the people's door: no client certificates.

    Raises:
        DoorMisconfigured: a file is absent, unfit, or the key is readable by others.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    # A resumed session would outlive a revoked certificate.
    context.num_tickets = 0
    context.options |= ssl.OP_NO_TICKET | ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
    # Named, so that no client assumes HTTP/2 and fails on the first frame (RFC 7301).
    context.set_alpn_protocols(["http/1.1"])
    try:
        if key_file.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise DoorMisconfigured(detail=f"{key_file} is readable by others; chmod 600 it")
        context.load_cert_chain(certificate_file, key_file, password=_refuse_password)
    except (OSError, ValueError) as error:
        detail = f"{certificate_file}, {key_file}: no certificate with its key"
        raise DoorMisconfigured(detail=detail) from error
    return context


def _refuse_password() -> str:
    # OpenSSL would ask at the terminal.
    message = "the key is encrypted"
    raise ValueError(message)


def require_place(certificate_file: Path, *, host: str) -> None:
    """Accept a certificate where it may be shown: an example one on loopback alone.

    Raises:
        DoorMisconfigured: no certificate, a throw-away one at an address that others reach, or no
            address.
    """
    # What `certs_example/` makes has keys that nobody keeps, under authorities that nobody runs.
    try:
        certificate = load_pem_x509_certificate(certificate_file.read_bytes())
    except (OSError, ValueError) as error:
        raise DoorMisconfigured(detail=f"{certificate_file}: no certificate") from error
    organisations = certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    is_example = any(one.value == EXAMPLE_ORGANISATION for one in organisations)
    if is_example and not require_address(host).is_loopback:
        raise DoorMisconfigured(detail=f"{certificate_file} is an example; only on loopback")


def describe_tls(transport: asyncio.BaseTransport) -> Tls | None:
    """Return the `tls` extension of a connection's scopes (ASGI TLS extension 0.2), or None.

    `client_cert_chain` holds the peer's certificate as PEM, or nothing where it showed none;
    `client_certificate`, our own addition, the same as DER or None.
    """
    found: object = transport.get_extra_info("ssl_object")
    if not isinstance(found, ssl.SSLObject):
        return None
    return replace_certificate(
        {
            "server_cert": None,
            "client_cert_name": None,
            "tls_version": TLS_1_3,
            "cipher_suite": None,
        },
        found.getpeercert(binary_form=True),
    )


def replace_certificate(tls: Tls, certificate: bytes | None, *, error: str | None = None) -> Tls:
    """Return the extension with another certificate of the client, DER, or none.

    `error` says why the one that was shown does not count.
    """
    return tls | {
        "client_cert_chain": [] if certificate is None else [_encode_pem(certificate)],
        "client_cert_error": error,
        "client_certificate": certificate,
    }


def _encode_pem(certificate: bytes) -> str:
    lines = wrap(b64encode(certificate).decode("ascii"), 64)
    return "\n".join(["-----BEGIN CERTIFICATE-----", *lines, "-----END CERTIFICATE-----", ""])
