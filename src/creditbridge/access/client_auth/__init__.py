"""The ways in which a client proves who it is, under the names that metadata and registry use.

Adding one is a file here and a line in the registry; the metadata follows by itself.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from creditbridge.access.client_auth import (
    private_key_jwt,
    self_signed_tls_client_auth,
    tls_client_auth,
)
from creditbridge.access.model import Authenticated, ClientRequest
from creditbridge.parties.model import Registration


class ClientAuthentication(Protocol):
    """One method of client authentication."""

    def name_client(self, request: ClientRequest) -> str | None:
        """Return the client id that the request claims by this method; None where it does not.

        An id that no client can have stands for a claim that cannot be read.
        """
        ...

    def require_proof(
        self, registration: Registration | None, request: ClientRequest, *, now: datetime
    ) -> Authenticated:
        """Return the client that has proven the claim. An unknown one costs the same work.

        Raises:
            InvalidClient: the claim is not proven.
        """
        ...


METHODS: Mapping[str, ClientAuthentication] = {
    private_key_jwt.NAME: private_key_jwt.PrivateKeyJwt(),
    tls_client_auth.NAME: tls_client_auth.TlsClientAuth(),
    self_signed_tls_client_auth.NAME: self_signed_tls_client_auth.SelfSignedTlsClientAuth(),
}
