"""A client proves itself by a certificate of its own making (RFC 8705, section 2.2).

TLS has checked that the connection holds the certificate's key. There is no chain: two operators
registered this very certificate for this client. Ours are the dates and the extended key usage.
"""

from datetime import datetime

from creditbridge.access.client_auth.tls_client_auth import name_by_connection
from creditbridge.access.model import Authenticated, ClientRequest, InvalidClient
from creditbridge.parties.model import Registration
from creditbridge.parties.rules import require_own
from creditbridge.protocols.certificate_binding import (
    CertificateUnfit,
    require_client_certificate,
)

NAME = "self_signed_tls_client_auth"


class SelfSignedTlsClientAuth:
    """Proof by the connection's certificate, where that is self-signed."""

    def name_client(self, request: ClientRequest) -> str | None:
        """Return the `client_id` sent beside a self-signed certificate."""
        if request.certificate is None or not request.certificate.is_self_issued:
            return None
        return name_by_connection(request)

    def require_proof(
        self, registration: Registration | None, request: ClientRequest, *, now: datetime
    ) -> Authenticated:
        """Return the client that this connection's certificate is registered for.

        Raises:
            InvalidClient: unknown client, another's certificate or one that was taken back, dates
                or key usage that do not fit.
        """
        certificate = request.certificate
        if certificate is None:
            raise InvalidClient(detail="no certificate")
        try:
            # TLS checked the dates at the handshake; a connection may live on past the end of its
            # certificate.
            require_client_certificate(certificate, now=now)
            require_own(registration, certificate)
        except CertificateUnfit as error:
            raise InvalidClient(detail=f"{error.code}: {error.detail}") from error
        if registration is None or not certificate.is_self_issued:
            raise InvalidClient(detail="unknown client")
        return Authenticated(registration=registration, certificate=certificate)
