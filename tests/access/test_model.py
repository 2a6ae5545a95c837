"""What the token endpoint answers."""

import re
from datetime import UTC, datetime, timedelta

from tests.error_tree import list_errors

from creditbridge.access.form import FormFault
from creditbridge.access.granted.model import IssuedToken
from creditbridge.access.model import OAuthError, Token
from creditbridge.access.pushed.model import DetailsFault, PushFault
from creditbridge.foundation.errors import Malformed, Refused

NOW = datetime(2026, 11, 23, tzinfo=UTC)
DESCRIPTION = re.compile(r"[\x20-\x21\x23-\x5b\x5d-\x7e]+")


def test_error_descriptions_are_of_the_characters_that_the_standard_allows() -> None:
    """RFC 6749, section 5.2: printable ASCII without quotation mark and backslash."""
    prose = [kind.message for kind in list_errors(OAuthError)]
    prose += [fault.value for kind in (FormFault, PushFault, DetailsFault) for fault in kind]
    # Told in a description where a consent cannot be asked for (RFC 9396, section 5).
    house = (*list_errors(Refused), *list_errors(Malformed))
    prose += [kind.message for kind in house if "consents" in kind.__module__.split(".")]

    assert [text for text in prose if DESCRIPTION.fullmatch(text) is None] == []


def test_every_oauth_error_has_a_word_of_the_standard() -> None:
    """RFC 6749 (4.1.2.1, 5.2), 9449, 9101 and 9396, OpenID Core (3.1.2.6) and CIBA (11, 13)."""
    assert {kind.oauth_code for kind in list_errors(OAuthError)} == {
        "access_denied",
        "authorization_pending",
        "expired_token",
        "invalid_authorization_details",
        "invalid_binding_message",
        "invalid_client",
        "invalid_dpop_proof",
        "invalid_grant",
        "invalid_request",
        "invalid_request_object",
        "invalid_request_uri",
        "invalid_scope",
        "login_required",
        "slow_down",
        "temporarily_unavailable",
        "unauthorized_client",
        "unknown_user_id",
        "unsupported_grant_type",
        "unsupported_response_type",
        "use_dpop_nonce",
    }


def test_G1_the_answer_has_a_bound_token_and_no_refresh_token() -> None:
    """Exactly the members of RFC 6749, section 5.1, that client_credentials gives."""
    token = Token(
        client_id="c",
        bank_id="b",
        scopes=frozenset({"reports", "consents"}),
        thumbprint="t" * 43,
        issued_at=NOW,
        expires_at=NOW + timedelta(seconds=300),
    )

    assert IssuedToken(secret="cbt_x", token=token).to_answer() == {
        "access_token": "cbt_x",
        "token_type": "Bearer",
        "expires_in": 300,
        "scope": "consents reports",
    }
