"""What the authorization server says about itself."""

import importlib

import pytest
from msgspec.structs import replace

from creditbridge.access.metadata import LOCALES, authorization_server_metadata
from creditbridge.access.settings import AccessSettings, IssuerInvalid
from creditbridge.endpoints.wording import Language

SETTINGS = AccessSettings(
    issuer="https://credit.example:8443",
    bank_url="https://bank.credit.example:8444",
    scopes=frozenset({"reports", "consents"}),
)


METHODS = ["private_key_jwt", "self_signed_tls_client_auth", "tls_client_auth"]
ALGORITHMS = ["ES256", "EdDSA", "PS256"]


def test_M2_the_metadata_says_only_what_is_true_today() -> None:
    """The whole document, of a house without a key that signs tokens: its answers are bare."""
    endpoints = {
        "pushed_authorization_request_endpoint": "https://bank.credit.example:8444/oauth/par",
        "token_endpoint": "https://bank.credit.example:8444/oauth/token",
        "revocation_endpoint": "https://bank.credit.example:8444/oauth/revoke",
        "introspection_endpoint": "https://bank.credit.example:8444/oauth/introspect",
        "grant_management_endpoint": "https://bank.credit.example:8444/grants",
    }

    assert authorization_server_metadata(SETTINGS) == {
        "issuer": "https://credit.example:8443",
        "authorization_endpoint": "https://credit.example:8443/oauth/authorize",
        **endpoints,
        "jwks_uri": "https://credit.example:8443/jwks",
        "scopes_supported": ["consents", "reports"],
        "grant_types_supported": ["authorization_code", "client_credentials", "refresh_token"],
        "require_pushed_authorization_requests": True,
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "code_challenge_methods_supported": ["S256"],
        "request_parameter_supported": True,
        "request_object_signing_alg_values_supported": ALGORITHMS,
        "authorization_details_types_supported": ["credit_report"],
        "authorization_response_iss_parameter_supported": True,
        "ui_locales_supported": ["zh-CN", "en"],
        "token_endpoint_auth_methods_supported": METHODS,
        "token_endpoint_auth_signing_alg_values_supported": ALGORITHMS,
        "revocation_endpoint_auth_methods_supported": METHODS,
        "revocation_endpoint_auth_signing_alg_values_supported": ALGORITHMS,
        "introspection_endpoint_auth_methods_supported": METHODS,
        "introspection_endpoint_auth_signing_alg_values_supported": ALGORITHMS,
        "grant_management_actions_supported": ["create", "query", "revoke"],
        "tls_client_certificate_bound_access_tokens": True,
        "dpop_signing_alg_values_supported": ["PS256", "ES256", "EdDSA"],
        "mtls_endpoint_aliases": endpoints,
    }


def test_M3_every_endpoint_of_clients_has_an_address_for_their_certificates() -> None:
    """All but the page for people, whose browsers have none (RFC 8705, section 5)."""
    metadata = authorization_server_metadata(SETTINGS)

    endpoints = {name for name in metadata if name.endswith("_endpoint")}

    aliases = metadata["mtls_endpoint_aliases"]
    assert isinstance(aliases, dict)
    assert aliases.keys() == endpoints - {"authorization_endpoint"}


def test_M1_authlib_reads_the_metadata_as_valid() -> None:
    """A judge that we did not write."""
    judge = importlib.import_module("authlib.oauth2.rfc8414").AuthorizationServerMetadata

    judge(authorization_server_metadata(SETTINGS)).validate()


def test_J3_signed_answers_are_announced_where_there_is_a_key_for_them() -> None:
    """With the algorithm of that key."""
    settings = replace(SETTINGS, token_algorithms=("PS256",))
    metadata = authorization_server_metadata(settings)

    assert settings.response_modes == {"jwt", "query"}
    assert metadata["response_modes_supported"] == ["jwt", "query"]
    assert metadata["authorization_signing_alg_values_supported"] == ["PS256"]


def test_M2_the_pages_are_written_in_the_languages_that_are_announced() -> None:
    """In their canonical case."""
    assert set(LOCALES) == {str(language) for language in Language}


@pytest.mark.parametrize(
    "url",
    [
        "http://credit.example",
        "credit.example",
        "https://",
        "https://credit.example/",
        "https://credit.example?a=b",
        "https://credit.example?",
        "https://credit.example#",
    ],
)
def test_M1_an_issuer_that_cannot_be_compared_is_refused_at_start(url: str) -> None:
    """HTTPS, no query, no fragment, no trailing slash; for both doors."""
    with pytest.raises(IssuerInvalid):
        AccessSettings(issuer=url, bank_url="https://bank.example", scopes=frozenset())
    with pytest.raises(IssuerInvalid):
        AccessSettings(issuer="https://bank.example", bank_url=url, scopes=frozenset())
