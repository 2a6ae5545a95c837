"""What the authorization server says about itself (RFC 8414): only what is true today."""

from collections.abc import Mapping

from creditbridge.access.client_auth import METHODS
from creditbridge.access.client_auth.private_key_jwt import ALGORITHMS
from creditbridge.access.grants import GRANTS, ciba
from creditbridge.access.model import OPENID
from creditbridge.access.pushed.details import DETAIL_TYPE
from creditbridge.access.settings import AccessSettings
from creditbridge.protocols import dpop

METADATA_PATH = "/.well-known/oauth-authorization-server"
OPENID_PATH = "/.well-known/openid-configuration"
RESOURCE_PATH = "/.well-known/oauth-protected-resource"
JWKS_PATH = "/jwks"
AUTHORIZATION_PATH = "/oauth/authorize"
PAR_PATH = "/oauth/par"
TOKEN_PATH = "/oauth/token"  # noqa: S105 - an address, no secret
REVOCATION_PATH = "/oauth/revoke"
INTROSPECTION_PATH = "/oauth/introspect"
GRANTS_PATH = "/grants"
BACKCHANNEL_PATH = "/oauth/backchannel"
BACKCHANNEL_ENDPOINT = "backchannel_authentication_endpoint"

# What clients call, each under its name in the metadata.
ENDPOINTS: Mapping[str, str] = {
    "pushed_authorization_request_endpoint": PAR_PATH,
    "token_endpoint": TOKEN_PATH,
    "revocation_endpoint": REVOCATION_PATH,
    "introspection_endpoint": INTROSPECTION_PATH,
    "grant_management_endpoint": GRANTS_PATH,
}
# Where a client proves itself as at the token endpoint, under names of their own (RFC 8414,
# section 2); a pushed request has none (RFC 9126, section 5).
AUTHENTICATING = ("token_endpoint", "revocation_endpoint", "introspection_endpoint")

# As the pages are written, in canonical case (RFC 5646, section 4.5).
LOCALES = ("zh-CN", "en")

MetadataValue = str | bool | list[str] | dict[str, str]


def authorization_server_metadata(settings: AccessSettings) -> dict[str, MetadataValue]:
    """Return the members of the metadata document (RFC 8414, section 2)."""
    # The bank door asks for a certificate, so what clients call has one address, also as an mTLS
    # client looks it up (RFC 8705, section 5).
    endpoints = {name: settings.bank_url + path for name, path in ENDPOINTS.items()}
    grants = set(GRANTS)
    # Whoever decides without a browser is told of by an ID token: without these there is neither.
    if OPENID in settings.scopes:
        endpoints[BACKCHANNEL_ENDPOINT] = settings.bank_url + BACKCHANNEL_PATH
    else:
        grants.discard(ciba.NAME)
    return {
        "issuer": settings.issuer,
        # Browsers show no certificate: people are asked on their own door.
        "authorization_endpoint": settings.issuer + AUTHORIZATION_PATH,
        **endpoints,
        "jwks_uri": settings.issuer + JWKS_PATH,
        "scopes_supported": sorted(settings.scopes),
        # From the registries themselves, so that the document cannot claim what is not served.
        "grant_types_supported": sorted(grants),
        **_describe_authorization(settings),
        **(_describe_backchannel() if OPENID in settings.scopes else {}),
        **_describe_authentication(),
        "grant_management_actions_supported": ["create", "query", "revoke"],
        "tls_client_certificate_bound_access_tokens": True,
        "dpop_signing_alg_values_supported": list(dpop.ALGORITHMS),
        "mtls_endpoint_aliases": endpoints,
    }


def openid_configuration(settings: AccessSettings) -> dict[str, MetadataValue] | None:
    """Return the same as OpenID Connect Discovery 1.0 (section 3) has it; None without `openid`."""
    if OPENID not in settings.scopes:
        return None
    return {
        **authorization_server_metadata(settings),
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": list(settings.token_algorithms),
        "claims_supported": ["aud", "auth_time", "exp", "iat", "iss", "nonce", "sub"],
        "claims_parameter_supported": False,
        # Absent it would mean true here. The address of a pushed request is another thing, and
        # goes through whatever this says (RFC 9126, section 5).
        "request_uri_parameter_supported": False,
    }


def protected_resource_metadata(settings: AccessSettings) -> dict[str, MetadataValue]:
    """Return what the reports API asks of its callers (RFC 9728, section 2).

    `resource` is the bank door: tokens are sent there, in the header and nowhere else.
    """
    return {
        "resource": settings.bank_url,
        "authorization_servers": [settings.issuer],
        # Answers are signed by one of these keys (RFC 9421).
        "jwks_uri": settings.issuer + JWKS_PATH,
        # Of a person nothing is told there.
        "scopes_supported": sorted(settings.scopes - {OPENID}),
        "bearer_methods_supported": ["header"],
        "tls_client_certificate_bound_access_tokens": True,
        "dpop_signing_alg_values_supported": list(dpop.ALGORITHMS),
    }


def _describe_authorization(settings: AccessSettings) -> dict[str, MetadataValue]:
    """Return what a client may ask people, and how the answer comes back."""
    described: dict[str, MetadataValue] = {
        "require_pushed_authorization_requests": True,
        "response_types_supported": ["code"],
        "response_modes_supported": sorted(settings.response_modes),
        "code_challenge_methods_supported": ["S256"],
        "request_parameter_supported": True,
        "request_object_signing_alg_values_supported": sorted(ALGORITHMS),
        "authorization_details_types_supported": [DETAIL_TYPE],
        "authorization_response_iss_parameter_supported": True,
        "ui_locales_supported": list(LOCALES),
    }
    # A claim without elements must be left out (RFC 8414, section 3.2).
    if settings.token_algorithms:
        described["authorization_signing_alg_values_supported"] = list(settings.token_algorithms)
    return described


def _describe_backchannel() -> dict[str, MetadataValue]:
    """Return how a client asks without a browser (OpenID CIBA Core 1.0, section 4)."""
    return {
        "backchannel_token_delivery_modes_supported": ["poll"],
        "backchannel_authentication_request_signing_alg_values_supported": sorted(ALGORITHMS),
        "backchannel_user_code_parameter_supported": False,
    }


def _describe_authentication() -> dict[str, MetadataValue]:
    """Return how clients prove themselves, for each endpoint that the standards name for it."""
    described = dict[str, MetadataValue]()
    for endpoint in AUTHENTICATING:
        described[f"{endpoint}_auth_methods_supported"] = sorted(METHODS)
        described[f"{endpoint}_auth_signing_alg_values_supported"] = sorted(ALGORITHMS)
    return described
