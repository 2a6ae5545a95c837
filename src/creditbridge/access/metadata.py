"""What the authorization server says about itself (RFC 8414): only what is true today."""

from creditbridge.access.client_auth import METHODS
from creditbridge.access.client_auth.private_key_jwt import ALGORITHMS
from creditbridge.access.grants import GRANTS
from creditbridge.access.settings import AccessSettings

METADATA_PATH = "/.well-known/oauth-authorization-server"
JWKS_PATH = "/jwks"
TOKEN_PATH = "/oauth/token"  # noqa: S105 - an address, no secret

MetadataValue = str | bool | list[str] | dict[str, str]


def authorization_server_metadata(settings: AccessSettings) -> dict[str, MetadataValue]:
    """Return the members of the metadata document (RFC 8414, section 2).

    `response_types_supported` is absent: without an authorization endpoint it has no element, and
    a claim without elements must be left out (RFC 8414, section 3.2).
    """
    # The token endpoint asks for a certificate, so it has one address, also as an mTLS client
    # looks it up (RFC 8705, section 5).
    token_endpoint = settings.bank_url + TOKEN_PATH
    return {
        "issuer": settings.issuer,
        "token_endpoint": token_endpoint,
        "jwks_uri": settings.issuer + JWKS_PATH,
        "scopes_supported": sorted(settings.scopes),
        # From the registries themselves, so that the document cannot claim what is not served.
        "grant_types_supported": sorted(GRANTS),
        "token_endpoint_auth_methods_supported": sorted(METHODS),
        "token_endpoint_auth_signing_alg_values_supported": sorted(ALGORITHMS),
        "tls_client_certificate_bound_access_tokens": True,
        "mtls_endpoint_aliases": {"token_endpoint": token_endpoint},
    }
