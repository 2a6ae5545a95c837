"""A client proves itself by its certificate (RFC 8705, section 2.1).

TLS has checked the chain to our client authority. Ours are the dates, the extended key usage, and
the one registered matcher of subject or alternative name.
"""

import re
from datetime import datetime

from creditbridge.access.model import (
    ASSERTION_PARAMETERS,
    Authenticated,
    ClientRequest,
    InvalidClient,
)
from creditbridge.parties.model import Registration
from creditbridge.protocols.certificate_binding import (
    CertificateForeign,
    CertificateUnfit,
    SubjectKind,
    SubjectMatcher,
    require_client_certificate,
    require_match,
)

NAME = "tls_client_auth"
CLIENT_ID_CHARACTERS_MAX = 255
# Whom an unknown client's certificate is compared with, so that knowing a client takes no longer.
NOBODY = SubjectMatcher(kind=SubjectKind.SUBJECT_DN, value="CN=nobody.invalid")
# `VSCHAR` (RFC 6749, appendix A.1); what is not of it never reaches the database.
_CLIENT_ID = re.compile(rf"[\x20-\x7e]{{1,{CLIENT_ID_CHARACTERS_MAX}}}")


def name_by_connection(request: ClientRequest) -> str | None:
    """Return the `client_id` that a certificate is to prove; None where an assertion is to."""
    # With an assertion the certificate only binds the token (RFC 8705, section 3).
    if not ASSERTION_PARAMETERS.isdisjoint(request.form):
        return None
    client_id = request.form.get("client_id", "")
    return client_id if _CLIENT_ID.fullmatch(client_id) is not None else None


class TlsClientAuth:
    """Proof by the connection's certificate."""

    def name_client(self, request: ClientRequest) -> str | None:
        """Return the `client_id` sent beside a certificate, where no assertion is to prove it."""
        # One that has no chain proves nothing here, whoever it names.
        if request.certificate is None or request.certificate.is_self_issued:
            return None
        return name_by_connection(request)

    def require_proof(
        self, registration: Registration | None, request: ClientRequest, *, now: datetime
    ) -> Authenticated:
        """Return the client whose registered matcher this connection's certificate meets.

        Raises:
            InvalidClient: unknown client, other name, dates or key usage that do not fit.
        """
        certificate = request.certificate
        if certificate is None:
            raise InvalidClient(detail="no certificate")
        matcher = None if registration is None else registration.client.matcher
        try:
            # TLS checked the dates at the handshake; a connection may live on past the end of its
            # certificate.
            require_client_certificate(certificate, now=now)
            require_match(certificate, matcher or NOBODY)
        except (CertificateForeign, CertificateUnfit) as error:
            raise InvalidClient(detail=f"{error.code}: {error.detail}") from error
        # Last, after the same work: neither the answer nor its time tells whether the client
        # exists.
        if registration is None or matcher is None:
            raise InvalidClient(detail="unknown client")
        return Authenticated(registration=registration, certificate=certificate)
