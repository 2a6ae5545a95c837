"""The proxies before a door: whose word about a client's certificate counts (RFC 9440).

A proxy is known by its own certificate on the connection, and by nothing else. On its connections a
request's certificate is the one that it hands on, or none; its own never is. On every other
connection the fields that only a proxy writes end the request.
"""

import ssl
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from creditbridge.foundation.clock import Clock
from creditbridge.foundation.logging import get_logger
from creditbridge.protocols.certificate_binding import (
    CertificateMalformed,
    CertificateUnfit,
    PeerCertificate,
    parse_certificate,
    require_client_certificate,
)
from creditbridge.protocols.certificate_chain import (
    CertificateUntrusted,
    ClientAuthorities,
    VouchedCertificate,
)
from creditbridge.protocols.client_cert_header import (
    CHAIN_FIELD,
    LEAF_FIELD,
    ClientCertMalformed,
    read_passed_certificate,
)
from creditbridge.server.heads import RequestRefused
from creditbridge.server.tls import DoorMisconfigured, Tls, accept_certificates, replace_certificate

log = get_logger("proxies")

VOUCHED_MAX = 256
PASSED_FIELDS = (LEAF_FIELD.encode(), CHAIN_FIELD.encode())

Identify: TypeAlias = Callable[[Tls | None, Mapping[bytes, bytes]], Tls | None]


class HeaderUntrusted(RequestRefused):
    """A field that only a proxy writes came from somebody who is none."""

    code = "untrusted-header"
    message = "Client-Cert and Client-Cert-Chain are read from configured proxies only."


class PassedCertificateMalformed(RequestRefused):
    """A proxy handed on something other than a certificate."""

    code = ClientCertMalformed.code
    message = ClientCertMalformed.message


def identify_direct(tls: Tls | None, fields: Mapping[bytes, bytes]) -> Tls | None:
    """Return what a request's connection proves, at a door without proxies.

    Raises:
        HeaderUntrusted: the request claims a certificate in its head.
    """
    # Refused and not dropped: either somebody tries, or a proxy is not configured here.
    if any(name in fields for name in PASSED_FIELDS):
        raise HeaderUntrusted
    return tls


class Proxies:
    """The proxies of one door, each by the very certificate that it shows."""

    def __init__(
        self,
        certificates: Sequence[PeerCertificate],
        authorities: ClientAuthorities,
        clock: Clock,
    ) -> None:
        self._certificates = {one.der: one for one in certificates}
        self._authorities = authorities
        self._clock = clock
        # By the fields as they came: a bank's certificate comes with each of its requests.
        self._vouched = OrderedDict[tuple[bytes, bytes], VouchedCertificate]()

    def open_to(self, context: ssl.SSLContext) -> ssl.SSLContext:
        """Return the TLS of the door, which accepts the proxies now beside the clients."""
        accept_certificates(context, self._certificates)
        return context

    def identify(self, tls: Tls | None, fields: Mapping[bytes, bytes]) -> Tls | None:
        """Return what is proven of a request's sender, in the shape of a TLS connection.

        A certificate that no client authority vouches for is an error there, not a refusal here:
        the application tells it in the words of its caller's protocol.

        Raises:
            HeaderUntrusted: a certificate is claimed on another connection than a proxy's.
            PassedCertificateMalformed: the proxy hands on something else.
        """
        shown = tls["client_certificate"] if tls is not None else None
        proxy = self._certificates.get(shown) if isinstance(shown, bytes) else None
        if tls is None or proxy is None:
            return identify_direct(tls, fields)
        try:
            # TLS looked at its dates once, when the connection began.
            require_client_certificate(proxy, now=self._clock.now())
        except CertificateUnfit:
            return identify_direct(replace_certificate(tls, None), fields)
        return self._read(tls, fields)

    def _read(self, tls: Tls, fields: Mapping[bytes, bytes]) -> Tls:
        if not any(name in fields for name in PASSED_FIELDS):
            # The client showed none to the proxy: what the proxy itself shows is not the client's.
            return replace_certificate(tls, None)
        leaf, chain = (fields.get(name, b"") for name in PASSED_FIELDS)
        try:
            return replace_certificate(tls, self._vouch_for(leaf, chain).der)
        except CertificateUntrusted as error:
            log.warning("proxy.certificate_untrusted", detail=error.detail)
            return replace_certificate(tls, None, error=error.code)

    def _vouch_for(self, leaf: bytes, chain: bytes) -> VouchedCertificate:
        now, fields = self._clock.now(), (leaf, chain)
        known = self._vouched.get(fields)
        if known is not None and known.valid_from <= now <= known.valid_to:
            self._vouched.move_to_end(fields)
            return known
        try:
            passed = read_passed_certificate(leaf.decode("latin-1"), chain.decode("latin-1"))
        except ClientCertMalformed as error:
            log.warning("proxy.certificate_malformed", detail=error.detail)
            raise PassedCertificateMalformed from error
        vouched = self._authorities.vouch_for(passed, now=now)
        self._vouched[fields] = vouched
        if len(self._vouched) > VOUCHED_MAX:
            self._vouched.popitem(last=False)
        return vouched


def load_proxies(files: Sequence[Path], authorities: ClientAuthorities, clock: Clock) -> Proxies:
    """Return the proxies whose certificates stand in the files, one in each, PEM.

    Raises:
        DoorMisconfigured: no certificate or several, one that is not for clients, or that could
            issue others.
    """
    return Proxies([_load_proxy(file) for file in files], authorities, clock)


def _load_proxy(file: Path) -> PeerCertificate:
    try:
        found = x509.load_pem_x509_certificates(file.read_bytes())
        # One alone: the authority behind it would be believed as well, and whatever it issues.
        (certificate,) = found
        constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
        proxy = parse_certificate(certificate.public_bytes(Encoding.DER))
    except (OSError, ValueError, x509.ExtensionNotFound, CertificateMalformed) as error:
        detail = f"{file}: not one certificate with basic constraints"
        raise DoorMisconfigured(detail=detail) from error
    # Said and not left open: TLS libraries take some old certificates without a word for issuers.
    if constraints.value.ca:
        raise DoorMisconfigured(detail=f"{file}: a proxy's certificate must not issue others")
    return proxy
